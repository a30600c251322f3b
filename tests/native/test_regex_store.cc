// The expression engine: similarity rules through the printed form, rows,
// emptiness, distance, witness, and the sizes that must stay cheap.
#include <algorithm>
#include <random>
#include <string>

#include "check.h"
#include "regex/engine.h"
#include "regex/parse.h"
#include "regex/store.h"
#include "regex/utf8_sets.h"

using namespace structgen::regex;

namespace {

Regex letter(Store& s, char low, char high) {
  return s.code_points({{static_cast<CodePoint>(low), static_cast<CodePoint>(high)}});
}

Regex anything_with(Store& s, const char* text) { return s.concat({kAnything, s.literal(text), kAnything}); }

}  // namespace

TEST(regex_byte_sets) {
  for (unsigned low = 0; low < 256; low += 5) {
    for (unsigned high = 0; high < 256; high += 3) {
      ByteSet set, expected;
      set.add(static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high));
      for (unsigned byte = low; byte <= high; ++byte) expected.add(static_cast<std::uint8_t>(byte));
      CHECK(set == expected);
    }
  }
  ByteSet some;
  some.add('a', 'c');
  some.remove('b');
  some.remove('z');
  CHECK_EQ(some.count(), 2);
  CHECK(!some.has('b'));
}

// What a set of bytes does to UTF-8, byte by byte.
TEST(regex_utf8_maps) {
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    ByteSet set;
    const auto low = static_cast<std::uint8_t>(random() % 256);
    set.add(low, static_cast<std::uint8_t>(std::min<unsigned>(255, low + random() % 40)));
    if (round % 3 == 0) set.add(static_cast<std::uint8_t>(random() % 256));
    for (std::uint32_t state = 0; state < kUtf8States; ++state) {
      std::uint32_t expected = kUtf8Vacuous;
      set.each([&](std::uint8_t byte) {
        const std::uint32_t next = utf8_step(state, byte);
        expected = expected == kUtf8Vacuous || expected == next ? next : kUtf8Mixed;
      });
      CHECK_EQ(utf8_to(utf8_map(set), state), expected);
    }
  }
}

TEST(regex_code_points_at_the_ends_of_ranges) {
  std::mt19937 random(5);
  constexpr CodePoint kLasts[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};
  Store s;
  for (int round = 0; round < 300; ++round) {
    std::vector<CodePointRange> ranges;
    std::vector<CodePoint> tried{0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
    for (int i = 0; i <= round % 4; ++i) {
      const CodePoint low = random() % (kLasts[random() % 4] + 1);
      const CodePoint high = std::min<CodePoint>(0x10FFFF, low + random() % (1u << random() % 18));
      ranges.emplace_back(low, high);
      for (const CodePoint end : {low, high}) tried.insert(tried.end(), {end - 1, end, end + 1, end ^ 63u, end ^ 64u});
    }
    const Regex r = s.code_points(ranges);
    for (const CodePoint point : tried) {
      if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) continue;
      std::string text;
      utf8_append(text, point);
      const bool inside = std::any_of(ranges.begin(), ranges.end(), [&](const CodePointRange& range) {
        return range.first <= point && point <= range.second;
      });
      CHECK_EQ(s.matches(r, text), inside);
    }
  }
}

TEST(regex_similarity_rules) {
  Store s;
  const Regex a = s.literal("a");
  const Regex b = s.literal("b");
  const Regex az = letter(s, 'a', 'z');
  CHECK_EQ(s.alternate({a, b}), s.alternate({b, a, b, kNothing}));
  CHECK_EQ(s.print(s.alternate({a, b})), std::string("[ab]"));
  CHECK_EQ(s.concat({a, kNothing}), kNothing);
  CHECK_EQ(s.concat({kEpsilon, a}), a);
  CHECK_EQ(s.complement(s.complement(az)), az);
  CHECK_EQ(s.complement(kNothing), kAnything);
  CHECK_EQ(s.complement(kAnything), kNothing);
  CHECK_EQ(s.intersect({az, kAnything}), az);
  CHECK_EQ(s.alternate({az, kAnything}), kAnything);
  CHECK_EQ(s.alternate({kEpsilon, az, kAnything}), kAnything);
  CHECK_EQ(s.repeat(kAnything, 3, kUnbounded), kAnything);
  CHECK_EQ(s.intersect({az, s.complement(az)}), kNothing);
  CHECK_EQ(s.alternate({az, s.complement(az)}), kAnything);
  CHECK_EQ(s.repeat(s.repeat(a, 1, kUnbounded), 1, kUnbounded), s.repeat(a, 1, kUnbounded));
  CHECK_EQ(s.print(s.concat({a, s.repeat(a, 2, 5), s.repeat(a, 0, kUnbounded)})), std::string("a{3,}"));
  const Regex nested = s.repeat(s.repeat(s.repeat(a, 1, 100), 1, 100), 1, 100);
  CHECK_EQ(s.print(nested), std::string("a{1,1000000}"));
  CHECK_EQ(s.print(s.repeat(s.repeat(a, 2, 2), 0, 3)), std::string("(a{2}){0,3}"));
  const Regex any = s.code_points({{0, 0x10FFFF}});
  CHECK_EQ(s.intersect({s.repeat(any, 5, 9), s.repeat(az, 0, kUnbounded)}), s.repeat(az, 5, 9));
  CHECK_EQ(s.intersect({s.repeat(any, 0, 9), s.literal("abc")}), s.literal("abc"));
  CHECK_EQ(s.intersect({s.repeat(any, 4, 9), s.literal("abc")}), kNothing);
  CHECK_EQ(s.complement(s.repeat(any, 2, 3)),
           s.alternate({s.repeat(any, 0, 1), s.repeat(any, 4, kUnbounded)}));
}

