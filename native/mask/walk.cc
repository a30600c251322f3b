#include "mask/walk.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "vocabulary/plain_text.h"

namespace structgen {

namespace {

using Node = TokenTrie::Node;

class Walk {
 public:
  // `origin` says which node of the whole trie each of `nodes` is; null where it is the whole trie.
  Walk(Cursor& cursor, const TokenTrie& trie, const std::vector<Node>& nodes, const std::uint32_t* origin,
       TokenMarks& marks, Places* leaving)
      : cursor_(cursor),
        machine_(cursor.machine()),
        trie_(trie),
        nodes_(nodes.data()),
        origin_(origin),
        marks_(marks),
        leaving_(leaving),
        levels_(trie.longest_token() + 1) {}

  // The subtrees first … last - 1 under one node at `depth` where the frame is in `local`. Nearly all the
  // time goes here: a byte is one look into a row as long as it neither pushes nor pops. Whether a node is
  // a token or has children is not asked, only whether it is alive: other branches could not be predicted.
  void local(Local local, std::uint32_t depth, std::uint32_t first, std::uint32_t last) {
    levels_[depth].enter(local, machine_.row(local));
    const Node* const nodes = nodes_;
    Level* const levels = levels_.data();
    for (std::uint32_t i = first; i < last;) {
      const Node& node = nodes[i];
      Level& above = levels[node.depth - 1u];
      if (!above.row) above.row = machine_.row(above.local);
      Transition t = above.row[node.byte];
      if (t >= kActionBit) {
        if (t == kUnknown) t = machine_.transition(above.local, node.byte);
        if (t >= kActionBit) {
          act(Cursor::open_top(above.local), t, i);
          i = node.subtree_end;
          continue;
        }
      }
      if (t == kDead) {
        i = node.subtree_end;
        continue;
      }
      mark(node);
      levels[node.depth].enter(t, machine_.known_row(t));
      ++i;
    }
  }

  // The subtrees first … last - 1 of the plain tokens, from a place inside a string. Where any text may
  // follow, whatever lies below is taken at once.
  void plain(const PlainText& text, Local local) {
    levels_[0].enter(local, machine_.row(local));
    const Node* const nodes = nodes_;
    Level* const levels = levels_.data();
    const auto last = static_cast<std::uint32_t>(text.nodes.size());
    for (std::uint32_t i = 1; i < last;) {
      const Node& node = nodes[i];
      Level& above = levels[node.depth - 1u];
      if (!above.row) above.row = machine_.row(above.local);
      Transition t = above.row[node.byte];
      if (t == kUnknown) t = machine_.transition(above.local, node.byte);
      if (t == kDead) {
        i = node.subtree_end;
        continue;
      }
      if (t != above.local && machine_.takes_any_text(t, text.longest_points)) {
        for (std::uint32_t at = text.first[i]; at < text.first[node.subtree_end]; ++at) {
          marks_.add(text.tokens[at]);
        }
        i = node.subtree_end;
        continue;
      }
      mark(node);
      levels[node.depth].enter(t, machine_.known_row(t));
      ++i;
    }
  }

  // The same for any top.
  void anywhere(const Top& top, std::uint32_t depth, std::uint32_t first, std::uint32_t last) {
    levels_[depth] = {machine_.row(top.local), top.local, top};
    for (std::uint32_t i = first; i < last;) {
      const Node& node = nodes_[i];
      const Level& above = levels_[node.depth - 1u];
      Transition t = above.row[node.byte];
      if (t == kUnknown) t = machine_.transition(above.local, node.byte);
      Level& level = levels_[node.depth];
      level.top = above.top;
      bool alive = t != kDead;
      if (t < kActionBit) {
        level.top.local = t;
      } else {
        alive = step(level.top, t, i);
      }
      if (!alive) {
        i = node.subtree_end;
        continue;
      }
      mark(node);
      if (node.subtree_end > i + 1) level.enter(level.top.local, machine_.row(level.top.local));
      ++i;
    }
  }

  // Node i and what is below it, where its byte does `t` to a top with that byte still unread.
  void act(Top top, Transition t, std::uint32_t i) {
    if (t < kActionBit) {
      if (t == kDead) return;
      top.local = t;
    } else if (!step(top, t, i)) {
      return;
    }
    under(top, i);
  }

