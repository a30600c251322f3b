// Keys: which may come next, told apart by what the formula says about them.
//
// A key belongs to a class by the literals that apply to it. Declared keys are looked up; all others
// are divided by the key patterns. Patterns may overlap in 2^n ways, but those that only forbid
// (¬members(pattern, S, 1), which is what patternProperties means) need no division while a value
// exists that suits all of them.
#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "budget.h"
#include "json/solver_internal.h"

namespace structgen::json {

namespace {

constexpr std::size_t kMaxRegions = 4096;
constexpr std::size_t kKeptCells = 256;

}  // namespace

// All keys but these.
Regex Solver::other_keys(std::vector<std::uint32_t> keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  if (keys.empty()) return regex::kAnything;
  const auto [entry, added] = other_keys_.try_emplace(key_lists_.intern(keys));
  if (added) {
    std::vector<std::string> names;
    names.reserve(keys.size());
    for (std::uint32_t key : keys) names.push_back(formulas_.key_text(key));
    regex::Store& regexes = formulas_.regexes();
    entry->second = regexes.complement(regexes.words(std::move(names)));
  }
  return entry->second;
}

// All keys but the declared ones.
Regex Solver::undeclared(Formula f, const ObjectContext& context) {
  Profile& known = *const_cast<Profile*>(&profile(f));
  const auto [entry, added] = known.undeclared.try_emplace(context.ranks, regex::kNothing);
  if (added) {
    std::vector<std::uint32_t> named = known.keys;
    named.insert(named.end(), key_lists_[context.ranks].begin(), key_lists_[context.ranks].end());
    entry->second = other_keys(std::move(named));
  }
  return entry->second;
}

// Of the keys that were read, those that are not declared. No region holds the others anyway, so that objects
// in which only declared keys were read share the languages of their keys.
std::vector<std::uint32_t> Solver::seen_undeclared(Formula f, const ObjectContext& context) {
  const List seen = key_lists_[context.seen];
  spend(seen.size());
  const Profile& known = profile(f);
  std::vector<std::uint32_t> found;
  std::copy_if(seen.begin(), seen.end(), std::back_inserter(found), [&](std::uint32_t key) {
    return rank(context.ranks, key) == kNoRank && !known.named(key);
  });
  return found;
}

ObjectContext Solver::without_undeclared_words(Formula f, const ObjectContext& context) {
  std::vector<std::uint32_t> gone = seen_undeclared(f, context);
  std::erase_if(gone, [&](std::uint32_t key) { return !has_word(formulas_.key_text(key)); });
  if (gone.empty()) return context;
  const List seen = key_lists_[context.seen];  // both ascend
  std::vector<std::uint32_t> kept;
  std::set_difference(seen.begin(), seen.end(), gone.begin(), gone.end(), std::back_inserter(kept));
  ObjectContext result = context;
  result.seen = key_lists_.intern(kept);
  return result;
}

bool Solver::has_key(Regex keys, std::uint32_t key) {
  const std::uint64_t memo = static_cast<std::uint64_t>(keys) << 32 | key;
  if (const bool* known = has_key_.find(memo)) return *known;
  const bool matches = formulas_.regexes().matches(keys, formulas_.key_text(key));
  has_key_.emplace(memo, matches);
  return matches;
}

const KeyClass& Solver::classify(Formula f, const ObjectContext& context, std::uint32_t key) {
  Profile& known = *const_cast<Profile*>(&profile(f));
  if (const auto entry = known.classes.find(key); entry != known.classes.end()) return entry->second;
  const Profile::Named* const named = known.named(key);
  std::vector<Formula> literals = named ? copy(named->literals) : std::vector<Formula>();
  for (Formula literal : known.pattern_literals) {
    if (has_key(formulas_[literal].a, key)) literals.push_back(literal);
  }
  if (!named && rank(context.ranks, key) == kNoRank) return class_of(known, literals);
  const bool more = !named || literals.size() > named->literals.size();
  return known.classes.emplace(key, KeyClass{key, 0, more ? lists_.keep(literals) : named->literals}).first->second;
}

// The class of undeclared keys to which these pattern literals apply.
const KeyClass& Solver::class_of(Profile& known, List literals) {
  const std::uint32_t id = key_lists_.intern(literals);
  return known.other_classes.try_emplace(id, KeyClass{FormulaStore::kNoKey, id, key_lists_[id]}).first->second;
}

// The undeclared keys, divided by the patterns of literals that can help to make f true.
const std::vector<Solver::Region>& Solver::open_regions(Formula f, const ObjectContext& context) {
  Profile& known = *const_cast<Profile*>(&profile(f));
  if (const auto entry = known.regions.find(context.ranks); entry != known.regions.end()) return entry->second;
  regex::Store& regexes = formulas_.regexes();
  const List never_help = forbidden(f);
  std::vector<Region> parts{{undeclared(f, context), {}}};
  for (Formula literal : known.pattern_literals) {
    if (contains(never_help, literal)) continue;
    std::vector<Region> finer;
    for (Region& part : parts) divide(part, literal, finer);
    parts = std::move(finer);
    if (parts.size() > kMaxRegions) throw BudgetExceeded("overlapping key patterns: 4096 combinations");
  }
  std::erase_if(parts, [&](const Region& part) { return regexes.empty(part.keys); });
  return known.regions[context.ranks] = std::move(parts);
}

// What is left of some keys when others were read: mostly all of them.
Regex Solver::unread(Regex keys, List read) {
  if (read.empty()) return keys;
  const std::uint64_t memo = static_cast<std::uint64_t>(keys) << 32 | key_lists_.intern(read);
  if (const Regex* known = unread_.find(memo)) return *known;
  std::vector<std::uint32_t> within;
  std::copy_if(read.begin(), read.end(), std::back_inserter(within),
               [&](std::uint32_t key) { return has_key(keys, key); });
  const Regex left = within.empty() ? keys : formulas_.regexes().intersect({keys, other_keys(std::move(within))});
  unread_.emplace(memo, left);
  return left;
}

void Solver::divide(const Region& part, Formula literal, std::vector<Region>& out) {
  spend(1);
  regex::Store& regexes = formulas_.regexes();
  const Regex keys = formulas_[literal].a;
  const Regex outside = regexes.intersect({part.keys, regexes.complement(keys)});
  if (!regexes.empty(outside)) out.push_back({outside, part.literals});
  const Regex inside = regexes.intersect({part.keys, keys});
  if (regexes.empty(inside)) return;
  out.push_back({inside, part.literals});
  out.back().literals.push_back(literal);
}

const std::vector<std::pair<const KeyClass*, Regex>>& Solver::key_regions(Formula f, const ObjectContext& context) {
  constexpr std::size_t kMany = 3;
  Profile& known = *const_cast<Profile*>(&profile(f));
  const auto [entry, added] = known.few_regions.try_emplace(context.ranks);
  if (added) {
    std::vector<Region> parts{{undeclared(f, context), {}}};
    for (Formula literal : known.pattern_literals) {
      std::vector<Region> finer;
      for (Region& part : parts) divide(part, literal, finer);
      parts = std::move(finer);
      if (parts.size() > kMany) parts.clear();
    }
    for (Region& part : parts) {
      const KeyClass& key_class = class_of(known, part.literals);
      if (known.simple && member_goal(f, context, key_class, FormulaStore::kNoKey) == kFalse) continue;
      entry->second.emplace_back(&key_class, part.keys);
    }
  }
  return entry->second;
}

// Pattern literals that only forbid; first those that forbid the keys as such, since they divide for good.
std::vector<Formula> Solver::forbidding(Formula f) {
  const Profile& known = profile(f);
  std::vector<Formula> literals;
  const List never_help = forbidden(f);
  std::copy_if(known.pattern_literals.begin(), known.pattern_literals.end(), std::back_inserter(literals),
               [&](Formula literal) { return contains(never_help, literal); });
  std::stable_partition(literals.begin(), literals.end(),
                        [&](Formula literal) { return formulas_[literal].b == kTrue; });
  return literals;
}

Regex Solver::key_language(Formula f, const ObjectContext& context) {
  const ContextKey memo{f, context, 0};
  if (auto known = key_languages_.find(memo); known != key_languages_.end()) return known->second;
  regex::Store& regexes = formulas_.regexes();
  std::vector<std::uint32_t> may_come, others;  // declared keys
  const List declared = key_lists_[context.ranks];
  const auto divide_keys = [&](std::uint32_t key) {
    const bool may = available(context, key) && member_goal(f, context, classify(f, context, key), key) != kFalse;
    (may ? may_come : others).push_back(key);
  };
  for (const std::uint32_t key : declared) divide_keys(key);
  for (const std::uint32_t key : profile(f).keys) {
    if (rank(context.ranks, key) == kNoRank) divide_keys(key);
  }
  std::vector<Regex> allowed;
  // A region with the patterns that have not divided it yet: allowed as a whole if a value suits them all,
  // not at all if none suits those that apply for sure. Divided regions are kept for other objects.
  Profile& known = *const_cast<Profile*>(&profile(f));
  const std::vector<Formula> patterns = forbidding(f);
  const std::vector<std::uint32_t> read = seen_undeclared(f, context);
  std::vector<Cell> open, cells;
  if (const auto entry = known.cells.find(context.ranks); entry != known.cells.end()) {
    open = entry->second;
  } else {
    for (const Region& region : open_regions(f, context)) open.push_back({region, 0});
  }
  bool every = true, any = false;  // undeclared key may come
  for (std::size_t looked_at = 0; !open.empty(); ++looked_at) {
    if (looked_at > kMaxRegions) throw BudgetExceeded("overlapping key patterns: 4096 combinations");
    const Cell cell = std::move(open.back());
    open.pop_back();
    const auto& [region, divided] = cell;
    const Regex keys = unread(region.keys, read);
    if (regexes.empty(keys)) {
      cells.push_back(cell);
      continue;
    }
    const std::uint32_t example = formulas_.key(regexes.witness(keys));
    std::vector<Formula> literals = region.literals;
    literals.insert(literals.end(), patterns.begin() + static_cast<std::ptrdiff_t>(divided), patterns.end());
    if (member_goal(f, context, class_of(known, std::move(literals)), example) != kFalse) {
      any = true;
      allowed.push_back(keys);
    } else {
      every = false;
      if (divided < patterns.size() && member_goal(f, context, class_of(known, region.literals), example) != kFalse) {
        std::vector<Region> halves;
        divide(region, patterns[divided], halves);
        for (Region& half : halves) open.push_back({std::move(half), divided + 1});
        continue;
      }
    }
    cells.push_back(cell);
  }
  if (cells.size() <= kKeptCells) known.cells[context.ranks] = std::move(cells);
  Regex language = regex::kNothing;
  if (every && any) {  // what is left out is a shorter list
    others.insert(others.end(), read.begin(), read.end());
    language = other_keys(std::move(others));
  } else {
    std::vector<std::string> words;
    words.reserve(may_come.size());
    for (const std::uint32_t key : may_come) words.push_back(formulas_.key_text(key));
    allowed.push_back(regexes.words(std::move(words)));
    language = regexes.alternate(allowed);
  }
  key_languages_.emplace(memo, language);
  return language;
}

// The keys that could make one of the urgent literals true, each with its class.
std::vector<std::pair<std::uint32_t, const KeyClass*>> Solver::candidates(Formula f,
                                                                          const ObjectContext& context) {
  const List urgent = urgent_literals(f);
  const std::unordered_set<Formula> wanted(urgent.begin(), urgent.end());
  const auto relevant = [&](List literals) {
    return std::any_of(literals.begin(), literals.end(), [&](Formula literal) { return wanted.count(literal) != 0; });
  };
  std::vector<std::pair<std::uint32_t, const KeyClass*>> found;
  std::unordered_set<std::uint32_t> tried;
  for (const List keys : {key_lists_[context.ranks], List(profile(f).keys)}) {
    for (std::uint32_t key : keys) {
      if (!available(context, key) || !tried.insert(key).second) continue;
      const KeyClass& key_class = classify(f, context, key);
      if (relevant(key_class.literals)) found.emplace_back(key, &key_class);
    }
  }
  if (!relevant(profile(f).pattern_literals)) return found;
  const std::vector<Formula> patterns = forbidding(f);
  const std::vector<std::uint32_t> read = seen_undeclared(f, context);
  for (const Region& region : open_regions(f, context)) {
    if (!relevant(region.literals)) continue;
    const Regex keys = unread(region.keys, read);
    if (!formulas_.regexes().empty(keys)) add_undeclared(f, context, {keys, region.literals}, patterns, found);
  }
  return found;
}

// Keys of the region, one for each set of patterns that applies; keys to which fewer apply come first.
// A key to which none applies serves as well as any other, so it ends the list.
void Solver::add_undeclared(Formula f, const ObjectContext& context, const Region& whole,
                            List patterns,
                            std::vector<std::pair<std::uint32_t, const KeyClass*>>& found) {
  regex::Store& regexes = formulas_.regexes();
  std::vector<std::pair<Region, std::size_t>> open{{whole, 0}};
  for (std::size_t looked_at = 0; !open.empty(); ++looked_at) {
    if (looked_at > kMaxRegions) throw BudgetExceeded("overlapping key patterns: 4096 combinations");
    const auto [region, next] = std::move(open.back());
    open.pop_back();
    if (next < patterns.size()) {
      std::vector<Region> halves;
      divide(region, patterns[next], halves);
      for (auto half = halves.rbegin(); half != halves.rend(); ++half) open.emplace_back(std::move(*half), next + 1);
      continue;
    }
    const std::uint32_t key = formulas_.key(regexes.witness(region.keys));
    found.emplace_back(key, &classify(f, context, key));
    if (region.literals.size() == whole.literals.size()) return;
  }
}

}  // namespace structgen::json
