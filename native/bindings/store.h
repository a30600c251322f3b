// `_native.Store`: an engine as Python holds it while formulas are built.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <optional>
#include <string>

#include "bindings/regex.h"
#include "mask/engine.h"

namespace structgen::bindings {

// An engine takes some milliseconds to go: other threads of Python need not wait for that.
inline std::shared_ptr<Engine> new_engine() {
  return {std::make_unique<Engine>().release(), [](Engine* engine) {
            std::optional<nanobind::gil_scoped_release> released;
            if (PyGILState_Check()) released.emplace();
            const std::unique_ptr<Engine> last(engine);
          }};
}

struct Store {
  std::shared_ptr<Engine> engine = new_engine();
  std::shared_ptr<RegexStore> regexes = std::make_shared<RegexStore>(engine, engine->regexes, engine->mutex);
};

// The options of a JSON text, as the Python side names them.
inline json::Options make_options(const std::string& order, const std::string& whitespace, const std::string& numbers,
                           const std::string& escapes, const std::string& words) {
  json::Options options;
  options.property_order = order == "any" ? json::PropertyOrder::kAny : json::PropertyOrder::kSchema;
  options.whitespace = whitespace == "any"       ? json::Whitespace::kAny
                       : whitespace == "compact" ? json::Whitespace::kCompact
                                                 : json::Whitespace::kBounded;
  options.numbers = numbers == "any" ? json::NumberForm::kAny : json::NumberForm::kFloat64;
  options.escapes = escapes == "any" ? json::Escapes::kAny : json::Escapes::kMinimal;
  options.words = words == "python" ? json::Words::kPython : json::Words::kJson;
  return options;
}

}  // namespace structgen::bindings
