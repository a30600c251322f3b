// The walk through a language against its definition (every token byte by byte), and masks of grammars put together
// from languages against walks of their states as they are.
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cfg/machine.h"
#include "check.h"
#include "mask/engine.h"
#include "mask/language_walk.h"
#include "mask/matcher.h"
#include "mask/text_region.h"
#include "regex/parse.h"
#include "regex/utf8.h"
#include "vocabulary/sibling_trie.h"
#include "vocabulary/subtree_text.h"

namespace {

using namespace structgen;

// Words, blanks and signs in many combinations, copies of some, characters of all lengths, halves of characters.
std::vector<std::string> made_up_tokens() {
  std::vector<std::string> tokens;
  for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
  const std::vector<std::string> parts{"a",  "if",  "the", "x1", " ",      "  ", "\t",   "\n",     ",",
                                       ".",  "42",  "-",   "\"", "\\",     "(",  "é",    "\u2028", "語",
                                       "🙂", "\xC3", "\x80", "\xE8\xAA", "_", "ABC", "\x85", "\u0085", "=="};
  std::mt19937 random(7);
  for (int i = 0; i < 3000; ++i) {
    std::string token;
    for (unsigned n = 1 + random() % 5; n > 0; --n) token += parts[random() % parts.size()];
    tokens.push_back(token);
  }
  tokens.emplace_back();
  return tokens;
}

std::shared_ptr<const TokenTrie> trie_of(const std::vector<std::string>& tokens) {
  const std::vector<std::string_view> views(tokens.begin(), tokens.end());
  return std::make_shared<const TokenTrie>(TokenTrie::build(views));
}

regex::Regex parsed(regex::Store& store, const char* pattern) {
  regex::ParseOptions options;
  options.dialect = &regex::python_dialect();
  options.property = [](const std::string&) { return regex::Ranges{{'0', '9'}, {'A', 'Z'}, {'a', 'z'}, {0xC0, 0x24F}}; };
  return regex::parse(store, pattern, options);
}

// Nodes of the sibling trie by what they spell.
std::map<std::string, std::uint32_t> spelled(const TokenTrie& trie) {
  std::map<std::string, std::uint32_t> found;
  const auto& nodes = trie.siblings().nodes;
  std::vector<std::pair<std::uint32_t, std::string>> open{{0, ""}};
  while (!open.empty()) {
    const auto [i, text] = open.back();
    open.pop_back();
    found[text] = i;
    for (std::uint32_t child = nodes[i].first; child < nodes[i].last(); ++child) {
      open.push_back({child, text + static_cast<char>(nodes[child].byte)});
    }
  }
  return found;
}

const std::vector<const char*> kPatterns{
    "[a-z]*",      "([a-z_][a-z0-9_]*)",   "[^\"]*\"",        "[^\\n\\u2028\\u0085]*", "(the|if|a)*",
    "\\w+( \\w+)*", "([a-zA-Z]+[ ,\\t]?)+", "(\\d+|[a-z]+|,)*", "[^\\x00-\\x7f]*",       "(a|é|🙂)*,",
    "x?",          "\\s*-?\\d+(\\.\\d+)?", ".{0,3}",          "(\"(\\\\.|[^\"\\\\\\n])*\"\\s*)*"};

}  // namespace

TEST(what_lies_below_a_node_is_what_its_tokens_spell) {
  const std::vector<std::string> tokens = made_up_tokens();
  const auto trie = trie_of(tokens);
  const SubtreeText& text = trie->subtrees();
  for (const auto& [path, node] : spelled(*trie)) {
    std::set<std::uint32_t> below;
    CharacterKinds kinds = 0;
    for (std::uint32_t id = 0; id < tokens.size(); ++id) {
      if (tokens[id].empty() || !tokens[id].starts_with(path)) continue;
      below.insert(id);
      for (const char byte : tokens[id].substr(path.size())) {
        const CharacterKinds kind = kind_of(static_cast<std::uint8_t>(byte));
        if (kind != kNotUtf8) kinds |= kind;
      }
    }
    const auto listed = text.tokens(node);
    CHECK(std::set<std::uint32_t>(listed.begin(), listed.end()) == below && listed.size() == below.size());
    CHECK_EQ(text.kinds_after_first(node).size(), listed.size());
    CHECK((text.kinds(node) & kNotUtf8) != 0 || text.kinds(node) == kinds);
  }
  CHECK((text.kinds(spelled(*trie).at("\xC3")) & kNotUtf8) != 0);
}

TEST(any_text_of_a_region_is_alive) {
  Engine engine;
  std::mt19937 random(3);
  int regions = 0;
  for (const char* pattern : kPatterns) {
    TextRegions found(engine.regex_machine());
    const Local start = parsed(engine.regexes, pattern);
    const CharacterKinds kinds = found.around(start).kinds;
    std::vector<std::string> characters;
    for (std::uint32_t point = 1; point < 0x11000; point += point < 0x180 ? 1 : 97) {
      std::string character;
      if (point < 0xD800 || point > 0xDFFF) regex::utf8_append(character, point);
      if (!character.empty() && (kind_of(static_cast<std::uint8_t>(character[0])) & kinds)) {
        characters.push_back(character);
      }
    }
    regions += characters.empty() ? 0 : 1;
    for (int round = 0; round < 200 && !characters.empty(); ++round) {
      Local local = start;
      for (int i = 0; i < 12; ++i) {
        for (const char byte : characters[random() % characters.size()]) {
          local = engine.regex_machine().transition(local, static_cast<std::uint8_t>(byte));
        }
      }
      CHECK(local != kDead);
    }
  }
  CHECK(regions > 6);  // the others read nothing over and over
}

