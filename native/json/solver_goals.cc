// What the next value must satisfy so that its object or array can be completed.
//
// A value meets some subschemas ("slots") whose truth drives literals of the formula. The goal is a
// union of cubes over them, found by the rules of a SAT solver: what the formula decides
// by itself is decided first, a case ends as soon as the rest can be completed whatever the open
// slots come out as, and is given up when it cannot even with their help. What remains is split:
// by the branches of a choice if only one is concerned, else by the truth of a slot.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

class Solver::GoalSearch {
 public:
  GoalSearch(Solver& solver, std::uint32_t index, const Completable& completable)
      : solver_(solver), formulas_(solver.formulas_), index_(index), completable_(completable) {}

  Formula of(Formula f, List literals) {
    const Formula rest = solver_.derive(f, literals, {}, index_);
    if (rest != kFalse) search({rest, solver_.slots_of(literals), kTrue});
    return formulas_.any(cubes_);
  }

 private:
  struct Case {
    Formula f;                // what remains
    std::vector<Slot> open;   // slots that are not decided
    Formula value;            // what the decided ones ask of the value
  };
  // The truth of the open slots is chosen anew at each place, by a friend or by an opponent.
  struct Bound {
    std::vector<Formula> literals;        // that open slots drive, ascending
    List lasting;  // literals that stay as they are when missed, ascending
    bool favourable = false;
  };
  static constexpr std::size_t kMaxAmbiguous = 8;
  static constexpr std::size_t kManySlots = 4;

  void search(Case now);
  bool decide_units(Case& now);
  bool decide(Case& now, std::size_t slot, bool holds);
  bool settle_by_value(Case& now);
  bool split_choice(const Case& now);
  Formula bound(Formula f, const Bound& wanted, bool positive);
  Formula bound_exactly_one(Formula f, const Bound& wanted, bool positive);

  Solver& solver_;
  FormulaStore& formulas_;
  std::uint32_t index_;
  const Completable& completable_;
  std::vector<Formula> cubes_;
  bool anything_ = false;  // every value will do
};

void Solver::GoalSearch::search(Case now) {
  if (anything_) return;
  solver_.spend(1 + now.open.size());
  if (!decide_units(now)) return;
  static const std::vector<Formula> kNone;
  Bound wanted{{}, index_ == kMember ? solver_.forbidden(now.f) : kNone, false};
  for (const auto& [schema, driven] : now.open) {
    wanted.literals.insert(wanted.literals.end(), driven.begin(), driven.end());
  }
  std::sort(wanted.literals.begin(), wanted.literals.end());
  const Formula worst = bound(now.f, wanted, true);
  if (worst != kFalse && completable_(worst)) {
    if (cubes_.size() >= kMaxMoves) throw BudgetExceeded("alternatives for one member: 4096");
    cubes_.push_back(now.value);
    anything_ = now.value == kTrue;
    return;
  }
  if (now.open.empty()) return;
  wanted.favourable = true;
  const Formula best = bound(now.f, wanted, true);
  if (best == kFalse || !completable_(best)) return;
  if (split_choice(now)) return;
  for (const bool holds : {false, true}) {
    Case next = now;
    if (!decide(next, 0, holds)) continue;
    if (next.value == now.value) return search(std::move(next));  // either outcome leaves the same
    if (next.open.size() >= kManySlots && solver_.nearly_fixed(next.value, holds) && !settle_by_value(next)) continue;
    search(std::move(next));
  }
}

// Fixes the truth of an open slot; false when that cannot be.
bool Solver::GoalSearch::decide(Case& now, std::size_t slot, bool holds) {
  const auto [schema, literals] = std::move(now.open[slot]);
  now.open.erase(now.open.begin() + static_cast<std::ptrdiff_t>(slot));
  const Formula rest = solver_.derive(now.f, literals, {{schema, holds}}, index_);
  const Formula other = solver_.derive(now.f, literals, {{schema, !holds}}, index_);
  now.f = rest;
  if (rest == kFalse) return false;
  if (rest == other) return true;  // its truth does not matter
  now.value = solver_.narrowed(now.value, schema, holds);
  return now.value != kFalse && solver_.possibly_satisfiable(now.value);
}

