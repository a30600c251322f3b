#include "cfg/inline.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "cfg/network.h"

namespace structgen::cfg {

namespace {

using StateId = Automaton::StateId;
using Arc = Automaton::Arc;

constexpr int kMostRounds = 6;
constexpr std::size_t kMostStates = 4096;  // of a draft that rules are written into
constexpr std::size_t kFewArcs = 4;        // of a rule that is written out wherever it is used
constexpr int kMostMoves = 64;             // looked through for the end of a rule
constexpr std::size_t kStepsPerState = 64;

bool is_rule(std::uint32_t symbol) { return (symbol & kRuleBit) != 0; }

class Inliner {
 public:
  explicit Inliner(std::vector<Automaton>& parts) : parts_(parts) {}

  bool round() {
    count();
    bool changed = false;
    roots_.clear();
    for (std::uint32_t part = 0; part < parts_.size(); ++part) {
      if (uses_[part] != 0 && !(within_[part] && uses_[part] == 1)) roots_.push_back(part);
    }
    for (std::size_t at = 0; at < roots_.size(); ++at) changed = rewrite(roots_[at]) || changed;  // grows meanwhile
    return changed;
  }

  // What nobody uses any more goes.
  void sweep() {
    std::vector<std::uint32_t> order{0};
    std::vector<bool> needed(parts_.size());
    needed[0] = true;
    for (std::size_t at = 0; at < order.size(); ++at) {
      for (const Automaton::State& state : parts_[order[at]].states) {
        for (const Arc& arc : state.arcs) {
          const std::uint32_t part = arc.symbol & ~kRuleBit;
          if (!is_rule(arc.symbol) || needed[part]) continue;
          needed[part] = true;
          order.push_back(part);
        }
      }
    }
    for (std::uint32_t part = 0; part < parts_.size(); ++part) {
      if (!needed[part]) parts_[part].states.clear();
    }
  }

 private:
  // How often each is used, and which are to be written out.
  void count() {
    sweep();
    uses_.assign(parts_.size(), 0);
    uses_[0] = 1;
    std::vector<bool> self(parts_.size());
    std::vector<std::size_t> arcs(parts_.size());
    for (std::uint32_t part = 0; part < parts_.size(); ++part) {
      arcs[part] = parts_[part].arcs();
      std::vector<std::pair<std::uint32_t, StateId>> uses;  // with equal ends they share a copy
      for (const Automaton::State& state : parts_[part].states) {
        for (const Arc& arc : state.arcs) {
          if (is_rule(arc.symbol)) uses.emplace_back(arc.symbol & ~kRuleBit, arc.target);
        }
      }
      std::sort(uses.begin(), uses.end());
      uses.erase(std::unique(uses.begin(), uses.end()), uses.end());
      for (const auto& [used, target] : uses) {
        ++uses_[used];
        self[part] = self[part] || used == part;
      }
    }
    std::vector<bool> once(parts_.size()), few(parts_.size());
    for (std::uint32_t part = 1; part < parts_.size(); ++part) {
      once[part] = uses_[part] == 1 && !self[part];
      few[part] = uses_[part] > 1 && !self[part] && arcs[part] <= kFewArcs;
    }
    within_ = once;
    for (std::uint32_t part = 1; part < parts_.size(); ++part) {
      if (!few[part]) continue;
      bool last = true;  // nothing to be written into it meanwhile, so there are no circles
      for (const Automaton::State& state : parts_[part].states) {
        for (const Arc& arc : state.arcs) {
          const std::uint32_t used = arc.symbol & ~kRuleBit;
          last = last && !(is_rule(arc.symbol) && (once[used] || few[used]));
        }
      }
      within_[part] = last;
    }
  }

  bool rewrite(std::uint32_t root) {
    if (!may_change(root)) return false;
    Draft draft;
    StateId at = draft.add(parts_[root], Draft::kEnd);
    draft.states[Draft::kStart].empty.push_back(at);
    std::unordered_map<std::uint64_t, StateId> copies;  // by part and where it leads
    bool changed = false;
    std::vector<Arc> kept;
    for (; at < draft.states.size(); ++at) {  // grows meanwhile
      std::vector<Arc> arcs = std::move(draft.states[at].arcs);
      kept.clear();
      for (const Arc& arc : arcs) {
        const std::uint32_t part = arc.symbol & ~kRuleBit;
        if (!is_rule(arc.symbol)) {
          kept.push_back(arc);
        } else if (part == root && ends(draft, arc.target)) {
          draft.states[at].empty.push_back(Draft::kStart);  // recursion in the last place
        } else if (part == root || !within_[part]) {
          kept.push_back(arc);
        } else if (draft.states.size() + parts_[part].states.size() > kMostStates) {
          kept.push_back(arc);
          if (uses_[part] == 1) roots_.push_back(part);
        } else {
          const auto [copy, added] = copies.try_emplace(std::uint64_t{part} << 32 | arc.target, StateId{0});
          if (added) copy->second = draft.add(parts_[part], arc.target);
          draft.states[at].empty.push_back(copy->second);
        }
      }
      changed = changed || kept.size() != arcs.size();
      arcs.assign(kept.begin(), kept.end());
      draft.states[at].arcs = std::move(arcs);
    }
    if (!changed) return false;
    Steps steps{kStepsPerState * (draft.states.size() + draft_arcs(draft))};
    std::optional<Automaton> made = deterministic(draft, draft.states.size() + 64, steps);
    if (made) made = merged(*std::move(made), steps);
    if (!made) return false;  // too many subsets: what it would have held stays as it is, once and for all
    parts_[root] = root == 0 ? *std::move(made) : without_empty_text(*std::move(made));
    return true;
  }

  // Whether another part may be written into it, or it is used inside of itself.
  bool may_change(std::uint32_t root) const {
    const auto changes = [&](const Arc& arc) {
      const std::uint32_t part = arc.symbol & ~kRuleBit;
      return is_rule(arc.symbol) && (part == root || within_[part]);
    };
    return std::any_of(parts_[root].states.begin(), parts_[root].states.end(), [&](const Automaton::State& state) {
      return std::any_of(state.arcs.begin(), state.arcs.end(), changes);
    });
  }

  // Whether there is nothing to do after this state but to end.
  static bool ends(const Draft& draft, StateId s) {
    for (int moves = 0; moves < kMostMoves; ++moves) {
      if (!draft.states[s].arcs.empty() || draft.states[s].empty.size() != 1) return false;
      s = draft.states[s].empty[0];
      if (s == Draft::kEnd) return true;
    }
    return false;
  }
  static std::size_t draft_arcs(const Draft& draft) {
    std::size_t count = 0;
    for (const Draft::State& state : draft.states) count += state.arcs.size() + state.empty.size();
    return count;
  }

  std::vector<Automaton>& parts_;
  std::vector<std::size_t> uses_;
  std::vector<bool> within_;  // others, by part
  std::vector<std::uint32_t> roots_;  // where the others are written into
};

}  // namespace

void write_out(std::vector<Automaton>& parts) {
  Inliner inliner(parts);
  for (int round = 0; round < kMostRounds && inliner.round(); ++round) {
  }
  inliner.sweep();
}

}  // namespace structgen::cfg
