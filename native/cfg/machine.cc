#include "cfg/machine.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <utility>

#include "regex/engine.h"

namespace structgen::cfg {

namespace {

constexpr std::uint32_t kWholeText = 0;  // the label of part 0
constexpr std::size_t kMostItems = 65'536;
constexpr std::size_t kMostBytes = std::size_t{512} << 20;

}  // namespace

CfgMachine::CfgMachine(regex::Store& store, Network network, Machine* terminals)
    : store_(store), network_(std::move(network)), terminals_(terminals) {
  locals_.intern({});  // kDead
  columns_.intern({kBase});
  columns_.intern({kSelf});
  predicted_in_.assign(network_.parts(), 0);
  resolved_.resize(network_.parts());
  resolved_in_.assign(network_.parts(), 0);
  start_ = items({{kRead, network_.automaton(0).start, kWholeText, kBase}});
}

std::size_t CfgMachine::memory_bytes() const {
  return row_bytes() + frames_memory_bytes() + network_.memory_bytes() + locals_.memory_bytes() +
         sets_.memory_bytes() + columns_.memory_bytes() + results_.memory_bytes() + owned_bytes_ +
         closures_.capacity() * sizeof(void*) + (resumed_.size() + substituted_.size()) * 48 + ways_.size() * 160;
}

Local CfgMachine::items(const std::vector<Item>& items, std::uint32_t use) {
  if (items.empty()) return kDead;
  if (items.size() > kMostItems) throw BudgetExceeded("ambiguity: 65536 items at one place");
  static_assert(sizeof(Item) == 4 * sizeof(std::uint32_t) && std::is_trivially_copyable_v<Item>);
  words_.resize(4 * items.size());
  std::memcpy(words_.data(), items.data(), items.size() * sizeof(Item));
  const std::size_t known = sets_.size();
  const std::uint32_t set = sets_.intern(words_);
  // Looked at now and then: a state takes a few kilobytes.
  if (sets_.size() > known && sets_.size() % 64 == 0 && memory_bytes() > kMostBytes) {
    throw BudgetExceeded("states of one grammar: 512 MiB");
  }
  return locals_.intern({kItems | use, set});
}

// Interned as words; an Item is four of them.
std::span<const CfgMachine::Item> CfgMachine::items_of(Local local) const {
  const List words = sets_[locals_[local][1]];
  return {reinterpret_cast<const Item*>(words.data()), words.size() / 4};
}

bool CfgMachine::accepting(Local local) {
  if (of_leaf(local)) return false;
  const std::vector<std::uint32_t>& done = closure(local).completes;
  return std::binary_search(done.begin(), done.end(), kWholeText);
}

Transition CfgMachine::compute(Local local, std::uint8_t byte) {
  if (of_leaf(local)) return frame_transition(frame(local), byte);
  Closure& here = closure(local);
  const bool leaf = here.leaves_first.has(byte);
  if (!leaf && !here.first.has(byte) && !here.follow.has(byte)) return kDead;
  const Transition items = compute_items(local, byte);
  if (leaf) return with_leaves(here, items, byte);
  // Where two bytes lead to one place, as letters do, there are more of them.
  if (std::exchange(here.last, items) == items) fill_alike(local, byte, items);
  return items;
}

// All bytes that no item and no end here tells from this one.
void CfgMachine::fill_alike(Local local, std::uint8_t byte, Transition t) {
  const Closure& here = closure(local);
  regex::ByteSet same = (here.first | here.follow).without(here.leaves_first);
  for (const std::uint32_t label : here.completes) {
    const regex::ByteSet& follow = network_.automaton(label).follow;
    same = follow.has(byte) ? same & follow : same.without(follow);
  }
  for (std::size_t i = 0; i < here.active.size(); ++i) {
    if (here.rows[i][byte] == regex::kNothing) same = same.without(store_.engine().first_bytes(here.active[i].rest));
  }
  for (const regex::Regex* const row : here.rows) {
    const regex::Regex rest = row[byte];
    if (rest == regex::kNothing) continue;
    same.each([&](std::uint8_t other) {
      if (row[other] != rest) same.remove(other);
    });
  }
  Transition* const row = this->row(local);
  same.each([&](std::uint8_t other) { row[other] = t; });
}

Transition CfgMachine::compute_items(Local local, std::uint8_t byte) {
  const Closure& here = closure(local);
  budget_.spend(1 + here.active.size());
  next_.clear();
  for (std::size_t i = 0; i < here.active.size(); ++i) {
    const Item& item = here.active[i];
    regex::Regex rest = here.rows[i][byte];
    if (rest == regex::kUnread) rest = store_.step(item.rest, byte);
    if (rest != regex::kNothing) next_.push_back({rest, item.state, item.label, item.origin});
  }
  ends_.assign(1, kLabels);
  if (here.follow.has(byte)) {
    for (const std::uint32_t label : here.completes) {
      if (network_.automaton(label).follow.has(byte)) ends_.push_back(label);
    }
  }
  const std::uint32_t use = use_of(local);
  if (ends_.size() == 1) return go_on(next_, use);
  if (use == kForMasks) {
    const Transition leaves = add_action({Action::Kind::kPopAgain, 0, 0, results_.intern(ends_)});
    if (next_.empty()) return leaves;
    const std::array<Transition, 2> ways{go_on(next_, use), leaves};
    return add_fork(ways);
  }
  const bool reads = !next_.empty() || here.leaves_first.has(byte);
  return add_action({Action::Kind::kPopAgain, 0, 0,
                     reads ? results_.intern({kItself, local}) : results_.intern(ends_)});
}

// The frame with these items, or a new one on top if they all belong to one column.
Transition CfgMachine::go_on(std::vector<Item>& next, std::uint32_t use) {
  if (next.empty()) return kDead;
  std::sort(next.begin(), next.end());
  next.erase(std::unique(next.begin(), next.end()), next.end());
  const Origin origin = next.front().origin;
  const bool one = std::all_of(next.begin(), next.end(), [&](const Item& item) { return item.origin == origin; });
  if (!one || origin == kBase) return items(next, use);
  // A frame that may end anywhere, such as a name, would be left and entered again with every byte.
  if (undecided(next)) return items(next, use);
  const Origin column = prune(origin, next);
  for (Item& item : next) item.origin = kBase;
  return add_action({Action::Kind::kPush, waiting(column, use), items(next, use), 0});
}

Transition CfgMachine::transition_or_end(Local local, std::uint8_t byte) {
  if (of_leaf(local)) return Machine::transition_or_end(local, byte);
  // Ways on and ends are not two stacks: the frame is taken back into the one below, which follows both.
  const Transition on = transition(local, byte);
  const auto is_pop = [&](Transition t) { return t >= kActionBit && action(t).kind == Action::Kind::kPopAgain; };
  if (is_pop(on) && results_[action(on).result][0] == kItself) return on;
  const bool reads = on != kDead && !is_pop(on);
  const std::uint32_t result = reads ? results_.intern({kItself, local}) : closure(local).ends;
  return add_action({Action::Kind::kPopAgain, 0, 0, result});
}

// Whether a frame with these items may end here before a byte that it may also take itself.
bool CfgMachine::undecided(const std::vector<Item>& items) {
  regex::ByteSet first, follow;
  for (const Item& item : items) {
    first = first | store_.engine().first_bytes(item.rest);
    if (!store_.nullable(item.rest)) continue;
    const Network::State& state = network_.state(item.state);
    if (state.final) follow = follow | network_.automaton(item.label).follow;
  }
  if (follow.none()) return false;
  if (!(first & follow).none()) return true;
  for (const Item& item : items) {
    if (!store_.nullable(item.rest)) continue;
    const Network::State& state = network_.state(item.state);
    const Network::Arc* arcs = network_.arcs(state);
    for (std::uint32_t i = 0; i < state.last - state.first; ++i) {
      const bool leaf = (arcs[i].symbol & (kRuleBit | kLeafBit)) == kLeafBit;
      if (!leaf && !(network_.first_of(arcs[i].symbol, store_) & follow).none()) return true;
    }
  }
  return false;
}

Local CfgMachine::resume(Local local, std::uint32_t result, std::string_view text) {
  if (network_.has_leaves()) {
    if (is(kItems, local)) return local;  // a leaf was read
    if (is(kLeaf, local)) return frame_resume(frame(local), result, text);
  }
  const auto [entry, added] = resumed_.try_emplace(std::uint64_t{local} << 32 | result, kDead);
  if (!added) return entry->second;
  std::vector<Item> next;
  try {
    const Origin origin = column_of(local);
    const List ended = results_[result];
    if (ended[0] == kLabels) {
      next = continued(origin, std::span(ended).subspan(1));
    } else {
      const std::span<const Item> own = items_of(ended[1]);
      next.assign(own.begin(), own.end());
      for (Item& item : next) item.origin = substitute(item.origin, origin);
      std::sort(next.begin(), next.end());
    }
    return resumed_[std::uint64_t{local} << 32 | result] = items(next, use_of(local));
  } catch (const BudgetExceeded&) {
    resumed_.erase(std::uint64_t{local} << 32 | result);
    throw;
  }
}

// The set of all items does what each of them does. Those with the same rest of a terminal read it together; those
// with an origin of their own are what a frame above that column would be.
std::optional<Machine::Readings> CfgMachine::readings(Local local) {
  if (network_.has_leaves()) return std::nullopt;  // what those read is no language of reader()
  const bool inside = (locals_[local][0] & kInside) != 0;
  const std::span<const Item> given = inside ? items_of(local) : std::span<const Item>(closure(local).active);
  const std::vector<Item> active(given.begin(), given.end());
  Readings result;
  std::vector<Item> own;
  std::map<Origin, std::vector<Item>> others;
  for (const Item& item : active) {
    (waits_outside(item.origin) ? others[item.origin] : own).push_back(item);
  }
  for (auto& [origin, items] : others) result.inner.push_back(inner(origin, std::move(items)));
  for (std::size_t i = 0; i < own.size();) {
    const regex::Regex language = own[i].rest;
    std::vector<Item> after;
    for (; i < own.size() && own[i].rest == language; ++i) {
      after.push_back({kRead, own[i].state, own[i].label, own[i].origin});
    }
    result.parts.push_back({language, items(after, kForMasks)});
  }
  return result;
}

// A set of items does what each of them does, whichever others there are.
bool CfgMachine::allows_all_of(Local more, Local less) {
  if (!is(kItems, more) || !is(kItems, less) || network_.has_leaves()) return more == less;
  if (((locals_[more][0] ^ locals_[less][0]) & (kForMasks | kInside)) != 0) return false;
  const Closure &all = closure(more), &some = closure(less);  // neither moves
  const auto is_within = [&](regex::Regex rest, regex::Regex other) {  // where it shows without a search
    if (rest == other) return true;
    return store_.well_formed(rest) &&
           store_.intersect({rest, store_.complement(other)}) == regex::kNothing;
  };
  return std::includes(all.completes.begin(), all.completes.end(), some.completes.begin(), some.completes.end()) &&
         std::all_of(some.active.begin(), some.active.end(), [&](const Item& item) {
           return std::any_of(all.active.begin(), all.active.end(), [&](const Item& other) {
             return item.state == other.state && item.label == other.label && item.origin == other.origin &&
                    is_within(item.rest, other.rest);
           });
         });
}

// Whether somebody waits in this column who has more to do than to tell the frame below.
bool CfgMachine::waits_outside(Origin origin) const {
  const std::span<const Wait> all = waits(origin);
  return std::any_of(all.begin(), all.end(), [&](const Wait& wait) {
    return wait.origin != kSelf && !(wait.origin == kBase && wait.state == network_.end() && wait.then == wait.label);
  });
}

// Cuts a column in two: who waits in it for whom in it stays above, with the items; the others wait below.
Machine::Inner CfgMachine::inner(Origin origin, std::vector<Item> items) {
  std::vector<Wait> within, outside;
  for (const Wait& wait : waits(prune(origin, items))) {
    if (wait.origin == kSelf) {
      within.push_back(wait);
    } else {
      outside.push_back(wait);
      within.push_back({wait.label, network_.end(), wait.label, kBase});
    }
  }
  const Origin above = column(within);
  for (Item& item : items) item.origin = above;
  std::sort(items.begin(), items.end());
  return {this->items(items, kForMasks | kInside), waiting(column(outside), kForMasks)};
}

// Within a token, a counted terminal cannot be told from one whose bound is far away.
Local CfgMachine::representative(Local local, std::size_t longest) {
  if (of_leaf(local)) return frame_representative(frame(local), longest);
  const std::uint32_t use = network_.has_leaves() ? 0 : kForMasks | (locals_[local][0] & kInside);
  const std::span<const Item> own = items_of(local);
  std::vector<Item> near(own.begin(), own.end());
  for (Item& item : near) item.rest = store_.near(item.rest, static_cast<std::uint32_t>(longest));
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  return items(near, use);
}

}  // namespace structgen::cfg
