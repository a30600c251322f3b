// Machines inside of others: JSON in a grammar, a grammar in a composition, all three.
#include <string>

#include "cfg/machine.h"
#include "check.h"
#include "compose/machine.h"
#include "mask/engine.h"
#include "reader.h"

namespace {

using structgen::Engine;
using structgen::Local;
using structgen::cfg::CfgMachine;
using structgen::cfg::Expr;
using structgen::cfg::Grammar;
using structgen::cfg::Network;
using structgen::cfg::Rule;
using structgen::compose::Expression;
using structgen::compose::kUnbounded;
using structgen::test::Reader;

struct Fixture {
  Engine engine;
  Grammar grammar;
  structgen::compose::ExpressionStore& store = engine.compose_machine().expressions();

  Expr text(const std::string& literal) { return grammar.terminal(engine.regexes.literal(literal)); }
  Expr json(structgen::json::Formula formula) {
    structgen::json::Options options;
    options.whitespace = structgen::json::Whitespace::kCompact;
    structgen::json::JsonMachine& machine = engine.json_machine(options);
    const Local start = machine.start(formula);
    return grammar.leaf({&machine, start, structgen::first_bytes_of(machine, start),
                         structgen::short_text_of(machine, start, engine.texts)});
  }
  Engine::Start built(Rule start) { return engine.start(engine.add_start(Network(grammar, engine.regexes, start))); }
  // nest = "(" nest ")" | any JSON value | "tru"
  Rule nest() {
    const Rule rule = grammar.declare();
    grammar.define(rule, grammar.choice({grammar.sequence({text("("), grammar.reference(rule), text(")")}),
                                         json(structgen::json::kTrue), text("tru")}));
    return rule;
  }
};

}  // namespace

TEST(a_leaf_is_read_on_frames_of_its_own) {
  Fixture f;
  const Engine::Start start = f.built(f.nest());
  Reader reader{*start.machine, start.local};
  CHECK(reader.read("((["));
  const std::size_t outside = reader.frames();
  CHECK(reader.read("[[") && reader.frames() == outside + 2);
  CHECK_EQ(reader.rest(), std::string("]]]))"));
  CHECK(reader.read("]]]") && !reader.ends());
  CHECK(reader.read("))") && reader.ends() && !reader.read(")"));
}

TEST(a_leaf_and_a_terminal_that_begin_alike_are_both_followed) {
  Fixture f;
  const Engine::Start start = f.built(f.nest());
  Reader reader{*start.machine, start.local};
  CHECK(reader.read("(tru") && reader.ways() == 2);
  Reader other = reader;
  CHECK(reader.read("e)") && reader.ends());
  CHECK(other.read(")") && other.ends());
}

TEST(a_leaf_that_may_go_on_forks_only_where_both_ways_read) {
  Fixture f;
  const Rule rule = f.grammar.declare();  // numbers, and digits behind them
  f.grammar.define(rule, f.grammar.sequence({f.json(structgen::json::kTrue), f.grammar.choice({f.text("1"), f.text(";")})}));
  const Engine::Start start = f.built(rule);
  Reader reader{*start.machine, start.local};
  CHECK(reader.read("22") && reader.ways() == 1);
  CHECK(reader.read("1") && reader.ways() == 2 && reader.ends());
  CHECK(reader.read(";") && reader.ways() == 1 && reader.ends());
}

TEST(three_machines_one_inside_of_the_other) {
  Fixture f;
  const Engine::Start start = f.built(f.nest());
  const Expression grammar = f.store.leaf({start.machine, start.local, kUnbounded});
  const Expression end = f.store.leaf({&f.engine.regex_machine(), f.engine.regexes.literal("1)e"), kUnbounded});
  structgen::compose::ComposeMachine& machine = f.engine.compose_machine();
  Reader reader{machine, machine.start(f.store.sequence({grammar, end}))};
  CHECK(reader.read("([7"));
  CHECK_EQ(reader.rest(), std::string("])1)e"));
  CHECK(reader.read("])") && reader.rest() == "1)e" && !reader.ends());
  Reader number{machine, machine.start(f.store.sequence({grammar, end}))};
  CHECK(number.read("(51") && number.ways() == 1);  // within the brackets nothing can follow the whole
  CHECK(number.read(")1)e") && number.ends());
  Reader bare{machine, machine.start(f.store.sequence({grammar, end}))};
  CHECK(bare.read("51") && bare.ways() == 2);
  CHECK(bare.read(")e") && bare.ways() == 1 && bare.ends());
}

TEST(grammars_with_equal_leaves_are_one_machine) {
  Fixture f;
  const std::uint32_t one = f.engine.add_start(Network(f.grammar, f.engine.regexes, f.nest()));
  Grammar again;
  f.grammar = again;
  CHECK(f.engine.add_start(Network(f.grammar, f.engine.regexes, f.nest())) == one);
}
