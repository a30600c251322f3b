#include "cfg/network.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "budget.h"
#include "cfg/builder.h"
#include "regex/engine.h"

namespace structgen::cfg {

Network::Network(Grammar& grammar, regex::Store& store, Rule start) {
  NetworkBuilder(*this, grammar, store).build(start);
  leaves_ = grammar.leaves();
  find_first_and_follow(store);
  leave_out_dead_ends();
  end_ = static_cast<StateId>(states_.size());
  const auto last = static_cast<std::uint32_t>(arcs_.size());
  states_.push_back({last, last, true, 0, 0});
}

std::size_t Network::memory_bytes() const {
  return states_.capacity() * sizeof(State) + arcs_.capacity() * sizeof(Arc) +
         parts_.capacity() * sizeof(Automaton) + part_of_.capacity() * 4 + leaves_.capacity() * (sizeof(Leaf) + 32);
}

std::vector<std::uint32_t> Network::signature() const {
  std::vector<std::uint32_t> words{static_cast<std::uint32_t>(parts_.size()), language_};
  for (const Automaton& part : parts_) words.push_back(part.start);
  for (const State& state : states_) {
    words.push_back(state.final ? 1 : 0);
    words.push_back(state.last - state.first);
    for (std::uint32_t i = state.first; i < state.last; ++i) {
      words.push_back(arcs_[i].symbol);
      words.push_back(arcs_[i].target);
    }
  }
  for (const Leaf& leaf : leaves_) {
    const auto machine = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(leaf.machine));
    words.insert(words.end(), {static_cast<std::uint32_t>(machine), static_cast<std::uint32_t>(machine >> 32),
                               leaf.start});
  }
  return words;
}

regex::ByteSet Network::first_of(std::uint32_t symbol, regex::Store& store) const {
  if (symbol & kRuleBit) return parts_[symbol & ~kRuleBit].first;
  return symbol & kLeafBit ? leaf(symbol).first : store.engine().first_bytes(symbol);
}

// Sets of bytes only grow, so a worklist of parts whose set grew ends soon.
void Network::find_first_and_follow(regex::Store& store) {
  struct Use {
    Part of;  // the automaton in which it stands
    StateId target;
  };
  std::vector<std::vector<Use>> uses(parts_.size());
  std::vector<std::vector<Part>> begins(parts_.size());  // part -> parts that may begin with it
  for (StateId s = 0; s < states_.size(); ++s) {
    for (std::uint32_t i = states_[s].first; i < states_[s].last; ++i) {
      if (arcs_[i].symbol & kRuleBit) uses[arcs_[i].symbol & ~kRuleBit].push_back({part_of_[s], arcs_[i].target});
    }
  }
  std::vector<Part> work;
  for (Part part = 0; part < parts_.size(); ++part) {
    const State& start = states_[parts_[part].start];
    for (std::uint32_t i = start.first; i < start.last; ++i) {
      const std::uint32_t symbol = arcs_[i].symbol;
      if (symbol & kRuleBit) {
        begins[symbol & ~kRuleBit].push_back(part);
      } else {
        parts_[part].first = parts_[part].first | first_of(symbol, store);
      }
    }
    work.push_back(part);
  }
  while (!work.empty()) {
    const Part part = work.back();
    work.pop_back();
    for (const Part other : begins[part]) {
      const regex::ByteSet grown = parts_[other].first | parts_[part].first;
      if (grown == parts_[other].first) continue;
      parts_[other].first = grown;
      work.push_back(other);
    }
  }
  std::vector<std::vector<Part>> ends(parts_.size());  // part -> parts that may end with it
  for (Part part = 0; part < parts_.size(); ++part) {
    for (const Use& use : uses[part]) {
      const State& next = states_[use.target];
      for (std::uint32_t i = next.first; i < next.last; ++i) {
        parts_[part].follow = parts_[part].follow | first_of(arcs_[i].symbol, store);
      }
      if (next.final) ends[use.of].push_back(part);
    }
    work.push_back(part);
  }
  while (!work.empty()) {
    const Part part = work.back();
    work.pop_back();
    for (const Part other : ends[part]) {
      const regex::ByteSet grown = parts_[other].follow | parts_[part].follow;
      if (grown == parts_[other].follow) continue;
      parts_[other].follow = grown;
      work.push_back(other);
    }
  }
}

