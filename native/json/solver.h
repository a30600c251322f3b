// Satisfiability of formulas, with a small witness: is there a value, an object that
// completes these members, an array that goes on from here?
//
// Objects and arrays are searched by taking derivatives: a *move* adds one member (or
// item) and says what its value must satisfy and what remains of the formula. A* over
// moves finds a short completion; a plain conjunction, which is nearly every object,
// takes a straight path without any search.
//
// A value must be finite, so recursion is a least fixed point: a formula met again
// inside its own search cannot help there, and an answer that depended on such a cut
// is not remembered as "unsatisfiable".
//
// Does not know: bytes read so far, masks, tokens.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "interner.h"
#include "json/formula.h"
#include "memo.h"

namespace structgen::json {

enum class PropertyOrder : std::uint8_t { kSchema, kAny };

// What is already fixed about an object: which keys may not come any more.
struct ObjectContext {
  std::uint32_t ranks = 0;  // interned list of declared keys, in order
  std::uint32_t floor = 0;  // declared keys of a lower rank are gone (schema order only)
  std::uint32_t seen = 0;   // interned sorted list of further keys that were read

  bool operator==(const ObjectContext&) const = default;
};

struct ObjectContextHash {
  std::size_t operator()(const ObjectContext& c) const {
    return mix_hash(mix_hash(c.ranks, c.floor), c.seen);
  }
};

// One way to read a member or an item: its value satisfies `value` (and so decides
// `decisions`, pairs of a subschema and its truth), after which `rest` remains.
struct Move {
  Formula value;
  Formula rest;
  std::vector<std::pair<Formula, bool>> decisions;
};

// Keys that the formula cannot tell apart: one declared key, or others by the literals that apply.
struct KeyClass {
  std::uint32_t key = FormulaStore::kNoKey;  // the declared key, or
  std::uint32_t id = 0;                      // of the list of literals, for keys that are not declared
  List literals;                             // the members-literals that apply
  // What a value must satisfy under a simple formula, once that is known; kFalse where none does.
  mutable std::optional<Formula> goal = std::nullopt;
};

class Solver {
 public:
  Solver(FormulaStore& formulas, PropertyOrder order, NumberForm number_form);

  // A smallest known JSON text that satisfies f; nullptr when there is none.
  const std::string* value(Formula f);
  bool satisfiable(Formula f) { return value(f) != nullptr; }
  // As satisfiable, but true while a search further down the stack still has to say.
  bool possibly_satisfiable(Formula f);

  // f and g are restricted to objects (arrays). The text is what may follow after the
  // members (items) read so far, without separator and closing bracket: "" or `"a":1,"b":2`.
  const std::string* rest_of_object(Formula f, const ObjectContext& context);
  const std::string* rest_of_array(Formula f, std::uint32_t index);
  // Whether there is such a text; cheaper where it need not be written down.
  bool completes_object(Formula f, const ObjectContext& context);
  bool completes_array(Formula f, std::uint32_t index);
  // For an object read under one formula from its start. A simple one (members do not influence each
  // other) stays the same while members are read: what is still required shows in the context.
  bool simple(Formula f);
  bool may_close(Formula f, const ObjectContext& context);
  const std::string* way_to_close(Formula f, const ObjectContext& context);

  // What an object must satisfy, in the form in which it is read.
  Formula object_formula(Formula unrestricted);

  // --- Keys.
  ObjectContext open_object(List unrestricted);
  ObjectContext after_key(const ObjectContext& context, std::uint32_t key);
  // The same where no undeclared key of f with a letter or digit had been read; and how many keys were read that have
  // no rank.
  ObjectContext without_undeclared_words(Formula f, const ObjectContext& context);
  // Of a key or of its JSON spelling, which has none only where the key has none.
  static bool has_word(std::string_view key) {
    return std::any_of(key.begin(), key.end(), [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
    });
  }
  std::size_t keys_read(const ObjectContext& context) const { return key_lists_[context.seen].size(); }
  bool available(const ObjectContext& context, std::uint32_t key) const;
  List declared_keys(const ObjectContext& context) const { return key_lists_[context.ranks]; }
  const KeyClass& classify(Formula f, const ObjectContext& context, std::uint32_t key);
  // Every key that may come next, as a language of decoded strings.
  Regex key_language(Formula f, const ObjectContext& context);
  // The undeclared keys by class, whether read or not; nothing where there are many classes. Of a simple
  // object, only those that may come. Found once, and stays where it is.
  const std::vector<std::pair<const KeyClass*, Regex>>& key_regions(Formula f, const ObjectContext& context);
  // Those among such keys that were not read yet.
  Regex fresh_keys(Formula f, const ObjectContext& context, Regex keys) {
    return unread(keys, seen_undeclared(f, context));
  }
  // What the value of a member of this class must satisfy so that the object can still
  // be completed; kFalse when nothing does.
  Formula member_goal(Formula f, const ObjectContext& context, const KeyClass& key_class, std::uint32_t key);
  Formula item_goal(Formula f, std::uint32_t index);

