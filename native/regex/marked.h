// Lookbehinds that look ahead: (?<=a(?=b)) depends on both sides of its place.
//
// Such a lookbehind is lowered over texts in which a mark stands at its place:
// u·mark·v is in the language when a match of the body ends at the mark and its
// lookaheads hold of u·v. Reading u and then the mark leaves the texts v that
// may follow, so in the end the lookbehind is a lookahead that depends on the
// context. For the lookaheads to see u·v they skip the mark, which is what
// `marked` arranges.
//
// Marks are noncharacters, one for each level of lookbehinds in lookbehinds, so
// that an inner one never takes an outer one for its own; texts that hold a mark
// themselves are left out of a language that was lowered this way.
//
// Does not know: contexts, continuations (lower.cc).
#pragma once

#include "regex/ast.h"

namespace structgen::regex {

inline constexpr std::size_t kMarks = 32;

// The mark of a level below kMarks: U+10FFFF, U+10FFFE, U+FFFFF, U+FFFFE, ...
constexpr CodePoint mark(std::size_t level) {
  return static_cast<CodePoint>(0x10FFFF - (level / 2) * 0x10000 - level % 2);
}

// The body with every lookahead in it skipping the mark, as a tree of its own.
// Throws SyntaxError for a lookbehind inside one of these lookaheads.
Ast marked(const Ast& ast, AstId body, CodePoint mark, AstId& root);

}  // namespace structgen::regex
