// RegexStore: the expression store and the pattern parser, argument conversion only.
#include "bindings/regex.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "budget.h"
#include "regex/parse.h"
#include "regex/store.h"

namespace nb = nanobind;
using namespace nb::literals;
using structgen::regex::CodePoint;
using structgen::regex::CodePointRange;
using structgen::regex::Regex;
using structgen::regex::Store;

namespace {

std::string_view view(const nb::bytes& text) { return {text.c_str(), text.size()}; }

Regex known(const Store& store, Regex r) {
  if (r >= store.size()) throw nb::index_error("no such expression in this store");
  return r;
}

std::vector<Regex> known(const Store& store, std::vector<Regex> parts) {
  for (Regex r : parts) known(store, r);
  return parts;
}

nb::tuple parse(Store& store, std::string_view pattern, std::string_view dialect, nb::callable property,
                nb::callable case_groups, nb::handle pattern_error) {
  structgen::regex::ParseOptions options;
  options.dialect = structgen::regex::find_dialect(dialect);
  if (options.dialect == nullptr) throw nb::value_error("the dialect must be 'ecma' or 'python'");
  options.property = [&](const std::string& name) {
    return nb::cast<std::optional<std::vector<CodePointRange>>>(property(name));
  };
  options.case_groups = [&]() { return nb::cast<std::vector<std::vector<CodePoint>>>(case_groups()); };
  std::vector<std::string> notes;
  options.notes = &notes;
  try {
    const Regex r = structgen::regex::parse(store, pattern, options);
    return nb::make_tuple(r, std::move(notes));
  } catch (const structgen::regex::SyntaxError& error) {
    PyErr_SetObject(pattern_error.ptr(), nb::make_tuple(error.what(), error.position()).ptr());
    throw nb::python_error();
  }
}

}  // namespace

void bind_regex(nb::module_& m) {
  if (!nb::hasattr(m, "BudgetExceeded")) {
    nb::exception<structgen::BudgetExceeded>(m, "BudgetExceeded", PyExc_RuntimeError);
  }
  const nb::object pattern_error = nb::exception<structgen::regex::SyntaxError>(m, "PatternError", PyExc_ValueError);

  nb::class_<Store>(m, "RegexStore", "Interned regular expressions; an expression is an int, 0 is the empty language.")
      .def(nb::init<>())
      .def(
          "parse",
          [pattern_error](Store& store, std::string_view pattern, std::string_view dialect, nb::callable property,
                          nb::callable case_groups) {
            return parse(store, pattern, dialect, std::move(property), std::move(case_groups), pattern_error);
          },
          "pattern"_a, "dialect"_a, "property"_a, "case_groups"_a,
          nb::sig("def parse(self, pattern: str, dialect: str, "
                  "property: collections.abc.Callable[[str], list[tuple[int, int]] | None], "
                  "case_groups: collections.abc.Callable[[], list[list[int]]]) -> tuple[int, list[str]]"),
          "The expression of a pattern, and notes on what was read as meant. Raises PatternError(message, position).")
      .def("bytes", &Store::bytes, "low"_a, "high"_a)
      .def("code_points", &Store::code_points, "ranges"_a)
      .def("literal", [](Store& store, const nb::bytes& text) { return store.literal(view(text)); }, "text"_a)
      .def(
          "words",
          [](Store& store, const std::vector<nb::bytes>& words) {
            std::vector<std::string> texts;
            texts.reserve(words.size());
            for (const nb::bytes& word : words) texts.emplace_back(view(word));
            return store.words(std::move(texts));
          },
          "words"_a, "Exactly these strings; any order, duplicates allowed.")
      .def("concat", [](Store& s, std::vector<Regex> parts) { return s.concat(known(s, std::move(parts))); }, "parts"_a)
      .def("alternate", [](Store& s, std::vector<Regex> parts) { return s.alternate(known(s, std::move(parts))); },
           "parts"_a)
      .def("intersect", [](Store& s, std::vector<Regex> parts) { return s.intersect(known(s, std::move(parts))); },
           "parts"_a)
      .def("complement", [](Store& s, Regex r) { return s.complement(known(s, r)); }, "r"_a,
           "The valid UTF-8 strings that are not in r.")
      .def(
          "repeat",
          [](Store& s, Regex r, std::uint32_t min, std::optional<std::uint32_t> max) {
            return s.repeat(known(s, r), min, max.value_or(structgen::regex::kUnbounded));
          },
          "r"_a, "min"_a, "max"_a.none() = nb::none())
      .def("nullable", [](const Store& s, Regex r) { return s.nullable(known(s, r)); }, "r"_a)
      .def("step", [](Store& s, Regex r, std::uint8_t byte) { return s.step(known(s, r), byte); }, "r"_a, "byte"_a,
           "What may follow the byte; 0 where no completion exists.")
      .def("empty", [](Store& s, Regex r) { return s.empty(known(s, r)); }, "r"_a)
      .def("distance", [](Store& s, Regex r) { return s.distance(known(s, r)); }, "r"_a,
           "Bytes of a shortest member; 2**32 - 1 when it is longer or there is none.")
      .def(
          "witness",
          [](Store& s, Regex r) {
            if (s.empty(known(s, r))) throw nb::value_error("the expression has no member");
            const std::string text = s.witness(r);
            return nb::bytes(text.data(), text.size());
          },
          "r"_a, "A shortest member.")
      .def("matches", [](Store& s, Regex r, const nb::bytes& text) { return s.matches(known(s, r), view(text)); }, "r"_a,
           "text"_a)
      .def("print", [](const Store& s, Regex r) { return s.print(known(s, r)); }, "r"_a)
      .def("memory_bytes", &Store::memory_bytes)
      .def("__len__", &Store::size);
}
