// `_native.Store`: an engine as Python holds it while formulas are built.
#pragma once

#include <memory>

#include "bindings/regex.h"
#include "mask/engine.h"

namespace structgen::bindings {

struct Store {
  std::shared_ptr<Engine> engine = Engine::make();
  std::shared_ptr<RegexStore> regexes = std::make_shared<RegexStore>(engine, engine->regexes, engine->mutex);
};

}  // namespace structgen::bindings
