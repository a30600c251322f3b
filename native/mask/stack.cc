#include "mask/stack.h"

#include "budget.h"

namespace structgen {

namespace {

constexpr std::size_t kMaxCompletion = 1u << 21;
constexpr std::size_t kLongWay = 1u << 12;  // worth asking where it leads, instead of reading it

}  // namespace

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
    if (action.kind == Action::Kind::kFork) {
      if (transition) *transition = t;
      return Result::kForks;
    }
    if (action.kind == Action::Kind::kPush || action.kind == Action::Kind::kPushAgain) {
      const bool again = action.kind == Action::Kind::kPushAgain;
      const bool keeps = machine_.keeps_text(action.local);
      const auto from = static_cast<std::uint32_t>(read.size());
      slots_.push_back({top.below, from, {action.local, TextTable::kEmpty, keeps}, {}});
      top = {static_cast<std::int32_t>(slots_.size() - 1), action.child, TextTable::kEmpty, from + (again ? 0u : 1u)};
      if (!again) return Result::kAlive;
      t = machine_.transition(top.local, byte);
      if (t < kActionBit) {
        top.local = t;
        return t == kDead ? Result::kDead : Result::kAlive;
      }
      continue;
    }
    if (top.below == kFloor) {
      if (transition) *transition = t;
      return Result::kLeaves;
    }
    const Local next = resume(slots_[static_cast<std::size_t>(top.below)], top, action, byte, read);
    if (next == kDead) return Result::kDead;
    if (next == kUnsettled) return Result::kUnsettled;
    top = resumed(top.below, next);
    if (action.kind != Action::Kind::kPopAgain) return Result::kAlive;
    t = machine_.transition(top.local, byte);
    if (t < kActionBit) {
      top.local = t;
      return t == kDead ? Result::kDead : Result::kAlive;
    }
  }
}

Local Cursor::resume(const Slot& slot, const Top& top, const Action& action, std::uint8_t byte,
                     std::string_view read) {
  const Local local = slot.frame.local;
  if (action.kind == Action::Kind::kPopText) {
    return machine_.resume(local, action.result, texts_.read(top.text) + std::string(read.substr(top.from)));
  }
  if (!machine_.keeps_text(local)) return machine_.resume(local, action.result, {});
  std::string text = texts_.read(slot.frame.text) + std::string(read.substr(slot.from));
  if (action.kind == Action::Kind::kPop) text.push_back(static_cast<char>(byte));
  return machine_.resume(local, action.result, text);
}

void Cursor::end(Top& top, std::string_view read) {
  const Action action{Action::Kind::kPopAgain, 0, 0, machine_.end_result(top.local)};
  top = resumed(top.below, resume(slots_[static_cast<std::size_t>(top.below)], top, action, 0, read));
}

std::vector<NamedToken> Cursor::named_tokens(const Top& top, std::string_view read) {
  Top at = top;
  while (at.below != kBottom) {
    if (!machine_.may_end(at.local)) return {};
    end(at, read);
    if (at.local == kDead) return {};
  }
  const std::span<const NamedToken> named = machine_.named_tokens(at.local);
  return {named.begin(), named.end()};
}

// Found once for each local state, byte by byte; the frames pushed meanwhile are popped again.
const Machine::WayOut& Cursor::way_out(Local local) {
  Machine::WayOut& way = machine_.way_out(local);
  if (way.found) return way;
  Top top = open_top(local);
  std::string text;
  Transition leaves = kDead;
  while (leaves == kDead && !(top.below == kFloor && machine_.accepting(top.local))) {
    const std::string part = machine_.way_on(top.local);
    if (part.empty()) {  // a number that is complete
      if (top.below == kFloor) {
        leaves = machine_.add_action({Action::Kind::kPopAgain, 0, 0, machine_.end_result(top.local)});
      } else {
        end(top, text);
      }
      continue;
    }
    const Transition after = part.size() < kLongWay ? kUnknown : machine_.after_way_on(top.local, part);
    if (after != kUnknown) {
      text += part;
      if (text.size() > kMaxCompletion) throw BudgetExceeded("shortest completion: 2 MiB");
      if (after < kActionBit) {
        top.local = after;
      } else if (top.below == kFloor) {
        leaves = after;
      } else {
        const std::string_view read(text.data(), text.size() - 1);
        const Slot below = slots_[static_cast<std::size_t>(top.below)];
        const auto last = static_cast<std::uint8_t>(text.back());
        top = resumed(top.below, resume(below, top, machine_.action(after), last, read));
      }
      continue;
    }
    for (char byte : part) {
      Transition t = kDead;
      Result result = step(top, static_cast<std::uint8_t>(byte), text, &t);
      while (result == Result::kForks) {  // the way is the frame's own
        const Transition own = machine_.alternatives(t)[0];
        if (own < kActionBit) top.local = own;
        result = own < kActionBit ? Result::kAlive : act(top, own, static_cast<std::uint8_t>(byte), text, &t);
      }
      if (result == Result::kLeaves) leaves = t;
      if (result == Result::kDead) {
        throw BudgetExceeded("a completion could not be followed: please report this grammar");
      }
      text.push_back(byte);
    }
    if (text.size() > kMaxCompletion) throw BudgetExceeded("shortest completion: 2 MiB");
  }
  way = {std::move(text), leaves, true};
  return way;
}

