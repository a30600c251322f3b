// Columns of the Earley recognizer: completion, prediction, and who waits for what.
#include <algorithm>
#include <unordered_set>

#include "cfg/machine.h"
#include "regex/engine.h"

namespace structgen::cfg {

// --- Columns as interned values ----------------------------------------------------

CfgMachine::Origin CfgMachine::column(std::vector<Wait>& waits) {
  std::sort(waits.begin(), waits.end());
  waits.erase(std::unique(waits.begin(), waits.end()), waits.end());
  column_words_.clear();
  for (const Wait& wait : waits) {
    column_words_.insert(column_words_.end(), {wait.label, wait.state, wait.then, wait.origin});
  }
  return columns_.intern(column_words_);
}

// Interned as words; a Wait is four of them.
std::span<const CfgMachine::Wait> CfgMachine::waits(Origin origin) const {
  static_assert(sizeof(Wait) == 4 * sizeof(std::uint32_t) && std::is_trivially_copyable_v<Wait>);
  if (origin <= kSelf) return {};
  const List words = columns_[origin];
  return {reinterpret_cast<const Wait*>(words.data()), words.size() / 4};
}

std::span<const CfgMachine::Wait> CfgMachine::waits(Origin origin, std::uint32_t label) const {
  const std::span<const Wait> all = waits(origin);
  const auto first = std::partition_point(all.begin(), all.end(), [&](const Wait& w) { return w.label < label; });
  const auto last = std::partition_point(first, all.end(), [&](const Wait& w) { return w.label == label; });
  return {first, last};
}

// The automata that go on in a column once these labels are complete.
std::vector<CfgMachine::Item> CfgMachine::continued(Origin origin, std::span<const std::uint32_t> labels) const {
  std::vector<Item> items;
  for (const std::uint32_t label : labels) {
    for (const Wait& wait : waits(origin, label)) {
      items.push_back({kRead, wait.state, wait.then, wait.origin == kSelf ? origin : wait.origin});
    }
  }
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  return items;
}

// The column with `base` for kBase. Columns that a column mentions are older, so their numbers are smaller.
CfgMachine::Origin CfgMachine::substitute(Origin origin, Origin base) {
  const auto key = [&](Origin of) { return std::uint64_t{of} << 32 | base; };
  const auto known = [&](Origin of) {
    if (of == kBase) return base;
    return of == kSelf ? kSelf : substituted_.at(key(of));
  };
  std::vector<Origin> work{origin}, needed;
  std::unordered_set<Origin> seen;
  while (!work.empty()) {
    const Origin of = work.back();
    work.pop_back();
    if (of <= kSelf || substituted_.contains(key(of)) || !seen.insert(of).second) continue;
    needed.push_back(of);
    for (const Wait& wait : waits(of)) work.push_back(wait.origin);
  }
  std::sort(needed.begin(), needed.end());
  for (const Origin of : needed) {
    const std::span<const Wait> old = waits(of);
    budget_.spend(old.size());
    std::vector<Wait> next(old.begin(), old.end());
    for (Wait& wait : next) wait.origin = known(wait.origin);
    substituted_[key(of)] = column(next);
  }
  return known(origin);
}

// The part of a column that can ever be asked for by these items, which all wait in it.
CfgMachine::Origin CfgMachine::prune(Origin origin, const std::vector<Item>& items) {
  needed_.clear();
  ++round_;
  const auto need = [&](std::uint32_t label) {
    if (predicted_in_[label] == round_) return;
    predicted_in_[label] = round_;
    needed_.push_back(label);
  };
  for (const Item& item : items) need(item.label);
  kept_.clear();
  for (std::size_t at = 0; at < needed_.size(); ++at) {
    for (const Wait& wait : waits(origin, needed_[at])) {
      budget_.spend();
      kept_.push_back(wait);
      if (wait.origin == kSelf) need(wait.then);
    }
  }
  return column(kept_);
}

// --- Closure -------------------------------------------------------------------------

CfgMachine::Closure& CfgMachine::closure(Local local) {
  if (!is(kItems, local)) return nothing_;
  const std::uint32_t set = locals_[local][1];
  if (set >= closures_.size()) closures_.resize(sets_.size());
  if (closures_[set]) return *closures_[set];
  auto made = std::make_unique<Closure>();
  complete_all(*made, items_of(local));
  predict_all();
  std::sort(active_.begin(), active_.end());
  made->active.assign(active_.begin(), std::unique(active_.begin(), active_.end()));
  if (network_.has_leaves()) take_leaves(*made);
  std::sort(made->completes.begin(), made->completes.end());
  made->completes.erase(std::unique(made->completes.begin(), made->completes.end()), made->completes.end());
  words_.assign(1, kLabels);
  for (const std::uint32_t label : made->completes) {
    made->follow = made->follow | network_.automaton(label).follow;
    words_.push_back(label);
  }
  made->ends = results_.intern(words_);
  made->rows.reserve(made->active.size());
  for (const Item& item : made->active) {
    made->rows.push_back(store_.row(item.rest));
    made->first = made->first | store_.engine().first_bytes(item.rest);
  }
  owned_bytes_ += sizeof(Closure) + made->active.size() * (sizeof(Item) + 8) + made->completes.size() * 4 +
                  made->leaves.size() * sizeof(Item);
  closures_[set] = std::move(made);
  return *closures_[set];
}

// Items whose terminal is read: their automata go on, and where one is at its end, so do those who waited for it.
void CfgMachine::complete_all(Closure& closure, std::span<const Item> kernel) {
  active_.clear();
  positions_.clear();
  open_.clear();
  predicted_.clear();
  ++round_;
  for (const Item& item : kernel) {
    if (item.rest != kRead) active_.push_back(item);
    if (store_.nullable(item.rest)) positions_.add({item.state, item.label, item.origin});
  }
  for (std::size_t at = 0; at < positions_.size(); ++at) {
    const Position here = positions_[at];
    const Network::State& state = network_.state(here.state);
    const Network::Arc* arcs = network_.arcs(state);
    budget_.spend(1 + state.last - state.first);
    for (std::uint32_t i = 0; i < state.last - state.first; ++i) {
      const Network::Arc& arc = arcs[i];
      if (arc.symbol & kRuleBit) {
        open_.push_back({arc.symbol & ~kRuleBit, arc.target, here.label, here.origin});
        predict(arc.symbol & ~kRuleBit);
      } else {
        active_.push_back({arc.symbol, arc.target, here.label, here.origin});
      }
    }
    if (!state.final) continue;
    if (here.origin == kBase) {
      closure.completes.push_back(here.label);
      continue;
    }
    for (const Wait& wait : waits(here.origin, here.label)) {
      budget_.spend();
      positions_.add({wait.state, wait.then, wait.origin == kSelf ? here.origin : wait.origin});
    }
  }
}

void CfgMachine::predict(std::uint32_t part) {
  if (predicted_in_[part] == round_) return;
  predicted_in_[part] = round_;
  predicted_.push_back(part);
}

// The rules that may begin here, with what waits for them in a new column.
void CfgMachine::predict_all() {
  if (predicted_.empty()) return;
  for (std::size_t at = 0; at < predicted_.size(); ++at) {
    const std::uint32_t part = predicted_[at];
    const Network::State& state = network_.state(network_.automaton(part).start);
    const Network::Arc* arcs = network_.arcs(state);
    budget_.spend(1 + state.last - state.first);
    for (std::uint32_t i = 0; i < state.last - state.first; ++i) {
      if (!(arcs[i].symbol & kRuleBit)) continue;
      open_.push_back({arcs[i].symbol & ~kRuleBit, arcs[i].target, part, kSelf});
      predict(arcs[i].symbol & ~kRuleBit);
    }
  }
  std::sort(open_.begin(), open_.end());
  open_.erase(std::unique(open_.begin(), open_.end()), open_.end());
  waiting_.clear();
  for (Wait wait : open_) {
    if (resolve(wait.label).origin != kSelf || resolve(wait.label).label != wait.label) continue;
    if (wait.origin == kSelf) {
      const Target target = resolve(wait.then);
      wait.then = target.label;
      wait.origin = target.origin;
    }
    waiting_.push_back(wait);
  }
  const Origin here = waiting_.empty() ? kSelf : column(waiting_);
  for (const std::uint32_t part : predicted_) {
    const Target target = resolve(part);
    const Network::State& state = network_.state(network_.automaton(part).start);
    const Network::Arc* arcs = network_.arcs(state);
    for (std::uint32_t i = 0; i < state.last - state.first; ++i) {
      if (arcs[i].symbol & kRuleBit) continue;
      const Origin origin = target.origin == kSelf ? here : target.origin;
      active_.push_back({arcs[i].symbol, arcs[i].target, target.label, origin});
    }
  }
}

// For whom a part is read that was predicted here. Where just one waits for it, and has nothing to do after it,
// that is whoever this one works for (Leo's rule).
CfgMachine::Target CfgMachine::resolve(std::uint32_t part) {
  std::vector<std::uint32_t> path;
  Target target{part, kSelf};
  for (std::uint32_t at = part;;) {
    if (resolved_in_[at] == round_) {
      target = resolved_[at];
      break;
    }
    path.push_back(at);
    resolved_in_[at] = round_;
    resolved_[at] = {at, kSelf};  // also where a circle closes
    const auto first =
        std::partition_point(open_.begin(), open_.end(), [&](const Wait& wait) { return wait.label < at; });
    const bool only = first != open_.end() && first->label == at &&
                      (first + 1 == open_.end() || (first + 1)->label != at) &&
                      network_.state(first->state).only_final();
    if (!only) {
      target = {at, kSelf};
      break;
    }
    if (first->origin != kSelf) {
      target = {first->then, first->origin};
      break;
    }
    at = first->then;
  }
  for (const std::uint32_t at : path) resolved_[at] = target;
  return target;
}

// --- Positions -------------------------------------------------------------------------

namespace {

std::size_t hash_of(std::uint32_t state, std::uint32_t label, std::uint32_t origin) {
  return mix_hash(mix_hash(state, label), origin);
}

}  // namespace

void CfgMachine::Positions::clear() {
  list_.clear();
  if (table_.size() > 64) table_ = std::vector<std::uint32_t>(64, 0);
  std::fill(table_.begin(), table_.end(), 0u);
}

void CfgMachine::Positions::add(const Position& position) {
  if ((list_.size() + 1) * 2 > table_.size()) grow();
  const std::size_t last = table_.size() - 1;
  std::size_t at = hash_of(position.state, position.label, position.origin) & last;
  for (; table_[at] != 0; at = (at + 1) & last) {
    if (list_[table_[at] - 1] == position) return;
  }
  list_.push_back(position);
  table_[at] = static_cast<std::uint32_t>(list_.size());
}

void CfgMachine::Positions::grow() {
  table_.assign(std::max<std::size_t>(64, table_.size() * 2), 0);
  const std::size_t last = table_.size() - 1;
  for (std::size_t i = 0; i < list_.size(); ++i) {
    std::size_t at = hash_of(list_[i].state, list_[i].label, list_[i].origin) & last;
    while (table_[at] != 0) at = (at + 1) & last;
    table_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

}  // namespace structgen::cfg
