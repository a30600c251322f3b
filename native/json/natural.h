// Natural numbers of any size, in base 10^9.
//
// A decimal base makes what JSON numbers need cheap: reading and printing are
// linear, and scaling by a power of ten is a shift of limbs. Up to 54 digits
// live inside the object, so that ordinary numbers never allocate.
//
// Does not know: signs, points, exponents. Division follows Knuth, The Art of
// Computer Programming, volume 2, algorithm D.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace structgen::json {

class Natural {
 public:
  Natural() = default;  // zero
  explicit Natural(std::uint64_t value);
  static Natural from_digits(std::string_view digits);  // characters 0-9 only; "" is zero
  static Natural power_of_ten(std::uint64_t n) { return Natural(1).shifted_left(n); }

  bool is_zero() const { return size_ == 0; }
  bool is_one() const { return size_ == 1 && data()[0] == 1; }
  std::size_t limb_count() const { return size_; }
  std::size_t digit_count() const;     // 0 for zero
  std::size_t trailing_zeros() const;  // decimal; 0 for zero

  std::strong_ordering operator<=>(const Natural& other) const;
  bool operator==(const Natural& other) const { return (*this <=> other) == 0; }

  void add(std::uint32_t small);              // small < 10^9
  void multiply(std::uint32_t small);         // small < 2^32
  std::uint32_t divide(std::uint32_t small);  // in place, 0 < small <= 10^9; returns the remainder
  std::uint32_t remainder(std::uint32_t small) const;
  void subtract(const Natural& other);  // other <= *this
  friend Natural operator+(const Natural& a, const Natural& b);
  friend Natural operator*(const Natural& a, const Natural& b);

  Natural shifted_left(std::uint64_t digits) const;   // times 10^digits
  Natural shifted_right(std::uint64_t digits) const;  // rounded down

  // {quotient, remainder}; the divisor is not zero.
  static std::pair<Natural, Natural> divide(const Natural& dividend, const Natural& divisor);
  static Natural gcd(Natural a, Natural b);

  std::string to_string() const;  // "0" for zero
  std::size_t hash() const;

 private:
  static constexpr std::size_t kInline = 6;

  const std::uint32_t* data() const { return size_ <= kInline ? small_.data() : large_.data(); }
  std::uint32_t* data() { return size_ <= kInline ? small_.data() : large_.data(); }
  void resize(std::size_t size);  // keeps the low limbs, fills with zeros
  void trim();                    // drops zero limbs at the top

  std::size_t size_ = 0;  // limbs, least significant first; the top one is not zero
  std::array<std::uint32_t, kInline> small_{};
  std::vector<std::uint32_t> large_;  // used instead of small_ when size_ > kInline
};

}  // namespace structgen::json
