// Deterministic work budgets: what every search in the core counts against.
//
// A search that runs out throws BudgetExceeded, which the binding turns into
// ComplexityLimitExceeded. Thrown only from cold paths (compilation, filling a
// row for the first time), never from a mask walk over rows that exist.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace structgen {

class BudgetExceeded : public std::runtime_error {
 public:
  // `limit` names the budget, for instance "regex emptiness: 1000000 states".
  explicit BudgetExceeded(const std::string& limit) : std::runtime_error(limit) {}
};

class Budget {
 public:
  Budget(const char* name, std::uint64_t steps) : name_(name), left_(steps), steps_(steps) {}
  void spend(std::uint64_t n = 1) {
    if (left_ < n) throw BudgetExceeded(std::string(name_) + ": " + std::to_string(steps_) + " steps");
    left_ -= n;
  }

 private:
  const char* name_;
  std::uint64_t left_;
  std::uint64_t steps_;
};

}  // namespace structgen
