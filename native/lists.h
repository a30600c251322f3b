// Lists of integers that are only added: one behind the other in blocks, and given up all at once.
//
// An engine keeps tens of thousands of short lists. Where each is an allocation of its own, making them costs
// more than reading them, and taking them apart costs more still: every one is a cache miss, and its
// neighbours in the heap two more. Lists never move. Does not know what the integers mean.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "interner.h"

namespace structgen {

using List = std::span<const std::uint32_t>;

inline std::vector<std::uint32_t> copy(List list) { return {list.begin(), list.end()}; }

class Lists {
 public:
  // The same integers, where they stay.
  List keep(List list) {
    if (list.empty()) return {};
    if (list.size() > left_) open(list.size());
    std::uint32_t* const at = blocks_.back().get() + (opened_ - left_);
    std::copy(list.begin(), list.end(), at);
    left_ -= list.size();
    return {at, list.size()};
  }
  std::size_t memory_bytes() const { return bytes_; }

 private:
  // From half a KB to 16 KB, so that few lists do not pay for many.
  static constexpr std::size_t kSmallest = 128, kLargest = 4096;

  void open(std::size_t least) {
    opened_ = left_ = std::max(least, std::clamp(2 * opened_, kSmallest, kLargest));
    blocks_.push_back(std::make_unique_for_overwrite<std::uint32_t[]>(opened_));
    bytes_ += opened_ * sizeof(std::uint32_t);
  }

  std::vector<std::unique_ptr<std::uint32_t[]>> blocks_;
  std::size_t opened_ = 0, left_ = 0;  // integers in the last block, and how many of them are free
  std::size_t bytes_ = 0;
};

// Hash-consing of lists: equal ones get equal small integers.
class ListInterner {
 public:
  std::uint32_t intern(List list) {
    return entries_.intern({list}, [this](Entry& entry) { entry.list = lists_.keep(entry.list); });
  }
  std::uint32_t intern(std::initializer_list<std::uint32_t> list) { return intern(List(list.begin(), list.size())); }
  // Valid as long as the interner.
  List operator[](std::uint32_t id) const { return entries_[id].list; }
  std::size_t size() const { return entries_.size(); }
  std::size_t memory_bytes() const { return entries_.memory_bytes() + lists_.memory_bytes(); }

 private:
  struct Entry {
    List list;
    bool operator==(const Entry& other) const { return std::ranges::equal(list, other.list); }
  };
  struct Hash {
    std::size_t operator()(const Entry& entry) const { return VectorHash{}(entry.list); }
  };

  Interner<Entry, Hash> entries_;
  Lists lists_;
};

}  // namespace structgen
