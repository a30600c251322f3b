// A context-free grammar as a machine: an Earley recognizer whose columns are cut into frames.
//
//   item    (rest, state, label, origin): the rest of a terminal is to be read, then the automaton of a rule goes
//           on in `state`; at its end `label` is complete, for those who wait in `origin`
//   origin  a column, as those who wait in it see it: which label lets which automaton go on, and for whom
//   frame   a set of items whose origins are columns of this frame, or the frame below (kBase)
//
// Columns are interned by their content, so equal ones are one. When every item that survives a byte has the same
// origin, that column becomes a frame of its own below (push): what happens above it depends on nothing else, and
// masks are shared by all places that look alike from there. Where a rule may be complete but may also go on,
// and both can take the next byte, the frame is taken back into the one below (a pop whose result is the frame itself).
//
// A leaf is read by a machine of its own, on frames above (mask/leaf_frames.h). The frame below them holds the items
// that go on after it. Beside the items that read on themselves that is another stack, so each leaf that can read a
// byte is an alternative of a fork; what is ambiguous between terminals and rules stays in one frame.
//
// A rule in the last place, waited for by nothing else, is read for whoever waits for the rule around it (Leo 1991,
// here as a tail call), so recursion to the right does not grow the stack. The waiting ends of a column are its
// graph-structured stack (Scott & Johnstone 2010). Terminals are regular languages, read by derivatives.
//
// Does not know: notation, tokens, masks.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "budget.h"
#include "cfg/network.h"
#include "lists.h"
#include "mask/leaf_frames.h"
#include "regex/store.h"

namespace structgen::cfg {

class CfgMachine final : public LeafHost {
 public:
  // `terminals`: the machine of the store's expressions; without it masks are walked state by state.
  CfgMachine(regex::Store& store, Network network, Machine* terminals = nullptr);

  Local start() const { return start_; }

  Local resume(Local local, std::uint32_t result, std::string_view text) override;
  bool keeps_texts() const override { return network_.has_leaves(); }
  Local representative(Local local, std::size_t longest) override;
  Machine* reader() override { return network_.has_leaves() ? nullptr : terminals_; }
  std::optional<Readings> readings(Local local) override;
  bool allows_all_of(Local more, Local less) override;
  bool accepting(Local local) override;
  Transition transition_or_end(Local local, std::uint8_t byte) override;
  std::size_t complete(std::span<const Local> frames, std::string& text) override;
  std::size_t memory_bytes() const override;
  void refill() override {
    budget_ = Budget("context-free work for one call", kBudget);
    LeafHost::refill();
  }

  // leaves.cc
  bool keeps_text(Local local) const override;
  Local resume_unnamed(Local local, std::uint32_t result, std::size_t longest) override;
  std::pair<Local, Local> between(Local local) override;
  std::optional<Bounded> bounded(Local local) override;
  std::uint32_t least_points(Local local) override;
  FreeText free_text(Local local) override;
  bool may_end(Local local) override;
  std::uint32_t end_result(Local local) override;
  std::string way_on(Local local) override;
  Transition after_way_on(Local local, std::string_view way) override;
  bool completes_stacks(Local top) const override;

 protected:
  Transition compute(Local local, std::uint8_t byte) override;
  Local frame_local(const LeafFrame& frame) override;

 private:
  using StateId = Network::StateId;
  using Origin = std::uint32_t;
  static constexpr std::uint64_t kBudget = 10'000'000;
  static constexpr Origin kBase = 0;  // whoever waits in the frame below
  static constexpr Origin kSelf = 1;  // inside of a column: that column
  static constexpr regex::Regex kRead = regex::kEpsilon;  // the rest of an item whose terminal is read

  struct Item {
    regex::Regex rest;
    StateId state;
    std::uint32_t label;
    Origin origin;
    auto operator<=>(const Item&) const = default;
  };
  // In a column: once `label` is complete, an automaton goes on in `state` to complete `then` for `origin`.
  struct Wait {
    std::uint32_t label;
    StateId state;
    std::uint32_t then;
    Origin origin;
    auto operator<=>(const Wait&) const = default;
  };
  // What follows from a set of items without reading.
  struct Closure {
    std::vector<Item> active;              // they read the next byte …
    std::vector<const regex::Regex*> rows; // … by these
    regex::ByteSet first;                  // no other byte is read by any of them
    std::vector<std::uint32_t> completes;  // labels complete for the frame below
    std::uint32_t ends = 0;                // the same as a result
    regex::ByteSet follow;                 // bytes that may come after these labels
    std::vector<Item> leaves;              // leaves that may begin here, in place of the rest of a terminal …
    regex::ByteSet leaves_first;           // … and the bytes they may begin with
    Transition last = kUnknown;            // what was computed for a byte that is read
  };
  struct Target {
    std::uint32_t label;
    Origin origin;
  };
  // A way from one label, or from the items of the top frame, to one that is complete for the frame below.
  struct Way {
    std::uint32_t label;
    std::uint64_t cost;
    std::uint32_t item;           // of the top frame: where it starts
    std::vector<StateId> states;  // whose shortest ways are read one after the other
  };

