// A pattern as read: what lower.cc turns into an expression. Anchors and word
// boundaries are already spelled as lookarounds, flags are already applied.
//
// Does not know: notation, UTF-8 bytes, derivatives.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "regex/engine.h"

namespace structgen::regex {

enum class AstKind : std::uint8_t {
  kText,
  kSet,
  kConcat,
  kAlternate,
  kRepeat,
  kAhead,
  kNotAhead,
  kBehind,
  kNotBehind
};

using AstId = std::uint32_t;

struct AstNode {
  AstKind kind = AstKind::kConcat;
  bool asserts = false;     // holds a lookaround
  bool looks_back = false;  // holds a lookbehind
  std::uint16_t depth = 0;
  std::uint32_t min = 0;  // kRepeat
  std::uint32_t max = 0;
  std::uint32_t data = 0;  // kText: index into texts; kSet: into sets; lookarounds: position in the pattern
  std::vector<AstId> children;
};

struct Ast {
  std::vector<AstNode> nodes;
  std::vector<std::string> texts;  // UTF-8
  std::vector<Ranges> sets;        // sorted, disjoint

  const AstNode& operator[](AstId id) const { return nodes[id]; }
  // Deeper patterns are refused: lowering recurses once per level.
  static constexpr std::uint32_t kMaxDepth = 1000;

  AstId text(std::string value);
  AstId set(Ranges value);
  AstId concat(std::vector<AstId> parts);  // one part is itself
  AstId alternate(std::vector<AstId> parts);
  AstId repeat(AstId body, std::uint32_t min, std::uint32_t max);
  AstId look(AstKind kind, AstId body, std::size_t position);

 private:
  AstId add(AstNode node);
};

// Set operations on sorted, disjoint ranges of code points.
Ranges normalize(Ranges ranges);
Ranges invert(const Ranges& ranges);
Ranges intersect(const Ranges& x, const Ranges& y);

}  // namespace structgen::regex
