// Persistent lists, interned texts and the bounded cache of masks: the containers under matchers.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "mask/engine.h"
#include "mask/persistent_list.h"
#include "mask/stack.h"

namespace {

using structgen::LocalMask;
using structgen::LocalMaskPtr;
using structgen::MaskCache;
using structgen::PersistentList;
using structgen::TextTable;

using Numbers = PersistentList<int>;
using Shared = PersistentList<std::shared_ptr<int>>;

LocalMaskPtr mask_of(std::size_t words, std::uint32_t value) {
  auto mask = std::make_shared<LocalMask>();
  mask->words.assign(words, value);
  return mask;
}

}  // namespace

TEST(lists_share_their_tails) {
  const Numbers empty;
  CHECK(empty.empty());
  const Numbers one(1, empty);
  const Numbers two(2, one), other(3, one);
  CHECK_EQ(two.front(), 2);
  CHECK_EQ(other.front(), 3);
  CHECK(two.tail() == one && other.tail() == one);
  CHECK(!(two == other));
  CHECK(one.tail() == empty);
}

TEST(copies_and_moves_keep_what_they_hold) {
  Numbers list(1, {});
  Numbers copy = list;
  list = Numbers(2, list);
  CHECK_EQ(copy.front(), 1);
  CHECK(list.tail() == copy);
  const Numbers moved = std::move(list);
  CHECK(list.empty());  // NOLINT: what a moved-from list promises
  CHECK_EQ(moved.front(), 2);
  copy = moved;
  copy = copy.tail();
  CHECK_EQ(copy.front(), 1);
}

TEST(values_are_released_with_the_last_list) {
  const auto value = std::make_shared<int>(7);
  {
    const Shared base(value, {});
    const Shared longer(value, base);
    CHECK_EQ(value.use_count(), 3L);
    {
      const Shared fork(value, base);
      CHECK_EQ(value.use_count(), 4L);
    }
    CHECK_EQ(value.use_count(), 3L);
  }
  CHECK_EQ(value.use_count(), 1L);
}

