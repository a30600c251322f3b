// Sorting the nodes of a trie into plain text, exits and neither: two passes over the nodes.
#include "vocabulary/plain_text.h"

#include <algorithm>

namespace structgen {

namespace {

// Where the text down to a node stands.
struct Reader {
  enum class Kind : std::uint8_t { kPlain, kExit, kNeither };
  Kind kind = Kind::kPlain;
  std::uint8_t missing = 0;        // bytes until the character is complete
  std::uint8_t low = 0, high = 0;  // what the next of them may be
  std::uint32_t points = 0;        // characters begun

  void read(std::uint8_t byte) {
    if (kind != Kind::kPlain) return;
    if (missing > 0) {
      if (byte < low || byte > high) kind = Kind::kNeither;
      --missing;
      low = 0x80, high = 0xBF;
      return;
    }
    ++points;
    low = 0x80, high = 0xBF;
    if (byte == '"' || byte == '\\') {
      kind = Kind::kExit;
    } else if (byte < 0x20 || (byte >= 0x80 && byte < 0xC2) || byte > 0xF4) {
      kind = Kind::kNeither;
    } else if (byte >= 0xF0) {
      missing = 3;
      if (byte == 0xF0) low = 0x90;
      if (byte == 0xF4) high = 0x8F;
    } else if (byte >= 0xE0) {
      missing = 2;
      if (byte == 0xE0) low = 0xA0;
      if (byte == 0xED) high = 0x9F;
    } else if (byte >= 0xC2) {
      missing = 1;
    }
  }
};

// The part of the trie that leads to the nodes marked in `tokens`; `origin`, where wanted, names them.
std::vector<TokenTrie::Node> part(const std::vector<TokenTrie::Node>& nodes, const std::vector<bool>& tokens,
                                  std::vector<std::uint32_t>* origin) {
  std::vector<std::uint32_t> place(nodes.size() + 1, 0);  // first: does anything lie below?
  for (std::size_t i = nodes.size(), next = nodes.size(); i-- > 0;) {
    if (tokens[i]) next = i;
    place[i] = next < nodes[i].subtree_end ? 1 : 0;
  }
  place[0] = 1;
  std::uint32_t kept = 0;
  for (std::uint32_t& at : place) {
    const std::uint32_t wanted = at;
    at = kept;
    kept += wanted;
  }
  std::vector<TokenTrie::Node> result;
  result.reserve(kept);
  for (std::uint32_t i = 0; i < nodes.size(); ++i) {
    if (place[i] == place[i + 1]) continue;
    TokenTrie::Node node = nodes[i];
    node.subtree_end = place[node.subtree_end];
    if (!tokens[i]) node.token = kNoToken, node.copies = false;
    result.push_back(node);
    if (origin) origin->push_back(i);
  }
  return result;
}

// The most characters of a token at or below each node, where all text is plain.
std::vector<std::uint16_t> points_below(const std::vector<TokenTrie::Node>& nodes) {
  std::vector<std::uint16_t> points(nodes.size(), 0), most(nodes.size(), 0);
  std::vector<std::uint32_t> parent(nodes.size(), 0), path{0};
  for (std::uint32_t i = 1; i < nodes.size(); ++i) {
    path.resize(nodes[i].depth);
    parent[i] = path.back();
    path.push_back(i);
    const bool begins = (nodes[i].byte & 0xC0) != 0x80;
    points[i] = static_cast<std::uint16_t>(points[parent[i]] + (begins ? 1 : 0));
    if (nodes[i].token != kNoToken) most[i] = points[i];
  }
  for (std::size_t i = nodes.size(); i-- > 1;) most[parent[i]] = std::max(most[parent[i]], most[i]);
  return most;
}

}  // namespace

PlainText PlainText::build(const TokenTrie& trie, const std::vector<std::uint32_t>& place) {
  PlainText text;
  const std::vector<TokenTrie::Node>& nodes = trie.nodes();
  std::vector<bool> plain(nodes.size(), false), exit(nodes.size(), false);
  std::vector<std::vector<std::uint32_t>> by_points(kRows);  // ids by characters
  std::vector<Reader> path(trie.longest_token() + 1);
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const TokenTrie::Node& node = nodes[i];
    Reader& reader = path[node.depth] = path[node.depth - 1];
    reader.read(node.byte);
    if (node.token == kNoToken || reader.kind == Reader::Kind::kNeither) continue;
    if (reader.kind == Reader::Kind::kExit) {
      exit[i] = true;
      continue;
    }
    plain[i] = true;
    text.longest_points = std::max(text.longest_points, reader.points);
    for (std::uint32_t id = node.token; id != kNoToken; id = trie.next_same(id)) {
      if (reader.points < kRows) by_points[reader.points].push_back(id);
      else text.longer_.emplace_back(reader.points, id);
    }
  }
  const auto divide = [&](PlainText::Part& out, bool wanted) {
    std::vector<bool> some = plain;
    for (std::size_t i = 0; i < nodes.size(); ++i) some[i] = some[i] && (nodes[i].depth <= kShort) == wanted;
    out.nodes = part(nodes, some, nullptr);
    for (const TokenTrie::Node& node : out.nodes) {
      out.first.push_back(static_cast<std::uint32_t>(out.tokens.size()));
      for (std::uint32_t id = node.token; id != kNoToken; id = trie.next_same(id)) out.tokens.push_back(id);
    }
    out.first.push_back(static_cast<std::uint32_t>(out.tokens.size()));
    out.points = points_below(out.nodes);
  };
  divide(text.short_text, true);
  divide(text.long_text, false);
  text.short_text.longest_points = std::min<std::uint32_t>(text.longest_points, kShort);
  text.long_text.longest_points = text.longest_points;
  std::vector<std::uint32_t> there, origin;
  text.plain = SiblingTrie::build(part(nodes, plain, nullptr), there);
  text.exits = SiblingTrie::build(part(nodes, exit, &origin), there);
  text.exit_origin.resize(origin.size());
  for (std::size_t i = 0; i < origin.size(); ++i) text.exit_origin[there[i]] = place[origin[i]];

