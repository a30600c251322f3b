// Formulas with a single value, such as {"const": "circle"}. What else is true of the value is then a
// matter of looking at it, where a search would intersect languages.
#include "json/solver_internal.h"
#include "json/text.h"

namespace structgen::json {

// The only value of f as JSON text, where f plainly has one and it is a scalar; else nullptr.
const std::string* Solver::only_value(Formula f) {
  if (auto known = only_values_.find(f); known != only_values_.end()) {
    return known->second.empty() ? nullptr : &known->second;
  }
  std::string& only = only_values_[f];
  int values = 0;
  for (const Type type : kAllTypes) {
    const Formula restricted = formulas_.restrict(f, type);
    if (restricted == kFalse) continue;
    switch (type) {
      case Type::kNull:
        ++values;
        only = "null";
        break;
      case Type::kBoolean:
        for (const char* word : {"true", "false"}) {
          if (!scalar_meets(f, word)) continue;
          ++values;
          only = word;
        }
        break;
      case Type::kNumber: {
        const auto cells = restricted == kTrue ? std::span<const NumberCell>() : formulas_.to_numbers(restricted).cells();
        const bool point = cells.size() == 1 && cells[0].low && cells[0].high && cells[0].low->value == cells[0].high->value;
        values += point ? 1 : 2;
        if (point) only = cells[0].low->value.to_string();
        break;
      }
      case Type::kString: {
        const std::uint32_t word = formulas_.single_key(formulas_.to_language(restricted));
        values += word == FormulaStore::kNoKey ? 2 : 1;
        if (word != FormulaStore::kNoKey) only = quote(formulas_.key_text(word));
        break;
      }
      default:
        values += 2;
    }
    if (values > 1) break;
  }
  if (values != 1) only.clear();
  return only.empty() ? nullptr : &only;
}

// Whether f has something to say about how a number is written: then its value alone does not tell.
// Integers are written without point and exponent in float64 form.
bool Solver::spelling_matters(Formula f) {
  std::vector<Formula> pending{formulas_.restrict(f, Type::kNumber)};
  while (!pending.empty()) {
    const Node& node = formulas_[pending.back()];
    pending.pop_back();
    if (node.kind == Kind::kNot) pending.push_back(node.a);
    if (node.kind == Kind::kNumber) {
      using Literal = NumberLiteral::Kind;
      const Literal kind = formulas_.number_literal(node.a).kind;
      if (kind == Literal::kPlain || kind == Literal::kInteger || kind == Literal::kMultipleOf) return true;
    }
    pending.insert(pending.end(), node.children.begin(), node.children.end());
  }
  return false;
}

// Whether the scalar `text` satisfies f.
bool Solver::scalar_meets(Formula f, std::string_view text) {
  const char first = text[0];
  const Type type = first == '"' ? Type::kString : first == 'n' ? Type::kNull : first == 't' || first == 'f' ? Type::kBoolean : Type::kNumber;
  const Formula restricted = formulas_.restrict(f, type);
  if (restricted == kTrue || restricted == kFalse) return restricted == kTrue;
  const auto number = type == Type::kNumber ? Decimal::parse(text) : std::nullopt;
  const std::string word = type == Type::kString ? unescape(text.substr(1, text.size() - 2)) : std::string();
  return formulas_.evaluate(restricted, [&](Formula literal) {
    const Node& node = formulas_[literal];
    if (type == Type::kBoolean) return (node.detail != 0) == (first == 't');
    if (type == Type::kString) return formulas_.regexes().matches(node.a, word);
    return formulas_.number_literal(node.a).holds(*number, text);
  });
}

// Whether `value`, of which a subschema came out as told last, is worth holding against all the others:
// that something is not the case says little about them.
bool Solver::nearly_fixed(Formula value, bool holds) {
  if (only_value(value)) return true;
  const Kind last = formulas_[conjuncts(value).back()].kind;
  return holds && last != Kind::kNot && last != Kind::kAny;
}

Formula Solver::narrowed(Formula value, Formula schema, bool holds) {
  const Formula chosen = holds ? schema : formulas_.negate(schema);
  const auto tells = [this](const std::string* text, Formula f) {
    const bool number = (*text)[0] == '-' || ((*text)[0] >= '0' && (*text)[0] <= '9');
    return !number || !spelling_matters(f);
  };
  if (const std::string* text = only_value(chosen); text && tells(text, value) && tells(text, chosen)) {
    return scalar_meets(value, *text) ? chosen : kFalse;
  }
  if (const std::string* text = only_value(value); text && tells(text, chosen)) {
    return scalar_meets(chosen, *text) ? value : kFalse;
  }
  return formulas_.all({value, chosen});
}

}  // namespace structgen::json
