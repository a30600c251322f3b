// What lies below each node of the token trie: which kinds of characters, and which tokens.
//
// A state that reads every character of some kinds and is itself again takes whatever consists of them: where no
// other kind lies below a node, all of its tokens are alive, and nobody has to look at them one by one.
//
// Does not know: automata.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "vocabulary/character_kinds.h"
#include "vocabulary/sibling_trie.h"
#include "vocabulary/token_trie.h"

namespace structgen {

class SubtreeText {
 public:
  // `place`: from nodes in preorder to those of the SiblingTrie of the same trie.
  static SubtreeText build(const TokenTrie& trie, const std::vector<std::uint32_t>& place);

  // Of the text below node `i` of the SiblingTrie, whose last character may be incomplete; kNotUtf8 among them
  // where the node itself is inside a character.
  CharacterKinds kinds(std::uint32_t i) const { return kinds_[i]; }
  // The tokens at or below it, copies included.
  std::span<const std::uint32_t> tokens(std::uint32_t i) const {
    return {tokens_.data() + places_[i].first, places_[i].last - places_[i].first};
  }
  // Of each of these: of its text without the first character.
  std::span<const CharacterKinds> kinds_after_first(std::uint32_t i) const {
    return {after_first_.data() + places_[i].first, places_[i].last - places_[i].first};
  }
  std::size_t memory_bytes() const {
    return places_.capacity() * sizeof(Places) + tokens_.capacity() * 4 +
           (kinds_.capacity() + after_first_.capacity()) * sizeof(CharacterKinds);
  }

 private:
  struct Places {
    std::uint32_t first, last;
  };
  std::vector<CharacterKinds> kinds_;  // by node: most walks look at nothing else of most nodes
  std::vector<Places> places_;         // by node: of its tokens
  std::vector<std::uint32_t> tokens_;  // in preorder …
  std::vector<CharacterKinds> after_first_;  // … and as they are
};

}  // namespace structgen
