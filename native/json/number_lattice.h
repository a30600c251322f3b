// One number cell as a lattice: the multiples it asks for, minus those it forbids, in an interval.
//
// The question answered here is `coarsest`: within an interval, what is the
// largest power of ten 10^x of which some admissible number is a multiple? The
// coarser the resolution, the fewer digits have to be written.
//
// Only magnitudes of numbers other than zero; the caller deals with signs and
// zero. Does not know: prefixes, texts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "budget.h"
#include "json/decimal.h"
#include "json/number.h"

namespace structgen::json {

// core × 2^twos × 5^fives with core coprime to 10. Multiplicities may be negative or huge: 1e-999999
// is 1 × 2^-999999 × 5^-999999, and a least common multiple is a maximum, never a long number.
struct Grid {
  Natural core;
  std::int64_t twos = 0;
  std::int64_t fives = 0;
};
Grid grid_of(const Natural& coefficient, std::int64_t exponent);  // coefficient > 0

struct Avoided {  // no multiple of this
  Decimal value;
  Grid grid;
};

struct Range {
  Decimal low;  // zero only if open
  bool low_open = true;
  std::optional<Decimal> high;
  bool high_open = true;

  bool empty() const;
  void raise_low(const Decimal& value, bool open);
  void lower_high(const Decimal& value, bool open);
};

struct LatticePoint {
  Natural n;  // the number is n × 10^x, n > 0
  std::int64_t x = 0;
};

class Lattice {
 public:
  Lattice(const NumberCell& cell, bool integers_only, Budget& budget);

  bool admits_zero() const { return admits_zero_; }
  bool admits_others() const { return admits_others_; }
  // What is asked of |v| for v of this sign; also forgets the not_equal values of the other sign.
  Range side(bool negative);

  // The point of `range` (which has a high end) with the largest x <= x_max; nullopt when none has
  // x >= x_min.
  //
  // A multiple of 10^(x+1) is a multiple of 10^x, so what is possible at x stays possible below, and x
  // is found by galloping and bisection. It need not be tried below floor(range): with multiples asked
  // for, a finer resolution than that of their common step adds nothing; without, that resolution is so fine
  // that the interval holds more points than everything forbidden can take away.
  std::optional<LatticePoint> coarsest(const Range& range, std::int64_t x_max, std::int64_t x_min);

  const std::optional<Grid>& step_grid() const { return grid_; }
  const std::optional<Decimal>& step() const { return step_; }
  const std::vector<Avoided>& avoided() const { return avoided_; }
  const std::vector<Decimal>& unequal() const { return unequal_; }
  // More decimal digits than the steps asked for and avoided have together.
  std::int64_t step_digits() const;
  // No admissible number is a multiple of 10^x for an x above this.
  std::int64_t highest_resolution() const { return highest_resolution_; }
  void spend(std::uint64_t steps) { budget_.spend(steps); }

 private:
  std::int64_t floor(const Range& range) const;
  bool point_at(const Range& range, std::int64_t x, Natural& n);
  bool admissible(const Natural& n, std::int64_t x) const;

  const NumberCell& cell_;
  Budget& budget_;
  std::optional<Grid> grid_;     // the least common multiple of all that is asked for
  std::optional<Decimal> step_;  // its value
  std::vector<Avoided> avoided_;
  std::vector<Decimal> unequal_;
  bool admits_zero_ = true;
  bool admits_others_ = true;
  std::int64_t highest_resolution_;
};

}  // namespace structgen::json
