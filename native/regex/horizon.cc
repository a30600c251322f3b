// What a text of bounded length can tell about an expression, and what it cannot.
//
// A mask looks as far as the longest token and no farther. Expressions that agree on every text up to
// there, about membership and about liveness, have the same mask: `near` finds a common one. Agreement up
// to a length is a congruence for concatenation, alternation and repetition; for & and ~ it is not (a
// distant bound may kill what a pattern still needs), so there only two forms are simplified, with a bound
// on how far a completion can be.
//
// All answers are structural and sound, none is complete. Recursion ends at kDepth.
#include <algorithm>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr unsigned kDepth = 6;
constexpr std::uint32_t kMostRounds = 32;  // more of them are beyond the horizon of short texts, mostly (near)
constexpr std::uint32_t kMembers = 64;  // more are not looked at
constexpr unsigned kChain = 16;         // factors looked at from the front

std::uint32_t add(std::uint32_t a, std::uint32_t b) {
  return a == kUnbounded || b == kUnbounded || a > kUnbounded - 1 - b ? kUnbounded : a + b;
}

std::uint32_t times(std::uint32_t a, std::uint32_t b) {
  const std::uint64_t product = static_cast<std::uint64_t>(a) * b;
  return product >= kUnbounded ? kUnbounded : static_cast<std::uint32_t>(product);
}

}  // namespace

// A superset of the bytes that members end in.
ByteSet Engine::last_bytes(Regex r, unsigned depth) {
  ByteSet result;
  if (depth == kDepth) {
    result.add(0, 255);
    return result;
  }
  std::vector<Regex> heads;
  for (; nodes_[r].kind == Kind::kConcat; r = nodes_[r].b) heads.push_back(nodes_[r].a);
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      break;
    case Kind::kBytes:
      result = sets_[n.a];
      break;
    case Kind::kLiteral:
      result.add(static_cast<std::uint8_t>(reinterpret_cast<const char*>(&n.a)[n.d - 1]));
      break;
    case Kind::kRepeat:
      result = last_bytes(n.a, depth + 1);
      break;
    case Kind::kAlternate:
      if (n.b > kMembers) {
        result.add(0, 255);
      } else {
        for (std::uint32_t i = 0; i < n.b; ++i) result = result | last_bytes(members(n)[i], depth + 1);
      }
      break;
    default:
      result.add(0, 255);
  }
  for (auto head = heads.rbegin(); head != heads.rend() && nullable(r); ++head) {
    r = *head;
    result = result | last_bytes(r, depth + 1);
  }
  return result;
}

// Whether some ASCII character, put behind any text at all, makes a text that is no member.
bool Engine::escapable(Regex r) {
  ByteSet ascii;
  ascii.add(0x00, 0x7F);
  return !ascii.without(last_bytes(r, 0)).none();
}

// So many characters, whichever they are, leave a completion possible.
std::uint32_t Engine::free_points(Regex r, unsigned depth) {
  const Node n = nodes_[r];
  const Element e = element(r);
  if (e.base == any_character_) return e.max;
  if (depth == kDepth) return 0;
  switch (n.kind) {
    case Kind::kConcat: {
      const Element head = element(n.a);
      if (head.base != any_character_) return 0;
      return searched(n.b) && empty(n.b) ? 0 : head.max;
    }
    case Kind::kAlternate: {
      std::uint32_t most = 0;
      for (std::uint32_t i = 0; i < std::min(n.b, kMembers); ++i) {
        most = std::max(most, free_points(members(n)[i], depth + 1));
      }
      return most;
    }
    case Kind::kComplement:
      return n.b == 0 && (lengths_[n.a].max_points != kUnbounded || escapable(n.a)) ? kUnbounded : 0;
    case Kind::kIntersect: {
      // A text longer than everything that is left out is not left out; or one more character leads outside.
      std::uint32_t most = kUnbounded, left_out = 0, more = 0;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex member = members(n)[i];
        const Element loop = element(member);
        if (loop.base == any_character_) {
          most = std::min(most, loop.max);
        } else if (nodes_[member].kind == Kind::kComplement && nodes_[member].b == 0) {
          const Regex outside = nodes_[member].a;  // one at most: two would be merged
          if (lengths_[outside].max_points == kUnbounded && escapable(outside)) {
            more = 1;
          } else {
            left_out = std::max(left_out, lengths_[outside].max_points);
          }
        } else {
          return 0;
        }
      }
      return left_out < most && more < most ? (most == kUnbounded ? most : most - more) : 0;
    }
    default:
      return 0;
  }
}

// At most so many characters complete any text that can be completed at all.
std::uint32_t Engine::reach(Regex r, unsigned depth) {
  std::vector<Regex> factors;
  for (; nodes_[r].kind == Kind::kConcat; r = nodes_[r].b) {
    if (factors.size() == kChain) return kUnbounded;
    factors.push_back(nodes_[r].a);
  }
  // A text that ends within a factor goes on to its end, then shortly through those that follow.
  std::uint32_t most = reach_of_factor(r, depth);
  std::uint32_t after = searched(r) ? most : lengths_[r].min_points;
  for (std::size_t i = factors.size(); i-- > 0;) {
    const std::uint32_t own = reach(factors[i], depth + 1);
    most = std::max(most, add(own, after));
    after = add(after, searched(factors[i]) ? own : lengths_[factors[i]].min_points);
  }
  return most;
}

