// Arrays: a = vector of formulas, b = index of the item that comes next or is being
// read (clipped where positions no longer matter), c = plan of the item being read.
#include <algorithm>

#include "json/machine.h"

namespace structgen::json {

Local JsonMachine::open_array(std::uint32_t formulas) {
  const Formulas restricted = restrict_all(formulas, Type::kArray);
  if (restricted[0] == kFalse || !solver_.completes_array(restricted[0], 0)) return kDead;
  return intern({.frame = Frame::kArray, .phase = kArrayOpen, .a = vectors_.intern(restricted)});
}

Transition JsonMachine::array_step(State state, std::uint8_t byte) {
  if (state.phase == kInItem) return kDead;  // never on top
  if (blank(state, byte)) return intern(state);
  const Formula goal = vectors_[state.a][0];
  if (byte == ']') {
    if (state.phase == kNextItem || !formulas_.closed(goal)) return kDead;
    return pop(Action::Kind::kPop, closed_result(state.a));
  }
  if (state.phase == kAfterItem) {
    if (byte != ',') return kDead;
    return dead_or(solver_.item_goal(goal, state.b) != kFalse,
                   {.frame = Frame::kArray, .phase = kNextItem, .a = state.a, .b = state.b});
  }
  if (solver_.item_goal(goal, state.b) == kFalse) return kDead;
  const std::uint32_t item = plan_item(state);
  const Local child = open_value(plan(item).child, byte);
  return push({.frame = Frame::kArray, .phase = kInItem, .a = plan(item).residual, .b = state.b, .c = item},
              child);
}

std::uint32_t JsonMachine::plan_item(const State& state) {
  const std::uint64_t memo = static_cast<std::uint64_t>(state.a) << 32 | state.b;
  if (const auto* known = item_plans_.find(memo)) return *known;
  const Formulas residual = vectors_[state.a];
  std::vector<std::vector<Formula>> literals;
  for (Formula f : residual) literals.push_back(solver_.item_literals(f, state.b));
  const std::uint32_t id = make_plan(residual, literals, solver_.item_goal(residual[0], state.b), state.b);
  item_plans_.emplace(memo, id);
  return id;
}

// Whether items must differ, so that each has to be remembered.
bool JsonMachine::watches_items(std::uint32_t formulas) const {
  const Formulas& list = vectors_[formulas];
  return std::any_of(list.begin(), list.end(), [this](Formula f) { return formulas_.has_distinct(f); });
}

std::string JsonMachine::finish_array(const State& state) {
  const Formula goal = vectors_[state.a][0];
  const std::string& rest = *solver_.rest_of_array(goal, state.b);
  if (!rest.empty()) return (state.phase == kAfterItem ? "," : "") + rest + "]";
  return state.phase == kNextItem ? *solver_.value(solver_.item_goal(goal, state.b)) : "]";
}

}  // namespace structgen::json