  // --- Derivatives.
  // The literals of f that an item at `index` touches.
  std::vector<Formula> item_literals(Formula f, std::uint32_t index);
  // f after a member (item) for which the subschemas in `truth` came out as given. Literals
  // over a single key, and items-literals that end here, can never change again.
  Formula derive(Formula f, List literals,
                 const std::vector<std::pair<Formula, bool>>& truth, std::uint32_t index);
  // Whether an array has so many strings left for its next items that one more which they must differ from is not
  // felt within `longest` bytes.
  bool spares_a_string(Formula f, std::uint32_t index, std::size_t longest);
  bool owes_any_strings(Formula f, std::uint32_t index);
  // f after an item that is `text` (JSON), where items must be distinct: none after it may equal it.
  Formula exclude_item(Formula f, std::string_view text);
  // With `must`, only moves whose value satisfies that subschema.
  const std::vector<Move>& moves(Formula f, List literals, std::uint32_t index,
                                 Formula must = kTrue);
  // Subschemas whose truth is decided before the value is read.
  std::vector<std::pair<Formula, bool>> decided(Formula f, List literals,
                                                std::uint32_t index);
  // Positions from here on are told apart by no literal of f.
  std::uint32_t clip_index(Formula f, std::uint32_t index);

  Formula schema_of(Formula literal) const;
  static constexpr std::uint32_t kMember = 0xFFFFFFFFu;  // "index" of a member

  FormulaStore& formulas() { return formulas_; }
  PropertyOrder order() const { return order_; }
  NumberForm number_form() const { return number_form_; }
  // Every public call of the engine starts with a full budget, or with so many steps.
  static constexpr std::uint64_t kMaxWork = 3'000'000;
  void refill(std::uint64_t steps = kMaxWork);
  std::uint64_t work() const { return work_; }  // steps spent since

 private:
  struct Member;
  struct ObjectState;
  struct ArrayState;
  static std::string join_members(std::vector<Member> members);
  struct Profile;  // what is worth knowing about an object formula, see solver_objects.cc
  const Profile& profile(Formula f);
  // Literals that occur only as conjuncts ¬members(K, S, 1), ascending. They never help, and need not be
  // changed when a member has met them: the formula stays the same for members that owe nothing.
  List forbidden(Formula f);
  bool forbids(Formula f) const;
  static bool contains(List ascending, Formula f) {
    return std::binary_search(ascending.begin(), ascending.end(), f);
  }
  struct Region;
  struct Cell;
  const KeyClass& class_of(Profile& known, List literals);
  const std::vector<Region>& open_regions(Formula f, const ObjectContext& context);
  Regex unread(Regex keys, List read);
  bool has_key(Regex keys, std::uint32_t key);  // among the keys of that language
  void divide(const Region& part, Formula literal, std::vector<Region>& out);
  std::vector<Formula> forbidding(Formula f);
  void add_undeclared(Formula f, const ObjectContext& context, const Region& whole,
                      List patterns,
                      std::vector<std::pair<std::uint32_t, const KeyClass*>>& found);
  std::uint32_t rank(std::uint32_t ranks, std::uint32_t key) const;
  Formula conjunction_goal(const KeyClass& key_class);
  ObjectContext relevant(Formula f, const ObjectContext& context);
  bool order_allows(Formula f, const ObjectContext& context, std::uint32_t key);
  std::optional<std::string> search_value(Formula f);
  std::optional<std::string> value_of_type(Formula f, Type type);
  using Slot = std::pair<Formula, std::vector<Formula>>;  // a subschema and the literals it drives
  // solver_scalars.cc
  const std::string* only_value(Formula f);
  bool spelling_matters(Formula f);
  bool nearly_fixed(Formula value, bool holds);
  bool scalar_meets(Formula f, std::string_view text);
  // What a value must satisfy that satisfies `value` and for which `schema` comes out as told.
  Formula narrowed(Formula value, Formula schema, bool holds);
  using Completable = std::function<bool(Formula)>;
  std::vector<Slot> slots_of(List literals) const;
  Formula next_literal(Formula literal, bool holds, std::uint32_t index, bool lasting);
  class GoalSearch;  // see solver_goals.cc
  Formula goal(Formula f, List literals, std::uint32_t index,
               const Completable& completable);
  std::vector<std::size_t> likely_decided(Formula f, const std::vector<Slot>& open);
  void enumerate_moves(Formula f, std::uint32_t index, std::vector<Slot> slots, Move& partial,
                       std::vector<Move>& out);
  Formula settle_by_value(Formula f, std::uint32_t index, std::vector<Slot>& slots, Move& partial);
  std::optional<std::string> search_object(Formula f, const ObjectContext& context);
  bool demands_gone(Formula f, const ObjectContext& context);
  std::optional<std::string> straight_object(Formula f, const ObjectContext& context, bool started);
  std::optional<std::string> search_array(Formula f, std::uint32_t index);
  Formula without_traps(Formula f, std::uint32_t index, Formula item);
  std::optional<std::uint32_t> items_owed(Formula f, std::uint32_t index);
  Formula lone_item(Formula f, std::uint32_t index);
  std::optional<std::string> straight_array(Formula f, std::uint32_t index, std::uint32_t owed);
  bool any_order(Formula f, std::uint32_t index);
  std::uint32_t values_worth_trying(Formula f, std::uint32_t index);
  std::uint64_t estimate(Formula f);
  std::vector<std::pair<std::uint32_t, const KeyClass*>> candidates(Formula f, const ObjectContext& context);
  List urgent_literals(Formula f);
  std::size_t urgent(List conjuncts);
  std::size_t choice_between_many(List conjuncts, const Node& owed);
  List conjuncts(const Formula& f) const;  // valid as long as f is
  List conjuncts(Formula&& f) const = delete;
  // A conjunct that is a choice to be made next: where it stands, and its branches.
  struct Choice {
    std::size_t at;
    List branches;
    std::vector<std::uint64_t> owed;  // by branch: the estimate of f with it
    bool only_one;  // the other branches must fail
  };
  std::shared_ptr<const Choice> next_choice(Formula f);
  Formula choose(Formula f, const Choice& choice, std::size_t branch);
  // solver_replay.cc
  struct NamedText {
    std::uint32_t key;
    std::uint32_t value;  // of `values_met_`
    bool operator==(const NamedText&) const = default;
  };
  std::vector<NamedText> members_of(std::string_view text);
  bool members_meet(Formula f, std::span<const NamedText> members);
  bool value_meets(Formula f, std::uint32_t value);
  bool items_meet(Formula f, const std::vector<std::string_view>& items);
  bool meets(Formula f, std::string_view text);
  bool replay(Formula f, const ObjectContext& context);
  void remember_witness(const std::string& members);
  // solver_exclusion.cc
  struct Demand {
    bool required = false;
    std::vector<Formula> parts;
  };
  using Demands = std::unordered_map<std::uint32_t, Demand>;  // by key
  Demands demands(Formula f);
  bool exclusive(List branches, const Demands& beside, int nesting);
  Kind choice_of(List branches, const Demands& beside);
  bool nothing_in_common(List formulas, int nesting);
  bool booleans_apart(List formulas);
  bool strings_apart(List formulas);
  bool numbers_apart(List formulas);
  Formula simplify(Formula f);
  Regex other_keys(std::vector<std::uint32_t> keys);
  Regex undeclared(Formula f, const ObjectContext& context);
  std::vector<std::uint32_t> seen_undeclared(Formula f, const ObjectContext& context);
  void spend(std::uint64_t work);

