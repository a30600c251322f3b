// `_native.Store`: where Python builds formulas. One method per literal and connective.
#include <nanobind/nanobind.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/vector.h>

#include "bindings/bindings.h"
#include "bindings/guard.h"
#include "bindings/store.h"

namespace nb = nanobind;

namespace structgen::bindings {

namespace {

using json::Formula;
using json::NumberLiteral;

json::Type type_named(const std::string& name) {
  static constexpr const char* kNames[] = {"null", "boolean", "number", "string", "array", "object"};
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return json::kAllTypes[i];
  }
  throw nb::value_error("type_: expected null, boolean, number, string, array or object");
}

Formula number(Engine& engine, NumberLiteral::Kind kind, const std::string& text) {
  const auto value = json::Decimal::parse(text);
  if (!value) throw nb::value_error(("not a JSON number, or its exponent is out of range: " + text).c_str());
  return engine.formulas.number({kind, *value});
}

// A Python callable that C++ may copy and drop without holding the GIL.
std::function<Formula()> resolver_of(nb::callable callable) {
  std::shared_ptr<nb::callable> held(new nb::callable(std::move(callable)), [](nb::callable* owned) {
    const nb::gil_scoped_acquire gil;
    delete owned;
  });
  return [held] {
    const nb::gil_scoped_acquire gil;
    return nb::cast<Formula>((*held)());
  };
}

}  // namespace

void bind_json(nb::module_& m) {
  // Weakly referenceable: Python keeps what it built in a store for as long as the store lives.
  nb::class_<Store> store(m, "Store", nb::is_weak_referenceable(),
                          "Where formulas are built; ids are small integers, equal when equal.");
  store.def(nb::init<>())
      .def_prop_ro("regex", [](Store& self) { return self.regexes; })
      .def_prop_ro("memory_bytes",
                   [](Store& self) {
                     const EngineGuard guard(*self.engine);
                     return self.engine->memory_bytes();
                   })
      .def("type_",
           [](Store& self, const std::string& name) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.type(type_named(name));
           },
           nb::arg("name"))
      .def("boolean",
           [](Store& self, bool value) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.boolean(value);
           },
           nb::arg("value"))
      .def("string",
           [](Store& self, regex::Regex language) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.string(language);
           },
           nb::arg("language"))
      .def("integer",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.number({NumberLiteral::Kind::kInteger, {}});
           })
      .def("integer_written",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.number({NumberLiteral::Kind::kPlain, {}});
           },
           "A number written without point and exponent: what draft 4 calls an integer.")
      .def("distinct",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.distinct();
           },
           "The items of an array are pairwise different.")
      .def("members",
           [](Store& self, regex::Regex keys, Formula schema, std::uint32_t count) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.members(keys, schema, count);
           },
           nb::arg("keys"), nb::arg("schema"), nb::arg("count"))
      .def("items",
           [](Store& self, std::uint32_t start, std::optional<std::uint32_t> stop, Formula schema,
              std::uint32_t count) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.items(start, stop.value_or(json::kNoStop), schema, count);
           },
           nb::arg("start"), nb::arg("stop").none(), nb::arg("schema"), nb::arg("count"))
      .def("declare",
           [](Store& self, const std::vector<std::string>& names) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.declare(names);
           },
           nb::arg("names"))
      .def("properties",
           [](Store& self, const std::vector<std::string>& names, const std::vector<Formula>& schemas) {
             if (names.size() != schemas.size()) throw nb::value_error("properties: expected a schema for each name");
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.properties(names, schemas);
           },
           nb::arg("names"), nb::arg("schemas"))
      .def("requires",
           [](Store& self, const std::vector<std::string>& names) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.requires_all(names);
           },
           nb::arg("names"))
      .def("reference",
           [](Store& self, nb::callable resolver) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.reference(resolver_of(std::move(resolver)));
           },
           nb::arg("resolver"))
      .def("resolve_references",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             self.engine->formulas.resolve_references();
           },
           "Ask every reference for its formula now, so that no callable is kept.")
      .def("forget_references",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             self.engine->formulas.forget_references();
           },
           "Give up the references without a formula, after a schema turned out to be wrong half-way.")
      .def("all_of",
           [](Store& self, const std::vector<Formula>& children) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.all(children);
           },
           nb::arg("children"))
      .def("any_of",
           [](Store& self, const std::vector<Formula>& children) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.any(children);
           },
           nb::arg("children"))
      .def("exactly_one",
           [](Store& self, const std::vector<Formula>& children) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.exactly_one(children);
           },
           nb::arg("children"))
      .def("not_",
           [](Store& self, Formula f) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.negate(f);
           },
           nb::arg("formula"))
      .def("string_language",
           [](Store& self, Formula f) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.to_language(self.engine->formulas.restrict(f, json::Type::kString));
           },
           nb::arg("formula"), "The strings that satisfy the formula, as an expression of `regex`.")
      .def("__len__",
           [](Store& self) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.size();
           })
      .def("has_value",
           [](Store& self, Formula f, bool any_order, bool any_number, std::uint64_t steps) {
             const EngineGuard guard(*self.engine, true);
             json::Options options;
             options.property_order = any_order ? json::PropertyOrder::kAny : json::PropertyOrder::kSchema;
             options.numbers = any_number ? json::NumberForm::kAny : json::NumberForm::kFloat64;
             json::JsonMachine& machine = self.engine->json_machine(options);
             machine.solver().refill(steps);
             return machine.solver().satisfiable(f);
           },
           nb::arg("formula"), nb::arg("any_order"), nb::arg("any_number"), nb::arg("steps"),
           "Whether a value satisfies the formula; a search of more steps is ComplexityLimitExceeded.")
      .def("print",
           [](Store& self, Formula f) {
             const EngineGuard guard(*self.engine);
             return self.engine->formulas.print(f);
           },
           nb::arg("formula"));
  const std::pair<const char*, NumberLiteral::Kind> numbers[] = {
      {"at_least", NumberLiteral::Kind::kAtLeast},
      {"more_than", NumberLiteral::Kind::kMoreThan},
      {"multiple_of", NumberLiteral::Kind::kMultipleOf},
      {"number_equals", NumberLiteral::Kind::kEquals}};
  for (const auto& [name, kind] : numbers) {
    store.def(
        name,
        [kind = kind](Store& self, const std::string& text) {
          const EngineGuard guard(*self.engine);
          return number(*self.engine, kind, text);
        },
        nb::arg("text"));
  }
  store.attr("FALSE") = json::kFalse;
  store.attr("TRUE") = json::kTrue;
}

}  // namespace structgen::bindings
