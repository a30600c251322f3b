// Objects: which keys may come, what their values must satisfy, how to finish.
#include <algorithm>
#include <iterator>
#include <queue>
#include <unordered_set>

#include "budget.h"
#include "json/solver_internal.h"
#include "json/text.h"

namespace structgen::json {

// --- Profiles ---------------------------------------------------------------

const Solver::Profile& Solver::profile(Formula f) {
  auto& slot = profiles_[f];
  if (slot) return *slot;
  auto profile = std::make_unique<Profile>();
  std::vector<std::pair<std::uint32_t, Formula>> single;
  std::unordered_set<std::uint32_t> met;
  for (Formula literal : formulas_.counting_literals(f)) {
    const std::uint32_t key = formulas_.single_key(formulas_[literal].a);
    if (key == FormulaStore::kNoKey) {
      profile->pattern_literals.push_back(literal);
      continue;
    }
    if (met.insert(key).second) profile->keys.push_back(key);
    single.emplace_back(key, literal);
  }
  std::ranges::stable_sort(single, {}, &std::pair<std::uint32_t, Formula>::first);
  for (std::size_t at = 0; at < single.size();) {
    std::vector<Formula> literals;
    const std::uint32_t key = single[at].first;
    for (; at < single.size() && single[at].first == key; ++at) literals.push_back(single[at].second);
    profile->single_literals.push_back({key, lists_.keep(literals)});
  }
  profile->simple = true;
  std::vector<Formula> others;
  for (Formula child : conjuncts(f)) {
    const Node& part = formulas_[child];
    if (part.kind == Kind::kConstant) continue;
    if (forbids(child)) continue;
    others.push_back(child);
    if (part.kind == Kind::kMembers && part.b == kTrue && part.c == 1 &&
        formulas_.single_key(part.a) != FormulaStore::kNoKey) {
      profile->required.push_back(formulas_.single_key(part.a));
    } else {
      profile->simple = false;
    }
  }
  for (Formula other : others) {
    for (Formula literal : formulas_.counting_literals(other)) {
      const std::uint32_t key = formulas_.single_key(formulas_[literal].a);
      if (key == FormulaStore::kNoKey) profile->any_key_helps = true;
      profile->helpful.push_back(key);
    }
  }
  std::ranges::sort(profile->helpful);
  profile->helpful.erase(std::ranges::unique(profile->helpful).begin(), profile->helpful.end());
  slot = std::move(profile);
  return *slot;
}

bool Solver::forbids(Formula f) const {
  const Node& node = formulas_[f];
  return node.kind == Kind::kNot && formulas_[node.a].kind == Kind::kMembers && formulas_[node.a].c == 1;
}

List Solver::forbidden(Formula f) {
  if (const auto* known = forbidden_.find(f)) return *known;
  std::vector<Formula> found, helping;
  for (const Formula part : conjuncts(f)) {
    if (forbids(part)) {
      found.push_back(formulas_[part].a);
    } else {
      const List inside = formulas_.counting_literals(part);
      helping.insert(helping.end(), inside.begin(), inside.end());
    }
  }
  std::sort(found.begin(), found.end());
  std::sort(helping.begin(), helping.end());
  std::vector<Formula> only;
  std::set_difference(found.begin(), found.end(), helping.begin(), helping.end(), std::back_inserter(only));
  const List kept = lists_.keep(only);
  forbidden_.emplace(f, kept);
  return kept;
}

// --- Contexts ---------------------------------------------------------------

ObjectContext Solver::open_object(List unrestricted) {
  std::vector<std::uint32_t> names;
  std::unordered_set<std::uint32_t> listed;
  for (const Formula f : unrestricted) {
    const List declared = formulas_.declared_names(f);
    if (unrestricted.size() == 1) {
      names = copy(declared);
    } else {
      std::ranges::copy_if(declared, std::back_inserter(names),
                           [&](std::uint32_t key) { return listed.insert(key).second; });
    }
  }
  const std::uint32_t ranks = key_lists_.intern(names);
  auto [entry, added] = rank_tables_.try_emplace(ranks);
  if (added) {
    const List keys = key_lists_[ranks];
    for (std::uint32_t i = 0; i < keys.size(); ++i) entry->second.emplace(keys[i], i);
  }
  return {ranks, 0, 0};
}

std::uint32_t Solver::rank(std::uint32_t ranks, std::uint32_t key) const {
  auto table = rank_tables_.find(ranks);
  if (table == rank_tables_.end()) return kNoRank;
  auto entry = table->second.find(key);
  return entry == table->second.end() ? kNoRank : entry->second;
}

bool Solver::available(const ObjectContext& context, std::uint32_t key) const {
  if (order_ == PropertyOrder::kSchema) {
    const std::uint32_t r = rank(context.ranks, key);
    if (r != kNoRank && r < context.floor) return false;
  }
  const List seen = key_lists_[context.seen];
  return !std::binary_search(seen.begin(), seen.end(), key);
}

ObjectContext Solver::after_key(const ObjectContext& context, std::uint32_t key) {
  ObjectContext next = context;
  if (order_ == PropertyOrder::kSchema) {
    const std::uint32_t r = rank(context.ranks, key);
    if (r != kNoRank) {
      next.floor = r + 1;
      return next;
    }
  }
  std::vector<std::uint32_t> seen = copy(key_lists_[context.seen]);
  seen.insert(std::upper_bound(seen.begin(), seen.end(), key), key);
  next.seen = key_lists_.intern(seen);
  return next;
}

// The context as far as it bears on completing f: keys that cannot help are forgotten, so that
// the answer is found again whatever optional members came before.
ObjectContext Solver::relevant(Formula f, const ObjectContext& context) {
  const Profile& known = profile(f);
  if (known.any_key_helps) return context;
  ObjectContext result = context;
  std::vector<std::uint32_t> seen;
  for (std::uint32_t key : key_lists_[context.seen]) {
    if (std::ranges::binary_search(known.helpful, key)) seen.push_back(key);
  }
  result.seen = key_lists_.intern(seen);
  if (order_ == PropertyOrder::kSchema) {
    result.floor = kNoRank;
    for (std::uint32_t key : known.helpful) {
      const std::uint32_t r = rank(context.ranks, key);
      if (r >= context.floor) result.floor = std::min(result.floor, r);
    }
  }
  return result;
}

// --- What a member may be ---------------------------------------------------

Formula Solver::conjunction_goal(const KeyClass& key_class) {
  std::vector<Formula> conjuncts;
  for (Formula literal : key_class.literals) {
    const Node& node = formulas_[literal];
    if (node.b == kTrue && node.c == 1 && formulas_.single_key(node.a) != FormulaStore::kNoKey) continue;
    conjuncts.push_back(formulas_.negate(node.b));
  }
  return formulas_.all(conjuncts);
}

// In schema order, a declared key may not overtake one that is still owed.
bool Solver::order_allows(Formula f, const ObjectContext& context, std::uint32_t key) {
  if (order_ == PropertyOrder::kAny || key == FormulaStore::kNoKey) return true;
  const std::uint32_t r = rank(context.ranks, key);
  if (r == kNoRank) return true;
  const auto [entry, added] = const_cast<Profile&>(profile(f)).required_ranks.try_emplace(context.ranks);
  std::vector<std::uint32_t>& ranks = entry->second;
  if (added) {
    for (std::uint32_t owed : profile(f).required) ranks.push_back(rank(context.ranks, owed));
    std::sort(ranks.begin(), ranks.end());
  }
  const auto next = std::lower_bound(ranks.begin(), ranks.end(), context.floor);
  return next == ranks.end() || r <= *next;
}

Formula Solver::member_goal(Formula f, const ObjectContext& context, const KeyClass& key_class,
                            std::uint32_t key) {
  if (key_class.goal && order_ == PropertyOrder::kAny) return *key_class.goal;
  if (profile(f).simple) {
    if (!order_allows(f, context, key_class.key)) return kFalse;
    if (key_class.goal) return *key_class.goal;
    // A required key that may not come (`¬members({k}, true, 1)`) makes the goal false by itself.
    for (Formula literal : key_class.literals) {
      if (formulas_[literal].b == kTrue && contains(forbidden(f), literal)) return kFalse;
    }
    const Formula goal = conjunction_goal(key_class);
    const bool lasting = searching_.empty();  // within a search, "none" may rest on what is still open
    const Formula result = satisfiable(goal) ? goal : kFalse;
    if (lasting || result != kFalse) key_class.goal = result;
    return result;
  }
  const ContextKey memo{f, context, key_class.key != FormulaStore::kNoKey ? key * 2 : key_class.id * 2 + 1};
  if (auto known = goals_.find(memo); known != goals_.end()) return known->second;
  const ObjectContext after = after_key(context, key);
  const Formula result = goal(f, key_class.literals, kMember,
                              [&](Formula rest) { return completes_object(rest, after); });
  goals_.emplace(memo, result);
  return result;
}

// --- Completion -------------------------------------------------------------

std::string Solver::join_members(std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& a, const Member& b) { return a.rank < b.rank; });
  std::string text;
  for (const Member& member : members) {
    if (!text.empty()) text += ',';
    text += member.text;
  }
  return text;
}

