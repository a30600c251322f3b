// JSON Schema as boolean formulas over counting literals.
//
// A schema is a formula; reading a member or an item takes its derivative: the
// counting literals that the member touches go down by one or become true. Formulas
// are hash-consed, so equality is == and every function of a formula is memoised.
//
// Children of ∧, ∨ and exactly_one keep document order, because the order in
// which properties are declared is part of what a user asks for (`declare`).
//
// Does not know: JSON text, states, tokens, keywords.
//
// Prior art: Attouche, Baazizi, Colazzo, Ghelli, Sartiani & Scherzinger,
// "Witness generation for JSON Schema", VLDB 2022.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <unordered_set>
#include <vector>

#include "interner.h"
#include "json/number.h"
#include "json/number_set.h"
#include "lists.h"
#include "memo.h"
#include "regex/store.h"

namespace structgen::json {

using Formula = std::uint32_t;
using regex::Regex;
inline constexpr Formula kFalse = 0;
inline constexpr Formula kTrue = 1;
inline constexpr std::uint32_t kNoStop = 0xFFFFFFFFu;

enum class Type : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };
inline constexpr Type kAllTypes[] = {Type::kNull,   Type::kBoolean, Type::kNumber,
                                     Type::kString, Type::kArray,   Type::kObject};

enum class Kind : std::uint8_t {
  kConstant,
  kDeclare,     // true (or, negated, false) with a list of property names attached
  kType,        // detail: Type
  kBoolean,     // detail: 0 or 1
  kString,      // a: Regex
  kNumber,      // a: index of a NumberLiteral
  kMembers,     // a: Regex of keys, b: Formula, c: count
  kItems,       // a: start, b: stop (inclusive) or kNoStop, c: Formula, d: count
  kDistinct,    // a: Formula; the items to come differ from each other, and none satisfies a
  kReference,   // a: index of a name
  kNot,         // a: Formula
  kAll,         // children
  kAny,         // children
  kExactlyOne,  // children
};

struct Node {
  Kind kind;
  std::uint8_t detail = 0;
  std::uint32_t a = 0, b = 0, c = 0, d = 0;
  List children = {};
  // What follows from the above, found when the formula is new.
  // A bit, by its number, for every leaf below: most of what is rewritten changes nothing, and is seen here.
  std::uint64_t leaves = 0;
  bool closed = false;        // true when every counting literal is false
  bool has_distinct = false;

  bool operator==(const Node& other) const {
    return kind == other.kind && detail == other.detail && a == other.a && b == other.b && c == other.c &&
           d == other.d && std::ranges::equal(children, other.children);
  }
};

struct NodeHash {
  std::size_t operator()(const Node& node) const;
};

// The schema is wrong in a way only the engine can see, such as a reference that is its own definition.
class SchemaProblem : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class FormulaStore {
 public:
  explicit FormulaStore(regex::Store& regexes);

  // --- Literals. Each is false of a value of another type.
  Formula type(Type type);
  Formula boolean(bool value);
  Formula string(Regex language);
  Formula number(const NumberLiteral& literal);
  Formula members(Regex keys, Formula schema, std::uint32_t count);
  Formula items(std::uint32_t start, std::uint32_t stop, Formula schema, std::uint32_t count);
  Formula distinct(Formula seen = kFalse);
  // True, and says that these names are declared in this order.
  Formula declare(const std::vector<std::string>& names);
  // properties: the names are declared, and a member so called satisfies the schema beside it.
  Formula properties(const std::vector<std::string>& names, List schemas);
  // required: a member for each of the names.
  Formula requires_all(const std::vector<std::string>& names);
  // A name whose formula is asked for when it is first reached.
  Formula reference(std::function<Formula()> resolver);
  // Asks every name for its formula now, after which no resolver is kept.
  void resolve_references();
  // Gives up the names that have none, after a schema turned out to be wrong half-way.
  void forget_references();

  // --- Connectives.
  Formula all(List children) { return join(Kind::kAll, children); }
  Formula any(List children) { return join(Kind::kAny, children); }
  Formula all(std::initializer_list<Formula> children) { return all(List(children.begin(), children.size())); }
  Formula any(std::initializer_list<Formula> children) { return any(List(children.begin(), children.size())); }
  Formula exactly_one(List children);
  Formula negate(Formula f);
  // The connective of that kind over these children.
  Formula connect(Kind kind, List children) {
    return kind == Kind::kAll ? all(children) : kind == Kind::kAny ? any(children) : exactly_one(children);
  }

