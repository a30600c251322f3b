// Hash-consing: equal values get equal small integers, in order of first appearance.
//
// Open addressing over the hashes alone, so that growing the table touches no value: a table of a hundred
// thousand states grows in the time of a few masks. Does not know what it interns. Values are never moved or
// removed, so references returned by operator[] stay valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace structgen {

inline std::size_t mix_hash(std::size_t seed, std::size_t value) {
  // Multiply-xorshift in the manner of splitmix64.
  seed ^= value + 0x9E3779B97F4A7C15ull + (seed << 6) + (seed >> 2);
  seed *= 0xBF58476D1CE4E5B9ull;
  return seed ^ (seed >> 29);
}

struct VectorHash {
  template <class Values>
  std::size_t operator()(const Values& values) const {
    std::size_t seed = values.size(), at = 0;
    if constexpr (sizeof(values[0]) == 4) {  // two at a time
      for (; at + 1 < values.size(); at += 2) {
        const auto second = static_cast<std::size_t>(static_cast<std::uint32_t>(values[at + 1]));
        seed = mix_hash(seed, static_cast<std::uint32_t>(values[at]) | second << 32);
      }
    }
    for (; at < values.size(); ++at) seed = mix_hash(seed, static_cast<std::size_t>(values[at]));
    return seed;
  }
};

template <class T, class Hash = std::hash<T>>
class Interner {
 public:
  std::uint32_t intern(const T& value) { return place(value, kept); }
  std::uint32_t intern(T&& value) { return place(std::move(value), kept); }
  // `keep` is given the value where it is new: to take over what it only refers to.
  template <class Keep>
  std::uint32_t intern(T&& value, const Keep& keep) {
    return place(std::move(value), keep);
  }
  const T& operator[](std::uint32_t id) const { return chunks_[id / kChunk][id % kChunk]; }
  std::size_t size() const { return size_; }
  // Of the table and the values themselves, not of what they own.
  std::size_t memory_bytes() const {
    return slots_.capacity() * sizeof(Slot) + chunks_.size() * (kChunk * sizeof(T) + sizeof(chunks_[0]));
  }

 private:
  static constexpr std::size_t kChunk = 32;
  static constexpr std::uint32_t kFree = 0xFFFFFFFFu;
  struct Slot {
    std::uint32_t hash = 0, id = kFree;
  };

  static void kept(T&) {}

  template <class Given, class Keep>
  std::uint32_t place(Given&& value, const Keep& keep) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    const auto hash = static_cast<std::uint32_t>(mix_hash(0, Hash{}(value)));
    const std::size_t last = slots_.size() - 1;
    std::size_t at = hash & last;
    for (; slots_[at].id != kFree; at = (at + 1) & last) {
      if (slots_[at].hash == hash && (*this)[slots_[at].id] == value) return slots_[at].id;
    }
    if (size_ % kChunk == 0) {
      chunks_.emplace_back();
      chunks_.back().reserve(kChunk);
    }
    chunks_.back().push_back(std::forward<Given>(value));
    keep(chunks_.back().back());
    slots_[at] = {hash, static_cast<std::uint32_t>(size_)};
    return static_cast<std::uint32_t>(size_++);
  }
  void grow() {
    std::vector<Slot> larger(slots_.empty() ? 64 : slots_.size() * 2);
    const std::size_t last = larger.size() - 1;
    for (const Slot& slot : slots_) {
      if (slot.id == kFree) continue;
      std::size_t at = slot.hash & last;
      while (larger[at].id != kFree) at = (at + 1) & last;
      larger[at] = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;             // a power of two
  std::vector<std::vector<T>> chunks_;  // of kChunk values each, so that none of them moves
  std::size_t size_ = 0;
};

}  // namespace structgen
