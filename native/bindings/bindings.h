// One function per file of this folder; module.cc calls them all.
#pragma once

#include <nanobind/nanobind.h>

void bind_regex(nanobind::module_& m);
void bind_number(nanobind::module_& m);

namespace structgen {
void bind_vocabulary(nanobind::module_& m);
}

namespace structgen::bindings {

void bind_compose(nanobind::module_& m);
void bind_json(nanobind::module_& m);
void bind_cfg(nanobind::module_& m);
void bind_matcher(nanobind::module_& m);

}  // namespace structgen::bindings
