// Objects: which keys may come, what their values must satisfy, how to finish.
#include <algorithm>
#include <queue>
#include <unordered_set>

#include "budget.h"
#include "json/solver_internal.h"
#include "json/text.h"

namespace structgen::json {

namespace {

constexpr std::uint32_t kNoRank = 0xFFFFFFFFu;
constexpr std::size_t kMaxRegions = 4096;

}  // namespace

// --- Profiles ---------------------------------------------------------------

const Solver::Profile& Solver::profile(Formula f) {
  auto& slot = profiles_[f];
  if (slot) return *slot;
  auto profile = std::make_unique<Profile>();
  for (Formula literal : formulas_.counting_literals(f)) {
    const std::uint32_t key = formulas_.single_key(formulas_[literal].a);
    if (key == FormulaStore::kNoKey) {
      profile->pattern_literals.push_back(literal);
      continue;
    }
    auto [entry, added] = profile->single_literals.try_emplace(key);
    if (added) profile->keys.push_back(key);
    entry->second.push_back(literal);
  }
  profile->simple = true;
  const Node& node = formulas_[f];
  const std::vector<Formula> alone{f};
  std::vector<Formula> others;
  for (Formula child : node.kind == Kind::kAll ? node.children : alone) {
    const Node& part = formulas_[child];
    if (part.kind == Kind::kConstant) continue;
    if (part.kind == Kind::kNot && formulas_[part.a].kind == Kind::kMembers && formulas_[part.a].c == 1) {
      profile->forbidden.insert(part.a);
      continue;
    }
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
      profile->helpful.insert(key);
      profile->forbidden.erase(literal);
    }
  }
  slot = std::move(profile);
  return *slot;
}

// --- Contexts ---------------------------------------------------------------

