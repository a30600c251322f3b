// A vector whose first values live inside it: most never need memory of their own.
//
// The values must have a default. Values inside do not move when the vector grows; the others may.
#pragma once

#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace structgen {

template <class T, std::size_t kInside>
class FewFirst {
 public:
  void push_back(T value) {
    if (size_ < kInside) {
      inside_[size_] = std::move(value);
    } else {
      rest_.push_back(std::move(value));
    }
    ++size_;
  }
  // Takes the last one out.
  T take_back() {
    --size_;
    if (size_ < kInside) return std::exchange(inside_[size_], T());
    T value = std::move(rest_.back());
    rest_.pop_back();
    return value;
  }
  T& operator[](std::size_t at) { return at < kInside ? inside_[at] : rest_[at - kInside]; }
  const T& operator[](std::size_t at) const { return at < kInside ? inside_[at] : rest_[at - kInside]; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  std::array<T, kInside> inside_{};
  std::vector<T> rest_;
  std::size_t size_ = 0;
};

}  // namespace structgen
