// `_native.CompositionStore`: where Python composes automata into larger ones.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/bindings.h"
#include "bindings/guard.h"
#include "bindings/store.h"

namespace nb = nanobind;

namespace structgen::bindings {

namespace {

using compose::Expression;

struct CompositionStore {
  std::shared_ptr<Engine> engine;

  compose::ExpressionStore& expressions() const { return engine->compose_machine().expressions(); }
};

}  // namespace

void bind_compose(nb::module_& m) {
  nb::class_<CompositionStore>(m, "CompositionStore",
                               "Where automata are composed; an expression is an int, 0 is no text at all.")
      .def("__init__",
           [](CompositionStore* self, const Store& store) { new (self) CompositionStore{store.engine}; },
           nb::arg("store"))
      .def("regular",
           [](CompositionStore& self, regex::Regex language, std::optional<std::uint32_t> tokens) {
             const EngineGuard guard(*self.engine, true);
             if (self.engine->regexes.empty(language)) return compose::kNothing;
             return self.expressions().leaf(
                 {&self.engine->regex_machine(), language, tokens.value_or(compose::kUnbounded)});
           },
           nb::arg("language"), nb::arg("tokens").none() = nb::none(),
           "An expression of the store's regex; at most so many tokens may take part in it.")
      .def("formula",
           [](CompositionStore& self, json::Formula formula, const std::string& property_order,
              const std::string& whitespace, const std::string& numbers, const std::string& escapes,
              const std::string& words) {
             const EngineGuard guard(*self.engine, true);
             json::JsonMachine& machine =
                 self.engine->json_machine(make_options(property_order, whitespace, numbers, escapes, words));
             machine.refill();
             return self.expressions().leaf({&machine, machine.start(formula), compose::kUnbounded});
           },
           nb::arg("formula"), nb::arg("property_order"), nb::arg("whitespace"), nb::arg("numbers"),
           nb::arg("escapes"), nb::arg("words"))
      .def("substring",
           [](CompositionStore& self, const std::string& text) {
             const EngineGuard guard(*self.engine, true);
             compose::SubstringMachine& machine = self.engine->substring_machine(text);
             return self.expressions().leaf({&machine, machine.start(), compose::kUnbounded});
           },
           nb::arg("text"), "A span of the text that is not empty.")
      .def("rules",
           [](CompositionStore& self, std::uint32_t start) {
             const EngineGuard guard(*self.engine, true);
             const Engine::Start from = self.engine->start(start);
             from.machine->refill();
             return self.expressions().leaf({from.machine, from.local, compose::kUnbounded});
           },
           nb::arg("start"), "`start` is what Rules.build returned.")
      .def("language",
           [](CompositionStore& self, std::uint32_t start) -> std::optional<regex::Regex> {
             const EngineGuard guard(*self.engine);
             const Engine::Start from = self.engine->start(start);
             if (from.machine != &self.engine->regex_machine()) return std::nullopt;
             return from.local;
           },
           nb::arg("start"), "The same as an expression of the store's regex; None where it is not known to be regular.")
      .def("token",
           [](CompositionStore& self, std::uint32_t id) {
             const EngineGuard guard(*self.engine);
             return self.expressions().token(id);
           },
           nb::arg("id"), "One token by its id.")
      .def("sequence",
           [](CompositionStore& self, const std::vector<Expression>& parts) {
             const EngineGuard guard(*self.engine);
             return self.expressions().sequence(parts);
           },
           nb::arg("parts"))
      .def("any",
           [](CompositionStore& self, const std::vector<Expression>& parts) {
             const EngineGuard guard(*self.engine);
             return self.expressions().any(parts);
           },
           nb::arg("parts"))
      .def("repeat",
           [](CompositionStore& self, Expression part, std::uint32_t min, std::optional<std::uint32_t> max) {
             const EngineGuard guard(*self.engine);
             return self.expressions().repeat(part, min, max.value_or(compose::kUnbounded));
           },
           nb::arg("part"), nb::arg("min"), nb::arg("max").none());
}

}  // namespace structgen::bindings
