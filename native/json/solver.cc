#include "json/solver.h"

#include <algorithm>
#include <array>

#include "budget.h"
#include "json/solver_internal.h"
#include "json/text.h"

namespace structgen::json {

namespace {

constexpr std::uint32_t kMaxSearchDepth = 1500;

}  // namespace

Solver::Solver(FormulaStore& formulas, PropertyOrder order, NumberForm number_form)
    : formulas_(formulas), order_(order), number_form_(number_form) {
  key_lists_.intern({});
}

Solver::~Solver() = default;

void Solver::refill(std::uint64_t steps) {
  work_ = 0;
  max_work_ = steps;
  // A search that ran out of budget leaves these behind.
  searching_.clear();
  search_depth_ = 0;
  lowest_cut_ = kNoCut;
}

void Solver::spend(std::uint64_t work) {
  work_ += work;
  if (work_ > max_work_) throw BudgetExceeded("satisfiability search: " + std::to_string(max_work_) + " steps");
}

const std::string* Solver::value(Formula f) {
  if (f == kFalse) return nullptr;
  if (auto known = values_.find(f); known != values_.end()) {
    return known->second ? &*known->second : nullptr;
  }
  if (auto open = searching_.find(f); open != searching_.end()) {
    lowest_cut_ = std::min(lowest_cut_, open->second);
    return nullptr;
  }
  if (search_depth_ >= kMaxSearchDepth) throw BudgetExceeded("shortest instance: 1500 levels deep");
  return memoised(values_, f, [&] {
    const std::uint32_t depth = ++search_depth_;
    searching_.emplace(f, depth);
    std::optional<std::string> result = search_value(f);
    searching_.erase(f);
    --search_depth_;
    if (lowest_cut_ >= depth) lowest_cut_ = kNoCut;  // it rested on nothing but itself
    return result;
  });
}

bool Solver::possibly_satisfiable(Formula f) {
  const std::uint32_t outer_cut = std::exchange(lowest_cut_, kNoCut);
  const bool found = value(f) != nullptr;
  const std::uint32_t cut = std::exchange(lowest_cut_, outer_cut);
  return found || cut != kNoCut;
}

std::optional<std::string> Solver::search_value(Formula f) {
  struct Candidate {
    Type type;
    std::size_t least;  // no value of the type is shorter
  };
  static constexpr std::array<Candidate, 6> kCandidates{{{Type::kNumber, 1},
                                                         {Type::kString, 2},
                                                         {Type::kObject, 2},
                                                         {Type::kArray, 2},
                                                         {Type::kNull, 4},
                                                         {Type::kBoolean, 4}}};
  std::optional<std::string> best;
  for (const Candidate& candidate : kCandidates) {
    if (best && best->size() <= candidate.least) break;
    std::optional<std::string> found = value_of_type(f, candidate.type);
    if (found && (!best || found->size() < best->size())) best = std::move(found);
  }
  return best;
}

std::optional<std::string> Solver::value_of_type(Formula unrestricted, Type type) {
  const Formula f = type == Type::kObject ? object_formula(unrestricted) : formulas_.restrict(unrestricted, type);
  if (f == kFalse) return std::nullopt;
  spend(1);
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBoolean:
      for (bool value : {true, false}) {
        if (formulas_.evaluate(f, [&](Formula literal) { return (formulas_[literal].detail != 0) == value; })) {
          return value ? "true" : "false";
        }
      }
      return std::nullopt;
    case Type::kNumber: {
      if (f == kTrue) return "0";
      return formulas_.to_numbers(f).complete("", number_form_);
    }
    case Type::kString: {
      const Regex language = formulas_.to_language(f);
      if (formulas_.regexes().empty(language)) return std::nullopt;
      if (formulas_.regexes().distance(language) > kMaxWitness) {
        throw BudgetExceeded("shortest instance: a string longer than 1 MiB is required");
      }
      return quote(formulas_.regexes().witness(language));
    }
    case Type::kObject: {
      const std::string* rest = rest_of_object(f, open_object(List(&unrestricted, 1)));
      if (!rest) return std::nullopt;
      return "{" + *rest + "}";
    }
    case Type::kArray: {
      const std::string* rest = rest_of_array(f, 0);
      if (!rest) return std::nullopt;
      return "[" + *rest + "]";
    }
  }
  return std::nullopt;
}

const std::string* Solver::rest_of_object(Formula f, const ObjectContext& full_context) {
  const ObjectContext context = relevant(f, full_context);
  return memoised(objects_, ContextKey{f, context, 0}, [&]() -> std::optional<std::string> {
    if (formulas_.closed(f)) return std::string();
    if (profile(f).simple) return straight_object(f, context, false);
    std::optional<std::string> members = search_object(f, context);
    if (members) remember_witness(*members);
    return members;
  });
}

const std::string* Solver::rest_of_array(Formula f, std::uint32_t index) {
  const std::uint64_t key = static_cast<std::uint64_t>(f) << 32 | clip_index(f, index);
  return memoised(arrays_, key, [&]() -> std::optional<std::string> {
    if (formulas_.closed(f)) return std::string();
    if (const auto owed = items_owed(f, index)) return straight_array(f, index, *owed);
    return search_array(f, index);
  });
}