void Network::find_distances(regex::Store& store) {
  if (measured_) return;
  settle([&](std::uint32_t symbol) -> std::uint64_t {
    return symbol & kLeafBit ? leaf(symbol).shortest.size() : store.distance(symbol);
  });
  measured_ = true;
}

// Knuth 1977: Dijkstra's algorithm where an arc may cost as much as a shortest text of another automaton. What
// terminals and leaves cost is asked for; a state from which no end is reached stays far.
template <class Cost>
void Network::settle(const Cost& cost_of) {
  struct Use {
    StateId from;
    std::uint32_t arc;
  };
  std::vector<std::vector<Use>> into(states_.size());
  std::vector<std::vector<Use>> by(parts_.size());
  std::vector<std::vector<Part>> starts(states_.size());
  std::vector<bool> settled(states_.size());
  using Entry = std::pair<std::uint64_t, StateId>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  for (Part part = 0; part < parts_.size(); ++part) starts[parts_[part].start].push_back(part);
  for (StateId s = 0; s < states_.size(); ++s) {
    for (std::uint32_t i = states_[s].first; i < states_[s].last; ++i) {
      into[arcs_[i].target].push_back({s, i});
      if (arcs_[i].symbol & kRuleBit) by[arcs_[i].symbol & ~kRuleBit].push_back({s, i});
    }
    states_[s].distance = states_[s].final ? 0 : kFar;
    if (states_[s].final) queue.push({0, s});
  }
  const auto relax = [&](const Use& use) {
    const Arc& arc = arcs_[use.arc];
    if (!settled[arc.target]) return;
    std::uint64_t cost = 0;
    if (arc.symbol & kRuleBit) {
      const StateId start = parts_[arc.symbol & ~kRuleBit].start;
      if (!settled[start]) return;
      cost = states_[start].distance;
    } else {
      cost = cost_of(arc.symbol);
    }
    const std::uint64_t most = kFar / 4;  // doubled again and again, a length leaves every integer type
    cost = std::min(most, cost + states_[arc.target].distance);
    State& from = states_[use.from];
    if (cost >= from.distance) return;
    from.distance = cost;
    from.way = use.arc;
    queue.push({cost, use.from});
  };
  while (!queue.empty()) {
    const auto [distance, s] = queue.top();
    queue.pop();
    if (settled[s] || distance != states_[s].distance) continue;
    settled[s] = true;
    for (const Use& use : into[s]) relax(use);
    for (const Part part : starts[s]) {
      for (const Use& use : by[part]) relax(use);
    }
  }
}

// Arcs that lead nowhere go: a rule whose only string is the empty one reads nothing.
void Network::leave_out_dead_ends() {
  settle([](std::uint32_t) { return std::uint64_t{1}; });
  const auto ends = [this](StateId s) { return states_[s].distance != kFar; };
  std::vector<Arc> kept;
  for (State& state : states_) {
    const std::uint32_t first = std::exchange(state.first, static_cast<std::uint32_t>(kept.size()));
    for (std::uint32_t i = first; i < state.last; ++i) {
      const Arc& arc = arcs_[i];
      const bool reads = !(arc.symbol & kRuleBit) || ends(parts_[arc.symbol & ~kRuleBit].start);
      if (reads && ends(arc.target)) kept.push_back(arc);
    }
    state.last = static_cast<std::uint32_t>(kept.size());
  }
  arcs_ = std::move(kept);
}

void Network::append_way(StateId s, regex::Store& store, std::size_t most, std::string& text) const {
  std::vector<StateId> open{s};  // what is left to be read, the next on top
  while (!open.empty() && text.size() < most) {
    const State& state = states_[open.back()];
    open.pop_back();
    if (state.final) continue;
    const Arc& arc = arcs_[state.way];
    open.push_back(arc.target);
    if (arc.symbol & kRuleBit) {
      open.push_back(parts_[arc.symbol & ~kRuleBit].start);
    } else {
      text += arc.symbol & kLeafBit ? leaf(arc.symbol).shortest : store.witness(arc.symbol);
    }
  }
}

}  // namespace structgen::cfg
