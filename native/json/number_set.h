// A set of numbers: a union of cells, indexed so that a prefix meets only the cells it can lead to.
//
// Most sets have a handful of cells and are searched whole. An enumeration has one point for each
// of its values, perhaps 100,000 of them; points are kept sorted by their significant digits, among
// which those of a prefix are a range.
//
// Does not know: formulas, schemas, states.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/number.h"

namespace structgen::json {

struct NumberText;

class NumberSet {
 public:
  explicit NumberSet(std::vector<NumberCell> cells);

  bool empty() const { return cells_.empty(); }
  bool only_integers() const { return only_integers_; }
  std::span<const NumberCell> cells() const { return cells_; }

  // A t such that prefix + t is a number of the set in `form`; nullopt when there is none. Empty
  // exactly when the prefix is one; the shortest, as long as the set has at most kSearched cells.
  std::optional<std::string> complete(std::string_view prefix, NumberForm form) const;

  static constexpr std::size_t kSearched = 16;

 private:
  struct Range {
    std::size_t first, last;
  };
  // Whether a number is in the set; `core` is its digits without zeros at either end.
  bool holds(const NumberText& number, const std::string& core, NumberForm form) const;
  std::optional<std::string> first_of(Range range, std::string_view prefix, NumberForm form) const;
  Range starting_with(bool negative, const std::string& digits) const;
  Range equal_to(bool negative, const std::string& digits) const;

  std::vector<NumberCell> cells_;  // those of many values, then the points in order of their names
  std::vector<std::string> names_;  // of the points: sign, then significant digits
  std::size_t wide_ = 0;            // cells before the first point
  bool only_integers_ = false;
  bool only_plain_ = false;
};

}  // namespace structgen::json
