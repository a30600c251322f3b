#include "compose/machine.h"

#include <algorithm>

namespace structgen::compose {

ComposeMachine::ComposeMachine(TextTable& texts) : Machine(true), expressions_(texts) {
  states_.intern({.inner = kNothing});  // kDead
  follows_.intern({});
}

Local ComposeMachine::start(Expression e) { return composition(e); }

std::uint32_t ComposeMachine::machine_number(Machine* machine) {
  const auto found = std::find(machines_.begin(), machines_.end(), machine);
  if (found == machines_.end()) machines_.push_back(machine);
  return static_cast<std::uint32_t>(std::find(machines_.begin(), machines_.end(), machine) - machines_.begin());
}

Local ComposeMachine::moved(State state, Local inner) {
  if (inner == kDead || inner == kUnsettled) return inner;
  state.inner = inner;
  state.fresh = false;
  return intern(state);
}

Local ComposeMachine::above(State state, Local inner) {
  state.bottom = false;
  return moved(state, inner);
}

bool ComposeMachine::complete(const State& state) {
  if (state.fresh) return false;
  Machine& machine = *machines_[state.machine];
  return state.bottom ? machine.accepting(state.inner) : machine.may_end(state.inner);
}

Transition ComposeMachine::translated(const State& state, Transition t) {
  if (t < kActionBit) return moved(state, t);
  Action action = machines_[state.machine]->action(t);
  if (action.kind == Action::Kind::kPush || action.kind == Action::Kind::kPushAgain) {
    action.local = moved(state, action.local);
    action.child = above(state, action.child);
  } else if (action.kind == Action::Kind::kFork) {
    std::vector<Transition> alternatives;
    const std::span<const Transition> inner = machines_[state.machine]->alternatives(t);
    for (const Transition one : std::vector<Transition>(inner.begin(), inner.end())) {
      alternatives.push_back(translated(state, one));
    }
    return add_fork(alternatives);
  }
  return add_action(action);
}

// Into every leaf that may come next and can read the byte.
Transition ComposeMachine::enter(Expression e, std::uint8_t byte) {
  std::vector<Transition> alternatives;
  const std::vector<ExpressionStore::Head> heads = expressions_.heads(e);
  for (const ExpressionStore::Head& head : heads) {
    if (head.is_token || !expressions_.first_of_leaf(head.what).has(byte)) continue;
    const Leaf leaf = expressions_.leaf_at(head.what);
    const State first{.machine = machine_number(leaf.machine),
                      .inner = leaf.start,
                      .follow = follows_.intern(expressions_.first(head.rest)),
                      .tokens = leaf.tokens,
                      .bottom = true,
                      .fresh = true};
    alternatives.push_back(add_action({Action::Kind::kPushAgain, composition(head.rest), intern(first)}));
  }
  return add_fork(alternatives);
}

Transition ComposeMachine::compute(Local local, std::uint8_t byte) {
  const State state = states_[local];
  if (state.machine == kComposition) return enter(state.inner, byte);
  const bool leaves = follows_[state.follow].has(byte) && complete(state);
  // Out of tokens, a text ends with its first whole character.
  const bool stays = state.tokens != 0 || state.fresh || !complete(state);
  const Transition on = stays ? machines_[state.machine]->transition(state.inner, byte) : kDead;
  if (!leaves) return translated(state, on);
  const Transition out = add_action({Action::Kind::kPopAgain, 0, 0, end_result(local)});
  if (on == kDead) return out;
  const Transition alternatives[] = {translated(state, on), out};  // the leaf's own way first
  return add_fork(alternatives);
}

Local ComposeMachine::resume(Local local, std::uint32_t result, std::string_view text) {
  const State state = states_[local];
  if (state.machine == kComposition) return local;
  return moved(state, machines_[state.machine]->resume(state.inner, result, text));
}

std::pair<Local, Local> ComposeMachine::between(Local local) {
  const State state = states_[local];
  if (state.machine == kComposition) return {local, local};
  const auto [less, more] = machines_[state.machine]->between(state.inner);
  return {moved(state, less), moved(state, more)};
}

std::optional<Machine::Bounded> ComposeMachine::bounded(Local local) {
  const State state = states_[local];
  if (state.machine == kComposition) return std::nullopt;
  std::optional<Bounded> found = machines_[state.machine]->bounded(state.inner);
  if (found) found->inner = moved(state, found->inner);
  return found;
}

std::uint32_t ComposeMachine::least_points(Local local) {
  const State& state = states_[local];
  return machines_[state.machine]->least_points(state.inner);
}

Local ComposeMachine::resume_unnamed(Local local, std::uint32_t result, std::size_t longest) {
  const State state = states_[local];
  if (state.machine == kComposition) return local;
  return moved(state, machines_[state.machine]->resume_unnamed(state.inner, result, longest));
}

bool ComposeMachine::keeps_text(Local local) const {
  const State& state = states_[local];
  return state.machine != kComposition && machines_[state.machine]->keeps_text(state.inner);
}

Local ComposeMachine::representative(Local local, std::size_t longest) {
  State state = states_[local];
  if (state.machine == kComposition) return local;
  if (state.tokens != 0) state.tokens = kUnbounded;  // one token is at most the last
  const bool fresh = state.fresh;
  State near = states_[moved(state, machines_[state.machine]->representative(state.inner, longest))];
  near.fresh = fresh;
  return intern(near);
}

Machine::FreeText ComposeMachine::free_text(Local local) {
  const State state = states_[local];
  if (state.machine == kComposition || state.bottom) return {};
  return machines_[state.machine]->free_text(state.inner);
}

bool ComposeMachine::accepting(Local local) {
  const State& state = states_[local];
  return state.machine == kComposition && expressions_.nullable(state.inner);
}

bool ComposeMachine::may_end(Local local) {
  const State state = states_[local];
  return state.machine != kComposition && complete(state);
}

std::uint32_t ComposeMachine::end_result(Local local) {
  const State state = states_[local];
  return state.bottom ? 0 : machines_[state.machine]->end_result(state.inner);
}

std::string ComposeMachine::way_on(Local local) {
  const State state = states_[local];
  return complete(state) ? std::string() : machines_[state.machine]->way_on(state.inner);
}

Transition ComposeMachine::after_way_on(Local local, std::string_view way) {
  const State state = states_[local];
  const Transition after = machines_[state.machine]->after_way_on(state.inner, way);
  return after == kUnknown ? kUnknown : translated(state, after);
}

std::span<const NamedToken> ComposeMachine::named_tokens(Local local) {
  const State state = states_[local];
  if (state.machine != kComposition) return {};
  const auto known = named_.find(local);
  if (known != named_.end()) return known->second;
  std::vector<NamedToken> named;
  const std::vector<ExpressionStore::Head> heads = expressions_.heads(state.inner);
  for (const ExpressionStore::Head& head : heads) {
    if (head.is_token) named.push_back({head.what, composition(head.rest)});
  }
  return named_.emplace(local, std::move(named)).first->second;
}

Machine::Jump ComposeMachine::jump(Local local) {
  const State state = states_[local];
  if (state.machine != kComposition) return {};
  const ExpressionStore::Head* best = nullptr;
  std::uint64_t least = 0;
  for (const ExpressionStore::Head& head : expressions_.heads(state.inner)) {
    const std::uint64_t own = head.is_token ? 1 : expressions_.shortest_of_leaf(head.what).size();
    const std::uint64_t length = own + expressions_.length(head.rest);
    if (!best || length < least) best = &head, least = length;
  }
  if (!best) return {};
  const ExpressionStore::Head head = *best;
  Jump jump;
  jump.possible = true;
  jump.next = composition(head.rest);
  if (head.is_token) {
    jump.token = head.what;
  } else {
    jump.text = expressions_.shortest_of_leaf(head.what);
  }
  return jump;
}

Local ComposeMachine::token_end(Local local) {
  State state = states_[local];
  if (state.machine == kComposition || state.tokens == kUnbounded || state.tokens == 0) return local;
  --state.tokens;
  return intern(state);
}

std::size_t ComposeMachine::memory_bytes() const {
  return row_bytes() + states_.memory_bytes() + expressions_.memory_bytes() + follows_.memory_bytes();
}

}  // namespace structgen::compose
