// One pass over the nodes in preorder: each of them gives a block to its children.
#include "vocabulary/sibling_trie.h"

namespace structgen {

SiblingTrie SiblingTrie::build(const std::vector<TokenTrie::Node>& preorder, std::vector<std::uint32_t>& place) {
  SiblingTrie trie;
  trie.nodes.resize(preorder.size());
  place.assign(preorder.size(), 0);
  std::uint32_t free = 1;
  for (std::uint32_t i = 0; i < preorder.size(); ++i) {
    const TokenTrie::Node& from = preorder[i];
    const auto is_leaf = [&](std::uint32_t child) { return preorder[child].subtree_end == child + 1; };
    const std::uint32_t first = free;
    for (std::uint32_t child = i + 1; child < from.subtree_end; child = preorder[child].subtree_end) {
      if (is_leaf(child)) place[child] = free++;
    }
    const std::uint32_t inner = free;
    for (std::uint32_t child = i + 1; child < from.subtree_end; child = preorder[child].subtree_end) {
      if (!is_leaf(child)) place[child] = free++;
    }
    trie.nodes[place[i]] = {first,
                            from.token,
                            static_cast<std::uint16_t>(inner - first),
                            static_cast<std::uint16_t>(free - inner),
                            from.depth,
                            from.byte,
                            from.copies};
  }
  return trie;
}

}  // namespace structgen
