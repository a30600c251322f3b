// Schoolbook arithmetic on limbs of nine decimal digits.

#include "json/natural.h"

#include <algorithm>

namespace structgen::json {
namespace {

constexpr std::uint32_t kBase = 1'000'000'000;
constexpr std::uint64_t kDigits = 9;
constexpr std::array<std::uint32_t, 10> kPowers = {
    1, 10, 100, 1'000, 10'000, 100'000, 1'000'000, 10'000'000, 100'000'000, 1'000'000'000};

std::size_t digits_of(std::uint32_t limb) {
  std::size_t count = 0;
  while (count < kDigits && limb >= kPowers[count]) ++count;
  return count;
}

}  // namespace

void Natural::resize(std::size_t size) {
  if (size > kInline) {
    if (size_ <= kInline) {
      large_.reserve(size);
      large_.assign(small_.begin(), small_.begin() + static_cast<std::ptrdiff_t>(size_));
    }
    large_.resize(size, 0);
  } else if (size_ > kInline) {
    std::copy_n(large_.begin(), size, small_.begin());
    large_.clear();
  } else {
    for (std::size_t i = size_; i < size; ++i) small_[i] = 0;
  }
  size_ = size;
}

void Natural::trim() {
  const std::uint32_t* limbs = data();
  std::size_t size = size_;
  while (size > 0 && limbs[size - 1] == 0) --size;
  if (size != size_) resize(size);
}

Natural::Natural(std::uint64_t value) {
  while (value != 0) {
    small_[size_++] = static_cast<std::uint32_t>(value % kBase);
    value /= kBase;
  }
}

Natural Natural::from_digits(std::string_view digits) {
  Natural result;
  result.resize((digits.size() + kDigits - 1) / kDigits);
  std::uint32_t* limbs = result.data();
  std::size_t end = digits.size();
  for (std::size_t i = 0; i < result.size_; ++i) {
    const std::size_t begin = end > kDigits ? end - kDigits : 0;
    std::uint32_t limb = 0;
    for (std::size_t j = begin; j < end; ++j) limb = limb * 10 + static_cast<std::uint32_t>(digits[j] - '0');
    limbs[i] = limb;
    end = begin;
  }
  result.trim();
  return result;
}

std::size_t Natural::digit_count() const {
  return size_ == 0 ? 0 : (size_ - 1) * kDigits + digits_of(data()[size_ - 1]);
}

std::size_t Natural::trailing_zeros() const {
  if (size_ == 0) return 0;
  const std::uint32_t* limbs = data();
  std::size_t i = 0;
  while (limbs[i] == 0) ++i;
  std::size_t count = 0;
  for (std::uint32_t limb = limbs[i]; limb % 10 == 0; limb /= 10) ++count;
  return i * kDigits + count;
}

std::strong_ordering Natural::operator<=>(const Natural& other) const {
  if (size_ != other.size_) return size_ <=> other.size_;
  const std::uint32_t* a = data();
  const std::uint32_t* b = other.data();
  for (std::size_t i = size_; i-- > 0;) {
    if (a[i] != b[i]) return a[i] <=> b[i];
  }
  return std::strong_ordering::equal;
}

void Natural::add(std::uint32_t small) {
  std::uint32_t carry = small;
  std::uint32_t* limbs = data();
  for (std::size_t i = 0; i < size_ && carry != 0; ++i) {
    const std::uint32_t sum = limbs[i] + carry;
    carry = sum >= kBase ? 1 : 0;
    limbs[i] = carry != 0 ? sum - kBase : sum;
  }
  if (carry != 0) {
    resize(size_ + 1);
    data()[size_ - 1] = carry;
  }
}

void Natural::multiply(std::uint32_t small) {
  std::uint64_t carry = 0;
  std::uint32_t* limbs = data();
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint64_t product = std::uint64_t{limbs[i]} * small + carry;
    limbs[i] = static_cast<std::uint32_t>(product % kBase);
    carry = product / kBase;
  }
  while (carry != 0) {
    resize(size_ + 1);
    data()[size_ - 1] = static_cast<std::uint32_t>(carry % kBase);
    carry /= kBase;
  }
  trim();
}

std::uint32_t Natural::divide(std::uint32_t small) {
  std::uint64_t rest = 0;
  std::uint32_t* limbs = data();
  for (std::size_t i = size_; i-- > 0;) {
    rest = rest * kBase + limbs[i];
    limbs[i] = static_cast<std::uint32_t>(rest / small);
    rest %= small;
  }
  trim();
  return static_cast<std::uint32_t>(rest);
}

std::uint32_t Natural::remainder(std::uint32_t small) const {
  std::uint64_t rest = 0;
  const std::uint32_t* limbs = data();
  for (std::size_t i = size_; i-- > 0;) rest = (rest * kBase + limbs[i]) % small;
  return static_cast<std::uint32_t>(rest);
}

void Natural::subtract(const Natural& other) {
  std::uint32_t* a = data();
  const std::uint32_t* b = other.data();
  std::uint32_t borrow = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const std::uint32_t taken = (i < other.size_ ? b[i] : 0) + borrow;
    if (taken == 0 && i >= other.size_) break;
    borrow = a[i] < taken ? 1 : 0;
    a[i] = borrow != 0 ? a[i] + kBase - taken : a[i] - taken;
  }
  trim();
}

