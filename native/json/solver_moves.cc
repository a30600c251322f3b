// Derivatives of counting formulas, and the ways in which one more member or item can
// be read without making the formula false.
#include <algorithm>
#include <unordered_map>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

Formula Solver::schema_of(Formula literal) const {
  const Node& node = formulas_[literal];
  return node.kind == Kind::kMembers ? node.b : node.kind == Kind::kItems ? node.c : node.a;
}

// --- Derivatives ------------------------------------------------------------

// What `literal` becomes when a member (item) it touches satisfies its subschema, or does not.
Formula Solver::next_literal(Formula literal, bool holds, std::uint32_t index, bool lasting) {
  const Node& node = formulas_[literal];
  if (node.kind == Kind::kDistinct) return holds ? kFalse : literal;
  const bool member = node.kind == Kind::kMembers;
  const std::uint32_t left = (member ? node.c : node.d) - (holds ? 1 : 0);
  if (left == 0) return kTrue;
  if (member) {
    if (formulas_.single_key(node.a) == FormulaStore::kNoKey) {
      return formulas_.members(node.a, node.b, left);
    }
    // The key is used up. A literal that is only forbidden may stay: it is never asked again.
    return lasting && !holds ? literal : kFalse;
  }
  if (node.b != kNoStop && node.b - index < left) return kFalse;  // too few positions remain
  return formulas_.items(node.a, node.b, node.c, left);
}

Formula Solver::derive(Formula f, List literals,
                       const std::vector<std::pair<Formula, bool>>& truth, std::uint32_t index) {
  constexpr std::size_t kFew = 8;
  std::unordered_map<Formula, bool> table;
  if (truth.size() > kFew) table.insert(truth.begin(), truth.end());
  const auto outcome = [&](Formula schema) -> std::optional<bool> {
    if (schema == kTrue) return true;
    if (!table.empty()) {
      const auto known = table.find(schema);
      return known == table.end() ? std::nullopt : std::optional(known->second);
    }
    for (const auto& [decided, holds] : truth) {
      if (decided == schema) return holds;
    }
    return std::nullopt;
  };
  std::vector<FormulaStore::Change> changes;
  for (Formula literal : literals) {
    const Formula schema = schema_of(literal);
    if (schema == kFalse) continue;  // nothing was seen yet
    const std::optional<bool> holds = outcome(schema);
    if (!holds) continue;
    const bool lasting = !*holds && index == kMember && contains(forbidden(f), literal);
    const Formula next = next_literal(literal, *holds, index, lasting);
    if (next != literal) changes.emplace_back(literal, next);
  }
  return changes.empty() ? f : formulas_.rewrite(f, changes);
}

std::vector<Solver::Slot> Solver::slots_of(List literals) const {
  std::vector<Slot> slots;
  std::unordered_map<Formula, std::size_t> places;
  for (Formula literal : literals) {
    const Formula schema = schema_of(literal);
    if (schema == kTrue || schema == kFalse) continue;
    const auto [place, added] = places.try_emplace(schema, slots.size());
    if (added) slots.push_back({schema, {}});
    slots[place->second].second.push_back(literal);
  }
  return slots;
}

// --- Moves --------------------------------------------------------------------

const std::vector<Move>& Solver::moves(Formula f, List literals, std::uint32_t index,
                                       Formula must) {
  std::vector<std::uint32_t> key{f, index, must};
  key.insert(key.end(), literals.begin(), literals.end());
  if (auto known = moves_.find(key); known != moves_.end()) return known->second;
  std::vector<Slot> slots = slots_of(literals);
  std::vector<Move> found;
  Move partial{kTrue, derive(f, literals, {}, index), {}};
  const auto first = std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.first == must; });
  if (must != kTrue && first != slots.end()) {
    const std::vector<Formula> driven = std::move(first->second);
    slots.erase(first);
    partial.value = must;
    partial.decisions.emplace_back(must, true);
    partial.rest = derive(partial.rest, driven, {{must, true}}, index);
    partial.rest = settle_by_value(partial.rest, index, slots, partial);
  }
  if (partial.rest != kFalse) enumerate_moves(partial.rest, index, std::move(slots), partial, found);
  return moves_.emplace(std::move(key), std::move(found)).first->second;
}

// Unit propagation first: a subschema whose truth (or falsehood) makes f false is decided.
// Where both remain, branch, as far as some value makes the choice true. The depth is the
// number of different subschemas that one member meets.
void Solver::enumerate_moves(Formula f, std::uint32_t index, std::vector<Slot> slots, Move& partial,
                             std::vector<Move>& out) {
  spend(1 + slots.size());
  if (slots.empty()) {
    if (out.size() >= kMaxMoves) throw BudgetExceeded("alternatives for one member: 4096");
    out.push_back({partial.value, f, partial.decisions});
    return;
  }
  const auto [schema, literals] = std::move(slots.front());
  slots.erase(slots.begin());
  const Formula if_true = derive(f, literals, {{schema, true}}, index);
  const Formula if_false = derive(f, literals, {{schema, false}}, index);
  if (if_true == if_false) return enumerate_moves(if_true, index, std::move(slots), partial, out);
  const bool branches = if_true != kFalse && if_false != kFalse;
  for (const bool holds : {true, false}) {
    Formula rest = holds ? if_true : if_false;
    if (rest == kFalse) continue;
    const Formula before = partial.value;
    const std::size_t decisions = partial.decisions.size();
    partial.value = narrowed(before, schema, holds);
    if (partial.value != kFalse && (!branches || possibly_satisfiable(partial.value))) {
      partial.decisions.emplace_back(schema, holds);
      std::vector<Slot> open = slots;
      if (nearly_fixed(partial.value, holds)) rest = settle_by_value(rest, index, open, partial);
      if (rest != kFalse) enumerate_moves(rest, index, std::move(open), partial, out);
      partial.decisions.resize(decisions);
    }
    partial.value = before;
  }
}

// A value that is nearly fixed decides most other subschemas: those it cannot satisfy.
Formula Solver::settle_by_value(Formula f, std::uint32_t index, std::vector<Slot>& slots, Move& partial) {
  constexpr std::size_t kMany = 4;
  if (slots.size() < kMany) return f;
  std::vector<Formula> touched;
  std::vector<std::pair<Formula, bool>> truth;
  std::erase_if(slots, [&](const Slot& slot) {
    spend(1);
    const Formula both = narrowed(partial.value, slot.first, true);
    if (both != kFalse && possibly_satisfiable(both)) return false;
    truth.emplace_back(slot.first, false);
    touched.insert(touched.end(), slot.second.begin(), slot.second.end());
    return true;
  });
  partial.decisions.insert(partial.decisions.end(), truth.begin(), truth.end());
  return derive(f, touched, truth, index);
}

}  // namespace structgen::json
