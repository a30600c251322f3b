#include "compose/machine.h"

namespace structgen::compose {

ComposeMachine::ComposeMachine(TextTable& texts) : LeafHost(true), expressions_(texts) {
  states_.intern({.inner = kNothing});  // kDead
}

Local ComposeMachine::start(Expression e) { return composition(e); }

// Into every leaf that may come next and can read the byte.
Transition ComposeMachine::enter_leaves(Expression e, std::uint8_t byte) {
  std::vector<Transition> alternatives;
  const std::vector<ExpressionStore::Head> heads = expressions_.heads(e);
  for (const ExpressionStore::Head& head : heads) {
    if (head.is_token || !expressions_.first_of_leaf(head.what).has(byte)) continue;
    const Leaf leaf = expressions_.leaf_at(head.what);
    alternatives.push_back(
        enter(*leaf.machine, leaf.start, expressions_.first(head.rest), leaf.tokens, composition(head.rest)));
  }
  return add_fork(alternatives);
}

Transition ComposeMachine::compute(Local local, std::uint8_t byte) {
  const State state = states_[local];
  return own(state) ? enter_leaves(state.inner, byte) : frame_transition(state, byte);
}

Local ComposeMachine::resume(Local local, std::uint32_t result, std::string_view text) {
  const State state = states_[local];
  return own(state) ? local : frame_resume(state, result, text);
}

std::pair<Local, Local> ComposeMachine::between(Local local) {
  const State state = states_[local];
  return own(state) ? std::pair{local, local} : frame_between(state);
}

std::optional<Machine::Bounded> ComposeMachine::bounded(Local local) {
  const State state = states_[local];
  return own(state) ? std::nullopt : frame_bounded(state);
}

std::uint32_t ComposeMachine::least_points(Local local) { return frame_least_points(State(states_[local])); }

Local ComposeMachine::resume_unnamed(Local local, std::uint32_t result, std::size_t longest) {
  const State state = states_[local];
  return own(state) ? local : frame_resume_unnamed(state, result, longest);
}

bool ComposeMachine::keeps_text(Local local) const {
  const State& state = states_[local];
  return !own(state) && frame_keeps_text(state);
}

Local ComposeMachine::representative(Local local, std::size_t longest) {
  const State state = states_[local];
  return own(state) ? local : frame_representative(state, longest);
}

Machine::FreeText ComposeMachine::free_text(Local local) {
  const State state = states_[local];
  return own(state) ? FreeText{} : frame_free_text(state);
}

bool ComposeMachine::accepting(Local local) {
  const State& state = states_[local];
  return own(state) && expressions_.nullable(state.inner);
}

bool ComposeMachine::may_end(Local local) {
  const State state = states_[local];
  return !own(state) && frame_may_end(state);
}

std::uint32_t ComposeMachine::end_result(Local local) { return frame_end_result(State(states_[local])); }

std::string ComposeMachine::way_on(Local local) { return frame_way_on(State(states_[local])); }

Transition ComposeMachine::after_way_on(Local local, std::string_view way) {
  return frame_after_way_on(State(states_[local]), way);
}

Machine::Ending ComposeMachine::ending(Local local) {
  const State state = states_[local];
  return own(state) ? Ending{} : frame_ending(state);
}

Machine::Ending ComposeMachine::ending_unread(Local local, std::uint32_t result) {
  const State state = states_[local];
  return own(state) ? Ending{} : frame_ending_unread(state, result);
}

Local ComposeMachine::resume_unread(Local local, std::uint32_t result) {
  const State state = states_[local];
  return own(state) ? kUnsettled : frame_resume_unread(state, result);
}

bool ComposeMachine::completes_stacks(Local top) const {
  const State& state = states_[top];
  return !own(state) && frame_completes(state);
}

std::size_t ComposeMachine::complete(std::span<const Local> frames, std::string& text) {
  std::vector<LeafFrame> of_leaf;
  for (const Local local : frames) {
    of_leaf.push_back(states_[local]);
    if (of_leaf.back().bottom) break;
  }
  return frame_complete(of_leaf, text);
}

std::span<const NamedToken> ComposeMachine::named_tokens(Local local) {
  const State state = states_[local];
  if (!own(state)) return {};
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
  if (!own(state)) return {};
  const ExpressionStore::Head* best = nullptr;
  std::uint64_t least = 0;
  for (const ExpressionStore::Head& head : expressions_.heads(state.inner)) {
    const std::uint64_t here = head.is_token ? 1 : expressions_.shortest_of_leaf(head.what).size();
    if (here == 0) continue;  // what may be empty is skipped by another head; taken again and again it leads nowhere
    const std::uint64_t length = here + expressions_.length(head.rest);
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
  if (own(state) || state.tokens == kUnbounded || state.tokens == 0) return local;
  --state.tokens;
  return states_.intern(state);
}

std::size_t ComposeMachine::memory_bytes() const {
  return row_bytes() + states_.memory_bytes() + expressions_.memory_bytes() + frames_memory_bytes();
}

}  // namespace structgen::compose
