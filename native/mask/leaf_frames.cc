#include "mask/leaf_frames.h"

#include <algorithm>

namespace structgen {

regex::ByteSet first_bytes_of(Machine& machine, Local start) {
  regex::ByteSet first;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const auto value = static_cast<std::uint8_t>(byte);
    if (machine.transition(start, value) != kDead) first.add(value);
  }
  return first;
}

std::string short_text_of(Machine& machine, Local start, TextTable& texts) {
  Cursor cursor(machine, texts);
  std::string text;
  cursor.complete(cursor.load(Stack({start, TextTable::kEmpty}, {})), text);
  return text;
}

std::uint32_t LeafHost::machine_number(Machine* machine) {
  const auto found = std::find(machines_.begin(), machines_.end(), machine);
  const auto number = static_cast<std::uint32_t>(found - machines_.begin());
  if (found == machines_.end()) machines_.push_back(machine);
  return number;
}

Local LeafHost::moved(LeafFrame frame, Local inner) {
  if (inner == kDead || inner == kUnsettled) return inner;
  frame.inner = inner;
  frame.fresh = false;
  return frame_local(frame);
}

Local LeafHost::above(LeafFrame frame, Local inner) {
  frame.bottom = false;
  return moved(frame, inner);
}

Transition LeafHost::translated(const LeafFrame& frame, Transition t) {
  if (t < kActionBit) return moved(frame, t);
  Machine& machine = machine_of(frame);
  Action action = machine.action(t);
  if (action.kind == Action::Kind::kPush || action.kind == Action::Kind::kPushAgain) {
    action.local = moved(frame, action.local);
    action.child = above(frame, action.child);
  } else if (action.kind == Action::Kind::kFork) {
    std::vector<Transition> alternatives;
    const std::span<const Transition> inner = machine.alternatives(t);
    for (const Transition one : std::vector<Transition>(inner.begin(), inner.end())) {
      alternatives.push_back(translated(frame, one));
    }
    return add_fork(alternatives);
  }
  return add_action(action);
}

Transition LeafHost::enter(Machine& machine, Local start, const regex::ByteSet& follow, std::uint32_t tokens,
                           Local below) {
  const LeafFrame first{.machine = machine_number(&machine),
                        .inner = start,
                        .follow = follows_.intern(follow),
                        .tokens = tokens,
                        .bottom = true,
                        .fresh = true};
  return add_action({Action::Kind::kPushAgain, below, frame_local(first)});
}

Transition LeafHost::frame_transition(const LeafFrame& frame, std::uint8_t byte) {
  Machine& machine = machine_of(frame);
  const bool may_end = frame_may_end(frame);
  // Out of tokens, a text ends with its first whole character.
  const bool stays = frame.tokens != 0 || frame.fresh || !may_end;
  if (!may_end || !follows_[frame.follow].has(byte)) {
    return stays ? translated(frame, machine.transition(frame.inner, byte)) : kDead;
  }
  if (stays && !frame.bottom) return translated(frame, machine.transition_or_end(frame.inner, byte));
  const Transition out = add_action({Action::Kind::kPopAgain, 0, 0, frame_end_result(frame)});
  if (!stays) return out;
  const Transition ways[] = {translated(frame, machine.transition(frame.inner, byte)), out};  // the leaf's own first
  return add_fork(ways);
}

Local LeafHost::frame_resume(const LeafFrame& frame, std::uint32_t result, std::string_view text) {
  return moved(frame, machine_of(frame).resume(frame.inner, result, text));
}

Local LeafHost::frame_resume_unnamed(const LeafFrame& frame, std::uint32_t result, std::size_t longest) {
  return moved(frame, machine_of(frame).resume_unnamed(frame.inner, result, longest));
}

std::pair<Local, Local> LeafHost::frame_between(const LeafFrame& frame) {
  const auto [less, more] = machine_of(frame).between(frame.inner);
  return {moved(frame, less), moved(frame, more)};
}

std::optional<Machine::Bounded> LeafHost::frame_bounded(const LeafFrame& frame) {
  std::optional<Bounded> found = machine_of(frame).bounded(frame.inner);
  if (found) found->inner = moved(frame, found->inner);
  return found;
}

Local LeafHost::frame_representative(const LeafFrame& frame, std::size_t longest) {
  LeafFrame near = frame;
  if (near.tokens != 0) near.tokens = LeafFrame::kUnbounded;  // one token is at most the last
  near.inner = machine_of(frame).representative(frame.inner, longest);
  return frame_local(near);
}

Machine::FreeText LeafHost::frame_free_text(const LeafFrame& frame) {
  if (frame.bottom) return {};
  return machine_of(frame).free_text(frame.inner);
}

bool LeafHost::frame_may_end(const LeafFrame& frame) {
  if (frame.fresh) return false;
  Machine& machine = machine_of(frame);
  return frame.bottom ? machine.accepting(frame.inner) : machine.may_end(frame.inner);
}

std::uint32_t LeafHost::frame_end_result(const LeafFrame& frame) {
  return frame.bottom ? 0 : machine_of(frame).end_result(frame.inner);
}

std::string LeafHost::frame_way_on(const LeafFrame& frame) {
  return frame_may_end(frame) ? std::string() : machine_of(frame).way_on(frame.inner);
}

Transition LeafHost::frame_after_way_on(const LeafFrame& frame, std::string_view way) {
  const Transition after = machine_of(frame).after_way_on(frame.inner, way);
  return after == kUnknown ? kUnknown : translated(frame, after);
}

// The first frame of a leaf ends where its machine accepts, and one that counts tokens may have to end before it would.
Machine::Ending LeafHost::frame_ending(const LeafFrame& frame) {
  if (frame.bottom || frame.tokens != LeafFrame::kUnbounded) return {};
  return machine_of(frame).ending(frame.inner);
}

Machine::Ending LeafHost::frame_ending_unread(const LeafFrame& frame, std::uint32_t result) {
  if (frame.bottom || frame.tokens != LeafFrame::kUnbounded) return {};
  return machine_of(frame).ending_unread(frame.inner, result);
}

Local LeafHost::frame_resume_unread(const LeafFrame& frame, std::uint32_t result) {
  return moved(frame, machine_of(frame).resume_unread(frame.inner, result));
}

std::size_t LeafHost::frame_complete(std::span<const LeafFrame> frames, std::string& text) {
  std::vector<Local> inner;
  for (const LeafFrame& frame : frames) {
    inner.push_back(frame.inner);
    if (frame.bottom) break;
  }
  return machine_of(frames.front()).complete(inner, text);
}

}  // namespace structgen
