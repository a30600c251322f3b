// Derivatives of counting formulas, and the ways in which one more member or item can
// be read without making the formula false.
#include <algorithm>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

namespace {

constexpr std::size_t kMaxMoves = 4096;

const bool* find_truth(const std::vector<std::pair<Formula, bool>>& truth, Formula schema) {
  for (const auto& [decided, value] : truth) {
    if (decided == schema) return &value;
  }
  return nullptr;
}

}  // namespace

Formula Solver::schema_of(Formula literal) const {
  const Node& node = formulas_[literal];
  return node.kind == Kind::kMembers ? node.b : node.c;
}

Formula Solver::derive(Formula f, const std::vector<Formula>& literals,
                       const std::vector<std::pair<Formula, bool>>& truth, std::uint32_t index) {
  static const bool kHolds = true;
  std::vector<FormulaStore::Change> changes;
  const bool lasting = index == kMember && profile(f).simple;
  for (Formula literal : literals) {
    const Node& node = formulas_[literal];
    if (node.kind == Kind::kDistinct) continue;
    const Formula schema = schema_of(literal);
    const bool* holds = schema == kTrue ? &kHolds : find_truth(truth, schema);
    if (!holds) continue;
    const bool member = node.kind == Kind::kMembers;
    const std::uint32_t left = (member ? node.c : node.d) - (*holds ? 1 : 0);
    Formula next = literal;
    if (left == 0) {
      next = kTrue;
    } else if (member) {
      if (formulas_.single_key(node.a) != FormulaStore::kNoKey) {
        // The key is used up. Under a plain conjunction the literal may stay: it is never asked again.
        next = lasting && !*holds ? literal : kFalse;
      } else {
        next = formulas_.members(node.a, node.b, left);
      }
    } else if (node.b != kNoStop && node.b - index < left) {
      next = kFalse;  // too few positions remain
    } else {
      next = formulas_.items(node.a, node.b, node.c, left);
    }
    if (next != literal) changes.emplace_back(literal, next);
  }
  return changes.empty() ? f : formulas_.rewrite(f, changes);
}

const std::vector<Move>& Solver::moves(Formula f, const std::vector<Formula>& literals, std::uint32_t index) {
  std::vector<std::uint32_t> key{f, index};
  key.insert(key.end(), literals.begin(), literals.end());
  if (auto known = moves_.find(key); known != moves_.end()) return known->second;

  std::vector<std::pair<Formula, std::vector<Formula>>> slots;  // subschema, its literals
  for (Formula literal : literals) {
    if (formulas_[literal].kind == Kind::kDistinct) continue;
    const Formula schema = schema_of(literal);
    if (schema == kTrue) continue;
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const auto& s) { return s.first == schema; });
    if (slot == slots.end()) slot = slots.insert(slots.end(), {schema, {}});
    slot->second.push_back(literal);
  }
  std::vector<Move> found;
  Move partial{kTrue, derive(f, literals, {}, index), {}};
  if (partial.rest != kFalse) enumerate_moves(partial.rest, index, slots, 0, partial, found);
  return moves_.emplace(std::move(key), std::move(found)).first->second;
}

std::vector<std::pair<Formula, bool>> Solver::common_decisions(Formula f, const std::vector<Formula>& literals,
                                                               std::uint32_t index) {
  std::vector<std::pair<Formula, bool>> common;
  if (index == kMember && profile(f).simple) {
    for (Formula literal : literals) {
      if (schema_of(literal) != kTrue) common.emplace_back(schema_of(literal), false);
    }
    return common;
  }
  const std::vector<Move>& ways = moves(f, literals, index);
  if (ways.empty()) return common;
  common = ways.front().decisions;
  for (const Move& move : ways) {
    std::erase_if(common, [&](const auto& decision) {
      return std::find(move.decisions.begin(), move.decisions.end(), decision) == move.decisions.end();
    });
  }
  return common;
}

// Unit propagation first: a subschema whose truth (or falsehood) makes f false is decided.
// Where both remain, branch, as far as some value makes the choice true. The depth is the
// number of different subschemas that one member meets.
void Solver::enumerate_moves(Formula f, std::uint32_t index,
                             const std::vector<std::pair<Formula, std::vector<Formula>>>& slots,
                             std::size_t next, Move& partial, std::vector<Move>& out) {
  spend(1 + slots.size() - next);
  if (next == slots.size()) {
    if (out.size() >= kMaxMoves) throw BudgetExceeded("alternatives for one member: 4096");
    out.push_back({partial.value, f, partial.decisions});
    return;
  }
  const auto& [schema, literals] = slots[next];
  const Formula if_true = derive(f, literals, {{schema, true}}, index);
  const Formula if_false = derive(f, literals, {{schema, false}}, index);
  if (if_true == if_false) return enumerate_moves(if_true, index, slots, next + 1, partial, out);
  const bool branches = if_true != kFalse && if_false != kFalse;
  for (const bool holds : {true, false}) {
    const Formula rest = holds ? if_true : if_false;
    if (rest == kFalse) continue;
    const Formula before = partial.value;
    partial.value = formulas_.all({before, holds ? schema : formulas_.negate(schema)});
    if (partial.value != kFalse && (!branches || possibly_satisfiable(partial.value))) {
      partial.decisions.emplace_back(schema, holds);
      enumerate_moves(rest, index, slots, next + 1, partial, out);
      partial.decisions.pop_back();
    }
    partial.value = before;
  }
}

}  // namespace structgen::json
