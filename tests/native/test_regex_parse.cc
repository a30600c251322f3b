// The parser: printed forms, refusals with their position, and lookarounds.
#include <string>

#include "check.h"
#include "regex/parse.h"

using namespace structgen::regex;

namespace {

Regex read(Store& store, const char* pattern, const Dialect& dialect = ecma_dialect(),
           std::vector<std::string>* notes = nullptr) {
  ParseOptions options;
  options.dialect = &dialect;
  options.notes = notes;
  options.property = [](const std::string& name) -> std::optional<Ranges> {
    if (name == "digit" || name == "Nd") return Ranges{{'0', '9'}, {0x660, 0x669}};
    return std::nullopt;
  };
  return parse(store, pattern, options);
}

std::string printed(const char* pattern, const Dialect& dialect = ecma_dialect()) {
  Store store;
  return store.print(read(store, pattern, dialect));
}

int position(const char* pattern, const Dialect& dialect = ecma_dialect()) {
  Store store;
  try {
    read(store, pattern, dialect);
  } catch (const SyntaxError& error) {
    return static_cast<int>(error.position());
  }
  return -1;
}

bool matches(const char* pattern, std::string_view text, const Dialect& dialect = ecma_dialect()) {
  Store store;
  return store.matches(read(store, pattern, dialect), text);
}

}  // namespace

TEST(regex_parse_prints) {
  CHECK_EQ(printed("^abc$"), std::string("abc"));
  CHECK_EQ(printed("abc"), std::string("Σ*abcΣ*"));
  CHECK_EQ(printed("^(a|b|[c-e])+$"), std::string("[a-e]+"));
  CHECK_EQ(printed("^(?:(a*)*)*$"), std::string("a*"));
  CHECK_EQ(printed("^[^a-c\\n]$"), std::string("[^\\na-c]"));
  CHECK_EQ(printed("^(?!foo)[a-z]{2,4}$"), std::string("[a-z]{2,4}&~(fooΣ*)"));
  CHECK_EQ(printed("^\\p{Nd}$"), std::string("[0-9٠-٩]"));
  CHECK_EQ(printed("^\\u{1F600}\\uD83D\\uDE01$"), std::string("\\u{1F600}\\u{1F601}"));
  CHECK_EQ(printed("a|bc|", python_dialect()), std::string("(a|bc)?"));
  CHECK_EQ(printed("(?x) a b # both\n {2} "), std::string("Σ*ab{2}Σ*"));
  CHECK_EQ(printed("[]a]{,3}", python_dialect()), std::string("[\\]a]{0,3}"));
  CHECK_EQ(printed("[]"), std::string("∅"));
}

TEST(regex_parse_refuses_by_position) {
  CHECK_EQ(position("a(b"), 1);
  CHECK_EQ(position("ab)"), 2);
  CHECK_EQ(position("é*+?*"), 3);
  CHECK_EQ(position("(a)\\1"), 3);
  CHECK_EQ(position("(?<n>a)\\k<n>"), 7);
  CHECK_EQ(position("(?P<n>a)(?P=n)", python_dialect()), 8);
  CHECK_EQ(position("a(?>b)", python_dialect()), 1);
  CHECK_EQ(position("(a)(?(1)b|c)", python_dialect()), 3);
  CHECK_EQ(position("x{3,2}"), 1);
  CHECK_EQ(position("x{99999999999}"), 2);
  CHECK_EQ(position("[b-a]"), 1);
  CHECK_EQ(position("[ab"), 0);
  CHECK_EQ(position("ab\\"), 2);
  CHECK_EQ(position("\\p{Klingon}"), 0);
  CHECK_EQ(position("\\xZZ"), 0);
  CHECK_EQ(position("a++", python_dialect()), 2);
  CHECK_EQ(position("a(?i)b", python_dialect()), 1);
  CHECK_EQ(position("(?<=a(?=(?<=b)))c"), 8);
  CHECK_EQ(position("\\q"), 0);
  CHECK_EQ(position("\xC3\xA9\xFF"), 1);
}

TEST(regex_parse_notes_slips) {
  Store store;
  std::vector<std::string> notes;
  CHECK_EQ(read(store, "^a\\-b\\Z", ecma_dialect(), &notes), read(store, "^a-b$"));
  CHECK_EQ(notes.size(), std::size_t{2});
  notes.clear();
  read(store, "^\\/\\.[\\-]$", ecma_dialect(), &notes);
  CHECK(notes.empty());
  CHECK_EQ(read(store, "a{b", ecma_dialect(), &notes), read(store, "a\\{b"));
  CHECK_EQ(notes.size(), std::size_t{1});
}

TEST(regex_parse_lookarounds) {
  CHECK(matches("^((?!foo).)*$", "barfo"));
  CHECK(!matches("^((?!foo).)*$", "barfoo"));
  CHECK(matches("\\bfoo\\b", "a foo."));
  CHECK(!matches("\\bfoo\\b", "afoo"));
  CHECK(matches("(?<!\\$)\\b\\d+", "x 12"));
  CHECK(!matches("^(?<!a)b$", "ab"));
  CHECK(matches("(?<=^|,)x", "a,x"));
  CHECK(!matches("(?<=^|,)x", "ax"));
  CHECK(matches("(?:a(?=b)|b(?=a))+c?$", "xab") == false);
  CHECK(matches("^(?:a(?=b)|b(?=[ac]))+c$", "ababc"));
  CHECK(!matches("^(?:a(?=b)|b(?=[ac]))+c$", "abac"));
  CHECK(matches("(?m)^b$", "a\nb\nc"));
  CHECK(matches("a$", "a", python_dialect()));
  CHECK(!matches("a$", "a\n", python_dialect()));
  CHECK(matches("a$\n", "a\n", python_dialect()));
}

TEST(regex_parse_survives_size) {
  Store store;
  const std::string open(100000, '(');
  const std::string close(100000, ')');
  CHECK_EQ(read(store, ("^" + open + "a" + close + "$").c_str()), store.literal("a"));
  std::string loops;
  for (int i = 0; i < 100000; ++i) loops += "(a";
  for (int i = 0; i < 100000; ++i) loops += ")*";
  bool refused = false;
  try {
    read(store, loops.c_str());
  } catch (const structgen::BudgetExceeded&) {
    refused = true;
  }
  CHECK(refused);
  const std::string long_text(1 << 20, 'x');
  CHECK_EQ(store.distance(read(store, long_text.c_str())), 1u << 20);
}
