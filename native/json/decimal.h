// Exact decimal numbers of any size: sign × coefficient × 10^exponent.
//
// Always normalised (the coefficient does not end in 0; zero is +0 × 10^0), so
// that equal values are equal member by member. Exponents are never expanded:
// 1e999999999 costs as much as 1.
//
// Does not know: how a number may be written, constraints, prefixes.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "json/natural.h"

namespace structgen::json {

class Decimal {
 public:
  // parse() refuses a number whose leading digit stands beyond 10^±kMaxExponent.
  static constexpr std::int64_t kMaxExponent = 1'000'000'000'000'000;

  Decimal() = default;  // zero
  explicit Decimal(std::int64_t value);
  // The value of a JSON number; nullopt for any other text or an exponent out of range.
  static std::optional<Decimal> parse(std::string_view json_number);
  static Decimal make(bool negative, Natural coefficient, std::int64_t exponent);

  bool negative() const { return negative_; }
  bool is_zero() const { return coefficient_.is_zero(); }
  bool is_integer() const { return exponent_ >= 0; }
  // Whether *this = k × other for some integer k; only 0 is a multiple of 0.
  bool is_multiple_of(const Decimal& other) const;

  const Natural& coefficient() const { return coefficient_; }
  std::int64_t exponent() const { return exponent_; }
  // p such that 10^p <= |x| < 10^(p+1); not for zero.
  std::int64_t magnitude() const {
    return exponent_ + static_cast<std::int64_t>(coefficient_.digit_count()) - 1;
  }

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const {
    return negative_ == other.negative_ && exponent_ == other.exponent_ && coefficient_ == other.coefficient_;
  }
  Decimal operator-() const;
  Decimal scaled(std::int64_t power) const;  // times 10^power

  // A JSON number, the same text for equal values: plain from 1e-6 up to 21 digits, scientific beyond.
  std::string to_string() const;
  std::size_t hash() const;

 private:
  bool negative_ = false;
  Natural coefficient_;
  std::int64_t exponent_ = 0;
};

}  // namespace structgen::json

template <>
struct std::hash<structgen::json::Decimal> {
  std::size_t operator()(const structgen::json::Decimal& x) const { return x.hash(); }
};
