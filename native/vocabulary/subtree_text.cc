// One pass down for where each node stands in a character, one up for what lies below it.
#include "vocabulary/subtree_text.h"

#include "regex/utf8.h"

namespace structgen {

namespace {

// A byte inside a character adds nothing of its own, one that breaks it says so.
CharacterKinds own_kind(std::uint8_t byte, std::uint8_t state) {
  if (state == regex::kUtf8Mixed) return kNotUtf8;
  return kind_of(byte) == kNotUtf8 ? 0 : kind_of(byte);
}

}  // namespace

SubtreeText SubtreeText::build(const TokenTrie& trie, const std::vector<std::uint32_t>& place) {
  const std::vector<TokenTrie::Node>& nodes = trie.nodes();
  SubtreeText text;
  text.kinds_.resize(nodes.size());
  text.places_.resize(nodes.size());
  text.tokens_.reserve(trie.vocabulary_size());
  text.after_first_.reserve(trie.vocabulary_size());
  std::vector<std::uint8_t> state(nodes.size());  // of UTF-8 after the node
  std::vector<std::uint8_t> path(trie.longest_token() + 1);
  std::vector<CharacterKinds> after_first(trie.longest_token() + 1, 0);  // by depth, of the text down to the node
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const TokenTrie::Node& node = nodes[i];
    text.places_[place[i]].first = static_cast<std::uint32_t>(text.tokens_.size());
    if (i != 0) {
      const std::uint8_t before = path[node.depth - 1u];
      state[i] = path[node.depth] =
          before == regex::kUtf8Mixed ? before : static_cast<std::uint8_t>(regex::utf8_step(before, node.byte));
      const bool later = node.depth > 1 || state[i] == regex::kUtf8Mixed;
      after_first[node.depth] = after_first[node.depth - 1u] | (later ? own_kind(node.byte, state[i]) : 0);
    }
    for (std::uint32_t id = node.token; id != kNoToken; id = trie.next_same(id)) {
      text.tokens_.push_back(id);
      text.after_first_.push_back(after_first[node.depth]);
    }
  }
  // Children come later in preorder: from the last node up, each adds itself to its parent.
  std::vector<CharacterKinds> below(trie.longest_token() + 2, 0);  // by depth: of the nodes there seen so far
  for (std::uint32_t i = static_cast<std::uint32_t>(nodes.size()); i-- > 0;) {
    const TokenTrie::Node& node = nodes[i];
    const CharacterKinds under = below[node.depth + 1u];
    below[node.depth + 1u] = 0;
    text.kinds_[place[i]] = under | (state[i] == 0 ? 0 : kNotUtf8);
    const std::uint32_t end = node.subtree_end;
    text.places_[place[i]].last =
        end < nodes.size() ? text.places_[place[end]].first : static_cast<std::uint32_t>(text.tokens_.size());
    below[node.depth] |= under | own_kind(node.byte, state[i]);
  }
  return text;
}

}  // namespace structgen
