// The walk of the token trie through a machine: which tokens keep a completion reachable.
//
// All of these add tokens to `marks`; where a frame is left, or only the real stack can
// tell, they note the place instead.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "mask/mask_cache.h"
#include "mask/stack.h"
#include "mask/text_region.h"
#include "vocabulary/token_trie.h"

namespace structgen {

using Places = std::vector<LocalMask::Leaving>;

// Everything `local` allows without looking underneath. Where walks_text() says so, `plain` are the plain tokens that
// it allows (plain_walk.h).
void walk_local(Machine& machine, TextTable& texts, TextRegions& regions, const TokenTrie& trie, Local local,
                const LocalMask* plain, TokenMarks& marks, Places& leaving);

// The same, where all of it is this reading: the tokens that leave its language at one of `ends` go on after it.
void walk_after(Machine& machine, TextTable& texts, const TokenTrie& trie, Local after,
                std::span<const LocalMask::Group> groups, std::span<const LocalMask::Leaving> ends, TokenMarks& marks,
                Places& leaving);
// The tokens that left a frame at one of `places`, after which the one below went on in `next`: with
// the byte of that place if `again`, else with the byte after it.
void walk_below(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, bool again, Local next,
                TokenMarks& marks, Places& leaving);

// The tokens at or below these places, from their first byte on, in the real stack.
void walk_again(Machine& machine, TextTable& texts, const TokenTrie& trie,
                std::span<const LocalMask::Leaving> places, const Stack& stack, TokenMarks& marks);

// The same in the frame on top and `depth` (0 or 1) more, with what is underneath left open; false, and
// nothing worth keeping, where that does not settle it.
bool walk_again_open(Machine& machine, TextTable& texts, const TokenTrie& trie,
                     std::span<const LocalMask::Leaving> places, const Stack& stack, unsigned depth,
                     TokenMarks& marks, Places& leaving);

}  // namespace structgen
