// Replaying a witness: whether members that completed one formula complete another as well.
//
// Searching for a completion is hard, checking one is reading it. The questions a goal asks differ
// little from each other (this subschema true, that one false), so the members that answered the last one
// nearly always answer the next.
#include <algorithm>

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

// What remains of f after an item or member with value `text` that touches `literals`.
Formula Solver::after_value(Formula f, const std::vector<Formula>& literals, std::string_view text,
                            std::uint32_t index) {
  std::vector<std::pair<Formula, bool>> truth;
  for (const Slot& slot : slots_of(literals)) truth.emplace_back(slot.first, meets(slot.first, text));
  return derive(f, literals, truth, index);
}

// Whether the value `text` satisfies f. Nesting is that of a witness, which is bounded.
bool Solver::meets(Formula f, std::string_view text) {
  spend(1);
  if (f == kTrue || f == kFalse) return f == kTrue;
  if (text[0] == '{') {
    Formula left = object_formula(f);
    for (std::size_t at = 1; text[at] != '}' && left != kTrue && left != kFalse;) {
      const std::size_t key_end = end_of_string(text, at), value_end = end_of_value(text, key_end + 1);
      const std::uint32_t key = formulas_.key(unescape(text.substr(at + 1, key_end - at - 2)));
      const std::vector<Formula> literals = classify(left, {}, key).literals;
      left = after_value(left, literals, text.substr(key_end + 1, value_end - key_end - 1), kMember);
      at = value_end + (text[value_end] == ',');
    }
    return formulas_.closed(left);
  }
  if (text[0] != '[') return scalar_meets(f, text);
  Formula left = formulas_.restrict(f, Type::kArray);
  std::uint32_t index = 0;
  for (std::size_t at = 1; text[at] != ']' && left != kTrue && left != kFalse; ++index) {
    const std::size_t end = end_of_value(text, at);
    const std::string_view item = text.substr(at, end - at);
    left = exclude_item(after_value(left, item_literals(left, index), item, index), item);
    at = end + (text[end] == ',');
  }
  return formulas_.closed(left);
}

// Whether some of these members, read where their keys are still to be had, complete f.
bool Solver::replay(Formula f, const ObjectContext& context, std::string_view members) {
  for (std::size_t at = 0; at < members.size();) {
    spend(1);
    const std::size_t key_end = end_of_string(members, at), value_end = end_of_value(members, key_end + 1);
    const std::uint32_t key = formulas_.key(unescape(members.substr(at + 1, key_end - at - 2)));
    const std::string_view text = members.substr(key_end + 1, value_end - key_end - 1);
    at = value_end + 1;
    if (!available(context, key)) continue;
    const std::vector<Formula> literals = classify(f, context, key).literals;
    if (literals.empty()) continue;
    f = after_value(f, literals, text, kMember);
    if (f == kFalse) return false;
    if (formulas_.closed(f)) return true;
  }
  return false;
}

void Solver::remember_witness(const std::string& members) {
  constexpr std::size_t kKept = 4;
  if (members.empty() || std::find(recent_.begin(), recent_.end(), members) != recent_.end()) return;
  recent_.insert(recent_.begin(), members);
  if (recent_.size() > kKept) recent_.pop_back();
}

}  // namespace structgen::json
