// A sorted array of distinct words; leaves of expressions are ranges of it.
//
// Knows the lengths of any range in logarithmic time: two trees of minima and maxima over the words
// (Bentley's iterative segment tree), since every prefix that is read asks for those of a smaller range.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "word_list.h"

namespace structgen::regex {

class WordArray {
 public:
  explicit WordArray(std::vector<std::string> words);  // any order, duplicates allowed

  std::string_view word(std::uint32_t i) const {
    return std::string_view(text_).substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
  }
  std::uint32_t size() const { return static_cast<std::uint32_t>(offsets_.size() - 1); }
  bool valid_utf8() const { return valid_utf8_; }
  WordList list(std::uint32_t depth, std::uint32_t low, std::uint32_t high) const {
    return {text_, offsets_, depth, low, high};
  }

  struct Bounds {
    std::uint32_t min_bytes, max_bytes, min_points, max_points;
  };
  Bounds bounds(std::uint32_t low, std::uint32_t high) const;  // of whole words; low < high

  std::uint64_t hash() const;
  bool operator==(const WordArray& other) const { return offsets_ == other.offsets_ && text_ == other.text_; }
  std::size_t memory_bytes() const;

 private:
  void grow_bounds();

  std::string text_;
  std::vector<std::uint32_t> offsets_;  // words + 1
  std::vector<Bounds> bounds_;          // of the words from size() on, of pairs of these below; 0 is unused
  bool valid_utf8_ = true;
};

}  // namespace structgen::regex
