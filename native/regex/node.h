// One interned expression as a record, and a set of bytes.
//
// Does not know: how expressions are built or simplified (engine.h).
#pragma once

#include <array>
#include <bit>
#include <cstdint>

#include "regex/store.h"

namespace structgen::regex {

enum class Kind : std::uint8_t {
  kNothing,     // no string
  kEpsilon,     // the empty string
  kBytes,       // a: byte set
  kLiteral,     // a, b, c: up to 12 bytes of text; d: how many. At least two: one byte is kBytes
  kWords,       // a: word array; b: bytes already read; c, d: rows [c, d) still possible
  kConcat,      // a: head (never a kConcat); b: tail
  kAlternate,   // a: offset of the member list; b: members
  kIntersect,   // a: offset of the member list; b: members
  kComplement,  // a: what is left out; b: UTF-8 state whose completions are the universe
  kRepeat,      // a: body; c: min; d: max
  kRecursive,   // a: equation; the name stands only where at least one byte was read before it
  kPunycode,    // a: codec; b: its state; c: bytes of its completion; d: bytes that may follow
};

inline constexpr std::uint8_t kNullable = 1;    // holds the empty string
inline constexpr std::uint8_t kSearched = 2;    // holds & or ~ or a name: emptiness takes a search
inline constexpr std::uint8_t kNamed = 4;       // holds a kRecursive
inline constexpr std::uint8_t kCounted = 8;     // a counter stands in the concatenation
inline constexpr std::uint8_t kCharacter = 16;  // exactly one code point, made by code_points

inline constexpr std::uint32_t kLiteralBytes = 12;

struct Node {
  Kind kind = Kind::kNothing;
  std::uint8_t flags = 0;
  std::uint16_t depth = 0;  // nesting; the tail of a concatenation does not count
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = 0;
  std::uint32_t d = 0;
  std::uint32_t utf8 = 0;  // see utf8.h: where a member leads the UTF-8 automaton
};
static_assert(sizeof(Node) == 24);

// Bounds on the length of members. Structural: exact without kSearched, else sound.
struct Lengths {
  std::uint32_t min_bytes = 0;
  std::uint32_t max_bytes = 0;  // kUnbounded
  std::uint32_t min_points = 0;
  std::uint32_t max_points = 0;
  // A guess at what completing takes: bytes, as if every part of a conjunction had to be paid on its own.
  std::uint32_t effort = 0;
};

struct ByteSet {
  std::array<std::uint64_t, 4> words{};

  bool has(std::uint8_t byte) const { return (words[byte >> 6] >> (byte & 63)) & 1; }
  void add(std::uint8_t byte) { words[byte >> 6] |= std::uint64_t{1} << (byte & 63); }
  void add(std::uint8_t low, std::uint8_t high) {
    if (low > high) return;
    for (unsigned i = low >> 6; i <= unsigned{high} >> 6; ++i) {
      const unsigned from = i == unsigned{low} >> 6 ? low & 63 : 0;
      const unsigned to = i == unsigned{high} >> 6 ? high & 63 : 63;
      words[i] |= ~std::uint64_t{0} >> (63 - to + from) << from;
    }
  }
  void remove(std::uint8_t byte) { words[byte >> 6] &= ~(std::uint64_t{1} << (byte & 63)); }
  bool none() const { return (words[0] | words[1] | words[2] | words[3]) == 0; }
  int count() const {
    return std::popcount(words[0]) + std::popcount(words[1]) + std::popcount(words[2]) +
           std::popcount(words[3]);
  }
  ByteSet operator|(const ByteSet& other) const {
    ByteSet result;
    for (int i = 0; i < 4; ++i) result.words[i] = words[i] | other.words[i];
    return result;
  }
  ByteSet operator&(const ByteSet& other) const {
    ByteSet result;
    for (int i = 0; i < 4; ++i) result.words[i] = words[i] & other.words[i];
    return result;
  }
  ByteSet without(const ByteSet& other) const {
    ByteSet result;
    for (int i = 0; i < 4; ++i) result.words[i] = words[i] & ~other.words[i];
    return result;
  }
  template <typename Each>
  void each(const Each& call) const {  // ascending
    for (unsigned i = 0; i < 4; ++i) {
      for (std::uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
        call(static_cast<std::uint8_t>(64 * i + static_cast<unsigned>(std::countr_zero(rest))));
      }
    }
  }
  bool operator==(const ByteSet&) const = default;
};

inline std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash ^= value + 0x9E3779B97F4A7C15ull + (hash << 6) + (hash >> 2);
  hash *= 0xBF58476D1CE4E5B9ull;
  return hash ^ (hash >> 29);
}

struct ByteClass {
  ByteSet bytes;
  std::uint8_t representative;
};

struct ByteSetHash {
  std::size_t operator()(const ByteSet& set) const {
    std::uint64_t hash = 0;
    for (std::uint64_t word : set.words) hash = mix(hash, word);
    return static_cast<std::size_t>(hash);
  }
};

}  // namespace structgen::regex
