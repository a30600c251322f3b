// Objects: a = vector of formulas, b = context (which keys are gone), c = plan of the
// member being read.
#include <algorithm>

#include "json/machine.h"
#include "json/text.h"

namespace structgen::json {

Local JsonMachine::open_object(std::uint32_t formulas) {
  const Formulas restricted = restrict_all(formulas, Type::kObject);
  if (restricted[0] == kFalse) return kDead;
  const ObjectContext context = solver_.open_object(vectors_[formulas]);
  if (!solver_.completes_object(restricted[0], context)) return kDead;
  return intern({.frame = Frame::kObject,
                 .phase = kOpen,
                 .a = vectors_.intern(restricted),
                 .b = contexts_.intern(context)});
}

std::uint32_t JsonMachine::closed_result(std::uint32_t formulas) {
  const List list = vectors_[formulas];
  std::vector<std::uint32_t> truth;
  truth.reserve(list.size());
  for (Formula f : list) truth.push_back(formulas_.closed(f));
  truth[0] = true;  // or nothing could be closed
  return vectors_.intern(truth);
}

Transition JsonMachine::object_step(State state, std::uint8_t byte) {
  if (state.phase == kInKey || state.phase == kInValue) return kDead;  // never on top
  if (blank(state, byte)) return intern(state);
  const Formula goal = vectors_[state.a][0];
  switch (state.phase) {
    case kOpen:
    case kAfterValue:
      if (byte == '}') {
        if (!solver_.may_close(goal, contexts_[state.b])) return kDead;
        return pop(Action::Kind::kPop, closed_result(state.a));
      }
      if (byte == '"' && state.phase == kOpen) return start_key(state);
      if (byte == ',' && state.phase == kAfterValue) {
        const Regex keys = solver_.key_language(goal, contexts_[state.b]);
        return dead_or(keys != regex::kNothing,
                       {.frame = Frame::kObject, .phase = kNextKey, .a = state.a, .b = state.b, .d = state.d});
      }
      return kDead;
    case kNextKey:
      return byte == '"' ? start_key(state) : kDead;
    case kColon:
      if (byte != ':') return kDead;
      state.phase = kBeforeValue;
      state.blanks = 0;
      return intern(state);
    case kBeforeValue: {
      const Local child = open_value(plan(state.c).child, byte);
      state.phase = kInValue;
      state.blanks = 0;
      return push(state, child);
    }
    default:
      return kDead;
  }
}

Transition JsonMachine::start_key(State state) {
  const Regex keys = solver_.key_language(vectors_[state.a][0], contexts_[state.b]);
  if (keys == regex::kNothing) return kDead;
  std::vector<Regex> languages{keys};
  const Formula goal = vectors_[state.a][0];
  const ObjectContext context = contexts_[state.b];
  for (const auto& [key_class, region] : solver_.key_regions(goal, context)) {
    // Only watched: its truth says that the name itself does not matter.
    languages.push_back(solver_.fresh_keys(goal, context, region));
  }
  state.phase = kInKey;
  state.blanks = 0;
  return push(state, open_string(languages, Frame::kKey));
}

// --- For masks: a member without its object --------------------------------------
//
// Before a value, and in it, only the value's goal says what may come. Many places share it: every member
// of the same schema, every undeclared key. A stand-in keeps nothing else (d is set), so it cannot
// tell what comes after the value.

Local JsonMachine::stand_in(State state, Formula goal) {
  const std::uint32_t child = vectors_.intern({goal});
  state.a = state.b = 0;
  state.c = vectors_.intern({0, child, 0});
  state.d = kMemberStandIn;
  return intern(state);
}

// Between members of a simple object, which undeclared keys were read is only felt by a token that holds a whole key,
// as long as there are many others: until the key ends it may be any of those. The stand-in has not heard of those with
// letters or digits, so it cannot tell what follows such a key. (Most keys within tokens are a comma or a colon.)
Local JsonMachine::near_object(State state, std::size_t longest) {
  constexpr std::size_t kManyKeys = 1u << 16;  // there are more characters than this to tell keys apart by
  const bool between = state.phase == kOpen || state.phase == kAfterValue || state.phase == kNextKey;
  if (!between || state.d != 0 || vectors_[state.a].size() != 1) return intern(state);
  const Formula goal = vectors_[state.a][0];
  if (!solver_.simple(goal)) return intern(state);
  const ObjectContext context = contexts_[state.b];
  const ObjectContext fresh = solver_.without_undeclared_words(goal, context);
  if (fresh == context || solver_.keys_read(context) >= kManyKeys) return intern(state);
  regex::Store& regexes = formulas_.regexes();
  const Regex keys = solver_.key_language(goal, fresh);
  if (keys == regex::kNothing || regexes.free_points(keys).points <= longest) return intern(state);
  state.b = contexts_.intern(fresh);
  state.d = kNearObject;
  return intern(state);
}

Local JsonMachine::resume_unnamed(Local local, std::uint32_t result, std::size_t longest) {
  const State state = states_[local];
  if (state.frame == Frame::kArray) return after_any_string(state, result, longest);
  if (state.frame != Frame::kObject || state.phase != kInKey || state.d != 0) return kUnsettled;
  const std::size_t number = region_of(result);
  if (number == 0) return kUnsettled;  // a declared key
  // Undeclared keys of one region that were not read yet can be exchanged for each other in every
  // completion, so one of them speaks for all.
  const Formula goal = vectors_[state.a][0];
  const ObjectContext context = contexts_[state.b];
  const auto [key_class, region] = solver_.key_regions(goal, context)[number - 1];
  std::uint32_t example = FormulaStore::kNoKey;  // in a simple object it does not matter
  if (!solver_.simple(goal)) {
    example = formulas_.key(formulas_.regexes().witness(solver_.fresh_keys(goal, context, region)));
  }
  const Formula value = solver_.member_goal(goal, context, *key_class, example);
  return value == kFalse ? kDead : stand_in({.frame = Frame::kObject, .phase = kColon}, value);
}

// The key is complete: decide what its value must satisfy and what has to be watched.
Local JsonMachine::key_read(Local local, std::string_view text) {
  const std::uint32_t key = formulas_.key(unescape(text));
  const std::uint64_t memo = static_cast<std::uint64_t>(local) << 32 | key;
  if (const auto* known = keys_read_.find(memo)) return *known;
  const Local next = key_read(states_[local], key);
  keys_read_.emplace(memo, next);
  return next;
}

Local JsonMachine::key_read(const State& state, std::uint32_t key) {
  const ObjectContext context = contexts_[state.b];
  const List residual = vectors_[state.a];
  std::vector<List> literals;
  for (Formula f : residual) literals.push_back(solver_.classify(f, context, key).literals);
  const Formula goal =
      solver_.member_goal(residual[0], context, solver_.classify(residual[0], context, key), key);
  if (goal == kFalse) return kDead;
  const std::uint32_t plan_id = make_plan(residual, literals, goal, Solver::kMember);
  return intern({.frame = Frame::kObject,
                 .phase = kColon,
                 .a = plan(plan_id).residual,
                 .b = contexts_.intern(solver_.after_key(context, key)),
                 .c = plan_id,
                 .d = state.d});
}

std::string JsonMachine::finish_object(const State& state) {
  const Formula goal = vectors_[state.a][0];
  switch (state.phase) {
    case kColon:
      return ":" + *solver_.value(vectors_[plan(state.c).child][0]);
    case kBeforeValue:
      return *solver_.value(vectors_[plan(state.c).child][0]);
    case kNextKey:
    case kOpen:
    case kAfterValue: {
      const ObjectContext context = contexts_[state.b];
      const std::string& rest = *solver_.way_to_close(goal, context);
      if (!rest.empty()) return (state.phase == kAfterValue ? "," : "") + rest + "}";
      if (state.phase != kNextKey) return "}";
      // After a comma a member must come although none is owed: a shortest key will do.
      return quote(formulas_.regexes().witness(solver_.key_language(goal, context)));
    }
    default:
      return {};
  }
}

// --- Plans: shared by members and items ----------------------------------------

JsonMachine::Plan JsonMachine::plan(std::uint32_t id) const {
  const List parts = vectors_[id];
  return {parts[0], parts[1], parts[2]};
}

// `literals[i]` are the counting literals of residual[i] that the member touches. What the
// goal decides by itself is derived at once; subschemas that are still open are watched.
std::uint32_t JsonMachine::make_plan(List residual, std::span<const List> literals, Formula goal,
                                     std::uint32_t index) {
  if (index == Solver::kMember && residual.size() == 1 && solver_.simple(residual[0])) {
    return vectors_.intern({vectors_.intern(residual), vectors_.intern({goal}), vectors_.intern({})});
  }
  const std::vector<std::pair<Formula, bool>> decisions = solver_.decided(residual[0], literals[0], index);
  auto is_decided = [&](Formula schema) {
    return std::any_of(decisions.begin(), decisions.end(),
                       [&](const auto& decision) { return decision.first == schema; });
  };
  Formulas derived, child{goal};
  std::vector<std::uint32_t> waiting;
  for (std::size_t i = 0; i < residual.size(); ++i) {
    const Formula next = solver_.derive(residual[i], literals[i], decisions, index);
    derived.push_back(next);
    const List left = formulas_.counting_literals(next);
    for (Formula literal : literals[i]) {
      const Formula schema = solver_.schema_of(literal);
      if (schema == kTrue || schema == kFalse || is_decided(schema)) continue;
      if (std::find(left.begin(), left.end(), literal) == left.end()) continue;
      if (std::find(waiting.begin(), waiting.end(), literal) == waiting.end()) waiting.push_back(literal);
      if (std::find(child.begin() + 1, child.end(), schema) == child.end()) child.push_back(schema);
    }
  }
  return vectors_.intern({vectors_.intern(derived), vectors_.intern(child), vectors_.intern(waiting)});
}

// The frame's formulas once the value has ended and the watched subschemas are known.
std::uint32_t JsonMachine::settle(const Plan& plan, std::uint32_t result, std::uint32_t index) {
  const List waiting = vectors_[plan.literals];
  if (waiting.empty()) return plan.residual;
  const List child = vectors_[plan.child];
  std::vector<std::pair<Formula, bool>> truth;
  for (std::size_t i = 1; i < child.size(); ++i) truth.emplace_back(child[i], vectors_[result][i] != 0);
  Formulas formulas = copy(vectors_[plan.residual]);
  for (Formula& f : formulas) f = solver_.derive(f, waiting, truth, index);
  return vectors_.intern(formulas);
}

}  // namespace structgen::json
