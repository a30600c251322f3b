// The extension module `structgen._native`: every binding, and how errors cross over.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "bindings/bindings.h"
#include "budget.h"
#include "json/formula.h"

namespace nb = nanobind;

namespace {

// Raises structgen.errors.<name>(message); the tree of errors lives in Python.
void raise(const char* name, const char* message) {
  const nb::object type = nb::module_::import_("structgen.errors").attr(name);
  PyErr_SetString(type.ptr(), message);
}

void translate(const std::exception_ptr& error, void*) {
  try {
    std::rethrow_exception(error);
  } catch (const structgen::BudgetExceeded& budget) {
    const std::string message = std::string("a work budget ran out (") + budget.what() +
                                "); simplify this part of the grammar";
    const nb::object type = nb::module_::import_("structgen.errors").attr("ComplexityLimitExceeded");
    const nb::object raised = type(message, nb::arg("limit") = budget.what());
    PyErr_SetObject(type.ptr(), raised.ptr());
  } catch (const structgen::json::SchemaProblem& problem) {
    raise("InvalidSchema", problem.what());
  }
}

}  // namespace

NB_MODULE(_native, m) {
  // Constraints that a module or a cache still holds when the interpreter ends are no leak worth a page of text.
  nb::set_leak_warnings(false);
  m.doc() = "The C++ core: expressions, formulas, token tries and matchers.";
  bind_regex(m);
  bind_number(m);
  structgen::bind_vocabulary(m);
  structgen::bindings::bind_json(m);
  structgen::bindings::bind_cfg(m);
  structgen::bindings::bind_compose(m);
  structgen::bindings::bind_matcher(m);
  nb::register_exception_translator(translate);
}
