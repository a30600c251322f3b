// Alternatives that differ only in their counters: x·r{0,98}·k | x·r{0,99}·k is
// x·r{0,99}·k. Without this rule the derivatives of ambiguous counters grow
// with every byte read.
//
// A member is seen as a box: the bases of its first factors name the shape, the
// counters are the intervals. Boxes of one shape are merged where one holds the
// other, or where they differ in one interval and the two touch.
#include <algorithm>
#include <map>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr std::size_t kFactors = 6;  // factors looked at from the front
constexpr std::size_t kBoxes = 256;  // boxes of one shape compared pairwise

struct Box {
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;

  bool holds(const Box& other) const {
    for (std::size_t i = 0; i < low.size(); ++i) {
      if (other.low[i] < low[i] || other.high[i] > high[i]) return false;
    }
    return true;
  }

  // Takes the other box in when the union is a box again.
  bool absorb(const Box& other) {
    if (holds(other)) return true;
    if (other.holds(*this)) {
      *this = other;
      return true;
    }
    std::size_t different = low.size();
    for (std::size_t i = 0; i < low.size(); ++i) {
      if (low[i] == other.low[i] && high[i] == other.high[i]) continue;
      if (different != low.size()) return false;
      different = i;
    }
    const std::uint32_t start = std::max(low[different], other.low[different]);
    const std::uint32_t end = std::min(high[different], other.high[different]);
    if (end != kUnbounded && start > end + 1) return false;
    low[different] = std::min(low[different], other.low[different]);
    high[different] = std::max(high[different], other.high[different]);
    return true;
  }
};

}  // namespace

void Engine::merge_counters(std::vector<Regex>& parts) {
  std::vector<Regex> first;  // bases; those of one shape have the same
  first.reserve(parts.size());
  for (const Regex part : parts) first.push_back(element(nodes_[part].kind == Kind::kConcat ? nodes_[part].a : part).base);
  std::sort(first.begin(), first.end());
  if (std::adjacent_find(first.begin(), first.end()) == first.end()) return;
  std::map<std::vector<Regex>, std::vector<Box>> shapes;  // bases, then what follows them
  for (Regex part : parts) {
    std::vector<Regex> shape;
    Box box;
    Regex rest = part;
    while (rest != kEpsilon && shape.size() < kFactors) {
      const bool chain = nodes_[rest].kind == Kind::kConcat;
      const Element factor = element(chain ? nodes_[rest].a : rest);
      shape.push_back(factor.base);
      box.low.push_back(factor.min);
      box.high.push_back(factor.max);
      rest = chain ? nodes_[rest].b : kEpsilon;
    }
    shape.push_back(rest);
    std::vector<Box>& boxes = shapes[shape];
    if (boxes.size() > kBoxes) {
      boxes.push_back(std::move(box));
      continue;
    }
    // What grew may now take in others: repeat until it stands alone.
    for (std::size_t i = 0; i < boxes.size();) {
      if (box.absorb(boxes[i])) {
        boxes.erase(boxes.begin() + static_cast<std::ptrdiff_t>(i));
        i = 0;
      } else {
        ++i;
      }
    }
    boxes.push_back(std::move(box));
  }
  std::size_t left = 0;
  for (const auto& [shape, boxes] : shapes) left += boxes.size();
  if (left == parts.size()) return;
  parts.clear();
  for (const auto& [shape, boxes] : shapes) {
    for (const Box& box : boxes) {
      Regex result = shape.back();
      for (std::size_t i = box.low.size(); i-- > 0;) {
        result = concat(repeat(shape[i], box.low[i], box.high[i]), result);
      }
      parts.push_back(result);
    }
  }
}

}  // namespace structgen::regex
