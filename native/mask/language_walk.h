// The walk of the token trie through one frame: a language, or the inside of a string up to where it is left.
//
// Besides the tokens that keep it completable it can note where the language may end inside a token: what lies
// below those places is for whoever reads on after it. Subtrees of the trie that hold nothing but characters any text
// of which is alive are taken as a whole (text_region.h, subtree_text.h).
//
// Does not know: stacks, what comes after the language.
#pragma once

#include <span>

#include "mask/machine.h"
#include "mask/mask_cache.h"
#include "mask/text_region.h"
#include "vocabulary/token_trie.h"

namespace structgen {

// Adds the tokens that `local` allows to `marks`. What is found out about its states is kept in `regions`.
void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks);

// The same in a machine with more frames: tokens that neither leave the frame nor push another, and perhaps others
// that hold a quote, a backslash, a control character or no UTF-8. Where any `any_text` characters may come, no plain
// token is dead. False, and nothing is done, where no token can be told by the kinds of its characters: a walk that
// does not ask is faster then.
bool walk_frame(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, std::uint32_t any_text,
                TokenMarks& marks);

// The same; each of `ends` is a node before whose byte a text of the language may be complete, with that byte as its
// transition. Left out: the empty text, and nodes all of whose tokens the language allows itself.
void walk_language(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local, TokenMarks& marks,
                   std::vector<LocalMask::Leaving>& ends);

// The tokens that another language read up to one of `places`, grouped by their bytes, and `local` reads on.
void walk_language_after(Machine& machine, TextRegions& regions, const TokenTrie& trie, Local local,
                         std::span<const LocalMask::Group> groups, std::span<const LocalMask::Leaving> places,
                         TokenMarks& marks, std::vector<LocalMask::Leaving>& ends);

}  // namespace structgen
