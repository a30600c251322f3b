// How every bound method enters the core: with the engine's lock, and without the
// GIL whenever it would have to wait for it (a resolver may need the GIL meanwhile).
#pragma once

#include <nanobind/nanobind.h>

#include <mutex>
#include <optional>

#include "mask/engine.h"

namespace structgen::bindings {

class EngineGuard {
 public:
  // `long_call`: the call may take more than a microsecond, so let other threads run.
  explicit EngineGuard(Engine& engine, bool long_call = false) : lock_(engine.mutex, std::defer_lock) {
    if (long_call) without_gil_.emplace();
    if (lock_.try_lock()) return;
    if (!long_call) without_gil_.emplace();
    lock_.lock();
    if (!long_call) without_gil_.reset();
  }

 private:
  // Destroyed in reverse order: the lock is given up before the GIL is asked for.
  std::optional<nanobind::gil_scoped_release> without_gil_;
  std::unique_lock<std::recursive_mutex> lock_;
};

}  // namespace structgen::bindings
