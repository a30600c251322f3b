// regex::Store as Python holds it: `_native.RegexStore`.
#pragma once

#include <nanobind/nanobind.h>

#include <memory>
#include <mutex>

#include "regex/store.h"

namespace structgen::bindings {

// An expression store with the life and the lock of whatever owns it:
//   std::make_shared<RegexStore>(engine, engine->regexes, engine->mutex)
class RegexStore {
 public:
  RegexStore() : RegexStore(std::make_shared<Own>()) {}
  RegexStore(std::shared_ptr<void> owner, regex::Store& store, std::recursive_mutex& mutex)
      : owner_(std::move(owner)), store_(store), mutex_(mutex) {}

  // The store while this lives: locked, and with the GIL given up meanwhile.
  class Locked {
   public:
    explicit Locked(RegexStore& held) : store_(held.store_), lock_(held.mutex_) {}
    regex::Store* operator->() { return &store_; }
    regex::Store& operator*() { return store_; }

   private:
    nanobind::gil_scoped_release without_gil_;
    regex::Store& store_;
    std::lock_guard<std::recursive_mutex> lock_;
  };

 private:
  struct Own {
    regex::Store store;
    std::recursive_mutex mutex;
  };
  explicit RegexStore(std::shared_ptr<Own> own) : owner_(own), store_(own->store), mutex_(own->mutex) {}

  std::shared_ptr<void> owner_;
  regex::Store& store_;
  std::recursive_mutex& mutex_;
};

}  // namespace structgen::bindings

void bind_regex(nanobind::module_& m);
