// A test harness in thirty lines: TEST(name) { CHECK(condition); CHECK_EQ(got, want); }
#pragma once

#include <cstdio>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace structgen::testing {

struct Case {
  const char* name;
  std::function<void()> run;
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Register {
  Register(const char* name, std::function<void()> run) { cases().push_back({name, std::move(run)}); }
};

}  // namespace structgen::testing

#define TEST(name)                                                            \
  static void test_##name();                                                  \
  static const structgen::testing::Register register_##name(#name, test_##name); \
  static void test_##name()

#define CHECK(condition)                                                             \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::cerr << __FILE__ << ":" << __LINE__ << ": " #condition " does not hold\n"; \
      ++structgen::testing::failures();                                              \
    }                                                                                \
  } while (0)

#define CHECK_EQ(got, want)                                                                  \
  do {                                                                                       \
    const auto& got_value = (got);                                                           \
    const auto& want_value = (want);                                                         \
    if (!(got_value == want_value)) {                                                        \
      std::cerr << __FILE__ << ":" << __LINE__ << ": " #got " is " << got_value << ", not "  \
                << want_value << "\n";                                                       \
      ++structgen::testing::failures();                                                      \
    }                                                                                        \
  } while (0)
