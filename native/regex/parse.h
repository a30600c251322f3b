// Patterns as people write them → expressions. One parser, a table of dialects.
//
// Does not know: where Unicode tables come from (the caller supplies them on
// demand), Python, JSON.
#pragma once

#include <functional>
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

struct ParseOptions {
  const Dialect* dialect = &ecma_dialect();
  // The code points of a property as written in \p{…}, or of "digit", "word", "space" where the
  // dialect's classes are Unicode's. Asked only when the pattern needs it; nothing: unknown.
  std::function<std::optional<Ranges>(const std::string& name)> property;
  // Sets of code points that are equal when case is ignored. Asked only for such patterns.
  std::function<std::vector<std::vector<CodePoint>>()> case_groups;
  // Receives what was read as meant although the dialect does not allow it; may be null.
  std::vector<std::string>* notes = nullptr;
};

// Throws SyntaxError, or BudgetExceeded when a bound on nesting or on lookarounds is passed.
Regex parse(Store& store, std::string_view pattern_utf8, const ParseOptions& options);

}  // namespace structgen::regex
