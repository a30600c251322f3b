#include "mask/walk.h"

#include <string>
#include <vector>

namespace structgen {

namespace {

class Walk {
 public:
  Walk(Cursor& cursor, const TokenTrie& trie, std::span<std::uint32_t> out,
       std::vector<LocalMask::Leaving>* leaving)
      : cursor_(cursor),
        nodes_(trie.nodes().data()),
        trie_(trie),
        out_(out),
        leaving_(leaving),
        levels_(trie.longest_token() + 1),
        path_(trie.longest_token() + 1, '\0') {}

  std::string& path() { return path_; }

  void mark(std::uint32_t token) {
    for (; token != kNoToken; token = trie_.next_same(token)) out_[token >> 5] |= 1u << (token & 31);
  }

  // Nodes first … last - 1 form subtrees under one node at `depth`, whose state is `top`.
  void run(const Top& top, std::uint32_t depth, std::uint32_t first, std::uint32_t last) {
    Machine& machine = cursor_.machine();
    levels_[depth] = {top, machine.row(top.local)};
    std::uint32_t i = first;
    while (i < last) {
      const TokenTrie::Node node = nodes_[i];
      const Level& above = levels_[node.depth - 1];
      path_[node.depth - 1] = static_cast<char>(node.byte);
      Transition t = above.row[node.byte];
      if (t == kDead) {
        i = node.subtree_end;
        continue;
      }
      if (t >= kActionBit) {
        if (t == kUnknown) t = machine.transition(above.top.local, node.byte);
        if (t == kDead) {
          i = node.subtree_end;
          continue;
        }
      }
      Level& level = levels_[node.depth];
      level.top = above.top;
      if (t < kActionBit) {
        level.top.local = t;
      } else {
        Transition leaves = kDead;
        const std::string_view read(path_.data(), node.depth - 1u);
        const Cursor::Result result = cursor_.act(level.top, t, node.byte, read, &leaves);
        if (result == Cursor::Result::kLeaves) leaving_->push_back({i, leaves});
        if (result != Cursor::Result::kAlive) {
          i = node.subtree_end;
          continue;
        }
      }
      if (node.token != kNoToken) mark(node.token);
      if (node.subtree_end > i + 1) level.row = machine.row(level.top.local);
      ++i;
    }
  }

 private:
  struct Level {
    Top top;
    Transition* row;
  };

  Cursor& cursor_;
  const TokenTrie::Node* nodes_;
  const TokenTrie& trie_;
  std::span<std::uint32_t> out_;
  std::vector<LocalMask::Leaving>* leaving_;
  std::vector<Level> levels_;
  std::string path_;
};

}  // namespace

LocalMask walk_local(Machine& machine, TextTable& texts, const TokenTrie& trie, Local local) {
  LocalMask mask;
  mask.bits.resize((trie.vocabulary_size() + 31) / 32);
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, mask.bits, &mask.leaving);
  walk.run(Cursor::open_top(local), 0, 1, static_cast<std::uint32_t>(trie.nodes().size()));
  mask.leaving.shrink_to_fit();
  return mask;
}

void walk_leaving(Cursor& cursor, const Top& start, const TokenTrie& trie, const LocalMask& mask,
                  std::span<std::uint32_t> out) {
  if (mask.leaving.empty()) return;
  Walk walk(cursor, trie, out, nullptr);
  for (const LocalMask::Leaving& leaving : mask.leaving) {
    const TokenTrie::Node& node = trie.nodes()[leaving.node];
    // Some token lies at or below the node, and starts with the path to it.
    std::uint32_t below = leaving.node;
    while (trie.nodes()[below].token == kNoToken) ++below;
    const std::string_view bytes = trie.token_bytes(trie.nodes()[below].token);
    bytes.copy(walk.path().data(), node.depth);
    Top top = start;
    const std::string_view read(walk.path().data(), node.depth - 1u);
    if (cursor.act(top, leaving.transition, node.byte, read, nullptr) != Cursor::Result::kAlive) continue;
    if (node.token != kNoToken) walk.mark(node.token);
    if (node.subtree_end > leaving.node + 1) walk.run(top, node.depth, leaving.node + 1, node.subtree_end);
  }
}

}  // namespace structgen
