// Natural and Decimal: identities on numbers far beyond machine words.
#include <cstdint>
#include <random>
#include <string>

#include "check.h"
#include "json/decimal.h"

namespace {

using structgen::json::Decimal;
using structgen::json::Natural;

Decimal number(const std::string& text) { return Decimal::parse(text).value(); }

std::string random_digits(std::mt19937_64& random, std::size_t count) {
  std::string digits;
  // Runs of 0 and 9 reach the corrections of long division that random digits never do.
  while (digits.size() < count) {
    const auto kind = random() % 4;
    const std::size_t run = 1 + random() % 12;
    for (std::size_t i = 0; i < run && digits.size() < count; ++i) {
      digits += kind == 0 ? '0' : kind == 1 ? '9' : static_cast<char>('0' + random() % 10);
    }
  }
  return digits;
}

}  // namespace

TEST(division_inverts_multiplication) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 3000; ++round) {
    const Natural a = Natural::from_digits(random_digits(random, 1 + random() % 200));
    Natural b = Natural::from_digits(random_digits(random, 1 + random() % 120));
    if (b.is_zero()) b = Natural(1);
    const auto [quotient, rest] = Natural::divide(a, b);
    CHECK(rest < b);
    CHECK(quotient * b + rest == a);
    CHECK(Natural::divide(a * b, b).first == a);
  }
}

TEST(shifts_are_powers_of_ten) {
  std::mt19937_64 random(8);
  for (int round = 0; round < 500; ++round) {
    const std::string digits = "1" + random_digits(random, random() % 100);
    const std::uint64_t n = random() % 60;
    const Natural a = Natural::from_digits(digits);
    CHECK_EQ(a.shifted_left(n).to_string(), digits + std::string(n, '0'));
    CHECK_EQ(a.shifted_right(n).to_string(), n < digits.size() ? digits.substr(0, digits.size() - n) : "0");
    CHECK_EQ(a.digit_count(), digits.size());
  }
}

TEST(gcd_of_multiples) {
  const Natural g = Natural::from_digits("123456789123456789");
  const Natural a = g * Natural::from_digits("1000000000000000000000000000007");
  const Natural b = g * Natural::from_digits("99999999999999999999999999999989");
  CHECK(Natural::divide(Natural::gcd(a, b), g).second.is_zero());
  CHECK_EQ(Natural::gcd(Natural(12), Natural(18)).to_string(), "6");
}

TEST(equal_values_are_equal_decimals) {
  CHECK_EQ(number("1.50").to_string(), "1.5");
  CHECK_EQ(number("15e-1").to_string(), "1.5");
  CHECK_EQ(number("-0.0").to_string(), "0");
  CHECK_EQ(number("1e2").to_string(), "100");
  CHECK_EQ(number("1e30").to_string(), "1e30");
  CHECK_EQ(number("-0.00000012").to_string(), "-1.2e-7");
  CHECK(number("1e2") == number("100.0"));
  CHECK_EQ(number("1e2").hash(), number("100").hash());
  CHECK(number("-0") == Decimal());
}

TEST(what_is_not_a_number_is_refused) {
  for (const char* text :
       {"", "-", "01", "1.", ".5", "+1", "1e", "1e+", "1 ", "0x1", "1e9999999999999999999"}) {
    CHECK(!Decimal::parse(text).has_value());
  }
  CHECK(Decimal::parse("0e9999999999999999999999").has_value());
}

TEST(order_is_the_order_of_values) {
  const char* ascending[] = {
      "-1e999999999", "-10.5", "-10",  "-1e-999999999", "0", "1e-999999999", "0.1", "0.11", "1", "9",
      "10",           "11",    "1e30", "1e999999999"};
  for (std::size_t i = 0; i < std::size(ascending); ++i) {
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      CHECK((number(ascending[i]) <=> number(ascending[j])) == (i <=> j));
    }
  }
}

TEST(multiples_are_exact_at_any_exponent) {
  CHECK(number("0.3").is_multiple_of(number("0.1")));
  CHECK(!number("0.35").is_multiple_of(number("0.1")));
  CHECK(number("1e999999999").is_multiple_of(number("7e-999999999")) == false);
  CHECK(number("21e999999999").is_multiple_of(number("7e-999999999")));
  CHECK(number("1e999999999").is_multiple_of(number("1024")));
  CHECK(number("-9").is_multiple_of(number("3")));
  CHECK(number("0").is_multiple_of(number("3")));
  CHECK(!number("3").is_multiple_of(number("0")));
  CHECK(number("1e40").is_multiple_of(number("0.0000000000000000000000001")));
}
