// JSON text → the formula "equal to this value": 1 = 1.0, the order of members does not matter.
#pragma once

#include <string_view>

#include "json/formula.h"

namespace structgen::json {

// `text` is one well-formed JSON value, as a machine has just read it.
Formula equal_to(FormulaStore& formulas, std::string_view text);

}  // namespace structgen::json
