// JSON numbers read one character at a time, under exact decimal constraints.
//
// A prefix such as "-12.5e" stands for every number it can still become. This
// file answers, for a set of constraints, whether a prefix has a completion and
// which is shortest. Exact decimal arithmetic throughout; no floating point.
//
// Does not know: formulas, schemas, states, tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/decimal.h"

namespace structgen::json {

// How numbers may be written.
//   kFloat64  what survives a float64: at most 15 significant digits, magnitude
//             zero or within [1e-300, 1e300); an integer is written without point or exponent.
//             Significant digits run from the first that is not 0 to the last one written;
//             zeros at the end of a number without a point do not count. So that digits
//             cannot run away there are at most 300 before the point, 34 after it and 3 in
//             an exponent. 10.0 and 1e2 are numbers, but they do not count as integers.
//   kAny      every JSON number.
enum class NumberForm : std::uint8_t { kFloat64, kAny };

struct NumberLiteral {
  // kPlain is about the spelling: written without point and exponent (an integer of draft 4).
  enum class Kind : std::uint8_t { kAtLeast, kMoreThan, kInteger, kMultipleOf, kEquals, kPlain };
  Kind kind;
  Decimal value;  // unused by kInteger and kPlain
  bool holds(const Decimal& x) const;  // not for kPlain
  bool holds(const Decimal& x, std::string_view text) const;
};

// A conjunction of (possibly negated) number literals, in normal form.
struct NumberCell {
  struct Bound {
    Decimal value;
    bool open;
  };
  enum class Integrality : std::uint8_t { kEither, kInteger, kFraction };

  std::optional<Bound> low, high;
  enum class Spelling : std::uint8_t { kEither, kPlain, kDecorated };
  Integrality integrality = Integrality::kEither;
  Spelling spelling = Spelling::kEither;
  std::vector<Decimal> multiple_of, not_multiple_of, not_equal;

  void add(const NumberLiteral& literal, bool positive);
  bool contains(const Decimal& x) const;  // by value alone, however x is written
};

// Whether `text` is a complete JSON number in `form` (not a prefix of one).
bool is_number(std::string_view text, NumberForm form);
// Whether some JSON number in `form` starts with `text`.
bool is_number_prefix(std::string_view text, NumberForm form);

// The shortest t such that prefix + t is a number in `form` whose value lies in one
// of the cells; nullopt when there is none. Exact. Under kFloat64 a cell with
// kInteger is met only by numbers written without point and exponent.
std::optional<std::string> complete_number(std::string_view prefix, std::span<const NumberCell> cells,
                                           NumberForm form);

// Whether the complete number `text` is in `form` and meets `cell`; complete_number(text, …) is
// then "". Under kFloat64 a number such as 1.0 meets neither kInteger nor kFraction.
bool number_meets(std::string_view text, const NumberCell& cell, NumberForm form);

// The truth value `literal` has for every completion of `prefix`, if it is the same for all.
std::optional<bool> decided(std::string_view prefix, const NumberLiteral& literal, NumberForm form);

// A short prefix with exactly the same lexical continuations (values may differ):
// states with no literal left share it.
std::string lexical_representative(std::string_view prefix, NumberForm form);

}  // namespace structgen::json
