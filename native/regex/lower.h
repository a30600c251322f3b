// From a pattern as read to an expression, lookarounds included.
//
// Without lookarounds the translation is word for word. With them, every piece
// is lowered together with what follows it: (?=R) in front of K is R·Σ* & K,
// (?!R) is ~(R·Σ*) & K. What lies behind a position is known through a context:
// the states of small automata that read the text so far, one per lookbehind
// (^ and \b are lookbehinds of one character). A loop around lookarounds
// becomes a named expression per context, so nothing is approximated.
//
// Varatalu, Veanes & Ernits 2025 treat restricted lookarounds by location;
// lowering by continuation needs no restriction but a bound on contexts.
//
// Does not know: notation.
#pragma once

#include "regex/ast.h"

namespace structgen::regex {

// `search`: the texts that contain a match, else the matches themselves.
// `without_mark`: set when texts with noncharacters were left out, for a lookahead inside a lookbehind (marked.h).
// Throws SyntaxError for a lookbehind inside a lookahead inside a lookbehind.
Regex lower(Engine& engine, const Ast& ast, AstId root, bool search, bool& without_mark);

}  // namespace structgen::regex
