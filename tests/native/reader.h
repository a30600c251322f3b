// A sequence of bytes under a machine, on as many stacks as it takes, saved after each byte as a matcher does.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mask/stack.h"

namespace structgen::test {

struct Reader {
  Machine& machine;
  Local start;
  TextTable texts{};
  std::vector<Stack> stacks{Stack({start, TextTable::kEmpty}, {})};

  bool read(std::string_view text) {
    for (const char byte : text) {
      std::vector<Stack> next;
      machine.refill();
      for (const Stack& stack : stacks) {
        Cursor cursor(machine, texts);
        const Top top = cursor.load(stack);
        const auto value = static_cast<std::uint8_t>(byte);
        cursor.branch(top, machine.transition(top.local, value), value, {},
                      [&](Cursor::Result result, const Top& after, Transition) {
                        if (result == Cursor::Result::kAlive) next.push_back(cursor.save(after, {&byte, 1}));
                      });
      }
      stacks = std::move(next);
      if (stacks.empty()) return false;
    }
    return true;
  }
  bool ends() {
    for (const Stack& stack : stacks) {
      Cursor cursor(machine, texts);
      if (cursor.accepting(cursor.load(stack))) return true;
    }
    return false;
  }
  std::size_t ways() const { return stacks.size(); }
  // What completes the first of the stacks.
  std::string rest() {
    Cursor cursor(machine, texts);
    std::string text;
    cursor.complete(cursor.load(stacks.front()), text);
    return text;
  }
  std::size_t frames() const {
    std::size_t count = 0;
    for (Stack::View view(stacks.front()); !view.empty(); view = view.tail()) ++count;
    return count;
  }
};

}  // namespace structgen::test
