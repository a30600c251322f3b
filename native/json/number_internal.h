// The search behind complete_number, on a prefix that has been cut into parts.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "json/number.h"
#include "json/number_text.h"

namespace structgen::json {

// number_meets, on a text that has been cut into parts.
bool meets(const NumberText& number, const NumberCell& cell, NumberForm form);

// The shortest continuation into one of the cells.
std::optional<std::string> shortest_completion(const NumberText& prefix, std::span<const NumberCell> cells,
                                               NumberForm form);
// Whether there is one: the same search, stopped at the first answer.
bool some_completion(const NumberText& prefix, std::span<const NumberCell> cells, NumberForm form);

}  // namespace structgen::json
