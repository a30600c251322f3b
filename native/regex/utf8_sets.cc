#include "regex/utf8_sets.h"

namespace structgen::regex {

const Utf8Moves& utf8_moves(std::uint32_t state) {
  static const std::array<Utf8Moves, kUtf8States> kMoves = [] {
    std::array<Utf8Moves, kUtf8States> moves{};
    for (std::uint32_t from = 0; from < kUtf8States; ++from) {
      for (unsigned value = 0; value < 256; ++value) {
        const auto byte = static_cast<std::uint8_t>(value);
        moves[from][utf8_step(from, byte)].add(byte);
      }
    }
    return moves;
  }();
  return kMoves[state];
}

Utf8Map utf8_map(const ByteSet& set) {
  Utf8Map result = 0;
  for (std::uint32_t start = 0; start < kUtf8States; ++start) {
    std::uint32_t end = kUtf8Vacuous;
    const Utf8Moves& moves = utf8_moves(start);
    for (std::uint32_t to = 0; to <= kUtf8Mixed; ++to) {
      if (!(moves[to] & set).none()) end = end == kUtf8Vacuous ? to : kUtf8Mixed;
    }
    result |= end << (4 * start);
  }
  return result;
}

}  // namespace structgen::regex
