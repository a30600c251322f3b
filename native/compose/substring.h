// The spans of a text as a machine: a suffix automaton, built once, one frame whose local state is its state.
//
// Spans begin and end between characters and are not empty. Building takes linear time and about 50 bytes a byte.
// Reference: Blumer et al. 1985, The smallest automaton recognizing the subwords of a text.
//
// Does not know: what its spans are part of.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mask/machine.h"

namespace structgen::compose {

class SubstringMachine final : public Machine {
 public:
  explicit SubstringMachine(std::string text);  // valid UTF-8

  static constexpr Local kStart = 1;
  // kDead where the text is empty.
  Local start() const { return text_.empty() ? kDead : kStart; }
  const std::string& text() const { return text_; }

  Local resume(Local, std::uint32_t, std::string_view) override { return kDead; }
  bool keeps_text(Local) const override { return false; }
  bool accepting(Local local) override { return states_[local].whole; }
  bool may_end(Local) override { return false; }
  std::uint32_t end_result(Local) override { return 0; }
  std::string way_on(Local local) override;
  std::size_t memory_bytes() const override;

 protected:
  Transition compute(Local local, std::uint8_t byte) override;

 private:
  struct State {
    std::uint32_t length;  // of the longest span that leads here
    Local link;            // the longest suffix that occurs elsewhere, too
    std::uint32_t end;     // where in the text one of its spans ends
    std::uint32_t first;   // of its edges
    bool whole;            // ends between characters
  };
  struct Edge {
    Local target;
    std::uint32_t next;  // the next edge of the same state; 0 is none
    std::uint8_t byte;
  };

  void extend(std::uint8_t byte, std::uint32_t end);
  std::uint32_t edge(Local from, std::uint8_t byte) const;  // 0 where there is none
  void add_edge(Local from, std::uint8_t byte, Local target);
  bool starts_character(std::size_t at) const {
    return at >= text_.size() || (static_cast<std::uint8_t>(text_[at]) & 0xC0) != 0x80;
  }

  std::string text_;
  std::vector<State> states_;  // 0 is kDead
  std::vector<Edge> edges_;
  Local last_ = kStart;
};

}  // namespace structgen::compose
