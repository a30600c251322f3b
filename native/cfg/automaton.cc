#include "cfg/automaton.h"

#include <algorithm>
#include <utility>

#include "lists.h"

namespace structgen::cfg {

namespace {

using StateId = Automaton::StateId;
using Arc = Automaton::Arc;

constexpr StateId kNowhere = 0xFFFFFFFFu;

// States of a draft, with what empty moves lead to.
class Reach {
 public:
  Reach(const Draft& draft, Steps& steps) : draft_(draft), steps_(steps), visited_(draft.states.size(), 0) {}

  // Ascending; only states that read something, and the last one. Valid until the next call.
  List from(List starts) {
    ++round_;
    work_.clear();
    found_.clear();
    for (const StateId s : starts) visit(s);
    while (!work_.empty()) {
      const StateId s = work_.back();
      work_.pop_back();
      steps_.spend(1 + draft_.states[s].empty.size());
      if (!draft_.states[s].arcs.empty() || s == Draft::kEnd) found_.push_back(s);
      for (const StateId next : draft_.states[s].empty) visit(next);
    }
    std::sort(found_.begin(), found_.end());
    return found_;
  }

 private:
  void visit(StateId s) {
    if (visited_[s] != round_) work_.push_back(s);
    visited_[s] = round_;
  }

  const Draft& draft_;
  Steps& steps_;
  std::vector<std::uint32_t> visited_;
  std::vector<StateId> work_, found_;
  std::uint32_t round_ = 0;
};

// With `merge` a symbol leads to all its targets at once, else to each.
std::optional<Automaton> subsets(const Draft& draft, std::size_t most, bool merge, Steps& steps) {
  Reach reach(draft, steps);
  ListInterner ids;
  Automaton result;
  constexpr StateId kStart = Draft::kStart;
  ids.intern(reach.from({&kStart, 1}));
  std::vector<Arc> arcs;  // kept between rounds for their memory
  std::vector<StateId> targets;
  for (std::uint32_t at = 0; at < ids.size(); ++at) {
    if (ids.size() > most) return std::nullopt;
    const List members = ids[at];
    Automaton::State state;
    state.final = std::binary_search(members.begin(), members.end(), Draft::kEnd);
    arcs.clear();
    for (const StateId s : members) arcs.insert(arcs.end(), draft.states[s].arcs.begin(), draft.states[s].arcs.end());
    if (!steps.spend(1 + arcs.size())) return std::nullopt;
    std::sort(arcs.begin(), arcs.end(), [](const Arc& x, const Arc& y) {
      return x.symbol != y.symbol ? x.symbol < y.symbol : x.target < y.target;
    });
    for (std::size_t i = 0; i < arcs.size();) {
      targets.clear();
      const std::uint32_t symbol = arcs[i].symbol;
      do {
        targets.push_back(arcs[i++].target);
      } while (merge && i < arcs.size() && arcs[i].symbol == symbol);
      state.arcs.push_back({symbol, ids.intern(reach.from(targets))});
    }
    result.states.push_back(std::move(state));
  }
  return result;
}

// Those that the start leads to, in the order in which they are met; targets are looked up in `stands_for` first.
Automaton numbered(Automaton&& from, const std::vector<StateId>& stands_for) {
  std::vector<StateId> order{stands_for[0]}, number(from.states.size(), kNowhere);
  number[order[0]] = 0;
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (Arc& arc : from.states[order[at]].arcs) {
      const StateId target = stands_for[arc.target];
      if (number[target] == kNowhere) {
        number[target] = static_cast<StateId>(order.size());
        order.push_back(target);
      }
      arc.target = number[target];
    }
  }
  Automaton result;
  result.states.reserve(order.size());
  for (const StateId s : order) result.states.push_back(std::move(from.states[s]));
  return result;
}

}  // namespace

std::size_t Automaton::arcs() const {
  std::size_t count = 0;
  for (const State& state : states) count += state.arcs.size();
  return count;
}

Draft::StateId Draft::add(const Automaton& automaton, StateId to) {
  const auto offset = static_cast<StateId>(states.size());
  for (const Automaton::State& state : automaton.states) {
    State copy{state.arcs, {}};
    for (Arc& arc : copy.arcs) arc.target += offset;
    if (state.final) copy.empty.push_back(to);
    states.push_back(std::move(copy));
  }
  return offset;
}

std::optional<Automaton> deterministic(const Draft& draft, std::size_t most, Steps& steps) {
  return subsets(draft, most, true, steps);
}

std::optional<Automaton> without_empty_moves(const Draft& draft, Steps& steps) {
  return subsets(draft, draft.states.size() + 1, false, steps);
}

std::optional<Automaton> merged(Automaton automaton, Steps& steps) {
  const auto size = static_cast<StateId>(automaton.states.size());
  std::vector<StateId> stands_for(size);
  for (StateId s = 0; s < size; ++s) stands_for[s] = s;
  for (bool changed = true; changed;) {
    changed = false;
    ListInterner kinds;
    std::vector<StateId> of;  // kind -> state
    std::vector<std::uint32_t> kind;
    for (StateId s = size; s-- > 0;) {
      if (stands_for[s] != s) continue;
      Automaton::State& state = automaton.states[s];
      if (!steps.spend(1 + state.arcs.size())) return std::nullopt;
      kind.assign(1, state.final);
      for (Arc& arc : state.arcs) {
        arc.target = stands_for[arc.target];
        kind.push_back(arc.symbol);
        kind.push_back(arc.target);
      }
      const std::uint32_t id = kinds.intern(kind);
      if (id == of.size()) {
        of.push_back(s);
      } else {
        stands_for[s] = of[id];
        changed = true;
      }
    }
    for (StateId s = 0; s < size; ++s) stands_for[s] = stands_for[stands_for[s]];
  }
  return numbered(std::move(automaton), stands_for);
}

Automaton without_empty_text(Automaton automaton) {
  if (!automaton.states[0].final) return automaton;
  bool again = false;
  for (const Automaton::State& state : automaton.states) {
    for (const Arc& arc : state.arcs) again |= arc.target == 0;
  }
  if (!again) {
    automaton.states[0].final = false;
    return automaton;
  }
  // The old start stays for those who come back to it.
  const auto old = static_cast<StateId>(automaton.states.size());
  automaton.states.push_back(automaton.states[0]);
  automaton.states[0].final = false;
  for (Automaton::State& state : automaton.states) {
    for (Arc& arc : state.arcs) arc.target = arc.target == 0 ? old : arc.target;
  }
  return automaton;
}

}  // namespace structgen::cfg
