// A JSON number, or the beginning of one, cut into its parts.
//
// Does not know: constraints, completions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "json/decimal.h"

namespace structgen::json {

// The limits of NumberForm::kFloat64, all of them on what is written.
inline constexpr std::int64_t kFloat64SignificantDigits = 15;
inline constexpr std::int64_t kFloat64IntegerDigits = 300;
inline constexpr std::int64_t kFloat64FractionDigits = 34;  // 17 zeros, then 17 digits
inline constexpr std::int64_t kFloat64ExponentDigits = 3;
inline constexpr std::int64_t kFloat64Magnitude = 300;  // zero, or 10^-300 <= |x| < 10^300

// Exponents are read up to this size and no further. Every constant has an exponent within
// 10^15 and every mantissa fewer than 10^15 digits, so beyond it no constraint can tell two
// exponents apart, and reading them as equal is exact.
inline constexpr std::int64_t kExponentSaturation = 100'000'000'000'000'000;

struct NumberText {
  enum class Phase : std::uint8_t {
    kStart,           // ""
    kSign,            // -
    kZero,            // 0
    kInteger,         // 12
    kPoint,           // 12.
    kFraction,        // 12.5
    kExponent,        // 12e
    kExponentSign,    // 12e-
    kExponentDigits,  // 12e-3
  };
  Phase phase = Phase::kStart;
  bool negative = false;
  bool has_point = false;
  bool exponent_negative = false;
  std::string_view integer, fraction, exponent;  // digits only

  bool complete() const {
    return phase == Phase::kZero || phase == Phase::kInteger || phase == Phase::kFraction ||
           phase == Phase::kExponentDigits;
  }
  bool has_exponent() const { return phase >= Phase::kExponent; }
  bool written_as_integer() const { return phase == Phase::kZero || phase == Phase::kInteger; }

  Natural mantissa() const;  // the digits of integer and fraction together
  bool mantissa_is_zero() const;
  // The power of ten of the first mantissa digit that is not 0, before the exponent is applied.
  std::int64_t leading() const;
  std::int64_t significant_digits() const;
  std::int64_t exponent_value() const;  // saturated, never negative: the sign is exponent_negative
  bool mantissa_fits_float64() const;
};

// nullopt when `text` begins no JSON number.
std::optional<NumberText> scan_number(std::string_view text);

}  // namespace structgen::json
