// The rank file reader on right, cut and altered input: never out of bounds, never half an answer.
#include <random>
#include <string>

#include "check.h"
#include "vocabulary/rank_file.h"

namespace {

using structgen::read_rank_entries;

const std::string kList =
    R"([{"rank": 0, "token_bytes": "AA==", "token_str": "\"]"}, {"token_bytes": "QUJD", "rank": 1, "n": null},
  {"rank": 2, "token_bytes": "+/8="}])";

TEST(rank_file_is_read) {
  const auto entries = read_rank_entries(kList, 1);
  CHECK(entries.has_value());
  if (!entries) return;
  CHECK_EQ(entries->text, std::string("\0ABC\xfb\xff", 6));
  CHECK(entries->offsets == std::vector<std::uint32_t>({0, 1, 4, 6}));
  CHECK_EQ(entries->end, kList.size() - 1);
  CHECK(read_rank_entries("[]", 1)->offsets == std::vector<std::uint32_t>({0}));
}

TEST(rank_file_cut_anywhere_is_refused) {
  for (std::size_t length = 0; length < kList.size(); ++length) {
    CHECK(!read_rank_entries(std::string_view(kList).substr(0, length), 1).has_value());
  }
  CHECK(!read_rank_entries(kList, kList.size() + 1).has_value());
}

TEST(rank_file_altered_at_random_stays_in_bounds) {
  std::mt19937 random(3);
  for (int round = 0; round < 20000; ++round) {
    std::string text = kList;
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      text[random() % text.size()] = "\"\\[]{},:=A0 "[random() % 12];
    }
    const auto entries = read_rank_entries(text, 1);
    if (!entries) continue;
    CHECK_EQ(text[entries->end], ']');
    CHECK_EQ(entries->offsets.back(), entries->text.size());
  }
}

}  // namespace
