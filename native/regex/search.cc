// Emptiness, distance and witness.
//
// Without & ~ or names, structure answers: an expression that is not ∅ has a
// member and its shortest length is exact. Otherwise a best-first search runs
// over derivatives. A shortest member is found by A* with the structural lower
// bound; ties go to what seems to need least, the parts of a conjunction each on
// their own (h_add of Bonet & Geffner 2001). That guess alone guides the greedy
// searches: for mere emptiness, and for a short member where the shortest takes
// too long to prove. What a search learns is kept.
#include <algorithm>
#include <queue>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

// Expansions spent on proving that a way is shortest before a short one has to do.
constexpr std::uint64_t kShortestSteps = 5'000;
// A loop is taken in a stride while it has to go round so often at least.
constexpr std::uint32_t kStride = 64;
// Most searches that find something do so within fewer expansions.
constexpr std::uint64_t kSoon = 16;
// A way that is kept for the next search.
constexpr std::size_t kShortWay = 8;

}  // namespace

// Whether structure alone shows a member: of infinitely many texts a bounded part is left out, or nothing that
// would take a search decides.
bool Engine::plainly_alive(Regex r, unsigned depth) const {
  constexpr unsigned kDeep = 4;
  constexpr std::uint32_t kMany = 16;
  for (;; r = nodes_[r].b) {
    if (nullable(r) || !searched(r)) return true;
    const Node& n = nodes_[r];
    if (n.kind == Kind::kComplement) return lengths_[n.a].max_bytes != kUnbounded;
    if (depth == kDeep) return false;
    if (n.kind == Kind::kRepeat) return plainly_alive(n.a, depth + 1);
    if (n.kind == Kind::kAlternate) {
      return std::any_of(members(n), members(n) + std::min(n.b, kMany),
                         [&](Regex member) { return plainly_alive(member, depth + 1); });
    }
    if (n.kind != Kind::kConcat || !plainly_alive(n.a, depth + 1)) return false;
  }
}

bool Engine::alive(Regex r, Budget& budget) {
  if (r == kNothing) return false;
  if (plainly_alive(r, 0)) return true;
  const auto found = alive_.find(r);
  if (found != alive_.end()) return found->second;
  if (nodes_[r].kind == Kind::kConcat && !(nodes_[r].flags & kNamed)) return all_alive(r, budget);
  if (recent_way_leads_on(r, budget)) return alive_[r] = true;
  search(r, Goal::kAny, kSearchSteps, budget);
  return alive_.at(r);
}

// Whether what completed the last expression completes this one: neighbours often end alike, and to read a few bytes
// is far less than to search.
bool Engine::recent_way_leads_on(Regex r, Budget& budget) {
  for (const char byte : recent_way_) {
    budget.spend();
    r = derive(r, static_cast<std::uint8_t>(byte));
    if (r == kNothing) return false;
  }
  const auto known = alive_.find(r);
  return nullable(r) || !searched(r) || (known != alive_.end() && known->second);
}

// A concatenation has a member when each of its parts has one; what is learnt holds for all its ends.
bool Engine::all_alive(Regex r, Budget& budget) {
  const auto settled = [this](Regex rest) {
    return nodes_[rest].kind != Kind::kConcat || nullable(rest) || !searched(rest) || alive_.contains(rest);
  };
  Regex rest = r;
  bool all = true;
  for (; all && !settled(rest); rest = nodes_[rest].b) all = alive(nodes_[rest].a, budget);
  all = all && alive(rest, budget);
  for (Regex part = r; part != rest; part = nodes_[part].b) alive_.emplace(part, all);
  return all;
}

bool Engine::empty(Regex r) {
  Budget budget("regex emptiness", kSearchSteps);
  return !alive(r, budget);
}

std::uint32_t Engine::distance(Regex r) {
  if (nullable(r)) return 0;
  if (!searched(r)) return lengths_[r].min_bytes;
  if (!known_.contains(r)) {
    Budget budget("regex distance", kSearchSteps);
    if (!search(r, Goal::kShortest, kShortestSteps, budget)) search(r, Goal::kShort, kSearchSteps, budget);
  }
  const auto found = known_.find(r);
  return found == known_.end() ? kUnbounded : found->second.distance;
}

