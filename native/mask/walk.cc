#include "mask/walk.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "budget.h"
#include "mask/language_walk.h"
#include "vocabulary/plain_text.h"
#include "vocabulary/sibling_trie.h"

namespace structgen {

namespace {

using Node = SiblingTrie::Node;

class Walk {
 public:
  // `origin` says which node of all tokens each of `nodes` is; null where these are all tokens.
  Walk(Cursor& cursor, const TokenTrie& trie, const SiblingTrie& nodes, const std::uint32_t* origin,
       TokenMarks& marks, Places* leaving)
      : cursor_(cursor),
        machine_(cursor.machine()),
        trie_(trie),
        nodes_(nodes.nodes.data()),
        origin_(origin),
        marks_(marks),
        leaving_(leaving),
        keeps_texts_(machine_.keeps_texts()),
        levels_(trie.longest_token() + 1) {}

  const Node& root() const { return nodes_[0]; }
  const Node& node(std::uint32_t i) const { return nodes_[i]; }

  // What is below `parent`, where the frame is in `local`. Nearly all the time goes here: a byte is one look
  // into a row as long as it neither pushes nor pops.
  void local(Local local, const Node& parent) {
    Level* const base = &levels_[parent.depth];
    Level* level = base;
    enter(*level, local, parent);
    leaves(*level, parent);
    while (true) {
      if (level->next == level->last) {
        if (level == base) return;
        --level;
        continue;
      }
      const std::uint32_t i = level->next++;
      const Node& node = nodes_[i];
      Transition t = level->row[node.byte];
      if (t == kDead) continue;
      if (t >= kActionBit) [[unlikely]] {
        t = settled(*level, t, i);
        if (t == kDead) continue;
      }
      mark(node);
      ++level;
      enter(*level, t, node);
      leaves(*level, node);
    }
  }

  // Where one of many words is left: the trie and the words side by side, without a state for each prefix.
  // One is made only where a token ends a word or writes a character as an escape.
  void words(const Machine::Enumeration& left, Local local) {
    struct Part {
      std::uint32_t node, from, to;  // words [from, to) begin with the bytes down to the node
    };
    std::array<Part, 256> next{};  // by byte, where `met` says so
    std::array<std::uint32_t, 256> met{};
    std::uint32_t round = 0;
    std::vector<Part> open{{0, left.words.low, left.words.high}};
    while (!open.empty()) {
      const Part part = open.back();
      open.pop_back();
      const Node& parent = nodes_[part.node];
      const std::uint32_t read = left.words.depth + parent.depth;
      ++round;
      left.words.divide(read, part.from, part.to, [&](std::uint8_t byte, std::uint32_t from, std::uint32_t to) {
        if (left.quoted && (byte < 0x20 || byte == '"' || byte == '\\')) return;
        met[byte] = round;
        next[byte] = {0, from, to};
      });
      const bool ends = left.words.ends(part.from, read);
      for (std::uint32_t i = parent.first; i < parent.last(); ++i) {
        const Node& node = nodes_[i];
        if (met[node.byte] == round) {
          mark(node);
          if (i >= parent.last_leaf()) open.push_back({i, next[node.byte].from, next[node.byte].to});
        } else if (left.quoted && ((node.byte == '"' && ends) || node.byte == '\\')) {
          Local here = local;
          for (const char byte : path(i).substr(0, parent.depth)) {
            here = machine_.transition(here, static_cast<std::uint8_t>(byte));
          }
          act(Cursor::open_top(here), machine_.transition(here, node.byte), i);
        }
      }
    }
  }

  // What is below `parent`, for any top.
  void anywhere(const Top& top, const Node& parent) {
    Level* const base = &levels_[parent.depth];
    Level* level = base;
    enter(*level, top, parent);
    while (true) {
      if (level->next == level->last) {
        if (level == base) return;
        --level;
        continue;
      }
      const std::uint32_t i = level->next++;
      const Node& node = nodes_[i];
      Transition t = level->row[node.byte];
      if (t == kUnknown) t = machine_.transition(level->local, node.byte);
      if (t == kDead) continue;
      Top next = level->top;
      if (t < kActionBit) {
        next.local = t;
      } else if (!step(next, t, i)) {
        continue;
      }
      mark(node);
      if (node.leaves + node.inner != 0) enter(*++level, next, node);
    }
  }

