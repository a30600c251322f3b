// Arrays: what the next item must satisfy, and how to finish.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "budget.h"
#include "json/equality.h"
#include "json/solver_internal.h"

namespace structgen::json {

std::uint32_t Solver::clip_index(Formula f, std::uint32_t index) {
  if (const auto* known = clip_limits_.find(f)) return std::min(index, *known);
  std::uint32_t limit = 0;
  for (Formula literal : formulas_.counting_literals(f)) {
    const Node& node = formulas_[literal];
    if (node.kind != Kind::kItems) continue;
    limit = std::max(limit, node.b == kNoStop ? node.a : node.b + 1);
  }
  clip_limits_.emplace(f, limit);
  return std::min(index, limit);
}

std::vector<Formula> Solver::item_literals(Formula f, std::uint32_t index) {
  std::vector<Formula> touched;
  for (Formula literal : formulas_.counting_literals(f)) {
    const Node& node = formulas_[literal];
    const bool item = node.kind == Kind::kItems && node.a <= index && index <= node.b;
    if (item || node.kind == Kind::kDistinct) touched.push_back(literal);
  }
  return touched;
}

Formula Solver::item_goal(Formula f, std::uint32_t index) {
  index = clip_index(f, index);
  const std::uint64_t memo = static_cast<std::uint64_t>(f) << 32 | index;
  if (const auto* known = item_goals_.find(memo)) return *known;
  const Formula result = goal(f, item_literals(f, index), index,
                              [&](Formula rest) { return completes_array(rest, index + 1); });
  item_goals_.emplace(memo, without_traps(f, index, result));
  return *item_goals_.find(memo);
}

// Where items must differ, an item may take a value that a later position needs. If the
// item has few values, leave out those after which the array cannot be completed.
Formula Solver::without_traps(Formula f, std::uint32_t index, Formula item) {
  constexpr std::size_t kFew = 32;
  if (item == kFalse || !formulas_.has_distinct(f)) return item;
  if (any_order(f, index)) return item;  // every position asks the same, so no value is needed more elsewhere
  std::vector<Formula> good;
  Formula rest = item;
  for (std::size_t tried = 0; tried < kFew; ++tried) {
    const std::string* text = value(rest);
    if (!text) return formulas_.any(good);
    const Formula same = equal_to(formulas_, *text);
    std::vector<std::pair<Formula, bool>> truth;
    for (const Slot& slot : slots_of(item_literals(f, index))) {
      truth.emplace_back(slot.first, satisfiable(formulas_.all({same, slot.first})));
    }
    const Formula after = exclude_item(derive(f, item_literals(f, index), truth, index), *text);
    if (after != kFalse && completes_array(after, index + 1)) good.push_back(same);
    rest = formulas_.all({rest, formulas_.negate(same)});
  }
  return item;
}

Formula Solver::exclude_item(Formula f, std::string_view text) {
  if (!formulas_.has_distinct(f)) return f;
  const Formula item = equal_to(formulas_, text);
  std::vector<FormulaStore::Change> changes;
  for (Formula literal : formulas_.counting_literals(f)) {
    const Node& node = formulas_[literal];
    if (node.kind == Kind::kDistinct) changes.emplace_back(literal, formulas_.distinct(formulas_.any({node.a, item})));
  }
  return formulas_.rewrite(f, changes);
}

bool Solver::spares_a_string(Formula f, std::uint32_t index, std::size_t longest) {
  const bool closed = formulas_.closed(f);
  if (!closed && !owes_any_strings(f, index)) return false;
  const List parts = conjuncts(f);
  const bool apart = std::all_of(parts.begin(), parts.end(), [&](Formula part) {
    return formulas_[part].kind == Kind::kDistinct || !formulas_.has_distinct(part);
  });
  if (!apart) return false;
  const Regex strings = formulas_.to_language(formulas_.restrict(item_goal(f, index), Type::kString));
  if (strings == regex::kNothing) return closed;
  return formulas_.regexes().free_points(strings).points > longest;
}

// Whether all items that are still owed may be any of endlessly many strings, so that none is needed at a certain
// position: the demands on all of them together leave as many.
bool Solver::owes_any_strings(Formula f, std::uint32_t index) {
  std::uint32_t until = index;
  std::vector<Formula> demands;
  const List parts = conjuncts(f);
  for (const Formula part : parts) {
    const Node& node = formulas_[part];
    if (node.kind == Kind::kItems && node.c == kTrue) until = std::max(until, std::max(node.a, index) + node.d);
  }
  for (const Formula part : parts) {
    const Node& node = formulas_[part];
    const Node& literal = node.kind == Kind::kNot ? formulas_[node.a] : node;
    if (literal.kind == Kind::kDistinct && node.kind != Kind::kNot) continue;
    if (literal.kind != Kind::kItems) return false;
    if (node.kind == Kind::kNot && literal.d == 1) {
      if (literal.a < until) demands.push_back(formulas_.negate(literal.c));
    } else if (literal.c != kTrue) {  // else it is about their number
      return false;
    }
  }
  const Regex strings = formulas_.to_language(formulas_.restrict(formulas_.all(demands), Type::kString));
  return formulas_.regexes().free_points(strings).points == regex::kUnbounded;
}

// --- Completion -------------------------------------------------------------

// Only demands on single items and a least length: every position can be looked at by itself.
// How many items are owed from `index` on; nothing when the formula is of another form.
std::optional<std::uint32_t> Solver::items_owed(Formula f, std::uint32_t index) {
  std::uint32_t owed = 0;
  for (Formula part : conjuncts(f)) {
    const Node& node = formulas_[part];
    if (node.kind == Kind::kNot && formulas_[node.a].kind == Kind::kItems && formulas_[node.a].d == 1) continue;
    if (node.kind != Kind::kItems || node.c != kTrue || node.b != kNoStop) return std::nullopt;
    owed = std::max(owed, node.d + (node.a > index ? node.a - index : 0));
  }
  return owed;
}

// What the item at `index` must satisfy where positions do not depend on each other.
Formula Solver::lone_item(Formula f, std::uint32_t index) {
  std::vector<Formula> demands;
  for (Formula part : conjuncts(f)) {
    const Node& node = formulas_[part];
    if (node.kind != Kind::kNot) continue;
    const Node& literal = formulas_[node.a];
    if (literal.a <= index && index <= literal.b) demands.push_back(formulas_.negate(literal.c));
  }
  return formulas_.all(demands);
}

bool Solver::completes_array(Formula f, std::uint32_t index) {
  if (formulas_.closed(f)) return true;
  const std::optional<std::uint32_t> owed = items_owed(f, index);
  if (!owed) return rest_of_array(f, index) != nullptr;
  const std::uint32_t limit = clip_index(f, kNoStop);  // from here on all positions are alike
  for (std::uint32_t at = index; at < index + *owed; ++at) {
    spend(1);
    if (!satisfiable(lone_item(f, at))) return false;
    if (at >= limit) break;
  }
  return true;
}

std::optional<std::string> Solver::straight_array(Formula f, std::uint32_t index, std::uint32_t owed) {
  std::string text;
  for (std::uint32_t at = index; at < index + owed; ++at) {
    spend(1);
    const std::string* item = value(lone_item(f, at));
    if (!item) return std::nullopt;
    if (!text.empty()) text += ',';
    text += *item;
    if (text.size() > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
  }
  return text;
}

namespace {

// The text of items that are given from the last to the first.
std::string join_backwards(const std::vector<const std::string*>& items) {
  std::string text;
  for (auto item = items.rbegin(); item != items.rend(); ++item) {
    if (!text.empty()) text += ',';
    text += **item;
  }
  return text;
}

}  // namespace

// One step of the search: what is left, and the item read last. A choice that is still to be
// made, or an item that is still to be found, is made when the state is taken up.
struct Solver::ArrayState {
  Formula f;
  std::uint32_t index;
  std::int32_t previous;
  std::string item;
  std::uint64_t length;
  std::shared_ptr<const Choice> choice = nullptr;
  std::size_t branch = 0;
  Formula wanted = kFalse;  // unless false: an item of this formula comes next
  std::uint32_t tried = 0;  // values of the same kind tried before
};

// Whether the order of the items does not matter: every literal is about all positions from here on.
bool Solver::any_order(Formula f, std::uint32_t index) {
  const List literals = formulas_.counting_literals(f);
  return std::all_of(literals.begin(), literals.end(), [&](Formula literal) {
    const Node& node = formulas_[literal];
    return node.kind == Kind::kDistinct || (node.a <= index && node.b == kNoStop);
  });
}

// How many values of one kind an item has to choose from, so that some are left for the others:
// as many as there may be others (a system of distinct representatives needs no more).
std::uint32_t Solver::values_worth_trying(Formula f, std::uint32_t index) {
  std::uint64_t others = 1;
  for (Formula literal : formulas_.counting_literals(f)) {
    const Node& node = formulas_[literal];
    if (node.kind != Kind::kItems) continue;
    others += node.d + (node.b != kNoStop && node.b > index ? node.b - index : 0);
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(others, 100'000));
}

std::optional<std::string> Solver::search_array(Formula start, std::uint32_t first) {
  constexpr std::size_t kFewLiterals = 8;
  std::vector<ArrayState> states;
  using Entry = std::pair<std::uint64_t, std::int32_t>;  // estimated total, -index: newest first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  const bool distinct = formulas_.has_distinct(start);
  // With few literals a shortest array is looked for; with many, or where items must differ, any short one
  // will do: what is owed counts before what has been written.
  const bool greedy = distinct || formulas_.counting_literals(start).size() > kFewLiterals;
  const auto add = [&](ArrayState state, std::uint64_t still) {
    const std::uint64_t total = greedy ? (still << 24) + state.length + state.tried : state.length + still;
    open.emplace(total, -static_cast<std::int32_t>(states.size()));
    states.push_back(std::move(state));
  };
  add({start, first, -1, {}, 0}, 0);
  std::unordered_set<std::uint64_t> visited;
  while (!open.empty()) {
    const std::int32_t current = -open.top().second;
    open.pop();
    const ArrayState state = states[static_cast<std::size_t>(current)];
    spend(1);
    if (state.wanted != kFalse) {
      const std::string* text = value(state.wanted);
      if (!text) continue;
      const Formula rest = exclude_item(state.f, *text);
      add({rest, state.index + 1, state.previous, *text, state.length + text->size() + 1}, estimate(rest));
      if (distinct && state.tried < values_worth_trying(state.f, state.index)) {
        ArrayState sibling = state;
        sibling.wanted = formulas_.all({state.wanted, formulas_.negate(equal_to(formulas_, *text))});
        ++sibling.tried;
        if (sibling.wanted != kFalse) add(std::move(sibling), estimate(state.f));
      }
      continue;
    }
    const Formula f = state.choice ? choose(state.f, *state.choice, state.branch) : state.f;
    if (f == kFalse) continue;
    if (formulas_.closed(f)) {
      // The items from last to first, and what follows each of the states on the way: whoever reads the
      // array as found here need not search again.
      std::vector<const std::string*> items;
      if (!state.item.empty()) items.push_back(&state.item);
      for (std::int32_t i = state.previous; i >= 0; i = states[static_cast<std::size_t>(i)].previous) {
        const ArrayState& step = states[static_cast<std::size_t>(i)];
        if (state.length <= kRemembered && step.previous >= 0 && !step.choice) {
          arrays_.try_emplace(static_cast<std::uint64_t>(step.f) << 32 | clip_index(step.f, step.index),
                              join_backwards(items));
        }
        if (!step.item.empty()) items.push_back(&step.item);  // a choice adds no item
      }
      return join_backwards(items);
    }
    if (state.length > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
    const std::uint32_t index = clip_index(f, state.index);
    if (!visited.insert(static_cast<std::uint64_t>(f) << 32 | index).second) continue;
    if (const auto choice = next_choice(f)) {
      for (std::size_t i = 0; i < choice->branches.size(); ++i) {
        add({f, state.index, current, {}, state.length, choice, i}, choice->owed[i]);
      }
      continue;
    }
    // Where the order does not matter, the next item may just as well be one that is owed.
    Formula must = kTrue;
    if (const List parts = conjuncts(f); any_order(f, index)) {
      const Node& node = formulas_[parts[urgent(parts)]];
      if (node.kind == Kind::kItems) must = node.c;
    }
    for (const Move& move : moves(f, item_literals(f, index), index, must)) {
      spend(1);
      add({move.rest, state.index, current, {}, state.length, nullptr, 0, move.value}, estimate(move.rest));
    }
  }
  return std::nullopt;
}

}  // namespace structgen::json
