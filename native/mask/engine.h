// What constraints share: one store of expressions and formulas, the machines over it,
// and the masks computed so far. One lock guards all of it.
//
// Everything interned lives as long as the engine. When an engine has grown past its
// limit, new constraints start a fresh one, and the old one goes with its last constraint.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "json/machine.h"
#include "mask/stack.h"
#include "regex/machine.h"
#include "vocabulary/token_trie.h"

namespace structgen {

// What one local state allows, whatever is underneath.
struct LocalMask {
  struct Leaving {
    std::uint32_t node;     // in the trie: here the frame is left …
    Transition transition;  // … by this action
  };
  std::vector<std::uint32_t> bits;
  std::vector<Leaving> leaving;
  std::size_t bytes() const { return bits.size() * 4 + leaving.size() * sizeof(Leaving) + 128; }
};

// Least recently used masks of one machine over one vocabulary, bounded in bytes.
class MaskCache {
 public:
  explicit MaskCache(std::size_t limit) : limit_(limit) {}
  const LocalMask* find(Local local);
  const LocalMask* insert(Local local, LocalMask mask);
  std::size_t bytes() const { return bytes_; }
  std::size_t entries() const { return entries_.size(); }
  std::uint64_t hits() const { return hits_; }
  std::uint64_t misses() const { return misses_; }

 private:
  struct Entry {
    Local local;
    LocalMask mask;
  };
  std::list<Entry> order_;  // most recent first
  std::unordered_map<Local, std::list<Entry>::iterator> entries_;
  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0;
};

struct Engine {
  Engine() : formulas(regexes) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  json::JsonMachine& json_machine(const json::Options& options);
  regex::RegexMachine& regex_machine() { return regex_machine_; }
  // Masks of `machine` over `trie`; the trie is kept alive with them.
  MaskCache& masks(const Machine& machine, const std::shared_ptr<const TokenTrie>& trie);
  std::size_t memory_bytes() const;

  std::recursive_mutex mutex;
  regex::Store regexes;
  json::FormulaStore formulas;
  TextTable texts;
  std::size_t mask_cache_limit = std::size_t{64} << 20;

  struct CacheKey {
    const Machine* machine;
    std::shared_ptr<const TokenTrie> trie;
    std::unique_ptr<MaskCache> cache;
  };
  std::vector<CacheKey> caches;

 private:
  regex::RegexMachine regex_machine_{regexes};
  std::vector<std::pair<json::Options, std::unique_ptr<json::JsonMachine>>> json_machines_;
};

}  // namespace structgen
