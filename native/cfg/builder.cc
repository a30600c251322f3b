#include "cfg/builder.h"

#include <algorithm>

#include "budget.h"
#include "cfg/analysis.h"
#include "regex/engine.h"

namespace structgen::cfg {

namespace {

using Kind = Grammar::Kind;

constexpr std::size_t kMostSteps = 20'000'000;
// Past so many subsets the automaton keeps its choices: the machine follows several states at a time anyway.
constexpr std::size_t kManySubsets = 4;

}  // namespace

void NetworkBuilder::spend(std::size_t steps) {
  steps_ += steps;
  if (steps_ > kMostSteps) throw BudgetExceeded("automata of the rules: 20000000 steps");
}

void NetworkBuilder::build(Rule start) {
  const Regular regular(grammar_, store_, start);
  regular_ = &regular;
  nullable_ = nullable(grammar_, store_);
  productive_ = productive(grammar_);
  part_of_rule_.assign(grammar_.rules(), kNone);
  network_.language_ = regular.rule_language(start);
  part(grammar_.body(start));
  network_.parts_.reserve(bodies_.size());
  for (std::uint32_t at = 0; at < bodies_.size(); ++at) {  // grows meanwhile
    Draft draft;
    const StateId from = draft.add(), to = draft.add();
    std::vector<Task> tasks{{bodies_[at], from, to}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      expand(draft, task, tasks);
    }
    emit(at, subsets(draft));
  }
}

std::uint32_t NetworkBuilder::part(Expr body) {
  const auto [entry, added] = part_of_body_.try_emplace(body, static_cast<std::uint32_t>(bodies_.size()));
  if (added) bodies_.push_back(body);
  return entry->second;
}

std::uint32_t NetworkBuilder::rule_part(Rule rule) {
  if (part_of_rule_[rule] == kNone) {
    // Part 0 is the whole text, which may be empty and is never used inside of itself.
    const Expr body = grammar_.body(rule);
    if (body == bodies_[0]) {
      part_of_rule_[rule] = static_cast<std::uint32_t>(bodies_.size());
      bodies_.push_back(body);
    } else {
      part_of_rule_[rule] = part(body);
    }
  }
  return part_of_rule_[rule];
}

void NetworkBuilder::add_symbol(Draft& draft, std::uint32_t symbol, bool skip, StateId from, StateId to) {
  draft.states[from].arcs.push_back({symbol, to});
  if (skip) draft.states[from].empty.push_back(to);
}

void NetworkBuilder::add_terminal(Draft& draft, regex::Regex language, StateId from, StateId to) {
  if (store_.nullable(language)) draft.states[from].empty.push_back(to);
  const regex::Regex rest = store_.engine().without_epsilon(language);
  if (rest != regex::kNothing && !store_.empty(rest)) draft.states[from].arcs.push_back({rest, to});
}

// The expression as one symbol.
void NetworkBuilder::add_part(Draft& draft, Expr e, StateId from, StateId to) {
  if (const regex::Regex language = regular_->language(e); language != kNone) {
    add_terminal(draft, language, from, to);
  } else if (grammar_[e].kind == Kind::kLeaf) {
    draft.states[from].arcs.push_back({kLeafBit | grammar_[e].a, to});
  } else if (grammar_[e].kind == Kind::kReference) {
    add_symbol(draft, kRuleBit | rule_part(grammar_[e].a), nullable_[e], from, to);
  } else {
    add_symbol(draft, kRuleBit | part(e), nullable_[e], from, to);
  }
}

void NetworkBuilder::expand(Draft& draft, const Task& task, std::vector<Task>& tasks) {
  spend(1);
  if (!productive_[task.e]) return;
  if (regular_->language(task.e) != kNone) {
    add_terminal(draft, regular_->language(task.e), task.from, task.to);
    return;
  }
  switch (grammar_[task.e].kind) {
    case Kind::kTerminal:
    case Kind::kLeaf:
    case Kind::kReference:
      add_part(draft, task.e, task.from, task.to);
      break;
    case Kind::kSequence:
      add_sequence(draft, task, tasks);
      break;
    case Kind::kChoice: {
      std::vector<regex::Regex> languages;
      for (const Expr part : grammar_.parts(task.e)) {
        if (regular_->language(part) != kNone) {
          languages.push_back(regular_->language(part));
        } else {
          tasks.push_back({part, task.from, task.to});
        }
      }
      if (!languages.empty()) add_terminal(draft, store_.alternate(languages), task.from, task.to);
      break;
    }
    case Kind::kRepeat:
      add_repeat(draft, task, tasks);
      break;
  }
}

// Neighbours that are regular become one terminal.
void NetworkBuilder::add_sequence(Draft& draft, const Task& task, std::vector<Task>& tasks) {
  const auto parts = grammar_.parts(task.e);
  StateId from = task.from;
  if (parts.empty()) draft.states[from].empty.push_back(task.to);
  for (std::size_t i = 0; i < parts.size();) {
    std::size_t last = i + 1;
    while (last < parts.size() && last - i < 1000 && regular_->joins(parts[last - 1], parts[last])) ++last;
    const StateId to = last == parts.size() ? task.to : draft.add();
    if (last - i > 1) {
      std::vector<regex::Regex> languages;
      for (std::size_t at = i; at < last; ++at) languages.push_back(regular_->language(parts[at]));
      add_terminal(draft, store_.concat(languages), from, to);
    } else {
      tasks.push_back({parts[i], from, to});
    }
    from = to;
    i = last;
  }
}

void NetworkBuilder::add_repeat(Draft& draft, const Task& task, std::vector<Task>& tasks) {
  const Grammar::Node node = grammar_[task.e];
  const Expr body = node.a;
  const bool empty = nullable_[body];
  const std::uint32_t min = empty ? 0 : node.b;  // every round may be the empty one
  const std::uint32_t max = node.c;
  if (!productive_[body] || max == 0) {
    draft.states[task.from].empty.push_back(task.to);
    return;
  }
  if (min == 0 && max == 1) {
    draft.states[task.from].empty.push_back(task.to);
    tasks.push_back({body, task.from, task.to});
    return;
  }
  if (max == regex::kUnbounded && min <= 1) {
    const StateId in = draft.add(), out = draft.add();
    draft.states[task.from].empty.push_back(in);
    draft.states[out].empty.push_back(in);
    draft.states[out].empty.push_back(task.to);
    if (min == 0) draft.states[in].empty.push_back(out);
    tasks.push_back({body, in, out});
    return;
  }
  // Counted: one symbol a round, so that the rounds cost no more than their number.
  const std::uint32_t rounds = max == regex::kUnbounded ? min : max;
  spend(rounds);
  StateId from = task.from;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    if (i >= min) draft.states[from].empty.push_back(task.to);
    const StateId to = draft.add();
    add_part(draft, body, from, to);
    if (empty) std::erase(draft.states[from].empty, to);
    from = to;
  }
  draft.states[from].empty.push_back(task.to);
  if (max == regex::kUnbounded) add_part(draft, body, from, from);
}

