// `_native.Rules`: where front ends build a context-free grammar.
#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "bindings/bindings.h"
#include "bindings/guard.h"
#include "bindings/store.h"
#include "cfg/analysis.h"
#include "cfg/network.h"
#include "mask/leaf_frames.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace structgen::bindings {

namespace {

using cfg::Expr;
using cfg::Rule;

struct Rules {
  std::shared_ptr<Engine> engine;
  cfg::Grammar grammar;

  // What `start` leads to, and which expressions derive a text, as long as no rule is defined anew.
  struct Needed {
    Rule start;
    std::vector<Rule> rules;
    std::vector<bool> productive;
  };
  std::optional<Needed> known;

  const Needed& needed(Rule start) {
    check_rule(start);
    if (!known || known->start != start) {
      known = Needed{start, cfg::reachable(grammar, start), cfg::productive(grammar)};
    }
    return *known;
  }
  bool derives(const Needed& needed, Rule rule) const {
    return grammar.body(rule) != cfg::kNone && needed.productive[grammar.body(rule)];
  }
  void check(Expr e) const {
    if (e >= grammar.size()) throw nb::index_error("no such expression in these rules");
  }
  void check(const std::vector<Expr>& parts) const {
    for (const Expr e : parts) check(e);
  }
  void check_rule(Rule rule) const {
    if (rule >= grammar.rules()) throw nb::index_error("no such rule");
  }
};

}  // namespace

void bind_cfg(nb::module_& m) {
  nb::class_<Rules>(m, "Rules",
                    "A context-free grammar under construction: rules and expressions over them, all of them ints.")
      .def("__init__", [](Rules* self, Store& store) { new (self) Rules{store.engine, {}, {}}; }, "store"_a)
      .def("declare", [](Rules& self) { return self.grammar.declare(); }, "A new rule, to be defined later.")
      .def(
          "define",
          [](Rules& self, Rule rule, Expr body) {
            self.check_rule(rule);
            self.check(body);
            self.grammar.define(rule, body);
            self.known.reset();
          },
          "rule"_a, "body"_a)
      .def(
          "terminal",
          [](Rules& self, regex::Regex language) {
            const EngineGuard guard(*self.engine);
            if (language >= self.engine->regexes.size()) throw nb::index_error("no such expression in this store");
            // Derivatives leave dead ends out; an empty language is told apart once and for all here.
            return self.grammar.terminal(self.engine->regexes.empty(language) ? regex::kNothing : language);
          },
          "language"_a, "A text of a regular language, an expression of the store's `regex`.")
      .def(
          "formula",
          [](Rules& self, json::Formula formula, const std::string& property_order, const std::string& whitespace,
             const std::string& numbers, const std::string& escapes,
             const std::string& words) -> std::optional<Expr> {
            const EngineGuard guard(*self.engine, true);
            json::JsonMachine& machine =
                self.engine->json_machine(make_options(property_order, whitespace, numbers, escapes, words));
            machine.refill();
            const Local start = machine.start(formula);
            if (start == kDead) return std::nullopt;
            return self.grammar.leaf({&machine, start, first_bytes_of(machine, start),
                                      short_text_of(machine, start, self.engine->texts)});
          },
          "formula"_a, "property_order"_a, "whitespace"_a, "numbers"_a, "escapes"_a, "words"_a,
          "A JSON text whose value satisfies a formula of the store; None when the formula has no value.")
      .def(
          "reference",
          [](Rules& self, Rule rule) {
            self.check_rule(rule);
            return self.grammar.reference(rule);
          },
          "rule"_a)
      .def(
          "sequence",
          [](Rules& self, const std::vector<Expr>& parts) {
            self.check(parts);
            return self.grammar.sequence(parts);
          },
          "parts"_a)
      .def(
          "choice",
          [](Rules& self, const std::vector<Expr>& parts) {
            self.check(parts);
            return self.grammar.choice(parts);
          },
          "parts"_a)
      .def(
          "repeat",
          [](Rules& self, Expr body, std::uint32_t min, std::optional<std::uint32_t> max) {
            self.check(body);
            return self.grammar.repeat(body, min, max.value_or(regex::kUnbounded));
          },
          "body"_a, "min"_a, "max"_a.none() = nb::none(), "At least min times, at most max times (None: no bound).")
      .def(
          "undefined",
          [](Rules& self, Rule start) {
            std::vector<Rule> found;
            for (const Rule rule : self.needed(start).rules) {
              if (self.grammar.body(rule) == cfg::kNone) found.push_back(rule);
            }
            return found;
          },
          "start"_a, "Rules that are needed and not defined, in the order of their first mention.")
      .def(
          "unproductive",
          [](Rules& self, Rule start) {
            std::vector<Rule> found;
            const Rules::Needed& needed = self.needed(start);
            for (const Rule rule : needed.rules) {
              if (!self.derives(needed, rule)) found.push_back(rule);
            }
            return found;
          },
          "start"_a, "Rules that are needed and derive no text, in the order of their first mention.")
      .def(
          "build",
          [](Rules& self, Rule start) {
            const EngineGuard guard(*self.engine, true);
            const Rules::Needed& needed = self.needed(start);
            for (const Rule rule : needed.rules) {
              if (self.grammar.body(rule) == cfg::kNone) throw nb::value_error("a rule is not defined");
            }
            if (!self.derives(needed, start)) throw nb::value_error("the rules derive no text");
            self.known.reset();  // the rules are rewritten
            return self.engine->add_start(cfg::Network(self.grammar, self.engine->regexes, start));
          },
          "start"_a,
          "What Constraint.from_rules starts from. The rules are rewritten: build once. All rules that are needed "
          "must be defined, and the start must derive a text.");
}

}  // namespace structgen::bindings
