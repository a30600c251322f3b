// The regular-expression engine as the rest of the core sees it.
//
// Expressions are hash-consed: equal structure means equal id, so a DFA state
// *is* an expression and equality is ==. Everything is over bytes; code points
// are lowered to UTF-8 when an expression is built.
//
// Does not know: JSON, tokens, Python. Not thread-safe: the owner holds a lock.
//
// Brzozowski 1964; Owens, Reppy & Turon 2009 (similarity rules);
// Varatalu, Veanes & Ernits 2025 (RE#: boolean operations, lookarounds).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "word_list.h"

namespace structgen::regex {

using Regex = std::uint32_t;           // an interned expression
inline constexpr Regex kNothing = 0;   // the empty language; also the dead state
inline constexpr Regex kEpsilon = 1;   // the empty string
inline constexpr Regex kAnything = 2;  // every valid UTF-8 string
inline constexpr Regex kUnread = 0xFFFFFFFFu;  // in a row: not asked for yet
inline constexpr std::uint32_t kUnbounded = 0xFFFFFFFFu;

using CodePoint = std::uint32_t;
using CodePointRange = std::pair<CodePoint, CodePoint>;  // inclusive on both sides

class Engine;  // engine.h: what the parser needs beyond this page

class Store {
 public:
  Store();
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // --- Building. Every language is a subset of the valid UTF-8 strings unless
  //     it is made of `bytes`.
  Regex bytes(std::uint8_t low, std::uint8_t high);
  Regex code_points(const std::vector<CodePointRange>& ranges);  // one code point, surrogates left out
  Regex literal(std::string_view text);
  Regex words(std::vector<std::string> words);  // exactly these strings; any order, duplicates allowed
  Regex concat(const std::vector<Regex>& parts);
  Regex alternate(const std::vector<Regex>& parts);             // |
  Regex intersect(const std::vector<Regex>& parts);             // &
  Regex complement(Regex r);                                    // valid UTF-8 strings not in r
  Regex repeat(Regex r, std::uint32_t min, std::uint32_t max);  // max may be kUnbounded
  // Texts of at most so many octets that RFC 3492 decodes to a member of r beyond ASCII, as host names hold
  // them behind "xn--"; those among them that a bounded search finds the way to.
  Regex punycode(Regex r, std::uint32_t octets);

  // --- Reading.
  bool nullable(Regex r) const;
  // What may follow the byte; kNothing where no completion exists (liveness is exact).
  Regex step(Regex r, std::uint8_t byte);
  // 256 successors, kUnread where step has not been asked yet. The pointer stays valid as long as the store.
  const Regex* row(Regex r);
  bool empty(Regex r);
  std::string first_bytes(Regex r);  // ascending: those that members begin with, and perhaps some more
  // Bytes of the witness; r must not be empty. Saturates at 2^32-1.
  std::uint32_t distance(Regex r);
  std::string witness(Regex r);                  // a shortest member, or a short one where proving that is long
  bool matches(Regex r, std::string_view text);  // whole text
  // What may follow the text, which is the beginning of a member; made for long witnesses.
  Regex read(Regex r, std::string_view text);
  std::string print(Regex r) const;              // for people and golden tests

  // --- What a mask can tell, whose tokens are short.
  // An expression with the same members and the same live prefixes among texts of at most `longest` bytes.
  Regex near(Regex r, std::uint32_t longest);
  // Two expressions between which r lies: its members are some of the second's, and all of the first's are among
  // them. Counted loops have few rounds left in the first and no bound in the second; both are r where it has none.
  std::pair<Regex, Regex> between(Regex r);
  // So many characters, whichever they are, leave a completion possible; `exact`: and no more than these.
  struct FreePoints {
    std::uint32_t points;
    bool exact;
  };
  FreePoints free_points(Regex r);
  // r without the bound on its length, where it is one beside a pattern whose lengths structure alone tells.
  struct Bounded {
    Regex pattern;
    std::uint32_t points;  // the bound
    std::uint32_t reach;   // at most so many characters complete any text that can be completed
  };
  std::optional<Bounded> bounded(Regex r);
  std::uint32_t least_points(Regex r) const;  // of a pattern's derivatives: characters of a shortest member
  // What is left of an enumeration, where that is all r is; stays valid.
  std::optional<WordList> words_left(Regex r) const;
  // Alternatives that begin with any number of letters, each as that head and what comes after it, and the others.
  // None of them is empty but `rest`, which may be kNothing; nothing where there is no such head.
  struct Heads {
    struct Part {
      Regex head, after;
    };
    std::vector<Part> parts;
    Regex rest;
  };
  std::optional<Heads> heads(Regex r);
  bool well_formed(Regex r) const;  // every member is valid UTF-8 by itself

  std::size_t size() const;  // expressions interned
  std::size_t memory_bytes() const;

  Engine& engine();
  const Engine& engine() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace structgen::regex