// False after `most` expansions. Else alive_ knows the start; unless it is empty so does known_, but for kAny.
bool Engine::search(Regex start, Goal goal, std::uint64_t most, Budget& budget) {
  struct Visit {
    Regex r;
    std::uint32_t distance;  // bytes read
    std::uint32_t parent;
    std::uint8_t byte;
    bool open;
  };
  struct Entry {
    std::uint64_t estimate;
    std::uint32_t effort;  // 0: what is left is known
    std::uint32_t distance;
    std::uint32_t visit;
    bool operator<(const Entry& other) const {  // the heap's top is the least estimate, then the deepest
      if (estimate != other.estimate) return estimate > other.estimate;
      if (effort != other.effort) return effort > other.effort;
      if (distance != other.distance) return distance < other.distance;
      return visit > other.visit;
    }
  };
  std::vector<Visit> visits;
  std::unordered_map<Regex, std::uint32_t> index;
  std::priority_queue<Entry> queue;

  // The distance that is known without a search, or a lower bound of it.
  const auto settled = [&](Regex r, std::uint32_t& distance) {
    if (nullable(r)) {
      distance = 0;
      return true;
    }
    if (!searched(r)) {
      distance = lengths_[r].min_bytes;
      return true;
    }
    const auto known = known_.find(r);
    if (known != known_.end()) {
      distance = known->second.distance;
      return true;
    }
    distance = std::max<std::uint32_t>(1, lengths_[r].min_bytes);
    if (goal != Goal::kAny) return false;
    const auto any = alive_.find(r);
    return any != alive_.end() && any->second;
  };
  const auto push = [&](Regex r, std::uint32_t distance, std::uint32_t parent, std::uint8_t byte) {
    const auto [at, fresh] = index.try_emplace(r, static_cast<std::uint32_t>(visits.size()));
    if (fresh) {
      visits.push_back({r, distance, parent, byte, true});
    } else {
      Visit& visit = visits[at->second];
      if (distance >= visit.distance || (!visit.open && goal != Goal::kShortest)) return;
      visit = {r, distance, parent, byte, true};
    }
    std::uint32_t left;
    const std::uint32_t effort = settled(r, left) ? 0 : std::max<std::uint32_t>(1, lengths_[r].effort);
    queue.push({goal == Goal::kShortest ? std::uint64_t{distance} + left : 0, effort, distance, at->second});
  };

  constexpr std::uint32_t kNoParent = 0xFFFFFFFFu;
  push(start, 0, kNoParent, 0);
  std::vector<ByteClass> classes;
  std::uint64_t expanded = 0;
  while (!queue.empty()) {
    const Entry entry = queue.top();
    queue.pop();
    const Visit visit = visits[entry.visit];
    if (!visit.open || visit.distance != entry.distance) continue;
    visits[entry.visit].open = false;
    std::uint32_t left;
    if (settled(visit.r, left)) {
      // The way back: everything on it has a completion, and for kShortest a shortest one.
      Regex next = visit.r;
      std::uint32_t from = visit.parent;
      std::uint8_t byte = visit.byte;
      std::uint32_t length = left;
      std::string way;
      while (from != kNoParent) {
        const Visit& step = visits[from];
        way.push_back(static_cast<char>(byte));
        length = length == kUnbounded ? kUnbounded : length + 1;
        alive_[step.r] = true;
        if (goal != Goal::kAny) known_.try_emplace(step.r, Known{length, next, byte});
        next = step.r;
        byte = step.byte;
        from = step.parent;
      }
      if (goal == Goal::kAny && way.size() <= kShortWay) recent_way_.assign(way.rbegin(), way.rend());
      return true;
    }
    if (most-- == 0) return false;
    if (++expanded == kSoon && needs_the_impossible(start)) break;
    budget.spend();
    byte_classes(visit.r, classes);
    for (const ByteClass& one : classes) {
      const Regex next = derive(visit.r, one.representative);
      if (next == kNothing) continue;
      const auto known = alive_.find(next);
      if (known != alive_.end() && !known->second) continue;
      if (expanded >= kSoon && known == alive_.end() && needs_the_impossible(next)) {
        alive_[next] = false;
        continue;
      }
      budget.spend();
      push(next, visit.distance + 1, entry.visit, one.representative);
    }
  }
  for (const Visit& visit : visits) alive_[visit.r] = false;
  return true;
}

