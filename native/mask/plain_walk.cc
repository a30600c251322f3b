#include "mask/plain_walk.h"

#include <span>
#include <vector>

#include "mask/language_walk.h"
#include "vocabulary/plain_text.h"

namespace structgen {

namespace {

class PlainWalk {
 public:
  PlainWalk(Machine& machine, const TokenTrie& trie, TokenMarks& marks)
      : machine_(machine),
        trie_(trie),
        marks_(marks),
        levels_(trie.longest_token() + 1) {}

  // The tokens of a small part.
  void tokens(const PlainText::Part& part, Local local) {
    const TokenTrie::Node* const nodes = part.nodes.data();
    Level* const levels = levels_.data();
    levels[0] = {machine_.row(local), local, 0};
    const auto last = static_cast<std::uint32_t>(part.nodes.size());
    for (std::uint32_t i = 1; i < last;) {
      const TokenTrie::Node& node = nodes[i];
      Level& above = levels[node.depth - 1u];
      if (!above.row) above.row = machine_.row(above.local);
      Transition t = above.row[node.byte];
      if (t == kUnknown) t = machine_.transition(above.local, node.byte);
      if (t == kDead) {
        i = node.subtree_end;
        continue;
      }
      if (t != above.local && machine_.takes_any_text(t, part.longest_points)) {
        for (const std::uint32_t token : below(part, i)) marks_.add(token);
        i = node.subtree_end;
        continue;
      }
      mark(node);
      levels[node.depth] = {machine_.known_row(t), t, 0};
      ++i;
    }
  }

  // Takes back the tokens of `part` behind which no completion fits any more; `local` reads them all but for that.
  void fit(const PlainText::Part& part, Local local, std::uint32_t points, std::uint32_t reach) {
    const std::uint32_t safe = points >= reach ? points - reach : 0;  // so many characters always fit
    const std::span<std::uint32_t> words = marks_.words();
    Level* const levels = levels_.data();
    levels[0] = {machine_.row(local), local, 0};
    const auto last = static_cast<std::uint32_t>(part.nodes.size());
    for (std::uint32_t i = part.points[0] > safe ? 1 : last; i < last;) {
      const TokenTrie::Node& node = part.nodes[i];
      if (part.points[i] <= safe) {
        i = node.subtree_end;
        continue;
      }
      Level& above = levels[node.depth - 1u];
      if (!above.row) above.row = machine_.row(above.local);
      Transition t = above.row[node.byte];
      if (t == kUnknown) t = machine_.transition(above.local, node.byte);
      const std::uint32_t begun = above.begun + ((node.byte & 0xC0) != 0x80 ? 1 : 0);
      if (t == kDead || begun > points) {
        if (t != kDead) {
          for (const std::uint32_t token : below(part, i)) words[token >> 5] &= ~(1u << (token & 31));
        }
        i = node.subtree_end;
        continue;
      }
      if (begun > safe && node.token != kNoToken && machine_.least_points(t) > points - begun) take_back(node, words);
      levels[node.depth] = {machine_.known_row(t), t, begun};
      ++i;
    }
  }

 private:
  struct Level {
    Transition* row;  // of `local`; null until a child asks for it
    Local local;
    std::uint32_t begun = 0;  // characters down to here, where they are counted
  };

  static std::span<const std::uint32_t> below(const PlainText::Part& part, std::uint32_t i) {
    const std::uint32_t first = part.first[i], last = part.first[part.nodes[i].subtree_end];
    return {part.tokens.data() + first, last - first};
  }
  void mark(const TokenTrie::Node& node) {
    marks_.add(node.token);
    if (!node.copies) return;
    for (std::uint32_t id = trie_.next_same(node.token); id != kNoToken; id = trie_.next_same(id)) marks_.add(id);
  }

  void take_back(const TokenTrie::Node& node, std::span<std::uint32_t> words) {
    for (std::uint32_t id = node.token; id != kNoToken; id = trie_.next_same(id)) words[id >> 5] &= ~(1u << (id & 31));
  }

  Machine& machine_;
  const TokenTrie& trie_;
  TokenMarks& marks_;
  std::vector<Level> levels_;
};

// Whether few characters can come next, so that little of the trie is alive.
bool few_bytes(Machine& machine, Local local) {
  constexpr int kFew = 16;
  int alive = 0;
  for (unsigned byte = 0x20; byte < 256 && alive <= kFew; ++byte) {
    alive += machine.transition(local, static_cast<std::uint8_t>(byte)) != kDead ? 1 : 0;
  }
  return alive <= kFew;
}

}  // namespace

bool walks_text(Machine& machine, const TokenTrie& trie, Local local) {
  const Machine::FreeText free = machine.free_text(local);
  return free.inside && !free.exact && free.points < trie.plain_text().longest_points && !machine.enumeration(local) &&
         !few_bytes(machine, local);
}

void walk_text(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local,
               const LocalMask* short_text, TokenMarks& marks) {
  if (short_text) short_text->copy_to(marks.words());
  else walk_short_text(machine, regions, trie, local, marks);
  PlainWalk(machine, trie, marks).tokens(trie.plain_text().long_text, local);
}

void walk_short_text(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks) {
  const PlainText& text = trie.plain_text();
  if (walk_frame(machine, regions, trie, local, text.short_text.longest_points, marks)) {
    text.keep_short(marks.words());
  } else {
    PlainWalk(machine, trie, marks).tokens(text.short_text, local);
  }
}

void walk_bounded_text(Machine& machine, const TokenTrie& trie, const Machine::Bounded& bounded,
                       const LocalMask& unbounded, TokenMarks& marks) {
  unbounded.copy_to(marks.words());
  PlainWalk walk(machine, trie, marks);
  for (const PlainText::Part* part : {&trie.plain_text().short_text, &trie.plain_text().long_text}) {
    walk.fit(*part, bounded.inner, bounded.points, bounded.reach);
  }
}

}  // namespace structgen
