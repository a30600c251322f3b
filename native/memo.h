// What a function of an integer was found to be: a table that is only added to.
//
// Open addressing in one array, so that an entry costs no allocation and a question rarely more than one cache
// line; an engine has tens of thousands of entries and gives them up all at once. Does not know the function.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "interner.h"

namespace structgen {

template <std::unsigned_integral Key, class Value>
  requires std::is_trivially_copyable_v<Value>
class Memo {
 public:
  // Null where nothing is known; valid until the next emplace.
  const Value* find(Key key) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[place(key)];
    return slot.used ? &slot.value : nullptr;
  }
  // Does nothing where the key is known.
  void emplace(Key key, Value value) {
    if ((size_ + 1) * 4 > slots_.size() * 3) grow();
    Slot& slot = slots_[place(key)];
    if (slot.used) return;
    slot = {key, value, true};
    ++size_;
  }
  std::size_t memory_bytes() const { return slots_.capacity() * sizeof(Slot); }

 private:
  struct Slot {
    Key key = 0;
    Value value{};
    bool used = false;
  };

  // Where the key is, or would be.
  std::size_t place(Key key) const {
    const std::size_t last = slots_.size() - 1;
    std::size_t at = mix_hash(0, key) & last;
    while (slots_[at].used && slots_[at].key != key) at = (at + 1) & last;
    return at;
  }
  void grow() {
    const std::vector<Slot> before = std::move(slots_);
    slots_ = std::vector<Slot>(before.empty() ? 16 : before.size() * 2);
    for (const Slot& slot : before) {
      if (slot.used) slots_[place(slot.key)] = slot;
    }
  }

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace structgen
