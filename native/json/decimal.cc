// Exact decimals on top of Natural: reading, order, divisibility, printing.

#include "json/decimal.h"

#include <utility>

namespace structgen::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// a^n mod m by repeated squaring; m is not zero.
Natural power_modulo(Natural base, std::uint64_t n, const Natural& modulus) {
  Natural result = Natural::divide(Natural(1), modulus).second;
  base = Natural::divide(base, modulus).second;
  while (n != 0) {
    if ((n & 1) != 0) result = Natural::divide(result * base, modulus).second;
    n >>= 1;
    if (n != 0) base = Natural::divide(base * base, modulus).second;
  }
  return result;
}

std::strong_ordering compare_magnitudes(const Decimal& a, const Decimal& b) {
  if (a.is_zero() || b.is_zero()) return !a.is_zero() <=> !b.is_zero();
  if (a.magnitude() != b.magnitude()) return a.magnitude() <=> b.magnitude();
  // Same leading position: the exponents differ by no more than the longer one has digits.
  const std::int64_t shift = a.exponent() - b.exponent();
  if (shift == 0) return a.coefficient() <=> b.coefficient();
  if (shift > 0) return a.coefficient().shifted_left(static_cast<std::uint64_t>(shift)) <=> b.coefficient();
  return a.coefficient() <=> b.coefficient().shifted_left(static_cast<std::uint64_t>(-shift));
}

}  // namespace

Decimal::Decimal(std::int64_t value) {
  const std::uint64_t size =
      value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
  *this = make(value < 0, Natural(size), 0);
}

Decimal Decimal::make(bool negative, Natural coefficient, std::int64_t exponent) {
  Decimal result;
  if (coefficient.is_zero()) return result;
  const std::size_t zeros = coefficient.trailing_zeros();
  result.coefficient_ = zeros == 0 ? std::move(coefficient) : coefficient.shifted_right(zeros);
  result.exponent_ = exponent + static_cast<std::int64_t>(zeros);
  result.negative_ = negative;
  return result;
}

std::optional<Decimal> Decimal::parse(std::string_view text) {
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(begin, at - begin);
  };
  const bool negative = !text.empty() && text[0] == '-';
  if (negative) ++at;
  const std::string_view integer = digits();
  if (integer.empty() || (integer.size() > 1 && integer[0] == '0')) return std::nullopt;
  std::string_view fraction;
  if (at < text.size() && text[at] == '.') {
    ++at;
    fraction = digits();
    if (fraction.empty()) return std::nullopt;
  }
  std::int64_t exponent = 0;
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    const bool minus = at < text.size() && text[at] == '-';
    if (minus || (at < text.size() && text[at] == '+')) ++at;
    const std::string_view written = digits();
    if (written.empty()) return std::nullopt;
    for (const char c : written) {
      if (exponent <= 2 * kMaxExponent) exponent = exponent * 10 + (c - '0');
    }
    if (minus) exponent = -exponent;
  }
  if (at != text.size()) return std::nullopt;

  Natural coefficient;
  if (fraction.empty()) {
    coefficient = Natural::from_digits(integer);
  } else {
    std::string all;
    all.reserve(integer.size() + fraction.size());
    all.append(integer).append(fraction);
    coefficient = Natural::from_digits(all);
  }
  Decimal result =
      make(negative, std::move(coefficient), exponent - static_cast<std::int64_t>(fraction.size()));
  if (!result.is_zero() && (result.magnitude() > kMaxExponent || result.magnitude() < -kMaxExponent)) {
    return std::nullopt;
  }
  return result;
}

bool Decimal::is_multiple_of(const Decimal& other) const {
  if (is_zero()) return true;
  if (other.is_zero()) return false;
  // c·10^e is a multiple of d·10^f. With e < f, d·10^(f-e) would divide c, but c does not end in 0.
  if (exponent_ < other.exponent_) return false;
  const Natural& d = other.coefficient_;
  if (d.is_one()) return true;
  const Natural rest = Natural::divide(coefficient_, d).second;
  if (rest.is_zero()) return true;
  const std::uint64_t shift = static_cast<std::uint64_t>(exponent_ - other.exponent_);
  if (shift == 0) return false;
  if (shift <= 32) return Natural::divide(rest.shifted_left(shift), d).second.is_zero();
  return Natural::divide(rest * power_modulo(Natural(10), shift, d), d).second.is_zero();
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  if (negative_ != other.negative_)
    return negative_ ? std::strong_ordering::less : std::strong_ordering::greater;
  return negative_ ? compare_magnitudes(other, *this) : compare_magnitudes(*this, other);
}

Decimal Decimal::operator-() const {
  Decimal result = *this;
  result.negative_ = !negative_ && !is_zero();
  return result;
}

Decimal Decimal::scaled(std::int64_t power) const {
  Decimal result = *this;
  if (!is_zero()) result.exponent_ += power;
  return result;
}

std::string Decimal::to_string() const {
  if (is_zero()) return "0";
  constexpr std::int64_t kPlainHigh = 20;
  constexpr std::int64_t kPlainLow = -6;
  std::string digits = coefficient_.to_string();
  const std::int64_t leading = magnitude();
  std::string text = negative_ ? "-" : "";
  if (leading > kPlainHigh || leading < kPlainLow) {
    text += digits[0];
    if (digits.size() > 1) text.append(".").append(digits, 1);
    text.append("e").append(std::to_string(leading));
  } else if (exponent_ >= 0) {
    text.append(digits).append(static_cast<std::size_t>(exponent_), '0');
  } else if (leading >= 0) {
    const std::size_t whole = static_cast<std::size_t>(leading) + 1;
    text.append(digits, 0, whole).append(".").append(digits, whole);
  } else {
    text.append("0.").append(static_cast<std::size_t>(-leading - 1), '0').append(digits);
  }
  return text;
}

std::size_t Decimal::hash() const {
  const std::size_t sign = negative_ ? 0x5851F42D4C957F2Du : 0;
  return coefficient_.hash() ^ sign ^ (static_cast<std::size_t>(exponent_) * 0x9E3779B97F4A7C15u);
}

}  // namespace structgen::json
