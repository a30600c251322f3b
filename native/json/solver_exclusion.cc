// Branches that exclude each other: `oneOf` over objects that are told apart by a member, such as
// {"kind": {"const": …}}, says no more than `anyOf`, and `anyOf` is far easier. That two branches
// exclude each other is only claimed where it shows at once: both demand the same member, or what stands beside the
// choice demands it, and no value of it suits both.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

namespace {

constexpr int kMaxNesting = 3;  // members of members that are looked at

}  // namespace

// The members that f demands, each with what it says about their values.
Solver::Demands Solver::demands(Formula f) {
  Demands found;
  for (Formula conjunct : conjuncts(f)) {
    const Node& node = formulas_[conjunct];
    const bool negative = node.kind == Kind::kNot;
    const Node& literal = negative ? formulas_[node.a] : node;
    if (literal.kind != Kind::kMembers || literal.c != 1) continue;
    const std::uint32_t key = formulas_.single_key(literal.a);
    if (key == FormulaStore::kNoKey) continue;
    Demand& demand = found[key];
    demand.required |= !negative;
    demand.parts.push_back(negative ? formulas_.negate(literal.b) : literal.b);
  }
  return found;
}

// `beside`: what stands in conjunction with the choice.
bool Solver::exclusive(List branches, const Demands& beside, int nesting) {
  if (nesting > kMaxNesting) return false;
  std::vector<Demands> all;
  for (Formula branch : branches) {
    spend(1);
    all.push_back(demands(branch));
  }
  for (const auto& [key, demand] : all[0]) {
    const auto outside = beside.find(key);
    const bool owed = outside != beside.end() && outside->second.required;
    const bool common = std::all_of(all.begin(), all.end(), [key = key, owed](const auto& branch) {
      const auto entry = branch.find(key);
      return entry != branch.end() && (owed || entry->second.required);
    });
    if (!common) continue;
    std::vector<Formula> values;
    for (const auto& branch : all) values.push_back(formulas_.all(branch.at(key).parts));
    if (nothing_in_common(values, nesting)) return true;
  }
  return false;
}

// Whether no value satisfies two of these formulas.
bool Solver::nothing_in_common(List formulas, int nesting) {
  for (const Type type : kAllTypes) {
    std::vector<Formula> possible;
    for (Formula f : formulas) {
      const Formula restricted = formulas_.restrict(f, type);
      if (restricted != kFalse) possible.push_back(restricted);
    }
    if (possible.size() < 2) continue;
    const bool apart = type == Type::kString   ? strings_apart(possible)
                       : type == Type::kNumber ? numbers_apart(possible)
                       : type == Type::kObject ? exclusive(possible, {}, nesting + 1)
                       : type == Type::kBoolean && booleans_apart(possible);
    if (!apart) return false;
  }
  return true;
}

bool Solver::booleans_apart(List formulas) {
  for (const bool value : {false, true}) {
    const auto holds = [&](Formula f) {
      return formulas_.evaluate(f, [&](Formula literal) { return (formulas_[literal].detail != 0) == value; });
    };
    if (std::count_if(formulas.begin(), formulas.end(), holds) > 1) return false;
  }
  return true;
}

bool Solver::strings_apart(List formulas) {
  regex::Store& regexes = formulas_.regexes();
  std::unordered_set<Regex> words;
  Regex sofar = regex::kNothing;
  for (Formula f : formulas) {
    const Regex language = formulas_.to_language(f);
    if (formulas_.single_key(language) != FormulaStore::kNoKey) {
      if (!words.insert(language).second) return false;
      continue;
    }
    spend(1);
    if (!regexes.empty(regexes.intersect({sofar, language}))) return false;
    sofar = regexes.alternate({sofar, language});
  }
  if (sofar == regex::kNothing) return true;
  return std::none_of(words.begin(), words.end(), [&](Regex word) {
    return regexes.matches(sofar, formulas_.key_text(formulas_.single_key(word)));
  });
}

bool Solver::numbers_apart(List formulas) {
  struct Span {
    const NumberCell* cell;
    std::size_t owner;
  };
  std::vector<Span> spans;
  for (std::size_t i = 0; i < formulas.size(); ++i) {
    for (const NumberCell& cell : formulas_.to_numbers(formulas[i]).cells()) spans.push_back({&cell, i});
  }
  spend(spans.size());
  const auto starts_lower = [](const Span& a, const Span& b) {
    if (!a.cell->low || !b.cell->low) return !a.cell->low && b.cell->low.has_value();
    return a.cell->low->value < b.cell->low->value;
  };
  std::sort(spans.begin(), spans.end(), starts_lower);
  for (std::size_t i = 1; i < spans.size(); ++i) {
    const auto& high = spans[i - 1].cell->high;
    const auto& low = spans[i].cell->low;
    const bool apart = high && low && (high->value < low->value || (high->value == low->value && (high->open || low->open)));
    // Cells of one formula may touch, but then a cell of another could hide between them.
    if (!apart) return false;
  }
  return true;
}

Formula Solver::object_formula(Formula unrestricted) {
  return simplify(formulas_.restrict(unrestricted, Type::kObject));
}

// f with "exactly one" replaced by "any" where the branches exclude each other.
Formula Solver::simplify(Formula f) {
  const Node& node = formulas_[f];
  if (node.kind == Kind::kNot) return formulas_.negate(simplify(node.a));
  if (node.kind != Kind::kAll && node.kind != Kind::kAny && node.kind != Kind::kExactlyOne) return f;
  if (const auto* known = simplified_.find(f)) return *known;
  std::vector<Formula> children;
  children.reserve(node.children.size());
  for (Formula child : node.children) children.push_back(simplify(child));
  Kind kind = node.kind;
  if (kind == Kind::kExactlyOne) kind = choice_of(children, {});
  if (kind == Kind::kAll) {
    const auto unclear = [this](Formula child) { return formulas_[child].kind == Kind::kExactlyOne; };
    const bool any = std::any_of(children.begin(), children.end(), unclear);
    const Demands beside = any ? demands(f) : Demands{};
    for (Formula& child : children) {
      if (!unclear(child)) continue;
      const List branches = formulas_[child].children;
      child = formulas_.connect(choice_of(branches, beside), branches);
    }
  }
  const Formula result = formulas_.connect(kind, children);
  simplified_.emplace(f, result);
  return result;
}

Kind Solver::choice_of(List branches, const Demands& beside) {
  try {
    return exclusive(branches, beside, 0) ? Kind::kAny : Kind::kExactlyOne;
  } catch (const BudgetExceeded&) {
    return Kind::kExactlyOne;  // hard to tell; nothing depends on it
  }
}

}  // namespace structgen::json
