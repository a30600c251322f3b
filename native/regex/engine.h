// The hash-consed expressions behind Store: interning, similarity rules,
// derivatives, rows, and the search for completions. One class, one file of
// code per concern:
//
//   intern.cc      records, byte sets, word arrays, structural lengths
//   build.cc       constructors with the similarity rules
//   counters.cc    alternatives that differ only in their counters
//   characters.cc  code points lowered to bytes
//   derive.cc      derivatives and dense rows
//   search.cc      emptiness, distance, witness
//   contents.cc    bytes that members need, and can have
//   heads.cc       names, words and text at the beginning
//   horizon.cc    what short texts cannot tell apart
//   print.cc       the readable form
//   punycode.cc    encoded labels of host names
//
// Does not know: pattern syntax, Python, JSON.
//
// Brzozowski 1964 (derivatives); Owens, Reppy & Turon 2009 (similarity, byte
// classes); Varatalu, Veanes & Ernits 2025 (boolean operations).
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "budget.h"
#include "memo.h"
#include "regex/node.h"
#include "regex/punycode.h"
#include "regex/utf8.h"
#include "regex/words.h"
#include "rows.h"

namespace structgen::regex {

using Ranges = std::vector<CodePointRange>;

class Engine {
 public:
  static constexpr std::uint32_t kMaxDepth = 4000;
  static constexpr std::uint64_t kSearchSteps = 1'000'000;

  Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // --- Building (build.cc, characters.cc).
  Regex bytes(const ByteSet& set);
  Regex code_points(Ranges ranges);
  Regex literal(std::string_view text);
  Regex words(std::vector<std::string> words);
  Regex concat(Regex first, Regex second);
  Regex concat(const std::vector<Regex>& parts);
  Regex alternate(std::vector<Regex> parts);
  Regex intersect(std::vector<Regex> parts);
  Regex complement(Regex r, std::uint32_t utf8_state = 0);  // completions of the state that are not in r
  Regex repeat(Regex r, std::uint32_t min, std::uint32_t max);
  Regex without_epsilon(Regex r);
  // A name to be used inside its own definition, after at least one code point.
  Regex declare(bool nullable);
  void define(Regex name, Regex body);
  Regex punycode(Regex labels, std::uint32_t octets);  // punycode.h: what decodes to one of these

  // --- Reading.
  const Node& node(Regex r) const { return nodes_[r]; }
  const Lengths& lengths(Regex r) const { return lengths_[r]; }
  bool nullable(Regex r) const { return nodes_[r].flags & kNullable; }
  bool searched(Regex r) const { return nodes_[r].flags & kSearched; }
  bool well_formed(Regex r, std::uint32_t state = 0) const {
    const std::uint32_t end = utf8_to(nodes_[r].utf8, state);
    return end == 0 || end == kUtf8Vacuous;
  }
  Regex derive(Regex r, std::uint8_t byte);
  // The derivative, or kNothing where no completion is left.
  Regex step(Regex r, std::uint8_t byte) {
    const Regex next = row(r)[byte];
    return next != kUnread ? next : fill_class(r, byte);
  }
  // 256 successors; kUnread where step was not asked yet.
  const Regex* row(Regex r) { return rows_[r] != nullptr ? rows_[r] : new_row(r); }
  ByteSet first_bytes(Regex r);  // a superset of the bytes that members begin with
  bool empty(Regex r);
  std::uint32_t distance(Regex r);
  std::string witness(Regex r);
  Regex read(Regex r, std::string_view text);  // its derivative, counted loops in a stride
  std::string print(Regex r) const;
  // horizon.cc: what no text of at most `longest` bytes can tell apart; recursion is bounded.
  Regex near(Regex r, std::uint32_t longest, unsigned depth = 0);
  std::optional<Store::Bounded> bounded(Regex r);
  Regex with_rounds(Regex r, std::uint32_t rounds, std::uint32_t most, unsigned depth = 0);
  // heads.cc
  bool reads_letters(Regex factor);
  std::size_t letters_end(Regex r);
  std::vector<Regex> written_out(Regex r);
  std::optional<std::pair<Regex, Regex>> cut(Regex r, std::size_t count);
  std::optional<Store::Heads> heads(Regex r);
  std::uint32_t free_points(Regex r, unsigned depth = 0);
  bool counts_points(Regex r) const { return element(r).base == any_character_; }
  // What is left of an enumeration, where r is one; stays valid.
  std::optional<WordList> words_left(Regex r) const {
    const Node& n = nodes_[r];
    if (n.kind != Kind::kWords) return std::nullopt;
    return arrays_[n.a].list(n.b, n.c, n.d);
  }
  // The code points of a kCharacter expression.
  const Ranges& ranges(Regex r) const { return characters_.at(r); }

  std::size_t size() const { return nodes_.size(); }
  std::size_t memory_bytes() const;

