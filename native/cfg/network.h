// A grammar as a network of automata: for each rule that is left after simplification an automaton whose arcs are
// terminals, leaves and rules (Woods 1970; extended right parts in place of alternatives).
//
// Every symbol reads at least one byte: what can be empty is skipped by an arc of its own, so that a rule never
// begins and ends at the same place. Dead ends are left out.
//
// Does not know: notation, stacks (machine.h).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cfg/grammar.h"
#include "regex/node.h"

namespace structgen::cfg {

// What a symbol is: a rule's automaton, a leaf, or neither: a terminal's language (there are never that many).
inline constexpr std::uint32_t kRuleBit = 0x80000000u;
inline constexpr std::uint32_t kLeafBit = 0x40000000u;

class Network {
 public:
  using StateId = std::uint32_t;
  using Part = std::uint32_t;  // the automaton of one rule; part 0 is the whole text
  static constexpr std::uint64_t kFar = ~std::uint64_t{0};

  struct Arc {
    std::uint32_t symbol;  // a terminal's language, kLeafBit | leaf or kRuleBit | part
    StateId target;
  };
  struct State {
    std::uint32_t first = 0, last = 0;  // of its arcs
    bool final = false;
    std::uint64_t distance = kFar;  // find_distances(): bytes of a shortest way to the end of its automaton …
    std::uint32_t way = 0;          // … by this arc, unless it is final

    bool only_final() const { return final && first == last; }
  };
  struct Automaton {
    StateId start;
    regex::ByteSet first;   // bytes it may begin with: a superset
    regex::ByteSet follow;  // bytes that may come after it somewhere: a superset
  };

  // Of what `start` derives. Its rules are productive. Throws BudgetExceeded where repetitions are too large.
  Network(Grammar& grammar, regex::Store& store, Rule start);

  const State& state(StateId s) const { return states_[s]; }
  const Arc* arcs(const State& state) const { return arcs_.data() + state.first; }
  const Automaton& automaton(Part part) const { return parts_[part]; }
  const Leaf& leaf(std::uint32_t symbol) const { return leaves_[symbol & ~kLeafBit]; }
  bool has_leaves() const { return !leaves_.empty(); }
  std::size_t parts() const { return parts_.size(); }
  // Bytes that a symbol may begin with: a superset.
  regex::ByteSet first_of(std::uint32_t symbol, regex::Store& store) const;
  // A state at the end of its automaton, with nothing after it.
  StateId end() const { return end_; }
  std::size_t size() const { return arcs_.size() + states_.size(); }
  std::size_t memory_bytes() const;
  // All of it is one regular language; kNone where it is not.
  regex::Regex language() const { return language_; }
  // Before distances and ways are asked for. Only completions need them, and a shortest text of a terminal may take
  // a search, so that they are found then, once.
  void find_distances(regex::Store& store);
  // Appends a shortest way from the state to the end of its automaton, at most `most` bytes of it.
  void append_way(StateId s, regex::Store& store, std::size_t most, std::string& text) const;
  // Equal for equal networks.
  std::vector<std::uint32_t> signature() const;

 private:
  friend class NetworkBuilder;
  void find_first_and_follow(regex::Store& store);
  template <class Cost>
  void settle(const Cost& cost);
  void leave_out_dead_ends();

  std::vector<State> states_;
  std::vector<Arc> arcs_;
  std::vector<Automaton> parts_;
  std::vector<Leaf> leaves_;
  StateId end_ = 0;
  std::vector<Part> part_of_;  // by state; states that end at once may be shared
  regex::Regex language_ = kNone;
  bool measured_ = false;
};

}  // namespace structgen::cfg
