// The walk of the plain tokens (plain_text.h) from a place inside a string that takes many characters.
//
// Most of them are found a kind of text at a time (language_walk.h). Nearly all nodes of what is left are alive, so
// those are walked in preorder: one loop, in which nothing but the dead ones is a jump. A bound on the length of the string takes no states of its
// own: the walk counts characters, and asks of the string without the bound how many it still needs.
//
// Does not know: quotes, escapes, what is underneath the string.
#pragma once

#include "mask/machine.h"
#include "mask/mask_cache.h"
#include "mask/text_region.h"
#include "vocabulary/token_trie.h"

namespace structgen {

// Whether most of the plain tokens have to be walked.
bool walks_text(Machine& machine, const TokenTrie& trie, Local local);

// All plain tokens that `local` allows. `short_text`, where given, are those among them that walk_short_text() finds.
// `marks` are empty before; what is found out about states is kept in `regions`.
void walk_text(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local,
               const LocalMask* short_text, TokenMarks& marks);
void walk_short_text(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks);

// The same under a bound; `unbounded` is what walk_text() finds without it.
void walk_bounded_text(Machine& machine, const TokenTrie& trie, const Machine::Bounded& bounded,
                       const LocalMask& unbounded, TokenMarks& marks);

}  // namespace structgen