  // Node i and what is below it, where its byte does `t` to a top with that byte still unread. Kept out of
  // local(), whose loop has no registers to spare.
  [[gnu::noinline]] void act(Top top, Transition t, std::uint32_t i) {
    if (t < kActionBit) {
      if (t == kDead) return;
      top.local = t;
    } else if (leaves(top, t, i) || !step(top, t, i)) {
      return;
    }
    under(top, i);
  }

  // Node i, whose byte was read, and what is below it.
  void under(const Top& top, std::uint32_t i) {
    const Node& node = nodes_[i];
    mark(node);
    if (node.leaves + node.inner == 0) return;
    if (top.below == Cursor::kFloor && !keeps_texts_) return local(top.local, node);
    anywhere(top, node);
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
    if (node.copies) mark_copies(node.token);
  }

  // The bytes down to node i: some token lies at or below it, and starts with them.
  std::string_view path(std::uint32_t i) const {
    const std::uint16_t depth = nodes_[i].depth;
    while (nodes_[i].token == kNoToken) i = nodes_[i].first;
    return trie_.token_bytes(nodes_[i].token).substr(0, depth);
  }

 private:
  struct Level {  // the children of one node
    Transition* row;  // of `local`
    Local local;
    std::uint32_t next, last;  // those still to be looked at
    Top top;
  };

  void enter(Level& level, Local local, const Node& parent) {
    level.row = machine_.row(local);
    level.local = local;
    level.next = parent.last_leaf();
    level.last = parent.last();
  }
  void enter(Level& level, const Top& top, const Node& parent) {
    enter(level, top.local, parent);
    level.next = parent.first;
    level.top = top;
  }
  // The children that have none. Whether one is alive could not be predicted, so it is no branch.
  void leaves(const Level& level, const Node& parent) {
    for (std::uint32_t i = parent.first; i < parent.last_leaf(); ++i) {
      const Node& leaf = nodes_[i];
      Transition t = level.row[leaf.byte];
      if (t >= kActionBit) [[unlikely]] t = settled(level, t, i);
      marks_.add(t == kDead ? kNoToken : leaf.token);
      if (leaf.copies && t != kDead) mark_copies(leaf.token);
    }
  }
  // The state after node i's byte, where that was unknown; an action is done, and nothing is left to do.
  Transition settled(const Level& level, Transition t, std::uint32_t i) {
    if (t == kUnknown) t = machine_.transition(level.local, nodes_[i].byte);
    if (t < kActionBit) return t;
    act(Cursor::open_top(level.local), t, i);
    return kDead;
  }
  void mark_copies(std::uint32_t token) {
    for (std::uint32_t id = trie_.next_same(token); id != kNoToken; id = trie_.next_same(id)) marks_.add(id);
  }

