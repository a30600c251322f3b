// A composition as a machine: one frame that knows what is left of the composition, and above it the frames of
// the leaf that is being read, as the leaf's own machine makes them.
//
//   composition ─▶ leaf's first frame ─▶ leaf's further frames …
//
// A leaf may end where its machine accepts. Where it may also go on, or where several leaves may come next, both
// is followed: the transition is a fork, and a sequence may be on several stacks at once (matcher.h). Frames of a
// leaf carry the bytes that may follow it, so that forks are made only where both ways read the next byte.
//
// Special tokens have no bytes; the composition's frame lists those that may come (named_tokens).
//
// Does not know: what its leaves are.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "compose/expression.h"
#include "mask/machine.h"
#include "mask/stack.h"

namespace structgen::compose {

class ComposeMachine final : public Machine {
 public:
  explicit ComposeMachine(TextTable& texts);

  ExpressionStore& expressions() { return expressions_; }
  Local start(Expression e);  // kDead for kNothing

  Local resume(Local local, std::uint32_t result, std::string_view text) override;
  bool keeps_text(Local local) const override;
  Local representative(Local local, std::size_t longest) override;
  std::pair<Local, Local> between(Local local) override;
  std::optional<Bounded> bounded(Local local) override;
  std::uint32_t least_points(Local local) override;
  Local resume_unnamed(Local local, std::uint32_t result, std::size_t longest) override;
  FreeText free_text(Local local) override;
  bool accepting(Local local) override;
  bool may_end(Local local) override;
  std::uint32_t end_result(Local local) override;
  std::string way_on(Local local) override;
  Transition after_way_on(Local local, std::string_view way) override;
  std::span<const NamedToken> named_tokens(Local local) override;
  Jump jump(Local local) override;
  Local token_end(Local local) override;
  std::size_t memory_bytes() const override;
  void refill() override {
    for (Machine* machine : machines_) machine->refill();
  }

 protected:
  Transition compute(Local local, std::uint8_t byte) override;

 private:
  static constexpr std::uint32_t kComposition = 0xFFFFFFFFu;  // in place of a machine: the frame at the bottom

  struct State {
    std::uint32_t machine = kComposition;
    std::uint32_t inner = 0;          // an expression, or a state of that machine
    std::uint32_t follow = 0;         // the bytes that may come after the leaf
    std::uint32_t tokens = kUnbounded;  // that may still take part in the leaf
    bool bottom = false;              // of the leaf's frames
    bool fresh = false;               // nothing of the leaf was read: what may be skipped was skipped before

    bool operator==(const State&) const = default;
  };
  struct StateHash {
    std::size_t operator()(const State& s) const {
      std::size_t seed = static_cast<std::size_t>(s.bottom) << 1 | static_cast<std::size_t>(s.fresh);
      for (std::uint32_t part : {s.machine, s.inner, s.follow, s.tokens}) seed = mix_hash(seed, part);
      return seed;
    }
  };

  Local intern(const State& state) { return states_.intern(state); }
  Local composition(Expression e) { return intern({.inner = e}); }
  // A state of the same leaf: `inner` of the frame `state` itself, or of one above it.
  Local moved(State state, Local inner);
  Local above(State state, Local inner);
  Transition translated(const State& state, Transition t);
  Transition enter(Expression e, std::uint8_t byte);
  std::uint32_t machine_number(Machine* machine);
  bool complete(const State& state);  // the frame may end here

  ExpressionStore expressions_;
  Interner<State, StateHash> states_;
  std::vector<Machine*> machines_;
  Interner<regex::ByteSet, regex::ByteSetHash> follows_;
  std::unordered_map<Local, std::vector<NamedToken>> named_;
};

}  // namespace structgen::compose
