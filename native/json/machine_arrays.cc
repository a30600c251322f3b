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
                   {.frame = Frame::kArray, .phase = kNextItem, .a = state.a, .b = state.b, .d = state.d});
  }
  if (solver_.item_goal(goal, state.b) == kFalse) return kDead;
  const std::uint32_t item = plan_item(state);
  const Local child = open_value(plan(item).child, byte);
  std::uint32_t detail = state.d;
  if (detail == kNoDetail && byte == '"' && watches_items(state.a)) detail = kStringItem;
  return push({.frame = Frame::kArray, .phase = kInItem, .a = plan(item).residual, .b = state.b, .c = item,
               .d = detail},
              child);
}

// For masks: where the next item may be nearly any string, one string more that it must differ from is not felt before
// it ends. The stand-in has not heard of the item that was read.
Local JsonMachine::after_any_string(const State& state, std::uint32_t result, std::size_t longest) {
  if (state.d != kStringItem || vectors_[state.a].size() > 1) return kUnsettled;
  const std::uint32_t residual = settle(plan(state.c), result, state.b);
  const Formula goal = vectors_[residual][0];
  const std::uint32_t index = solver_.clip_index(goal, state.b + 1);
  if (!solver_.spares_a_string(goal, index, longest)) return kUnsettled;
  return intern({.frame = Frame::kArray, .phase = kAfterItem, .a = residual, .b = index, .d = kStandIn});
}

std::uint32_t JsonMachine::plan_item(const State& state) {
  const std::uint64_t memo = static_cast<std::uint64_t>(state.a) << 32 | state.b;
  if (const auto* known = item_plans_.find(memo)) return *known;
  const List residual = vectors_[state.a];
  std::vector<std::vector<Formula>> touched;
  for (Formula f : residual) touched.push_back(solver_.item_literals(f, state.b));
  const std::vector<List> literals(touched.begin(), touched.end());
  const std::uint32_t id = make_plan(residual, literals, solver_.item_goal(residual[0], state.b), state.b);
  item_plans_.emplace(memo, id);
  return id;
}

// Whether items must differ, so that each has to be remembered.
bool JsonMachine::watches_items(std::uint32_t formulas) const {
  const List list = vectors_[formulas];
  return std::any_of(list.begin(), list.end(), [this](Formula f) { return formulas_.has_distinct(f); });
}

std::string JsonMachine::finish_array(const State& state) {
  const Formula goal = vectors_[state.a][0];
  const std::string& rest = *solver_.rest_of_array(goal, state.b);
  if (!rest.empty()) return (state.phase == kAfterItem ? "," : "") + rest + "]";
  return state.phase == kNextItem ? *solver_.value(solver_.item_goal(goal, state.b)) : "]";
}

}  // namespace structgen::json