void Cursor::complete(Top top, std::string& text, std::vector<Named>* named) {
  while (true) {
    if (machine_.completes_stacks(top.local)) {
      std::vector<Local> frames{top.local};
      std::vector<std::int32_t> under;
      for (std::int32_t slot = top.below; slot >= 0; slot = below(slot)) {
        frames.push_back(slots_[static_cast<std::size_t>(slot)].frame.local);
        under.push_back(slot);
      }
      const std::size_t ended = machine_.complete(frames, text);
      if (ended == frames.size()) return;
      const std::int32_t next = under[ended - 1];
      const Slot slot = slots_[static_cast<std::size_t>(next)];
      top = resumed(next, resume(slot, top, {Action::Kind::kPopAgain}, 0, text));
      continue;
    }
    if (accepting(top, text)) return;
    if (top.below == kBottom) {
      if (Machine::Jump jump = machine_.jump(top.local); jump.possible) {
        text += jump.text;
        if (jump.token != Machine::kNoNamedToken && named) named->push_back({text.size(), jump.token});
        top.local = jump.next;
        continue;
      }
    }
    const Machine::WayOut way = way_out(top.local);
    text += way.text;
    if (way.leaves == kDead) return;
    // The frame leaves with its last byte, or (a complete number) before the next one.
    const Action action = machine_.action(way.leaves);
    const bool again = action.kind == Action::Kind::kPopAgain;
    const std::string_view read(text.data(), text.size() - (again ? 0 : 1));
    const Slot below = slots_[static_cast<std::size_t>(top.below)];
    const auto last = static_cast<std::uint8_t>(again ? 0 : text.back());
    const Local next = resume(below, top, action, last, read);
    top = resumed(top.below, next);
    if (text.size() > kMaxCompletion) throw BudgetExceeded("shortest completion: 2 MiB");
  }
}

std::optional<std::size_t> Cursor::completion_length(const Stack& stack) {
  Local local = stack.front().local;
  bool whole = true;  // the frame on top is the stack's: its text is known
  std::size_t length = 0;
  for (Stack::View under = Stack::View(stack).tail(); length <= kMaxCompletion; under = under.tail()) {
    if (machine_.completes_stacks(local)) return std::nullopt;
    while (under.empty()) {
      if (machine_.accepting(local)) return length;
      const Machine::Jump jump = machine_.jump(local);
      if (!jump.possible) break;
      length += jump.text.size() + (jump.token != Machine::kNoNamedToken);
      if (length > kMaxCompletion) return std::nullopt;
      local = jump.next;
    }
    Machine::Ending end = machine_.ending(local);
    if (!end.known) {
      const Machine::WayOut& way = way_out(local);
      if (way.leaves == kDead) return length + way.text.size();
      const Action& action = machine_.action(way.leaves);
      end = {true, action.kind == Action::Kind::kPopText, static_cast<std::uint32_t>(way.text.size()), action.result};
    }
    length += end.bytes;
    // A frame that would ask for the text ends as well, if it can without.
    while (end.text || machine_.keeps_text(under.front().local)) {
      const Machine::Ending both = machine_.ending_unread(under.front().local, end.result);
      if (!both.known) break;
      end = both;
      length += end.bytes;
      under = under.tail();
      whole = false;
      if (under.empty()) return std::nullopt;
    }
    const Local below = under.front().local;
    if (!end.text && !machine_.keeps_text(below)) {
      local = machine_.resume(below, end.result, {});
    } else {
      Local next = machine_.resume_unread(below, end.result);
      if (next == kUnsettled && end.text && whole) {
        std::string text = texts_.read(stack.front().text) + machine_.way_on(local);
        text.pop_back();  // it ends with this byte
        next = machine_.resume(below, end.result, text);
      }
      if (next == kUnsettled || next == kDead) return std::nullopt;
      local = next;
    }
    whole = false;
  }
  return std::nullopt;
}

Stack Cursor::save(const Top& top, std::string_view read) {
  // Collect pushed and recording frames down to the first that stands unchanged, then rebuild upwards.
  FewFirst<StackFrame, 4> changed;
  std::int32_t slot = top.below;
  while (slot >= 0) {
    const Slot& at = slots_[static_cast<std::size_t>(slot)];
    if (!at.origin.empty() && !at.frame.recording) break;
    StackFrame frame = at.frame;
    if (machine_.keeps_text(frame.local)) frame.text = extend(frame.text, read.substr(at.from));
    changed.push_back(frame);
    slot = below(slot);
  }
  Stack stack = slot >= 0 ? slots_[static_cast<std::size_t>(slot)].origin : Stack();
  while (!changed.empty()) {
    StackFrame frame = changed.take_back();
    frame.recording = machine_.keeps_text(frame.local) || (!stack.empty() && stack.front().recording);
    stack = Stack(frame, stack);
  }
  const bool keeps = machine_.keeps_text(top.local);
  const std::uint32_t text = keeps ? extend(top.text, read.substr(top.from)) : TextTable::kEmpty;
  return Stack({top.local, text, keeps || (!stack.empty() && stack.front().recording)}, stack);
}

std::vector<std::uint32_t> Cursor::signature(const Top& top, std::string_view read) {
  std::vector<std::uint32_t> parts{top.local};
  parts.push_back(machine_.keeps_text(top.local) ? extend(top.text, read.substr(top.from)) : 0);
  for (std::int32_t slot = top.below; slot >= 0; slot = below(slot)) {
    const Slot& at = slots_[static_cast<std::size_t>(slot)];
    parts.push_back(at.frame.local);
    if (machine_.keeps_text(at.frame.local)) parts.push_back(extend(at.frame.text, read.substr(at.from)));
  }
  return parts;
}

}  // namespace structgen
