// Building, walking and measuring the token trie: sort the tokens, then one pass over their bytes.
//
// Does not know: how a trie is stored (token_trie_io.cc) or walked against an automaton.
#include "vocabulary/token_trie.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <string>

#include "vocabulary/plain_text.h"
#include "vocabulary/subtree_text.h"
#include "vocabulary/sibling_trie.h"

namespace structgen {

struct TokenTrie::Walked {
  std::once_flag once;
  std::atomic<bool> made = false;
  SiblingTrie siblings;
  PlainText text;
  SubtreeText subtrees;
};

namespace {

// The first eight bytes as a number that orders like the bytes, so that most
// comparisons of the sort touch no text.
struct SortKey {
  std::uint64_t head;
  std::uint32_t id;
};

std::uint64_t head_of(std::string_view bytes) {
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    head = head << 8 | (i < bytes.size() ? static_cast<std::uint8_t>(bytes[i]) : 0u);
  }
  return head;
}

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const auto end = a.begin() + static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  return static_cast<std::size_t>(std::mismatch(a.begin(), end, b.begin()).first - a.begin());
}

}  // namespace

TokenTrie TokenTrie::with_text(std::string_view text, std::span<const std::uint32_t> offsets) {
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != text.size() ||
      !std::is_sorted(offsets.begin(), offsets.end())) {
    throw std::invalid_argument("token offsets must ascend from 0 to the length of the text");
  }
  TokenTrie trie;
  trie.offsets_.assign(offsets.begin(), offsets.end());
  trie.text_.assign(text.begin(), text.end());
  trie.next_same_.assign(offsets.size() - 1, kNoToken);
  for (std::size_t id = 0; id + 1 < offsets.size(); ++id) {
    const std::size_t length = offsets[id + 1] - offsets[id];
    if (length > std::numeric_limits<std::uint16_t>::max()) {
      throw std::length_error("token " + std::to_string(id) + " has " + std::to_string(length) +
                              " bytes; at most 65535 are supported");
    }
    trie.longest_ = std::max(trie.longest_, length);
  }
  return trie;
}

TokenTrie TokenTrie::build(std::string_view text, std::span<const std::uint32_t> offsets) {
  TokenTrie trie = with_text(text, offsets);
  trie.grow();
  trie.finish();
  return trie;
}

TokenTrie TokenTrie::build(std::span<const std::string_view> tokens) {
  std::vector<std::uint32_t> offsets{0};
  offsets.reserve(tokens.size() + 1);
  std::string text;
  for (const std::string_view token : tokens) {
    text += token;
    if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("the tokens have 4 GiB of text or more");
    }
    offsets.push_back(static_cast<std::uint32_t>(text.size()));
  }
  return build(text, offsets);
}

void TokenTrie::grow() {
  std::vector<SortKey> order;
  order.reserve(next_same_.size());
  for (std::uint32_t id = 0; id < next_same_.size(); ++id) {
    const std::string_view bytes = token_bytes(id);
    if (!bytes.empty()) order.push_back({head_of(bytes), id});
  }
  std::sort(order.begin(), order.end(), [this](const SortKey& a, const SortKey& b) {
    if (a.head != b.head) return a.head < b.head;
    const int by_text = token_bytes(a.id).compare(token_bytes(b.id));
    return by_text != 0 ? by_text < 0 : a.id < b.id;
  });

  nodes_.push_back({1, kNoToken, 0, 0});
  std::vector<std::uint32_t> path{0};  // node at every depth of the token before
  std::string_view before;
  std::uint32_t before_id = kNoToken;
  for (const SortKey& key : order) {
    const std::string_view bytes = token_bytes(key.id);
    const std::size_t shared = common_prefix(before, bytes);
    if (before_id != kNoToken && shared == bytes.size() && shared == before.size()) {
      next_same_[before_id] = key.id;
      before_id = key.id;
      continue;
    }
    while (path.size() > shared + 1) {
      nodes_[path.back()].subtree_end = static_cast<std::uint32_t>(nodes_.size());
      path.pop_back();
    }
    for (std::size_t depth = shared + 1; depth <= bytes.size(); ++depth) {
      path.push_back(static_cast<std::uint32_t>(nodes_.size()));
      nodes_.push_back(
          {0, kNoToken, static_cast<std::uint16_t>(depth), static_cast<std::uint8_t>(bytes[depth - 1])});
    }
    nodes_.back().token = key.id;
    before = bytes;
    before_id = key.id;
  }
  for (const std::uint32_t node : path) nodes_[node].subtree_end = static_cast<std::uint32_t>(nodes_.size());
  nodes_.shrink_to_fit();
}

void TokenTrie::finish() {
  walked_ = std::make_shared<Walked>();
  if (std::any_of(next_same_.begin(), next_same_.end(), [](std::uint32_t id) { return id != kNoToken; })) {
    for (Node& node : nodes_) node.copies = node.token != kNoToken && next_same_[node.token] != kNoToken;
  }
  single_bytes_.assign(256, false);
  for (std::uint32_t node = 1; node < nodes_.size(); node = nodes_[node].subtree_end) {
    if (nodes_[node].token != kNoToken) single_bytes_[nodes_[node].byte] = true;
    first_[nodes_[node].byte] = node;
  }
}

std::uint32_t TokenTrie::child(std::uint32_t node, std::uint8_t byte) const {
  if (node == 0) return first_[byte];
  const std::uint32_t end = nodes_[node].subtree_end;
  std::uint32_t next = node + 1;
  while (next < end && nodes_[next].byte < byte) next = nodes_[next].subtree_end;
  return next < end && nodes_[next].byte == byte ? next : 0;
}

std::uint32_t TokenTrie::find(std::string_view bytes) const {
  std::uint32_t node = 0;
  for (const char byte : bytes) {
    node = child(node, static_cast<std::uint8_t>(byte));
    if (node == 0) return 0;
  }
  return node;
}

std::uint32_t TokenTrie::longest_prefix(std::string_view bytes) const {
  std::uint32_t node = 0;
  std::uint32_t best = kNoToken;
  for (const char byte : bytes) {
    node = child(node, static_cast<std::uint8_t>(byte));
    if (node == 0) break;
    if (nodes_[node].token != kNoToken) best = nodes_[node].token;
  }
  return best;
}

std::size_t TokenTrie::memory_bytes() const {
  return sizeof(*this) + nodes_.capacity() * sizeof(Node) +
         (next_same_.capacity() + offsets_.capacity()) * sizeof(std::uint32_t) + text_.capacity() +
         single_bytes_.capacity() / 8 +
         (walked_->made ? walked_->siblings.memory_bytes() + walked_->text.memory_bytes() +
                              walked_->subtrees.memory_bytes()
                        : 0);
}

const TokenTrie::Walked& TokenTrie::walked() const {
  std::call_once(walked_->once, [this] {
    std::vector<std::uint32_t> place;
    walked_->siblings = SiblingTrie::build(nodes_, place);
    walked_->text = PlainText::build(*this, place);
    walked_->subtrees = SubtreeText::build(*this, place);
    walked_->made = true;
  });
  return *walked_;
}

const SiblingTrie& TokenTrie::siblings() const { return walked().siblings; }
const PlainText& TokenTrie::plain_text() const { return walked().text; }
const SubtreeText& TokenTrie::subtrees() const { return walked().subtrees; }

}  // namespace structgen
