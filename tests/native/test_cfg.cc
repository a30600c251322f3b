// Context-free grammars: analysis of rules, automata of rules, and how the machine cuts its columns into frames.
#include <string>
#include <string_view>
#include <vector>

#include "budget.h"
#include "cfg/analysis.h"
#include "cfg/machine.h"
#include "cfg/network.h"
#include "check.h"
#include "reader.h"

namespace {

using structgen::BudgetExceeded;
using structgen::cfg::CfgMachine;
using structgen::cfg::Expr;
using structgen::cfg::Grammar;
using structgen::cfg::Network;
using structgen::cfg::Rule;
using structgen::regex::kUnbounded;
using structgen::regex::Store;
using structgen::test::Reader;

struct Build {
  Store store;
  Grammar grammar;

  Expr text(std::string_view literal) { return grammar.terminal(store.literal(literal)); }
  Expr all(const std::vector<Expr>& parts) { return grammar.sequence(parts); }
  Expr any(const std::vector<Expr>& parts) { return grammar.choice(parts); }
  Expr of(Rule rule) { return grammar.reference(rule); }
};

// nest = "(" nest ")" | "[" nest "]" | "x"
Rule nest(Build& b) {
  const Rule rule = b.grammar.declare();
  b.grammar.define(rule, b.any({b.all({b.text("("), b.of(rule), b.text(")")}),
                                b.all({b.text("["), b.of(rule), b.text("]")}), b.text("x")}));
  return rule;
}

}  // namespace

TEST(rules_that_derive_nothing_are_found) {
  Build b;
  const Rule start = b.grammar.declare(), endless = b.grammar.declare(), empty = b.grammar.declare();
  b.grammar.define(endless, b.all({b.text("a"), b.of(endless)}));
  b.grammar.define(empty, b.grammar.repeat(b.of(endless), 0, kUnbounded));
  b.grammar.define(start, b.any({b.of(endless), b.of(empty)}));
  const std::vector<bool> productive = structgen::cfg::productive(b.grammar);
  const std::vector<bool> nullable = structgen::cfg::nullable(b.grammar, b.store);
  CHECK(!productive[b.grammar.body(endless)] && !nullable[b.grammar.body(endless)]);
  CHECK(productive[b.grammar.body(empty)] && nullable[b.grammar.body(empty)]);
  CHECK(productive[b.grammar.body(start)]);
  CHECK_EQ(structgen::cfg::reachable(b.grammar, start).size(), std::size_t{3});
  CHECK_EQ(structgen::cfg::components(b.grammar, start).size(), std::size_t{3});
}

TEST(a_list_by_recursion_is_a_regular_language) {
  Build b;
  const Rule list = b.grammar.declare();
  b.grammar.define(list, b.any({b.all({b.of(list), b.text(","), b.of(list)}), b.text("x")}));
  const Network network(b.grammar, b.store, list);
  CHECK(network.language() != structgen::cfg::kNone);
  CHECK(b.store.matches(network.language(), "x,x,x"));
  CHECK(!b.store.matches(network.language(), "x,"));
}

TEST(brackets_are_frames) {
  Build b;
  CfgMachine machine(b.store, Network(b.grammar, b.store, nest(b)));
  Reader reader{machine, machine.start()};
  CHECK(reader.read("(["));
  const std::size_t two = reader.frames();
  CHECK(reader.read("(["));
  CHECK_EQ(reader.frames(), two + 2);
  const structgen::Local top = reader.stacks.front().front().local;
  CHECK(reader.read("(["));
  CHECK_EQ(reader.stacks.front().front().local, top);  // what is on top does not depend on what is below
  CHECK_EQ(reader.rest(), std::string("x])])])"));
  CHECK(!reader.ends());
  CHECK(!Reader(reader).read("x)"));
  CHECK(reader.read("x])])])"));
  CHECK(reader.ends() && !reader.read("x"));
}

