// Rules written out where they are used: what becomes of chains, loops, circles, and how large it gets.
#include <string>
#include <vector>

#include "cfg/automaton.h"
#include "cfg/grammar.h"
#include "cfg/inline.h"
#include "cfg/machine.h"
#include "cfg/network.h"
#include "check.h"
#include "reader.h"

namespace {

using structgen::cfg::Automaton;
using structgen::cfg::CfgMachine;
using structgen::cfg::Draft;
using structgen::cfg::Expr;
using structgen::cfg::Grammar;
using structgen::cfg::kRuleBit;
using structgen::cfg::Network;
using structgen::cfg::Rule;
using structgen::cfg::Steps;
using structgen::cfg::write_out;
using structgen::regex::kUnbounded;
using structgen::regex::Store;
using structgen::test::Reader;

constexpr std::uint32_t rule(std::uint32_t part) { return kRuleBit | part; }

// One after the other.
Automaton row(const std::vector<std::uint32_t>& symbols) {
  Automaton result;
  for (std::uint32_t i = 0; i < symbols.size(); ++i) result.states.push_back({{{symbols[i], i + 1}}, false});
  result.states.push_back({{}, true});
  return result;
}

bool accepts(const Automaton& automaton, const std::vector<std::uint32_t>& symbols) {
  std::vector<std::uint32_t> at{0};
  for (const std::uint32_t symbol : symbols) {
    std::vector<std::uint32_t> next;
    for (const std::uint32_t s : at) {
      for (const Automaton::Arc& arc : automaton.states[s].arcs) {
        if (arc.symbol == symbol) next.push_back(arc.target);
      }
    }
    at = next;
  }
  for (const std::uint32_t s : at) {
    if (automaton.states[s].final) return true;
  }
  return false;
}

std::size_t left(const std::vector<Automaton>& parts) {
  std::size_t count = 0;
  for (const Automaton& part : parts) count += part.states.empty() ? 0 : 1;
  return count;
}

}  // namespace

TEST(a_rule_used_once_becomes_part_of_its_user) {
  std::vector<Automaton> parts{row({1, rule(1), 2}), row({3, rule(2)}), row({4})};
  write_out(parts);
  CHECK_EQ(left(parts), std::size_t{1});
  CHECK(accepts(parts[0], {1, 3, 4, 2}));
  CHECK(!accepts(parts[0], {1, 3, 2}) && !accepts(parts[0], {1, 3, 4}));
}

TEST(uses_that_lead_to_the_same_place_are_one) {
  std::vector<Automaton> parts{row({1, rule(1)}), row({2, 3, 4, 5, 6, 7})};
  parts[0].states[0].arcs.push_back({rule(1), 2});  // part 0 = 1? part 1
  write_out(parts);
  CHECK_EQ(left(parts), std::size_t{1});
  CHECK(accepts(parts[0], {1, 2, 3, 4, 5, 6, 7}) && accepts(parts[0], {2, 3, 4, 5, 6, 7}));
  CHECK_EQ(parts[0].arcs(), std::size_t{8});
}

TEST(recursion_in_the_last_place_is_a_loop) {
  std::vector<Automaton> parts{row({rule(1), 9}), row({1, rule(2)}), row({2, rule(1)})};
  parts[1].states[0].arcs.push_back({3, 2});  // part 1 = 1 part 2 | 3, part 2 = 2 part 1
  write_out(parts);
  CHECK_EQ(left(parts), std::size_t{1});
  CHECK(accepts(parts[0], {3, 9}) && accepts(parts[0], {1, 2, 1, 2, 3, 9}));
  CHECK(!accepts(parts[0], {1, 3, 9}) && !accepts(parts[0], {1, 2, 9}));
}

TEST(a_rule_that_holds_itself_stays_a_rule) {
  std::vector<Automaton> parts{row({rule(1)}), row({1, rule(2), 2}), row({3, rule(1), 4})};
  parts[2].states[0].arcs.push_back({5, 3});
  write_out(parts);
  CHECK_EQ(left(parts), std::size_t{2});
  CHECK(accepts(parts[1], {1, 3, rule(1), 4, 2}) && accepts(parts[1], {1, 5, 2}));
}

TEST(small_rules_in_a_circle_are_not_written_out_for_ever) {
  std::vector<Automaton> parts{row({rule(1), rule(2)}), row({1, rule(2), 2}), row({3, rule(1), 4})};
  parts[2].states[0].arcs.push_back({5, 3});
  write_out(parts);
  CHECK(left(parts) > 1);
  std::size_t arcs = 0;
  for (const Automaton& part : parts) arcs += part.arcs();
  CHECK(arcs < 40);
}

TEST(a_long_chain_is_cut_where_it_gets_large) {
  std::vector<Automaton> parts;
  for (std::uint32_t i = 0; i < 50'000; ++i) parts.push_back(row({2 * i, rule(i + 1), 2 * i + 1}));
  parts.push_back(row({7}));
  write_out(parts);
  CHECK(left(parts) > 5 && left(parts) < 1000);
  std::size_t arcs = 0;
  for (const Automaton& part : parts) arcs += part.arcs();
  CHECK(arcs < 110'000);
}

TEST(levels_of_operators_are_one_automaton) {
  Store store;
  Grammar grammar;
  const auto text = [&](const std::string& literal) { return grammar.terminal(store.literal(literal)); };
  const Rule start = grammar.declare();
  std::vector<Rule> levels;
  for (int i = 0; i < 15; ++i) levels.push_back(grammar.declare());
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Expr nested = grammar.sequence({text("("), grammar.reference(start), text(")")});
    const Expr operand =
        i + 1 < levels.size() ? grammar.reference(levels[i + 1]) : grammar.choice({text("x"), nested});
    const Expr sign = text(std::string(1, static_cast<char>('A' + i)));
    const Expr more = grammar.repeat(grammar.sequence({sign, operand}), 0, kUnbounded);
    grammar.define(levels[i], grammar.sequence({operand, more}));
  }
  grammar.define(start, grammar.reference(levels[0]));
  Network network(grammar, store, start);
  CHECK(network.parts() <= 2);
  CHECK(network.size() < 30);
  CfgMachine machine(store, std::move(network));
  Reader reader{machine, machine.start()};
  CHECK(reader.read("xAxOxB(xCxDx)E((x))"));
  CHECK(reader.ends());
  CHECK(!Reader(reader).read("x"));
  CHECK(reader.read("A(") && !reader.ends());
}
