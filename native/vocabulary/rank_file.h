// Reading the token list of a rank file: a JSON array of {"rank": 0, "token_bytes": "base64", …}.
//
// Such a file has tens of megabytes and one of these arrays; a general JSON parser
// spends most of the time on making objects of it. Does not know: what surrounds
// the array, special tokens, Python.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace structgen {

struct RankEntries {
  std::string text;                    // the bytes of every rank, one after the other
  std::vector<std::uint32_t> offsets;  // rank r is text[offsets[r] .. offsets[r + 1])
  std::size_t end = 0;                 // where in the JSON text the array's ']' stands
};

// `json` from `start`, just behind the array's '['. The members of an entry may stand in any order
// and have further scalars beside them. Nullopt for everything else: ranks that do not count from 0,
// escapes in token_bytes, what is not base64, nested values, malformed JSON, 4 GiB of text.
std::optional<RankEntries> read_rank_entries(std::string_view json, std::size_t start);

}  // namespace structgen
