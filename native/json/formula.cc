#include "json/formula.h"

#include <algorithm>
#include <unordered_set>

namespace structgen::json {

std::size_t NodeHash::operator()(const Node& node) const {
  std::size_t seed = static_cast<std::size_t>(node.kind) * 31 + node.detail;
  for (std::uint32_t part : {node.a, node.b, node.c, node.d}) seed = mix_hash(seed, part);
  for (Formula child : node.children) seed = mix_hash(seed, child);
  return seed;
}

FormulaStore::FormulaStore(regex::Store& regexes) : regexes_(regexes) {
  intern({.kind = Kind::kConstant, .detail = 0});
  intern({.kind = Kind::kConstant, .detail = 1});
}

Formula FormulaStore::intern(const Node& node) {
  return nodes_.intern(Node(node), [this](Node& fresh) {
    fresh.children = lists_.keep(fresh.children);
    find_out(fresh);
  });
}

void FormulaStore::find_out(Node& fresh) const {
  std::size_t closed = 0;  // children
  for (Formula child : fresh.children) {
    const Node& below = nodes_[child];
    fresh.leaves |= below.leaves;
    fresh.has_distinct |= below.has_distinct;
    closed += below.closed ? 1 : 0;
  }
  switch (fresh.kind) {
    case Kind::kAll:
      fresh.closed = closed == fresh.children.size();
      return;
    case Kind::kAny:
      fresh.closed = closed > 0;
      return;
    case Kind::kExactlyOne:
      fresh.closed = closed == 1;
      return;
    case Kind::kNot:
      fresh.leaves = nodes_[fresh.a].leaves;
      fresh.has_distinct = nodes_[fresh.a].has_distinct;
      fresh.closed = !nodes_[fresh.a].closed;
      return;
    default:  // `distinct` is about the items to come; none comes
      fresh.leaves = leaf_bit(static_cast<Formula>(nodes_.size()));
      fresh.has_distinct = fresh.kind == Kind::kDistinct;
      fresh.closed = fresh.has_distinct;
      if (fresh.kind == Kind::kConstant || fresh.kind == Kind::kDeclare) fresh.closed = fresh.detail != 0;
  }
}

namespace {

bool has_value(const NumberLiteral& literal) {
  return literal.kind != NumberLiteral::Kind::kInteger && literal.kind != NumberLiteral::Kind::kPlain;
}

}  // namespace

// --- Literals ---------------------------------------------------------------

Formula FormulaStore::type(Type type) {
  return intern({.kind = Kind::kType, .detail = static_cast<std::uint8_t>(type)});
}

Formula FormulaStore::boolean(bool value) {
  return intern({.kind = Kind::kBoolean, .detail = value});
}

Formula FormulaStore::string(Regex language) {
  if (language == regex::kNothing) return kFalse;
  if (language == regex::kAnything) return type(Type::kString);
  return intern({.kind = Kind::kString, .a = language});
}

Formula FormulaStore::number(const NumberLiteral& literal) {
  std::string name = std::to_string(static_cast<int>(literal.kind));
  if (has_value(literal)) name += literal.value.to_string();
  auto [entry, added] = number_ids_.try_emplace(name, static_cast<std::uint32_t>(numbers_.size()));
  if (added) numbers_.push_back(literal);
  return intern({.kind = Kind::kNumber, .a = entry->second});
}

Formula FormulaStore::members(Regex keys, Formula schema, std::uint32_t count) {
  if (count == 0) return type(Type::kObject);
  if (schema == kFalse || keys == regex::kNothing) return kFalse;
  return intern({.kind = Kind::kMembers, .a = keys, .b = schema, .c = count});
}

Formula FormulaStore::items(std::uint32_t start, std::uint32_t stop, Formula schema, std::uint32_t count) {
  if (count == 0) return type(Type::kArray);
  if (schema == kFalse || stop < start) return kFalse;
  if (stop != kNoStop && stop - start + 1 < count) return kFalse;
  return intern({.kind = Kind::kItems, .a = start, .b = stop, .c = schema, .d = count});
}

Formula FormulaStore::distinct(Formula seen) { return intern({.kind = Kind::kDistinct, .a = seen}); }

Formula FormulaStore::declare(const std::vector<std::string>& names) {
  std::vector<std::uint32_t> keys;
  keys.reserve(names.size());
  for (const std::string& name : names) keys.push_back(keys_.intern(name));
  return intern({.kind = Kind::kDeclare, .detail = 1, .a = declarations_.intern(keys)});
}

Formula FormulaStore::properties(const std::vector<std::string>& names, List schemas) {
  std::vector<Formula> parts{declare(names)};
  parts.reserve(names.size() + 1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (schemas[i] != kTrue) parts.push_back(negate(members(regexes_.literal(names[i]), negate(schemas[i]), 1)));
  }
  return all(parts);
}

Formula FormulaStore::requires_all(const std::vector<std::string>& names) {
  std::vector<Formula> parts;
  parts.reserve(names.size());
  for (const std::string& name : names) parts.push_back(members(regexes_.literal(name), kTrue, 1));
  return all(parts);
}

Formula FormulaStore::reference(std::function<Formula()> resolver) {
  references_.push_back({std::move(resolver), kFalse, false});
  return intern({.kind = Kind::kReference,
                 .a = static_cast<std::uint32_t>(references_.size() - 1)});
}

void FormulaStore::resolve_references() {
  for (; resolved_ < references_.size(); ++resolved_) expand(static_cast<std::uint32_t>(resolved_));
}

void FormulaStore::forget_references() {
  for (; resolved_ < references_.size(); ++resolved_) {
    if (!references_[resolved_].resolved) references_[resolved_] = {nullptr, kFalse, true};
  }
}

Formula FormulaStore::expand(std::uint32_t index) {
  if (!references_[index].resolved) {
    const std::function<Formula()> resolver = references_[index].resolver;  // may add references
    const Formula formula = resolver();
    references_[index] = {nullptr, formula, true};
  }
  return references_[index].formula;
}

std::uint32_t FormulaStore::single_key(Regex language) {
  if (const auto* known = single_keys_.find(language)) return *known;
  std::uint32_t key = kNoKey;
  if (!regexes_.empty(language) && regexes_.distance(language) < (1u << 16)) {
    const std::string word = regexes_.witness(language);
    if (regexes_.literal(word) == language) key = keys_.intern(word);
  }
  single_keys_.emplace(language, key);
  return key;
}

// --- Connectives ------------------------------------------------------------

// ∧ and ∨ are dual: `unit` disappears, `zero` wins. A labelled constant (kDeclare)
// survives where it is the unit and wins where it is the zero.
Formula FormulaStore::join(Kind kind, List children) {
  const Formula unit = kind == Kind::kAll ? kTrue : kFalse;
  const Formula zero = kind == Kind::kAll ? kFalse : kTrue;
  std::vector<Formula>& flat = joining_;
  flat.clear();
  for (Formula child : children) {
    if (child == unit) continue;
    if (child == zero) return zero;
    const Node& node = nodes_[child];
    if (node.kind == kind) {
      flat.insert(flat.end(), node.children.begin(), node.children.end());
    } else {
      flat.push_back(child);
    }
  }
  joined_.begin(nodes_.size());
  std::erase_if(flat, [this](Formula child) { return !joined_.add(child); });
  for (Formula child : flat) {
    const Node& node = nodes_[child];
    if (node.kind == Kind::kDeclare && node.detail != (unit == kTrue)) return zero;
    if (node.kind == Kind::kNot && joined_.has(node.a)) return zero;  // x ∧ ¬x, x ∨ ¬x
  }
  if (flat.empty()) return unit;
  if (flat.size() == 1) return flat[0];
  return intern({.kind = kind, .children = flat});
}

Formula FormulaStore::exactly_one(List children) {
  std::vector<Formula> open;
  std::vector<Formula> must_fail;
  std::unordered_set<Formula> met, twice;
  int held = 0;
  for (Formula child : children) {
    if (child == kFalse) continue;
    if (child == kTrue || nodes_[child].kind == Kind::kDeclare) {
      held += nodes_[child].detail;
    } else if (met.insert(child).second) {
      open.push_back(child);
    } else if (twice.insert(child).second) {
      must_fail.push_back(child);  // true twice is one too many
    }
  }
  if (held > 1) return kFalse;
  std::erase_if(open, [&](Formula f) { return twice.count(f) != 0; });
  std::vector<Formula> conjuncts;
  for (Formula f : must_fail) conjuncts.push_back(negate(f));
  if (held == 1) {
    for (Formula f : open) conjuncts.push_back(negate(f));
  } else if (open.empty()) {
    return kFalse;
  } else if (open.size() == 1) {
    conjuncts.push_back(open[0]);
  } else {
    conjuncts.push_back(intern({.kind = Kind::kExactlyOne, .children = open}));
  }
  return all(conjuncts);
}

Formula FormulaStore::negate(Formula f) {
  if (f == kFalse) return kTrue;
  if (f == kTrue) return kFalse;
  const Node& node = nodes_[f];
  switch (node.kind) {
    case Kind::kNot:
      return node.a;
    case Kind::kDeclare:
      return intern({.kind = Kind::kDeclare,
                     .detail = static_cast<std::uint8_t>(1 - node.detail),
                     .a = node.a});
    case Kind::kAll:
    case Kind::kAny: {
      std::vector<Formula> children;
      children.reserve(node.children.size());
      for (Formula child : node.children) children.push_back(negate(child));
      return join(node.kind == Kind::kAll ? Kind::kAny : Kind::kAll, children);
    }
    default:
      return intern({.kind = Kind::kNot, .a = f});
  }
}

// --- Printing ---------------------------------------------------------------

std::string FormulaStore::print(Formula f) const {
  static constexpr const char* kTypeNames[] = {"null", "boolean", "number", "string", "array", "object"};
  static constexpr const char* kNumberNames[] = {">=", ">", "integer", "multiple of", "=", "plain"};
  const Node& node = nodes_[f];
  auto list = [&](const char* name) {
    std::string text = std::string(name) + "(";
    for (std::size_t i = 0; i < node.children.size(); ++i) text += (i ? ", " : "") + print(node.children[i]);
    return text + ")";
  };
  switch (node.kind) {
    case Kind::kConstant:
      return node.detail ? "true" : "false";
    case Kind::kDeclare: {
      std::string text = node.detail ? "declare(" : "not declare(";
      for (std::size_t i = 0; i < declarations_[node.a].size(); ++i) {
        text += (i ? ", " : "") + keys_[declarations_[node.a][i]];
      }
      return text + ")";
    }
    case Kind::kType:
      return kTypeNames[node.detail];
    case Kind::kBoolean:
      return node.detail ? "= true" : "= false";
    case Kind::kString:
      return "string(" + regexes_.print(node.a) + ")";
    case Kind::kNumber: {
      const NumberLiteral& literal = numbers_[node.a];
      std::string text = kNumberNames[static_cast<int>(literal.kind)];
      if (has_value(literal)) text += " " + literal.value.to_string();
      return "number(" + text + ")";
    }
    case Kind::kMembers:
      return "members(" + regexes_.print(node.a) + ", " + print(node.b) + ", " + std::to_string(node.c) + ")";
    case Kind::kItems:
      return "items(" + std::to_string(node.a) + ".." + (node.b == kNoStop ? "" : std::to_string(node.b)) +
             ", " + print(node.c) + ", " + std::to_string(node.d) + ")";
    case Kind::kDistinct:
      return node.a == kFalse ? "distinct" : "distinct(not " + print(node.a) + ")";
    case Kind::kReference:
      return "ref(" + std::to_string(node.a) + ")";
    case Kind::kNot:
      return "not " + print(node.a);
    case Kind::kAll:
      return list("all");
    case Kind::kAny:
      return list("any");
    case Kind::kExactlyOne:
      return list("exactly_one");
  }
  return "";
}

}  // namespace structgen::json
