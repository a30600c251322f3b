// States among which some kinds of characters lead, whichever come: any text of them is alive.
//
// A name has one such state, which reads letters and digits over and over; words with blanks between them have two,
// free text in quotes has one that takes nearly everything. Only bytes that stay in the frame are looked at: a quote
// that ends a JSON string leads nowhere.
//
// Does not know: tokens.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "mask/machine.h"
#include "vocabulary/subtree_text.h"

namespace structgen {

class TextRegions {
 public:
  explicit TextRegions(Machine& machine) : machine_(machine) {}

  struct Region {
    CharacterKinds kinds;  // any text of these is alive from each of …
    std::vector<Local> states;
  };
  // One around the state: not always as large as possible. Found once, and stays where it is.
  const Region& around(Local local);

  // What tokens do from a state on, by how they begin.
  struct Beginnings {
    // By the first byte: a text is alive that goes on, after its first character, with none of these.
    std::array<CharacterKinds, 256> excluded;
    std::vector<const Region*> regions;  // in which that is so
  };
  // Nothing is known (no regions) where text that begins with a letter is not alive whatever letters follow.
  // `points`: a state counts as a region that takes any so many characters; 0 where that is not to be asked.
  Beginnings beginnings(Local local, std::uint32_t points);
  // About: the lists are short.
  std::size_t memory_bytes() const { return (known_.size() + steps_.size() + inside_.size()) * 96; }

 private:
  static constexpr std::size_t kMostStates = 6;
  static constexpr int kMostTrials = 100;
  static constexpr std::size_t kMostInside = 64;  // states inside of characters; beyond them nothing is known

  // Where the characters of each kind lead from a state.
  struct Steps {
    CharacterKinds asked = 0;  // kinds for which it is known …
    CharacterKinds alive = 0;  // … and of which no character is dead
    std::vector<std::pair<Local, CharacterKinds>> to;
  };
  CharacterKinds alive(Local local, CharacterKinds kinds);
  bool ends(Local local, std::uint32_t state, std::vector<Local>& found);
  bool closed(Local local, CharacterKinds kinds);
  CharacterKinds known_after(Local local, const std::vector<const Region*>& regions, std::uint32_t points);

  Machine& machine_;
  std::unordered_map<Local, Region> known_;
  std::unordered_map<Local, Steps> steps_;
  std::vector<Local> states_;  // where characters lead, in the search that goes on …
  std::unordered_map<std::uint64_t, std::vector<Local>> inside_;  // … and from within one; empty where one is dead
};

}  // namespace structgen
