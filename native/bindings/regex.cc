// RegexStore: the expression store and the pattern parser, argument conversion only.
#include "bindings/regex.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "regex/parse.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace structgen::bindings {

namespace {

using regex::CodePoint;
using regex::CodePointRange;
using regex::Regex;
using Locked = RegexStore::Locked;
using Parts = std::vector<Regex>;

// The bytes of a str (as UTF-8) or of a bytes object.
std::string text_of(nb::handle text) {
  if (PyUnicode_Check(text.ptr())) {
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(text.ptr(), &size);
    if (data == nullptr) throw nb::python_error();
    return {data, static_cast<std::size_t>(size)};
  }
  if (!PyBytes_Check(text.ptr())) throw nb::type_error("expected str or bytes");
  return {PyBytes_AS_STRING(text.ptr()), static_cast<std::size_t>(PyBytes_GET_SIZE(text.ptr()))};
}

void check(Locked& store, Regex r) {
  if (r >= store->size()) throw nb::index_error("no such expression in this store");
}

void check(Locked& store, const Parts& parts) {
  for (Regex r : parts) check(store, r);
}

// The call with the store locked and its expression arguments checked.
template <typename Arguments, typename Call>
auto within(RegexStore& held, const Arguments& expressions, const Call& call) {
  Locked store(held);
  check(store, expressions);
  return call(*store);
}

nb::tuple parse(RegexStore& held, std::string_view pattern, std::string_view dialect,
                const nb::callable& property, const nb::callable& case_table, nb::handle pattern_error) {
  regex::ParseOptions options;
  options.dialect = regex::find_dialect(dialect);
  if (options.dialect == nullptr) throw nb::value_error("the dialect must be 'ecma' or 'python'");
  options.property = [&](const std::string& name) {
    const nb::gil_scoped_acquire gil;
    return nb::cast<std::optional<std::vector<CodePointRange>>>(property(name));
  };
  options.case_table = [&]() {
    const nb::gil_scoped_acquire gil;
    return nb::cast<std::shared_ptr<const regex::CaseTable>>(case_table());
  };
  std::vector<std::string> notes;
  options.notes = &notes;
  try {
    const Regex r = [&] {
      Locked store(held);
      return regex::parse(*store, pattern, options);
    }();
    return nb::make_tuple(r, std::move(notes));
  } catch (const regex::SyntaxError& error) {
    PyErr_SetObject(pattern_error.ptr(), nb::make_tuple(error.what(), error.position()).ptr());
    throw nb::python_error();
  }
}

}  // namespace

}  // namespace structgen::bindings

