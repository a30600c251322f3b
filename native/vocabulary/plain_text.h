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
#include <span>
#include <utility>
#include <vector>

#include "vocabulary/sibling_trie.h"
#include "vocabulary/token_trie.h"

namespace structgen {

struct PlainText {
  static constexpr std::uint32_t kRows = 20;  // nearly all tokens are shorter; 16 KB each for 131,072 tokens

  // `place`: from nodes in preorder to nodes of the SiblingTrie of all tokens.
  static PlainText build(const TokenTrie& trie, const std::vector<std::uint32_t>& place);

  // Some of the plain tokens.
  struct Part {
    std::vector<TokenTrie::Node> nodes;  // their trie, in preorder …
    std::vector<std::uint32_t> tokens;   // … their ids in the same order, copies included …
    std::vector<std::uint32_t> first;    // … and where the ids at or below a node start; one more at the end
    std::vector<std::uint16_t> points;   // characters of the longest at or below each node
    std::uint32_t longest_points = 0;    // … of all of them, an incomplete one included
  };
  // Nearly all tokens have few bytes, and what only the others can tell apart need not be walked twice.
  static constexpr std::uint16_t kShort = 16;
  Part short_text, long_text;              // of at most kShort bytes, and of more
  SiblingTrie plain;                       // the trie of both
  SiblingTrie exits;                       // the trie of the exits
  std::vector<std::uint32_t> exit_origin;  // node of `exits` -> node of the SiblingTrie of all tokens
  std::uint32_t longest_points = 0;     // characters of the longest plain token, an incomplete one included

  // Sets `bits` to the plain tokens of at most so many characters.
  void copy_within(std::uint32_t points, std::span<std::uint32_t> bits) const;
  // Leaves the short plain tokens of those set in `bits`.
  void keep_short(std::span<std::uint32_t> bits) const;
  std::size_t memory_bytes() const;

 private:
  std::vector<std::vector<std::uint32_t>> rows_;          // [n]: bits of the tokens of at most n characters
  std::vector<std::uint32_t> all_;                        // bits of all of them
  std::vector<std::uint32_t> short_;                      // bits of the short ones
  std::vector<std::pair<std::uint32_t, std::uint32_t>> longer_;  // (characters, id) past the last row, longest first
};

}  // namespace structgen
