// Arrays: what the next item must satisfy, and how to finish.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "budget.h"
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
    if (node.kind == Kind::kItems && node.a <= index && index <= node.b) touched.push_back(literal);
  }
  return touched;
}

Formula Solver::item_goal(Formula f, std::uint32_t index) {
  index = clip_index(f, index);
  const std::uint64_t memo = static_cast<std::uint64_t>(f) << 32 | index;
  if (auto known = item_goals_.find(memo); known != item_goals_.end()) return known->second;
  std::vector<Formula> alternatives;
  for (const Move& move : moves(f, item_literals(f, index), index)) {
    if (rest_of_array(move.rest, index + 1)) alternatives.push_back(move.value);
  }
  Formula goal = formulas_.any(alternatives);
  if (!satisfiable(goal)) goal = kFalse;
  item_goals_.emplace(memo, goal);
  return goal;
}

std::optional<std::string> Solver::search_array(Formula start, std::uint32_t first) {
  struct State {
    Formula f;
    std::uint32_t index;
    std::int32_t previous;
    const std::string* item;
    std::uint64_t length;
  };
  std::vector<State> states{{start, first, -1, nullptr, 0}};
  using Entry = std::pair<std::uint64_t, std::int32_t>;  // estimated total, -index: newest first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  open.emplace(estimate(start), 0);
  std::unordered_set<std::uint64_t> visited;
  while (!open.empty()) {
    const std::int32_t current = -open.top().second;
    open.pop();
    const State state = states[static_cast<std::size_t>(current)];
    if (formulas_.closed(state.f)) {
      std::vector<const std::string*> items;
      for (std::int32_t i = current; i > 0; i = states[static_cast<std::size_t>(i)].previous) {
        const std::string* item = states[static_cast<std::size_t>(i)].item;
        if (item) items.push_back(item);  // a choice adds no item
      }
      std::string text;
      text.reserve(state.length);
      for (auto item = items.rbegin(); item != items.rend(); ++item) {
        if (!text.empty()) text += ',';
        text += **item;
      }
      return text;
    }
    if (state.length > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
    const std::uint32_t index = clip_index(state.f, state.index);
    if (!visited.insert(static_cast<std::uint64_t>(state.f) << 32 | index).second) continue;
    if (const std::vector<Formula> alternatives = split(state.f); !alternatives.empty()) {
      for (Formula alternative : alternatives) {
        states.push_back({alternative, state.index, current, nullptr, state.length});
        open.emplace(state.length + estimate(alternative), -static_cast<std::int32_t>(states.size() - 1));
      }
      continue;
    }
    const std::vector<Move> ways = moves(state.f, item_literals(state.f, index), index);
    for (const Move& move : ways) {
      spend(1);
      const std::string* text = value(move.value);
      if (!text) continue;
      const std::uint64_t total = state.length + text->size() + 1;
      states.push_back({move.rest, state.index + 1, current, text, total});
      open.emplace(total + estimate(move.rest), -static_cast<std::int32_t>(states.size() - 1));
    }
  }
  return std::nullopt;
}

}  // namespace structgen::json
