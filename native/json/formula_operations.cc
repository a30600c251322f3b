// Functions of a formula: restriction to a type, derivative-by-rewriting, and the
// translation of scalar formulas into languages and number cells. All memoised.
#include <algorithm>
#include <unordered_set>

#include "budget.h"
#include "json/formula.h"

namespace structgen::json {

namespace {

// In-place nesting (allOf in allOf, chains of $ref) is followed by recursion up to here.
constexpr std::uint32_t kMaxDepth = 4000;

class DepthGuard {
 public:
  explicit DepthGuard(std::uint32_t& depth) : depth_(depth) {
    if (++depth_ > kMaxDepth) {
      --depth_;
      throw BudgetExceeded("subschemas applied in place: nesting deeper than 4000");
    }
  }
  ~DepthGuard() { --depth_; }
  DepthGuard(const DepthGuard&) = delete;
  DepthGuard& operator=(const DepthGuard&) = delete;

 private:
  std::uint32_t& depth_;
};

// Takes an open reference off the list however its scope ends.
class Closing {
 public:
  Closing(std::unordered_set<std::uint64_t>& open, std::uint64_t entry) : open_(open), entry_(entry) {}
  ~Closing() { open_.erase(entry_); }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

 private:
  std::unordered_set<std::uint64_t>& open_;
  std::uint64_t entry_;
};

}  // namespace

Formula FormulaStore::restrict(Formula f, Type type) {
  const Node& node = nodes_[f];
  switch (node.kind) {
    case Kind::kConstant:
      return f;
    case Kind::kDeclare:
      return node.detail ? kTrue : kFalse;
    case Kind::kType:
      return node.detail == static_cast<std::uint8_t>(type) ? kTrue : kFalse;
    case Kind::kBoolean:
      return type == Type::kBoolean ? f : kFalse;
    case Kind::kString:
      return type == Type::kString ? f : kFalse;
    case Kind::kNumber:
      return type == Type::kNumber ? f : kFalse;
    case Kind::kMembers:
      return type == Type::kObject ? f : kFalse;
    case Kind::kItems:
    case Kind::kDistinct:
      return type == Type::kArray ? f : kFalse;
    default:
      break;
  }
  const std::uint64_t memo = static_cast<std::uint64_t>(f) * 8 + static_cast<std::uint64_t>(type);
  if (const auto* known = restricted_.find(memo)) return *known;
  const DepthGuard guard(depth_);
  Formula result = kFalse;
  if (node.kind == Kind::kReference) {
    if (!restricting_.insert(memo).second) {
      throw SchemaProblem("a reference leads back to itself without any property or item in between");
    }
    const Closing closing(restricting_, memo);
    result = restrict(expand(node.a), type);
  } else if (node.kind == Kind::kNot) {
    result = negate(restrict(node.a, type));
  } else {
    std::vector<Formula> children;
    children.reserve(node.children.size());
    const Formula zero = node.kind == Kind::kAll ? kFalse : kTrue;
    for (Formula child : node.children) {
      children.push_back(restrict(child, type));
      if (node.kind != Kind::kExactlyOne && children.back() == zero) break;
    }
    result = connect(node.kind, children);
  }
  restricted_.emplace(memo, result);
  return result;
}

Formula FormulaStore::rewrite(Formula f, const std::vector<Change>& changes) {
  constexpr std::size_t kFew = 8;
  rewritten_.clear();  // a budget may have ended the last one half-way
  std::uint64_t leaves = 0;
  for (const Change& change : changes) leaves |= leaf_bit(change.first);
  if (changes.size() <= kFew) {
    return rewrite_with(f, leaves, [&](Formula literal) {
      for (const Change& change : changes) {
        if (change.first == literal) return change.second;
      }
      return literal;
    });
  }
  const std::unordered_map<Formula, Formula> table(changes.begin(), changes.end());
  return rewrite_with(f, leaves, [&](Formula literal) {
    const auto change = table.find(literal);
    return change == table.end() ? literal : change->second;
  });
}

template <class Replace>
Formula FormulaStore::rewrite_with(Formula f, std::uint64_t leaves, const Replace& replace) {
  const Node& node = nodes_[f];
  if ((node.leaves & leaves) == 0) return f;
  if (node.kind == Kind::kNot) {
    const Formula inner = rewrite_with(node.a, leaves, replace);
    return inner == node.a ? f : negate(inner);
  }
  if (node.kind != Kind::kAll && node.kind != Kind::kAny && node.kind != Kind::kExactlyOne) return replace(f);
  const DepthGuard guard(depth_);
  const std::size_t first = rewritten_.size();
  bool changed = false;
  for (const Formula& child : node.children) {
    const Formula next = rewrite_with(child, leaves, replace);
    if (!changed && next != child) {
      changed = true;
      rewritten_.insert(rewritten_.end(), node.children.data(), &child);
    }
    if (changed) rewritten_.push_back(next);
  }
  const Formula result = changed ? connect(node.kind, List(rewritten_).subspan(first)) : f;
  rewritten_.resize(first);
  return result;
}

List FormulaStore::counting_literals(Formula f) {
  if (const auto* known = counting_.find(f)) return *known;
  std::vector<Formula> found;
  visited_.begin(nodes_.size());
  std::vector<Formula> pending{f};
  while (!pending.empty()) {
    const Formula next = pending.back();
    pending.pop_back();
    if (!visited_.add(next)) continue;
    const Node& node = nodes_[next];
    if (node.kind == Kind::kMembers || node.kind == Kind::kItems || node.kind == Kind::kDistinct) {
      found.push_back(next);
    } else if (node.kind == Kind::kNot) {
      pending.push_back(node.a);
    } else {
      pending.insert(pending.end(), node.children.rbegin(), node.children.rend());
    }
  }
  const List kept = lists_.keep(found);
  counting_.emplace(f, kept);
  return kept;
}

bool FormulaStore::evaluate(Formula f, const std::function<bool(Formula)>& literal) const {
  const Node& node = nodes_[f];
  switch (node.kind) {
    case Kind::kConstant:
    case Kind::kDeclare:
      return node.detail != 0;
    case Kind::kNot:
      return !evaluate(node.a, literal);
    case Kind::kAll:
      return std::all_of(node.children.begin(), node.children.end(),
                         [&](Formula child) { return evaluate(child, literal); });
    case Kind::kAny:
      return std::any_of(node.children.begin(), node.children.end(),
                         [&](Formula child) { return evaluate(child, literal); });
    case Kind::kExactlyOne:
      return std::count_if(node.children.begin(), node.children.end(),
                           [&](Formula child) { return evaluate(child, literal); }) == 1;
    default:
      return literal(f);
  }
}

List FormulaStore::declared_names(Formula f) {
  if (const auto* known = names_.find(f)) return *known;
  std::vector<std::uint32_t> names;
  searched_.begin(nodes_.size());
  declared_.begin(keys_.size());
  std::vector<Formula> pending{f};
  while (!pending.empty()) {
    const Formula next = pending.back();
    pending.pop_back();
    if (!searched_.add(next)) continue;
    const Node& node = nodes_[next];
    if (node.kind == Kind::kDeclare) {
      for (std::uint32_t name : declarations_[node.a]) {
        if (declared_.add(name)) names.push_back(name);
      }
    } else if (node.kind == Kind::kNot) {
      pending.push_back(node.a);
    } else if (node.kind == Kind::kReference) {
      pending.push_back(expand(node.a));
    } else {
      pending.insert(pending.end(), node.children.rbegin(), node.children.rend());
    }
  }
  const List kept = lists_.keep(names);
  names_.emplace(f, kept);
  return kept;
}

Regex FormulaStore::to_language(Formula f) {
  if (f == kTrue) return regex::kAnything;
  if (f == kFalse) return regex::kNothing;
  const Node& node = nodes_[f];
  if (node.kind == Kind::kString) return node.a;
  if (const auto* known = languages_.find(f)) return *known;
  const DepthGuard guard(depth_);
  Regex result = regex::kNothing;
  if (node.kind == Kind::kNot) {
    result = regexes_.complement(to_language(node.a));
  } else if (node.kind == Kind::kExactlyOne) {
    // One pass: strings in none so far, strings in exactly one so far.
    Regex none = regex::kAnything, one = regex::kNothing;
    for (Formula child : node.children) {
      const Regex language = to_language(child);
      const Regex outside = regexes_.complement(language);
      one = regexes_.alternate({regexes_.intersect({one, outside}), regexes_.intersect({none, language})});
      none = regexes_.intersect({none, outside});
    }
    result = one;
  } else {
    std::vector<Regex> parts;
    parts.reserve(node.children.size());
    for (Formula child : node.children) parts.push_back(to_language(child));
    result = node.kind == Kind::kAll ? regexes_.intersect(parts) : regexes_.alternate(parts);
  }
  languages_.emplace(f, result);
  return result;
}

}  // namespace structgen::json
