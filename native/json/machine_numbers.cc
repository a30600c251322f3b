// Numbers: a = vector of formulas, b = the text read so far. Literals whose truth no
// further digit can change are replaced by it; once none is left, the text shrinks to
// a short stand-in with the same continuations, so that states are shared.
#include <algorithm>

#include "json/machine.h"

namespace structgen::json {

namespace {

void collect_literals(const FormulaStore& formulas, Formula f, std::vector<Formula>& out) {
  const Node& node = formulas[f];
  if (node.kind == Kind::kNumber) out.push_back(f);
  if (node.kind == Kind::kNot) collect_literals(formulas, node.a, out);
  for (Formula child : node.children) collect_literals(formulas, child, out);
}

// Whether to ask literal by literal what a prefix decides. An enumeration of thousands of
// numbers is not worth it: its states differ anyway.
constexpr std::size_t kFewLiterals = 64;

}  // namespace

Local JsonMachine::number_state(List formulas, std::string text) {
  if (formulas[0] == kFalse || !is_number_prefix(text, options_.numbers)) return kDead;
  std::vector<Formula> literals;
  for (Formula f : formulas) collect_literals(formulas_, f, literals);
  std::vector<FormulaStore::Change> changes;
  bool only_integer_left = literals.size() <= kFewLiterals;
  if (!only_integer_left) literals.clear();
  for (Formula literal : literals) {
    const NumberLiteral& number = formulas_.number_literal(formulas_[literal].a);
    const bool integer = number.kind == NumberLiteral::Kind::kInteger;
    const bool plain = number.kind == NumberLiteral::Kind::kPlain;
    // In float64 form, being an integer is also a matter of spelling: leave it to the cells.
    if (integer && options_.numbers == NumberForm::kFloat64) continue;
    if (const auto truth = decided(text, number, options_.numbers)) {
      changes.emplace_back(literal, *truth ? kTrue : kFalse);
    } else if (!plain) {
      only_integer_left = false;  // which digits were read still matters
    }
  }
  Formulas changed;
  if (!changes.empty()) {
    for (Formula f : formulas) changed.push_back(formulas_.rewrite(f, changes));
    formulas = changed;
  }
  if (formulas[0] == kFalse) return kDead;
  // Where only integers are wanted, no point or exponent can follow, and digits do not matter.
  const bool no_literals = only_integer_left && (literals.empty() || [&] {
    std::vector<Formula> left;
    for (Formula f : formulas) collect_literals(formulas_, f, left);
    return left.empty();
  }());
  const bool shared =
      no_literals || (only_integer_left && formulas[0] != kTrue && formulas_.to_numbers(formulas[0]).only_integers());
  if (shared) text = lexical_representative(text, options_.numbers);
  if (formulas[0] != kTrue && !formulas_.to_numbers(formulas[0]).complete(text, options_.numbers)) {
    return kDead;
  }
  return intern({.frame = Frame::kNumber, .a = vectors_.intern(formulas), .b = texts_.intern(text)});
}

Transition JsonMachine::number_step(const State& state, std::uint8_t byte) {
  switch (byte) {
    case ' ': case '\t': case '\n': case '\r': case ',': case ']': case '}':
      if (!number_complete(state)) return kDead;
      return pop(Action::Kind::kPopAgain, truth_of_scalar(vectors_[state.a], Type::kNumber, texts_[state.b]));
    case '-': case '+': case '.': case 'e': case 'E':
      break;
    default:
      if (byte < '0' || byte > '9') return kDead;
  }
  return number_state(vectors_[state.a], texts_[state.b] + static_cast<char>(byte));
}

bool JsonMachine::number_complete(const State& state) {
  const std::string& text = texts_[state.b];
  const Formula goal = vectors_[state.a][0];
  if (!is_number(text, options_.numbers)) return false;
  if (goal == kTrue) return true;
  const auto rest = formulas_.to_numbers(goal).complete(text, options_.numbers);
  return rest && rest->empty();
}

}  // namespace structgen::json
