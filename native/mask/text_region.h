// States of a language among which some kinds of characters lead, whichever come: any text of them is alive.
//
// A name has one such state, which reads letters and digits over and over; words with blanks between them have two,
// free text in quotes has one that takes nearly everything.
//
// Does not know: tokens.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "mask/machine.h"
#include "vocabulary/subtree_text.h"

namespace structgen {

class TextRegions {
 public:
  // Of a machine with one frame.
  explicit TextRegions(Machine& machine) : machine_(machine) {}

  struct Region {
    CharacterKinds kinds;  // any text of these is alive from each of …
    std::vector<Local> states;
  };
  // One around the state: not always as large as possible. Found once, and stays where it is.
  const Region& around(Local local);
  // Bytes that begin a character, where all that begin so lead from `local` into the region.
  std::array<bool, 256> first_bytes(Local local, const Region& region);

 private:
  static constexpr std::size_t kMostStates = 6;
  static constexpr int kMostTrials = 40;
  static constexpr std::size_t kMostInside = 64;  // states inside of characters; beyond them nothing is known

  bool closed(Local local, CharacterKinds kinds);
  bool read(Local local, std::uint8_t byte);
  bool ends(Local local, std::uint32_t state);

  Machine& machine_;
  std::unordered_map<Local, Region> known_;
  std::vector<Local> states_;                        // where characters lead, in the search that goes on …
  std::unordered_map<std::uint64_t, bool> inside_;   // … and whether they are alive from within
};

}  // namespace structgen
