// Binds regex::Store as _native.RegexStore.
#pragma once

#include <nanobind/nanobind.h>

void bind_regex(nanobind::module_& m);
