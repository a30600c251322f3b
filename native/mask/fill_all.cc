#include "mask/fill_all.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace structgen {

namespace {

// A known mask takes a third of a microsecond, a thread tens of them to start.
constexpr std::size_t kRowsPerThread = 64;

}  // namespace

void fill_all(std::span<Matcher* const> matchers, std::span<const std::span<std::uint32_t>> rows,
              std::size_t threads) {
  std::vector<std::exception_ptr> errors(matchers.size());
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t row = next++; row < matchers.size(); row = next++) {
      try {
        matchers[row]->fill_mask(rows[row]);
      } catch (...) {
        errors[row] = std::current_exception();
      }
    }
  };
  const std::size_t useful = std::min(threads, (matchers.size() + kRowsPerThread - 1) / kRowsPerThread);
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < useful; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace structgen
