// What constraints share: one store of expressions and formulas, the machines over it
// and how to their masks. One lock guards all of it but the masks that are known already.
//
// Everything interned lives as long as the engine. When an engine has grown past its
// limit, new constraints start a fresh one, and the old one goes with its last constraint,
// in the time of a dozen compilations: most of what it holds is in blocks (`lists.h`, `rows.h`).
// Never on another thread, which would hold the allocator's lock against whoever makes a mask.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cfg/machine.h"
#include "compose/machine.h"
#include "compose/substring.h"
#include "json/machine.h"
#include "lists.h"
#include "mask/masks.h"
#include "mask/stack.h"
#include "regex/machine.h"
#include "vocabulary/token_trie.h"

namespace structgen {

struct Engine {
  Engine() : formulas(regexes) {}
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  json::JsonMachine& json_machine(const json::Options& options);
  regex::RegexMachine& regex_machine() { return regex_machine_; }
  compose::ComposeMachine& compose_machine() { return compose_machine_; }
  compose::SubstringMachine& substring_machine(const std::string& text);

  struct Start {
    Machine* machine;
    Local local;
  };
  // Where texts of `network` start, as a number for start(); equal networks share it.
  std::uint32_t add_start(cfg::Network network);
  const Start& start(std::uint32_t number) const { return starts_.at(number); }
  // Masks of `machine` over `trie`; the trie is kept alive with them.
  Masks& masks(Machine& machine, const std::shared_ptr<const TokenTrie>& trie);
  std::size_t memory_bytes() const;

  std::recursive_mutex mutex;
  regex::Store regexes;
  json::FormulaStore formulas;
  TextTable texts;

 private:
  regex::RegexMachine regex_machine_{regexes};
  compose::ComposeMachine compose_machine_{texts};
  std::vector<std::unique_ptr<compose::SubstringMachine>> substring_machines_;
  std::vector<std::pair<json::Options, std::unique_ptr<json::JsonMachine>>> json_machines_;
  ListInterner networks_;                                       // their signatures …
  std::vector<Start> starts_;                                   // … and where each starts
  std::vector<std::unique_ptr<cfg::CfgMachine>> cfg_machines_;
  std::vector<std::unique_ptr<Masks>> masks_;
};

}  // namespace structgen
