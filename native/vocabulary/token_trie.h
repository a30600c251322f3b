// The vocabulary as a trie, flattened depth-first so that a dead branch is one jump.
//
// Does not know: grammars, tokenizers, Python. Immutable once built, so it is
// shared between threads without locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace structgen {

inline constexpr std::uint32_t kNoToken = 0xFFFFFFFFu;

class TokenTrie {
 public:
  // In preorder. Node 0 is the root (the empty string, no byte, no token).
  struct Node {
    std::uint32_t subtree_end;  // index of the first node that is not below this one
    std::uint32_t token;        // smallest id with exactly these bytes, or kNoToken
    std::uint16_t depth;        // bytes from the root
    std::uint8_t byte;          // last byte; siblings ascend by it
  };

  // tokens[id] are the bytes of id; an empty view means "never text".
  static TokenTrie build(std::span<const std::string_view> tokens);

  const std::vector<Node>& nodes() const { return nodes_; }
  // Further ids with the same bytes as `token` (which is the smallest), kNoToken at the end.
  std::uint32_t next_same(std::uint32_t token) const { return next_same_[token]; }
  std::size_t vocabulary_size() const { return next_same_.size(); }
  std::string_view token_bytes(std::uint32_t id) const;
  std::size_t longest_token() const { return longest_; }
  // bit b set: byte b is a token of its own
  const std::vector<bool>& single_bytes() const { return single_bytes_; }
  std::size_t memory_bytes() const;

 private:
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> next_same_;
  std::vector<std::uint32_t> offsets_;   // token id -> start in text_
  std::vector<char> text_;
  std::vector<bool> single_bytes_;
  std::size_t longest_ = 0;
};

}  // namespace structgen