// `started`: the object is being read under f itself, so that a required key that is gone was read.
std::optional<std::string> Solver::straight_object(Formula f, const ObjectContext& context, bool started) {
  std::vector<Member> members;
  const std::vector<std::uint32_t> required = profile(f).required;
  for (std::uint32_t key : required) {
    spend(1);
    if (!available(context, key)) {
      if (started) continue;
      return std::nullopt;
    }
    const KeyClass& key_class = classify(f, context, key);
    const std::string* text = value(conjunction_goal(key_class));
    if (!text) return std::nullopt;
    members.push_back({key, rank(context.ranks, key), quote(formulas_.key_text(key)) + ":" + *text});
  }
  return join_members(std::move(members));
}

bool Solver::simple(Formula f) { return profile(f).simple; }

bool Solver::may_close(Formula f, const ObjectContext& context) {
  const Profile& known = profile(f);
  if (!known.simple) return formulas_.closed(f);
  return std::none_of(known.required.begin(), known.required.end(),
                      [&](std::uint32_t key) { return available(context, key); });
}

const std::string* Solver::way_to_close(Formula f, const ObjectContext& context) {
  if (!profile(f).simple) return rest_of_object(f, context);
  return memoised(objects_, ContextKey{f, context, 1}, [&] { return straight_object(f, context, true); });
}

