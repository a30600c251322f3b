#include "compose/expression.h"

#include <algorithm>

#include "budget.h"

namespace structgen::compose {

namespace {

constexpr std::uint64_t kFar = std::uint64_t{1} << 40;
constexpr std::size_t kMaxHeads = 100'000;

std::uint64_t plus(std::uint64_t a, std::uint64_t b) { return std::min(kFar, a + b); }

}  // namespace

ExpressionStore::ExpressionStore(TextTable& texts) : texts_(texts) {
  intern({static_cast<std::uint32_t>(Kind::kNothing)}, {false, kFar});
  intern({static_cast<std::uint32_t>(Kind::kEmpty)}, {true, 0});
}

Expression ExpressionStore::intern(std::vector<std::uint32_t> node, Facts facts) {
  const Expression e = nodes_.intern(node);
  if (e == facts_.size()) facts_.push_back(facts);
  return e;
}

Expression ExpressionStore::leaf(const Leaf& leaf) {
  if (leaf.start == kDead) return kNothing;
  const auto machine = reinterpret_cast<std::uintptr_t>(leaf.machine);
  const std::uint32_t number =
      leaf_numbers_.intern({static_cast<std::uint32_t>(machine), static_cast<std::uint32_t>(machine >> 32),
                            leaf.start, leaf.tokens});
  if (number == leaves_.size()) {
    std::string shortest = short_text_of(*leaf.machine, leaf.start, texts_);
    owned_bytes_ += shortest.size() + sizeof(LeafFacts);
    leaves_.push_back({leaf, std::move(shortest), {}});
  }
  return intern({static_cast<std::uint32_t>(Kind::kLeaf), number},
                {leaf.machine->accepting(leaf.start), leaves_[number].shortest.size()});
}

Expression ExpressionStore::token(std::uint32_t id) {
  return intern({static_cast<std::uint32_t>(Kind::kToken), id}, {false, 1});
}

Expression ExpressionStore::pair(Expression first, Expression second) {
  if (first == kNothing || second == kNothing) return kNothing;
  if (first == kEmpty) return second;
  if (second == kEmpty) return first;
  return intern({static_cast<std::uint32_t>(Kind::kSequence), first, second},
                {nullable(first) && nullable(second), plus(length(first), length(second))});
}

Expression ExpressionStore::sequence(const std::vector<Expression>& parts) {
  Expression result = kEmpty;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) result = pair(*part, result);
  return result;
}

Expression ExpressionStore::any(const std::vector<Expression>& parts) {
  std::vector<std::uint32_t> node{static_cast<std::uint32_t>(Kind::kAny)};
  for (const Expression part : parts) {
    if (part == kNothing) continue;
    if (kind(part) == Kind::kAny) {
      const List inner = nodes_[part];
      node.insert(node.end(), inner.begin() + 1, inner.end());
    } else {
      node.push_back(part);
    }
  }
  std::sort(node.begin() + 1, node.end());
  node.erase(std::unique(node.begin() + 1, node.end()), node.end());
  if (node.size() == 1) return kNothing;
  if (node.size() == 2) return node[1];
  Facts facts{false, kFar};
  for (std::size_t i = 1; i < node.size(); ++i) {
    facts.nullable = facts.nullable || nullable(node[i]);
    facts.length = std::min(facts.length, length(node[i]));
  }
  return intern(std::move(node), facts);
}

Expression ExpressionStore::repeat(Expression part, std::uint32_t min, std::uint32_t max) {
  if (max == 0 || part == kEmpty) return kEmpty;
  if (part == kNothing) return min == 0 ? kEmpty : kNothing;
  if (nullable(part)) min = 0;
  if (min == 1 && max == 1) return part;
  return intern({static_cast<std::uint32_t>(Kind::kRepeat), part, min, max},
                {min == 0, std::min(kFar, length(part) * min)});
}

const std::vector<ExpressionStore::Head>& ExpressionStore::heads(Expression e) {
  if (const auto known = heads_.find(e); known != heads_.end()) return known->second;
  struct Task {
    Expression what, rest;
  };
  std::vector<Head> found;
  std::unordered_map<std::uint64_t, bool> seen;
  std::vector<Task> tasks{{e, kEmpty}};
  while (!tasks.empty()) {
    const Task task = tasks.back();
    tasks.pop_back();
    if (!seen.emplace(static_cast<std::uint64_t>(task.what) << 32 | task.rest, true).second) continue;
    if (seen.size() > kMaxHeads) throw BudgetExceeded("parts of a composition that may come next: 100000");
    const List node = nodes_[task.what];
    switch (kind(task.what)) {
      case Kind::kNothing:
      case Kind::kEmpty:
        break;
      case Kind::kLeaf:
      case Kind::kToken:
        found.push_back({kind(task.what) == Kind::kToken, node[1], task.rest});
        break;
      case Kind::kSequence:
        if (nullable(node[1])) tasks.push_back({node[2], task.rest});
        tasks.push_back({node[1], pair(node[2], task.rest)});
        break;
      case Kind::kAny:
        for (std::size_t i = node.size(); i-- > 1;) tasks.push_back({node[i], task.rest});
        break;
      case Kind::kRepeat: {
        const std::uint32_t min = node[2] == 0 ? 0 : node[2] - 1;
        const std::uint32_t max = node[3] == kUnbounded ? kUnbounded : node[3] - 1;
        tasks.push_back({node[1], pair(repeat(node[1], min, max), task.rest)});
        break;
      }
    }
  }
  owned_bytes_ += found.size() * sizeof(Head) + 64;
  return heads_.emplace(e, std::move(found)).first->second;
}

const regex::ByteSet& ExpressionStore::first_of_leaf(std::uint32_t leaf) {
  if (!leaves_[leaf].first_known) {
    const Leaf what = leaves_[leaf].leaf;
    leaves_[leaf].first = first_bytes_of(*what.machine, what.start);
    leaves_[leaf].first_known = true;
  }
  return leaves_[leaf].first;
}

const regex::ByteSet& ExpressionStore::first(Expression e) {
  if (const auto known = first_.find(e); known != first_.end()) return known->second;
  regex::ByteSet first;
  for (const Head& head : std::vector<Head>(heads(e))) {
    if (!head.is_token) first = first | first_of_leaf(head.what);
  }
  return first_.emplace(e, first).first->second;
}

std::size_t ExpressionStore::memory_bytes() const {
  return nodes_.memory_bytes() + leaf_numbers_.memory_bytes() + facts_.size() * sizeof(Facts) + owned_bytes_ + first_.size() * 80;
}

}  // namespace structgen::compose
