// Lookbehinds that look ahead: (?<=a(?=b)) depends on both sides of its place.
//
// Such a lookbehind is lowered over texts in which a mark stands at its place:
// u·mark·v is in the language when a match of the body ends at the mark and its
// lookaheads hold of u·v. Reading u and then the mark leaves the texts v that
// may follow, so in the end the lookbehind is a lookahead that depends on the
// context. For the lookaheads to see u·v they skip the mark, which is what
// `marked` arranges.
//
// The mark is a noncharacter, U+10FFFF; texts that hold it themselves are left
// out of a language that was lowered this way.
//
// Does not know: contexts, continuations (lower.cc).
#pragma once

#include "regex/ast.h"

namespace structgen::regex {

inline constexpr CodePoint kMark = 0x10FFFF;

// The body with every lookahead in it skipping marks, as a tree of its own.
// Throws SyntaxError for a lookbehind inside one of these lookaheads.
Ast marked(const Ast& ast, AstId body, AstId& root);

}  // namespace structgen::regex