 private:
  struct Element {  // one factor of a concatenation: base{min,max}
    Regex base;
    std::uint32_t min;
    std::uint32_t max;
  };
  struct Known {  // what a search found out
    std::uint32_t distance = 0;
    Regex next = kNothing;  // on a shortest way
    std::uint8_t byte = 0;
  };
  struct Slot {  // of the table of nodes
    std::uint32_t hash = 0, id = 0xFFFFFFFFu;  // which is: free
  };
  enum class Goal {
    kAny,       // is there a member?
    kShort,     // a way to one, found greedily
    kShortest,  // a shortest way
  };

  // intern.cc
  Regex intern(Node node, const std::vector<Regex>* members = nullptr);
  Regex intern_new(Node node, const std::vector<Regex>* members, std::uint32_t hash);
  std::uint32_t hash_of(const Node& node, const Regex* members) const;
  void measure(Node& node, Lengths& lengths) const;
  void add_to_table(Slot entry);
  void grow_table(std::size_t size);
  std::uint32_t byte_set(const ByteSet& set);
  std::uint32_t word_array(std::vector<std::string> words);
  Regex word_range(std::uint32_t array, std::uint32_t depth, std::uint32_t low, std::uint32_t high);
  const Regex* members(const Node& node) const { return lists_.data() + node.a; }

  // build.cc
  Regex prepend(Regex head, Regex tail);
  Element element(Regex r) const;
  bool contains(Regex alternation, Regex member) const;
  int domain_state(Regex r) const;  // s with r == domains_[s], or -1
  void merge_heads(std::vector<Regex>& parts);
  void absorb_alternatives(std::vector<Regex>& parts, bool& epsilon);
  bool merge_character_loops(std::vector<Regex>& parts);
  bool clip_lengths(std::vector<Regex>& parts);
  bool merge_complements(std::vector<Regex>& parts);
  Regex codec_state(std::uint32_t codec, std::uint32_t state);

  // horizon.cc
  std::uint32_t reach(Regex r, unsigned depth);
  std::uint32_t reach_of_factor(Regex r, unsigned depth);
  ByteSet last_bytes(Regex r, unsigned depth);
  bool escapable(Regex r);

  // counters.cc
  void merge_counters(std::vector<Regex>& parts);

  // derive.cc
  ByteSet decides(Regex r) const;
  Regex* new_row(Regex r);
  Regex* words_row(Regex r);
  Regex fill_class(Regex r, std::uint8_t byte);
  Regex derive_node(Regex r, std::uint8_t byte);
  void collect_sets(Regex r);
  void narrow(Regex r, std::uint8_t byte, ByteSet& same);
  void byte_classes(Regex r, std::vector<ByteClass>& classes);

  // contents.cc
  struct Contents {
    ByteSet possible, required;
  };
  Contents contents(Regex r);
  Contents contents_of_part(Regex r);
  bool needs_the_impossible(Regex r);

  // search.cc
  bool alive(Regex r, Budget& budget);
  bool all_alive(Regex r, Budget& budget);
  bool plainly_alive(Regex r, unsigned depth) const;
  bool recent_way_leads_on(Regex r, Budget& budget);
  bool search(Regex start, Goal goal, std::uint64_t most, Budget& budget);
  void append_shortest(Regex r, std::string& out);

  std::vector<Node> nodes_;
  std::vector<Lengths> lengths_;
  std::vector<Regex*> rows_;
  std::vector<std::uint32_t> first_;  // byte set + 1, 0 when not asked yet
  std::vector<Slot> table_;  // open addressing over nodes_; few look-ups touch a node that is not theirs
  std::vector<Regex> lists_;
  Rows row_store_;
  std::vector<ByteSet> sets_;
  std::unordered_map<ByteSet, std::uint32_t, ByteSetHash> set_index_;
  std::deque<WordArray> arrays_;  // none of them moves
  std::size_t word_bytes_ = 0;  // of all arrays
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> array_index_;
  std::unordered_map<Regex, Ranges> characters_;
  std::size_t character_ranges_ = 0;  // of all of these
  std::unordered_map<std::uint64_t, std::vector<Regex>> character_index_;  // hash of the ranges
  std::vector<Regex> equations_;                                           // body of each name
  std::vector<std::unique_ptr<Punycode>> codecs_;
  std::array<Regex, kUtf8States> domains_{};
  Regex any_character_ = kNothing;

  struct CachedDerivative {
    Regex of = kNothing;
    Regex result = kNothing;
    std::uint8_t byte = 0;
  };
  std::vector<CachedDerivative> derivative_cache_;

  std::vector<std::uint32_t> seen_;  // per expression: the round that last visited it
  std::uint32_t round_ = 0;
  std::vector<std::uint32_t> collected_;  // byte sets of the current round
  std::array<std::uint32_t, 256> single_bytes_{};
  std::vector<std::uint32_t> set_seen_;

  std::unordered_map<Regex, Known> known_;  // shortest ways
  std::unordered_map<Regex, bool> alive_;   // emptiness only
  std::string recent_way_;                  // what the last search for emptiness found to read
  Memo<Regex, std::uint64_t> contents_;     // byte sets: what is possible, what is required
};

}  // namespace structgen::regex