// Unit propagation: slots of which one outcome makes the formula false.
bool Solver::GoalSearch::decide_units(Case& now) {
  for (bool progress = true; progress && !now.open.empty();) {
    progress = false;
    std::vector<std::size_t> units = solver_.likely_decided(now.f, now.open);
    std::sort(units.rbegin(), units.rend());
    for (std::size_t at : units) {
      const auto& [schema, literals] = now.open[at];
      const Formula if_true = solver_.derive(now.f, literals, {{schema, true}}, index_);
      const Formula if_false = solver_.derive(now.f, literals, {{schema, false}}, index_);
      if (if_true != kFalse && if_false != kFalse) continue;
      if (!decide(now, at, if_true != kFalse)) return false;
      progress = true;
    }
  }
  return true;
}

// A value that is nearly fixed decides most other slots at once.
bool Solver::GoalSearch::settle_by_value(Case& now) {
  std::vector<Formula> touched;
  std::vector<std::pair<Formula, bool>> truth;
  std::erase_if(now.open, [&](const Slot& slot) {
    solver_.spend(1);
    const Formula holds = solver_.narrowed(now.value, slot.first, true);
    const bool can_hold = holds != kFalse && solver_.possibly_satisfiable(holds);
    if (can_hold) {
      const Formula fails = solver_.narrowed(now.value, slot.first, false);
      if (fails != kFalse && solver_.possibly_satisfiable(fails)) return false;
    }
    truth.emplace_back(slot.first, can_hold);
    touched.insert(touched.end(), slot.second.begin(), slot.second.end());
    return true;
  });
  now.f = solver_.derive(now.f, touched, truth, index_);
  return now.f != kFalse;
}

// A disjunction can be completed after a value if one of its branches can. Worth it when no other
// conjunct depends on the value; otherwise branches of several choices would multiply.
bool Solver::GoalSearch::split_choice(const Case& now) {
  std::unordered_set<Formula> open;
  for (const auto& [schema, literals] : now.open) open.insert(literals.begin(), literals.end());
  const auto concerned = [&](Formula f) {
    const List inside = formulas_.counting_literals(f);
    return std::any_of(inside.begin(), inside.end(), [&](Formula literal) { return open.count(literal) != 0; });
  };
  std::vector<Formula> parts = copy(solver_.conjuncts(now.f));
  const auto first = std::find_if(parts.begin(), parts.end(), concerned);
  if (first == parts.end() || formulas_[*first].kind != Kind::kAny) return false;
  if (std::any_of(first + 1, parts.end(), concerned)) return false;
  const List branches = formulas_[*first].children;
  for (Formula branch : branches) {
    *first = branch;
    Case next{formulas_.all(parts), {}, now.value};
    if (next.f == kFalse) continue;
    const List inside = formulas_.counting_literals(next.f);
    const std::unordered_set<Formula> left(inside.begin(), inside.end());
    for (const Slot& slot : now.open) {
      if (std::any_of(slot.second.begin(), slot.second.end(), [&](Formula l) { return left.count(l) != 0; })) {
        next.open.push_back(slot);
      }
    }
    search(std::move(next));
  }
  return true;
}

// bound(opponent) ⇒ f after any value ⇒ bound(friend).
Formula Solver::GoalSearch::bound(Formula f, const Bound& wanted, bool positive) {
  const Node& node = formulas_[f];
  switch (node.kind) {
    case Kind::kMembers:
    case Kind::kItems:
    case Kind::kDistinct: {
      if (!contains(wanted.literals, f)) return f;
      const bool helps = node.kind != Kind::kDistinct;  // to satisfy its subschema
      return solver_.next_literal(f, (wanted.favourable == positive) == helps, index_, contains(wanted.lasting, f));
    }
    case Kind::kNot:
      return formulas_.negate(bound(node.a, wanted, !positive));
    case Kind::kAll:
    case Kind::kAny: {
      std::vector<Formula> children;
      children.reserve(node.children.size());
      for (Formula child : node.children) children.push_back(bound(child, wanted, positive));
      return formulas_.connect(node.kind, children);
    }
    case Kind::kExactlyOne:
      return bound_exactly_one(f, wanted, positive);
    default:
      return f;
  }
}