bool Solver::completes_object(Formula f, const ObjectContext& context) {
  if (formulas_.closed(f)) return true;
  const Profile& known = profile(f);
  if (!known.simple) {
    const bool known_already = objects_.count({f, relevant(f, context), 0}) != 0;
    if (!known_already && replay(f, context)) return true;
    return rest_of_object(f, context) != nullptr;
  }
  return std::all_of(known.required.begin(), known.required.end(), [&](std::uint32_t key) {
    spend(1);
    return available(context, key) && satisfiable(conjunction_goal(classify(f, context, key)));
  });
}

// Whether f demands a member that can no longer come.
bool Solver::demands_gone(Formula f, const ObjectContext& context) {
  const List parts = conjuncts(f);
  return std::any_of(parts.begin(), parts.end(), [&](Formula part) {
    const Node& node = formulas_[part];
    if (node.kind != Kind::kMembers) return false;
    const std::uint32_t key = formulas_.single_key(node.a);
    return key != FormulaStore::kNoKey && !available(context, key);
  });
}

// One step of the search: what is left after it, and the member it adds. A choice that is still to be
// made adds none; it is made when the state is taken up, since most never are.
struct Solver::ObjectState {
  Formula f;
  ObjectContext context;
  std::int32_t previous;
  Member member;
  std::uint64_t length;
  std::shared_ptr<const Choice> choice = nullptr;
  std::size_t branch = 0;
};