ObjectContext Solver::open_object(const std::vector<Formula>& unrestricted) {
  const std::uint32_t ranks = key_lists_.intern(formulas_.declared_names(unrestricted));
  auto [entry, added] = rank_tables_.try_emplace(ranks);
  if (added) {
    const std::vector<std::uint32_t>& keys = key_lists_[ranks];
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
  const std::vector<std::uint32_t>& seen = key_lists_[context.seen];
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
  std::vector<std::uint32_t> seen = key_lists_[context.seen];
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
    if (known.helpful.count(key)) seen.push_back(key);
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

// --- Key classes ------------------------------------------------------------

// Keys that are not declared, split by which pattern literals apply to them.
const std::vector<KeyClass>& Solver::regions(Formula f, std::uint32_t ranks) {
  const std::uint64_t memo = static_cast<std::uint64_t>(f) << 32 | ranks;
  if (auto known = regions_.find(memo); known != regions_.end()) return known->second;
  regex::Store& regexes = formulas_.regexes();
  const Profile& known_keys = profile(f);
  std::vector<std::string> names;
  for (std::uint32_t key : known_keys.keys) names.push_back(formulas_.key_text(key));
  for (std::uint32_t key : key_lists_[ranks]) names.push_back(formulas_.key_text(key));
  std::vector<KeyClass> parts(1);
  parts[0].region = names.empty() ? regex::kAnything : regexes.complement(regexes.words(names));
  for (Formula literal : known_keys.pattern_literals) {
    const Regex keys = formulas_[literal].a;
    std::vector<KeyClass> finer;
    for (KeyClass& part : parts) {
      spend(1);
      const Regex inside = regexes.intersect({part.region, keys});
      const Regex outside = regexes.intersect({part.region, regexes.complement(keys)});
      if (!regexes.empty(outside)) {
        finer.push_back({FormulaStore::kNoKey, outside, part.literals});
      }
      if (!regexes.empty(inside)) {
        part.literals.push_back(literal);
        finer.push_back({FormulaStore::kNoKey, inside, std::move(part.literals)});
      }
    }
    parts = std::move(finer);
    if (parts.size() > kMaxRegions) throw BudgetExceeded("overlapping key patterns: 4096 combinations");
  }
  return regions_.emplace(memo, std::move(parts)).first->second;
}

const KeyClass& Solver::classify(Formula f, const ObjectContext& context, std::uint32_t key) {
  const Profile& known = profile(f);
  const bool declared = known.single_literals.count(key) != 0 || rank(context.ranks, key) != kNoRank;
  regex::Store& regexes = formulas_.regexes();
  const std::string& text = formulas_.key_text(key);
  if (!declared) {
    for (const KeyClass& part : regions(f, context.ranks)) {
      if (regexes.matches(part.region, text)) return part;
    }
  }
  auto& classes = const_cast<Profile&>(known).classes;
  auto [entry, added] = classes.try_emplace(key);
  if (added) {
    entry->second.key = key;
    if (auto single = known.single_literals.find(key); single != known.single_literals.end()) {
      entry->second.literals = single->second;
    }
    for (Formula literal : known.pattern_literals) {
      if (regexes.matches(formulas_[literal].a, text)) entry->second.literals.push_back(literal);
    }
  }
  return entry->second;
}

Regex Solver::without_seen(Regex region, const ObjectContext& context) {
  const std::vector<std::uint32_t>& seen = key_lists_[context.seen];
  if (seen.empty()) return region;
  regex::Store& regexes = formulas_.regexes();
  std::vector<std::string> names;
  for (std::uint32_t key : seen) names.push_back(formulas_.key_text(key));
  return regexes.intersect({region, regexes.complement(regexes.words(names))});
}

std::vector<std::pair<const KeyClass*, Regex>> Solver::fresh_regions(Formula f, const ObjectContext& context) {
  constexpr std::size_t kMany = 3;
  std::vector<std::pair<const KeyClass*, Regex>> fresh;
  const std::vector<KeyClass>& parts = regions(f, context.ranks);
  if (parts.size() > kMany) return fresh;
  for (const KeyClass& part : parts) fresh.emplace_back(&part, without_seen(part.region, context));
  return fresh;
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
  auto& lowest = const_cast<Profile&>(profile(f)).lowest_required_rank;
  auto [entry, added] = lowest.try_emplace(context.ranks, kNoRank);
  if (added) {
    for (std::uint32_t owed : profile(f).required) {
      entry->second = std::min(entry->second, rank(context.ranks, owed));
    }
  }
  return r <= entry->second;
}

Formula Solver::member_goal(Formula f, const ObjectContext& context, const KeyClass& key_class,
                            std::uint32_t key) {
  if (profile(f).simple) {
    if (!order_allows(f, context, key_class.key)) return kFalse;
    // A required key that may not come (`¬members({k}, true, 1)`) makes the goal false by itself.
    for (Formula literal : key_class.literals) {
      if (formulas_[literal].b == kTrue && profile(f).forbidden.count(literal)) return kFalse;
    }
    const Formula goal = conjunction_goal(key_class);
    return satisfiable(goal) ? goal : kFalse;
  }
  const ContextKey memo{f, context, key_class.key != FormulaStore::kNoKey ? key * 2 : key_class.region * 2 + 1};
  if (auto known = goals_.find(memo); known != goals_.end()) return known->second;
  const ObjectContext after = after_key(context, key);
  const Formula result = goal(f, key_class.literals, kMember,
                              [&](Formula rest) { return rest_of_object(rest, after) != nullptr; });
  goals_.emplace(memo, result);
  return result;
}

Regex Solver::key_language(Formula f, const ObjectContext& context) {
  const ContextKey memo{f, context, 0};
  if (auto known = key_languages_.find(memo); known != key_languages_.end()) return known->second;
  regex::Store& regexes = formulas_.regexes();
  std::vector<std::string> words;
  std::unordered_set<std::uint32_t> tried;
  for (const std::vector<std::uint32_t>* keys : {&key_lists_[context.ranks], &profile(f).keys}) {
    for (std::uint32_t key : *keys) {
      if (!available(context, key) || !tried.insert(key).second) continue;
      if (member_goal(f, context, classify(f, context, key), key) != kFalse) {
        words.push_back(formulas_.key_text(key));
      }
    }
  }
  std::vector<Regex> parts{words.empty() ? regex::kNothing : regexes.words(std::move(words))};
  for (const KeyClass& part : regions(f, context.ranks)) {
    const Regex fresh = without_seen(part.region, context);
    if (regexes.empty(fresh)) continue;
    const std::uint32_t example = formulas_.key(regexes.witness(fresh));
    if (member_goal(f, context, part, example) != kFalse) parts.push_back(fresh);
  }
  const Regex language = regexes.alternate(parts);
  key_languages_.emplace(memo, language);
  return language;
}

// --- Completion -------------------------------------------------------------

namespace {

struct Member {
  std::uint32_t key;
  std::uint32_t rank;
  std::string text;  // "key":value
};

std::string join_members(std::vector<Member> members) {
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& a, const Member& b) { return a.rank < b.rank; });
  std::string text;
  for (const Member& member : members) {
    if (!text.empty()) text += ',';
    text += member.text;
  }
  return text;
}

}  // namespace

