// One pass down for where each node stands in a character, one up for what lies below it.
#include "vocabulary/subtree_text.h"

#include <array>

#include "regex/utf8.h"

namespace structgen {

namespace {

std::array<CharacterKinds, 256> make_kinds() {
  std::array<CharacterKinds, 256> kinds{};
  kinds.fill(kNotUtf8);
  unsigned next = 1;
  const auto group = [&](unsigned first, unsigned last) {
    for (unsigned byte = first; byte <= last; ++byte) {
      if (kinds[byte] == kNotUtf8) kinds[byte] = CharacterKinds{1} << next;
    }
    ++next;
  };
  // What is met most comes first: who looks for kinds that go together tries them in this order.
  group('g', 'z');
  group('a', 'f');
  group('G', 'Z');
  group('A', 'F');
  group('0', '9');
  for (unsigned byte = 0x20; byte <= 0x7F; ++byte) {
    if (kinds[byte] == kNotUtf8) group(byte, byte);
  }
  // U+0085 and U+00A0, Latin, Greek and Cyrillic, other scripts; U+2028 and other punctuation, kana, Han, Hangul …
  constexpr std::array<std::array<unsigned, 2>, 11> leading{{{0xC2, 0xC2}, {0xC3, 0xC3}, {0xC4, 0xCC}, {0xCD, 0xD4},
                                                             {0xD5, 0xDF}, {0xE0, 0xE1}, {0xE2, 0xE2}, {0xE3, 0xE3},
                                                             {0xE4, 0xE9}, {0xEA, 0xEF}, {0xF0, 0xF4}}};
  for (const auto& [first, last] : leading) group(first, last);
  for (const unsigned byte : {unsigned{'\t'}, unsigned{'\r'}, unsigned{'\n'}}) group(byte, byte);
  group(0x00, 0x1F);
  return kinds;
}

// A byte inside a character adds nothing of its own, one that breaks it says so.
CharacterKinds own_kind(std::uint8_t byte, std::uint8_t state) {
  if (state == regex::kUtf8Mixed) return kNotUtf8;
  return kind_of(byte) == kNotUtf8 ? 0 : kind_of(byte);
}

}  // namespace

CharacterKinds kind_of(std::uint8_t byte) {
  static const std::array<CharacterKinds, 256> kinds = make_kinds();
  return kinds[byte];
}

SubtreeText SubtreeText::build(const TokenTrie& trie, const std::vector<std::uint32_t>& place) {
  const std::vector<TokenTrie::Node>& nodes = trie.nodes();
  SubtreeText text;
  text.nodes_.resize(nodes.size());
  text.tokens_.reserve(trie.vocabulary_size());
  text.after_first_.reserve(trie.vocabulary_size());
  std::vector<std::uint8_t> state(nodes.size());  // of UTF-8 after the node
  std::vector<std::uint8_t> path(trie.longest_token() + 1);
  std::vector<CharacterKinds> after_first(trie.longest_token() + 1, 0);  // by depth, of the text down to the node
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    const TokenTrie::Node& node = nodes[i];
    text.nodes_[place[i]].first = static_cast<std::uint32_t>(text.tokens_.size());
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
    SubtreeText::Node& out = text.nodes_[place[i]];
    out.kinds = under | (state[i] == 0 ? 0 : kNotUtf8);
    const std::uint32_t end = node.subtree_end;
    out.last = end < nodes.size() ? text.nodes_[place[end]].first : static_cast<std::uint32_t>(text.tokens_.size());
    below[node.depth] |= under | own_kind(node.byte, state[i]);
  }
  return text;
}

}  // namespace structgen
