// Patterns as people write them → expressions. One parser, a table of dialects.
//
// Does not know: where Unicode tables come from (the caller supplies them on
// demand), Python, JSON.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "regex/dialect.h"
#include "regex/store.h"

namespace structgen::regex {

class SyntaxError : public std::runtime_error {
 public:
  SyntaxError(std::size_t position, const std::string& message)
      : std::runtime_error(message), position_(position) {}
  std::size_t position() const { return position_; }  // in characters, from 0

 private:
  std::size_t position_;
};

// Sets of code points that are equal when case is ignored, by each of their members.
struct CaseTable {
  std::map<CodePoint, std::vector<CodePoint>> groups;

  explicit CaseTable(const std::vector<std::vector<CodePoint>>& sets) {
    for (const std::vector<CodePoint>& set : sets) {
      for (CodePoint member : set) groups[member] = set;
    }
  }
};

struct ParseOptions {
  const Dialect* dialect = &ecma_dialect();
  // The code points of a property as written in \p{…}, or of "digit", "word", "space" where the
  // dialect's classes are Unicode's. Asked only when the pattern needs it; nothing: unknown.
  std::function<std::optional<Ranges>(const std::string& name)> property;
  // Asked only for patterns that ignore case; a large table, so the caller keeps it.
  std::function<std::shared_ptr<const CaseTable>()> case_table;
  // Receives what was read as meant although the dialect does not allow it; may be null.
  std::vector<std::string>* notes = nullptr;
};

// Throws SyntaxError, or BudgetExceeded when a bound on nesting or on lookarounds is passed.
Regex parse(Store& store, std::string_view pattern_utf8, const ParseOptions& options);

}  // namespace structgen::regex