TEST(a_language_is_walked_as_its_tokens_are_read) {
  const std::vector<std::string> tokens = made_up_tokens();
  const auto trie = trie_of(tokens);
  const auto node_of = spelled(*trie);
  Engine engine;
  regex::RegexMachine& machine = engine.regex_machine();
  TextRegions regions(machine);
  for (const char* pattern : kPatterns) {
    for (const char* before : {"", "a", "\"", "é", "4", "ab ", "x,"}) {
      Local local = parsed(engine.regexes, pattern);
      for (const char byte : std::string(before)) local = machine.transition(local, static_cast<std::uint8_t>(byte));
      std::set<std::uint32_t> allowed;
      std::set<std::uint32_t> may_end;  // nodes
      for (std::uint32_t id = 0; id < tokens.size(); ++id) {
        Local at = local;
        for (std::size_t i = 0; i < tokens[id].size(); ++i) {
          if (i > 0 && at != kDead && machine.accepting(at)) may_end.insert(node_of.at(tokens[id].substr(0, i + 1)));
          at = at == kDead ? kDead : machine.transition(at, static_cast<std::uint8_t>(tokens[id][i]));
        }
        if (at != kDead && !tokens[id].empty()) allowed.insert(id);
      }
      TokenMarks marks((tokens.size() + 31) / 32), same((tokens.size() + 31) / 32);
      std::vector<LocalMask::Leaving> ends;
      walk_language(machine, regions, *trie, local, marks, ends);
      walk_language(machine, regions, *trie, local, same);
      std::vector<std::uint32_t> bits((tokens.size() + 31) / 32), again = bits;
      LocalMask mask, other;
      mask.take(marks), mask.copy_to(bits);
      other.take(same), other.copy_to(again);
      CHECK(bits == again);
      std::set<std::uint32_t> found;
      for (std::uint32_t id = 0; id < tokens.size(); ++id) {
        if (bits[id >> 5] >> (id & 31) & 1) found.insert(id);
      }
      CHECK(found == allowed);
      // Every place is one, and none is missing that has a token the language does not allow.
      std::set<std::uint32_t> noted;
      for (const LocalMask::Leaving& end : ends) {
        CHECK(noted.insert(end.node).second && may_end.contains(end.node));
        CHECK(end.transition == trie->siblings().nodes[end.node].byte);
      }
      for (const std::uint32_t node : may_end) {
        const auto below = trie->subtrees().tokens(node);
        const bool whole = std::all_of(below.begin(), below.end(), [&](std::uint32_t id) { return allowed.contains(id); });
        CHECK(noted.contains(node) != whole);
      }
    }
  }
}

TEST(masks_put_together_are_those_of_the_states) {
  const std::vector<std::string> tokens = made_up_tokens();
  const auto trie = trie_of(tokens);
  const std::shared_ptr<Engine> shared = std::make_shared<Engine>();
  Engine& engine = *shared;
  cfg::Grammar grammar;
  // Sums of calls and names with keywords between, blanks anywhere: statements as Python has them.
  const auto blank = parsed(engine.regexes, "[ \\t]*");
  const auto word = [&](const char* pattern) {
    return grammar.terminal(engine.regexes.concat({blank, parsed(engine.regexes, pattern)}));
  };
  const cfg::Rule start = grammar.declare(), sum = grammar.declare(), call = grammar.declare();
  const cfg::Expr name = word("[a-zA-Z_][a-zA-Z_0-9]*"), of_sum = grammar.reference(sum);
  const cfg::Expr rest = grammar.sequence({grammar.choice({word("=="), word(","), word("if")}), of_sum});
  grammar.define(call, grammar.choice({name, word("\\d+"), word("\"[^\"]*\""),
                                       grammar.sequence({name, word("\\("), of_sum, word("\\)")}),
                                       grammar.sequence({grammar.reference(call), word("\\."), name})}));
  grammar.define(sum, grammar.sequence({grammar.reference(call), grammar.repeat(rest, 0, regex::kUnbounded)}));
  grammar.define(start, grammar.repeat(grammar.sequence({of_sum, word("\\n")}), 1, regex::kUnbounded));
  cfg::Grammar copy = grammar;
  cfg::CfgMachine together(engine.regexes, cfg::Network(grammar, engine.regexes, start), &engine.regex_machine());
  cfg::CfgMachine alone(engine.regexes, cfg::Network(copy, engine.regexes, start));
  const auto width = static_cast<std::uint32_t>(tokens.size());
  const auto matcher = [&](cfg::CfgMachine& machine) {
    return Matcher(std::make_shared<Constraint>(
        Constraint{shared, &machine, machine.start(), trie, width, {}, &engine.masks(machine, trie), true}));
  };
  Matcher fast = matcher(together), plain = matcher(alone);
  std::mt19937 random(11);
  std::vector<std::uint32_t> row((width + 31) / 32), expected(row.size());
  std::size_t allowed = 0;
  for (int step = 0; step < 1500; ++step) {
    fast.fill_mask(row);
    plain.fill_mask(expected);
    CHECK(row == expected);
    if (row != expected) break;
    std::vector<std::uint32_t> can;
    for (std::uint32_t id = 0; id < width; ++id) {
      if (row[id >> 5] >> (id & 31) & 1) can.push_back(id);
    }
    allowed += can.size();
    const std::uint32_t token = can[random() % can.size()];
    CHECK(fast.advance(token) == Matcher::Verdict::kAccepted);
    CHECK(plain.advance(token) == Matcher::Verdict::kAccepted);
    if (step % 100 == 99) fast.reset(), plain.reset();
  }
  CHECK(allowed > 100'000);
}
