// Kinds of characters, by the byte they begin with: what automata mostly tell apart, and tokens mostly differ in.
//
// Does not know: tokens, automata.
#pragma once

#include <array>
#include <bit>
#include <cstdint>

namespace structgen {

// A bit for each kind, frequent ones first: the letters, digits and signs of ASCII, some groups of leading bytes,
// control characters; one more for what is not UTF-8.
using CharacterKinds = std::uint64_t;
inline constexpr CharacterKinds kNotUtf8 = 1;

namespace detail {

constexpr std::array<CharacterKinds, 256> make_kinds() {
  std::array<CharacterKinds, 256> kinds{};
  kinds.fill(kNotUtf8);
  unsigned next = 1;
  const auto group = [&](unsigned first, unsigned last) {
    for (unsigned byte = first; byte <= last; ++byte) {
      if (kinds[byte] == kNotUtf8) kinds[byte] = CharacterKinds{1} << next;
    }
    ++next;
  };
  // What is met most comes first: who looks for kinds that go together tries them in this order.
  group('g', 'z');
  group('a', 'f');
  group('G', 'Z');
  group('A', 'F');
  group('0', '9');
  for (unsigned byte = 0x20; byte <= 0x7F; ++byte) {
    if (kinds[byte] == kNotUtf8) group(byte, byte);
  }
  // U+0085 and U+00A0, Latin, Greek and Cyrillic, other scripts, those of India and Thai, more of them; U+2028 and other
  // punctuation, kana, Han, Hangul, wide forms … Where white space is, there is little else.
  constexpr std::array<std::array<unsigned, 2>, 13> leading{{{0xC2, 0xC2}, {0xC3, 0xC3}, {0xC4, 0xCC}, {0xCD, 0xD4},
                                                             {0xD5, 0xDF}, {0xE0, 0xE0}, {0xE1, 0xE1}, {0xE2, 0xE2},
                                                             {0xE3, 0xE3}, {0xE4, 0xE9}, {0xEA, 0xED}, {0xEE, 0xEF},
                                                             {0xF0, 0xF4}}};
  for (const auto& [first, last] : leading) group(first, last);
  for (const unsigned byte : {unsigned{'\t'}, unsigned{'\r'}, unsigned{'\n'}}) group(byte, byte);
  group(0x00, 0x1F);
  return kinds;
}

}  // namespace detail

inline constexpr std::array<CharacterKinds, 256> kCharacterKinds = detail::make_kinds();

// kNotUtf8 for a byte that begins no character.
constexpr CharacterKinds kind_of(std::uint8_t byte) { return kCharacterKinds[byte]; }

// All bytes of a kind lie between these.
struct KindBounds {
  std::uint8_t low = 0xFF, high = 0;
};
constexpr std::array<KindBounds, 64> make_kind_bounds() {
  std::array<KindBounds, 64> bounds{};
  for (unsigned value = 256; value-- > 0;) {
    KindBounds& own = bounds[static_cast<unsigned>(std::countr_zero(kCharacterKinds[value]))];
    own.low = static_cast<std::uint8_t>(value);
    if (own.high < value) own.high = own.low;
  }
  return bounds;
}
inline constexpr std::array<KindBounds, 64> kKindBounds = make_kind_bounds();

constexpr CharacterKinds all_kinds() {
  CharacterKinds kinds = 0;
  for (const CharacterKinds kind : kCharacterKinds) kinds |= kind;
  return kinds & ~kNotUtf8;
}

// What a JSON string does not write as an escape.
constexpr CharacterKinds plain_kinds() {
  CharacterKinds kinds = 0;
  for (unsigned byte = 0x20; byte < 256; ++byte) {
    if (byte != '"' && byte != '\\') kinds |= kCharacterKinds[byte];
  }
  return kinds & ~kNotUtf8;
}

// Those of one byte, but for control characters.
constexpr CharacterKinds ascii_kinds() {
  CharacterKinds kinds = 0;
  for (unsigned byte = 0x20; byte < 0x80; ++byte) kinds |= kCharacterKinds[byte];
  return kinds;
}

}  // namespace structgen
