// JSON text under a formula, as a machine: one frame for each open value.
//
//   root ─▶ value ─▶ { string | number | word | object ─▶ key | value … | array ─▶ value … }
//
// A value is read under a vector of formulas: the first is its goal and must be true
// at its end; the others are only watched, because the frame below needs to know how they came out.
//
// Does not know: tokens, masks, JSON Schema keywords.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "json/solver.h"
#include "mask/machine.h"
#include "memo.h"

namespace structgen::json {

enum class Whitespace : std::uint8_t { kCompact, kBounded, kAny };
enum class Escapes : std::uint8_t { kMinimal, kAny };
enum class Words : std::uint8_t { kJson, kPython };  // true, false, null; or True, False, None

struct Options {
  PropertyOrder property_order = PropertyOrder::kSchema;
  Whitespace whitespace = Whitespace::kBounded;
  NumberForm numbers = NumberForm::kFloat64;
  Escapes escapes = Escapes::kMinimal;
  Words words = Words::kJson;

  bool operator==(const Options&) const = default;
};

enum ObjectPhase : std::uint8_t { kOpen, kInKey, kColon, kBeforeValue, kInValue, kAfterValue, kNextKey };
enum ArrayPhase : std::uint8_t { kArrayOpen, kInItem, kAfterItem, kNextItem };
// d of an object that stands for others in masks.
enum ObjectDetail : std::uint32_t { kReal, kMemberStandIn, kNearObject };
// d of an array whose items have to differ.
enum ArrayDetail : std::uint32_t { kNoDetail, kStandIn, kStringItem };

class JsonMachine final : public Machine {
 public:
  JsonMachine(FormulaStore& formulas, const Options& options);

  // The state before the first byte of a value of f; kDead when f has no value.
  Local start(Formula f);

  Local resume(Local local, std::uint32_t result, std::string_view text) override;
  bool keeps_text(Local local) const override;
  Local representative(Local local, std::size_t longest) override;
  std::pair<Local, Local> between(Local local) override;
  std::optional<Bounded> bounded(Local local) override;
  std::uint32_t least_points(Local local) override;
  Local resume_unnamed(Local local, std::uint32_t result, std::size_t longest) override;
  FreeText free_text(Local local) override;
  std::optional<Enumeration> enumeration(Local local) override;
  bool has_choice(Local local) override;
  bool accepting(Local local) override;
  bool may_end(Local local) override;
  std::uint32_t end_result(Local local) override;
  std::string way_on(Local local) override;
  Transition after_way_on(Local local, std::string_view way) override;
  Ending ending(Local local) override;
  Ending ending_unread(Local local, std::uint32_t result) override;
  Local resume_unread(Local local, std::uint32_t result) override;
  std::size_t memory_bytes() const override;
  void refill() override { solver_.refill(); }

  Solver& solver() { return solver_; }

 protected:
  Transition compute(Local local, std::uint8_t byte) override;
  Transition* make_row(Local local) override;

 private:
  enum class Frame : std::uint8_t { kDead, kRoot, kString, kKey, kNumber, kWord, kObject, kArray };

  // One struct for all frames keeps interning in one place; what a–d mean is said
  // where each frame's transitions are computed.
  struct State {
    Frame frame = Frame::kDead;
    std::uint8_t phase = 0;
    std::uint16_t blanks = 0;  // whitespace read since the last token
    std::uint32_t a = 0, b = 0, c = 0, d = 0;

    bool operator==(const State&) const = default;
  };
  struct StateHash {
    std::size_t operator()(const State& s) const {
      std::size_t seed = static_cast<std::size_t>(s.frame) << 24 | s.phase << 16 | s.blanks;
      for (std::uint32_t part : {s.a, s.b, s.c, s.d}) seed = mix_hash(seed, part);
      return seed;
    }
  };
  using Formulas = std::vector<Formula>;

  // What is known when a member or item is about to be read.
  struct Plan {
    std::uint32_t residual;  // vector of the frame's formulas, decided literals already derived
    std::uint32_t child;     // vector for the value: its goal, then the watched subschemas
    std::uint32_t literals;  // list of literals that wait for the watched subschemas
  };

