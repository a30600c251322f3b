// The parts of a grammar that are regular languages become terminals.
//
// Two steps, on rules in the order of their use:
//
//   1. Recursion at the sides becomes repetition. With R only counted where it is the first or last part of an
//      alternative, R = pre R | R post | R infix R | core is the same language as
//      pre* core post* (infix pre* core post*)*.  This covers lists written by recursion, left or right,
//      and ambiguous grammars of expressions.
//   2. A rule that does not reach itself any more is a regular language, as long as it is not too large to be
//      written out.
//
// What stays are the rules with nesting, over few and large terminals.
//
// Does not know: automata of rules (network.h).
#pragma once

#include <vector>

#include "cfg/grammar.h"

namespace structgen::cfg {

class Regular {
 public:
  // Rewrites rules of `grammar` that `start` leads to.
  Regular(Grammar& grammar, regex::Store& store, Rule start);

  // The language of an expression, or kNone where it is not known to be regular.
  regex::Regex language(Expr e) const { return e < values_.size() ? values_[e].language : kNone; }
  // The language of a rule, likewise.
  regex::Regex rule_language(Rule rule) const { return rules_[rule].language; }
  // One after the other, if that does not get too large.
  bool joins(Expr x, Expr y) const;

 private:
  struct Value {
    regex::Regex language = kNone;
    std::uint32_t size = 0;
    std::uint32_t depth = 0;
  };

  void without_side_recursion(Rule rule);
  void evaluate(Expr e);

  Grammar& grammar_;
  regex::Store& store_;
  std::vector<Value> values_;  // by expression
  std::vector<Value> rules_;   // by rule
};

}  // namespace structgen::cfg
