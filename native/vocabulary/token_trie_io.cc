// Saving the shape of a token trie, and believing a saved one only when it is the trie of the text.
//
// Does not know: files, checksums, caches.
#include <cstring>

#include "vocabulary/token_trie.h"

namespace structgen {
namespace {

// Also tells byte order: read on a machine of the other one, the number differs.
constexpr std::uint32_t kFormat = 0x53475431u;

template <typename T>
void put(std::vector<char>& out, const T& value) {
  const std::size_t at = out.size();
  out.resize(at + sizeof(T));
  std::memcpy(out.data() + at, &value, sizeof(T));
}

template <typename T>
T take(std::string_view& in) {
  T value;
  std::memcpy(&value, in.data(), sizeof(T));
  in.remove_prefix(sizeof(T));
  return value;
}

constexpr std::size_t kHeader = 3 * sizeof(std::uint32_t);
constexpr std::size_t kPerNode = 2 * sizeof(std::uint32_t) + sizeof(std::uint16_t) + sizeof(std::uint8_t);

}  // namespace

std::vector<char> TokenTrie::save() const {
  std::vector<char> out;
  out.reserve(kHeader + nodes_.size() * kPerNode + next_same_.size() * sizeof(std::uint32_t));
  put(out, kFormat);
  put(out, static_cast<std::uint32_t>(nodes_.size()));
  put(out, static_cast<std::uint32_t>(next_same_.size()));
  // Field by field, because the padding of Node has no defined contents.
  for (const Node& node : nodes_) {
    put(out, node.subtree_end);
    put(out, node.token);
    put(out, node.depth);
    put(out, node.byte);
  }
  for (const std::uint32_t next : next_same_) put(out, next);
  return out;
}

std::optional<TokenTrie> TokenTrie::load(std::string_view saved, std::string_view text,
                                         std::span<const std::uint32_t> offsets) {
  TokenTrie trie = with_text(text, offsets);
  if (saved.size() < kHeader || take<std::uint32_t>(saved) != kFormat) return std::nullopt;
  const std::size_t node_count = take<std::uint32_t>(saved);
  const std::size_t token_count = take<std::uint32_t>(saved);
  if (node_count == 0 || token_count != trie.next_same_.size() ||
      saved.size() != node_count * kPerNode + token_count * sizeof(std::uint32_t)) {
    return std::nullopt;
  }
  trie.nodes_.reserve(node_count);
  for (std::size_t i = 0; i < node_count; ++i) {
    Node node;
    node.subtree_end = take<std::uint32_t>(saved);
    node.token = take<std::uint32_t>(saved);
    node.depth = take<std::uint16_t>(saved);
    node.byte = take<std::uint8_t>(saved);
    trie.nodes_.push_back(node);
  }
  for (std::uint32_t& next : trie.next_same_) next = take<std::uint32_t>(saved);
  if (!trie.fits_text()) return std::nullopt;
  trie.finish();
  return trie;
}

// Every node spells a prefix of a token, siblings ascend, each non-empty id hangs at exactly the
// node that spells it, and chains of equal tokens ascend: only build() could have made it.
bool TokenTrie::fits_text() const {
  const auto count = static_cast<std::uint32_t>(nodes_.size());
  const Node& root = nodes_[0];
  if (root.depth != 0 || root.byte != 0 || root.token != kNoToken || root.subtree_end != count) return false;

  std::size_t expected = 0;
  for (std::uint32_t id = 0; id < next_same_.size(); ++id) expected += token_bytes(id).empty() ? 0 : 1;

  std::size_t seen = 0;
  std::vector<char> spelled;           // the bytes down to the node
  std::vector<std::uint32_t> path{0};  // the nodes down to it
  std::vector<int> last_child(1, -1);  // the greatest child byte so far, per node of the path
  for (std::uint32_t i = 1; i < count; ++i) {
    const Node& node = nodes_[i];
    while (nodes_[path.back()].subtree_end <= i) {
      path.pop_back();
      last_child.pop_back();
      if (path.empty()) return false;
    }
    if (node.depth != path.size() || node.subtree_end <= i ||
        node.subtree_end > nodes_[path.back()].subtree_end || last_child.back() >= node.byte) {
      return false;
    }
    last_child.back() = node.byte;
    path.push_back(i);
    last_child.push_back(-1);
    spelled.resize(node.depth);
    spelled.back() = static_cast<char>(node.byte);
    if (node.token == kNoToken) {
      if (node.subtree_end == i + 1) return false;  // a leaf that is no token
      continue;
    }
    const std::string_view bytes(spelled.data(), spelled.size());
    for (std::uint32_t id = node.token, least = 0; id != kNoToken; id = next_same_[id]) {
      if (id < least || id >= next_same_.size() || token_bytes(id) != bytes) return false;
      least = id + 1;
      ++seen;
    }
  }
  for (std::uint32_t id = 0; id < next_same_.size(); ++id) {
    if (token_bytes(id).empty() && next_same_[id] != kNoToken) return false;
  }
  return seen == expected;
}

}  // namespace structgen
