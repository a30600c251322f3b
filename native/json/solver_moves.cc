// Derivatives of counting formulas, and the ways in which one more member or item can
// be read without making the formula false.
#include <algorithm>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

namespace {

constexpr std::size_t kMaxMoves = 4096;

}  // namespace

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

Formula Solver::derive(Formula f, const std::vector<Formula>& literals,
                       const std::vector<std::pair<Formula, bool>>& truth, std::uint32_t index) {
  std::vector<FormulaStore::Change> changes;
  for (Formula literal : literals) {
    const Formula schema = schema_of(literal);
    if (schema == kFalse) continue;  // nothing was seen yet
    bool holds = true;
    if (schema != kTrue) {
      auto decision = std::find_if(truth.begin(), truth.end(), [&](const auto& d) { return d.first == schema; });
      if (decision == truth.end()) continue;
      holds = decision->second;
    }
    const bool lasting = index == kMember && profile(f).forbidden.count(literal) != 0;
    const Formula next = next_literal(literal, holds, index, lasting);
    if (next != literal) changes.emplace_back(literal, next);
  }
  return changes.empty() ? f : formulas_.rewrite(f, changes);
}

std::vector<Solver::Slot> Solver::slots_of(const std::vector<Formula>& literals) const {
  std::vector<Slot> slots;
  for (Formula literal : literals) {
    const Formula schema = schema_of(literal);
    if (schema == kTrue || schema == kFalse) continue;
    auto slot = std::find_if(slots.begin(), slots.end(), [&](const Slot& s) { return s.first == schema; });
    if (slot == slots.end()) slot = slots.insert(slots.end(), {schema, {}});
    slot->second.push_back(literal);
  }
  return slots;
}

// --- Goals --------------------------------------------------------------------

struct Solver::Bound {
  std::span<const Slot> open;                   // subschemas whose truth is chosen
  bool favourable;                              // by a friend, or by an opponent
  std::uint32_t index;
  const std::unordered_set<Formula>& lasting;   // literals that stay as they are when missed
};

// f if a friend (an opponent) could choose the truth of the open subschemas for each place in
// f anew. So bound(unfavourable) ⇒ f after any value ⇒ bound(favourable).
Formula Solver::bound(Formula f, const Bound& wanted, bool positive) {
  const Node& node = formulas_[f];
  switch (node.kind) {
    case Kind::kMembers:
    case Kind::kItems:
    case Kind::kDistinct: {
      for (const auto& [schema, literals] : wanted.open) {
        if (std::find(literals.begin(), literals.end(), f) != literals.end()) {
          const bool helps = node.kind != Kind::kDistinct;  // to satisfy its subschema
          return next_literal(f, (wanted.favourable == positive) == helps, wanted.index,
                              wanted.lasting.count(f) != 0);
        }
      }
      return f;
    }
    case Kind::kNot:
      return formulas_.negate(bound(node.a, wanted, !positive));
    case Kind::kAll:
    case Kind::kAny: {
      std::vector<Formula> children;
      children.reserve(node.children.size());
      for (Formula child : node.children) children.push_back(bound(child, wanted, positive));
      return node.kind == Kind::kAll ? formulas_.all(children) : formulas_.any(children);
    }
    case Kind::kExactlyOne: {
      const std::vector<Formula>& inside = formulas_.counting_literals(f);
      const bool touched = std::any_of(wanted.open.begin(), wanted.open.end(), [&](const Slot& slot) {
        return std::any_of(slot.second.begin(), slot.second.end(), [&](Formula literal) {
          return std::find(inside.begin(), inside.end(), literal) != inside.end();
        });
      });
      if (!touched) return f;
      std::vector<Formula> alternatives;
      for (Formula chosen : node.children) {
        spend(node.children.size());
        std::vector<Formula> parts{bound(chosen, wanted, positive)};
        for (Formula other : node.children) {
          if (other != chosen) parts.push_back(formulas_.negate(bound(other, wanted, !positive)));
        }
        alternatives.push_back(formulas_.all(parts));
      }
      return formulas_.any(alternatives);
    }
    default:
      return f;
  }
}

// What the value must satisfy so that the rest can be completed: a union of cubes over the
// subschemas that it meets.
Formula Solver::goal(Formula f, const std::vector<Formula>& literals, std::uint32_t index,
                     const Completable& completable) {
  const std::vector<Slot> slots = slots_of(literals);
  std::vector<Formula> cubes;
  const Formula rest = derive(f, literals, {}, index);
  if (rest != kFalse) enumerate_goal(rest, index, slots, kTrue, completable, cubes);
  const Formula result = formulas_.any(cubes);
  return satisfiable(result) ? result : kFalse;
}