  Local intern(const State& state) { return states_.intern(state); }
  Local dead_or(bool alive, const State& state) { return alive ? intern(state) : kDead; }
  Transition push(const State& below, Local child);
  Transition pop(Action::Kind kind, std::uint32_t result);

  // machine_values.cc: the frames' common parts
  Local open_value(std::uint32_t formulas, std::uint8_t byte);
  bool blank(State& state, std::uint8_t byte) const;
  Formulas restrict_all(std::uint32_t formulas, Type type);
  std::uint32_t truth_of_scalar(List formulas, Type type, const std::string& text);
  Transition root_step(State state, std::uint8_t byte);
  Transition word_step(State state, std::uint8_t byte);
  std::string_view word(std::uint8_t which) const;
  std::string spelled(std::string json) const;            // with the words of the options
  std::string in_json(std::string_view text) const;       // and back

  // machine_strings.cc
  Local open_string(List languages, Frame frame);
  Transition string_step(State state, std::uint8_t byte);
  void fill_plain(const State& state, Transition* row);
  Local feed(const State& state, std::uint32_t code_point);
  std::uint32_t string_result(const State& state);
  std::string finish_string(const State& state);
  static bool between_characters(const State& state);
  Local near_string(State state, std::size_t longest);
  bool escape_possible(const State& state);
  std::uint32_t find_code_point(Regex language, std::uint32_t low, std::uint32_t high);
  std::uint32_t find_escaped(const State& state);

  // machine_numbers.cc
  Local number_state(List formulas, std::string text);
  Transition number_step(const State& state, std::uint8_t byte);
  bool number_complete(const State& state);

  // machine_endings.cc
  Ending ending_of(const State& state);
  Ending ending_of_string(const State& state);
  Ending ended_after(std::optional<std::size_t> bytes, std::uint32_t result);
  std::optional<std::size_t> bytes_to_end(const State& state);
  std::optional<std::size_t> bytes_of_object(const State& state);
  std::optional<std::size_t> bytes_after_declared_key(Formula goal, const ObjectContext& context);
  std::optional<std::size_t> bytes_after_fresh_key(const State& state, std::uint32_t result);
  std::optional<std::size_t> bytes_after_any_item(const State& state);
  std::size_t region_of(std::uint32_t result) const;
  std::size_t bytes_to_close(Formula goal, const ObjectContext& context);

  // machine_objects.cc, machine_arrays.cc
  Local open_object(std::uint32_t formulas);
  Transition object_step(State state, std::uint8_t byte);
  Transition start_key(State state);
  Local key_read(Local local, std::string_view text);
  Local key_read(const State& state, std::uint32_t key);
  Local stand_in(State state, Formula goal);
  Local near_object(State state, std::size_t longest);
  std::string finish_object(const State& state);
  Local open_array(std::uint32_t formulas);
  Transition array_step(State state, std::uint8_t byte);
  std::string finish_array(const State& state);
  Local after_any_string(const State& state, std::uint32_t result, std::size_t longest);
  std::uint32_t plan_item(const State& state);
  std::uint32_t make_plan(List residual, std::span<const List> literals,
                          Formula goal, std::uint32_t index);
  std::uint32_t settle(const Plan& plan, std::uint32_t result, std::uint32_t index);
  bool watches_items(std::uint32_t formulas) const;  // do the items have to differ?
  std::uint32_t closed_result(std::uint32_t formulas);
  Plan plan(std::uint32_t id) const;

  FormulaStore& formulas_;
  Options options_;
  Solver solver_;
  Interner<State, StateHash> states_;
  ListInterner vectors_;  // formulas, languages, truth values, literals: lists of integers
  Interner<std::string> texts_;
  Interner<ObjectContext, ObjectContextHash> contexts_;
  Memo<std::uint64_t, Local> resumed_;
  Memo<std::uint64_t, Local> keys_read_;  // by the object's state and the key
  Memo<std::uint64_t, std::uint32_t> item_plans_;
  std::vector<std::optional<Ending>> endings_;  // of frames on top, by state: what is new lies together
  Memo<std::uint64_t, Ending> endings_unread_;  // by the frame's state and the result above it
};

}  // namespace structgen::json
