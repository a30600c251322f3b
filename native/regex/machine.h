// A regular expression as a machine: one frame, whose local state is the expression
// that is still to be matched; its DFA rows are the machine's rows.
#pragma once

#include "mask/machine.h"
#include "regex/store.h"

namespace structgen::regex {

static_assert(kUnread == kUnknown && kNothing == kDead);

class RegexMachine final : public Machine {
 public:
  explicit RegexMachine(Store& store) : store_(store) {}

  Local resume(Local, std::uint32_t, std::string_view) override { return kDead; }
  bool keeps_text(Local) const override { return false; }
  bool accepting(Local local) override { return store_.nullable(local); }
  bool may_end(Local) override { return false; }
  std::uint32_t end_result(Local) override { return 0; }
  std::string way_on(Local local) override { return store_.witness(local); }
  Transition after_way_on(Local local, std::string_view way) override { return store_.read(local, way); }
  Local representative(Local local, std::size_t longest) override {
    return store_.near(local, static_cast<std::uint32_t>(longest));
  }
  std::optional<Enumeration> enumeration(Local local) override {
    const std::optional<WordList> words = store_.words_left(local);
    return words ? std::optional<Enumeration>({*words, false}) : std::nullopt;
  }
  std::optional<Heads> heads(Local local) override {
    const std::optional<Store::Heads> found = store_.heads(local);
    if (!found) return std::nullopt;
    Heads heads{{}, found->rest};
    for (const Store::Heads::Part& part : found->parts) heads.parts.push_back({part.head, part.after});
    return heads;
  }
  bool one_frame() const override { return true; }
  std::size_t memory_bytes() const override { return row_bytes() + store_.memory_bytes(); }

 protected:
  Transition compute(Local local, std::uint8_t byte) override { return store_.step(local, byte); }
  // The store's own row: it says kUnread where a machine says kUnknown, and what is written there it knows.
  Transition* make_row(Local local) override { return const_cast<Transition*>(store_.row(local)); }

 private:
  Store& store_;
};

}  // namespace structgen::regex
