// What differs between the notations of regular expressions, as a table.
//
// Does not know: how patterns are read (parse.h).
#pragma once

#include <string_view>
#include <utility>
#include <vector>

#include "regex/engine.h"

namespace structgen::regex {

struct Dialect {
  std::string_view name;
  bool search;           // the language: texts that contain a match; else the match itself
  bool unicode_classes;  // \d \w \s over all of Unicode (asked of ParseOptions::property)
  bool dollar_before_final_newline;
  bool leading_bracket_literal;  // []a] holds a bracket; else [] is empty and [^] everything
  bool open_minimum;             // {,n}
  bool octal_escapes;
  bool property_escapes;      // \p{…}
  bool forgiving;             // common slips are read as meant, with a note
  std::string_view identity;  // punctuation that may be escaped without a note; empty: all of it
  Ranges not_dot;
  Ranges digit, word, space;  // where unicode_classes is off
  // What equals a small letter where case is ignored, beyond ASCII: all a pattern of ASCII has to know about case.
  std::vector<std::pair<CodePoint, CodePoint>> beyond_ascii;
};

// ECMA-262 with the u flag, unanchored, as JSON Schema uses it.
const Dialect& ecma_dialect();
// Python's `re` on str, fullmatch.
const Dialect& python_dialect();
// The dialect of that name, or null.
const Dialect* find_dialect(std::string_view name);

}  // namespace structgen::regex