  // --- Reading.
  const Node& operator[](Formula f) const { return nodes_[f]; }
  const NumberLiteral& number_literal(std::uint32_t index) const { return numbers_[index]; }
  List declared(std::uint32_t index) const { return declarations_[index]; }
  std::string print(Formula f) const;
  std::size_t size() const { return nodes_.size(); }

  // --- Keys (decoded property names) are interned too.
  std::uint32_t key(const std::string& text) { return keys_.intern(text); }
  const std::string& key_text(std::uint32_t key) const { return keys_[key]; }
  // The only word of `language`, if it has exactly one and it was met before as a literal.
  static constexpr std::uint32_t kNoKey = 0xFFFFFFFFu;
  std::uint32_t single_key(Regex language);

  // --- Operations (formula_operations.cc).
  // f for values of `type`: literals about other types become false, references are
  // replaced by what they name, declarations disappear.
  Formula restrict(Formula f, Type type);
  // f with every literal that `changes` maps replaced.
  using Change = std::pair<Formula, Formula>;
  Formula rewrite(Formula f, const std::vector<Change>& changes);
  // The literals of f that members or items touch, in document order, each once.
  List counting_literals(Formula f);
  bool has_distinct(Formula f) const { return nodes_[f].has_distinct; }
  // Truth when every counting literal is false: may the object or array end here?
  bool closed(Formula f) const { return nodes_[f].closed; }
  // Truth under an assignment of all literals of f.
  bool evaluate(Formula f, const std::function<bool(Formula)>& literal) const;
  // Names declared anywhere in f, in document order, each once.
  List declared_names(Formula f);
  // f as a language, when f is restricted to strings.
  Regex to_language(Formula f);
  // f as a set of numbers, when f is restricted to numbers (formula_numbers.cc).
  const NumberSet& to_numbers(Formula f);

  regex::Store& regexes() { return regexes_; }

 private:
  struct Reference {
    std::function<Formula()> resolver;
    Formula formula = kFalse;
    bool resolved = false;
  };

  Formula intern(const Node& node);
  void find_out(Node& fresh) const;
  Formula expand(std::uint32_t reference);
  void collect(Formula f, bool positive, bool wanted, std::vector<Formula>& out);
  Formula join(Kind kind, List children);
  static std::uint64_t leaf_bit(Formula f) { return std::uint64_t{1} << (f * 0x9E3779B97F4A7C15ull >> 58); }
  template <class Replace>
  Formula rewrite_with(Formula f, std::uint64_t leaves, const Replace& replace);

  regex::Store& regexes_;
  Interner<Node, NodeHash> nodes_;
  Lists lists_;  // children, and what is known of formulas
  Interner<std::string> keys_;
  ListInterner declarations_;
  std::vector<NumberLiteral> numbers_;
  std::unordered_map<std::string, std::uint32_t> number_ids_;
  std::vector<Reference> references_;
  std::size_t resolved_ = 0;  // references below this one are resolved
  Memo<Regex, std::uint32_t> single_keys_;
  Memo<std::uint64_t, Formula> restricted_;
  std::unordered_set<std::uint64_t> restricting_;  // references being followed
  Memo<Formula, List> counting_;
  // A set of small integers that is emptied at once.
  class Marks {
   public:
    void begin(std::size_t formulas) {
      if (rounds_.size() < formulas) rounds_.resize(formulas + formulas / 2, 0);
      ++round_;
    }
    bool add(Formula f) {  // false: it was there
      if (f >= rounds_.size()) rounds_.resize(f + f / 2 + 1, 0);
      return std::exchange(rounds_[f], round_) != round_;
    }
    bool has(Formula f) const { return rounds_[f] == round_; }

   private:
    std::vector<std::uint32_t> rounds_;  // that last added each formula
    std::uint32_t round_ = 0;
  };
  Marks visited_, joined_, searched_, declared_;  // the last: keys
  Memo<Formula, List> names_;
  Memo<Formula, Regex> languages_;
  std::unordered_map<Formula, NumberSet> numbers_of_;
  std::vector<Formula> joining_;    // a connective's children on the way
  std::vector<Formula> rewritten_;  // children of all connectives that are being rewritten, one behind the other
  std::uint32_t depth_ = 0;
};

}  // namespace structgen::json