Natural operator+(const Natural& a, const Natural& b) {
  if (a.size_ < b.size_) return b + a;
  Natural result = a;
  std::uint32_t* limbs = result.data();
  const std::uint32_t* other = b.data();
  std::uint32_t carry = 0;
  for (std::size_t i = 0; i < a.size_; ++i) {
    const std::uint32_t sum = limbs[i] + (i < b.size_ ? other[i] : 0) + carry;
    carry = sum >= kBase ? 1 : 0;
    limbs[i] = carry != 0 ? sum - kBase : sum;
  }
  if (carry != 0) {
    result.resize(result.size_ + 1);
    result.data()[result.size_ - 1] = carry;
  }
  return result;
}

Natural operator*(const Natural& a, const Natural& b) {
  if (a.is_zero() || b.is_zero()) return Natural();
  if (a.is_one()) return b;
  if (b.is_one()) return a;
  Natural result;
  result.resize(a.size_ + b.size_);
  std::uint32_t* out = result.data();
  const std::uint32_t* x = a.data();
  const std::uint32_t* y = b.data();
  for (std::size_t i = 0; i < a.size_; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < b.size_; ++j) {
      const std::uint64_t sum = out[i + j] + std::uint64_t{x[i]} * y[j] + carry;
      out[i + j] = static_cast<std::uint32_t>(sum % kBase);
      carry = sum / kBase;
    }
    out[i + b.size_] = static_cast<std::uint32_t>(carry);
  }
  result.trim();
  return result;
}

Natural Natural::shifted_left(std::uint64_t digits) const {
  if (is_zero() || digits == 0) return *this;
  const std::size_t limbs = static_cast<std::size_t>(digits / kDigits);
  Natural result;
  result.resize(size_ + limbs);
  std::copy_n(data(), size_, result.data() + limbs);
  if (digits % kDigits != 0) result.multiply(kPowers[digits % kDigits]);
  return result;
}

Natural Natural::shifted_right(std::uint64_t digits) const {
  if (digits >= digit_count()) return Natural();
  const std::size_t limbs = static_cast<std::size_t>(digits / kDigits);
  Natural result;
  result.resize(size_ - limbs);
  std::copy_n(data() + limbs, size_ - limbs, result.data());
  if (digits % kDigits != 0) result.divide(kPowers[digits % kDigits]);
  return result;
}

std::pair<Natural, Natural> Natural::divide(const Natural& dividend, const Natural& divisor) {
  if (dividend < divisor) return {Natural(), dividend};
  if (divisor.size_ == 1) {
    Natural quotient = dividend;
    const std::uint32_t rest = quotient.divide(divisor.data()[0]);
    return {std::move(quotient), Natural(rest)};
  }
  // Scaled so that the divisor's top limb is at least half the base: then the
  // guess from the top limbs is at most two too large.
  const std::uint32_t scale = kBase / (divisor.data()[divisor.size_ - 1] + 1);
  Natural u = dividend;
  u.multiply(scale);
  u.resize(dividend.size_ + 1);
  Natural v = divisor;
  v.multiply(scale);
  const std::size_t n = v.size_;
  const std::size_t m = u.size_ - n;
  Natural quotient;
  quotient.resize(m);
  std::uint32_t* top = u.data();
  const std::uint32_t* low = v.data();
  std::uint32_t* out = quotient.data();
  for (std::size_t j = m; j-- > 0;) {
    const std::uint64_t head = std::uint64_t{top[j + n]} * kBase + top[j + n - 1];
    std::uint64_t guess = head / low[n - 1];
    std::uint64_t rest = head % low[n - 1];
    while (guess >= kBase || guess * low[n - 2] > rest * kBase + top[j + n - 2]) {
      --guess;
      rest += low[n - 1];
      if (rest >= kBase) break;
    }
    std::uint64_t carry = 0;
    std::uint32_t borrow = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint64_t product = guess * low[i] + carry;
      carry = product / kBase;
      const std::uint32_t taken = static_cast<std::uint32_t>(product % kBase) + borrow;
      borrow = top[i + j] < taken ? 1 : 0;
      top[i + j] = borrow != 0 ? top[i + j] + kBase - taken : top[i + j] - taken;
    }
    const std::uint64_t taken = carry + borrow;
    if (top[j + n] < taken) {  // the guess was one too large: add the divisor back
      top[j + n] = 0;
      --guess;
      std::uint32_t back = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const std::uint32_t sum = top[i + j] + low[i] + back;
        back = sum >= kBase ? 1 : 0;
        top[i + j] = back != 0 ? sum - kBase : sum;
      }
    } else {
      top[j + n] -= static_cast<std::uint32_t>(taken);
    }
    out[j] = static_cast<std::uint32_t>(guess);
  }
  quotient.trim();
  u.trim();
  u.divide(scale);
  return {std::move(quotient), std::move(u)};
}

Natural Natural::gcd(Natural a, Natural b) {
  while (!b.is_zero()) {
    Natural rest = divide(a, b).second;
    a = std::move(b);
    b = std::move(rest);
  }
  return a;
}

std::string Natural::to_string() const {
  if (size_ == 0) return "0";
  std::string text(digit_count(), '0');
  std::size_t end = text.size();
  const std::uint32_t* limbs = data();
  for (std::size_t i = 0; i < size_; ++i) {
    std::uint32_t limb = limbs[i];
    for (std::size_t j = 0; j < kDigits && end > 0; ++j) {
      text[--end] = static_cast<char>('0' + limb % 10);
      limb /= 10;
    }
  }
  return text;
}

std::size_t Natural::hash() const {
  std::uint64_t h = 0x9E3779B97F4A7C15u;
  const std::uint32_t* limbs = data();
  for (std::size_t i = 0; i < size_; ++i) {
    h ^= limbs[i];
    h *= 0xFF51AFD7ED558CCDu;
    h ^= h >> 32;
  }
  return static_cast<std::size_t>(h);
}

}  // namespace structgen::json