TEST(regex_literals_share_suffixes) {
  Store s;
  const std::string text = "the quick brown fox jumps over the lazy dog";
  Regex r = s.literal(text);
  for (std::size_t i = 0; i < text.size(); ++i) {
    CHECK_EQ(r, s.literal(std::string_view(text).substr(i)));
    r = s.step(r, static_cast<std::uint8_t>(text[i]));
  }
  CHECK_EQ(r, kEpsilon);
}

TEST(regex_words_agree_with_literals) {
  Store s;
  std::mt19937 random(7);
  std::vector<std::string> list;
  for (int i = 0; i < 300; ++i) {
    std::string word;
    for (unsigned n = random() % 6; n > 0; --n) word.push_back(static_cast<char>('a' + random() % 3));
    list.push_back(word);
  }
  const Regex r = s.words(list);
  for (int i = 0; i < 3000; ++i) {
    std::string word;
    for (unsigned n = random() % 7; n > 0; --n) word.push_back(static_cast<char>('a' + random() % 3));
    CHECK_EQ(s.matches(r, word), std::find(list.begin(), list.end(), word) != list.end());
  }
}

TEST(regex_many_words) {
  Store s;
  std::vector<std::string> list;
  for (int i = 0; i < 100000; ++i) list.push_back("word" + std::to_string(i * 7919 % 1000003));
  const Regex r = s.words(list);
  CHECK(s.step(r, 'w') != kNothing);
  CHECK(s.matches(r, list[777]));
  CHECK(!s.matches(r, "word"));
  CHECK(s.size() < 1000);
}

TEST(regex_code_points_are_exact) {
  Store s;
  std::mt19937 random(3);
  for (int round = 0; round < 60; ++round) {
    std::vector<CodePointRange> ranges;
    for (int i = 0; i < 4; ++i) {
      const CodePoint bounds[] = {0x100, 0x900, 0x11000, 0x110000};
      const CodePoint low = random() % bounds[random() % 4];
      ranges.emplace_back(low, std::min<CodePoint>(0x10FFFF, low + random() % 5000));
    }
    const Regex r = s.code_points(ranges);
    for (int i = 0; i < 400; ++i) {
      const auto& near = ranges[random() % ranges.size()];
      CodePoint point = (random() % 2 ? near.first : near.second) + random() % 5 - 2;
      if (i % 4 == 0) point = random() % 0x110000;
      if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) continue;
      const bool want = std::any_of(ranges.begin(), ranges.end(),
                                    [&](const auto& x) { return x.first <= point && point <= x.second; });
      std::string text;
      utf8_append(text, point);
      CHECK_EQ(s.matches(r, text), want);
    }
  }
}

