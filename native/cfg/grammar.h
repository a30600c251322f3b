// A context-free grammar as written: named rules whose bodies are expressions over terminals and rules.
//
// A terminal is a regular language, an expression of the regex engine; a leaf is the language of any other machine,
// such as the values of a JSON Schema. Expressions are appended and never
// change; what an expression is made of always has a smaller id, so one pass in order sees parts first.
//
// Does not know: notation (front ends build it), automata (network.h), tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "mask/machine.h"
#include "regex/node.h"
#include "regex/store.h"

namespace structgen::cfg {

using Expr = std::uint32_t;
using Rule = std::uint32_t;
inline constexpr std::uint32_t kNone = 0xFFFFFFFFu;

// The texts of another machine from one of its states on; the empty text is not among them.
struct Leaf {
  Machine* machine;
  Local start;
  regex::ByteSet first;  // bytes they may begin with: a superset
  std::string shortest;
};

class Grammar {
 public:
  enum class Kind : std::uint8_t {
    kTerminal,   // a: a regular language
    kLeaf,       // a: one of leaves()
    kReference,  // a: a rule
    kSequence,   // a: offset of the list of parts; b: how many
    kChoice,     // likewise
    kRepeat,     // a: body; b: at least; c: at most, regex::kUnbounded for no bound
  };
  struct Node {
    Kind kind;
    std::uint32_t a = 0, b = 0, c = 0;
  };

  Rule declare() {
    bodies_.push_back(kNone);
    return static_cast<Rule>(bodies_.size() - 1);
  }
  // A rule has one body; the last definition counts.
  void define(Rule rule, Expr body) { bodies_[rule] = body; }

  Expr terminal(regex::Regex language) { return add({Kind::kTerminal, language}); }
  Expr leaf(Leaf leaf) {
    leaves_.push_back(std::move(leaf));
    return add({Kind::kLeaf, static_cast<std::uint32_t>(leaves_.size() - 1)});
  }
  Expr reference(Rule rule) { return add({Kind::kReference, rule}); }
  Expr sequence(const std::vector<Expr>& parts) { return list(Kind::kSequence, parts); }
  Expr choice(const std::vector<Expr>& parts) { return list(Kind::kChoice, parts); }
  Expr repeat(Expr body, std::uint32_t min, std::uint32_t max) { return add({Kind::kRepeat, body, min, max}); }

  std::size_t rules() const { return bodies_.size(); }
  std::size_t size() const { return nodes_.size(); }
  Expr body(Rule rule) const { return bodies_[rule]; }  // kNone: not defined
  const Node& operator[](Expr e) const { return nodes_[e]; }
  const std::vector<Leaf>& leaves() const { return leaves_; }
  // What the expression is made of; empty for terminals, leaves and references.
  std::span<const Expr> parts(Expr e) const {
    const Node& node = nodes_[e];
    if (node.kind == Kind::kRepeat) return {&node.a, 1};
    if (node.kind != Kind::kSequence && node.kind != Kind::kChoice) return {};
    return {lists_.data() + node.a, node.b};
  }

 private:
  Expr add(const Node& node) {
    nodes_.push_back(node);
    return static_cast<Expr>(nodes_.size() - 1);
  }
  Expr list(Kind kind, const std::vector<Expr>& parts) {
    if (parts.size() == 1) return parts[0];
    const auto offset = static_cast<std::uint32_t>(lists_.size());
    lists_.insert(lists_.end(), parts.begin(), parts.end());
    return add({kind, offset, static_cast<std::uint32_t>(parts.size())});
  }

  std::vector<Node> nodes_;
  std::vector<Expr> lists_;
  std::vector<Expr> bodies_;
  std::vector<Leaf> leaves_;
};

}  // namespace structgen::cfg
