// Number completion: cases worked out by hand, one per kind of answer.
#include <optional>
#include <string>
#include <vector>

#include "budget.h"
#include "check.h"
#include "json/number.h"

namespace {

using namespace structgen::json;
using Kind = NumberLiteral::Kind;

struct Constraint {
  Kind kind;
  std::string value;
  bool positive = true;
};

NumberCell cell(const std::vector<Constraint>& constraints) {
  NumberCell result;
  for (const Constraint& c : constraints) result.add({c.kind, Decimal::parse(c.value).value()}, c.positive);
  return result;
}

std::string complete(const std::string& prefix, const std::vector<Constraint>& constraints, NumberForm form) {
  const NumberCell only = cell(constraints);
  return complete_number(prefix, {&only, 1}, form).value_or("none");
}

const Constraint kWhole{Kind::kInteger, "0"};
const Constraint kBroken{Kind::kInteger, "0", false};

}  // namespace

TEST(nothing_asked_for) {
  for (const NumberForm form : {NumberForm::kFloat64, NumberForm::kAny}) {
    CHECK_EQ(complete("", {}, form), "0");
    CHECK_EQ(complete("-", {}, form), "0");
    CHECK_EQ(complete("12", {}, form), "");
    CHECK_EQ(complete("12.", {}, form), "0");
    CHECK_EQ(complete("12.3e-", {}, form), "0");
    CHECK_EQ(complete("01", {}, form), "none");
    CHECK_EQ(complete("1e5e", {}, form), "none");
  }
}

TEST(integers_in_an_interval) {
  const std::vector<Constraint> some = {kWhole, {Kind::kAtLeast, "1234"}, {Kind::kMoreThan, "1299", false}};
  CHECK_EQ(complete("", some, NumberForm::kFloat64), "1240");
  CHECK_EQ(complete("12", some, NumberForm::kFloat64), "40");
  CHECK_EQ(complete("129", some, NumberForm::kFloat64), "0");
  CHECK_EQ(complete("13", some, NumberForm::kFloat64), "none");
  CHECK_EQ(complete("13", some, NumberForm::kAny), "none");
  CHECK_EQ(complete("1250.", some, NumberForm::kFloat64), "none");
  CHECK_EQ(complete("1250.", some, NumberForm::kAny), "0");
  CHECK_EQ(complete("0.125", some, NumberForm::kAny), "e4");
  CHECK_EQ(complete("-", some, NumberForm::kAny), "none");
}

TEST(steps_and_exponents) {
  CHECK_EQ(complete("1", {{Kind::kMultipleOf, "7"}}, NumberForm::kFloat64), "4");
  CHECK_EQ(complete("1.", {{Kind::kMultipleOf, "0.3"}}, NumberForm::kFloat64), "2");
  CHECK_EQ(complete("1", {{Kind::kMultipleOf, "1e20"}}, NumberForm::kAny), "e20");
  CHECK_EQ(complete("1", {{Kind::kMultipleOf, "1e20"}, kWhole}, NumberForm::kFloat64), std::string(20, '0'));
  CHECK_EQ(complete("1e", {{Kind::kAtLeast, "2e17"}}, NumberForm::kFloat64), "18");
  CHECK_EQ(complete("3e", {{Kind::kMultipleOf, "0.002"}}, NumberForm::kFloat64), "0");
  CHECK_EQ(complete("3e-", {{Kind::kMultipleOf, "0.002", false}}, NumberForm::kFloat64), "3");
  CHECK_EQ(complete("1e30", {{Kind::kAtLeast, "1e300"}}, NumberForm::kFloat64), "none");
  CHECK_EQ(complete("1e30", {{Kind::kAtLeast, "1e300"}}, NumberForm::kAny), "0");
}

TEST(an_integer_in_float64_has_no_point) {
  const NumberCell whole = cell({kWhole});
  const NumberCell broken = cell({kBroken});
  CHECK(number_meets("1", whole, NumberForm::kFloat64));
  CHECK(!number_meets("1.0", whole, NumberForm::kFloat64));
  CHECK(!number_meets("1.0", broken, NumberForm::kFloat64));
  CHECK(number_meets("1.0", whole, NumberForm::kAny));
  CHECK(number_meets("1e2", whole, NumberForm::kAny));
  CHECK(is_number("1.0", NumberForm::kFloat64));
}

TEST(digits_are_bounded_in_float64) {
  CHECK(is_number("0.123456789012345", NumberForm::kFloat64));
  CHECK(!is_number("0.1234567890123456", NumberForm::kFloat64));
  CHECK(is_number("1" + std::string(299, '0'), NumberForm::kFloat64));
  CHECK(!is_number("1" + std::string(300, '0'), NumberForm::kFloat64));
  CHECK(!is_number("1234567890123456", NumberForm::kFloat64));
  CHECK(is_number("123456789012345678", NumberForm::kAny));
  CHECK(!is_number_prefix("0." + std::string(35, '0'), NumberForm::kFloat64));
  CHECK(!is_number("1e999", NumberForm::kFloat64));
  CHECK(!is_number("1e0001", NumberForm::kFloat64));
}

TEST(decided_before_the_end) {
  const NumberLiteral at_least_ten{Kind::kAtLeast, Decimal(10)};
  CHECK(decided("5", at_least_ten, NumberForm::kAny) == std::nullopt);
  CHECK(decided("-5", at_least_ten, NumberForm::kAny) == false);
  CHECK(decided("12e-", at_least_ten, NumberForm::kAny) == std::nullopt);
  CHECK(decided("12e-1", at_least_ten, NumberForm::kAny) == false);
  CHECK(decided("12e1", at_least_ten, NumberForm::kAny) == true);
  CHECK(decided("1.5e-", {Kind::kInteger, Decimal()}, NumberForm::kFloat64) == false);
}

TEST(one_cell_of_several) {
  const std::vector<NumberCell> cells = {cell({{Kind::kEquals, "1234"}}), cell({{Kind::kEquals, "125"}})};
  CHECK_EQ(complete_number("12", cells, NumberForm::kFloat64).value_or("none"), "5");
  CHECK_EQ(complete_number("123", cells, NumberForm::kFloat64).value_or("none"), "4");
  CHECK(!complete_number("12", {}, NumberForm::kFloat64).has_value());
}

TEST(a_hopeless_search_ends_in_its_budget) {
  // Between 1 and 2 only a number with 10^12 digits is no multiple of 1e-1000000000000.
  const NumberCell narrow = cell(
      {{Kind::kMultipleOf, "1e-1000000000000", false}, {Kind::kAtLeast, "1"}, {Kind::kAtLeast, "2", false}});
  bool refused = false;
  try {
    complete_number("", {&narrow, 1}, NumberForm::kAny);
  } catch (const structgen::BudgetExceeded&) {
    refused = true;
  }
  CHECK(refused);
}
