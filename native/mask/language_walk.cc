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
               std::vector<LocalMask::Leaving>* ends)
      : machine_(machine),
        trie_(trie),
        nodes_(trie.siblings().nodes.data()),
        subtrees_(trie.subtrees()),
        marks_(marks),
        ends_(ends),
        regions_(regions),
        levels_(trie.longest_token() + 1) {}

  template <bool kEnds>
  void from(Local local) {
    mark_text(local);
    Level& root = levels_.front();
    enter<kEnds>(root, local, nodes_[0]);
    root.marked = Marked::kBeginning;
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
      const Marked marked = goes_on(level->marked, node);
      if (marked == Marked::kText && (subtrees_.kinds(i) & ~text_) == 0) continue;
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
      level->marked = marked;
      leaves<kEnds>(*level, node);
    }
  }

  // See mark_text: the tokens below a node are marked already as far as they are text.
  enum class Marked : std::uint8_t { kNo, kBeginning, kBlank, kText };
  struct Level {  // the children of one node
    Transition* row;
    Local local;
    std::uint32_t next, last;  // those still to be looked at
    std::size_t ends;          // so many were noted before
    bool accepting;            // the language may end before them
    bool whole;                // all tokens so far are allowed
    Marked marked;             // what it is down to here
  };
  static constexpr std::size_t kFewTokens = 4;    // to be taken one by one
  static constexpr std::size_t kSomeTokens = 48;  // for which finding out about a state is too much

  // All tokens at once whose characters lead among a few states from the first one on, or from the first one after a
  // blank. The walk looks at the others.
  void mark_text(Local local) {
    const Local in_text = machine_.transition(local, 't');  // nearly all text has letters
    if (in_text == kDead) return;
    const TextRegions::Region& region = regions_.around(in_text);
    if ((kind_of('t') & ~region.kinds) != 0) return;
    text_ = region.kinds;
    in_text_ = region.states;
    text_begins_ = regions_.first_bytes(local, region);
    const Local blank = machine_.transition(local, ' ');
    text_begins_after_blank_.fill(false);
    if (blank != kDead && !text_begins_[' ']) text_begins_after_blank_ = regions_.first_bytes(blank, region);
    const Node& root = nodes_[0];
    for (std::uint32_t i = root.first; i < root.last(); ++i) {
      const Node& node = nodes_[i];
      if (text_begins_[node.byte]) {
        mark_text_below(i);
      } else if (node.byte == ' ' && blank != kDead) {
        for (std::uint32_t at = node.first; at < node.last(); ++at) {
          if (text_begins_after_blank_[nodes_[at].byte]) mark_text_below(at);
        }
      }
    }
  }
  // Of the tokens at or below node i those whose characters are text from the second on.
  void mark_text_below(std::uint32_t i) {
    const std::span<const std::uint32_t> tokens = subtrees_.tokens(i);
    const std::span<const CharacterKinds> kinds = subtrees_.kinds_after_first(i);
    const std::span<std::uint32_t> words = marks_.words();
    for (std::size_t at = 0; at < tokens.size(); ++at) {
      const bool within = (kinds[at] & ~text_) == 0;
      words[tokens[at] >> 5] |= std::uint32_t{within} << (tokens[at] & 31);  // no branch: either is likely
    }
  }
  // Whether the node goes on with such a text, as its parents do.
  Marked goes_on(Marked before, const Node& node) const {
    bool text = false;
    switch (before) {
      case Marked::kNo:
        break;
      case Marked::kBeginning:
        if (node.byte == ' ' && !text_begins_[' ']) return Marked::kBlank;
        text = text_begins_[node.byte];
        break;
      case Marked::kBlank:
        text = text_begins_after_blank_[node.byte];
        break;
      case Marked::kText:
        text = (node.byte & 0xC0) == 0x80 || (kind_of(node.byte) & ~text_) == 0;
        break;
    }
    return text ? Marked::kText : Marked::kNo;
  }
  template <bool kEnds>
  void enter(Level& level, Local local, const Node& parent) {
    level = {machine_.row(local), local, parent.last_leaf(), parent.last(), 0, false, true, Marked::kNo};
    if constexpr (kEnds) level.accepting = machine_.accepting(local);
  }
  // Whether all of a subtree is alive; it is only asked where that is likely, and worth it.
  bool whole(Local local, bool loops, std::uint32_t i) {
    if (std::find(in_text_.begin(), in_text_.end(), local) != in_text_.end()) {
      return subtrees_.tokens(i).size() > kFewTokens && (subtrees_.kinds(i) & ~text_) == 0;
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
    const Transition t = level.row[byte];
    return t == kUnknown ? machine_.transition(level.local, byte) : t;
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
  std::span<const Local> in_text_;  // see mark_text
  CharacterKinds text_ = 0;
  std::array<bool, 256> text_begins_{}, text_begins_after_blank_{};
  std::vector<Level> levels_;
};

}  // namespace

void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks) {
  LanguageWalk(machine, regions, trie, marks, nullptr).from<false>(local);
}

void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks,
                   std::vector<LocalMask::Leaving>& ends) {
  LanguageWalk(machine, regions, trie, marks, &ends).from<true>(local);
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