void bind_regex(nb::module_& m) {
  using namespace structgen::bindings;
  using structgen::regex::CodePointRange;
  using structgen::regex::Store;
  const nb::object pattern_error =
      nb::exception<structgen::regex::SyntaxError>(m, "PatternError", PyExc_ValueError);

  using structgen::regex::CaseTable;
  nb::class_<CaseTable>(m, "CaseTable",
                        "Which code points are equal when case is ignored; made of sets of such.")
      .def(nb::init<const std::vector<std::vector<structgen::regex::CodePoint>>&>(), "sets"_a);

  nb::class_<RegexStore>(m, "RegexStore",
                         "Interned regular expressions; an expression is an int, 0 is the empty language.")
      .def(nb::init<>())
      .def(
          "parse",
          [pattern_error](RegexStore& held, std::string_view pattern, std::string_view dialect,
                          const nb::callable& property, const nb::callable& case_table) {
            return parse(held, pattern, dialect, property, case_table, pattern_error);
          },
          "pattern"_a, "dialect"_a, "property"_a, "case_table"_a,
          nb::sig("def parse(self, pattern: str, dialect: str, "
                  "property: collections.abc.Callable[[str], list[tuple[int, int]] | None], "
                  "case_table: collections.abc.Callable[[], CaseTable]) -> tuple[int, list[str]]"),
          "The expression of a pattern, and notes on what was read as meant. Raises PatternError(message, "
          "position).")
      .def(
          "bytes",
          [](RegexStore& held, std::uint8_t low, std::uint8_t high) {
            return Locked(held)->bytes(low, high);
          },
          "low"_a, "high"_a)
      .def(
          "code_points",
          [](RegexStore& held, const std::vector<CodePointRange>& ranges) {
            return Locked(held)->code_points(ranges);
          },
          "ranges"_a, "One code point of these inclusive ranges.")
      .def(
          "literal",
          [](RegexStore& held, nb::handle text) {
            const std::string bytes = text_of(text);
            return Locked(held)->literal(bytes);
          },
          "text"_a, nb::sig("def literal(self, text: str | bytes) -> int"))
      .def(
          "words",
          [](RegexStore& held, nb::sequence words) {
            std::vector<std::string> texts;
            texts.reserve(nb::len(words));
            for (nb::handle word : words) texts.push_back(text_of(word));
            return Locked(held)->words(std::move(texts));
          },
          "words"_a,
          nb::sig("def words(self, words: collections.abc.Sequence[str] | collections.abc.Sequence[bytes]) "
                  "-> int"),
          "Exactly these strings; any order, duplicates allowed.")
      .def(
          "concat",
          [](RegexStore& held, const Parts& parts) {
            return within(held, parts, [&](Store& s) { return s.concat(parts); });
          },
          "parts"_a)
      .def(
          "alternate",
          [](RegexStore& held, const Parts& parts) {
            return within(held, parts, [&](Store& s) { return s.alternate(parts); });
          },
          "parts"_a)
      .def(
          "intersect",
          [](RegexStore& held, const Parts& parts) {
            return within(held, parts, [&](Store& s) { return s.intersect(parts); });
          },
          "parts"_a)
      .def(
          "complement",
          [](RegexStore& held, Regex r) {
            return within(held, r, [&](Store& s) { return s.complement(r); });
          },
          "r"_a, "The valid UTF-8 strings that are not in r.")
      .def(
          "repeat",
          [](RegexStore& held, Regex r, std::uint32_t min, std::optional<std::uint32_t> max) {
            return within(held, r, [&](Store& s) {
              return s.repeat(r, min, max.value_or(structgen::regex::kUnbounded));
            });
          },
          "r"_a, "min"_a, "max"_a.none() = nb::none(),
          "At least min times, at most max times (None: no bound).")
      .def(
          "punycode",
          [](RegexStore& held, Regex r, std::uint32_t octets) {
            return within(held, r, [&](Store& s) { return s.punycode(r, octets); });
          },
          "r"_a, "octets"_a,
          "Texts of at most so many octets that RFC 3492 decodes to a member of r beyond ASCII: what stands behind \"xn--\" in host "
          "names, those that a bounded search finds the way to.")
      .def(
          "nullable",
          [](RegexStore& held, Regex r) { return within(held, r, [&](Store& s) { return s.nullable(r); }); },
          "r"_a)
      .def(
          "step",
          [](RegexStore& held, Regex r, std::uint8_t byte) {
            return within(held, r, [&](Store& s) { return s.step(r, byte); });
          },
          "r"_a, "byte"_a, "What may follow the byte; 0 where no completion exists.")
      .def(
          "empty",
          [](RegexStore& held, Regex r) { return within(held, r, [&](Store& s) { return s.empty(r); }); },
          "r"_a)
      .def(
          "first_bytes",
          [](RegexStore& held, Regex r) {
            const std::string first = within(held, r, [&](Store& s) { return s.first_bytes(r); });
            return nb::bytes(first.data(), first.size());
          },
          "r"_a, "The bytes that members begin with, and perhaps some more, ascending.")
      .def(
          "distance",
          [](RegexStore& held, Regex r) { return within(held, r, [&](Store& s) { return s.distance(r); }); },
          "r"_a, "Bytes of the witness; 2**32 - 1 when it is longer or there is none.")
      .def(
          "witness",
          [](RegexStore& held, Regex r) {
            const std::string text = within(held, r, [&](Store& s) {
              if (s.empty(r)) throw nb::value_error("the expression has no member");
              return s.witness(r);
            });
            return nb::bytes(text.data(), text.size());
          },
          "r"_a, "A shortest member, unless that takes too long to prove: then a short one.")
      .def(
          "matches",
          [](RegexStore& held, Regex r, nb::handle text) {
            const std::string bytes = text_of(text);
            return within(held, r, [&](Store& s) { return s.matches(r, bytes); });
          },
          "r"_a, "text"_a, nb::sig("def matches(self, r: int, text: str | bytes) -> bool"))
      .def(
          "print",
          [](RegexStore& held, Regex r) { return within(held, r, [&](Store& s) { return s.print(r); }); },
          "r"_a)
      .def("memory_bytes", [](RegexStore& held) { return Locked(held)->memory_bytes(); })
      .def("__len__", [](RegexStore& held) { return Locked(held)->size(); });
}