// Branch only while it matters: a cube ends as soon as the rest can be completed whatever the
// open subschemas come out as, and is given up when it cannot even with their help.
void Solver::enumerate_goal(Formula f, std::uint32_t index, std::span<const Slot> slots, Formula value,
                            const Completable& completable, std::vector<Formula>& out) {
  spend(1 + slots.size());
  static const std::unordered_set<Formula> kNone;
  const auto& lasting = index == kMember ? profile(f).forbidden : kNone;
  const Formula worst = bound(f, {slots, false, index, lasting}, true);
  if (worst != kFalse && completable(worst)) {
    if (out.size() >= kMaxMoves) throw BudgetExceeded("alternatives for one member: 4096");
    out.push_back(value);
    return;
  }
  if (slots.empty()) return;
  const Formula best = bound(f, {slots, true, index, lasting}, true);
  if (best == kFalse || !completable(best)) return;
  const auto& [schema, literals] = slots.front();
  const Formula if_true = derive(f, literals, {{schema, true}}, index);
  const Formula if_false = derive(f, literals, {{schema, false}}, index);
  if (if_true == if_false) {
    return enumerate_goal(if_true, index, slots.subspan(1), value, completable, out);
  }
  for (const bool holds : {false, true}) {
    const Formula rest = holds ? if_true : if_false;
    if (rest == kFalse) continue;
    const Formula narrower = formulas_.all({value, holds ? schema : formulas_.negate(schema)});
    if (narrower == kFalse || !possibly_satisfiable(narrower)) continue;
    enumerate_goal(rest, index, slots.subspan(1), narrower, completable, out);
  }
}

// --- Moves --------------------------------------------------------------------

const std::vector<Move>& Solver::moves(Formula f, const std::vector<Formula>& literals, std::uint32_t index) {
  std::vector<std::uint32_t> key{f, index};
  key.insert(key.end(), literals.begin(), literals.end());
  if (auto known = moves_.find(key); known != moves_.end()) return known->second;
  const std::vector<Slot> slots = slots_of(literals);
  std::vector<Move> found;
  Move partial{kTrue, derive(f, literals, {}, index), {}};
  if (partial.rest != kFalse) enumerate_moves(partial.rest, index, slots, partial, found);
  return moves_.emplace(std::move(key), std::move(found)).first->second;
}

// Unit propagation first: a subschema whose truth (or falsehood) makes f false is decided.
// Where both remain, branch, as far as some value makes the choice true. The depth is the
// number of different subschemas that one member meets.
void Solver::enumerate_moves(Formula f, std::uint32_t index, std::span<const Slot> slots, Move& partial,
                             std::vector<Move>& out) {
  spend(1 + slots.size());
  if (slots.empty()) {
    if (out.size() >= kMaxMoves) throw BudgetExceeded("alternatives for one member: 4096");
    out.push_back({partial.value, f, partial.decisions});
    return;
  }
  const auto& [schema, literals] = slots.front();
  const Formula if_true = derive(f, literals, {{schema, true}}, index);
  const Formula if_false = derive(f, literals, {{schema, false}}, index);
  if (if_true == if_false) return enumerate_moves(if_true, index, slots.subspan(1), partial, out);
  const bool branches = if_true != kFalse && if_false != kFalse;
  for (const bool holds : {true, false}) {
    const Formula rest = holds ? if_true : if_false;
    if (rest == kFalse) continue;
    const Formula before = partial.value;
    partial.value = formulas_.all({before, holds ? schema : formulas_.negate(schema)});
    if (partial.value != kFalse && (!branches || possibly_satisfiable(partial.value))) {
      partial.decisions.emplace_back(schema, holds);
      enumerate_moves(rest, index, slots.subspan(1), partial, out);
      partial.decisions.pop_back();
    }
    partial.value = before;
  }
}

// Subschemas whose truth the formula alone decides, before the value is read.
std::vector<std::pair<Formula, bool>> Solver::decided(Formula f, const std::vector<Formula>& literals,
                                                      std::uint32_t index) {
  std::vector<std::pair<Formula, bool>> decisions;
  const bool simple = index == kMember && profile(f).simple;
  std::vector<Slot> open = slots_of(literals);
  f = derive(f, literals, {}, index);
  for (bool progress = true; progress;) {
    progress = false;
    for (auto slot = open.begin(); slot != open.end();) {
      const auto& [schema, driven] = *slot;
      const Formula if_true = simple ? kFalse : derive(f, driven, {{schema, true}}, index);
      const Formula if_false = simple ? f : derive(f, driven, {{schema, false}}, index);
      if (if_true != kFalse && if_false != kFalse) {
        ++slot;
        continue;
      }
      decisions.emplace_back(schema, if_true != kFalse);
      f = if_true != kFalse ? if_true : if_false;
      slot = open.erase(slot);
      progress = true;
    }
  }
  return decisions;
}

}  // namespace structgen::json
