// Compositions below Python: expressions, forks, named tokens, and the spans of a text.
#include <string>

#include "check.h"
#include "compose/machine.h"
#include "compose/substring.h"
#include "mask/engine.h"
#include "reader.h"

namespace {

using structgen::Cursor;
using structgen::Engine;
using structgen::Local;
using structgen::Top;
using structgen::compose::Expression;
using structgen::compose::kEmpty;
using structgen::compose::kNothing;
using structgen::compose::kUnbounded;
using structgen::test::Reader;

struct Fixture {
  Engine engine;
  structgen::compose::ExpressionStore& store = engine.compose_machine().expressions();

  Expression word(const std::string& text) {
    return store.leaf({&engine.regex_machine(), engine.regexes.literal(text), kUnbounded});
  }
  // How many ways of reading the text there are, and whether one of them may end behind it.
  std::pair<std::size_t, bool> read(Expression e, const std::string& text) {
    Reader reader{engine.compose_machine(), engine.compose_machine().start(e)};
    reader.read(text);
    return {reader.ways(), reader.ends()};
  }
};

}  // namespace

TEST(compose_expressions_are_simplified) {
  Fixture f;
  const Expression a = f.word("a");
  CHECK(f.store.sequence({}) == kEmpty);
  CHECK(f.store.sequence({kEmpty, a, kEmpty}) == a);
  CHECK(f.store.sequence({a, kNothing}) == kNothing);
  CHECK(f.store.any({kNothing, a, a}) == a);
  CHECK(f.store.repeat(a, 1, 1) == a);
  CHECK(f.store.repeat(kNothing, 0, 3) == kEmpty);
  CHECK(f.store.repeat(kNothing, 1, 3) == kNothing);
  CHECK(f.store.length(f.store.repeat(f.word("abc"), 1000, kUnbounded)) == 3000);
}

TEST(compose_reads_sequences_and_forks_where_both_ways_go_on) {
  Fixture f;
  const Expression letters = f.store.leaf(
      {&f.engine.regex_machine(), f.engine.regexes.repeat(f.engine.regexes.bytes('a', 'b'), 1, kUnbounded), kUnbounded});
  const Expression e = f.store.sequence({letters, f.word("bc")});
  CHECK(f.read(e, "ab").first == 2);  // still a letter, or the beginning of "bc"
  CHECK(f.read(e, "abbc") == (std::pair<std::size_t, bool>{1, true}));
  CHECK(f.read(e, "bc").first == 0);
  CHECK(!f.read(e, "abb").second);
}

TEST(compose_repetitions_are_counted) {
  Fixture f;
  const Expression e = f.store.repeat(f.word("ab"), 2, 3);
  CHECK(!f.read(e, "ab").second);
  CHECK(f.read(e, "abab").second);
  CHECK(f.read(e, "ababab").second);
  CHECK(f.read(e, "abababa").first == 0);
}

TEST(compose_completes_behind_what_may_be_empty_and_repeated) {
  Fixture f;
  const structgen::regex::Regex letters = f.engine.regexes.repeat(f.engine.regexes.bytes('a', 'b'), 0, kUnbounded);
  const Expression some = f.store.repeat(f.store.leaf({&f.engine.regex_machine(), letters, 3}), 1, kUnbounded);
  structgen::compose::ComposeMachine& machine = f.engine.compose_machine();
  Reader reader{machine, machine.start(f.store.sequence({some, f.word("!")}))};
  CHECK_EQ(reader.rest(), std::string("!"));
}

TEST(compose_names_tokens_behind_leaves_that_may_end) {
  Fixture f;
  const Expression e = f.store.sequence({f.store.repeat(f.word("a"), 0, kUnbounded), f.store.token(7)});
  structgen::compose::ComposeMachine& machine = f.engine.compose_machine();
  Cursor cursor(machine, f.engine.texts);
  Top top = cursor.load(structgen::Stack({machine.start(e), 0}, {}));
  const auto named = cursor.named_tokens(top);
  CHECK(named.size() == 1 && named[0].token == 7 && machine.accepting(named[0].next));
  std::string text;
  std::vector<Cursor::Named> way;
  cursor.complete(top, text, &way);
  CHECK(text.empty() && way.size() == 1 && way[0].token == 7);
}

TEST(substrings_are_the_spans_between_characters) {
  structgen::compose::SubstringMachine machine("na\xC3\xAFve na");
  const auto spans = [&](const std::string& text) {
    Local local = machine.start();
    for (const char byte : text) local = machine.transition(local, static_cast<std::uint8_t>(byte));
    return local != structgen::kDead && machine.accepting(local);
  };
  CHECK(spans("na") && spans("a\xC3\xAFv") && spans("e n") && spans("na\xC3\xAFve na"));
  CHECK(!spans("") && !spans("nv") && !spans("a\xC3") && !spans("\xAFv") && !spans("na\xC3\xAFve nan"));
  CHECK(machine.way_on(machine.transition(machine.start(), 0xC3)) == "\xAF");
}
