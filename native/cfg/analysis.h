// What can be read off a grammar before anything is built: which expressions derive something, which derive the
// empty string, which rules a rule needs, and in what order to look at rules.
//
// Everything here is linear in the size of the grammar and without recursion.
//
// Does not know: automata.
#pragma once

#include <vector>

#include "cfg/grammar.h"

namespace structgen::cfg {

// By expression: does it derive a string at all?
std::vector<bool> productive(const Grammar& grammar);
// By expression: does it derive the empty string?
std::vector<bool> nullable(const Grammar& grammar, const regex::Store& store);
// The rules that `start` leads to, itself first, in the order of their first mention.
std::vector<Rule> reachable(const Grammar& grammar, Rule start);

// Strongly connected components of the rules that `start` leads to (Tarjan 1972), what is used first: a rule comes
// after all that it uses, but for those in its own component.
struct Component {
  std::vector<Rule> rules;
  bool recursive = false;
};
std::vector<Component> components(const Grammar& grammar, Rule start);

// The expressions that a body is made of, each once, in ascending order.
std::vector<Expr> expressions(const Grammar& grammar, Expr body);

}  // namespace structgen::cfg
