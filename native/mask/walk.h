// The walk of the token trie through a machine: which tokens keep a completion reachable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "mask/engine.h"
#include "mask/stack.h"

namespace structgen {

// Everything `local` allows without looking underneath, and where its frame is left.
LocalMask walk_local(Machine& machine, TextTable& texts, const TokenTrie& trie, Local local);

// The rest of a mask: below each place where the top frame is left, walk on in the real stack.
void walk_leaving(Cursor& cursor, const Top& top, const TokenTrie& trie, const LocalMask& mask,
                  std::span<std::uint32_t> out);

}  // namespace structgen
