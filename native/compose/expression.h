// What a composition allows, as interned expressions over leaves that are automata of their own.
//
//   leaf      the texts of another machine from one of its states on
//   token     one token by its id: what has no text
//   sequence, any (one of several), repeat {min, max}
//
// What may follow a prefix is a set of pairs: a leaf (or token) that is read next, and the expression left
// after it (Antimirov 1996, partial derivatives of regular expressions). So nothing is unrolled, and where only
// one pair is possible there is only one thing to follow.
//
// Does not know: how leaves are read (machine.h), tokens' texts, masks.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "lists.h"
#include "mask/leaf_frames.h"
#include "regex/node.h"

namespace structgen::compose {

using Expression = std::uint32_t;
inline constexpr Expression kNothing = 0;  // no text at all
inline constexpr Expression kEmpty = 1;    // the empty text
inline constexpr std::uint32_t kUnbounded = 0xFFFFFFFFu;

// One occurrence of an automaton.
struct Leaf {
  Machine* machine;
  Local start;
  std::uint32_t tokens;  // at most so many tokens may take part in it

  bool operator==(const Leaf&) const = default;
};

class ExpressionStore {
 public:
  explicit ExpressionStore(TextTable& texts);

  Expression leaf(const Leaf& leaf);  // kNothing where it has no text
  Expression token(std::uint32_t id);
  Expression sequence(const std::vector<Expression>& parts);
  Expression any(const std::vector<Expression>& parts);
  Expression repeat(Expression part, std::uint32_t min, std::uint32_t max);  // max may be kUnbounded

  bool nullable(Expression e) const { return facts_[e].nullable; }
  // Bytes and tokens of a shortest text, together.
  std::uint64_t length(Expression e) const { return facts_[e].length; }

  struct Head {
    bool is_token;
    std::uint32_t what;  // a leaf, or the id of a token
    Expression rest;

    bool operator==(const Head&) const = default;
  };
  // What may be read next, and what is left then; each pair once.
  const std::vector<Head>& heads(Expression e);
  // The bytes that a text of e may begin with. Superset: a leaf may not survive them.
  const regex::ByteSet& first(Expression e);

  const Leaf& leaf_at(std::uint32_t leaf) const { return leaves_[leaf].leaf; }
  const regex::ByteSet& first_of_leaf(std::uint32_t leaf);
  const std::string& shortest_of_leaf(std::uint32_t leaf) const { return leaves_[leaf].shortest; }
  std::size_t memory_bytes() const;

 private:
  enum class Kind : std::uint32_t { kNothing, kEmpty, kLeaf, kToken, kSequence, kAny, kRepeat };
  struct Facts {
    bool nullable;
    std::uint64_t length;
  };
  struct LeafFacts {
    Leaf leaf;
    std::string shortest;
    regex::ByteSet first;
    bool first_known = false;
  };

  Expression intern(std::vector<std::uint32_t> node, Facts facts);
  Expression pair(Expression first, Expression second);
  Kind kind(Expression e) const { return static_cast<Kind>(nodes_[e][0]); }

  TextTable& texts_;
  ListInterner nodes_;  // kind, then children, ids or bounds
  std::vector<Facts> facts_;
  ListInterner leaf_numbers_;
  std::vector<LeafFacts> leaves_;
  std::unordered_map<Expression, std::vector<Head>> heads_;
  std::unordered_map<Expression, regex::ByteSet> first_;
  std::size_t owned_bytes_ = 0;
};

}  // namespace structgen::compose
