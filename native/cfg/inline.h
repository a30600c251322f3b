// Rules written out where they are used, so that fewer are left for the machine to begin and to end.
//
// A rule that is used once becomes part of the rule around it, and so does one of a few arcs; recursion in the last
// place of what is left is a loop. Fifteen levels of operators, each a rule of its own, are then one automaton of a
// few states: which level an operand ends makes no difference to what may follow (the precomputed closures of Aycock
// & Horspool 2002 for chains of rules, made where the automata are made).
//
// Does not know: what the other symbols are.
#pragma once

#include <vector>

#include "cfg/automaton.h"

namespace structgen::cfg {

// By part; the first is the whole text, and kRuleBit | part the symbol of another one. Those that are not needed any
// more are empty. Takes time linear in their size.
void write_out(std::vector<Automaton>& parts);

}  // namespace structgen::cfg
