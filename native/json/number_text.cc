// Cutting a number prefix into parts, and what a float64 allows of them.

#include "json/number_text.h"

#include <string>

namespace structgen::json {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t leading_zeros(std::string_view digits) {
  const std::size_t at = digits.find_first_not_of('0');
  return at == std::string_view::npos ? digits.size() : at;
}

}  // namespace

std::optional<NumberText> scan_number(std::string_view text) {
  using Phase = NumberText::Phase;
  NumberText number;
  std::size_t at = 0;
  const auto digits = [&] {
    const std::size_t begin = at;
    while (at < text.size() && is_digit(text[at])) ++at;
    return text.substr(begin, at - begin);
  };
  if (text.empty()) return number;
  if (text[0] == '-') {
    number.negative = true;
    number.phase = Phase::kSign;
    if (++at == text.size()) return number;
  }
  number.integer = digits();
  if (number.integer.empty() || (number.integer[0] == '0' && number.integer.size() > 1)) return std::nullopt;
  number.phase = number.integer[0] == '0' ? Phase::kZero : Phase::kInteger;
  if (at < text.size() && text[at] == '.') {
    number.has_point = true;
    ++at;
    number.fraction = digits();
    number.phase = number.fraction.empty() ? Phase::kPoint : Phase::kFraction;
    if (number.fraction.empty() && at < text.size()) return std::nullopt;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    number.phase = Phase::kExponent;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      number.exponent_negative = text[at] == '-';
      number.phase = Phase::kExponentSign;
      ++at;
    }
    number.exponent = digits();
    if (!number.exponent.empty()) number.phase = Phase::kExponentDigits;
  }
  if (at != text.size()) return std::nullopt;
  return number;
}

Natural NumberText::mantissa() const {
  if (fraction.empty()) return Natural::from_digits(integer);
  std::string all;
  all.reserve(integer.size() + fraction.size());
  all.append(integer).append(fraction);
  return Natural::from_digits(all);
}

bool NumberText::mantissa_is_zero() const {
  return leading_zeros(integer) == integer.size() && leading_zeros(fraction) == fraction.size();
}

std::int64_t NumberText::leading() const {
  if (!integer.empty() && integer[0] != '0') return static_cast<std::int64_t>(integer.size()) - 1;
  return -static_cast<std::int64_t>(leading_zeros(fraction)) - 1;
}

std::int64_t NumberText::significant_digits() const {
  const bool whole = !integer.empty() && integer[0] != '0';
  if (has_point) {
    const std::size_t skipped = whole ? 0 : leading_zeros(fraction);
    return static_cast<std::int64_t>((whole ? integer.size() : 0) + fraction.size() - skipped);
  }
  const std::size_t last = integer.find_last_not_of('0');
  return last == std::string_view::npos ? 0 : static_cast<std::int64_t>(last) + 1;
}

std::int64_t NumberText::exponent_value() const {
  std::int64_t value = 0;
  for (const char c : exponent) {
    value = value * 10 + (c - '0');
    if (value >= kExponentSaturation) return kExponentSaturation;
  }
  return value;
}

bool NumberText::mantissa_fits_float64() const {
  return static_cast<std::int64_t>(integer.size()) <= kFloat64IntegerDigits &&
         static_cast<std::int64_t>(fraction.size()) <= kFloat64FractionDigits &&
         significant_digits() <= kFloat64SignificantDigits;
}

}  // namespace structgen::json