TEST(regex_anything_is_valid_utf8) {
  Store s;
  for (const char* text :
       {"", "a", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    CHECK(s.matches(kAnything, text));
  }
  for (const char* text :
       {"\x80", "\xC0\x80", "\xC3", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xFF"}) {
    CHECK(!s.matches(kAnything, text));
    CHECK(!s.matches(s.complement(s.literal("x")), text));
  }
  CHECK(s.size() < 100);
}

TEST(regex_complement_keeps_to_its_universe) {
  Store s;
  const Regex r = s.complement(anything_with(s, "\xC3\xA9"));
  CHECK(s.matches(r, "e\xC3\xA8"));
  CHECK(!s.matches(r, "e\xC3\xA9x"));
  CHECK_EQ(s.complement(r), anything_with(s, "\xC3\xA9"));
  CHECK_EQ(s.distance(r), 0u);
}

TEST(regex_rows_are_live) {
  Store s;
  // After an `a` the two sides can no longer meet.
  const Regex left = s.alternate({s.literal("axx"), s.literal("byy")});
  const Regex right = s.alternate({s.literal("axz"), s.literal("byy")});
  const Regex both = s.intersect({left, right});
  CHECK_EQ(s.step(both, 'a'), kNothing);
  CHECK(s.step(both, 'b') != kNothing);
  CHECK_EQ(s.witness(both), std::string("byy"));
  CHECK(s.empty(s.intersect({s.literal("axx"), right})));
}

TEST(regex_distance_and_witness_of_intersections) {
  Store s;
  const Regex any = s.code_points({{0, 0x10FFFF}});
  const Regex both = s.intersect({anything_with(s, "foo"), anything_with(s, "oba"), s.repeat(any, 0, 10000)});
  CHECK_EQ(s.distance(both), 5u);
  CHECK_EQ(s.witness(both), std::string("fooba"));
  CHECK(s.matches(both, s.witness(both)));
  CHECK(s.empty(s.intersect({anything_with(s, "foo"), s.repeat(any, 0, 2)})));
  const Regex padded = s.intersect({anything_with(s, "foo"), s.repeat(any, 50, kUnbounded)});
  CHECK_EQ(s.distance(padded), 50u);
  CHECK(s.matches(padded, s.witness(padded)));
  const Regex az = s.repeat(letter(s, 'a', 'z'), 0, kUnbounded);
  const Regex both_long = s.intersect({s.repeat(any, 100000, kUnbounded), az});
  CHECK_EQ(s.distance(both_long), 100000u);
  CHECK_EQ(s.witness(both_long).size(), std::size_t{100000});
  const Regex parity =
      s.intersect({s.repeat(s.literal("aa"), 0, kUnbounded), s.repeat(s.literal("aaa"), 0, kUnbounded)});
  CHECK_EQ(s.distance(s.intersect({parity, s.repeat(any, 1, kUnbounded)})), 6u);
}

TEST(regex_counters_do_not_multiply_states) {
  Store s;
  const Regex a = s.literal("a");
  const Regex inner = s.concat({s.repeat(a, 1, 100), s.repeat(s.literal("b"), 0, 1)});
  Regex r = s.repeat(inner, 1, 100);
  for (int i = 0; i < 300; ++i) {
    r = s.step(r, 'a');
    CHECK(r != kNothing);
  }
  CHECK(s.size() < 20000);
}

TEST(regex_long_chains_do_not_overflow_the_stack) {
  Store s;
  const std::string text(300000, 'x');
  const Regex r = s.concat({s.literal(text), s.repeat(letter(s, 'a', 'c'), 2, 2)});
  CHECK_EQ(s.distance(r), 300002u);
  CHECK_EQ(s.witness(r).size(), std::size_t{300002});
  std::vector<Regex> optional;
  for (int i = 0; i < 4000; ++i)
    optional.push_back(s.repeat(letter(s, 'a', static_cast<char>('b' + i % 20)), 0, 1));
  CHECK(s.step(s.concat(optional), 'a') != kNothing);
}

TEST(regex_depth_is_bounded) {
  Store s;
  Regex r = s.literal("a");
  Regex fair = r;
  bool refused = false;
  try {
    for (int i = 0; i < 100000; ++i) {
      r = s.repeat(s.concat({r, letter(s, 'a', static_cast<char>('b' + i % 20))}), 0, kUnbounded);
      if (i == 1000) fair = r;
    }
  } catch (const structgen::BudgetExceeded&) {
    refused = true;
  }
  CHECK(refused);
  CHECK(s.step(fair, 'a') != kNothing);
}

TEST(regex_names_describe_loops_with_conditions) {
  // X = ε | ~(foo·Σ*) & Σ·X: no foo anywhere.
  Store s;
  Engine& e = s.engine();
  const Regex any = s.code_points({{0, 0x10FFFF}});
  const Regex name = e.declare(true);
  const Regex not_here = s.complement(s.concat({s.literal("foo"), kAnything}));
  e.define(name, s.alternate({kEpsilon, s.intersect({not_here, s.concat({any, name})})}));
  CHECK(s.matches(name, ""));
  CHECK(s.matches(name, "fofo\xC3\xA9"));
  CHECK(!s.matches(name, "fofoo"));
  CHECK_EQ(s.step(s.step(s.step(name, 'f'), 'o'), 'o'), kNothing);
  CHECK(s.size() < 100);
}

TEST(regex_long_loops_are_read_in_a_stride) {
  Store s;
  const Regex a = s.literal("a");
  const Regex az = letter(s, 'a', 'z');
  const Regex ab = s.literal("ab");
  const Regex either = s.alternate({a, ab});
  const std::vector<Regex> bodies = {a, az, ab, either, s.alternate({s.literal("aa"), a}), s.repeat(az, 1, 3)};
  const std::vector<Regex> tails = {kEpsilon, a, s.repeat(a, 0, kUnbounded), s.literal("end")};
  for (const Regex body : bodies) {
    for (const Regex tail : tails) {
      for (const std::uint32_t max : {200u, 300u, kUnbounded}) {
        const Regex r = s.concat({s.literal("x"), s.repeat(body, 200, max), tail});
        for (const std::string& text : {s.witness(r), "x" + std::string(150, 'a'), "x" + std::string(199, 'a'),
                                        "x" + std::string(120, 'a') + "b", "x" + std::string(120, 'a') + "-"}) {
          Regex slow = r;
          for (char byte : text) slow = s.engine().derive(slow, static_cast<std::uint8_t>(byte));
          CHECK_EQ(s.read(r, text), slow);
        }
      }
    }
  }
  const std::size_t before = s.size();
  const Regex far = s.repeat(az, 1'000'000, kUnbounded);
  CHECK(s.nullable(s.read(far, s.witness(far))));
  CHECK(s.size() - before < 200);
}

// What a bounded string counts on near its end: so many characters always complete what is there.
TEST(regex_reach_is_enough_everywhere) {
  ParseOptions options;
  options.dialect = &python_dialect();
  std::mt19937 random(11);
  std::size_t texts = 0;
  for (const char* pattern :
       {"([a-z]+ +){0,9}[a-z]+", "([a-z]+ +){3,9}[a-z]+", "a(bc|defg)h{3}", "(ab{2,5}){2,}(c|d)e", "((ab){2}c){3}", "x*(yz)?w",
        "(abc|a)(def|d){2,4}", "[a-c]{4}(-[a-c]{2})*", "(é€🙂){2}a?", "(a|b)*(cde){0,2}", "(ab|c(de){3})+f"}) {
    Store store;
    const Regex r = parse(store, std::string(pattern) + "z*", options);  // no longest text
    const Regex short_text = store.repeat(store.code_points({{0, 0x10FFFF}}), 0, 1000);
    const auto bounded = store.bounded(store.intersect({r, short_text}));
    CHECK(bounded && bounded->reach < 60);
    const std::uint32_t reach = bounded ? bounded->reach : 0;
    for (int round = 0; round < 200; ++round) {
      Regex at = r;
      for (int i = 0; i < 30; ++i) {
        CHECK(store.least_points(at) <= reach);
        const std::string characters[] = {"a", "b", "c", "d", "e", "f", "g", "h", "-", " ", "y", "z", "w", "é", "€", "🙂"};
        const Regex next = store.read(at, characters[random() % 16]);
        if (store.empty(next)) continue;
        at = next;
        ++texts;
      }
    }
  }
  CHECK(texts > 10000);
}

TEST(what_no_member_can_begin_with_is_seen_without_a_search) {
  Store store;
  const Regex blank = store.code_points({{'\t', '\n'}, {' ', ' '}});
  const Regex blanks = store.repeat(blank, 1, structgen::regex::kUnbounded);
  const Regex others = store.complement(store.concat({blank, structgen::regex::kAnything}));
  CHECK_EQ(store.intersect({blanks, others}), structgen::regex::kNothing);
  const Regex line = store.repeat(store.code_points({{0, 9}, {11, 0x10FFFF}}), 1, structgen::regex::kUnbounded);
  const Regex rest = store.intersect({line, others});
  CHECK(store.matches(rest, "x ") && store.matches(rest, "\xC3\xA4") && !store.matches(rest, " x"));
}

TEST(heads_with_what_comes_after_are_the_language) {
  Store store;
  ParseOptions options;
  options.dialect = &python_dialect();
  int parts = 0;
  for (const char* pattern : {"[a-z]+( *,[a-z]+)*", " *[a-z][a-z0-9]*|[0-9]+|\"[^\"]*\"", "( |[a-z]+)(,[a-z]+)?|x", "[a-z]*",
                              "([a-z]+ )*[a-z]+", "( ?\\.)*(( )?[a-z]+|,)(,[a-z]+)*", "[a-z]*(if|in)?[0-9]*"}) {
    const Regex r = parse(store, pattern, options);
    const auto heads = store.heads(r);
    if (!heads) continue;
    parts += static_cast<int>(heads->parts.size());
    const std::string letters = "at ,.\"1i";
    for (std::uint32_t number = 0; number < 8 * 8 * 8 * 8 * 8; ++number) {
      std::string text;
      for (std::uint32_t left = number; left != 0; left /= 8) text += letters[left % 8];
      bool found = heads->rest != kNothing && store.matches(heads->rest, text);
      for (const Store::Heads::Part& part : heads->parts) {
        for (std::size_t at = 0; at <= text.size() && !found; ++at) {
          found = store.matches(part.head, text.substr(0, at)) && store.matches(part.after, text.substr(at));
        }
      }
      CHECK(found == store.matches(r, text));
    }
  }
  CHECK(parts >= 5);
}
