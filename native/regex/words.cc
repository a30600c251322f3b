#include "regex/words.h"

#include <algorithm>
#include <functional>

#include "budget.h"
#include "regex/node.h"
#include "regex/utf8.h"

namespace structgen::regex {

namespace {

WordArray::Bounds both(const WordArray::Bounds& x, const WordArray::Bounds& y) {
  return {std::min(x.min_bytes, y.min_bytes), std::max(x.max_bytes, y.max_bytes),
          std::min(x.min_points, y.min_points), std::max(x.max_points, y.max_points)};
}

}  // namespace

WordArray::WordArray(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::size_t total = 0;
  for (const std::string& word : words) total += word.size();
  if (total >= kUnbounded) throw BudgetExceeded("regex word list: 4294967295 bytes");
  text_.reserve(total);
  offsets_.reserve(words.size() + 1);
  offsets_.push_back(0);
  for (const std::string& word : words) {
    text_ += word;
    offsets_.push_back(static_cast<std::uint32_t>(text_.size()));
    valid_utf8_ = valid_utf8_ && utf8_valid(word);
  }
  grow_bounds();
}

void WordArray::grow_bounds() {
  bounds_.resize(2 * size_t{size()});
  for (std::uint32_t i = 0; i < size(); ++i) {
    const std::string_view one = word(i);
    const auto bytes = static_cast<std::uint32_t>(one.size());
    const auto points = static_cast<std::uint32_t>(
        std::count_if(one.begin(), one.end(), [](char c) { return (static_cast<std::uint8_t>(c) & 0xC0) != 0x80; }));
    bounds_[size() + i] = {bytes, bytes, points, points};
  }
  for (std::uint32_t i = size(); i-- > 1;) bounds_[i] = both(bounds_[2 * i], bounds_[2 * i + 1]);
}

WordArray::Bounds WordArray::bounds(std::uint32_t low, std::uint32_t high) const {
  Bounds result = bounds_[size() + low];
  for (low += size(), high += size(); low < high; low /= 2, high /= 2) {
    if (low % 2 == 1) result = both(result, bounds_[low++]);
    if (high % 2 == 1) result = both(result, bounds_[--high]);
  }
  return result;
}

std::uint64_t WordArray::hash() const {
  std::uint64_t hash = std::hash<std::string>()(text_);
  for (std::uint32_t offset : offsets_) hash = mix(hash, offset);
  return hash;
}

std::size_t WordArray::memory_bytes() const {
  return sizeof(*this) + text_.capacity() + offsets_.capacity() * sizeof(std::uint32_t) +
         bounds_.capacity() * sizeof(Bounds);
}

}  // namespace structgen::regex
