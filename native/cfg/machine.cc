#include "cfg/machine.h"

#include <algorithm>

namespace structgen::cfg {

namespace {

constexpr std::uint32_t kWholeText = 0;  // the label of part 0
constexpr std::size_t kMostItems = 65'536;
constexpr std::size_t kMostBytes = std::size_t{512} << 20;
// What a frame ended with.
constexpr std::uint32_t kLabels = 0, kItself = 1;

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
  return row_bytes() + network_.memory_bytes() + locals_.memory_bytes() + columns_.memory_bytes() +
         results_.memory_bytes() + owned_bytes_ + closures_.capacity() * sizeof(void*) +
         (resumed_.size() + substituted_.size()) * 48 + ways_.size() * 160;
}

Local CfgMachine::items(std::vector<Item> items) {
  if (items.empty()) return kDead;
  if (items.size() > kMostItems) throw BudgetExceeded("ambiguity: 65536 items at one place");
  std::vector<std::uint32_t> words{kItems};
  words.reserve(1 + 4 * items.size());
  for (const Item& item : items) words.insert(words.end(), {item.rest, item.state, item.label, item.origin});
  const std::size_t known = locals_.size();
  const Local local = locals_.intern(words);
  if (locals_.size() > known) {
    owned_bytes_ += words.size() * 4 + 16;
    if (memory_bytes() > kMostBytes) throw BudgetExceeded("states of one grammar: 512 MiB");
  }
  return local;
}

std::vector<CfgMachine::Item> CfgMachine::items_of(Local local) const {
  const std::vector<std::uint32_t>& words = locals_[local];
  std::vector<Item> items;
  items.reserve(words.size() / 4);
  for (std::size_t i = 1; i + 3 < words.size(); i += 4) {
    items.push_back({words[i], words[i + 1], words[i + 2], words[i + 3]});
  }
  return items;
}

bool CfgMachine::accepting(Local local) {
  const std::vector<std::uint32_t>& done = closure(local).completes;
  return std::binary_search(done.begin(), done.end(), kWholeText);
}

Transition CfgMachine::compute(Local local, std::uint8_t byte) {
  const Closure& here = closure(local);
  if (!here.first.has(byte) && !here.follow.has(byte)) return kDead;
  budget_.spend(1 + here.active.size());
  std::vector<Item> next;
  for (std::size_t i = 0; i < here.active.size(); ++i) {
    const Item& item = here.active[i];
    regex::Regex rest = here.rows[i][byte];
    if (rest == regex::kUnread) rest = store_.step(item.rest, byte);
    if (rest != regex::kNothing) next.push_back({rest, item.state, item.label, item.origin});
  }
  std::vector<std::uint32_t> ends{kLabels};
  if (here.follow.has(byte)) {
    for (const std::uint32_t label : here.completes) {
      if (network_.automaton(label).follow.has(byte)) ends.push_back(label);
    }
  }
  if (ends.size() > 1) {
    const std::vector<std::uint32_t> result = next.empty() ? ends : std::vector<std::uint32_t>{kItself, local};
    return add_action({Action::Kind::kPopAgain, 0, 0, results_.intern(result)});
  }
  if (next.empty()) return kDead;
  std::sort(next.begin(), next.end());
  next.erase(std::unique(next.begin(), next.end()), next.end());
  const Origin origin = next.front().origin;
  const bool one = std::all_of(next.begin(), next.end(), [&](const Item& item) { return item.origin == origin; });
  if (!one || origin == kBase) return items(std::move(next));
  std::vector<Item> above = next;
  for (Item& item : above) item.origin = kBase;
  const Local child = items(std::move(above));
  // A frame that may end anywhere, such as a name, would be left and entered again with every byte.
  if (undecided(child)) return items(std::move(next));
  return add_action({Action::Kind::kPush, waiting(prune(origin, next)), child, 0});
}

// Whether the frame may end here before a byte that it may also take itself.
bool CfgMachine::undecided(Local local) {
  const Closure& here = closure(local);
  return !(here.first & here.follow).none();
}

Local CfgMachine::resume(Local local, std::uint32_t result, std::string_view) {
  const auto [entry, added] = resumed_.try_emplace(std::uint64_t{local} << 32 | result, kDead);
  if (!added) return entry->second;
  std::vector<Item> next;
  try {
    const Origin origin = column_of(local);
    const std::vector<std::uint32_t> ended = results_[result];
    if (ended[0] == kLabels) {
      next = continued(origin, std::span(ended).subspan(1));
    } else {
      next = items_of(ended[1]);
      for (Item& item : next) item.origin = substitute(item.origin, origin);
      std::sort(next.begin(), next.end());
    }
    return resumed_[std::uint64_t{local} << 32 | result] = items(std::move(next));
  } catch (const BudgetExceeded&) {
    resumed_.erase(std::uint64_t{local} << 32 | result);
    throw;
  }
}

// Items with the same rest of a terminal read it together; the set of all items does what each of these does.
std::optional<Machine::Readings> CfgMachine::readings(Local local) {
  const Closure& here = closure(local);
  const std::vector<Item>& active = here.active;
  Readings result;
  for (std::size_t i = 0; i < active.size();) {
    const regex::Regex language = active[i].rest;
    std::vector<Item> after;
    for (; i < active.size() && active[i].rest == language; ++i) {
      after.push_back({kRead, active[i].state, active[i].label, active[i].origin});
    }
    result.parts.push_back({language, items(std::move(after))});
  }
  std::vector<Item> ended;
  for (const std::uint32_t label : here.completes) ended.push_back({kRead, network_.end(), label, kBase});
  result.ended = items(std::move(ended));
  return result;
}

// Within a token, a counted terminal cannot be told from one whose bound is far away.
Local CfgMachine::representative(Local local, std::size_t longest) {
  std::vector<Item> near = items_of(local);
  bool same = true;
  for (Item& item : near) {
    const regex::Regex rest = store_.near(item.rest, static_cast<std::uint32_t>(longest));
    same = same && rest == item.rest;
    item.rest = rest;
  }
  if (same) return local;
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  return items(std::move(near));
}

}  // namespace structgen::cfg