std::uint32_t Engine::reach_of_factor(Regex r, unsigned depth) {
  if (depth >= kDepth) return kUnbounded;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      return 0;
    case Kind::kBytes:
      return 1;
    case Kind::kLiteral:
      return n.d;
    case Kind::kWords:
      return lengths_[r].max_bytes;
    case Kind::kAlternate: {
      if (n.flags & kCharacter) return 1;
      std::uint32_t most = 0;
      if (n.b > kMembers) return kUnbounded;
      for (std::uint32_t i = 0; i < n.b; ++i) most = std::max(most, reach(members(n)[i], depth + 1));
      return most;
    }
    case Kind::kRepeat: {
      const std::uint32_t own = reach(n.a, depth + 1);
      const std::uint32_t rounds = std::max(n.c, 1u) - 1;  // after the one that is being read
      return add(own, times(rounds, searched(n.a) ? own : lengths_[n.a].min_points));
    }
    case Kind::kComplement:  // n.a has no member longer than this, so one more is enough
      return n.b == 0 ? add(lengths_[n.a].max_points, 1) : kUnbounded;
    default:
      return kUnbounded;
  }
}

std::optional<Store::Bounded> Engine::bounded(Regex r) {
  const Node n = nodes_[r];
  if (n.kind != Kind::kIntersect || n.b != 2) return std::nullopt;
  for (std::uint32_t i = 0; i < 2; ++i) {
    const Regex pattern = members(n)[1 - i];
    const Element loop = element(members(n)[i]);
    if (loop.base != any_character_ || loop.min != 0 || loop.max == kUnbounded || searched(pattern)) continue;
    return Store::Bounded{pattern, loop.max, reach(pattern, 0)};
  }
  return std::nullopt;
}

// Loops that may go round some times more than `rounds` go round `most` times at most. Every member of the one with
// fewer rounds is a member of the other.
Regex Engine::with_rounds(Regex r, std::uint32_t rounds, std::uint32_t most, unsigned depth) {
  if (depth == kDepth) return r;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kRepeat: {
      if (n.a == any_character_) return r;
      const Regex body = with_rounds(n.a, rounds, most, depth + 1);
      const bool counts = n.d > rounds && n.d <= kMostRounds && n.c <= rounds;
      return repeat(body, n.c, counts ? most : n.d);
    }
    case Kind::kConcat: {
      if (!(n.flags & (kCounted | kSearched))) return r;
      std::vector<Regex> parts;
      Regex rest = r;
      for (; nodes_[rest].kind == Kind::kConcat && parts.size() < kChain; rest = nodes_[rest].b) {
        parts.push_back(with_rounds(nodes_[rest].a, rounds, most, depth + 1));
      }
      parts.push_back(nodes_[rest].kind == Kind::kConcat ? rest : with_rounds(rest, rounds, most, depth + 1));
      return concat(parts);
    }
    case Kind::kAlternate:
    case Kind::kIntersect: {
      if (n.b > kMembers || (n.flags & kCharacter)) return r;
      std::vector<Regex> parts;
      for (std::uint32_t i = 0; i < n.b; ++i) parts.push_back(with_rounds(members(n)[i], rounds, most, depth + 1));
      return n.kind == Kind::kAlternate ? alternate(std::move(parts)) : intersect(std::move(parts));
    }
    default:
      return r;
  }
}

// An expression with the same members and the same live prefixes among texts of at most `longest` bytes.
Regex Engine::near(Regex r, std::uint32_t longest, unsigned depth) {
  if (depth == kDepth) return r;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kRepeat: {
      const std::uint32_t min = std::min(n.c, longest + 1);
      const std::uint32_t max = n.d > longest ? kUnbounded : n.d;
      return min == n.c && max == n.d ? r : repeat(n.a, min, max);
    }
    case Kind::kConcat: {
      if (!(n.flags & (kCounted | kSearched))) return r;
      std::vector<Regex> parts;
      Regex rest = r;
      std::uint32_t read = 0;
      bool changed = false;
      while (nodes_[rest].kind == Kind::kConcat && parts.size() < kChain && read <= longest) {
        const Regex head = nodes_[rest].a;
        parts.push_back(near(head, longest, depth + 1));
        changed = changed || parts.back() != head;
        read = add(read, lengths_[head].min_bytes);
        rest = nodes_[rest].b;
      }
      parts.push_back(read <= longest && nodes_[rest].kind != Kind::kConcat ? near(rest, longest, depth + 1) : rest);
      changed = changed || parts.back() != rest;
      return changed ? concat(parts) : r;
    }
    case Kind::kAlternate: {
      if (n.b > kMembers || (n.flags & kCharacter)) return r;
      std::vector<Regex> parts;
      bool changed = false;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex member = members(n)[i];
        parts.push_back(near(member, longest, depth + 1));
        changed = changed || parts.back() != member;
      }
      return changed ? alternate(std::move(parts)) : r;
    }
    case Kind::kIntersect: {
      // A bound on the length that no completion can meet any more does not matter.
      std::vector<Regex> kept;
      std::uint32_t bound = kUnbounded;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex member = members(n)[i];
        const Element loop = element(member);
        if (loop.base == any_character_ && loop.min == 0) {
          bound = std::min(bound, loop.max);
        } else {
          kept.push_back(member);
        }
      }
      if (bound == kUnbounded || kept.empty()) return r;
      std::uint32_t far = 0;
      for (Regex member : kept) {
        // Several patterns may need longer completions together than each alone; complements do not.
        if (kept.size() > 1 && nodes_[member].kind != Kind::kComplement) return r;
        far = std::max(far, reach(member, 0));
      }
      if (bound <= add(longest, far)) return r;
      return kept.size() == 1 ? near(kept[0], longest, depth + 1) : intersect(kept);
    }
    default:
      return r;
  }
}

}  // namespace structgen::regex
