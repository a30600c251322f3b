// Shared by the solver's files only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "budget.h"
#include "json/solver.h"

namespace structgen::json {

inline constexpr std::uint32_t kNoRank = 0xFFFFFFFFu;
inline constexpr std::uint32_t kNoCut = 0xFFFFFFFFu;
inline constexpr std::size_t kMaxWitness = 1u << 20;
// Witnesses up to this length also answer for the states on the way to their end.
inline constexpr std::uint64_t kRemembered = 1u << 14;
inline constexpr std::size_t kMaxMoves = 4096;

// A member of a witness.
struct Solver::Member {
  std::uint32_t key = 0;
  std::uint32_t rank = 0;
  std::string text;  // "key":value
};

// Undeclared keys that a formula cannot tell apart, as far as it was necessary to look.
struct Solver::Region {
  Regex keys;
  std::vector<Formula> literals;  // that apply to all of them
};

// A region, and how many of the patterns that only forbid have divided it.
struct Solver::Cell {
  Region region;
  std::size_t divided;
};

// What is worth knowing about a formula restricted to objects.
struct Solver::Profile {
  // Simple: a conjunction of ¬members(K, S, 1) and members({k}, true, 1) only.
  // Then members do not influence each other, and no search is needed.
  bool simple = false;
  std::vector<std::uint32_t> required;                // simple only: keys still owed
  // Keys of the other literals. Only these can help to make the formula true …
  std::vector<std::uint32_t> helpful;                 // ascending
  bool any_key_helps = false;                         // … unless a pattern is among them
  std::vector<std::uint32_t> keys;                    // keys named by a literal of their own, as they come
  struct Named {
    std::uint32_t key;
    List literals;  // that name it
  };
  std::vector<Named> single_literals;                 // by key, ascending
  // Null where no literal names the key.
  const Named* named(std::uint32_t key) const {
    const auto at = std::ranges::lower_bound(single_literals, key, {}, &Named::key);
    return at != single_literals.end() && at->key == key ? &*at : nullptr;
  }
  std::vector<Formula> pattern_literals;              // all other members-literals
  std::unordered_map<std::uint32_t, KeyClass> classes;        // of declared keys, filled on demand
  std::unordered_map<std::uint32_t, KeyClass> other_classes;  // of the others, by their literals
  // Undeclared keys by class, by rank table; empty where there are more than a few classes.
  std::unordered_map<std::uint32_t, std::vector<std::pair<const KeyClass*, Regex>>> few_regions;
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> required_ranks;  // by rank table, ascending
  std::unordered_map<std::uint32_t, Regex> undeclared;  // every key that is not declared, by rank table …
  std::unordered_map<std::uint32_t, std::vector<Region>> regions;  // … and divided, see open_regions …
  std::unordered_map<std::uint32_t, std::vector<Cell>> cells;      // … and as far as key languages needed it
};

template <class Map, class Key, class Compute>
const std::string* Solver::memoised(Map& map, const Key& key, Compute compute) {
  if (auto known = map.find(key); known != map.end()) return known->second ? &*known->second : nullptr;
  const std::uint32_t outer_cut = std::exchange(lowest_cut_, kNoCut);
  std::optional<std::string> result = compute();
  const std::uint32_t cut = lowest_cut_;
  // A witness stands whatever was cut; "there is none" is final only if nothing was.
  lowest_cut_ = result ? outer_cut : std::min(outer_cut, cut);
  if (!result && cut != kNoCut) return nullptr;
  if (result && result->size() > kMaxWitness) throw BudgetExceeded("shortest instance: 1 MiB");
  auto& stored = map.emplace(key, std::move(result)).first->second;
  return stored ? &*stored : nullptr;
}

}  // namespace structgen::json