std::optional<std::string> Solver::straight_object(Formula f, const ObjectContext& context) {
  std::vector<Member> members;
  const std::vector<std::uint32_t> required = profile(f).required;
  for (std::uint32_t key : required) {
    spend(1);
    if (!available(context, key)) return std::nullopt;
    const KeyClass& key_class = classify(f, context, key);
    const std::string* text = value(conjunction_goal(key_class));
    if (!text) return std::nullopt;
    members.push_back({key, rank(context.ranks, key), quote(formulas_.key_text(key)) + ":" + *text});
  }
  return join_members(std::move(members));
}

// The keys that could make one of the urgent literals true, each with its class.
std::vector<std::pair<std::uint32_t, const KeyClass*>> Solver::candidates(Formula f,
                                                                          const ObjectContext& context) {
  const std::vector<Formula>& urgent = urgent_literals(f);
  const std::unordered_set<Formula> wanted(urgent.begin(), urgent.end());
  auto relevant = [&](const KeyClass& key_class) {
    return std::any_of(key_class.literals.begin(), key_class.literals.end(),
                       [&](Formula literal) { return wanted.count(literal) != 0; });
  };
  std::vector<std::pair<std::uint32_t, const KeyClass*>> found;
  std::unordered_set<std::uint32_t> tried;
  for (const std::vector<std::uint32_t>* keys : {&key_lists_[context.ranks], &profile(f).keys}) {
    for (std::uint32_t key : *keys) {
      if (!available(context, key) || !tried.insert(key).second) continue;
      const KeyClass& key_class = classify(f, context, key);
      if (relevant(key_class)) found.emplace_back(key, &key_class);
    }
  }
  regex::Store& regexes = formulas_.regexes();
  for (const KeyClass& part : regions(f, context.ranks)) {
    if (!relevant(part)) continue;
    const Regex fresh = without_seen(part.region, context);
    if (!regexes.empty(fresh)) found.emplace_back(formulas_.key(regexes.witness(fresh)), &part);
  }
  return found;
}

std::optional<std::string> Solver::search_object(Formula start, const ObjectContext& context) {
  struct State {
    Formula f;
    ObjectContext context;
    std::int32_t previous;
    Member member;
    std::uint64_t length;
  };
  std::vector<State> states{{start, context, -1, {}, 0}};
  using Entry = std::pair<std::uint64_t, std::int32_t>;  // estimated total, -index: newest first
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> open;
  open.emplace(estimate(start), 0);
  std::unordered_set<ContextKey, ContextKeyHash> visited;
  while (!open.empty()) {
    const std::int32_t current = -open.top().second;
    open.pop();
    const Formula f = states[static_cast<std::size_t>(current)].f;
    const ObjectContext here = states[static_cast<std::size_t>(current)].context;
    const std::uint64_t length = states[static_cast<std::size_t>(current)].length;
    if (formulas_.closed(f)) {
      std::vector<Member> members;
      for (std::int32_t i = current; i > 0; i = states[static_cast<std::size_t>(i)].previous) {
        const Member& member = states[static_cast<std::size_t>(i)].member;
        if (!member.text.empty()) members.push_back(member);  // a choice adds no member
      }
      std::reverse(members.begin(), members.end());
      return join_members(std::move(members));
    }
    if (length > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
    if (!visited.insert({f, here, 0}).second) continue;
    if (const std::vector<Formula> alternatives = split(f); !alternatives.empty()) {
      for (Formula alternative : alternatives) {
        states.push_back({alternative, here, current, {}, length});
        open.emplace(length + estimate(alternative), -static_cast<std::int32_t>(states.size() - 1));
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
      std::vector<std::uint32_t> seen = key_lists_[here.seen];
      seen.insert(std::upper_bound(seen.begin(), seen.end(), way.key), way.key);
      after.seen = key_lists_.intern(seen);
      const std::uint64_t total = length + way.text.size() + 1;
      Member member{way.key, rank(context.ranks, way.key), std::move(way.text)};
      states.push_back({rest, after, current, std::move(member), total});
      open.emplace(total + estimate(rest), -static_cast<std::int32_t>(states.size() - 1));
    }
  }
  return std::nullopt;
}

}  // namespace structgen::json
