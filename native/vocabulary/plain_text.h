// The tokens of a vocabulary as the inside of a JSON string sees them, between two characters.
//
// *Plain* tokens hold no quote, backslash or control character and are UTF-8 so far (the last
// character may be incomplete): a string without bounds takes every one of them. *Exits* are plain up
// to a quote or a backslash. Nothing else can come. Where a string is free, its mask is one of the
// rows below instead of a walk of the whole trie.
//
// Does not know: automata, masks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "vocabulary/token_trie.h"

namespace structgen {

struct PlainText {
  static constexpr std::uint32_t kRows = 48;

  static PlainText build(const TokenTrie& trie);

  std::vector<TokenTrie::Node> nodes;   // the trie of the plain tokens
  std::vector<std::uint32_t> tokens;    // their ids in the order of the nodes, copies included
  std::vector<std::uint32_t> first;     // node -> where the ids at or below it start; one more at the end
  std::vector<TokenTrie::Node> exits;   // the trie of the exits
  std::vector<std::uint32_t> exit_origin;  // node of `exits` -> node of the whole trie
  std::uint32_t longest_points = 0;     // characters of the longest plain token, an incomplete one included
  std::vector<std::vector<std::uint32_t>> within;  // [n]: bits of the plain tokens of at most n characters
  std::vector<std::uint32_t> all;                  // bits of all of them

  std::size_t memory_bytes() const;
};

}  // namespace structgen