// Children that the choice cannot touch stay; of the others each has a least and a greatest form.
Formula Solver::GoalSearch::bound_exactly_one(Formula f, const Bound& wanted, bool positive) {
  const bool best = wanted.favourable == positive;
  std::vector<Formula> fixed, chosen, against;
  for (Formula child : formulas_[f].children) {
    const Formula greatest = bound(child, wanted, wanted.favourable);
    const Formula least = bound(child, wanted, !wanted.favourable);
    if (greatest == least) {
      fixed.push_back(least);
    } else {
      chosen.push_back(best ? greatest : least);
      against.push_back(formulas_.negate(best ? least : greatest));
    }
  }
  if (chosen.empty()) return formulas_.exactly_one(fixed);
  solver_.spend(fixed.size() + chosen.size());
  if (best && chosen.size() > kMaxAmbiguous) {
    chosen.insert(chosen.end(), fixed.begin(), fixed.end());
    return formulas_.any(chosen);
  }
  std::vector<Formula> parts = against;
  parts.push_back(formulas_.exactly_one(fixed));
  std::vector<Formula> alternatives{formulas_.all(parts)};
  if (chosen.size() <= kMaxAmbiguous) {
    std::vector<Formula> none;
    for (Formula child : fixed) none.push_back(formulas_.negate(child));
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      parts = none;
      parts.push_back(chosen[i]);
      for (std::size_t j = 0; j < against.size(); ++j) {
        if (j != i) parts.push_back(against[j]);
      }
      alternatives.push_back(formulas_.all(parts));
    }
  }
  return formulas_.any(alternatives);
}

Formula Solver::goal(Formula f, List literals, std::uint32_t index,
                     const Completable& completable) {
  const Formula result = GoalSearch(*this, index, completable).of(f, literals);
  return satisfiable(result) ? result : kFalse;
}

// --- What the formula alone decides -------------------------------------------

// Open slots that may be decided by f: those of a literal among its conjuncts, those in every branch of a
// choice, and any in a small "exactly one", where a second branch must not become true.
std::vector<std::size_t> Solver::likely_decided(Formula f, const std::vector<Slot>& open) {
  constexpr std::size_t kSmall = 8;
  std::unordered_map<Formula, std::size_t> slot_of;
  for (std::size_t i = 0; i < open.size(); ++i) {
    for (Formula literal : open[i].second) slot_of.emplace(literal, i);
  }
  std::unordered_set<std::size_t> likely;
  const auto slots_in = [&](Formula part) {
    std::unordered_set<std::size_t> found;
    for (Formula literal : formulas_.counting_literals(part)) {
      if (const auto slot = slot_of.find(literal); slot != slot_of.end()) found.insert(slot->second);
    }
    return found;
  };
  for (Formula part : conjuncts(f)) {
    const Node& node = formulas_[part];
    const bool choice = node.kind == Kind::kAny || node.kind == Kind::kExactlyOne;
    if (!choice || (node.kind == Kind::kExactlyOne && node.children.size() <= kSmall)) {
      likely.merge(slots_in(part));
      continue;
    }
    std::unordered_set<std::size_t> common = slots_in(node.children[0]);
    for (std::size_t i = 1; i < node.children.size() && !common.empty(); ++i) {
      const std::unordered_set<std::size_t> here = slots_in(node.children[i]);
      std::erase_if(common, [&](std::size_t slot) { return here.count(slot) == 0; });
    }
    likely.merge(common);
  }
  return {likely.begin(), likely.end()};
}

std::vector<std::pair<Formula, bool>> Solver::decided(Formula f, List literals,
                                                      std::uint32_t index) {
  std::vector<std::pair<Formula, bool>> decisions;
  std::vector<Slot> open = slots_of(literals);
  if (index == kMember && profile(f).simple) {  // nothing but conjuncts ¬members(K, S, 1)
    for (const auto& [schema, driven] : open) decisions.emplace_back(schema, false);
    return decisions;
  }
  f = derive(f, literals, {}, index);
  for (bool progress = true; progress;) {
    progress = false;
    std::vector<std::size_t> units = likely_decided(f, open);
    std::sort(units.rbegin(), units.rend());
    for (std::size_t at : units) {
      const auto& [schema, driven] = open[at];
      const Formula if_true = derive(f, driven, {{schema, true}}, index);
      const Formula if_false = derive(f, driven, {{schema, false}}, index);
      if (if_true != kFalse && if_false != kFalse) continue;
      decisions.emplace_back(schema, if_true != kFalse);
      f = if_true != kFalse ? if_true : if_false;
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      progress = true;
    }
  }
  return decisions;
}

}  // namespace structgen::json