  // Least fixed point bookkeeping: an answer is provisional while it rests on a
  // formula that is still being searched further down the stack.
  template <class Map, class Key, class Compute>
  const std::string* memoised(Map& map, const Key& key, Compute compute);

  FormulaStore& formulas_;
  PropertyOrder order_;
  NumberForm number_form_;
  std::uint64_t work_ = 0;
  std::uint64_t max_work_ = kMaxWork;

  ListInterner key_lists_;  // 0 is the empty list
  std::unordered_map<std::uint32_t, std::unordered_map<std::uint32_t, std::uint32_t>> rank_tables_;

  struct ContextKey {
    Formula f;
    ObjectContext context;
    std::uint32_t detail;  // key or class, where it matters
    bool operator==(const ContextKey&) const = default;
  };
  struct ContextKeyHash {
    std::size_t operator()(const ContextKey& k) const {
      return mix_hash(mix_hash(k.f, ObjectContextHash{}(k.context)), k.detail);
    }
  };

  std::unordered_map<Formula, std::optional<std::string>> values_;
  std::unordered_map<ContextKey, std::optional<std::string>, ContextKeyHash> objects_;
  std::unordered_map<std::uint64_t, std::optional<std::string>> arrays_;
  std::unordered_map<Formula, std::uint32_t> searching_;  // formula -> depth on the search stack
  std::uint32_t search_depth_ = 0;
  std::uint32_t lowest_cut_ = 0xFFFFFFFFu;  // shallowest formula an answer was cut at

  std::unordered_map<Formula, std::unique_ptr<Profile>> profiles_;
  Memo<std::uint64_t, bool> has_key_;  // by a language of keys and a key
  Memo<std::uint64_t, Regex> unread_;   // by a language of keys and a list of those that were read
  Memo<Formula, List> forbidden_;
  Lists lists_;  // of what is known about formulas
  std::unordered_map<std::uint32_t, Regex> other_keys_;
  std::unordered_map<ContextKey, Regex, ContextKeyHash> key_languages_;
  std::unordered_map<ContextKey, Formula, ContextKeyHash> goals_;
  std::unordered_map<std::vector<std::uint32_t>, std::vector<Move>, VectorHash> moves_;
  Memo<std::uint64_t, Formula> item_goals_;
  std::vector<std::vector<NamedText>> recent_;  // witnesses found last, newest first
  Interner<std::string> values_met_;            // of their members …
  Memo<std::uint64_t, bool> met_;               // … and whether one satisfies a formula
  Memo<Formula, Formula> simplified_;
  std::unordered_map<Formula, std::string> only_values_;  // empty: none, or several
  Memo<Formula, std::uint32_t> clip_limits_;
  Memo<Formula, std::uint64_t> estimates_;

 public:
  ~Solver();
};

}  // namespace structgen::json
