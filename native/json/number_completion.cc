// The shortest completion of a number prefix into a cell.
//
// Every completion is N × 10^x for an integer N whose first digits are those
// already written. Let D = x + (digits appended). For a fixed D the numbers
// that can be reached fill an interval [low × 10^D, high × 10^D), and the
// number of digits to append is D - x: the coarsest x at which the cell meets
// that interval is the shortest, whatever follows the digits (nothing, zeros, a
// point or an exponent). What is left is to choose D.
//
// Without an exponent only D >= 0 (or one D after the point) can be written.
// With an exponent every integer D can, but they need not all be tried. The
// cell has finitely many critical D: where the interval crosses a bound, a
// forbidden value, the size of a step, or its powers of 2 and 5. Away from
// these by more digits than the steps have, either the digits needed do not depend on D
// or x does not; the cost is then least at an end of the gap, or where the exponent changes sign.
// So the windows around critical points and the ends of the gaps between them are
// enough, and the search is exact although exponents are unbounded.
//
// After the "e" only the exponent is free and every constraint is an interval of exponents.
#include <algorithm>
#include <iterator>
#include <utility>

#include "json/number_internal.h"
#include "json/number_lattice.h"

namespace structgen::json {
namespace {

constexpr std::uint64_t kSteps = 20'000'000;  // limbs touched: some tenths of a second
constexpr std::int64_t kNear = 64;  // a text of this length is worth building before its rivals are known
constexpr std::int64_t kFar = 4 * kExponentSaturation;

std::int64_t text_length(std::int64_t exponent) {
  std::int64_t length = exponent < 0 ? 2 : 1;
  for (std::int64_t rest = exponent / 10; rest != 0; rest /= 10) ++length;
  return length;
}

// What has been written of a mantissa, as the numbers it can lead to.
struct Stem {
  std::string_view head;     // still to be written before any digit: "", "-", ".", "0." …
  Decimal low, high;         // with D = 0: low <= |v| < high, low > 0
  std::size_t written = 0;   // digits of N already there
  std::int64_t least = 0;    // digits that must be appended
  std::int64_t most = kFar;  // digits that may be appended (where they count as significant)
  bool after_point = false;
  std::int64_t exponent_shift = 0;  // after the point: the exponent to write is D + exponent_shift

  // Digits that D does not count: the leading one, when it is still to be chosen.
  std::int64_t uncounted() const { return written == 0 ? 1 : 0; }
};

class Search {
 public:
  Search(const NumberText& prefix, const NumberCell& cell, NumberForm form, bool any,
         std::optional<std::string>& best)
      : prefix_(prefix),
        budget_("number completion", kSteps),
        float64_(form == NumberForm::kFloat64),
        plain_only_((float64_ && cell.integrality == NumberCell::Integrality::kInteger) ||
                    cell.spelling == NumberCell::Spelling::kPlain),
        any_(any),
        lattice_(cell, plain_only_, budget_),
        best_(best) {}

  void run();

 private:
  std::int64_t best_length() const { return best_ ? static_cast<std::int64_t>(best_->size()) : kFar; }
  bool settled() const { return best_ && (any_ || best_->empty()); }
  void offer(std::string text) {
    if (static_cast<std::int64_t>(text.size()) < best_length()) best_ = std::move(text);
  }

  Range side(bool negative);
  void integer(std::string_view head, bool negative);
  void after_point(std::string_view head, std::int64_t written, bool exponents);
  void exponent();

  void every_decade(const Stem& stem, const Range& side);
  std::vector<std::int64_t> decades(const Stem& stem, const Range& side, std::int64_t first,
                                    std::int64_t last);
  std::int64_t least_cost(const Stem& stem, std::int64_t d) const;
  void decade(const Stem& stem, const Range& side, std::int64_t d);
  void exponents_of_sign(const std::string& head, bool negative, std::int64_t first, std::int64_t last,
                         const std::vector<std::int64_t>& excluded);

