// Number forms, cells and what follows from them; the search itself is in number_completion.cc.

#include "json/number.h"

#include <algorithm>

#include "json/number_internal.h"
#include "json/number_text.h"

namespace structgen::json {
namespace {

void insert_sorted(std::vector<Decimal>& values, Decimal value) {
  const auto at = std::lower_bound(values.begin(), values.end(), value);
  if (at == values.end() || !(*at == value)) values.insert(at, std::move(value));
}

Decimal absolute(const Decimal& x) { return x.negative() ? -x : x; }

void raise_low(NumberCell& cell, const Decimal& value, bool open) {
  if (cell.low) {
    const auto order = value <=> cell.low->value;
    if (order < 0 || (order == 0 && !open)) return;
  }
  cell.low = NumberCell::Bound{value, open};
}

void lower_high(NumberCell& cell, const Decimal& value, bool open) {
  if (cell.high) {
    const auto order = value <=> cell.high->value;
    if (order > 0 || (order == 0 && !open)) return;
  }
  cell.high = NumberCell::Bound{value, open};
}

bool fits(const NumberText& number, NumberForm form) {
  if (!number.complete()) return false;
  if (form == NumberForm::kAny) return true;
  if (!number.mantissa_fits_float64()) return false;
  if (static_cast<std::int64_t>(number.exponent.size()) > kFloat64ExponentDigits) return false;
  if (number.mantissa_is_zero()) return true;
  const std::int64_t shift = number.exponent_value();
  const std::int64_t leading = number.leading() + (number.exponent_negative ? -shift : shift);
  return leading >= -kFloat64Magnitude && leading < kFloat64Magnitude;
}

}  // namespace

bool NumberLiteral::holds(const Decimal& x) const {
  switch (kind) {
    case Kind::kAtLeast:
      return x >= value;
    case Kind::kMoreThan:
      return x > value;
    case Kind::kInteger:
      return x.is_integer();
    case Kind::kMultipleOf:
      return x.is_multiple_of(value);
    case Kind::kEquals:
      return x == value;
    case Kind::kPlain:
      return x.is_integer();
  }
  return false;
}

bool is_plain(std::string_view text) { return text.find_first_of(".eE") == std::string_view::npos; }

bool NumberLiteral::holds(const Decimal& x, std::string_view text) const {
  return kind == Kind::kPlain ? is_plain(text) : holds(x);
}

void NumberCell::add(const NumberLiteral& literal, bool positive) {
  using Kind = NumberLiteral::Kind;
  switch (literal.kind) {
    case Kind::kAtLeast:
    case Kind::kMoreThan: {
      const bool open = (literal.kind == Kind::kMoreThan) == positive;
      positive ? raise_low(*this, literal.value, open) : lower_high(*this, literal.value, open);
      return;
    }
    case Kind::kInteger: {
      const Integrality wanted = positive ? Integrality::kInteger : Integrality::kFraction;
      if (integrality != Integrality::kEither && integrality != wanted) {
        // Both an integer and not: the empty interval says so without a member of its own.
        low = Bound{Decimal(1), false};
        high = Bound{Decimal(0), false};
      }
      integrality = wanted;
      return;
    }
    case Kind::kPlain: {
      const Spelling wanted = positive ? Spelling::kPlain : Spelling::kDecorated;
      if (spelling != Spelling::kEither && spelling != wanted) {
        low = Bound{Decimal(1), false};
        high = Bound{Decimal(0), false};
      }
      spelling = wanted;
      return;
    }
    case Kind::kMultipleOf:
      // A multiple of an integer is one, and is written like one.
      if (positive && literal.value.is_integer()) add({Kind::kInteger, {}}, true);
      insert_sorted(positive ? multiple_of : not_multiple_of, absolute(literal.value));
      return;
    case Kind::kEquals:
      if (positive) {
        raise_low(*this, literal.value, false);
        lower_high(*this, literal.value, false);
      } else {
        insert_sorted(not_equal, literal.value);
      }
      return;
  }
}

bool NumberCell::contains(const Decimal& x) const {
  if (low && (low->open ? x <= low->value : x < low->value)) return false;
  if (high && (high->open ? x >= high->value : x > high->value)) return false;
  if (integrality != Integrality::kEither && x.is_integer() != (integrality == Integrality::kInteger))
    return false;
  const auto divides = [&](const Decimal& m) { return x.is_multiple_of(m); };
  return std::all_of(multiple_of.begin(), multiple_of.end(), divides) &&
         std::none_of(not_multiple_of.begin(), not_multiple_of.end(), divides) &&
         std::find(not_equal.begin(), not_equal.end(), x) == not_equal.end();
}

bool is_number(std::string_view text, NumberForm form) {
  const std::optional<NumberText> number = scan_number(text);
  return number && fits(*number, form);
}

bool is_number_prefix(std::string_view text, NumberForm form) {
  const std::optional<NumberText> number = scan_number(text);
  if (!number) return false;
  if (form == NumberForm::kAny || fits(*number, form)) return true;
  const NumberCell everything;
  return some_completion(*number, {&everything, 1}, form);
}

bool meets(const NumberText& number, const NumberCell& cell, NumberForm form) {
  if (!fits(number, form)) return false;
  if (form == NumberForm::kFloat64 && cell.integrality == NumberCell::Integrality::kInteger &&
      !number.written_as_integer()) {
    return false;
  }
  if (cell.spelling != NumberCell::Spelling::kEither &&
      number.written_as_integer() != (cell.spelling == NumberCell::Spelling::kPlain)) {
    return false;
  }
  const std::int64_t shift = number.exponent_value();
  const std::int64_t exponent =
      (number.exponent_negative ? -shift : shift) - static_cast<std::int64_t>(number.fraction.size());
  return cell.contains(Decimal::make(number.negative, number.mantissa(), exponent));
}

bool number_meets(std::string_view text, const NumberCell& cell, NumberForm form) {
  const std::optional<NumberText> number = scan_number(text);
  return number && meets(*number, cell, form);
}

std::optional<std::string> complete_number(std::string_view prefix, std::span<const NumberCell> cells,
                                           NumberForm form) {
  const std::optional<NumberText> number = scan_number(prefix);
  if (!number) return std::nullopt;
  if (std::none_of(cells.begin(), cells.end(), [](const NumberCell& cell) {
        return cell.spelling == NumberCell::Spelling::kDecorated;
      })) {
    return shortest_completion(*number, cells, form);
  }
  // A number that must show a point or an exponent: the value decides first, ".0" mends the spelling.
  std::optional<std::string> best;
  for (NumberCell cell : cells) {
    const bool decorated = cell.spelling == NumberCell::Spelling::kDecorated;
    if (decorated) cell.spelling = NumberCell::Spelling::kEither;
    std::optional<std::string> rest = shortest_completion(*number, {&cell, 1}, form);
    if (!rest) continue;
    if (decorated && is_plain(std::string(prefix) + *rest)) *rest += ".0";
    if (!best || rest->size() < best->size()) best = std::move(rest);
  }
  return best;
}

std::optional<bool> decided(std::string_view prefix, const NumberLiteral& literal, NumberForm form) {
  const std::optional<NumberText> number = scan_number(prefix);
  if (!number) return std::nullopt;
  if (literal.kind == NumberLiteral::Kind::kPlain) {
    return is_plain(prefix) ? std::nullopt : std::optional<bool>(false);
  }
  NumberCell yes, no;
  yes.add(literal, true);
  no.add(literal, false);
  // 12.0 is a multiple of 1 that no cell offers; it must count all the same.
  if (literal.kind == NumberLiteral::Kind::kMultipleOf) yes.integrality = NumberCell::Integrality::kEither;
  if (form == NumberForm::kFloat64 && literal.kind == NumberLiteral::Kind::kInteger) {
    // 1.0 counts on neither side, so neither side is the complement of the other: false means
    // that no integer value can come, and true never holds, for an exponent may always follow.
    yes = NumberCell();
    yes.multiple_of.push_back(Decimal(1));
    if (some_completion(*number, {&yes, 1}, form) || !some_completion(*number, {&no, 1}, form))
      return std::nullopt;
    return false;
  }
  const bool can_hold = some_completion(*number, {&yes, 1}, form);
  const bool can_fail = some_completion(*number, {&no, 1}, form);
  if (can_hold == can_fail) return std::nullopt;  // undecided, or no completion at all
  return can_hold;
}

std::string lexical_representative(std::string_view prefix, NumberForm form) {
  using Phase = NumberText::Phase;
  const std::optional<NumberText> number = scan_number(prefix);
  if (!number) return std::string(prefix);
  if (number->phase == Phase::kStart) return "";
  if (number->phase == Phase::kSign) return "-";
  std::string result;
  if (form == NumberForm::kAny) {
    static constexpr const char* kShortest[] = {"", "-", "0", "1", "0.", "0.0", "0e", "0e-", "0e0"};
    return kShortest[static_cast<std::size_t>(number->phase)];
  }
  // Digits count by how many there are and where the first other than 0 stands; the
  // magnitude limits are powers of ten, so nothing else about them matters.
  const bool zero = number->mantissa_is_zero();
  if (number->has_exponent()) {
    if (!number->mantissa_fits_float64()) return std::string(prefix);
    // After the exponent has begun only the leading position is left to matter.
    const std::int64_t leading = zero ? 0 : number->leading();
    if (zero) {
      result = "0";
    } else if (leading >= 0) {
      result = "1" + std::string(static_cast<std::size_t>(leading), '0');
    } else {
      result = "0." + std::string(static_cast<std::size_t>(-leading - 1), '0') + "1";
    }
    result += 'e';
    if (number->phase == Phase::kExponent) return result;
    if (number->phase == Phase::kExponentSign)
      return result + (number->exponent_negative && !zero ? '-' : '+');
    if (zero) return result.append(number->exponent.size(), '0');
    if (number->exponent_negative) result += '-';
    return result.append(number->exponent);
  }
  if (number->phase == Phase::kZero) return "0";
  if (!number->has_point) {
    if (number->significant_digits() > kFloat64SignificantDigits) return std::string(prefix);
    return "1" + std::string(number->integer.size() - 1, '0');
  }
  const bool whole = number->integer[0] != '0';
  result = whole ? "1" + std::string(number->integer.size() - 1, '0') : "0";
  result += '.';
  std::string digits(number->fraction.size(), '0');
  if (!whole && !zero) digits[static_cast<std::size_t>(-number->leading() - 1)] = '1';
  return result + digits;
}

}  // namespace structgen::json
