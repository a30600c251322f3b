// Leaves of a grammar: how a frame enters them, and the questions about their frames, which are handed on.
#include <algorithm>

#include "cfg/machine.h"

namespace structgen::cfg {

// Interned as words, as everything else is.
Local CfgMachine::frame_local(const LeafFrame& frame) {
  const std::uint32_t marks = (frame.bottom ? 1u : 0u) | (frame.fresh ? 2u : 0u);
  return locals_.intern({kLeaf, frame.machine, frame.inner, frame.follow, frame.tokens, marks});
}

LeafFrame CfgMachine::frame(Local local) const {
  const List words = locals_[local];
  return {words[1], words[2], words[3], words[4], (words[5] & 1u) != 0, (words[5] & 2u) != 0};
}

// Items that are about to read a leaf, out of those that read the next byte themselves.
void CfgMachine::take_leaves(Closure& closure) {
  const auto is_terminal = [](const Item& item) { return (item.rest & kLeafBit) == 0; };
  const auto first = std::stable_partition(closure.active.begin(), closure.active.end(), is_terminal);
  closure.leaves.assign(first, closure.active.end());
  closure.active.erase(first, closure.active.end());
  for (const Item& item : closure.leaves) {
    closure.leaves_first = closure.leaves_first | network_.leaf(item.rest).first;
  }
}

// What the items do, or into one of the leaves that can read the byte.
Transition CfgMachine::with_leaves(const Closure& here, Transition items, std::uint8_t byte) {
  // Where the frame is taken back into the one below, its leaves go with it.
  if (items >= kActionBit && action(items).kind == Action::Kind::kPopAgain) return items;
  std::vector<Transition> ways{items};
  const std::vector<Item>& leaves = here.leaves;
  for (std::size_t i = 0; i < leaves.size();) {
    const std::uint32_t symbol = leaves[i].rest;
    std::vector<Item> after;
    for (; i < leaves.size() && leaves[i].rest == symbol; ++i) {
      after.push_back({kRead, leaves[i].state, leaves[i].label, leaves[i].origin});
    }
    const Leaf& leaf = network_.leaf(symbol);
    if (!leaf.first.has(byte)) continue;
    const Local below = this->items(after);
    const Closure& next = closure(below);
    const regex::ByteSet follow = next.first | next.leaves_first | next.follow;
    ways.push_back(enter(*leaf.machine, leaf.start, follow, LeafFrame::kUnbounded, below));
  }
  return add_fork(ways);
}

bool CfgMachine::keeps_text(Local local) const { return of_leaf(local) && frame_keeps_text(frame(local)); }

Local CfgMachine::resume_unnamed(Local local, std::uint32_t result, std::size_t longest) {
  return of_leaf(local) ? frame_resume_unnamed(frame(local), result, longest) : kUnsettled;
}

std::pair<Local, Local> CfgMachine::between(Local local) {
  return of_leaf(local) ? frame_between(frame(local)) : std::pair{local, local};
}

std::optional<Machine::Bounded> CfgMachine::bounded(Local local) {
  return of_leaf(local) ? frame_bounded(frame(local)) : std::nullopt;
}

std::uint32_t CfgMachine::least_points(Local local) {
  return of_leaf(local) ? frame_least_points(frame(local)) : 0;
}

Machine::FreeText CfgMachine::free_text(Local local) {
  return of_leaf(local) ? frame_free_text(frame(local)) : FreeText{};
}

bool CfgMachine::may_end(Local local) {
  return of_leaf(local) ? frame_may_end(frame(local)) : !closure(local).completes.empty();
}

std::uint32_t CfgMachine::end_result(Local local) {
  return of_leaf(local) ? frame_end_result(frame(local)) : closure(local).ends;
}

std::string CfgMachine::way_on(Local local) {
  return of_leaf(local) ? frame_way_on(frame(local)) : std::string();
}

Transition CfgMachine::after_way_on(Local local, std::string_view way) {
  return of_leaf(local) ? frame_after_way_on(frame(local), way) : kUnknown;
}

bool CfgMachine::completes_stacks(Local top) const { return !of_leaf(top); }

}  // namespace structgen::cfg
