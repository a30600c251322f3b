// Automata over symbols on their way into the network: with empty moves (a draft), by subsets without them, and with
// states that go on alike merged.
//
// Does not know: what symbols are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace structgen::cfg {

struct Automaton {
  using StateId = std::uint32_t;
  struct Arc {
    std::uint32_t symbol;
    StateId target;
  };
  struct State {
    std::vector<Arc> arcs;
    bool final = false;

    bool only_final() const { return final && arcs.empty(); }
  };
  std::vector<State> states;  // the first is the start

  std::size_t arcs() const;
};

struct Draft {
  using StateId = Automaton::StateId;
  using Arc = Automaton::Arc;
  static constexpr StateId kStart = 0, kEnd = 1;
  struct State {
    std::vector<Arc> arcs;
    std::vector<StateId> empty;  // moves
  };
  std::vector<State> states{2};

  StateId add() {
    states.emplace_back();
    return static_cast<StateId>(states.size() - 1);
  }
  // A copy of the automaton's states, of which those that are final may go on to `to`; its start, to be moved to.
  // Symbols stay what they are.
  StateId add(const Automaton& automaton, StateId to);
};

// Of several searches together.
struct Steps {
  std::size_t left;
  bool spend(std::size_t steps) {
    left = steps < left ? left - steps : 0;
    return left != 0;
  }
};

// The subset construction: every symbol leads to at most one state. Nothing where the steps or `most` states do not
// suffice.
std::optional<Automaton> deterministic(const Draft& draft, std::size_t most, Steps& steps);
// The draft without its empty moves: no more states than it has.
std::optional<Automaton> without_empty_moves(const Draft& draft, Steps& steps);

// States that go on alike become one; what is left is numbered as it is met, so that equal automata are equal.
std::optional<Automaton> merged(Automaton automaton, Steps& steps);
// The same language but for the empty text: its start is not final.
Automaton without_empty_text(Automaton automaton);

}  // namespace structgen::cfg
