// A sorted list of words of which a range is still possible: what is left of an enumeration after a prefix.
//
// Seen as a trie without building one: the words that go on alike are neighbours.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

namespace structgen {

struct WordList {
  std::string_view text;                   // all words, one after the other, in ascending order
  std::span<const std::uint32_t> offsets;  // words + 1
  std::uint32_t depth = 0;                 // bytes read, which are the same in words [low, high)
  std::uint32_t low = 0, high = 0;

  std::uint8_t byte_of(std::uint32_t word, std::uint32_t at) const {
    return static_cast<std::uint8_t>(text[offsets[word] + at]);
  }
  // Whether the first word of a range ends after `read` bytes, which all of them share.
  bool ends(std::uint32_t word, std::uint32_t read) const { return offsets[word + 1] - offsets[word] == read; }

  // Divides words [from, to), alike in `read` bytes, by the next one: each(byte, from, to), ascending. A word
  // that ends is left out. Reads few bytes of each part.
  template <class Each>
  void divide(std::uint32_t read, std::uint32_t from, std::uint32_t to, const Each& each) const {
    if (from < to && ends(from, read)) ++from;
    while (from < to) {
      const std::uint8_t byte = byte_of(from, read);
      std::uint32_t within = from, step = 1;  // the last word known to go on with `byte`
      while (within + step < to && byte_of(within + step, read) == byte) within += step, step *= 2;
      std::uint32_t after = std::min(within + step, to);
      while (within + 1 < after) {
        const std::uint32_t middle = within + (after - within) / 2;
        byte_of(middle, read) == byte ? within = middle : after = middle;
      }
      each(byte, from, after);
      from = after;
    }
  }
};

}  // namespace structgen
