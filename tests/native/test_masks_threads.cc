// Many threads on one constraint: the masks are those of one thread, known and new ones alike. Run it with
// -fsanitize=thread to hear of races that happen to do no harm.
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "mask/engine.h"
#include "mask/fill_all.h"
#include "mask/matcher.h"

namespace {

using namespace structgen;

struct Setup {
  std::shared_ptr<Engine> engine = std::make_shared<Engine>();
  std::shared_ptr<const TokenTrie> trie;
  std::shared_ptr<Constraint> constraint;

  Setup() {
    std::vector<std::string> tokens;
    for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
    for (const char* more : {"{\"", "\":", "\": \"", "\",\"", "\"}", "]}", "abc", "abc\"", "12", "],[", "é"}) {
      tokens.emplace_back(more);
    }
    const std::vector<std::string_view> views(tokens.begin(), tokens.end());
    trie = std::make_shared<const TokenTrie>(TokenTrie::build(views));
    json::JsonMachine& machine = engine->json_machine({.property_order = json::PropertyOrder::kAny});
    const auto width = static_cast<std::uint32_t>(tokens.size());
    constraint = std::make_shared<Constraint>(Constraint{engine, &machine, machine.start(json::kTrue), trie, width,
                                                         {}, &engine->masks(machine, trie), true});
  }

  // The masks before each byte of a text, the lock held only to advance.
  std::vector<std::vector<std::uint32_t>> masks(const std::string& text) {
    const auto make = [this] {
      const std::lock_guard lock(engine->mutex);
      return Matcher(constraint);
    };
    Matcher matcher = make();
    std::vector<std::vector<std::uint32_t>> all;
    for (const char byte : text) {
      all.emplace_back(matcher.mask_words());
      matcher.fill_mask(all.back());
      const std::lock_guard lock(engine->mutex);
      matcher.advance(static_cast<std::uint8_t>(byte));
    }
    return all;
  }
};

const std::string kText = R"({"a":[1,2.5,"abc é"],"b":{"cd":null,"abc":[true,"x"]},"tail":"a \" b"})";

}  // namespace

TEST(threads_on_one_constraint_see_the_masks_of_one_thread) {
  const auto expected = Setup().masks(kText);
  for (const bool warm : {false, true}) {
    Setup setup;
    if (warm) (void)setup.masks(kText);
    std::vector<std::thread> threads;
    std::vector<std::vector<std::vector<std::uint32_t>>> seen(8);
    for (std::size_t t = 0; t < seen.size(); ++t) {
      threads.emplace_back([&setup, &seen, t] { seen[t] = setup.masks(kText); });
    }
    for (int round = 0; round < 20; ++round) MaskCache::process()->clear();  // no mask is missed for long
    for (std::thread& thread : threads) thread.join();
    for (const auto& masks : seen) CHECK(masks == expected);
  }
}

TEST(a_batch_is_filled_by_many_threads) {
  Setup setup;
  std::vector<Matcher> matchers;
  for (std::size_t length = 0; length < kText.size(); ++length) {
    matchers.emplace_back(setup.constraint);
    for (std::size_t i = 0; i < length; ++i) matchers.back().advance(static_cast<std::uint8_t>(kText[i]));
  }
  std::vector<Matcher*> each;
  for (int copies = 0; copies < 8; ++copies) {  // enough rows for every thread
    for (Matcher& matcher : matchers) each.push_back(&matcher);
  }
  CHECK(each.size() > 500);
  const std::size_t words = matchers[0].mask_words();
  std::vector<std::uint32_t> alone(words * each.size()), together(words * each.size());
  for (auto* data : {&together, &alone}) {
    std::vector<std::span<std::uint32_t>> rows;
    for (std::size_t row = 0; row < each.size(); ++row) rows.emplace_back(data->data() + row * words, words);
    fill_all(each, rows, data == &alone ? 1 : 8);
  }
  CHECK(together == alone);
}

TEST(what_an_engine_was_lent_is_given_back_by_whoever_lets_it_go) {
  for (const std::uint32_t literals : {1u, 60'000u}) {  // the second engine is freed by a thread of its own
    Setup setup;
    const auto lent = std::make_shared<int>(7);
    setup.engine->formulas.reference([lent] { return json::kTrue; });
    for (std::uint32_t count = 1; count < literals; ++count) setup.engine->formulas.items(0, 1, json::kTrue, count);
    const std::shared_ptr<const TokenTrie> trie = setup.trie;
    setup.trie.reset();
    setup.constraint.reset();
    CHECK(trie.use_count() > 1 && lent.use_count() > 1);
    setup.engine.reset();
    CHECK_EQ(trie.use_count(), 1);
    CHECK_EQ(lent.use_count(), 1);
  }
}
