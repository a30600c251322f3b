// A machine inside of another: frames of a leaf's own machine, as the machine around it (the host) stacks them.
//
//   host's frame ─▶ leaf's first frame ─▶ leaf's further frames …
//
// A leaf may end where its machine accepts. Where it may also go on, both ways are followed: a fork, made only where
// both can read the next byte, for a leaf's frames carry the bytes that may follow it. The host numbers these frames
// among its own states (frame_local) and hands every question about them on to here.
//
// Does not know: what leaves are, nor what the host does between them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "interner.h"
#include "mask/machine.h"
#include "mask/stack.h"
#include "regex/node.h"

namespace structgen {

struct LeafFrame {
  static constexpr std::uint32_t kOwn = 0xFFFFFFFFu;  // in place of a machine: no leaf's frame, but the host's own
  static constexpr std::uint32_t kUnbounded = 0xFFFFFFFFu;

  std::uint32_t machine = kOwn;
  std::uint32_t inner = 0;            // a state of that machine
  std::uint32_t follow = 0;           // the bytes that may come after the leaf
  std::uint32_t tokens = kUnbounded;  // that may still take part in the leaf
  bool bottom = false;                // of the leaf's frames
  bool fresh = false;                 // nothing of the leaf was read: what may be skipped was skipped before

  bool operator==(const LeafFrame&) const = default;
};

struct LeafFrameHash {
  std::size_t operator()(const LeafFrame& f) const {
    std::size_t seed = static_cast<std::size_t>(f.bottom) << 1 | static_cast<std::size_t>(f.fresh);
    for (std::uint32_t part : {f.machine, f.inner, f.follow, f.tokens}) seed = mix_hash(seed, part);
    return seed;
  }
};

// What a host has to know about a leaf: the bytes it may begin with (a superset), and a short text of it.
regex::ByteSet first_bytes_of(Machine& machine, Local start);
std::string short_text_of(Machine& machine, Local start, TextTable& texts);

class LeafHost : public Machine {
 public:
  explicit LeafHost(bool names_tokens = false) : Machine(names_tokens) { follows_.intern({}); }
  void refill() override {
    for (Machine* machine : machines_) machine->refill();
  }

 protected:
  // The host's number of a leaf's frame.
  virtual Local frame_local(const LeafFrame& frame) = 0;

  // Into a leaf, which reads the byte, too; the host's frame goes to `below` meanwhile. What the leaf ended with is
  // 0 there, and resume() has nothing more to be told.
  Transition enter(Machine& machine, Local start, const regex::ByteSet& follow, std::uint32_t tokens, Local below);

  // What Machine asks, of a leaf's frame.
  Transition frame_transition(const LeafFrame& frame, std::uint8_t byte);
  Local frame_resume(const LeafFrame& frame, std::uint32_t result, std::string_view text);
  Local frame_resume_unnamed(const LeafFrame& frame, std::uint32_t result, std::size_t longest);
  std::pair<Local, Local> frame_between(const LeafFrame& frame);
  std::optional<Bounded> frame_bounded(const LeafFrame& frame);
  std::uint32_t frame_least_points(const LeafFrame& frame) { return machine_of(frame).least_points(frame.inner); }
  bool frame_keeps_text(const LeafFrame& frame) const { return machine_of(frame).keeps_text(frame.inner); }
  Local frame_representative(const LeafFrame& frame, std::size_t longest);
  FreeText frame_free_text(const LeafFrame& frame);
  bool frame_may_end(const LeafFrame& frame);
  std::uint32_t frame_end_result(const LeafFrame& frame);
  std::string frame_way_on(const LeafFrame& frame);
  Transition frame_after_way_on(const LeafFrame& frame, std::string_view way);
  Ending frame_ending(const LeafFrame& frame);
  Ending frame_ending_unread(const LeafFrame& frame, std::uint32_t result);
  Local frame_resume_unread(const LeafFrame& frame, std::uint32_t result);
  bool frame_completes(const LeafFrame& frame) const { return machine_of(frame).completes_stacks(frame.inner); }
  // Of these, the topmost are one leaf's, from its first frame's (the last of them) up.
  std::size_t frame_complete(std::span<const LeafFrame> frames, std::string& text);

  std::size_t frames_memory_bytes() const { return follows_.memory_bytes() + machines_.capacity() * sizeof(Machine*); }

 private:
  Machine& machine_of(const LeafFrame& frame) const { return *machines_[frame.machine]; }
  std::uint32_t machine_number(Machine* machine);
  // The same leaf's: the frame itself in another state, or one above it.
  Local moved(LeafFrame frame, Local inner);
  Local above(LeafFrame frame, Local inner);
  Transition translated(const LeafFrame& frame, Transition t);

  std::vector<Machine*> machines_;
  Interner<regex::ByteSet, regex::ByteSetHash> follows_;
};

}  // namespace structgen
