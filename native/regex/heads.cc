// What an expression begins with: names, words, free text, each with what comes after it.
//
// A name in an expression is read alike wherever it stands, and a mask mostly depends on it alone. So an alternative
// is cut behind its first loop that reads letters, where the text that follows hardly begins as the loop goes on: then
// few texts can be cut in more than one place.
//
// Does not know: tokens, masks.
#include <map>
#include <string_view>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr int kMostFactors = 8;       // before and in the head
constexpr int kMostShared = 8;        // bytes by which both go on
constexpr std::uint32_t kMostAlternatives = 64;
constexpr std::string_view kRunningText = " t t";  // where words and blanks follow, it is read best as a whole

}  // namespace

std::optional<std::pair<Regex, Regex>> Engine::cut(Regex r) {
  std::vector<Regex> factors;
  for (Regex rest = r; nodes_[rest].kind == Kind::kConcat && factors.size() < kMostFactors; rest = nodes_[rest].b) {
    const Regex factor = nodes_[rest].a;
    factors.push_back(factor);
    const Node& node = nodes_[factor];
    if (node.kind != Kind::kRepeat || node.d != kUnbounded || !first_bytes(node.a).has('t')) continue;
    const Regex after = nodes_[rest].b;
    if ((first_bytes(factor) & first_bytes(after)).count() > kMostShared) return std::nullopt;
    Regex text = after;
    for (const char byte : kRunningText) text = step(text, static_cast<std::uint8_t>(byte));
    if (text != kNothing) return std::nullopt;
    const Regex head = concat(factors);
    if (searched(head) || (searched(after) && empty(after))) return std::nullopt;
    return std::pair{head, after};
  }
  return std::nullopt;
}

std::optional<Store::Heads> Engine::heads(Regex r) {
  const Node node = nodes_[r];
  std::vector<Regex> alternatives{r};
  if (node.kind == Kind::kAlternate) {
    if (node.b > kMostAlternatives) return std::nullopt;
    alternatives.assign(members(node), members(node) + node.b);
  }
  std::map<Regex, std::vector<Regex>> found;
  std::vector<Regex> rest;
  for (const Regex alternative : alternatives) {
    if (const auto parts = cut(alternative)) {
      found[parts->first].push_back(parts->second);
    } else {
      rest.push_back(alternative);
    }
  }
  if (found.empty()) return std::nullopt;
  Store::Heads heads;
  for (auto& [head, after] : found) heads.parts.push_back({head, alternate(std::move(after))});
  heads.rest = alternate(std::move(rest));
  if (searched(heads.rest) && empty(heads.rest)) heads.rest = kNothing;
  return heads;
}

}  // namespace structgen::regex
