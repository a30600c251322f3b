// Arrays: what the next item must satisfy, and how to finish.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "budget.h"
#include "json/equality.h"
#include "json/solver_internal.h"

namespace structgen::json {

std::uint32_t Solver::clip_index(Formula f, std::uint32_t index) {
  auto known = clip_limits_.find(f);
  if (known == clip_limits_.end()) {
    std::uint32_t limit = 0;
    for (Formula literal : formulas_.counting_literals(f)) {
      const Node& node = formulas_[literal];
      if (node.kind != Kind::kItems) continue;
      limit = std::max(limit, node.b == kNoStop ? node.a : node.b + 1);
    }
    known = clip_limits_.emplace(f, limit).first;
  }
  return std::min(index, known->second);
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
  if (auto known = item_goals_.find(memo); known != item_goals_.end()) return known->second;
  const Formula result = goal(f, item_literals(f, index), index,
                              [&](Formula rest) { return rest_of_array(rest, index + 1) != nullptr; });
  item_goals_.emplace(memo, without_traps(f, index, result));
  return item_goals_[memo];
}

// Where items must differ, an item may take a value that a later position needs. If the
// item has few values, leave out those after which the array cannot be completed.
Formula Solver::without_traps(Formula f, std::uint32_t index, Formula item) {
  constexpr std::size_t kFew = 32;
  if (item == kFalse || !formulas_.has_distinct(f)) return item;
  const std::vector<Formula>& literals = formulas_.counting_literals(f);
  const bool alike = std::all_of(literals.begin(), literals.end(), [&](Formula literal) {
    const Node& node = formulas_[literal];
    return node.kind == Kind::kDistinct || (node.a <= index && node.b == kNoStop);
  });
  if (alike) return item;  // every position asks the same, so no value is needed more elsewhere
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
    if (after != kFalse && rest_of_array(after, index + 1)) good.push_back(same);
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

// The shortest value of f and a few others: where items must differ, the shortest is used once only.
std::vector<std::string> Solver::several_values(Formula f, bool several) {
  constexpr std::size_t kEnough = 8;
  std::vector<std::string> found;
  for (Formula g = f; found.size() < (several ? kEnough : 1);) {
    const std::string* text = value(g);
    if (!text) break;
    found.push_back(*text);
    if (several) g = formulas_.all({g, formulas_.negate(equal_to(formulas_, *text))});
  }
  return found;
}

std::optional<std::string> Solver::search_array(Formula start, std::uint32_t first) {
  struct State {
    Formula f;
    std::uint32_t index;
    std::int32_t previous;
    std::string item;
    std::uint64_t length;
  };
  std::vector<State> states{{start, first, -1, {}, 0}};
  using Entry = std::pair<std::uint64_t, std::int32_t>;  // estimated total, -index: newest first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  open.emplace(estimate(start), 0);
  std::unordered_set<std::uint64_t> visited;
  while (!open.empty()) {
    const std::int32_t current = -open.top().second;
    open.pop();
    const State state = states[static_cast<std::size_t>(current)];
    if (formulas_.closed(state.f)) {
      std::vector<std::string> items;
      for (std::int32_t i = current; i > 0; i = states[static_cast<std::size_t>(i)].previous) {
        const std::string& item = states[static_cast<std::size_t>(i)].item;
        if (!item.empty()) items.push_back(item);  // a choice adds no item
      }
      std::string text;
      text.reserve(state.length);
      for (auto item = items.rbegin(); item != items.rend(); ++item) {
        if (!text.empty()) text += ',';
        text += *item;
      }
      return text;
    }
    if (state.length > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
    const std::uint32_t index = clip_index(state.f, state.index);
    const bool distinct = formulas_.has_distinct(state.f);
    if (!visited.insert(static_cast<std::uint64_t>(state.f) << 32 | index).second) continue;
    if (const std::vector<Formula> alternatives = split(state.f); !alternatives.empty()) {
      for (Formula alternative : alternatives) {
        states.push_back({alternative, state.index, current, {}, state.length});
        open.emplace(state.length + estimate(alternative), -static_cast<std::int32_t>(states.size() - 1));
      }
      continue;
    }
    for (const Move& move : moves(state.f, item_literals(state.f, index), index)) {
      spend(1);
      for (std::string& text : several_values(move.value, distinct)) {
        const std::uint64_t total = state.length + text.size() + 1;
        const Formula rest = exclude_item(move.rest, text);
        states.push_back({rest, state.index + 1, current, std::move(text), total});
        open.emplace(total + estimate(rest), -static_cast<std::int32_t>(states.size() - 1));
      }
    }
  }
  return std::nullopt;
}

}  // namespace structgen::json
