// `_native.Store`: an engine as Python holds it while formulas are built.
#pragma once

#include <memory>
#include <string>

#include "bindings/regex.h"
#include "mask/engine.h"

namespace structgen::bindings {

struct Store {
  std::shared_ptr<Engine> engine = std::make_shared<Engine>();
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