// What empty moves lead to, ascending; only states that read something, and the last one.
std::vector<Network::StateId> NetworkBuilder::reach(const Draft& draft, const std::vector<StateId>& from) {
  ++round_;
  visited_.resize(std::max(visited_.size(), draft.states.size()), 0);
  std::vector<StateId> work, found;
  const auto visit = [&](StateId s) {
    if (visited_[s] != round_) work.push_back(s);
    visited_[s] = round_;
  };
  for (const StateId s : from) visit(s);
  while (!work.empty()) {
    const StateId s = work.back();
    work.pop_back();
    spend(1 + draft.states[s].empty.size());
    if (!draft.states[s].arcs.empty() || s == 1) found.push_back(s);
    for (const StateId next : draft.states[s].empty) visit(next);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// The subset construction; where it gets out of hand, the states themselves without their empty moves.
std::vector<NetworkBuilder::Subset> NetworkBuilder::subsets(const Draft& draft) {
  for (const bool merge : {true, false}) {
    VectorInterner ids;
    std::vector<Subset> result;
    const std::size_t most = merge ? kManySubsets * draft.states.size() + 64 : draft.states.size() + 1;
    ids.intern(reach(draft, {0}));
    for (std::uint32_t at = 0; at < ids.size() && ids.size() <= most; ++at) {
      const std::vector<StateId> members = ids[at];
      Subset subset;
      subset.final = !members.empty() && std::binary_search(members.begin(), members.end(), StateId{1});
      std::vector<Arc> arcs;
      for (const StateId s : members) arcs.insert(arcs.end(), draft.states[s].arcs.begin(), draft.states[s].arcs.end());
      spend(arcs.size() + 1);
      std::sort(arcs.begin(), arcs.end(), [](const Arc& x, const Arc& y) {
        return x.symbol != y.symbol ? x.symbol < y.symbol : x.target < y.target;
      });
      for (std::size_t i = 0; i < arcs.size();) {
        std::vector<StateId> targets;
        const std::uint32_t symbol = arcs[i].symbol;
        do {
          targets.push_back(arcs[i++].target);
        } while (merge && i < arcs.size() && arcs[i].symbol == symbol);
        subset.arcs.push_back({symbol, ids.intern(reach(draft, targets))});
      }
      result.push_back(std::move(subset));
    }
    if (result.size() == ids.size()) return result;
  }
  throw BudgetExceeded("automata of the rules: more states than the rule has");
}

// States that go on alike become one, terminals that lead to the same place become one, and what is left goes into
// the network. A rule that may be empty begins in a state that is not final: whoever uses it can skip it.
void NetworkBuilder::emit(std::uint32_t part, std::vector<Subset> states) {
  const auto size = static_cast<StateId>(states.size());
  std::vector<StateId> stands_for(size);
  for (StateId s = 0; s < size; ++s) stands_for[s] = s;
  for (bool changed = true; changed;) {
    changed = false;
    VectorInterner kinds;
    std::vector<StateId> of;  // kind -> state
    for (StateId s = size; s-- > 0;) {
      if (stands_for[s] != s) continue;
      spend(1 + states[s].arcs.size());
      std::vector<std::uint32_t> kind{states[s].final};
      for (Arc& arc : states[s].arcs) {
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
  StateId start = stands_for[0];
  if (part != 0 && states[start].final) {
    bool again = false;
    for (StateId s = 0; s < size; ++s) {
      for (const Arc& arc : states[s].arcs) again |= stands_for[s] == s && arc.target == start;
    }
    if (again) {
      states.push_back({states[start].arcs, false});
      start = static_cast<StateId>(states.size() - 1);
      stands_for.push_back(start);
    } else {
      states[start].final = false;
    }
  }
  // In the order in which they are met, so that equal grammars get equal numbers.
  std::vector<StateId> order{start}, number(states.size(), kNone);
  const auto offset = static_cast<StateId>(network_.states_.size());
  number[start] = offset;
  for (std::size_t at = 0; at < order.size(); ++at) {
    for (const Arc& arc : states[order[at]].arcs) {
      const StateId target = stands_for[arc.target];
      if (number[target] != kNone) continue;
      number[target] = offset + static_cast<StateId>(order.size());
      order.push_back(target);
    }
  }
  for (const StateId s : order) {
    std::vector<Arc>& arcs = states[s].arcs;
    for (Arc& arc : arcs) arc.target = number[stands_for[arc.target]];
    std::stable_sort(arcs.begin(), arcs.end(), [](const Arc& x, const Arc& y) { return x.target < y.target; });
    Network::State state;
    state.final = states[s].final;
    state.first = static_cast<std::uint32_t>(network_.arcs_.size());
    for (std::size_t i = 0; i < arcs.size();) {
      std::vector<regex::Regex> languages;
      const StateId target = arcs[i].target;
      for (; i < arcs.size() && arcs[i].target == target; ++i) {
        if (arcs[i].symbol & (kRuleBit | kLeafBit)) {
          network_.arcs_.push_back(arcs[i]);
        } else {
          languages.push_back(arcs[i].symbol);
        }
      }
      if (!languages.empty()) network_.arcs_.push_back({store_.alternate(languages), target});
    }
    state.last = static_cast<std::uint32_t>(network_.arcs_.size());
    network_.states_.push_back(state);
    network_.part_of_.push_back(part);
  }
  network_.parts_.resize(std::max<std::size_t>(network_.parts_.size(), part + 1));
  network_.parts_[part].start = offset;
}

}  // namespace structgen::cfg
