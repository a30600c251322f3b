// The token trie in the order in which it is walked: siblings side by side.
//
// An automaton meets all children of a node one after the other and goes below few of them, so they
// should lie in one cache line; in preorder (token_trie.h) every dead branch is a jump to another page. Those
// without children of their own come first: nothing has to be remembered to go on after them.
//
// Does not know: automata, the text of tokens.
#pragma once

#include <cstdint>
#include <vector>

#include "vocabulary/token_trie.h"

namespace structgen {

struct SiblingTrie {
  struct Node {
    std::uint32_t first;   // of the children, which are one block
    std::uint32_t token;   // smallest id with exactly these bytes, or kNoToken
    std::uint16_t leaves;  // so many of them have no children …
    std::uint16_t inner;   // … then so many that have
    std::uint16_t depth;   // bytes from the root
    std::uint8_t byte;     // last byte
    bool copies;           // further ids have these bytes

    std::uint32_t last_leaf() const { return first + leaves; }
    std::uint32_t last() const { return first + leaves + inner; }
  };
  static_assert(sizeof(Node) == 16);

  // `place` becomes the map from nodes in preorder to nodes here; 0 is the root in both.
  static SiblingTrie build(const std::vector<TokenTrie::Node>& preorder, std::vector<std::uint32_t>& place);

  std::size_t memory_bytes() const { return nodes.capacity() * sizeof(Node); }

  std::vector<Node> nodes;  // blocks of siblings, in preorder of their parents
};

}  // namespace structgen
