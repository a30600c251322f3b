// Replaying a witness: whether members that completed one formula complete another as well.
//
// Searching for a completion is hard, checking one is counting: a literal holds if enough members meet
// it. The questions a goal asks differ little from each other (this subschema true, that one false), so the
// members that answered the last one nearly always answer the next.
#include <algorithm>
#include <unordered_map>

#include "json/equality.h"
#include "json/solver_internal.h"
#include "json/text.h"

namespace structgen::json {

namespace {

// The end of the JSON value or string that starts at `at`; the text has no blanks.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  int nesting = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '"') {
      for (++at; text[at] != '"'; ++at) at += text[at] == '\\';
    } else if (c == '{' || c == '[') {
      ++nesting;
    } else if (c == '}' || c == ']') {
      if (--nesting < 0) return at;
    } else if (c == ',' && nesting == 0) {
      return at;
    }
  }
  return at;
}

std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) at += text[at] == '\\';
  return at + 1;
}

}  // namespace

std::vector<Solver::NamedText> Solver::members_of(std::string_view text) {
  std::vector<NamedText> members;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t key_end = end_of_string(text, at), value_end = end_of_value(text, key_end + 1);
    members.push_back({formulas_.key(unescape(text.substr(at + 1, key_end - at - 2))),
                       values_met_.intern(std::string(text.substr(key_end + 1, value_end - key_end - 1)))});
    at = value_end + 1;
  }
  return members;
}

// Whether an object of exactly these members satisfies f, a formula about objects.
bool Solver::members_meet(Formula f, std::span<const NamedText> members) {
  std::unordered_map<std::uint32_t, std::uint32_t> by_key;
  for (const NamedText& member : members) by_key.emplace(member.key, member.value);
  return formulas_.evaluate(f, [&](Formula literal) {
    spend(1);
    const Node& node = formulas_[literal];
    if (const std::uint32_t key = formulas_.single_key(node.a); key != FormulaStore::kNoKey) {
      const auto member = by_key.find(key);
      return node.c == 1 && member != by_key.end() && value_meets(node.b, member->second);
    }
    std::uint32_t owed = node.c;
    for (const NamedText& member : members) {
      if (has_key(node.a, member.key) && value_meets(node.b, member.value) && --owed == 0) return true;
    }
    return false;
  });
}

bool Solver::value_meets(Formula f, std::uint32_t value) {
  const std::uint64_t memo = static_cast<std::uint64_t>(f) << 32 | value;
  if (const bool* known = met_.find(memo)) return *known;
  const bool holds = meets(f, values_met_[value]);
  met_.emplace(memo, holds);
  return holds;
}

bool Solver::items_meet(Formula f, const std::vector<std::string_view>& items) {
  return formulas_.evaluate(f, [&](Formula literal) {
    spend(1);
    const Node& node = formulas_[literal];
    if (node.kind == Kind::kDistinct) {
      for (std::size_t i = 0; i < items.size(); ++i) {
        if (meets(node.a, items[i])) return false;
        const Formula same = equal_to(formulas_, items[i]);
        for (std::size_t j = 0; j < i; ++j) {
          if (meets(same, items[j])) return false;
        }
      }
      return true;
    }
    std::uint32_t owed = node.d;
    for (std::size_t i = node.a; i < items.size() && i <= node.b; ++i) {
      if (meets(node.c, items[i]) && --owed == 0) return true;
    }
    return false;
  });
}

// Whether the value `text` satisfies f. Nesting is that of a witness, which is bounded.
bool Solver::meets(Formula f, std::string_view text) {
  spend(1);
  if (f == kTrue || f == kFalse) return f == kTrue;
  if (text[0] == '{') {
    return members_meet(object_formula(f), members_of(text.substr(1, text.size() - 2)));
  }
  if (text[0] != '[') return scalar_meets(f, text);
  std::vector<std::string_view> items;
  for (std::size_t at = 1; text[at] != ']';) {
    const std::size_t end = end_of_value(text, at);
    items.push_back(text.substr(at, end - at));
    at = end + (text[end] == ',');
  }
  return items_meet(formulas_.restrict(f, Type::kArray), items);
}

// Whether f is completed by the members of a witness found before, as far as their keys are still to be had.
bool Solver::replay(Formula f, const ObjectContext& context) {
  for (const std::vector<NamedText>& witness : recent_) {
    std::vector<NamedText> members;
    for (const NamedText& member : witness) {
      if (available(context, member.key)) members.push_back(member);
    }
    if (!members.empty() && members_meet(f, members)) return true;
  }
  return false;
}

void Solver::remember_witness(const std::string& members) {
  constexpr std::size_t kKept = 4;
  if (members.empty() || members.size() > kRemembered) return;
  std::vector<NamedText> witness = members_of(members);
  if (std::find(recent_.begin(), recent_.end(), witness) != recent_.end()) return;
  recent_.insert(recent_.begin(), std::move(witness));
  if (recent_.size() > kKept) recent_.pop_back();
}

}  // namespace structgen::json
