// What an expression begins with: names, words, free text, each with what comes after it.
//
// A name in an expression is read alike wherever it stands, and a mask mostly depends on it alone. So an alternative
// is cut behind its first loop that reads letters, where the text that follows hardly begins as the loop goes on: then
// few texts can be cut in more than one place. Alternatives further inside are written out as far as they are few.
//
// Does not know: tokens, masks.
#include <map>
#include <string_view>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr std::size_t kMostFactors = 8;  // before and in the head
constexpr int kMostShared = 8;           // bytes by which both go on
constexpr std::size_t kMostAlternatives = 64;
constexpr std::string_view kRunningText = " t t";  // where words and blanks follow, it is read best as a whole

}  // namespace

// Whether it is a loop that reads letters.
bool Engine::reads_letters(Regex factor) {
  const Node node = nodes_[factor];
  return node.kind == Kind::kRepeat && node.d == kUnbounded && first_bytes(node.a).has('t');
}

// Where such a loop is among the first factors: how many there are up to it.
std::size_t Engine::letters_end(Regex r) {
  for (std::size_t count = 1; count <= kMostFactors; ++count) {
    const bool more = nodes_[r].kind == Kind::kConcat;
    if (reads_letters(more ? nodes_[r].a : r)) return count;
    if (!more) break;
    r = nodes_[r].b;
  }
  return 0;
}

// r with each member of its first choice that holds such a loop in its place; nothing where there is none.
std::vector<Regex> Engine::written_out(Regex r) {
  std::vector<Regex> before, found;
  for (; before.size() < kMostFactors; r = nodes_[r].b) {
    const bool more = nodes_[r].kind == Kind::kConcat;
    const Regex factor = more ? nodes_[r].a : r;
    const Node node = nodes_[factor];
    bool letters = false;
    for (std::uint32_t i = 0; node.kind == Kind::kAlternate && i < node.b && node.b <= kMostFactors; ++i) {
      letters = letters || letters_end(members(node)[i]) != 0;
    }
    if (letters) {
      const std::vector<Regex> choices(members(node), members(node) + node.b);
      for (const Regex choice : choices) {
        std::vector<Regex> factors = before;
        factors.push_back(choice);
        if (more) factors.push_back(nodes_[r].b);
        found.push_back(concat(factors));
      }
      return found;
    }
    if (!more) break;
    before.push_back(factor);
  }
  return found;
}

// A head of `count` factors, and what comes after it.
std::optional<std::pair<Regex, Regex>> Engine::cut(Regex r, std::size_t count) {
  std::vector<Regex> factors;
  Regex after = r;
  for (; factors.size() < count; after = nodes_[after].b) factors.push_back(nodes_[after].a);
  if ((first_bytes(factors.back()) & first_bytes(after)).count() > kMostShared) return std::nullopt;
  Regex text = after;
  for (const char byte : kRunningText) text = step(text, static_cast<std::uint8_t>(byte));
  if (text != kNothing) return std::nullopt;
  const Regex head = concat(factors);
  if (searched(head) || (searched(after) && empty(after))) return std::nullopt;
  return std::pair{head, after};
}

std::optional<Store::Heads> Engine::heads(Regex r) {
  const Node node = nodes_[r];
  std::vector<Regex> open{r};
  if (node.kind == Kind::kAlternate) {
    if (node.b > kMostAlternatives) return std::nullopt;
    open.assign(members(node), members(node) + node.b);
  }
  std::map<Regex, std::vector<Regex>> found;
  std::vector<Regex> whole, rest;  // whole: there is nothing after the loop
  for (std::size_t at = 0; at < open.size(); ++at) {  // grows meanwhile
    const Regex alternative = open[at];
    if (const std::size_t count = letters_end(alternative)) {
      Regex last = alternative;
      for (std::size_t i = 1; i < count; ++i) last = nodes_[last].b;
      if (nodes_[last].kind != Kind::kConcat) {
        (searched(alternative) ? rest : whole).push_back(alternative);
      } else if (const auto parts = cut(alternative, count)) {
        found[parts->first].push_back(parts->second);
      } else {
        rest.push_back(alternative);
      }
      continue;
    }
    std::vector<Regex> choices;
    if (open.size() < kMostAlternatives) choices = written_out(alternative);
    if (choices.empty()) rest.push_back(alternative);
    open.insert(open.end(), choices.begin(), choices.end());
  }
  if (found.empty() && (whole.empty() || rest.empty())) return std::nullopt;
  if (!whole.empty()) found[alternate(std::move(whole))].push_back(kEpsilon);
  Store::Heads heads;
  for (auto& [head, after] : found) heads.parts.push_back({head, alternate(std::move(after))});
  heads.rest = alternate(std::move(rest));
  if (searched(heads.rest) && empty(heads.rest)) heads.rest = kNothing;
  return heads;
}

}  // namespace structgen::regex
