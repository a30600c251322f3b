#include "regex/contexts.h"

#include <algorithm>
#include <map>

namespace structgen::regex {

namespace {

// The coarsest partition of all code points that every set is a union of.
std::vector<Ranges> partition(const std::vector<Ranges>& sets) {
  std::map<CodePoint, std::vector<std::size_t>> toggles;  // where membership changes
  toggles[0];
  toggles[0xD800];
  toggles[0xE000];
  for (std::size_t i = 0; i < sets.size(); ++i) {
    for (const auto& [low, high] : sets[i]) {
      toggles[low].push_back(i);
      toggles[high + 1].push_back(i);
    }
  }
  toggles[0x110000];
  std::map<std::vector<bool>, Ranges> by_membership;
  std::vector<bool> inside(sets.size());
  for (auto at = toggles.begin(); std::next(at) != toggles.end(); ++at) {
    for (std::size_t i : at->second) inside[i] = !inside[i];
    const CodePoint low = at->first;
    const CodePoint high = std::next(at)->first - 1;
    if (low == 0xD800 || low > 0x10FFFF || (low > 0xD800 && high < 0xE000)) continue;
    by_membership[inside].emplace_back(low, high);
  }
  std::vector<Ranges> classes;
  for (auto& [membership, ranges] : by_membership) classes.push_back(normalize(std::move(ranges)));
  return classes;
}

}  // namespace

Contexts::Contexts(Engine& engine, const std::vector<Lookbehind>& lookbehinds,
                   const std::vector<Ranges>& sets, CodePoint mark)
    : classes_(partition(sets)) {
  const auto read = [&](Regex r, CodePoint c) {
    std::string text;
    utf8_append(text, c);
    for (char byte : text) r = engine.derive(r, static_cast<std::uint8_t>(byte));
    return r;
  };
  std::map<std::vector<Regex>, std::size_t> index;
  const auto visit = [&](const std::vector<Regex>& state) {
    const auto [at, fresh] = index.try_emplace(state, states_.size());
    if (!fresh) return at->second;
    if (states_.size() == kMaxContexts) {
      throw BudgetExceeded("regex lookbehind: " + std::to_string(kMaxContexts) + " contexts");
    }
    states_.push_back(state);
    std::vector<Regex> rests;
    for (std::size_t i = 0; i < state.size(); ++i) {
      rests.push_back(lookbehinds[i].looks_ahead ? read(state[i], mark)
                                                 : (engine.nullable(state[i]) ? kAnything : kNothing));
    }
    rests_.push_back(std::move(rests));
    return at->second;
  };
  std::vector<Regex> start;
  for (const Lookbehind& one : lookbehinds) start.push_back(one.language);
  visit(start);
  for (std::size_t context = 0; context < states_.size(); ++context) {
    for (const Ranges& ranges : classes_) {
      std::vector<Regex> state = states_[context];
      for (Regex& r : state) r = read(r, ranges.front().first);
      next_.push_back(visit(state));
    }
  }
}

}  // namespace structgen::regex
