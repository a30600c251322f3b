// The masks of a batch, on several threads.
#pragma once

#include <cstdint>
#include <span>

#include "mask/matcher.h"

namespace structgen {

// Fills rows[i] with the mask of matchers[i], on at most `threads` threads; one matcher may stand in
// several places. The first exception, in the order of the rows, is thrown once all threads are done; the
// rows of the others are filled.
void fill_all(std::span<Matcher* const> matchers, std::span<const std::span<std::uint32_t>> rows,
              std::size_t threads);

}  // namespace structgen
