// The automaton of valid UTF-8 (utf8.h) by sets of bytes.
//
// Does not know: expressions.
#pragma once

#include <array>

#include "regex/node.h"
#include "regex/utf8.h"

namespace structgen::regex {

// By the state they lead to, kUtf8Mixed for none: the bytes that may come in `state`, and those that may not.
using Utf8Moves = std::array<ByteSet, kUtf8Mixed + 1>;
const Utf8Moves& utf8_moves(std::uint32_t state);

inline const ByteSet& utf8_alike(std::uint32_t state, std::uint8_t byte) {
  return utf8_moves(state)[utf8_step(state, byte)];
}

// Where all of these bytes lead from each state.
Utf8Map utf8_map(const ByteSet& set);

}  // namespace structgen::regex