  const NumberText& prefix_;
  Budget budget_;
  const bool float64_;
  const bool plain_only_;  // no point and no exponent may be written
  const bool any_;
  Lattice lattice_;
  std::optional<std::string>& best_;
};

Range Search::side(bool negative) {
  Range range = lattice_.side(negative);
  if (float64_) {
    range.raise_low(Decimal::make(false, Natural(1), -kFloat64Magnitude), false);
    range.lower_high(Decimal::make(false, Natural(1), kFloat64Magnitude), true);
  }
  return range;
}

void Search::run() {
  using Phase = NumberText::Phase;
  if (!lattice_.admits_zero() && !lattice_.admits_others()) return;
  if (plain_only_ && (prefix_.has_point || prefix_.has_exponent())) return;
  switch (prefix_.phase) {
    case Phase::kStart:
    case Phase::kSign:
      if (lattice_.admits_zero()) offer("0");
      for (const bool negative : {false, true}) {
        if (settled() || (prefix_.phase == Phase::kSign && !negative)) continue;
        const bool sign = prefix_.phase == Phase::kStart && negative;
        integer(sign ? "-" : "", negative);
        // With an exponent, digits before the point always do as well as "0." and digits after it.
        if (!settled() && !plain_only_) after_point(sign ? "-0." : "0.", 0, false);
      }
      return;
    case Phase::kZero:
      if (lattice_.admits_zero()) offer("");
      if (!settled() && !plain_only_) after_point(".", 0, true);
      return;
    case Phase::kInteger:
      integer("", prefix_.negative);
      return;
    case Phase::kPoint:
    case Phase::kFraction:
      after_point("", static_cast<std::int64_t>(prefix_.fraction.size()), true);
      return;
    default:
      exponent();
  }
}

// No point yet, and the first digit is not 0.
void Search::integer(std::string_view head, bool negative) {
  if (prefix_.phase != NumberText::Phase::kInteger && std::ssize(head) + 1 >= best_length()) return;
  const Range range = side(negative);
  if (range.empty()) return;
  Stem stem;
  stem.head = head;
  if (prefix_.phase == NumberText::Phase::kInteger) {
    if (float64_ && !prefix_.mantissa_fits_float64()) return;
    Natural n = prefix_.mantissa();
    stem.written = n.digit_count();
    stem.low = Decimal::make(false, n, 0);
    n.add(1);
    stem.high = Decimal::make(false, std::move(n), 0);
    // Beyond 17 digits only zeros may follow, and those are not counted here.
    if (float64_)
      stem.most =
          std::max<std::int64_t>(0, kFloat64SignificantDigits - static_cast<std::int64_t>(stem.written));
  } else {
    stem.low = Decimal(1);
    stem.high = Decimal(10);
    if (float64_) stem.most = kFloat64SignificantDigits - 1;
  }
  every_decade(stem, range);
}

// A point with `written` digits after it (or about to be written, with `head`).
void Search::after_point(std::string_view head, std::int64_t written, bool exponents) {
  if (!head.empty() && std::ssize(head) + 1 >= best_length()) return;
  const bool negative = head.empty() || head == "." || prefix_.negative ? prefix_.negative : head[0] == '-';
  if (float64_ && !prefix_.mantissa_fits_float64()) return;
  const bool zero = prefix_.integer.empty() || prefix_.mantissa_is_zero();
  const Range range = side(negative);
  Stem stem;
  stem.head = head;
  stem.after_point = true;
  stem.least = written == 0 ? 1 : 0;
  stem.exponent_shift = written;
  if (float64_) stem.most = kFloat64FractionDigits - written;
  if (!zero) {
    Natural n = prefix_.mantissa();
    stem.written = n.digit_count();
    stem.low = Decimal::make(false, n, 0);
    n.add(1);
    stem.high = Decimal::make(false, std::move(n), 0);
    if (float64_) stem.most = std::min(stem.most, kFloat64SignificantDigits - prefix_.significant_digits());
    if (range.empty()) return;
    const auto plain = [&] {
      if (!settled()) decade(stem, range, -written);
    };
    const bool far = least_cost(stem, -written) > kNear;
    if (!far) plain();
    if (!settled() && exponents) every_decade(stem, range);
    if (far) plain();
    return;
  }

  if (head.empty() && lattice_.admits_zero()) offer(written == 0 ? "0" : "");
  if (settled() || range.empty()) return;
  // Without an exponent the digits to come can be any below 10^-written, zeros first.
  const auto plain = [&](const Range& part, std::int64_t x_min) {
    if (part.empty()) return;
    const auto point = lattice_.coarsest(part, -written - 1, x_min);
    if (!point) return;
    const std::string digits = point->n.to_string();
    std::string text(head);
    text.append(static_cast<std::size_t>(-written - point->x) - digits.size(), '0').append(digits);
    offer(std::move(text));
  };
  const auto shorter = [&] {  // the least x of an answer shorter than the best
    return std::max(-written - stem.most,
                    -written - (best_length() - static_cast<std::int64_t>(head.size())) + 1);
  };
  const auto without_exponent = [&] {
    Range below = range;
    below.lower_high(Decimal::make(false, Natural(1), -written), true);
    if (!float64_) return plain(below, shorter());
    plain(below, std::max(shorter(), -written - kFloat64SignificantDigits));
    // More digits than are significant: the first ones are zeros, up to the leading digit's place.
    if (shorter() >= -written - kFloat64SignificantDigits) return;
    for (std::int64_t d = -written - 1; d >= -kFloat64FractionDigits && !settled(); --d) {
      Range part = below;
      part.raise_low(Decimal::make(false, Natural(1), d), false);
      part.lower_high(Decimal::make(false, Natural(1), d + 1), true);
      plain(part, std::max(shorter(), d + 1 - kFloat64SignificantDigits));
    }
  };
  // With an exponent zeros first are never shorter: each costs a digit and saves at most one of the exponent.
  const auto with_exponent = [&] {
    stem.low = Decimal(1);
    stem.high = Decimal(10);
    stem.least = 0;
    stem.exponent_shift = written + 1;
    if (float64_) stem.most = std::min(stem.most, kFloat64SignificantDigits) - 1;
    every_decade(stem, range);
  };
  const bool far = exponents && (lattice_.highest_resolution() < -kNear ||
                                 (range.high && !range.high->is_zero() && range.high->magnitude() < -kNear));
  if (!far) without_exponent();
  if (!settled() && exponents) with_exponent();
  if (far && !settled()) without_exponent();
}

// The cheapest text that D could have, without looking at the lattice.
std::int64_t Search::least_cost(const Stem& stem, std::int64_t d) const {
  std::int64_t digits = stem.least;
  if (lattice_.step_grid()) {
    // N is a multiple of the core, so it has as many digits.
    const std::int64_t needed = static_cast<std::int64_t>(lattice_.step_grid()->core.digit_count());
    digits = std::max(digits, needed - stem.high.magnitude() - 1);
  }
  if (d > lattice_.highest_resolution()) digits = std::max(digits, d - lattice_.highest_resolution());
  const std::int64_t base = static_cast<std::int64_t>(stem.head.size()) + stem.uncounted();
  if (stem.after_point) return base + digits + 1 + text_length(d + stem.exponent_shift);
  if (plain_only_) return base + std::max(d, digits);
  // The exponent is d less the digits appended, and each of them shortens it by one character at most.
  const std::int64_t with_exponent = std::max(digits + 2, 1 + text_length(d));
  if (d < 0) return base + with_exponent;
  return base + std::min({std::max(d, digits), digits + 1, with_exponent});
}

// Offers the shortest texts whose digits put them into the D-th interval.
void Search::decade(const Stem& stem, const Range& side, std::int64_t d) {
  const std::int64_t base = static_cast<std::int64_t>(stem.head.size()) + stem.uncounted();
  Range range = side;
  range.raise_low(stem.low.scaled(d), false);
  range.lower_high(stem.high.scaled(d), true);
  if (range.empty()) return;
  const std::int64_t most = std::min(stem.most, best_length() - base - 1);
  const auto point = lattice_.coarsest(range, d - stem.least, d - most);
  if (!point) return;
  const std::int64_t x = point->x;
  const std::int64_t appended = d - x;
  std::string digits = point->n.to_string();
  digits.erase(0, stem.written);

  if (stem.after_point) {
    const std::int64_t power = d + stem.exponent_shift;
    const bool plain = power == 0 && stem.written != 0;
    std::string text = std::string(stem.head) + digits;
    if (!plain) text.append("e").append(std::to_string(power));
    offer(std::move(text));
    return;
  }
  // The exponent first: beside 1e999999999 the plain text is not even built.
  if (!plain_only_) {
    if (base + appended + 1 + text_length(x) < best_length()) {
      offer(std::string(stem.head) + digits + "e" + std::to_string(x));
    }
    // A point after the first digit makes the exponent D; after others it would be no shorter.
    if (d < 0 && appended > 0 && base + appended + 2 + text_length(d) < best_length()) {
      const std::size_t whole = static_cast<std::size_t>(stem.uncounted());
      std::string text(stem.head);
      text.append(digits, 0, whole).append(".").append(digits, whole).append("e").append(std::to_string(d));
      offer(std::move(text));
    }
  }
  if (d < 0) return;
  const std::int64_t length = base + (x >= 0 ? d : appended + 1);
  if (length >= best_length() || (x < 0 && plain_only_)) return;
  std::string text(stem.head);
  if (x >= 0) {
    text.append(digits).append(static_cast<std::size_t>(x), '0');
  } else {
    const std::size_t whole = digits.size() - static_cast<std::size_t>(-x);
    text.append(digits, 0, whole).append(".").append(digits, whole);
  }
  offer(std::move(text));
}

void Search::every_decade(const Stem& stem, const Range& side) {
  if (!lattice_.admits_others() || side.empty()) return;
  std::int64_t first = plain_only_ ? 0 : -kFar;
  std::int64_t last = kFar;
  if (!side.low.is_zero()) {
    std::int64_t d = side.low.magnitude() - stem.high.magnitude() - 1;
    while (stem.high.scaled(d) <= side.low) ++d;
    first = std::max(first, d);
  }
  if (side.high) {
    if (side.high->is_zero()) return;
    std::int64_t d = side.high->magnitude() - stem.low.magnitude() + 1;
    while (side.high_open ? stem.low.scaled(d) >= *side.high : stem.low.scaled(d) > *side.high) --d;
    last = std::min(last, d);
  }
  const auto visit = [&](std::int64_t d) {
    if (d < first || d > last || settled() || least_cost(stem, d) >= best_length()) return;
    decade(stem, side, d);
  };
  if (first > last) return;
  // Nearly always one of these is shortest, and then nothing else can compete.
  if (!stem.after_point) {
    if (least_cost(stem, 0) < kNear) visit(0);
    if (least_cost(stem, 1) < kNear) visit(1);
  }
  const std::int64_t base = static_cast<std::int64_t>(stem.head.size()) + stem.uncounted();
  if (settled() || best_length() <= base + stem.least + 2) return;
  for (const std::int64_t d : decades(stem, side, first, last)) visit(d);
}

// The D worth trying, cheapest first; see the top of this file.
std::vector<std::int64_t> Search::decades(const Stem& stem, const Range& side, std::int64_t first,
                                          std::int64_t last) {
  std::vector<std::int64_t> chosen;
  const auto window = [&](std::int64_t from, std::int64_t to) {
    from = std::max(from, first);
    to = std::min(to, last);
    if (from <= to) lattice_.spend(static_cast<std::uint64_t>(to - from) + 1);
    for (std::int64_t d = from; d <= to; ++d) chosen.push_back(d);
  };
  const std::int64_t lead = stem.low.magnitude();
  const std::int64_t digits = lattice_.step_digits() + 2;
  const auto around = [&](const Grid& grid, const Decimal& value) {
    const std::int64_t size = value.magnitude() - lead;
    window(std::min({grid.twos, grid.fives, size}) - 2, std::max({grid.twos, grid.fives, size}) + digits);
  };
  window(first, first + 1);
  window(last - 1, last);
  window(-stem.exponent_shift - 2, digits);
  if (lattice_.step_grid()) around(*lattice_.step_grid(), *lattice_.step());
  for (const Avoided& m : lattice_.avoided()) around(m.grid, m.value);
  for (const Decimal& value : lattice_.unequal())
    window(value.magnitude() - lead - 1, value.magnitude() - lead + 1);
  if (!side.low.is_zero()) window(side.low.magnitude() - lead - 1, side.low.magnitude() - lead + 1);
  if (side.high) window(side.high->magnitude() - lead - 1, side.high->magnitude() - lead + 1);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  const std::size_t count = chosen.size();
  for (std::size_t i = 0; i + 1 < count; ++i) {
    const std::int64_t from = chosen[i] + 1;
    const std::int64_t to = chosen[i + 1] - 1;
    if (from <= to) chosen.push_back(from);
    if (from < to) chosen.push_back(to);
  }
  std::vector<std::pair<std::int64_t, std::int64_t>> ordered;
  ordered.reserve(chosen.size());
  for (const std::int64_t d : chosen) ordered.emplace_back(least_cost(stem, d), d);
  std::sort(ordered.begin(), ordered.end());
  for (std::size_t i = 0; i < ordered.size(); ++i) chosen[i] = ordered[i].second;
  return chosen;
}

// The mantissa c is fixed: c × 10^X is a multiple of m exactly when m's core divides c and X makes up for the
// missing powers of 2 and 5. So everything asked for or avoided is a bound on X, save for forbidden values.
void Search::exponent() {
  if (float64_ && !prefix_.mantissa_fits_float64()) return;
  const Range range = side(prefix_.negative);
  const Decimal c =
      Decimal::make(false, prefix_.mantissa(), -static_cast<std::int64_t>(prefix_.fraction.size()));
  std::int64_t first = -kFar;
  std::int64_t last = kFar;
  std::vector<std::int64_t> excluded;
  if (c.is_zero()) {
    if (!lattice_.admits_zero()) return;
  } else {
    if (!lattice_.admits_others() || range.empty()) return;
    if (!range.low.is_zero()) {
      first = range.low.magnitude() - c.magnitude();
      if (range.low_open ? c.scaled(first) <= range.low : c.scaled(first) < range.low) ++first;
    }
    if (range.high) {
      if (range.high->is_zero()) return;
      last = range.high->magnitude() - c.magnitude();
      if (range.high_open ? c.scaled(last) >= *range.high : c.scaled(last) > *range.high) --last;
    }
    const Grid own = grid_of(c.coefficient(), c.exponent());
    const auto divides = [&](const Natural& core) {
      return Natural::divide(own.core, core).second.is_zero();
    };
    const auto threshold = [&](const Grid& grid) {
      return std::max(grid.twos - own.twos, grid.fives - own.fives);
    };
    if (lattice_.step_grid()) {
      if (!divides(lattice_.step_grid()->core)) return;
      first = std::max(first, threshold(*lattice_.step_grid()));
    }
    for (const Avoided& m : lattice_.avoided()) {
      if (divides(m.grid.core)) last = std::min(last, threshold(m.grid) - 1);
    }
    for (const Decimal& value : lattice_.unequal()) {
      if (value.coefficient() == c.coefficient()) excluded.push_back(value.exponent() - c.exponent());
    }
  }
  const bool signed_already =
      prefix_.phase != NumberText::Phase::kExponent &&
      (prefix_.exponent_negative || prefix_.phase == NumberText::Phase::kExponentSign);
  if (prefix_.phase == NumberText::Phase::kExponent) {
    exponents_of_sign("", false, first, last, excluded);
    exponents_of_sign("-", true, first, last, excluded);
  } else {
    exponents_of_sign("", signed_already && prefix_.exponent_negative, first, last, excluded);
  }
}

// Offers the shortest digits after those of the exponent so that first <= X <= last.
void Search::exponents_of_sign(const std::string& head, bool negative, std::int64_t first, std::int64_t last,
                               const std::vector<std::int64_t>& excluded) {
  const std::int64_t from = negative ? -last : first;  // as magnitudes
  const std::int64_t to = negative ? -first : last;
  const std::int64_t written = static_cast<std::int64_t>(prefix_.exponent.size());
  std::int64_t low = prefix_.exponent_value();
  std::int64_t high = low;
  for (std::int64_t digits = 0;; ++digits) {
    if (float64_ && written + digits > kFloat64ExponentDigits) return;
    if (static_cast<std::int64_t>(head.size()) + digits >= best_length()) return;
    if (written + digits > 0) {
      std::int64_t x = std::max(low, from);
      const std::int64_t end = std::min(high, to);
      const auto forbidden = [&](std::int64_t size) {
        return std::find(excluded.begin(), excluded.end(), negative ? -size : size) != excluded.end();
      };
      while (x <= end && forbidden(x)) ++x;
      if (x <= end) {
        std::string text = head;
        if (digits > 0) {
          const std::string all = std::to_string(x);
          // Leading zeros when the exponent had none or only zeros before.
          const std::size_t own =
              low == 0 ? 0 : std::to_string(low).size() - static_cast<std::size_t>(digits);
          const std::string rest = all.substr(std::min(own, all.size()));
          text.append(static_cast<std::size_t>(digits) - rest.size(), '0').append(rest);
        }
        offer(std::move(text));
        return;
      }
    }
    if (low >= kExponentSaturation) return;  // more digits change nothing any constraint can see
    low = std::min(low * 10, kExponentSaturation);
    high = std::min(high * 10 + 9, kExponentSaturation);
    if (high >= kExponentSaturation && low == 0 && digits > 18) return;
  }
}

std::optional<std::string> search(const NumberText& prefix, std::span<const NumberCell> cells,
                                  NumberForm form, bool any) {
  if (prefix.complete()) {
    // Most states of a number are numbers already.
    for (const NumberCell& cell : cells) {
      if (meets(prefix, cell, form)) return std::string();
    }
  }
  std::optional<std::string> best;
  for (const NumberCell& cell : cells) {
    if (best && (any || best->empty())) break;
    Search(prefix, cell, form, any, best).run();
  }
  return best;
}

}  // namespace

std::optional<std::string> shortest_completion(const NumberText& prefix, std::span<const NumberCell> cells,
                                               NumberForm form) {
  return search(prefix, cells, form, false);
}

bool some_completion(const NumberText& prefix, std::span<const NumberCell> cells, NumberForm form) {
  return search(prefix, cells, form, true).has_value();
}

}  // namespace structgen::json
