#include "compose/substring.h"

namespace structgen::compose {

SubstringMachine::SubstringMachine(std::string text) : text_(std::move(text)) {
  states_.reserve(2 * text_.size() + 2);
  edges_.reserve(3 * text_.size() + 1);
  states_.push_back({0, kDead, 0, 0, false});  // kDead
  states_.push_back({0, kDead, 0, 0, false});  // kStart
  edges_.push_back({});                        // none
  for (std::size_t i = 0; i < text_.size(); ++i) {
    extend(static_cast<std::uint8_t>(text_[i]), static_cast<std::uint32_t>(i + 1));
  }
  for (std::size_t state = kStart + 1; state < states_.size(); ++state) {
    states_[state].whole = starts_character(states_[state].end);
  }
}

std::uint32_t SubstringMachine::edge(Local from, std::uint8_t byte) const {
  std::uint32_t at = states_[from].first;
  while (at != 0 && edges_[at].byte != byte) at = edges_[at].next;
  return at;
}

void SubstringMachine::add_edge(Local from, std::uint8_t byte, Local target) {
  edges_.push_back({target, states_[from].first, byte});
  states_[from].first = static_cast<std::uint32_t>(edges_.size() - 1);
}

// The automaton of one byte more, as in the paper: a state whose longest span became special is split.
void SubstringMachine::extend(std::uint8_t byte, std::uint32_t end) {
  const auto added = static_cast<Local>(states_.size());
  states_.push_back({states_[last_].length + 1, kStart, end, 0, false});
  Local at = last_;
  for (; at != kDead && edge(at, byte) == 0; at = states_[at].link) add_edge(at, byte, added);
  last_ = added;
  if (at == kDead) return;
  const Local next = edges_[edge(at, byte)].target;
  if (states_[next].length == states_[at].length + 1) {
    states_[added].link = next;
    return;
  }
  const auto copy = static_cast<Local>(states_.size());
  states_.push_back({states_[at].length + 1, states_[next].link, states_[next].end, 0, false});
  for (std::uint32_t old = states_[next].first; old != 0; old = edges_[old].next) {
    add_edge(copy, edges_[old].byte, edges_[old].target);
  }
  for (; at != kDead; at = states_[at].link) {
    const std::uint32_t through = edge(at, byte);
    if (through == 0 || edges_[through].target != next) break;
    edges_[through].target = copy;
  }
  states_[next].link = copy;
  states_[added].link = copy;
}

Transition SubstringMachine::compute(Local local, std::uint8_t byte) {
  if (local == kStart && (byte & 0xC0) == 0x80) return kDead;  // inside a character
  const std::uint32_t found = edge(local, byte);
  return found == 0 ? kDead : edges_[found].target;
}

// To the end of the character, as it goes on where this span ends.
std::string SubstringMachine::way_on(Local local) {
  if (states_[local].whole) return {};
  const std::size_t from = states_[local].end;
  std::size_t to = from + 1;
  while (!starts_character(to)) ++to;
  return text_.substr(from, to - from);
}

std::size_t SubstringMachine::memory_bytes() const {
  return row_bytes() + text_.size() + states_.capacity() * sizeof(State) + edges_.capacity() * sizeof(Edge);
}

}  // namespace structgen::compose
