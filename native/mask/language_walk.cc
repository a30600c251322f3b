#include "mask/language_walk.h"

#include <algorithm>
#include <array>
#include <span>

#include "mask/text_region.h"
#include "vocabulary/sibling_trie.h"
#include "vocabulary/subtree_text.h"

namespace structgen {

namespace {

using Node = SiblingTrie::Node;

class LanguageWalk {
 public:
  LanguageWalk(Machine& machine, TextRegions& regions, const TokenTrie& trie, TokenMarks& marks,
               std::vector<LocalMask::Leaving>* ends, std::uint32_t any_text = 0)
      : machine_(machine),
        trie_(trie),
        nodes_(trie.siblings().nodes.data()),
        subtrees_(trie.subtrees()),
        marks_(marks),
        ends_(ends),
        regions_(regions),
        any_text_(any_text),
        levels_(trie.longest_token() + 1) {
    text_.excluded.fill(kNothingKnown);
  }

  // All tokens at once of which their first character tells that they are alive; false where it never does.
  bool mark_text(Local local) {
    TextRegions::Beginnings found = regions_.beginnings(local, any_text_);
    if (found.regions.empty()) return false;
    text_ = std::move(found);
    const Node& root = nodes_[0];
    for (std::uint32_t i = root.first; i < root.last(); ++i) {
      const CharacterKinds excluded = text_.excluded[nodes_[i].byte];
      if (excluded != kNothingKnown) mark_without(excluded, i);
    }
    return true;
  }
  // The rest of the tokens that `local` allows.
  template <bool kEnds>
  void from(Local local) {
    Level& root = levels_.front();
    enter<kEnds>(root, local, nodes_[0]);
    root.accepting = false;  // the empty text
    below<kEnds>(nodes_[0]);
  }

  // Node i, whose byte led to `local`, and what is below it.
  void under(Local local, std::uint32_t i) {
    const Node& node = nodes_[i];
    if (whole(local, true, i)) return take(i);
    mark(node);
    if (node.leaves + node.inner == 0) return;
    const std::size_t ends = ends_->size();
    Level& base = levels_.front();
    enter<true>(base, local, node);
    if (below<true>(node)) ends_->resize(ends);
  }

 private:
  // The children of a node, which the first level has entered; whether all of their tokens are allowed.
  template <bool kEnds>
  bool below(const Node& parent) {
    Level* const base = levels_.data();
    Level* level = base;
    leaves<kEnds>(*level, parent);
    while (true) {
      if (level->next == level->last) {
        if (level == base) return base->whole;
        const Level& done = *level--;
        if constexpr (kEnds) {
          if (done.whole) ends_->resize(done.ends);
          else level->whole = false;
        }
        continue;
      }
      const std::uint32_t i = level->next++;
      const Node& node = nodes_[i];
      const CharacterKinds excluded = node.depth == 1 ? text_.excluded[node.byte] : still_excluded(*level, node.byte);
      if ((subtrees_.kinds(i) & excluded) == 0) continue;
      const Local next = after(*level, node.byte);
      const std::size_t ends = kEnds ? ends_->size() : 0;
      if (kEnds && level->accepting) ends_->push_back({i, node.byte});
      if (next == kDead) {
        level->whole = false;
        continue;
      }
      if (whole(next, next == level->local, i)) {
        take(i);
        if constexpr (kEnds) ends_->resize(ends);
        continue;
      }
      mark(node);
      ++level;
      enter<kEnds>(*level, next, node);
      level->ends = ends;
      level->excluded = excluded;
      leaves<kEnds>(*level, node);
    }
  }

  struct Level {  // the children of one node
    Transition* row;
    Local local;
    std::uint32_t next, last;  // those still to be looked at
    std::size_t ends;          // so many were noted before
    CharacterKinds excluded;   // tokens that go on without these are marked, see mark_text
    bool accepting;            // the language may end before them
    bool whole;                // all tokens so far are allowed
  };
  static constexpr std::size_t kFewTokens = 4;    // to be taken one by one
  static constexpr std::size_t kSomeTokens = 48;  // for which finding out about a state is too much
  static constexpr CharacterKinds kNothingKnown = ~CharacterKinds{0};

