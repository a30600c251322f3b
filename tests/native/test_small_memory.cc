// Vectors whose first values live inside them, and memory that is kept for the next object of its size.
#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "check.h"
#include "few_first.h"
#include "spare_memory.h"

namespace structgen {
namespace {

TEST(few_first_is_a_vector_on_both_sides_of_its_bound) {
  const auto watched = std::make_shared<int>(1);
  {
    FewFirst<std::shared_ptr<int>, 2> values;
    CHECK(values.empty());
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 5; ++i) values.push_back(i % 2 ? watched : std::make_shared<int>(i));
      CHECK_EQ(values.size(), 5u);
      for (std::size_t i = 0; i < 5; ++i) CHECK_EQ(*values[i], i % 2 ? 1 : static_cast<int>(i));
      CHECK_EQ(watched.use_count(), 3);
      for (int i = 5; i-- > 1;) CHECK_EQ(*values.take_back(), i % 2 ? 1 : i);
      CHECK_EQ(watched.use_count(), 1);  // what is taken out is not kept behind
      CHECK_EQ(*values.take_back(), 0);
      CHECK(values.empty());
    }
    values.push_back(watched);
  }
  CHECK_EQ(watched.use_count(), 1);
}

TEST(spare_memory_is_handed_out_once) {
  using Spare = SpareMemory<24, 3>;
  std::vector<void*> held;
  for (int i = 0; i < 5; ++i) held.push_back(Spare::take());
  const std::set<void*> given(held.begin(), held.begin() + 3);
  for (void* place : held) Spare::give(place);  // two more than are kept
  std::set<void*> again;
  for (int i = 0; i < 3; ++i) again.insert(Spare::take());
  CHECK(again == given);
  for (void* place : again) Spare::give(place);
}

TEST(threads_share_spare_memory) {
  using Spare = SpareMemory<40, 64>;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t, &wrong] {
      for (int round = 0; round < 2000; ++round) {
        auto* mine = static_cast<int*>(Spare::take());
        *mine = t;
        std::this_thread::yield();
        wrong[static_cast<std::size_t>(t)] += *mine != t;  // nobody else has it
        Spare::give(mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) CHECK_EQ(count, 0);
}

}  // namespace
}  // namespace structgen
