#include "cfg/builder.h"

#include <algorithm>

#include "budget.h"
#include "cfg/analysis.h"
#include "cfg/inline.h"
#include "regex/engine.h"

namespace structgen::cfg {

namespace {

using Kind = Grammar::Kind;

// Past so many subsets the automaton keeps its choices: the machine follows several states at a time anyway.
constexpr std::size_t kManySubsets = 4;

}  // namespace

void NetworkBuilder::spend(std::size_t steps) {
  if (!steps_.spend(steps)) throw BudgetExceeded("automata of the rules: 20000000 steps");
}

void NetworkBuilder::build(Rule start) {
  const Regular regular(grammar_, store_, start);
  regular_ = &regular;
  nullable_ = nullable(grammar_, store_);
  productive_ = productive(grammar_);
  part_of_rule_.assign(grammar_.rules(), kNone);
  network_.language_ = regular.rule_language(start);
  part(grammar_.body(start));
  std::vector<Automaton> automata;
  for (std::uint32_t at = 0; at < bodies_.size(); ++at) {  // grows meanwhile
    Draft draft;
    std::vector<Task> tasks{{bodies_[at], Draft::kStart, Draft::kEnd}};
    while (!tasks.empty()) {
      const Task task = tasks.back();
      tasks.pop_back();
      expand(draft, task, tasks);
    }
    automata.push_back(finished(draft, at == 0));
  }
  write_out(automata);
  emit(std::move(automata));
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

// Where the subset construction gets out of hand, the states themselves without their empty moves.
Automaton NetworkBuilder::finished(const Draft& draft, bool may_be_empty) {
  std::optional<Automaton> made = deterministic(draft, kManySubsets * draft.states.size() + 64, steps_);
  if (!made) made = without_empty_moves(draft, steps_);
  if (made) made = merged(*std::move(made), steps_);
  spend(0);
  if (!made) throw BudgetExceeded("automata of the rules: more states than the rule has");
  return may_be_empty ? *std::move(made) : without_empty_text(*std::move(made));
}

void NetworkBuilder::emit(std::vector<Automaton> automata) {
  std::vector<std::uint32_t> number(automata.size(), kNone);
  std::uint32_t parts = 0;
  for (std::uint32_t part = 0; part < automata.size(); ++part) {
    if (!automata[part].states.empty()) number[part] = parts++;
  }
  network_.parts_.resize(parts);
  for (std::uint32_t part = 0; part < automata.size(); ++part) {
    for (Automaton::State& state : automata[part].states) {
      for (Automaton::Arc& arc : state.arcs) {
        if (arc.symbol & kRuleBit) arc.symbol = kRuleBit | number[arc.symbol & ~kRuleBit];
      }
    }
    if (number[part] != kNone) emit(number[part], std::move(automata[part]));
  }
}

// Terminals that lead to the same place become one.
void NetworkBuilder::emit(std::uint32_t part, Automaton automaton) {
  const auto offset = static_cast<StateId>(network_.states_.size());
  network_.parts_[part].start = offset;
  for (Automaton::State& from : automaton.states) {
    std::vector<Automaton::Arc>& arcs = from.arcs;
    std::stable_sort(arcs.begin(), arcs.end(), [](const auto& x, const auto& y) { return x.target < y.target; });
    Network::State state;
    state.final = from.final;
    state.first = static_cast<std::uint32_t>(network_.arcs_.size());
    for (std::size_t i = 0; i < arcs.size();) {
      std::vector<regex::Regex> languages;
      const StateId target = arcs[i].target;
      for (; i < arcs.size() && arcs[i].target == target; ++i) {
        if (arcs[i].symbol & (kRuleBit | kLeafBit)) {
          network_.arcs_.push_back({arcs[i].symbol, offset + target});
        } else {
          languages.push_back(arcs[i].symbol);
        }
      }
      if (!languages.empty()) network_.arcs_.push_back({store_.alternate(languages), offset + target});
    }
    state.last = static_cast<std::uint32_t>(network_.arcs_.size());
    network_.states_.push_back(state);
    network_.part_of_.push_back(part);
  }
}

}  // namespace structgen::cfg