TEST(recursion_to_the_right_needs_no_stack) {
  Build b;
  const Rule start = b.grammar.declare(), rest = b.grammar.declare();
  b.grammar.define(start, b.all({b.text("a"), b.of(rest)}));
  b.grammar.define(rest, b.any({b.all({b.text("b"), b.of(start)}), b.text(".")}));
  CfgMachine machine(b.store, Network(b.grammar, b.store, start));
  Reader reader{machine, machine.start()};
  for (int i = 0; i < 1000; ++i) CHECK(reader.read("ab"));
  CHECK_EQ(reader.frames(), std::size_t{1});
  CHECK_EQ(reader.rest(), std::string("a."));
}

TEST(ambiguity_is_followed_in_parallel) {
  Build b;
  const Rule start = b.grammar.declare();  // palindromes
  b.grammar.define(start, b.any({b.all({b.text("a"), b.of(start), b.text("a")}),
                                 b.all({b.text("b"), b.of(start), b.text("b")}), b.all({})}));
  CfgMachine machine(b.store, Network(b.grammar, b.store, start));
  Reader reader{machine, machine.start()};
  CHECK(reader.ends());
  CHECK(reader.read("abbaabb"));
  CHECK(!reader.ends());
  CHECK_EQ(reader.rest(), std::string("a"));
  CHECK(reader.read("a") && reader.ends());
}

TEST(repetitions_that_are_too_large_are_refused) {
  Build b;
  const Rule start = b.grammar.declare();
  const Expr item = b.any({b.text("x"), b.all({b.text("("), b.of(start), b.text(")")})});
  b.grammar.define(start, b.grammar.repeat(item, 0, 4'000'000'000u));
  bool refused = false;
  try {
    const Network network(b.grammar, b.store, start);
  } catch (const BudgetExceeded&) {
    refused = true;
  }
  CHECK(refused);
}

// All work beyond a look into a row makes states, columns or rows, so memory counts it: over a text that goes on in
// the same way there is none after the first rounds, however long it is and however deep it nests.
TEST(work_for_a_byte_stays_the_same_on_unambiguous_texts) {
  struct Sample {
    std::string before, round;
  };
  const std::vector<Sample> samples{{"", "a,"},     {"", "(a+a)*a+"}, {"", "("},
                                    {"", "(a,(a+"}, {"", "a^"},       {std::string(1000, '('), "a+"}};
  for (const Sample& sample : samples) {
    Build b;
    const Rule list = b.grammar.declare(), sum = b.grammar.declare(), product = b.grammar.declare(),
               power = b.grammar.declare();
    b.grammar.define(list, b.any({b.of(sum), b.all({b.of(list), b.text(","), b.of(sum)})}));
    b.grammar.define(sum, b.any({b.of(product), b.all({b.of(sum), b.text("+"), b.of(product)})}));
    b.grammar.define(product, b.any({b.of(power), b.all({b.of(product), b.text("*"), b.of(power)})}));
    const Expr atom = b.any({b.text("a"), b.all({b.text("("), b.of(list), b.text(")")})});
    b.grammar.define(power, b.any({atom, b.all({atom, b.text("^"), b.of(power)})}));
    CfgMachine machine(b.store, Network(b.grammar, b.store, list));
    Reader reader{machine, machine.start()};
    CHECK(reader.read(sample.before));
    for (int i = 0; i < 10; ++i) CHECK(reader.read(sample.round));
    const std::size_t after_few = machine.memory_bytes();
    for (int i = 0; i < 20'000; ++i) CHECK(reader.read(sample.round));
    CHECK_EQ(machine.memory_bytes(), after_few);
  }
}

// Where the text is ambiguous, a column holds as many items as there were ways to begin: quadratic, and no worse.
TEST(work_for_ambiguous_texts_is_at_most_quadratic) {
  const auto memory = [](int length) {
    Build b;
    const Rule start = b.grammar.declare();
    b.grammar.define(start, b.any({b.all({b.text("a"), b.of(start), b.text("a")}),
                                   b.all({b.text("b"), b.of(start), b.text("b")}), b.all({})}));
    CfgMachine machine(b.store, Network(b.grammar, b.store, start));
    Reader reader{machine, machine.start()};
    for (int i = 0; i < length; ++i) CHECK(reader.read(i % 3 == 0 ? "b" : "a"));
    return machine.memory_bytes();
  };
  const std::size_t one = memory(100), two = memory(200), four = memory(400);
  CHECK(four - two <= 5 * (two - one));
}
