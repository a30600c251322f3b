// The shortest way on from a stack of frames, without reading it: what ends each frame, for the label that makes the
// whole shortest.
#include <algorithm>
#include <map>
#include <queue>

#include "cfg/machine.h"

namespace structgen::cfg {

namespace {

constexpr std::size_t kMostBytes = std::size_t{1} << 21;
constexpr std::uint32_t kNoParent = 0xFFFFFFFFu;

}  // namespace

// Dijkstra's algorithm over who waits for whom; one way for each label that ends the frame.
std::vector<CfgMachine::Way> CfgMachine::ways(const std::vector<Start>& starts) {
  struct Visit {
    Target at;
    std::uint64_t cost;
    std::uint32_t parent, step;  // the state that brought it here, or where it started
  };
  using Entry = std::pair<std::uint64_t, std::uint32_t>;
  std::vector<Visit> visits;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  std::map<std::pair<std::uint32_t, Origin>, bool> settled;
  const auto push = [&](const Visit& visit) {
    queue.push({visit.cost, static_cast<std::uint32_t>(visits.size())});
    visits.push_back(visit);
  };
  for (std::uint32_t i = 0; i < starts.size(); ++i) push({starts[i].at, starts[i].cost, kNoParent, i});
  std::vector<Way> found;
  while (!queue.empty()) {
    const std::uint32_t id = queue.top().second;
    queue.pop();
    const Visit visit = visits[id];
    budget_.spend();
    if (!settled.try_emplace({visit.at.label, visit.at.origin}, true).second) continue;
    if (visit.at.origin == kBase) {
      Way way{visit.at.label, visit.cost, 0, {}};
      std::uint32_t at = id;
      for (; visits[at].parent != kNoParent; at = visits[at].parent) way.states.push_back(visits[at].step);
      way.item = visits[at].step;
      std::reverse(way.states.begin(), way.states.end());
      found.push_back(std::move(way));
      continue;
    }
    for (const Wait& wait : waits(visit.at.origin, visit.at.label)) {
      const Origin origin = wait.origin == kSelf ? visit.at.origin : wait.origin;
      push({{wait.then, origin}, visit.cost + network_.state(wait.state).distance, id, wait.state});
    }
  }
  return found;
}

std::vector<CfgMachine::Way> CfgMachine::ways_of_items(const std::vector<Item>& items) {
  std::vector<Start> starts;
  for (const Item& item : items) {
    const std::uint64_t rest = item.rest == kRead ? 0 : store_.distance(item.rest);
    starts.push_back({{item.label, item.origin}, rest + network_.state(item.state).distance});
  }
  return ways(starts);
}

const std::vector<CfgMachine::Way>& CfgMachine::ways_of_label(Origin origin, std::uint32_t label) {
  const auto [entry, added] = ways_.try_emplace(std::uint64_t{origin} << 32 | label);
  if (added) entry->second = ways({{{label, origin}, 0}});
  return entry->second;
}

std::size_t CfgMachine::complete(std::span<const Local> frames, std::string& text) {
  struct Choice {
    std::uint32_t label;
    std::uint64_t cost;
    std::uint32_t before;  // the choice in the frame above
    const Way* way;
  };
  network_.find_distances(store_);
  const std::span<const Item> own = items_of(frames[0]);
  const std::vector<Item> items(own.begin(), own.end());
  const std::vector<Way> first = ways_of_items(items);
  std::vector<std::vector<Choice>> choices(frames.size());
  for (const Way& way : first) choices[0].push_back({way.label, way.cost, 0, &way});
  for (std::size_t frame = 1; frame < frames.size(); ++frame) {
    for (std::uint32_t i = 0; i < choices[frame - 1].size(); ++i) {
      const Choice& above = choices[frame - 1][i];
      for (const Way& way : ways_of_label(column_of(frames[frame]), above.label)) {
        const Choice choice{way.label, above.cost + way.cost, i, &way};
        auto& here = choices[frame];
        const auto known =
            std::find_if(here.begin(), here.end(), [&](const Choice& c) { return c.label == choice.label; });
        if (known == here.end()) {
          here.push_back(choice);
        } else if (choice.cost < known->cost) {
          *known = choice;
        }
      }
    }
  }
  const auto& last = choices.back();
  const auto end = std::find_if(last.begin(), last.end(), [](const Choice& c) { return c.label == 0; });
  if (end == last.end() || end->cost > kMostBytes) throw BudgetExceeded("shortest completion: 2 MiB");
  std::vector<const Way*> path;
  auto at = static_cast<std::uint32_t>(end - last.begin());
  for (std::size_t frame = frames.size(); frame-- > 0;) {
    path.push_back(choices[frame][at].way);
    at = choices[frame][at].before;
  }
  const Item& item = items[path.back()->item];
  if (item.rest != kRead) text += store_.witness(item.rest);
  network_.append_way(item.state, store_, kMostBytes, text);
  for (auto way = path.rbegin(); way != path.rend(); ++way) {
    for (const StateId state : (*way)->states) network_.append_way(state, store_, kMostBytes, text);
  }
  return frames.size();
}

}  // namespace structgen::cfg