  text.all_.assign((trie.vocabulary_size() + 31) / 32, 0);
  for (const std::vector<std::uint32_t>& row : by_points) {
    for (const std::uint32_t id : row) text.all_[id >> 5] |= 1u << (id & 31);
    if (text.rows_.size() < text.longest_points) text.rows_.push_back(text.all_);
  }
  for (const auto& [points, id] : text.longer_) text.all_[id >> 5] |= 1u << (id & 31);
  text.short_.assign(text.all_.size(), 0);
  for (const std::uint32_t id : text.short_text.tokens) text.short_[id >> 5] |= 1u << (id & 31);
  std::sort(text.longer_.rbegin(), text.longer_.rend());
  return text;
}

void PlainText::copy_within(std::uint32_t points, std::span<std::uint32_t> bits) const {
  const std::vector<std::uint32_t>& row = points < rows_.size() ? rows_[points] : all_;
  std::copy(row.begin(), row.end(), bits.begin());
  if (points < rows_.size()) return;
  for (const auto& [length, id] : longer_) {
    if (length <= points) break;
    bits[id >> 5] &= ~(1u << (id & 31));
  }
}

void PlainText::keep_short(std::span<std::uint32_t> bits) const {
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] &= short_[i];
}

std::size_t PlainText::memory_bytes() const {
  const std::size_t rows = rows_.size() + 2;
  std::size_t total = plain.memory_bytes() + exits.memory_bytes();
  for (const Part* text : {&short_text, &long_text}) {
    total += text->nodes.capacity() * sizeof(TokenTrie::Node) +
             (text->tokens.capacity() + text->first.capacity()) * sizeof(std::uint32_t) +
             text->points.capacity() * sizeof(std::uint16_t);
  }
  return total + (exit_origin.capacity() + rows * all_.size() + 2 * longer_.capacity()) * sizeof(std::uint32_t);
}

}  // namespace structgen