// A lower bound of the bytes that are still needed; exact enough to keep A* near its goal.
// It adds up over conjunctions, so one member that serves two literals is counted twice.
std::uint64_t Solver::estimate(Formula f) {
  constexpr std::uint64_t kImpossible = 1u << 30;
  if (f == kFalse) return kImpossible;
  if (formulas_.closed(f)) return 0;
  if (const auto* known = estimates_.find(f)) return *known;
  const Node& node = formulas_[f];
  std::uint64_t result = 0;
  switch (node.kind) {
    case Kind::kAll:
      for (Formula child : node.children) result += estimate(child);
      break;
    case Kind::kAny:
    case Kind::kExactlyOne:
      result = kImpossible;
      for (Formula child : node.children) result = std::min(result, estimate(child));
      break;
    case Kind::kMembers: {
      const std::uint32_t key = formulas_.single_key(node.a);
      const std::uint64_t name = key == FormulaStore::kNoKey ? 0 : formulas_.key_text(key).size();
      result = node.c * (name + 5);  // quotes, colon, a value, a comma
      break;
    }
    case Kind::kItems:
      result = node.d * std::uint64_t{2};
      break;
    default:
      break;
  }
  result = std::min(result, kImpossible);
  estimates_.emplace(f, result);
  return result;
}

// The conjunct to work on next. A solution makes every conjunct true, in any order of members,
// so one that is still open will do. Literals come before choices: what a member that must come
// anyway decides about a choice need not be guessed. Literals that any member serves come last.
std::size_t Solver::urgent(List conjuncts) {
  std::size_t choice = conjuncts.size(), count = conjuncts.size();
  for (std::size_t at = 0; at < conjuncts.size(); ++at) {
    if (formulas_.closed(conjuncts[at])) continue;
    const Node& node = formulas_[conjuncts[at]];
    if (node.kind == Kind::kAny || node.kind == Kind::kExactlyOne) {
      choice = std::min(choice, at);
    } else if ((node.kind == Kind::kItems && node.c == kTrue) ||
               (node.kind == Kind::kMembers && node.b == kTrue && formulas_.single_key(node.a) == FormulaStore::kNoKey)) {
      count = std::min(count, at);
    } else {
      const std::size_t many = choice_between_many(conjuncts, node);
      return many < conjuncts.size() ? many : at;
    }
  }
  return choice < conjuncts.size() ? choice : count;
}

// A member that is owed and of which the branches of one large choice all speak: the choice goes first, or the
// member's value would be tried against every combination of them.
std::size_t Solver::choice_between_many(List conjuncts, const Node& owed) {
  constexpr std::size_t kMany = 8;
  std::size_t found = conjuncts.size();
  for (std::size_t at = 0; at < conjuncts.size(); ++at) {
    const Node& node = formulas_[conjuncts[at]];
    if (node.kind != Kind::kAny || node.children.size() < kMany) continue;
    if (found < conjuncts.size()) return conjuncts.size();  // two of them would multiply
    found = at;
  }
  if (found == conjuncts.size() || owed.kind != Kind::kMembers) return conjuncts.size();
  const List inside = formulas_.counting_literals(conjuncts[found]);
  const auto same_key = [&](Formula literal) { return formulas_[literal].kind == Kind::kMembers && formulas_[literal].a == owed.a; };
  const auto count = static_cast<std::size_t>(std::count_if(inside.begin(), inside.end(), same_key));
  return count >= kMany ? found : conjuncts.size();
}

List Solver::conjuncts(const Formula& f) const {
  const Node& node = formulas_[f];
  return node.kind == Kind::kAll ? node.children : List(&f, 1);
}

std::shared_ptr<const Solver::Choice> Solver::next_choice(Formula f) {
  const List parts = conjuncts(f);
  const std::size_t at = urgent(parts);
  if (at == parts.size()) return nullptr;
  const Node& node = formulas_[parts[at]];
  if (node.kind != Kind::kAny && node.kind != Kind::kExactlyOne) return nullptr;
  std::uint64_t others = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) others += i == at ? 0 : estimate(parts[i]);
  std::vector<std::uint64_t> owed;
  owed.reserve(node.children.size());
  for (Formula branch : node.children) owed.push_back(others + estimate(branch));
  return std::make_shared<const Choice>(Choice{at, node.children, std::move(owed), node.kind == Kind::kExactlyOne});
}

// f with the choice made. A chosen branch is a conjunction again, so that what it owes can be paid
// one literal at a time. What it says about a literal holds in all other conjuncts too.
Formula Solver::choose(Formula f, const Choice& choice, std::size_t branch) {
  std::vector<Formula> parts = copy(conjuncts(f));
  parts[choice.at] = choice.branches[branch];
  std::vector<FormulaStore::Change> known;
  for (Formula part : conjuncts(choice.branches[branch])) {
    const Node& node = formulas_[part];
    const Kind kind = node.kind == Kind::kNot ? formulas_[node.a].kind : node.kind;
    if (kind != Kind::kMembers && kind != Kind::kItems && kind != Kind::kDistinct) continue;
    known.emplace_back(node.kind == Kind::kNot ? node.a : part, node.kind == Kind::kNot ? kFalse : kTrue);
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i == choice.at) continue;
    const Kind kind = formulas_[parts[i]].kind;
    if (kind == Kind::kAny || kind == Kind::kExactlyOne) parts[i] = formulas_.rewrite(parts[i], known);
    if (parts[i] == kFalse) return kFalse;
  }
  if (choice.only_one) {
    spend(choice.branches.size() / 16);
    for (std::size_t i = 0; i < choice.branches.size(); ++i) {
      if (i != branch) parts.push_back(formulas_.negate(formulas_.rewrite(choice.branches[i], known)));
    }
  }
  return formulas_.all(parts);
}

// The literals that the next member should touch.
List Solver::urgent_literals(Formula f) {
  const Node& node = formulas_[f];
  if (node.kind == Kind::kAll) {
    const std::size_t at = urgent(node.children);
    if (at < node.children.size()) return formulas_.counting_literals(node.children[at]);
  }
  return formulas_.counting_literals(f);
}

}  // namespace structgen::json