  // Of the tokens at or below node i those that go on, after their first character, with none of these.
  void mark_without(CharacterKinds excluded, std::uint32_t i) {
    const std::span<const std::uint32_t> tokens = subtrees_.tokens(i);
    const std::span<const CharacterKinds> kinds = subtrees_.kinds_after_first(i);
    const std::span<std::uint32_t> words = marks_.words();
    for (std::size_t at = 0; at < tokens.size(); ++at) {
      const bool alive = (kinds[at] & excluded) == 0;
      words[tokens[at] >> 5] |= std::uint32_t{alive} << (tokens[at] & 31);  // no branch: either is likely
    }
  }
  // What is excluded below a node, given what is below its parent.
  static CharacterKinds still_excluded(const Level& level, std::uint8_t byte) {
    const bool text = (byte & 0xC0) == 0x80 || (kind_of(byte) & level.excluded) == 0;
    return text ? level.excluded : kNothingKnown;
  }
  template <bool kEnds>
  void enter(Level& level, Local local, const Node& parent) {
    level = {machine_.row(local), local, parent.last_leaf(), parent.last(), 0, kNothingKnown, false, true};
    if constexpr (kEnds) level.accepting = machine_.accepting(local);
  }
  // Whether all of a subtree is alive; it is only asked where that is likely, and worth it.
  bool whole(Local local, bool loops, std::uint32_t i) {
    if (!loops && machine_.takes_any_text(local, any_text_)) return true;
    for (const TextRegions::Region* region : text_.regions) {
      if (std::find(region->states.begin(), region->states.end(), local) == region->states.end()) continue;
      return (subtrees_.kinds(i) & ~region->kinds) == 0 && subtrees_.tokens(i).size() > kFewTokens;
    }
    return loops && subtrees_.tokens(i).size() > kSomeTokens && (subtrees_.kinds(i) & ~regions_.around(local).kinds) == 0;
  }
  void take(std::uint32_t i) {
    const std::span<const std::uint32_t> tokens = subtrees_.tokens(i);
    constexpr std::size_t kMany = 256;
    if (tokens.size() < kMany) {
      for (const std::uint32_t token : tokens) marks_.add(token);
      return;
    }
    const std::span<std::uint32_t> words = marks_.words();
    for (const std::uint32_t token : tokens) words[token >> 5] |= 1u << (token & 31);
  }
  Local after(const Level& level, std::uint8_t byte) {
    Transition t = level.row[byte];
    if (t == kUnknown) t = machine_.transition(level.local, byte);
    return t < kActionBit ? t : kDead;
  }
  template <bool kEnds>
  void leaves(Level& level, const Node& parent) {
    for (std::uint32_t i = parent.first; i < parent.last_leaf(); ++i) {
      const Node& leaf = nodes_[i];
      const bool alive = after(level, leaf.byte) != kDead;  // could not be predicted, so marking is no branch
      marks_.add(alive ? leaf.token : kNoToken);
      if (leaf.copies && alive) mark_copies(leaf.token);
      level.whole = level.whole && alive;
      if (kEnds && level.accepting && !alive) ends_->push_back({i, leaf.byte});
    }
  }
  void mark(const Node& node) {
    marks_.add(node.token);
    if (node.copies) mark_copies(node.token);
  }
  void mark_copies(std::uint32_t token) {
    for (std::uint32_t id = trie_.next_same(token); id != kNoToken; id = trie_.next_same(id)) marks_.add(id);
  }

  Machine& machine_;
  const TokenTrie& trie_;
  const Node* nodes_;
  const SubtreeText& subtrees_;
  TokenMarks& marks_;
  std::vector<LocalMask::Leaving>* ends_;
  TextRegions& regions_;
  const std::uint32_t any_text_;  // so many characters are any text; 0 where that is not known
  TextRegions::Beginnings text_;
  std::vector<Level> levels_;
};

}  // namespace

void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks) {
  LanguageWalk walk(machine, regions, trie, marks, nullptr);
  walk.mark_text(local);
  walk.from<false>(local);
}

bool walk_frame(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, std::uint32_t any_text,
                TokenMarks& marks) {
  LanguageWalk walk(machine, regions, trie, marks, nullptr, any_text);
  if (!walk.mark_text(local)) return false;
  walk.from<false>(local);
  return true;
}

void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks,
                   std::vector<LocalMask::Leaving>& ends) {
  LanguageWalk walk(machine, regions, trie, marks, &ends);
  walk.mark_text(local);
  walk.from<true>(local);
}

void walk_language_after(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local,
                         std::span<const LocalMask::Group> groups, std::span<const LocalMask::Leaving> places,
                         TokenMarks& marks, std::vector<LocalMask::Leaving>& ends) {
  LanguageWalk walk(machine, regions, trie, marks, &ends);
  for (const LocalMask::Group& group : groups) {
    const Local next = machine.transition(local, static_cast<std::uint8_t>(group.transition));
    if (next == kDead) continue;
    for (std::uint32_t i = group.first; i < group.last; ++i) walk.under(next, places[i].node);
  }
}

}  // namespace structgen
