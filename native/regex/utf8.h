// The automaton of valid UTF-8, and what an expression is known to do to it.
//
// A `Utf8Map` says, for each of the eight states, in which state every member
// of an expression ends when it starts there: one nibble per state. It is a
// typing of expressions, computed bottom-up: kUtf8Mixed where members disagree
// or break the encoding, kUtf8Vacuous where there is no member.
//
// Does not know: expressions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace structgen::regex {

// States: 0 between code points; 1, 2, 3 that many continuation bytes to come;
// 4 after E0, 5 after ED, 6 after F0, 7 after F4 (narrower second bytes).
inline constexpr std::uint32_t kUtf8States = 8;
inline constexpr std::uint32_t kUtf8Mixed = 8;
inline constexpr std::uint32_t kUtf8Vacuous = 9;

using Utf8Map = std::uint32_t;
inline constexpr Utf8Map kUtf8Identity = 0x76543210u;
inline constexpr Utf8Map kUtf8AllMixed = 0x88888888u;
inline constexpr Utf8Map kUtf8AllVacuous = 0x99999999u;

inline std::uint32_t utf8_to(Utf8Map map, std::uint32_t state) { return (map >> (4 * state)) & 15; }

// The state after `byte`, kUtf8Mixed when it is not allowed there.
std::uint32_t utf8_step(std::uint32_t state, std::uint8_t byte);
Utf8Map utf8_compose(Utf8Map first, Utf8Map second);
Utf8Map utf8_union(Utf8Map left, Utf8Map right);
Utf8Map utf8_intersection(Utf8Map left, Utf8Map right);

bool utf8_valid(std::string_view text);
// Appends the encoding; `code_point` must be a Unicode scalar value.
void utf8_append(std::string& out, std::uint32_t code_point);
// The code point at `at`, which moves behind it; the text must be valid.
std::uint32_t utf8_next(std::string_view text, std::size_t& at);

}  // namespace structgen::regex
