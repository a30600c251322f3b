#include "mask/walk.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "budget.h"
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

  // Whether more than half of the plain tokens begin with a byte after which any text may follow.
  bool mostly_any_text(const PlainText& text, Local local) {
    std::size_t any = 0;
    for (std::uint32_t i = 1; i < text.nodes.size(); i = nodes_[i].subtree_end) {
      const Transition t = machine_.transition(local, nodes_[i].byte);
      if (t == kDead || t >= kActionBit || !machine_.takes_any_text(t, text.longest_points)) continue;
      any += text.first[nodes_[i].subtree_end] - text.first[i];
    }
    return 2 * any > text.tokens.size();
  }

  // The plain tokens from a place inside a string. Where any text may follow, nothing below is looked at:
  // with kClear all tokens are marked already and the others are taken back, else they are marked at once.
  template <bool kClear>
  void plain(const PlainText& text, Local local) {
    levels_[0].enter(local, machine_.row(local));
    const std::span<std::uint32_t> words = kClear ? marks_.words() : std::span<std::uint32_t>();
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
        for (std::uint32_t at = text.first[i]; kClear && at < text.first[node.subtree_end]; ++at) {
          words[text.tokens[at] >> 5] &= ~(1u << (text.tokens[at] & 31));
        }
        i = node.subtree_end;
        continue;
      }
      if (t != above.local && machine_.takes_any_text(t, text.longest_points)) {
        for (std::uint32_t at = text.first[i]; !kClear && at < text.first[node.subtree_end]; ++at) {
          marks_.add(text.tokens[at]);
        }
        i = node.subtree_end;
        continue;
      }
      if (!kClear) mark(node);
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

  // The bytes down to node i from `top` on, then what is below it; false where the frames that are known are
  // left before the last of these bytes.
  bool from_start(Top top, std::uint32_t i, std::size_t at = 0) {
    const std::string_view bytes = path(i);
    for (; at + 1 < bytes.size(); ++at) {
      Transition t = kDead;
      const auto byte = static_cast<std::uint8_t>(bytes[at]);
      const Cursor::Result result = cursor_.step(top, byte, bytes.substr(0, at), &t);
      if (result == Cursor::Result::kForks) {
        bool known = true;
        spend();
        cursor_.branch(top, t, byte, bytes.substr(0, at), [&](Cursor::Result after, const Top& next, Transition) {
          if (after == Cursor::Result::kAlive) known = from_start(next, i, at + 1) && known;
          known = known && (after == Cursor::Result::kAlive || after == Cursor::Result::kDead);
        });
        return known;
      }
      if (result != Cursor::Result::kAlive) return result == Cursor::Result::kDead;
    }
    act(top, machine_.transition(top.local, nodes_[i].byte), i);
    return true;
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

  // Does the action of node i's byte; false where its tokens are dead, noted for later, or (after a fork)
  // walked already, one way after the other. Deeper than one token is long this cannot nest.
  bool step(Top& top, Transition t, std::uint32_t i) {
    Transition leaves = kDead;
    std::string_view read = path(i);
    read.remove_suffix(1);
    const Cursor::Result result = cursor_.act(top, t, nodes_[i].byte, read, &leaves);
    if (result == Cursor::Result::kForks) {
      spend();
      cursor_.branch(top, leaves, nodes_[i].byte, read, [&](Cursor::Result each, const Top& next, Transition at) {
        if (settled(each, i, at)) under(next, i);
      });
      return false;
    }
    return settled(result, i, leaves);
  }
  bool settled(Cursor::Result result, std::uint32_t i, Transition leaves) {
    if (result == Cursor::Result::kLeaves) note(i, leaves);
    if (result == Cursor::Result::kUnsettled) note(i, LocalMask::kRewalk);
    return result == Cursor::Result::kAlive;
  }
  void spend() {
    if (++forks_ > kMaxForks) throw BudgetExceeded("forks in one mask: 262144");
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
  static constexpr std::uint32_t kMaxForks = 1u << 18;
  std::uint32_t forks_ = 0;
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
    if (walk.mostly_any_text(text, local)) {
      text.copy_within(text.longest_points, marks.words());
      walk.plain<true>(text, local);
    } else {
      walk.plain<false>(text, local);
    }
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
  for (const LocalMask::Leaving& place : places) walk.from_start(start, place.node);
}

bool walk_again_open(Machine& machine, TextTable& texts, const TokenTrie& trie,
                     std::span<const LocalMask::Leaving> places, const Stack& stack, unsigned depth,
                     TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.nodes(), nullptr, marks, &leaving);
  const Top start = cursor.load_open(stack, depth);
  for (const LocalMask::Leaving& place : places) {
    if (!walk.from_start(start, place.node)) return false;
  }
  return std::none_of(leaving.begin(), leaving.end(), [](const LocalMask::Leaving& place) {
    return place.transition == LocalMask::kRewalk;
  });
}

}  // namespace structgen
