// A composition as a machine: one frame that knows what is left of the composition, and above it the frames of
// the leaf that is being read (mask/leaf_frames.h).
//
// Where several leaves may come next, all are followed: the transition is a fork, and a sequence may be on several
// stacks at once (matcher.h).
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
#include "mask/leaf_frames.h"

namespace structgen::compose {

class ComposeMachine final : public LeafHost {
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
  Ending ending(Local local) override;
  Ending ending_unread(Local local, std::uint32_t result) override;
  Local resume_unread(Local local, std::uint32_t result) override;
  std::span<const NamedToken> named_tokens(Local local) override;
  Jump jump(Local local) override;
  Local token_end(Local local) override;
  bool completes_stacks(Local top) const override;
  std::size_t complete(std::span<const Local> frames, std::string& text) override;
  std::size_t memory_bytes() const override;

 protected:
  Transition compute(Local local, std::uint8_t byte) override;
  Local frame_local(const LeafFrame& frame) override { return states_.intern(frame); }

 private:
  // A frame of a leaf, or the one at the bottom, whose `inner` is an expression.
  using State = LeafFrame;
  static bool own(const State& state) { return state.machine == LeafFrame::kOwn; }

  Local composition(Expression e) { return states_.intern({.inner = e}); }
  Transition enter_leaves(Expression e, std::uint8_t byte);

  ExpressionStore expressions_;
  Interner<State, LeafFrameHash> states_;
  std::unordered_map<Local, std::vector<NamedToken>> named_;
};

}  // namespace structgen::compose