std::string Engine::witness(Regex r) {
  std::string out;
  while (searched(r) && !nullable(r)) {
    if (distance(r) == kUnbounded) throw BudgetExceeded("regex witness: 4294967295 bytes");
    const Known known = known_.at(r);
    out.push_back(static_cast<char>(known.byte));
    r = known.next;
  }
  append_shortest(r, out);
  return out;
}

// Reading u in r{m,n}·t cannot reach t while m exceeds the length of u, so what is left has the same form
// for all such m: when one u costs exactly one round, k of them cost k.
Regex Engine::read(Regex r, std::string_view text) {
  std::size_t at = 0;
  Regex tried = kNothing;  // a body whose rounds cannot be told apart, or are not in the text
  while (at < text.size() && r != kNothing) {
    const bool chain = nodes_[r].kind == Kind::kConcat;
    const Element loop = element(chain ? nodes_[r].a : r);
    if (loop.min >= kStride && loop.base != tried && !searched(loop.base)) {
      const Regex tail = chain ? nodes_[r].b : kEpsilon;
      const auto after = [&](std::uint32_t rounds) {
        const std::uint32_t max = loop.max == kUnbounded ? kUnbounded : loop.max - rounds;
        return concat(repeat(loop.base, loop.min - rounds, max), tail);
      };
      std::string once;
      append_shortest(loop.base, once);
      Regex next = once.empty() || once.size() >= loop.min ? kNothing : r;
      for (char byte : once) next = next == kNothing ? next : derive(next, static_cast<std::uint8_t>(byte));
      if (next != kNothing && next == after(1)) {
        std::uint32_t rounds = 0;
        const auto most = static_cast<std::uint32_t>(loop.min - once.size());
        while (rounds < most && text.substr(at, once.size()) == once) {
          ++rounds;
          at += once.size();
        }
        if (rounds > 0) {
          r = after(rounds);
          continue;
        }
      }
      tried = loop.base;
    }
    r = derive(r, static_cast<std::uint8_t>(text[at++]));
  }
  return r;
}

// Recursion only into heads and bodies, whose depth is bounded.
void Engine::append_shortest(Regex r, std::string& out) {
  constexpr std::size_t kMost = std::size_t{1} << 28;
  if (out.size() > kMost) throw BudgetExceeded("regex witness: 268435456 bytes");
  while (nodes_[r].kind == Kind::kConcat) {
    append_shortest(nodes_[r].a, out);
    r = nodes_[r].b;
  }
  if (nullable(r)) return;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kBytes: {
      std::vector<ByteClass> classes;
      byte_classes(r, classes);
      out.push_back(static_cast<char>(classes.front().representative));
      break;
    }
    case Kind::kLiteral:
      out.append(reinterpret_cast<const char*>(&n.a), n.d);
      break;
    case Kind::kWords:
      for (std::uint32_t i = n.c; i < n.d; ++i) {
        const std::string_view word = arrays_[n.a].word(i);
        if (word.size() - n.b != lengths_[r].min_bytes) continue;
        out.append(word.substr(n.b));
        break;
      }
      break;
    case Kind::kPunycode:
      out += codecs_[n.a]->completion(n.b);
      break;
    case Kind::kAlternate:
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex member = members(n)[i];
        if (lengths_[member].min_bytes != lengths_[r].min_bytes) continue;
        append_shortest(member, out);
        break;
      }
      break;
    case Kind::kRepeat: {
      std::string once;
      append_shortest(n.a, once);
      if (once.size() * n.c > kMost) throw BudgetExceeded("regex witness: 268435456 bytes");
      for (std::uint32_t i = 0; i < n.c; ++i) out += once;
      break;
    }
    default:
      break;
  }
}

}  // namespace structgen::regex