  // Frames as they are interned: which they are, and the set of items or the column. One more bit says whether only
  // masks walk it: then a frame that may be left before a byte that it may also take is on both ways (a fork),
  // where an output needs one stack. Frames of leaves are interned beside them; with leaves, masks walk what outputs do.
  static constexpr std::uint32_t kItems = 0, kWaiting = 1, kForMasks = 2;
  static constexpr std::uint32_t kInside = 4;  // and it is only what these items do once they read a byte
  static constexpr std::uint32_t kLeaf = 8;
  // What a frame ended with begins with one of these.
  static constexpr std::uint32_t kLabels = 0, kItself = 1;
  bool is(std::uint32_t kind, Local local) const {
    return local != kDead && (locals_[local][0] & ~(kForMasks | kInside)) == kind;
  }
  Local items(const std::vector<Item>& items, std::uint32_t use = 0);
  std::span<const Item> items_of(Local local) const;  // until the next state is interned
  Origin column(std::vector<Wait>& waits);  // sorts them
  std::span<const Wait> waits(Origin origin) const;
  std::span<const Wait> waits(Origin origin, std::uint32_t label) const;
  Origin column_of(Local waiting) const { return locals_[waiting][1]; }
  Local waiting(Origin origin, std::uint32_t use) { return locals_.intern({kWaiting | use, origin}); }
  std::uint32_t use_of(Local local) const { return locals_[local][0] & kForMasks; }
  Transition go_on(std::vector<Item>& next, std::uint32_t use);

  bool undecided(const std::vector<Item>& items);
  Transition compute_items(Local local, std::uint8_t byte);
  void fill_alike(Local local, std::uint8_t byte, Transition t);

  // leaves.cc
  bool of_leaf(Local local) const { return network_.has_leaves() && is(kLeaf, local); }
  LeafFrame frame(Local local) const;
  void take_leaves(Closure& closure);
  Transition with_leaves(const Closure& here, Transition items, std::uint8_t byte);
  bool waits_outside(Origin origin) const;
  Inner inner(Origin origin, std::vector<Item> items);

  // columns.cc
  Closure& closure(Local local);
  void complete_all(Closure& closure, std::span<const Item> kernel);
  void predict_all();
  void predict(std::uint32_t part);
  Target resolve(std::uint32_t part);
  Origin substitute(Origin origin, Origin base);
  Origin prune(Origin origin, const std::vector<Item>& items);
  std::vector<Item> continued(Origin origin, std::span<const std::uint32_t> labels) const;

  // completion.cc
  struct Start {
    Target at;
    std::uint64_t cost;
  };
  std::vector<Way> ways(const std::vector<Start>& starts);
  std::vector<Way> ways_of_items(const std::vector<Item>& items);
  const std::vector<Way>& ways_of_label(Origin origin, std::uint32_t label);

  regex::Store& store_;
  Network network_;
  Machine* terminals_;
  Local start_;
  ListInterner locals_;   // frames with items, waiting columns; 0 is kDead
  ListInterner sets_;     // sets of items, which frames for outputs and for masks share …
  ListInterner columns_;  // 0 and 1 are kBase and kSelf
  ListInterner results_;  // with what a frame ended: labels that are complete, or the frame itself
  std::vector<std::unique_ptr<Closure>> closures_;  // … and what follows from each
  Closure nothing_;
  std::unordered_map<std::uint64_t, Local> resumed_;
  std::unordered_map<std::uint64_t, Origin> substituted_;
  std::unordered_map<std::uint64_t, std::vector<Way>> ways_;
  std::size_t owned_bytes_ = 0;  // by closures
  // Kept between calls for their memory.
  std::vector<std::uint32_t> words_, column_words_;  // of what is to be interned
  std::vector<std::uint32_t> ends_;                  // labels complete before a byte
  std::vector<std::uint32_t> needed_;                // labels
  std::vector<Item> next_, active_;
  std::vector<Wait> kept_, waiting_;
  Budget budget_{"context-free work for one call", kBudget};

  // While a closure is made: what its automata wait for, by part.
  struct Position {
    StateId state;
    std::uint32_t label;
    Origin origin;
    auto operator<=>(const Position&) const = default;
  };
  class Positions {  // each once, in the order of their arrival
   public:
    void clear();
    void add(const Position& position);
    std::size_t size() const { return list_.size(); }
    Position operator[](std::size_t i) const { return list_[i]; }

   private:
    void grow();
    std::vector<Position> list_;
    std::vector<std::uint32_t> table_;  // index + 1; a power of two
  };
  Positions positions_;
  std::vector<Wait> open_;                  // what waits in the new column
  std::vector<std::uint32_t> predicted_;    // parts, in the order of their first mention
  std::vector<std::uint32_t> predicted_in_; // by part: the round that predicted it
  std::vector<Target> resolved_;            // by part, in this round
  std::vector<std::uint32_t> resolved_in_;
  std::uint32_t round_ = 0;
};

}  // namespace structgen::cfg
