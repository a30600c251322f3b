#include "json/number_set.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "json/number_internal.h"

namespace structgen::json {

namespace {

bool is_point(const NumberCell& cell) {
  return cell.low && cell.high && !cell.low->open && !cell.high->open && cell.low->value == cell.high->value;
}

std::string name_of(bool negative, const std::string& digits) { return (negative ? "-" : "+") + digits; }

std::string name_of(const Decimal& value) {
  return name_of(value.negative(), value.is_zero() ? std::string() : value.coefficient().to_string());
}

// The digits of the mantissa from the first that is not 0.
std::string significant(const NumberText& number) {
  std::string digits(number.integer);
  digits += number.fraction;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

}  // namespace

NumberSet::NumberSet(std::vector<NumberCell> cells) : cells_(std::move(cells)) {
  only_integers_ = std::all_of(cells_.begin(), cells_.end(), [](const NumberCell& cell) {
    return cell.integrality == NumberCell::Integrality::kInteger;
  });
  only_plain_ = std::all_of(cells_.begin(), cells_.end(), [](const NumberCell& cell) {
    return cell.spelling == NumberCell::Spelling::kPlain;
  });
  wide_ = cells_.size();
  if (cells_.size() <= kSearched) return;
  const auto points = std::stable_partition(cells_.begin(), cells_.end(),
                                            [](const NumberCell& cell) { return !is_point(cell); });
  wide_ = static_cast<std::size_t>(points - cells_.begin());
  std::vector<std::pair<std::string, std::size_t>> order;
  order.reserve(cells_.size() - wide_);
  for (std::size_t i = wide_; i < cells_.size(); ++i) order.emplace_back(name_of(cells_[i].low->value), i);
  std::sort(order.begin(), order.end());
  std::vector<NumberCell> sorted(cells_.begin(), points);
  sorted.reserve(cells_.size());
  names_.reserve(order.size());
  for (auto& [name, at] : order) {
    names_.push_back(std::move(name));
    sorted.push_back(std::move(cells_[at]));
  }
  cells_ = std::move(sorted);
}

std::optional<std::string> NumberSet::first_of(Range range, std::string_view prefix, NumberForm form) const {
  for (std::size_t at = range.first; at < range.last; at += kSearched) {
    const std::size_t count = std::min(kSearched, range.last - at);
    if (auto rest = complete_number(prefix, std::span(cells_).subspan(at, count), form)) return rest;
  }
  return std::nullopt;
}

NumberSet::Range NumberSet::starting_with(bool negative, const std::string& digits) const {
  std::string name = name_of(negative, digits);
  const auto first = std::lower_bound(names_.begin(), names_.end(), name);
  name.push_back('9' + 1);  // above every digit
  const auto last = std::lower_bound(first, names_.end(), name);
  return {wide_ + static_cast<std::size_t>(first - names_.begin()),
          wide_ + static_cast<std::size_t>(last - names_.begin())};
}

NumberSet::Range NumberSet::equal_to(bool negative, const std::string& digits) const {
  const auto [first, last] = std::equal_range(names_.begin(), names_.end(), name_of(negative, digits));
  return {wide_ + static_cast<std::size_t>(first - names_.begin()),
          wide_ + static_cast<std::size_t>(last - names_.begin())};
}

bool NumberSet::holds(const NumberText& number, const std::string& core, NumberForm form) const {
  const auto some = [&](Range range) {
    const auto first = cells_.begin() + static_cast<std::ptrdiff_t>(range.first);
    const auto last = cells_.begin() + static_cast<std::ptrdiff_t>(range.last);
    return std::any_of(first, last, [&](const NumberCell& cell) { return meets(number, cell, form); });
  };
  return some({0, wide_}) || some(equal_to(!core.empty() && number.negative, core));
}

std::optional<std::string> NumberSet::complete(std::string_view prefix, NumberForm form) const {
  if (cells_.size() <= kSearched) return complete_number(prefix, cells_, form);
  const std::optional<NumberText> number = scan_number(prefix);
  if (!number) return std::nullopt;
  const std::string digits = significant(*number);
  const std::string core = digits.substr(0, digits.find_last_not_of('0') + 1);
  if (holds(*number, core, form)) return std::string();
  if (auto rest = first_of({0, wide_}, prefix, form)) return rest;
  // Zero has no significant digits and no sign of its own.
  if (digits.empty()) {
    if (auto rest = first_of(equal_to(false, ""), prefix, form)) return rest;
  }
  // No cell admits a point or an exponent.
  const bool plain = only_plain_ || (only_integers_ && form == NumberForm::kFloat64);
  if (plain && (number->has_point || number->has_exponent() || number->phase == NumberText::Phase::kZero)) {
    return std::nullopt;
  }
  // Whatever is appended, the digits of the value start with those written, or are those
  // written up to some of their zeros.
  if (digits.empty()) {
    if (number->phase == NumberText::Phase::kStart) {
      if (auto rest = first_of(starting_with(false, ""), prefix, form)) return rest;
      return first_of(starting_with(true, ""), prefix, form);
    }
    return first_of(starting_with(number->negative, ""), prefix, form);
  }
  if (auto rest = first_of(starting_with(number->negative, digits), prefix, form)) return rest;
  if (core == digits) return std::nullopt;
  return first_of(equal_to(number->negative, core), prefix, form);
}

}  // namespace structgen::json
