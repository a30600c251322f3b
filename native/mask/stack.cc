#include "mask/stack.h"

namespace structgen {

std::int32_t Cursor::below(std::int32_t slot) {
  const auto at = static_cast<std::size_t>(slot);
  if (slots_[at].below == kNotLoaded) {
    const std::int32_t loaded = slot_of(slots_[at].origin.tail());  // may move slots_
    slots_[at].below = loaded;
  }
  return slots_[at].below;
}

Top Cursor::resumed(std::int32_t slot, Local local) {
  const std::uint32_t text = slots_[static_cast<std::size_t>(slot)].frame.text;
  return {below(slot), local, text, 0};
}

std::uint32_t Cursor::extend(std::uint32_t text, std::string_view bytes) {
  for (char byte : bytes) text = texts_.extend(text, static_cast<std::uint8_t>(byte));
  return text;
}

Cursor::Result Cursor::act(Top& top, Transition t, std::uint8_t byte, std::string_view read,
                           Transition* transition) {
  while (true) {
    const Action action = machine_.action(t);
    if (action.kind == Action::Kind::kPush) {
      slots_.push_back({top.below, {action.local, top.text}, {}});
      top = {static_cast<std::int32_t>(slots_.size() - 1), action.child, TextTable::kEmpty,
             static_cast<std::uint32_t>(read.size() + 1)};
      return Result::kAlive;
    }
    if (top.below == kFloor) {
      if (transition) *transition = t;
      return Result::kLeaves;
    }
    const Local parent = slots_[static_cast<std::size_t>(top.below)].frame.local;
    Local next;
    if (action.kind == Action::Kind::kPopText) {
      next = machine_.resume_with_text(parent, texts_.read(top.text) + std::string(read.substr(top.from)));
    } else {
      next = machine_.resume(parent, action.result);
    }
    if (next == kDead) return Result::kDead;
    top = resumed(top.below, next);
    if (action.kind != Action::Kind::kPopAgain) return Result::kAlive;
    t = machine_.transition(top.local, byte);
    if (t < kActionBit) {
      top.local = t;
      return t == kDead ? Result::kDead : Result::kAlive;
    }
  }
}

void Cursor::end(Top& top) {
  const std::uint32_t result = machine_.end_result(top.local);
  const Local parent = slots_[static_cast<std::size_t>(top.below)].frame.local;
  top = resumed(top.below, machine_.resume(parent, result));
}

Stack Cursor::save(const Top& top, std::string_view read) {
  // Collect pushed frames down to the first that was loaded, then rebuild upwards.
  std::vector<StackFrame> pushed;
  std::int32_t slot = top.below;
  while (slot >= 0 && slots_[static_cast<std::size_t>(slot)].origin.empty()) {
    pushed.push_back(slots_[static_cast<std::size_t>(slot)].frame);
    slot = below(slot);
  }
  Stack stack = slot >= 0 ? slots_[static_cast<std::size_t>(slot)].origin : Stack();
  for (auto frame = pushed.rbegin(); frame != pushed.rend(); ++frame) stack = Stack(*frame, stack);
  std::uint32_t text = TextTable::kEmpty;
  if (machine_.keeps_text(top.local)) text = extend(top.text, read.substr(top.from));
  return Stack({top.local, text}, stack);
}

std::vector<std::uint32_t> Cursor::signature(const Top& top, std::string_view read) {
  std::vector<std::uint32_t> parts{top.local};
  parts.push_back(machine_.keeps_text(top.local) ? extend(top.text, read.substr(top.from)) : 0);
  for (std::int32_t slot = top.below; slot >= 0; slot = below(slot)) {
    parts.push_back(slots_[static_cast<std::size_t>(slot)].frame.local);
  }
  return parts;
}

}  // namespace structgen