std::optional<std::string> Solver::search_object(Formula start, const ObjectContext& context) {
  std::vector<ObjectState> states;
  using Entry = std::pair<std::uint64_t, std::int32_t>;  // estimated total, -index: newest first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  // Where there is much to choose from, a short object will do: ties between hundreds of branches are
  // not worth following all of them.
  constexpr std::size_t kManyLiterals = 64;
  const std::uint64_t weight = formulas_.counting_literals(start).size() > kManyLiterals ? 2 : 1;
  const auto add = [&](ObjectState state, std::uint64_t still) {
    open.emplace(state.length + weight * still, -static_cast<std::int32_t>(states.size()));
    states.push_back(std::move(state));
  };
  add({start, context, -1, {}, 0}, 0);
  std::unordered_set<ContextKey, ContextKeyHash> visited;
  while (!open.empty()) {
    const std::int32_t current = -open.top().second;
    open.pop();
    ObjectState& state = states[static_cast<std::size_t>(current)];
    if (state.choice) {
      spend(1);
      if (demands_gone(state.choice->branches[state.branch], state.context)) continue;
      state.f = choose(state.f, *state.choice, state.branch);
      state.choice = nullptr;
      if (state.f == kFalse) continue;
    }
    const Formula f = state.f;
    const ObjectContext here = state.context;
    const std::uint64_t length = state.length;
    if (formulas_.closed(f)) {
      // The members from last to first, and what follows each of the states on the way: whoever reads
      // the object as found here need not search again.
      std::vector<Member> members;
      for (std::int32_t i = current; i >= 0; i = states[static_cast<std::size_t>(i)].previous) {
        const ObjectState& step = states[static_cast<std::size_t>(i)];
        if (length <= kRemembered && i != current && step.previous >= 0 && !step.choice) {
          objects_.try_emplace({step.f, relevant(step.f, step.context), 0},
                               join_members({members.rbegin(), members.rend()}));
        }
        if (!step.member.text.empty()) members.push_back(step.member);
      }
      std::reverse(members.begin(), members.end());
      return join_members(std::move(members));
    }
    if (length > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
    if (!visited.insert({f, here, 0}).second) continue;
    if (const auto choice = next_choice(f)) {
      for (std::size_t i = 0; i < choice->branches.size(); ++i) {
        add({f, here, current, {}, length, choice, i}, choice->owed[i]);
      }
      continue;
    }
    // Members that leave the same formula behind are interchangeable: the shortest will do,
    // the others stay available.
    struct Best {
      std::uint32_t key;
      std::string text;
    };
    std::unordered_map<Formula, Best> best;
    std::vector<Formula> order;
    for (const auto& [key, key_class] : candidates(f, here)) {
      for (const Move& move : moves(f, key_class->literals, kMember)) {
        spend(1 + formulas_.counting_literals(move.rest).size() / 4);
        if (move.rest == f || move.rest == kFalse) continue;
        const std::string* text = value(move.value);
        if (!text) continue;
        std::string member = quote(formulas_.key_text(key)) + ":" + *text;
        auto [entry, added] = best.try_emplace(move.rest, Best{key, member});
        if (added) {
          order.push_back(move.rest);
        } else if (member.size() < entry->second.text.size()) {
          entry->second = {key, std::move(member)};
        }
      }
    }
    for (Formula rest : order) {
      Best& way = best[rest];
      // Within a completion members may still be sorted, so a key is only marked as used.
      ObjectContext after = here;
      std::vector<std::uint32_t> seen = copy(key_lists_[here.seen]);
      seen.insert(std::upper_bound(seen.begin(), seen.end(), way.key), way.key);
      after.seen = key_lists_.intern(seen);
      const std::uint64_t total = length + way.text.size() + 1;
      add({rest, after, current, {way.key, rank(context.ranks, way.key), std::move(way.text)}, total}, estimate(rest));
    }
  }
  return std::nullopt;
}

}  // namespace structgen::json
