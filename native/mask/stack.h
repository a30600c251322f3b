// Running a machine: stacks of frames, and a cursor that steps them byte by byte.
//
// A Stack is persistent and belongs to a sequence. A Cursor works on one without
// touching it: frames it pushes live in an arena, frames below are loaded when a
// pop reaches them. A cursor can hold many tops at once, which is what the walk of
// the token trie needs, and what a fork leaves behind.
//
// Does not know: tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "few_first.h"
#include "mask/machine.h"
#include "mask/persistent_list.h"

namespace structgen {

// Byte strings that grow by one byte at a time, interned: what an open key has read.
class TextTable {
 public:
  static constexpr std::uint32_t kEmpty = 0;

  TextTable() : entries_{{0, 0}} {}
  std::uint32_t extend(std::uint32_t text, std::uint8_t byte) {
    const std::uint64_t edge = static_cast<std::uint64_t>(text) << 8 | byte;
    auto [entry, added] = edges_.try_emplace(edge, static_cast<std::uint32_t>(entries_.size()));
    if (added) entries_.push_back({text, byte});
    return entry->second;
  }
  std::string read(std::uint32_t text) const {
    std::string bytes;
    for (; text != kEmpty; text = entries_[text].prefix) bytes.push_back(static_cast<char>(entries_[text].byte));
    return {bytes.rbegin(), bytes.rend()};
  }

 private:
  struct Entry {
    std::uint32_t prefix;
    std::uint8_t byte;
  };
  std::vector<Entry> entries_;
  std::unordered_map<std::uint64_t, std::uint32_t> edges_;
};

struct StackFrame {
  Local local = kDead;
  std::uint32_t text = TextTable::kEmpty;  // bytes read since text began to be kept here
  bool recording = false;                  // whether this frame or one below keeps text
};
using Stack = PersistentList<StackFrame>;

// The top frame while bytes are read; `text` holds what was read before position `from`.
struct Top {
  std::int32_t below;  // slot of the frame underneath, or a negative constant
  Local local;
  std::uint32_t text;
  std::uint32_t from;
};

class Cursor {
 public:
  static constexpr std::int32_t kBottom = -1;  // the stack ends here
  static constexpr std::int32_t kFloor = -2;   // what is underneath is not known

  Cursor(Machine& machine, TextTable& texts) : machine_(machine), texts_(texts) {}

  Top load(const Stack& stack) {
    return {slot_of(stack.tail()), stack.front().local, stack.front().text, 0};
  }
  // The same with the frame on top and `depth` (0 or 1) more; what is underneath is left open.
  Top load_open(const Stack& stack, unsigned depth) {
    std::int32_t below = kFloor;
    if (depth == 1) {
      slots_.push_back({kFloor, 0, Stack::View(stack).tail().front(), {}});
      below = static_cast<std::int32_t>(slots_.size() - 1);
    }
    return {below, stack.front().local, stack.front().text, 0};
  }
  // A top whose stack underneath is left open: pops below it are reported, not followed.
  static Top open_top(Local local) { return {kFloor, local, TextTable::kEmpty, 0}; }

  enum class Result : std::uint8_t { kAlive, kDead, kLeaves, kUnsettled, kForks };

  // Reads `byte`; `read` is everything before it since the cursor was loaded. On kLeaves
  // (only above kFloor) the top is unchanged and `transition` says how it would leave;
  // kUnsettled (only from a Machine::representative) means that the real stack has to tell.
  // On kForks the byte is unread and `transition` is the fork at the top: go on with branch().
  Result step(Top& top, std::uint8_t byte, std::string_view read, Transition* transition = nullptr) {
    const Transition t = machine_.transition(top.local, byte);
    if (t < kActionBit) {
      top.local = t;
      return t == kDead ? Result::kDead : Result::kAlive;
    }
    return act(top, t, byte, read, transition);
  }
  Result act(Top& top, Transition t, std::uint8_t byte, std::string_view read, Transition* transition);
  // Does `t` (of `byte`, unread) to the top, whatever it is, on all ways: calls each(result, top, leaves) for every
  // one, kForks never. Forks within forks end with the first byte that is read.
  template <class Each>
  void branch(Top top, Transition t, std::uint8_t byte, std::string_view read, Each&& each) {
    if (t < kActionBit) {
      top.local = t;
      each(t == kDead ? Result::kDead : Result::kAlive, top, kDead);
      return;
    }
    Transition at = kDead;
    const Result result = act(top, t, byte, read, &at);
    if (result != Result::kForks) {
      each(result, top, at);
      return;
    }
    for (std::size_t i = 0; i < machine_.alternatives(at).size(); ++i) {  // the span may move meanwhile
      branch(top, machine_.alternatives(at)[i], byte, read, each);
    }
  }
  // The frame on top, which may end here, ends.
  void end(Top& top, std::string_view read);

  // Frames may end with this place one after the other, down to the last.
  bool accepting(const Top& top, std::string_view read = {}) {
    Top at = top;
    while (at.below != kBottom) {
      if (at.local == kDead || !machine_.may_end(at.local)) return false;
      end(at, read);
    }
    return at.local != kDead && machine_.accepting(at.local);
  }
  // The tokens without text that may come here, with the state of the only frame after each.
  std::vector<NamedToken> named_tokens(const Top& top, std::string_view read = {});
  // Appends a short way to an accepting state to `text`. Where a token without text belongs to the way, `named`
  // gets it with the number of bytes before it.
  struct Named {
    std::size_t at;
    std::uint32_t token;
  };
  void complete(Top top, std::string& text, std::vector<Named>* named = nullptr);
  // How much that is for a whole stack, or a little more, named tokens counted with the bytes; nullopt where it takes
  // writing it down to say.
  std::optional<std::size_t> completion_length(const Stack& stack);
  Stack save(const Top& top, std::string_view read);
  // Equal for equal stacks: the local states from the top down (texts included).
  std::vector<std::uint32_t> signature(const Top& top, std::string_view read);

  Machine& machine() { return machine_; }

 private:
  struct Slot {
    std::int32_t below = kBottom;
    std::uint32_t from = 0;  // frame.text lacks what was read from here on
    StackFrame frame;
    Stack origin;  // where it was loaded from; empty for pushed frames
  };
  static constexpr std::int32_t kNotLoaded = -3;

  std::int32_t slot_of(const Stack& stack) {
    if (stack.empty()) return kBottom;
    slots_.push_back({kNotLoaded, 0, stack.front(), stack});
    return static_cast<std::int32_t>(slots_.size() - 1);
  }
  const Machine::WayOut& way_out(Local local);
  std::int32_t below(std::int32_t slot);
  Top resumed(std::int32_t slot, Local local);
  std::uint32_t extend(std::uint32_t text, std::string_view bytes);
  Local resume(const Slot& slot, const Top& top, const Action& action, std::uint8_t byte, std::string_view read);

  Machine& machine_;
  TextTable& texts_;
  FewFirst<Slot, 6> slots_;
};

}  // namespace structgen
