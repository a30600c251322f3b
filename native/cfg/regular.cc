#include "cfg/regular.h"

#include <algorithm>

#include "cfg/analysis.h"

namespace structgen::cfg {

namespace {

using Kind = Grammar::Kind;

// Larger languages stay rules: copies of them, one for each use, would cost more than they save.
constexpr std::uint32_t kMostSize = 20'000;
constexpr std::uint32_t kMostDepth = 400;

}  // namespace

Regular::Regular(Grammar& grammar, regex::Store& store, Rule start)
    : grammar_(grammar), store_(store), rules_(grammar.rules()) {
  for (const Rule rule : reachable(grammar, start)) without_side_recursion(rule);
  values_.resize(grammar.size());
  for (const Component& component : components(grammar, start)) {
    for (const Rule rule : component.rules) {
      const Expr body = grammar.body(rule);
      for (const Expr e : expressions(grammar, body)) evaluate(e);
      if (!component.recursive) rules_[rule] = values_[body];
    }
  }
}

void Regular::without_side_recursion(Rule rule) {
  const auto is_rule = [&](Expr e) { return grammar_[e].kind == Kind::kReference && grammar_[e].a == rule; };
  std::vector<Expr> alternatives, work{grammar_.body(rule)};
  while (!work.empty()) {
    const Expr e = work.back();
    work.pop_back();
    if (grammar_[e].kind != Kind::kChoice) {
      alternatives.push_back(e);
      continue;
    }
    const auto parts = grammar_.parts(e);
    work.insert(work.end(), parts.rbegin(), parts.rend());
  }
  std::vector<Expr> before, after, between, core;
  for (const Expr alternative : alternatives) {
    std::vector<Expr> parts{alternative};
    if (grammar_[alternative].kind == Kind::kSequence) {
      const auto listed = grammar_.parts(alternative);
      parts.assign(listed.begin(), listed.end());
    }
    const bool starts = !parts.empty() && is_rule(parts.front());
    const bool ends = parts.size() > 1 && is_rule(parts.back());
    if (!starts && !ends) {
      core.push_back(alternative);
      continue;
    }
    if (parts.size() == 1) continue;  // R = R says nothing
    const std::vector<Expr> rest(parts.begin() + (starts ? 1 : 0), parts.end() - (ends ? 1 : 0));
    (starts && ends ? between : starts ? after : before).push_back(grammar_.sequence(rest));
  }
  // Where the rule also stands inside of itself, only an infix is worth it: recursion to one side is no trouble to a
  // machine with a stack, and a loop beside a nested rule that begins alike would be ambiguous.
  if (between.empty()) {
    if (core.size() == alternatives.size()) return;
    for (const std::vector<Expr>* parts : {&before, &after, &core}) {
      for (const Expr part : *parts) {
        const std::vector<Expr> within = expressions(grammar_, part);
        if (std::any_of(within.begin(), within.end(), is_rule)) return;
      }
    }
  }
  const auto any_number = [&](const std::vector<Expr>& choices) {
    return grammar_.repeat(grammar_.choice(choices), 0, regex::kUnbounded);
  };
  std::vector<Expr> operand;
  if (!before.empty()) operand.push_back(any_number(before));
  operand.push_back(grammar_.choice(core));
  if (!after.empty()) operand.push_back(any_number(after));
  if (!between.empty()) {
    std::vector<Expr> next{grammar_.choice(between)};
    next.insert(next.end(), operand.begin(), operand.end());
    operand.push_back(grammar_.repeat(grammar_.sequence(next), 0, regex::kUnbounded));
  }
  grammar_.define(rule, grammar_.sequence(operand));
}

bool Regular::joins(Expr x, Expr y) const {
  return language(x) != kNone && language(y) != kNone && values_[x].size + values_[y].size <= kMostSize;
}

// Its parts come first.
void Regular::evaluate(Expr e) {
  const Grammar::Node node = grammar_[e];
  Value& value = values_[e];
  if (value.language != kNone) return;
  if (node.kind == Kind::kTerminal) {
    value = {node.a, 1, 1};
    return;
  }
  if (node.kind == Kind::kLeaf) return;
  if (node.kind == Kind::kReference) {
    value = rules_[node.a];
    return;
  }
  std::uint64_t size = 1;
  std::uint32_t depth = 0;
  std::vector<regex::Regex> languages;
  for (const Expr part : grammar_.parts(e)) {
    const Value& of = values_[part];
    if (of.language == kNone) return;
    size += of.size;
    depth = std::max(depth, of.depth);
    if (size > kMostSize) return;
    languages.push_back(of.language);
  }
  if (depth >= kMostDepth) return;
  value.size = static_cast<std::uint32_t>(size);
  value.depth = depth + 1;
  if (node.kind == Kind::kSequence) {
    value.language = store_.concat(languages);
  } else if (node.kind == Kind::kChoice) {
    value.language = store_.alternate(languages);
  } else {
    value.language = store_.repeat(languages[0], node.b, node.c);
  }
}

}  // namespace structgen::cfg
