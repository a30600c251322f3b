// Number constraints for the differential tests: argument conversion only.
#include "json/number.h"

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bindings/bindings.h"

namespace nb = nanobind;

namespace {

namespace json = structgen::json;
using json::Decimal;
using json::NumberCell;
using json::NumberForm;
using json::NumberLiteral;

// (kind, value, positive): "at_least" "more_than" "integer" "multiple_of" "equals"; a cell is a list of
// these.
using LiteralTuple = std::tuple<std::string, std::string, bool>;

Decimal decimal(const std::string& text) {
  const auto value = Decimal::parse(text);
  if (!value) throw nb::value_error(("not a JSON number: " + text).c_str());
  return *value;
}

NumberForm form_named(const std::string& name) {
  if (name == "float64") return NumberForm::kFloat64;
  if (name == "any") return NumberForm::kAny;
  throw nb::value_error("form must be 'float64' or 'any'");
}

NumberLiteral literal(const std::string& kind, const std::string& value) {
  using Kind = NumberLiteral::Kind;
  if (kind == "integer") return {Kind::kInteger, Decimal()};
  if (kind == "at_least") return {Kind::kAtLeast, decimal(value)};
  if (kind == "more_than") return {Kind::kMoreThan, decimal(value)};
  if (kind == "multiple_of") return {Kind::kMultipleOf, decimal(value)};
  if (kind == "equals") return {Kind::kEquals, decimal(value)};
  throw nb::value_error("unknown number literal");
}

NumberCell cell_of(const std::vector<LiteralTuple>& literals) {
  NumberCell cell;
  for (const auto& [kind, value, positive] : literals) cell.add(literal(kind, value), positive);
  return cell;
}

}  // namespace

void bind_number(nb::module_& m) {
  m.def(
      "complete_number",
      [](const std::string& prefix, const std::vector<std::vector<LiteralTuple>>& cells,
         const std::string& form) {
        std::vector<NumberCell> built;
        for (const auto& literals : cells) built.push_back(cell_of(literals));
        return json::complete_number(prefix, built, form_named(form));
      },
      nb::arg("prefix"), nb::arg("cells"), nb::arg("form"));
  m.def(
      "number_meets",
      [](const std::string& text, const std::vector<LiteralTuple>& cell, const std::string& form) {
        return json::number_meets(text, cell_of(cell), form_named(form));
      },
      nb::arg("text"), nb::arg("cell"), nb::arg("form"));
  m.def(
      "number_decided",
      [](const std::string& prefix, const std::string& kind, const std::string& value,
         const std::string& form) { return json::decided(prefix, literal(kind, value), form_named(form)); },
      nb::arg("prefix"), nb::arg("kind"), nb::arg("value"), nb::arg("form"));
  m.def(
      "is_number",
      [](const std::string& text, const std::string& form) {
        return json::is_number(text, form_named(form));
      },
      nb::arg("text"), nb::arg("form"));
  m.def(
      "is_number_prefix",
      [](const std::string& text, const std::string& form) {
        return json::is_number_prefix(text, form_named(form));
      },
      nb::arg("text"), nb::arg("form"));
  m.def(
      "lexical_representative",
      [](const std::string& prefix, const std::string& form) {
        return json::lexical_representative(prefix, form_named(form));
      },
      nb::arg("prefix"), nb::arg("form"));
  m.def("decimal_text", [](const std::string& a) { return decimal(a).to_string(); }, nb::arg("a"));
  m.def(
      "decimal_compare",
      [](const std::string& a, const std::string& b) {
        const auto order = decimal(a) <=> decimal(b);
        return order < 0 ? -1 : order > 0 ? 1 : 0;
      },
      nb::arg("a"), nb::arg("b"));
  m.def(
      "decimal_is_multiple",
      [](const std::string& a, const std::string& b) { return decimal(a).is_multiple_of(decimal(b)); },
      nb::arg("a"), nb::arg("b"));
}