  // Node i, whose byte was read, and what is below it.
  void under(const Top& top, std::uint32_t i) {
    const Node& node = nodes_[i];
    mark(node);
    if (node.subtree_end > i + 1) anywhere(top, node.depth, i + 1, node.subtree_end);
  }

  void mark(const Node& node) {
    marks_.add(node.token);
    if (!node.copies) return;
    for (std::uint32_t id = trie_.next_same(node.token); id != kNoToken; id = trie_.next_same(id)) {
      marks_.add(id);
    }
  }

  // The bytes down to node i: some token lies at or below it, and starts with them.
  std::string_view path(std::uint32_t i) const {
    const std::uint16_t depth = nodes_[i].depth;
    while (nodes_[i].token == kNoToken) ++i;
    return trie_.token_bytes(nodes_[i].token).substr(0, depth);
  }

 private:
  struct Level {
    Transition* row;  // of `local`; null until a child asks for it
    Local local;
    Top top;

    void enter(Local state, Transition* known) { local = state, row = known; }
  };

  // Does the action of node i's byte; false where its tokens are dead, or noted for later.
  bool step(Top& top, Transition t, std::uint32_t i) {
    Transition leaves = kDead;
    std::string_view read = path(i);
    read.remove_suffix(1);
    const Cursor::Result result = cursor_.act(top, t, nodes_[i].byte, read, &leaves);
    if (result == Cursor::Result::kLeaves) note(i, leaves);
    if (result == Cursor::Result::kUnsettled) note(i, LocalMask::kRewalk);
    return result == Cursor::Result::kAlive;
  }
  void note(std::uint32_t i, Transition t) {
    if (leaving_) leaving_->push_back({origin_ ? origin_[i] : i, t});
  }

  Cursor& cursor_;
  Machine& machine_;
  const TokenTrie& trie_;
  const Node* nodes_;
  const std::uint32_t* origin_;
  TokenMarks& marks_;
  Places* leaving_;
  std::vector<Level> levels_;
};

}  // namespace

void walk_local(Machine& machine, TextTable& texts, const TokenTrie& trie, Local local,
                TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  const Machine::FreeText free = machine.free_text(local);
  if (!free.inside) {
    Walk walk(cursor, trie, trie.nodes(), nullptr, marks, &leaving);
    walk.local(local, 0, 1, static_cast<std::uint32_t>(trie.nodes().size()));
    return;
  }
  const PlainText& text = trie.plain_text();
  if (free.exact || free.points >= text.longest_points) {
    text.copy_within(free.points, marks.words());
  } else {
    Walk walk(cursor, trie, text.nodes, nullptr, marks, &leaving);
    walk.plain(text, local);
  }
  Walk walk(cursor, trie, text.exits, text.exit_origin.data(), marks, &leaving);
  walk.local(local, 0, 1, static_cast<std::uint32_t>(text.exits.size()));
}

void walk_below(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, bool again, Local next,
                TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.nodes(), nullptr, marks, &leaving);
  for (const LocalMask::Leaving& place : places) {
    const Node& node = trie.nodes()[place.node];
    if (again) {
      walk.act(Cursor::open_top(next), machine.transition(next, node.byte), place.node);
      continue;
    }
    walk.mark(node);
    if (node.subtree_end > place.node + 1) walk.local(next, node.depth, place.node + 1, node.subtree_end);
  }
}

void walk_again(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, const Stack& stack, TokenMarks& marks) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.nodes(), nullptr, marks, nullptr);
  const Top start = cursor.load(stack);
  for (const LocalMask::Leaving& place : places) {
    const std::string_view path = walk.path(place.node);
    Top top = start;
    Cursor::Result result = Cursor::Result::kAlive;
    for (std::size_t i = 0; i < path.size() && result == Cursor::Result::kAlive; ++i) {
      result = cursor.step(top, static_cast<std::uint8_t>(path[i]), path.substr(0, i));
    }
    if (result == Cursor::Result::kAlive) walk.under(top, place.node);
  }
}

}  // namespace structgen
