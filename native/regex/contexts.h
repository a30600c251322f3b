// What the text before a position can say: one automaton per lookbehind, run
// side by side over classes of code points.
//
// Does not know: continuations (lower.cc).
#pragma once

#include <vector>

#include "regex/ast.h"

namespace structgen::regex {

class Contexts {
 public:
  static constexpr std::size_t kMaxContexts = 256;

  struct Lookbehind {
    Regex language;    // the prefixes at whose end it holds
    bool looks_ahead;  // then they end in a mark, and the text that follows goes on behind it (marked.h)
    bool operator==(const Lookbehind&) const = default;
  };

  // `sets`: the sets of code points the languages are made of; `mark`: of those that look ahead.
  Contexts(Engine& engine, const std::vector<Lookbehind>& lookbehinds, const std::vector<Ranges>& sets,
           CodePoint mark);

  std::size_t size() const { return states_.size(); }  // context 0: the start of the text
  std::size_t classes() const { return classes_.size(); }
  const Ranges& class_ranges(std::size_t k) const { return classes_[k]; }
  std::size_t next(std::size_t context, std::size_t k) const { return next_[context * classes_.size() + k]; }
  // What may follow where the lookbehind holds: everything or nothing, unless it looks ahead.
  Regex rest(std::size_t context, std::size_t lookbehind) const { return rests_[context][lookbehind]; }

 private:
  std::vector<Ranges> classes_;
  std::vector<std::vector<Regex>> states_;
  std::vector<std::size_t> next_;
  std::vector<std::vector<Regex>> rests_;
};

}  // namespace structgen::regex
