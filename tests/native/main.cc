// Runs every TEST that was linked in; the exit code says whether all passed.
#include <cstdio>

#include "check.h"

int main() {
  int failed = 0;
  for (const auto& test : structgen::testing::cases()) {
    const int before = structgen::testing::failures();
    test.run();
    if (structgen::testing::failures() != before) {
      ++failed;
      std::printf("FAILED %s\n", test.name);
    }
  }
  const int total = static_cast<int>(structgen::testing::cases().size());
  std::printf("%d passed, %d failed\n", total - failed, failed);
  return failed == 0 ? 0 : 1;
}