  // The most frequent actions: the last frame that is known is left, by itself or on one of two ways. Then it is
  // done, and true.
  bool leaves(const Top& top, Transition t, std::uint32_t i) {
    if (top.below != Cursor::kFloor) return false;
    const Action::Kind kind = machine_.action(t).kind;
    if (kind == Action::Kind::kPush || kind == Action::Kind::kPushAgain) return false;
    if (kind != Action::Kind::kFork) {
      note(i, t);
      return true;
    }
    const std::span<const Transition> all = machine_.alternatives(t);
    if (all.size() != 2) return false;
    const Transition first = all[0], second = all[1];  // the span may move
    spend();
    act(top, first, i);
    act(top, second, i);
    return true;
  }
  // Does the action of node i's byte; false where its tokens are dead, noted for later, or (after a fork)
  // walked already, one way after the other. Deeper than one token is long this cannot nest.
  bool step(Top& top, Transition t, std::uint32_t i) {
    Transition leaves = kDead;
    const std::string_view read = keeps_texts_ ? path(i).substr(0, nodes_[i].depth - 1u) : std::string_view();
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
  const bool keeps_texts_;
  std::vector<Level> levels_;
  static constexpr std::uint32_t kMaxForks = 1u << 18;
  std::uint32_t forks_ = 0;
};

// Each of a fork's, else the transition itself.
std::vector<Transition> ways(Machine& machine, Transition t) {
  if (t < kActionBit || machine.action(t).kind != Action::Kind::kFork) return {t};
  const std::span<const Transition> all = machine.alternatives(t);
  return {all.begin(), all.end()};
}

}  // namespace

void walk_local(Machine& machine, TextTable& texts, TextRegions& regions, const TokenTrie& trie, Local local,
                const LocalMask* plain, TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  if (const std::optional<Machine::Enumeration> left = machine.enumeration(local)) {
    Walk walk(cursor, trie, trie.siblings(), nullptr, marks, &leaving);
    walk.words(*left, local);
    return;
  }
  if (machine.one_frame()) {
    walk_language(machine, regions, trie, local, marks);
    return;
  }
  const Machine::FreeText free = machine.free_text(local);
  if (!free.inside) {
    Walk walk(cursor, trie, trie.siblings(), nullptr, marks, &leaving);
    walk.local(local, walk.root());
    return;
  }
  const PlainText& text = trie.plain_text();
  if (free.exact || free.points >= text.longest_points) {
    text.copy_within(free.points, marks.words());
  } else if (plain) {
    plain->copy_to(marks.words());
  } else {
    Walk walk(cursor, trie, text.plain, nullptr, marks, &leaving);
    walk.local(local, walk.root());
  }
  Walk walk(cursor, trie, text.exits, text.exit_origin.data(), marks, &leaving);
  walk.local(local, walk.root());
}

void walk_after(Machine& machine, TextTable& texts, const TokenTrie& trie, Local after,
                std::span<const LocalMask::Group> groups, std::span<const LocalMask::Leaving> ends, TokenMarks& marks,
                Places& leaving) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.siblings(), nullptr, marks, &leaving);
  for (const LocalMask::Group& group : groups) {
    const Transition t = machine.transition(after, static_cast<std::uint8_t>(group.transition));
    if (t == kDead) continue;
    for (const Transition way : ways(machine, t)) {
      for (std::uint32_t i = group.first; i < group.last; ++i) walk.act(Cursor::open_top(after), way, ends[i].node);
    }
  }
}

void walk_below(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, bool again, Local next,
                TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.siblings(), nullptr, marks, &leaving);
  for (const LocalMask::Leaving& place : places) {
    const Node& node = walk.node(place.node);
    if (again) {
      walk.act(Cursor::open_top(next), machine.transition(next, node.byte), place.node);
      continue;
    }
    walk.mark(node);
    if (node.leaves + node.inner != 0) walk.local(next, node);
  }
}

void walk_again(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, const Stack& stack, TokenMarks& marks) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.siblings(), nullptr, marks, nullptr);
  const Top start = cursor.load(stack);
  for (const LocalMask::Leaving& place : places) walk.from_start(start, place.node);
}

bool walk_again_open(Machine& machine, TextTable& texts, const TokenTrie& trie,
                     std::span<const LocalMask::Leaving> places, const Stack& stack, unsigned depth,
                     TokenMarks& marks, Places& leaving) {
  Cursor cursor(machine, texts);
  Walk walk(cursor, trie, trie.siblings(), nullptr, marks, &leaving);
  const Top start = cursor.load_open(stack, depth);
  for (const LocalMask::Leaving& place : places) {
    if (!walk.from_start(start, place.node)) return false;
  }
  return std::none_of(leaving.begin(), leaving.end(), [](const LocalMask::Leaving& place) {
    return place.transition == LocalMask::kRewalk;
  });
}

}  // namespace structgen
