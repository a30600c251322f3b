// Rows of 256 transitions, in blocks: automata make tens of thousands of them and give them up all at once,
// which takes long where each is an allocation of its own.
//
// Rows never move. Does not know what the entries mean.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace structgen {

class Rows {
 public:
  static constexpr std::size_t kEntries = 256;

  // A row whose entries are all `fill`.
  std::uint32_t* add(std::uint32_t fill) {
    if (size_ % kBlock == 0)
      blocks_.push_back(std::make_unique_for_overwrite<std::uint32_t[]>(kBlock * kEntries));
    std::uint32_t* row = blocks_.back().get() + size_++ % kBlock * kEntries;
    std::fill_n(row, kEntries, fill);
    return row;
  }
  std::size_t memory_bytes() const { return blocks_.size() * kBlock * kEntries * sizeof(std::uint32_t); }

 private:
  static constexpr std::size_t kBlock = 16;  // 16 KB: small automata do not pay for large ones

  std::vector<std::unique_ptr<std::uint32_t[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace structgen
