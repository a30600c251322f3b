// Vectors whose first values live inside them.
#include <memory>

#include "check.h"
#include "few_first.h"

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
      for (int i = 5; i-- > 1;) {
        const std::shared_ptr<int> last = values.take_back();
        CHECK_EQ(*last, i % 2 ? 1 : i);
      }
      CHECK_EQ(watched.use_count(), 1);  // what is taken out is not kept behind
      const std::shared_ptr<int> first = values.take_back();
      CHECK_EQ(*first, 0);
      CHECK(values.empty());
    }
    values.push_back(watched);
  }
  CHECK_EQ(watched.use_count(), 1);
}

}  // namespace
}  // namespace structgen
