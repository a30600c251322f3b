// Hash-consing: equal values get equal small integers, in order of first appearance.
//
// Does not know what it interns. Values are never moved or removed, so references
// returned by operator[] stay valid.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace structgen {

inline std::size_t mix_hash(std::size_t seed, std::size_t value) {
  // Multiply-xorshift in the manner of splitmix64.
  seed ^= value + 0x9E3779B97F4A7C15ull + (seed << 6) + (seed >> 2);
  seed *= 0xBF58476D1CE4E5B9ull;
  return seed ^ (seed >> 29);
}

struct VectorHash {
  template <class T>
  std::size_t operator()(const std::vector<T>& values) const {
    std::size_t seed = values.size();
    for (const T& value : values) seed = mix_hash(seed, static_cast<std::size_t>(value));
    return seed;
  }
};

template <class T, class Hash = std::hash<T>>
class Interner {
 public:
  std::uint32_t intern(const T& value) {
    auto [entry, added] = ids_.try_emplace(value, static_cast<std::uint32_t>(values_.size()));
    if (added) values_.push_back(&entry->first);
    return entry->second;
  }
  const T& operator[](std::uint32_t id) const { return *values_[id]; }
  std::size_t size() const { return values_.size(); }

 private:
  std::unordered_map<T, std::uint32_t, Hash> ids_;
  std::vector<const T*> values_;  // unordered_map never moves its elements
};

using VectorInterner = Interner<std::vector<std::uint32_t>, VectorHash>;

}  // namespace structgen
