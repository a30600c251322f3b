// Lattices of decimals: common steps, what is forbidden, and the coarsest point of an interval.

#include "json/number_lattice.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace structgen::json {
namespace {

// base^n by squaring; n is at most the bit length of a constant the user wrote.
Natural power(std::uint32_t base, std::int64_t n) {
  Natural result(1);
  Natural square(base);
  while (n > 0) {
    if ((n & 1) != 0) result = result * square;
    n >>= 1;
    if (n > 0) square = square * square;
  }
  return result;
}

std::int64_t take_out(Natural& value, std::uint32_t prime, std::uint32_t chunk, std::int64_t per_chunk) {
  std::int64_t count = 0;
  while (value.remainder(chunk) == 0) {
    value.divide(chunk);
    count += per_chunk;
  }
  while (value.remainder(prime) == 0) {
    value.divide(prime);
    ++count;
  }
  return count;
}

// The least and the greatest n such that n × 10^x lies on the right side of the bound.
Natural least(const Decimal& low, bool open, std::int64_t x) {
  const std::int64_t shift = low.exponent() - x;
  if (low.is_zero()) return Natural(1);
  if (shift >= 0) {
    Natural n = low.coefficient().shifted_left(static_cast<std::uint64_t>(shift));
    if (open) n.add(1);
    return n;
  }
  // A normalised coefficient loses something in the shift: round up.
  Natural n = low.coefficient().shifted_right(static_cast<std::uint64_t>(-shift));
  n.add(1);
  return n;
}

Natural greatest(const Decimal& high, bool open, std::int64_t x) {
  const std::int64_t shift = high.exponent() - x;
  if (shift < 0) return high.coefficient().shifted_right(static_cast<std::uint64_t>(-shift));
  Natural n = high.coefficient().shifted_left(static_cast<std::uint64_t>(shift));
  if (open && !n.is_zero()) n.subtract(Natural(1));
  return n;
}

// A w such that high - low >= 10^w; low < high, both positive or low zero.
std::int64_t width_magnitude(const Decimal& low, const Decimal& high) {
  if (low.is_zero()) return high.magnitude();
  if (low.magnitude() + 1 < high.magnitude()) return high.magnitude() - 1;
  const std::int64_t x = std::min(low.exponent(), high.exponent());
  Natural width = high.coefficient().shifted_left(static_cast<std::uint64_t>(high.exponent() - x));
  width.subtract(low.coefficient().shifted_left(static_cast<std::uint64_t>(low.exponent() - x)));
  return x + static_cast<std::int64_t>(width.digit_count()) - 1;
}

}  // namespace

Grid grid_of(const Natural& coefficient, std::int64_t exponent) {
  Grid grid{coefficient, exponent, exponent};
  if (grid.core.is_one()) return grid;
  grid.twos += take_out(grid.core, 2, 1u << 16, 16);
  grid.fives += take_out(grid.core, 5, 9765625, 10);
  return grid;
}

bool Range::empty() const {
  if (!high) return false;
  const auto order = low <=> *high;
  return order > 0 || (order == 0 && (low_open || high_open));
}

void Range::raise_low(const Decimal& value, bool open) {
  const auto order = value <=> low;
  if (order > 0) {
    low = value;
    low_open = open;
  } else if (order == 0) {
    low_open = low_open || open;
  }
}

void Range::lower_high(const Decimal& value, bool open) {
  const auto order = high ? value <=> *high : std::strong_ordering::less;
  if (order < 0) {
    high = value;
    high_open = open;
  } else if (order == 0) {
    high_open = high_open || open;
  }
}

Lattice::Lattice(const NumberCell& cell, bool integers_only, Budget& budget)
    : cell_(cell), budget_(budget), highest_resolution_(std::numeric_limits<std::int64_t>::max() / 4) {
  const auto ask = [&](const Decimal& m) {
    if (m.is_zero()) {
      admits_others_ = false;
      return;
    }
    Grid grid = grid_of(m.coefficient(), m.exponent());
    if (!grid_) {
      grid_ = std::move(grid);
      return;
    }
    grid_->twos = std::max(grid_->twos, grid.twos);
    grid_->fives = std::max(grid_->fives, grid.fives);
    if (grid.core == grid_->core || grid.core.is_one()) return;
    budget_.spend(20 * grid.core.limb_count() * grid_->core.limb_count());
    const Natural common = Natural::gcd(grid_->core, grid.core);
    grid_->core = grid_->core * Natural::divide(grid.core, common).first;
  };
  if (integers_only || cell.integrality == NumberCell::Integrality::kInteger) ask(Decimal(1));
  for (const Decimal& m : cell.multiple_of) ask(m);
  if (grid_) {
    const std::int64_t x = std::min(grid_->twos, grid_->fives);
    step_ = Decimal::make(false, grid_->core * power(2, grid_->twos - x) * power(5, grid_->fives - x), x);
  }

  const auto avoid = [&](const Decimal& m) {
    admits_zero_ = false;
    if (m.is_zero()) return;  // of the multiples of 0 there is only 0
    if (step_ && step_->is_multiple_of(m)) admits_others_ = false;
    avoided_.push_back({m, grid_of(m.coefficient(), m.exponent())});
    const Grid& grid = avoided_.back().grid;
    const bool core_is_free =
        grid.core.is_one() || (grid_ && Natural::divide(grid_->core, grid.core).second.is_zero());
    if (core_is_free)
      highest_resolution_ = std::min(highest_resolution_, std::max(grid.twos, grid.fives) - 1);
  };
  if (cell.integrality == NumberCell::Integrality::kFraction) avoid(Decimal(1));
  for (const Decimal& m : cell.not_multiple_of) avoid(m);

  for (const Decimal& value : cell.not_equal) {
    if (value.is_zero()) admits_zero_ = false;
  }
  if (cell.low && (cell.low->open ? cell.low->value >= Decimal() : cell.low->value > Decimal()))
    admits_zero_ = false;
  if (cell.high && (cell.high->open ? cell.high->value <= Decimal() : cell.high->value < Decimal())) {
    admits_zero_ = false;
  }
}

