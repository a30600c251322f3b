// From rules to automata: Thompson's construction over symbols, subsets, and states that go on alike merged.
//
// Does not know: notation; what an automaton is used for.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "cfg/network.h"
#include "cfg/regular.h"
#include "interner.h"

namespace structgen::cfg {

class NetworkBuilder {
 public:
  NetworkBuilder(Network& network, Grammar& grammar, regex::Store& store)
      : network_(network), grammar_(grammar), store_(store) {}
  void build(Rule start);

 private:
  using StateId = Network::StateId;
  using Arc = Network::Arc;
  struct Draft {  // an automaton with empty moves
    struct State {
      std::vector<Arc> arcs;
      std::vector<StateId> empty;
    };
    std::vector<State> states;
    StateId add() {
      states.emplace_back();
      return static_cast<StateId>(states.size() - 1);
    }
  };
  struct Subset {  // a state of the result
    std::vector<Arc> arcs;
    bool final = false;
  };
  struct Task {
    Expr e;
    StateId from, to;
  };

  std::uint32_t part(Expr body);
  std::uint32_t rule_part(Rule rule);
  void add_symbol(Draft& draft, std::uint32_t symbol, bool skip, StateId from, StateId to);
  void add_terminal(Draft& draft, regex::Regex language, StateId from, StateId to);
  void add_part(Draft& draft, Expr e, StateId from, StateId to);
  void expand(Draft& draft, const Task& task, std::vector<Task>& tasks);
  void add_sequence(Draft& draft, const Task& task, std::vector<Task>& tasks);
  void add_repeat(Draft& draft, const Task& task, std::vector<Task>& tasks);
  std::vector<StateId> reach(const Draft& draft, const std::vector<StateId>& from);
  std::vector<Subset> subsets(const Draft& draft);
  void emit(std::uint32_t part, std::vector<Subset> states);
  void spend(std::size_t steps);

  Network& network_;
  Grammar& grammar_;
  regex::Store& store_;
  const Regular* regular_ = nullptr;
  std::vector<bool> nullable_, productive_;
  std::vector<std::uint32_t> part_of_rule_;
  std::unordered_map<Expr, std::uint32_t> part_of_body_;
  std::vector<Expr> bodies_;  // by part
  std::vector<std::uint32_t> visited_;
  std::uint32_t round_ = 0;
  std::size_t steps_ = 0;
};

}  // namespace structgen::cfg
