// The vocabulary as a trie, flattened depth-first so that a dead branch is one jump.
//
// Does not know: grammars, tokenizers, Python. Immutable once built, so it is
// shared between threads without locks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace structgen {

inline constexpr std::uint32_t kNoToken = 0xFFFFFFFFu;

struct PlainText;    // plain_text.h
struct SiblingTrie;  // sibling_trie.h
class SubtreeText;   // subtree_text.h

class TokenTrie {
 public:
  // In preorder. Node 0 is the root (the empty string, no byte, no token).
  struct Node {
    std::uint32_t subtree_end;  // index of the first node that is not below this one
    std::uint32_t token;        // smallest id with exactly these bytes, or kNoToken
    std::uint16_t depth;        // bytes from the root
    std::uint8_t byte;          // last byte; siblings ascend by it
    bool copies = false;        // further ids have these bytes, see next_same
  };

  // tokens[id] are the bytes of id; an empty view means "never text". Throws std::length_error
  // for a token above 65,535 bytes or 4 GiB of text in all. One sort, then one pass over the bytes.
  static TokenTrie build(std::span<const std::string_view> tokens);

  // The same from one buffer: id's bytes are text[offsets[id] .. offsets[id + 1]). Throws
  // std::invalid_argument when the offsets do not ascend from 0 to text.size().
  static TokenTrie build(std::string_view text, std::span<const std::uint32_t> offsets);

  // The shape alone (not the text) as bytes of this machine's byte order, for a cache file.
  std::vector<char> save() const;
  // What save() wrote for a trie of exactly this text; nullopt for anything else. Every node is
  // checked against the text, so a damaged or foreign file cannot yield a wrong trie.
  static std::optional<TokenTrie> load(std::string_view saved, std::string_view text,
                                       std::span<const std::uint32_t> offsets);

  const std::vector<Node>& nodes() const { return nodes_; }
  // Further ids with the same bytes as `token` (which is the smallest), kNoToken at the end.
  std::uint32_t next_same(std::uint32_t token) const { return next_same_[token]; }
  std::size_t vocabulary_size() const { return next_same_.size(); }
  // Empty for an id that is never text and for one outside the vocabulary.
  std::string_view token_bytes(std::uint32_t id) const {
    if (id >= next_same_.size()) return {};
    return {text_.data() + offsets_[id], offsets_[id + 1] - offsets_[id]};
  }
  // Follows the bytes from the root: the node reached, or 0 (the root) when no token starts so.
  std::uint32_t find(std::string_view bytes) const;
  // The token with the most bytes that starts `bytes`, or kNoToken.
  std::uint32_t longest_prefix(std::string_view bytes) const;
  // The node one byte below, or 0. At the root a table, elsewhere a walk over siblings.
  std::uint32_t child(std::uint32_t node, std::uint8_t byte) const;
  std::size_t longest_token() const { return longest_; }
  // bit b set: byte b is a token of its own
  const std::vector<bool>& single_bytes() const { return single_bytes_; }
  std::size_t memory_bytes() const;
  // In the order in which automata walk it, the tokens that can stand inside a JSON string, and what lies below
  // each node; all are made on first use, by one thread at a time.
  const SiblingTrie& siblings() const;
  const PlainText& plain_text() const;
  const SubtreeText& subtrees() const;

 private:
  static TokenTrie with_text(std::string_view text, std::span<const std::uint32_t> offsets);
  void grow();             // nodes_ and next_same_ from the text
  bool fits_text() const;  // is this the trie of the text?
  void finish();           // what is derived from the nodes

  std::vector<Node> nodes_;
  std::vector<std::uint32_t> next_same_;
  std::vector<std::uint32_t> offsets_;  // token id -> start in text_
  std::vector<char> text_;
  std::vector<bool> single_bytes_;
  std::array<std::uint32_t, 256> first_{};  // child of the root by byte; 0 where there is none
  std::size_t longest_ = 0;

  struct Walked;  // shared by copies of the trie
  const Walked& walked() const;
  std::shared_ptr<Walked> walked_;
};

}  // namespace structgen