Range Lattice::side(bool negative) {
  Range range;
  const auto& low = negative ? cell_.high : cell_.low;
  const auto& high = negative ? cell_.low : cell_.high;
  if (low) {
    const Decimal value = negative ? -low->value : low->value;
    if (!value.is_zero() && !value.negative()) range.raise_low(value, low->open);
  }
  if (high) {
    const Decimal value = negative ? -high->value : high->value;
    range.high = value.negative() ? Decimal() : value;
    range.high_open = high->open || value.negative();
  }
  if (step_) range.raise_low(*step_, false);
  unequal_.clear();
  for (const Decimal& value : cell_.not_equal) {
    if (!value.is_zero() && value.negative() == negative) unequal_.push_back(negative ? -value : value);
  }
  return range;
}

std::int64_t Lattice::step_digits() const {
  std::size_t digits = 1;
  if (step_) digits += step_->coefficient().digit_count();
  for (const Avoided& m : avoided_) digits += m.value.coefficient().digit_count();
  for (std::size_t n = avoided_.size() + unequal_.size() + 3; n != 0; n /= 10) ++digits;
  return static_cast<std::int64_t>(digits);
}

std::int64_t Lattice::floor(const Range& range) const {
  if (grid_) return std::min(grid_->twos, grid_->fives);
  // Let f be how much is forbidden and 10^t > f + 3. With 10^x at most 10^-t of the width the range holds
  // more than f + 1 points; with 10^x also at most 10^-t of every avoided m, each m hits at most one among f
  // + 2 neighbours.
  std::int64_t t = 0;
  for (std::size_t n = avoided_.size() + unequal_.size() + 3; n != 0; n /= 10) ++t;
  std::int64_t x = width_magnitude(range.low, *range.high);
  for (const Avoided& m : avoided_) x = std::min({x, m.grid.twos, m.grid.fives});
  return x - t;
}

bool Lattice::admissible(const Natural& n, std::int64_t x) const {
  if (avoided_.empty() && unequal_.empty()) return true;
  const Decimal value = Decimal::make(false, n, x);
  for (const Avoided& m : avoided_) {
    if (value.is_multiple_of(m.value)) return false;
  }
  return std::find(unequal_.begin(), unequal_.end(), value) == unequal_.end();
}

bool Lattice::point_at(const Range& range, std::int64_t x, Natural& n) {
  const std::uint64_t limbs =
      static_cast<std::uint64_t>(std::max<std::int64_t>(range.high->magnitude() - x, 0)) / 9 + 1;
  budget_.spend(limbs);
  n = least(range.low, range.low_open, x);
  const Natural last = greatest(*range.high, range.high_open, x);
  if (last < n) return false;

  Natural generator(1);  // multiples of 10^x that are asked for are generator × 10^x × an integer
  if (grid_) {
    generator = grid_->core;
    if (grid_->twos > x) generator = generator * power(2, grid_->twos - x);
    if (grid_->fives > x) generator = generator * power(5, grid_->fives - x);
  }
  if (!generator.is_one()) {
    budget_.spend(limbs * generator.limb_count());
    auto [quotient, rest] = Natural::divide(n, generator);
    if (!rest.is_zero()) {
      quotient.add(1);
      n = quotient * generator;
    }
    if (last < n) return false;
  }
  if (!avoided_.empty()) {
    const Decimal step = Decimal::make(false, generator, x);
    for (const Avoided& m : avoided_) {
      if (step.is_multiple_of(m.value)) return false;
    }
  }
  // What is forbidden is periodic with periods of at least 2 in this walk, so it ends soon.
  while (!admissible(n, x)) {
    budget_.spend(limbs * (1 + avoided_.size()));
    n = n + generator;
    if (last < n) return false;
  }
  return true;
}

std::optional<LatticePoint> Lattice::coarsest(const Range& range, std::int64_t x_max, std::int64_t x_min) {
  if (!admits_others_ || x_max < x_min || range.empty() || range.high->is_zero()) return std::nullopt;
  LatticePoint point;
  std::int64_t top = std::min(x_max, highest_resolution_);
  if (range.low == *range.high) {
    point.x = std::min(range.low.exponent(), top);
    if (point.x < x_min || !point_at(range, point.x, point.n)) return std::nullopt;
    return point;
  }
  const std::int64_t bottom = std::max(x_min, std::min(top, floor(range)));
  if (top < bottom) return std::nullopt;
  std::int64_t failed = top + 1;
  std::int64_t found = top;
  for (std::int64_t stride = 1;; stride *= 2) {
    if (point_at(range, found, point.n)) break;
    if (found == bottom) return std::nullopt;
    failed = found;
    found = std::max(bottom, found - stride);
  }
  while (failed - found > 1) {
    const std::int64_t middle = found + (failed - found) / 2;
    Natural n;
    if (point_at(range, middle, n)) {
      found = middle;
      point.n = std::move(n);
    } else {
      failed = middle;
    }
  }
  point.x = found;
  return point;
}

}  // namespace structgen::json
