// Reading the pieces of a pattern: characters, escapes, classes, case folding.
// parse.cc puts them together.
//
// Does not know: groups, quantifiers, expressions.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "regex/ast.h"
#include "regex/parse.h"

namespace structgen::regex {

// Inline flags as they stand at some place of the pattern.
struct Flags {
  bool ignore_case = false;
  bool dot_all = false;
  bool multiline = false;
  bool verbose = false;
  bool ascii = false;
};

// One escape: a character, a set, or (outside classes) an assertion.
struct Escape {
  enum class Kind { kCharacter, kSet, kWordBoundary, kNotWordBoundary, kStart, kEnd } kind = Kind::kCharacter;
  CodePoint character = 0;
  Ranges set;
};

class Scanner {
 public:
  Scanner(std::string_view pattern_utf8, const ParseOptions& options);

  bool done() const { return at_ >= text_.size(); }
  std::size_t at() const { return at_; }
  void seek(std::size_t at) { at_ = at; }
  CodePoint peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : 0; }
  CodePoint next() { return text_[at_++]; }
  bool take(std::string_view ascii);  // consumes it if it comes next

  [[noreturn]] void fail(std::size_t position, const std::string& message) const;
  void note(std::size_t position, const std::string& message) const;

  // A decimal number; false when no digit comes next. Fails above 2^32 - 2.
  bool number(std::uint32_t& value);
  std::string group_name(char32_t close);            // up to and including `close`
  Escape escape(const Flags& flags, bool in_class);  // behind the backslash
  Ranges character_class(const Flags& flags);        // behind the bracket; case already folded
  Ranges class_of(char name, const Flags& flags);    // d, w, s
  Ranges folded(Ranges set, const Flags& flags);
  bool ascii_or_digits(const Ranges& set) const;
  const Dialect& dialect() const { return *options_.dialect; }

 private:
  CodePoint hex(std::size_t digits, std::size_t start);
  CodePoint unicode_escape(std::size_t start);
  std::optional<std::pair<std::size_t, Ranges>> posix_class() const;
  Ranges property(bool negated, std::size_t start);

  std::vector<CodePoint> text_;
  std::size_t at_ = 0;
  const ParseOptions& options_;
  std::shared_ptr<const CaseTable> case_table_;  // null until a pattern needs it
  std::map<std::string, Ranges> properties_;
};

}  // namespace structgen::regex
