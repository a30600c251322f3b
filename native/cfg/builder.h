// From rules to automata: Thompson's construction over symbols (automaton.h does the rest), and into the network.
//
// Does not know: notation; what an automaton is used for.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include "cfg/automaton.h"
#include "cfg/network.h"
#include "cfg/regular.h"

namespace structgen::cfg {

class NetworkBuilder {
 public:
  NetworkBuilder(Network& network, Grammar& grammar, regex::Store& store)
      : network_(network), grammar_(grammar), store_(store) {}
  void build(Rule start);

 private:
  using StateId = Network::StateId;
  using Arc = Network::Arc;
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
  Automaton finished(const Draft& draft, bool may_be_empty);
  void emit(std::vector<Automaton> automata);
  void emit(std::uint32_t part, Automaton automaton);
  void spend(std::size_t steps);

  Network& network_;
  Grammar& grammar_;
  regex::Store& store_;
  const Regular* regular_ = nullptr;
  std::vector<bool> nullable_, productive_;
  std::vector<std::uint32_t> part_of_rule_;
  std::unordered_map<Expr, std::uint32_t> part_of_body_;
  std::vector<Expr> bodies_;  // by part
  static constexpr std::size_t kMostSteps = 20'000'000;
  Steps steps_{kMostSteps};
};

}  // namespace structgen::cfg
