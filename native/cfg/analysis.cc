#include "cfg/analysis.h"

#include <algorithm>
#include <utility>

namespace structgen::cfg {

namespace {

using Kind = Grammar::Kind;

// The least set of expressions that holds `seeds` and is closed under: a sequence holds when all of its parts do, a
// choice when one does, a repetition when its body does, a reference when the body of its rule does.
// Dowling & Gallier 1984: one counter for each sequence.
std::vector<bool> closed(const Grammar& grammar, const std::vector<bool>& seeds) {
  const auto size = static_cast<Expr>(grammar.size());
  std::vector<std::uint32_t> first(size + 1), missing(size);
  std::vector<Expr> last_reference(grammar.rules(), kNone), reference_before(size);  // of the same rule
  for (Expr e = 0; e < size; ++e) {
    for (const Expr part : grammar.parts(e)) ++first[part + 1];
    if (grammar[e].kind == Kind::kReference) reference_before[e] = std::exchange(last_reference[grammar[e].a], e);
    missing[e] = grammar[e].kind == Kind::kSequence ? grammar[e].b : 1;
  }
  for (Expr e = 0; e < size; ++e) first[e + 1] += first[e];
  std::vector<Expr> users(first[size]);
  std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
  for (Expr e = 0; e < size; ++e) {
    for (const Expr part : grammar.parts(e)) users[next[part]++] = e;
  }
  std::vector<Rule> last_rule(size, kNone), rule_before(grammar.rules());  // of the same body
  for (Rule rule = 0; rule < grammar.rules(); ++rule) {
    const Expr body = grammar.body(rule);
    if (body != kNone) rule_before[rule] = std::exchange(last_rule[body], rule);
  }

  std::vector<bool> holds(size);
  std::vector<Expr> work;
  const auto found = [&](Expr e) {
    if (!holds[e]) work.push_back(e);
    holds[e] = true;
  };
  for (Expr e = 0; e < size; ++e) {
    if (seeds[e]) found(e);
  }
  while (!work.empty()) {
    const Expr e = work.back();
    work.pop_back();
    for (std::uint32_t i = first[e]; i < first[e + 1]; ++i) {
      if (--missing[users[i]] == 0 || grammar[users[i]].kind != Kind::kSequence) found(users[i]);
    }
    for (Rule rule = last_rule[e]; rule != kNone; rule = rule_before[rule]) {
      for (Expr user = last_reference[rule]; user != kNone; user = reference_before[user]) found(user);
    }
  }
  return holds;
}

bool takes_nothing(const Grammar& grammar, Expr e) {
  const Grammar::Node& node = grammar[e];
  return (node.kind == Kind::kSequence && node.b == 0) || (node.kind == Kind::kRepeat && node.b == 0);
}

// The rules mentioned in a body, in order, with repetitions.
std::vector<Rule> mentioned(const Grammar& grammar, Rule rule) {
  std::vector<Rule> found;
  if (grammar.body(rule) == kNone) return found;
  for (const Expr e : expressions(grammar, grammar.body(rule))) {
    if (grammar[e].kind == Kind::kReference) found.push_back(grammar[e].a);
  }
  return found;
}

}  // namespace

std::vector<Expr> expressions(const Grammar& grammar, Expr body) {
  constexpr std::size_t kUsual = 64;
  std::vector<Expr> found, work;
  found.reserve(kUsual);
  work.reserve(kUsual);
  work.push_back(body);
  while (!work.empty()) {
    found.push_back(work.back());
    work.pop_back();
    const auto parts = grammar.parts(found.back());
    work.insert(work.end(), parts.begin(), parts.end());
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

std::vector<bool> productive(const Grammar& grammar) {
  std::vector<bool> seeds(grammar.size());
  for (Expr e = 0; e < grammar.size(); ++e) {
    const Grammar::Node& node = grammar[e];
    seeds[e] = node.kind == Kind::kLeaf ||
               (node.kind == Kind::kTerminal ? node.a != regex::kNothing : takes_nothing(grammar, e));
  }
  return closed(grammar, seeds);
}

std::vector<bool> nullable(const Grammar& grammar, const regex::Store& store) {
  std::vector<bool> seeds(grammar.size());
  for (Expr e = 0; e < grammar.size(); ++e) {
    const Grammar::Node& node = grammar[e];
    seeds[e] = node.kind == Kind::kTerminal ? store.nullable(node.a) : takes_nothing(grammar, e);
  }
  return closed(grammar, seeds);
}

std::vector<Rule> reachable(const Grammar& grammar, Rule start) {
  std::vector<bool> seen(grammar.rules());
  std::vector<Rule> found{start};
  seen[start] = true;
  for (std::size_t at = 0; at < found.size(); ++at) {
    for (const Rule rule : mentioned(grammar, found[at])) {
      if (!seen[rule]) found.push_back(rule);
      seen[rule] = true;
    }
  }
  return found;
}

std::vector<Component> components(const Grammar& grammar, Rule start) {
  struct Visit {
    Rule rule;
    std::vector<Rule> uses;
    std::size_t next = 0;
  };
  std::vector<std::uint32_t> index(grammar.rules(), kNone), low(grammar.rules());
  std::vector<bool> open(grammar.rules()), loops(grammar.rules());
  std::vector<Rule> stack;
  std::vector<Visit> visits;
  std::vector<Component> found;
  std::uint32_t count = 0;
  const auto enter = [&](Rule rule) {
    index[rule] = low[rule] = count++;
    open[rule] = true;
    stack.push_back(rule);
    visits.push_back({rule, mentioned(grammar, rule)});
  };
  enter(start);
  while (!visits.empty()) {
    Visit& visit = visits.back();
    if (visit.next < visit.uses.size()) {
      const Rule used = visit.uses[visit.next++];
      if (used == visit.rule) loops[used] = true;
      if (index[used] == kNone) {
        enter(used);
      } else if (open[used]) {
        low[visit.rule] = std::min(low[visit.rule], index[used]);
      }
      continue;
    }
    const Rule rule = visit.rule;
    visits.pop_back();
    if (!visits.empty()) low[visits.back().rule] = std::min(low[visits.back().rule], low[rule]);
    if (low[rule] != index[rule]) continue;
    Component component;
    do {
      component.rules.push_back(stack.back());
      open[stack.back()] = false;
      stack.pop_back();
    } while (component.rules.back() != rule);
    component.recursive = component.rules.size() > 1 || loops[rule];
    found.push_back(std::move(component));
  }
  return found;
}

}  // namespace structgen::cfg
