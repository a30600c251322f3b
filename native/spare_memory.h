// Memory of small objects that were given up, kept for the next ones of their size.
//
// For objects that come and go by thousands where arrays of megabytes do, too: malloc then looks for their place
// among what the arrays left behind, which takes microseconds. Any thread may take and give. What is kept is
// bounded, and never freed: whoever is destroyed last may still give.
#pragma once

#include <cstddef>
#include <mutex>
#include <new>
#include <vector>

namespace structgen {

template <std::size_t kSize, std::size_t kMost = 8192>
class SpareMemory {
 public:
  static void* take() {
    SpareMemory& kept = process();
    {
      const std::lock_guard lock(kept.mutex_);
      if (!kept.places_.empty()) {
        void* const place = kept.places_.back();
        kept.places_.pop_back();
        return place;
      }
    }
    return ::operator new(kSize);
  }
  static void give(void* place) noexcept {
    SpareMemory& kept = process();
    {
      const std::lock_guard lock(kept.mutex_);
      if (kept.places_.size() < kMost) {
        kept.places_.push_back(place);  // there is room since the beginning
        return;
      }
    }
    ::operator delete(place, kSize);
  }

 private:
  SpareMemory() { places_.reserve(kMost); }
  static SpareMemory& process() {
    static SpareMemory& kept = *new SpareMemory;
    return kept;
  }

  std::mutex mutex_;
  std::vector<void*> places_;
};

}  // namespace structgen