TEST(a_list_of_a_million_is_released_without_recursion) {
  Numbers list;
  for (int i = 0; i < 1'000'000; ++i) list = Numbers(i, list);
  const Numbers fork = list.tail();
  list = Numbers();
  CHECK_EQ(fork.front(), 999'998);
}

TEST(lists_that_share_a_tail_live_on_different_threads) {
  const auto value = std::make_shared<int>(7);
  {
    Shared base;
    for (int i = 0; i < 100; ++i) base = Shared(value, base);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([base, value] {
        for (int round = 0; round < 2000; ++round) {
          Shared mine = base;
          for (int i = 0; i < round % 7; ++i) mine = Shared(value, mine);
          for (int i = 0; i < 50; ++i) mine = mine.tail();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK_EQ(value.use_count(), 101L);
  }
  CHECK_EQ(value.use_count(), 1L);
}

TEST(texts_are_interned_byte_by_byte) {
  TextTable texts;
  CHECK_EQ(texts.read(TextTable::kEmpty), std::string());
  std::uint32_t text = TextTable::kEmpty;
  const std::string key("k\x00\xff\"", 4);
  for (char byte : key) text = texts.extend(text, static_cast<std::uint8_t>(byte));
  CHECK_EQ(texts.read(text), key);
  const std::uint32_t k = texts.extend(TextTable::kEmpty, 'k');
  CHECK_EQ(texts.read(k), std::string("k"));
  std::uint32_t again = k;
  for (char byte : key.substr(1)) again = texts.extend(again, static_cast<std::uint8_t>(byte));
  CHECK_EQ(again, text);
  CHECK(texts.extend(k, 'x') != texts.extend(k, 'y'));
}

TEST(the_cache_keeps_to_its_bytes_and_drops_the_oldest) {
  MaskCache probe(1 << 20);
  probe.insert({1, 1}, mask_of(64, 0));
  const std::size_t each = probe.figures().bytes;
  MaskCache cache(4 * each + each / 2);
  for (std::uint32_t local = 1; local <= 4; ++local) cache.insert({1, local}, mask_of(64, local));
  CHECK_EQ(cache.figures().entries, 4u);
  CHECK(cache.find({1, 1}) != nullptr);  // now the most recent
  cache.insert({1, 5}, mask_of(64, 5));
  CHECK_EQ(cache.figures().entries, 4u);
  CHECK(cache.figures().bytes <= 4 * each + each / 2);
  CHECK(cache.find({1, 2}) == nullptr);
  const LocalMaskPtr kept = cache.find({1, 1});
  CHECK(kept != nullptr && kept->words[0] == 1u);
  CHECK_EQ(cache.figures().hits, 2u);
  CHECK_EQ(cache.figures().misses, 1u);
  cache.set_limit(each);
  CHECK_EQ(cache.figures().entries, 1u);
  CHECK(cache.find({1, 1}) != nullptr);
  cache.clear();
  CHECK_EQ(cache.figures().bytes, 0u);
  CHECK(kept->words.size() == 64);  // in use, so it lives on
}

TEST(a_mask_larger_than_the_cache_is_still_found) {
  MaskCache cache(100);
  cache.insert({1, 9}, mask_of(1000, 3));
  const LocalMaskPtr mask = cache.find({1, 9});
  CHECK(mask != nullptr && mask->words.size() == 1000 && mask->words[999] == 3u);
  cache.insert({1, 10}, mask_of(1, 1));
  CHECK_EQ(cache.figures().entries, 1u);
  CHECK(cache.find({1, 10}) != nullptr);
  cache.set_limit(0);
  CHECK_EQ(cache.figures().entries, 0u);
  cache.insert({1, 11}, mask_of(1, 1));
  CHECK(cache.find({1, 11}) == nullptr);
}

TEST(a_link_finds_its_target_while_that_is_kept) {
  MaskCache cache(1 << 20);
  cache.link({1, 2}, {1, 1});
  CHECK(cache.find({1, 2}) == nullptr);
  cache.insert({1, 1}, mask_of(1, 7));
  const LocalMaskPtr mask = cache.find({1, 2});
  CHECK(mask != nullptr && mask->words[0] == 7u);
  cache.insert({1, 3}, mask_of(1, 5));
  CHECK(cache.find({1, 2}) != nullptr);
  cache.set_limit(cache.figures().bytes - 1);
  CHECK(cache.find({1, 2}) != nullptr);  // what was found last stays longest, the link and its target
  CHECK(cache.find({1, 3}) == nullptr);
  cache.clear();
  CHECK(cache.find({1, 2}) == nullptr);
  CHECK_EQ(cache.figures().entries, 0u);
  CHECK_EQ(cache.figures().bytes, 0u);
}

TEST(masks_keep_to_the_smaller_form) {
  structgen::TokenMarks marks(64);
  std::vector<std::uint32_t> out(65, 0xFFFFFFFFu);
  marks.add(0);
  marks.add(2047);
  LocalMask few;
  few.take(marks);
  CHECK(few.words.empty() && few.tokens.size() == 2);
  few.copy_to(out);
  CHECK(out[0] == 1u && out[1] == 0u && out[63] == 0x80000000u && out[64] == 0u);
  for (std::uint32_t token = 0; token < 16; ++token) marks.add(token * 64 + 1);
  LocalMask listed;
  listed.take(marks);
  CHECK(listed.words.empty() && listed.tokens.size() == 16);
  for (std::uint32_t token = 0; token < 17; ++token) marks.add(token * 64 + 1);
  LocalMask many;
  many.take(marks);
  CHECK(many.words.size() == 64 && many.tokens.empty() && many.words[32] == 2u && many.words[34] == 0u);
  many.add_to(out);
  CHECK(out[0] == 3u && out[32] == 2u && out[63] == 0x80000000u);
  marks.words()[5] = 0xFFu;
  marks.add(7);
  LocalMask at_once;
  at_once.take(marks);
  CHECK(at_once.words[5] == 0xFFu && at_once.words[0] == 0x80u && at_once.words[32] == 0u);
  LocalMask none;
  none.take(marks);
  CHECK(none.words.empty() && none.tokens.empty());
}
