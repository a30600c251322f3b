// Constructors with the similarity rules: every expression is built here, so
// that equal languages often, and equal structures always, share one id.
//
// The rules are the algebra of sets and of Kleene (associativity,
// commutativity, idempotence, absorption, units), merging of counters, and the
// UTF-8 typing: what is known to be well formed meets "anything" for free.
#include <algorithm>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

void sort_unique(std::vector<Regex>& parts) {
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
}

bool has(const std::vector<Regex>& sorted, Regex r) {
  return std::binary_search(sorted.begin(), sorted.end(), r);
}

// x + y, or nothing when the sum does not fit and is not unbounded either.
bool sum(std::uint32_t x, std::uint32_t y, std::uint32_t& result) {
  if (x == kUnbounded || y == kUnbounded) {
    result = kUnbounded;
    return true;
  }
  const std::uint64_t total = std::uint64_t{x} + y;
  result = static_cast<std::uint32_t>(total);
  return total < kUnbounded;
}

bool product(std::uint32_t x, std::uint32_t y, std::uint32_t& result) {
  if (x == 0 || y == 0) {
    result = 0;
    return true;
  }
  if (x == kUnbounded || y == kUnbounded) {
    result = kUnbounded;
    return true;
  }
  const std::uint64_t total = std::uint64_t{x} * y;
  result = static_cast<std::uint32_t>(total);
  return total < kUnbounded;
}

}  // namespace

Engine::Engine() : derivative_cache_(1 << 13) {
  grow_table(1024);
  intern({.kind = Kind::kNothing});
  intern({.kind = Kind::kEpsilon});
  // kAnything must be id 2 and is built over expressions that come after it.
  nodes_.emplace_back();
  lengths_.emplace_back();
  rows_.push_back(nullptr);
  first_.push_back(0);
  any_character_ = code_points({{0, 0x10FFFF}});
  nodes_[kAnything] = {.kind = Kind::kRepeat, .a = any_character_, .c = 0, .d = kUnbounded};
  Lengths length;
  measure(nodes_[kAnything], length);
  lengths_[kAnything] = length;
  add_to_table({hash_of(nodes_[kAnything], nullptr), kAnything});

  const std::array<std::uint8_t, kUtf8States> way = {0, 0xC2, 0xE1, 0xF1, 0xE0, 0xED, 0xF0, 0xF4};
  domains_[0] = kAnything;
  for (std::uint32_t state = 1; state < kUtf8States; ++state) domains_[state] = derive(kAnything, way[state]);
}

Regex Engine::bytes(const ByteSet& set) {
  if (set.none()) return kNothing;
  return intern({.kind = Kind::kBytes, .a = byte_set(set)});
}

Regex Engine::literal(std::string_view text) {
  // Chunks are counted from the end, so that a suffix of a literal is made of the same chunks.
  Regex result = kEpsilon;
  while (!text.empty()) {
    const std::size_t size = std::min<std::size_t>(text.size(), kLiteralBytes);
    const std::string_view chunk = text.substr(text.size() - size);
    text.remove_suffix(size);
    Regex piece;
    if (size == 1) {
      ByteSet set;
      set.add(static_cast<std::uint8_t>(chunk[0]));
      piece = bytes(set);
    } else {
      Node n{.kind = Kind::kLiteral, .d = static_cast<std::uint32_t>(size)};
      std::uint32_t cells[3] = {0, 0, 0};
      for (std::size_t i = 0; i < size; ++i) {
        reinterpret_cast<unsigned char*>(cells)[i] = static_cast<unsigned char>(chunk[i]);
      }
      n.a = cells[0];
      n.b = cells[1];
      n.c = cells[2];
      piece = intern(n);
    }
    result = result == kEpsilon ? piece : intern({.kind = Kind::kConcat, .a = piece, .b = result});
  }
  return result;
}

Regex Engine::words(std::vector<std::string> words) {
  if (words.empty()) return kNothing;
  const std::uint32_t array = word_array(std::move(words));
  return word_range(array, 0, 0, arrays_[array].size());
}

// The words of rows [low, high) behind their first `depth` bytes, which they share.
Regex Engine::word_range(std::uint32_t array, std::uint32_t depth, std::uint32_t low, std::uint32_t high) {
  if (low >= high) return kNothing;
  if (high - low == 1) return literal(arrays_[array].word(low).substr(depth));
  return intern({.kind = Kind::kWords, .a = array, .b = depth, .c = low, .d = high});
}

Engine::Element Engine::element(Regex r) const {
  const Node& n = nodes_[r];
  if (n.kind == Kind::kRepeat) return {n.a, n.c, n.d};
  return {r, 1, 1};
}

// head·tail where head is no concatenation: r{a,b}·r{c,d} = r{a+c,b+d}.
Regex Engine::prepend(Regex head, Regex tail) {
  while (true) {
    if (head == kEpsilon) return tail;
    if (tail == kEpsilon) return head;
    const bool chain = nodes_[tail].kind == Kind::kConcat;
    const Regex next = chain ? nodes_[tail].a : tail;
    const Element x = element(head);
    const Element y = element(next);
    if (x.base != y.base || nodes_[x.base].kind == Kind::kLiteral) break;
    std::uint32_t min;
    std::uint32_t max;
    if (!sum(x.min, y.min, min) || min == kUnbounded || !sum(x.max, y.max, max)) break;
    head = repeat(x.base, min, max);
    tail = chain ? nodes_[tail].b : kEpsilon;
  }
  return intern({.kind = Kind::kConcat, .a = head, .b = tail});
}

Regex Engine::concat(Regex first, Regex second) {
  if (first == kNothing || second == kNothing) return kNothing;
  if (first == kEpsilon) return second;
  if (nodes_[first].kind != Kind::kConcat) return prepend(first, second);
  std::vector<Regex> heads;
  while (nodes_[first].kind == Kind::kConcat) {
    heads.push_back(nodes_[first].a);
    first = nodes_[first].b;
  }
  Regex result = prepend(first, second);
  for (auto head = heads.rbegin(); head != heads.rend(); ++head) result = prepend(*head, result);
  return result;
}

Regex Engine::concat(const std::vector<Regex>& parts) {
  Regex result = kEpsilon;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) result = concat(*part, result);
  return result;
}

Regex Engine::repeat(Regex r, std::uint32_t min, std::uint32_t max) {
  if (max == 0 || r == kEpsilon) return kEpsilon;
  if (r == kNothing) return min == 0 ? kEpsilon : kNothing;
  if (nullable(r)) min = 0;
  if (min == 1 && max == 1) return r;
  const Node n = nodes_[r];
  if (n.kind == Kind::kRepeat) {
    // (r{a,b}){c,d} = r{ac,bd} when the intervals ka..kb touch each other from k = c on.
    const std::uint64_t reach = n.d == kUnbounded ? ~std::uint64_t{0} >> 1 : std::uint64_t{min} * n.d;
    const bool touching = min == max || (min == 0 ? n.c <= 1 : reach + 1 >= (std::uint64_t{min} + 1) * n.c);
    std::uint32_t low;
    std::uint32_t high;
    if (touching && product(n.c, min, low) && low != kUnbounded && product(n.d, max, high)) {
      return repeat(n.a, low, high);
    }
  }
  if (n.kind == Kind::kAlternate && min == 0 && max == kUnbounded) {
    // (a*|b+|c?)* = (a|b|c)*
    std::vector<Regex> bare(members(n), members(n) + n.b);
    bool changed = false;
    for (Regex& part : bare) {
      const Node& inner = nodes_[part];
      if (inner.kind == Kind::kRepeat && inner.c <= 1) {
        part = inner.a;
        changed = true;
      }
    }
    if (changed) return repeat(alternate(std::move(bare)), 0, kUnbounded);
  }
  return intern({.kind = Kind::kRepeat, .a = r, .c = min, .d = max});
}

int Engine::domain_state(Regex r) const {
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    if (domains_[state] == r) return static_cast<int>(state);
  }
  return -1;
}

bool Engine::contains(Regex alternation, Regex member) const {
  const Node& n = nodes_[alternation];
  if (alternation == member) return true;
  return n.kind == Kind::kAlternate && std::binary_search(members(n), members(n) + n.b, member);
}

// Drops what a universe or a sibling already covers.
void Engine::absorb_alternatives(std::vector<Regex>& parts, bool& epsilon) {
  for (Regex& part : parts) {
    const Node& n = nodes_[part];
    // x | ~x is the universe, joined by whatever of x lies outside it.
    if (n.kind == Kind::kComplement && has(parts, n.a)) part = domains_[n.b];
  }
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const Regex domain = domains_[state];
    if (std::find(parts.begin(), parts.end(), domain) == parts.end()) continue;
    std::erase_if(parts, [&](Regex r) { return r != domain && well_formed(r, state); });
    if (state == 0) epsilon = false;
  }
  sort_unique(parts);
  std::erase_if(parts, [&](Regex r) {
    const Node& n = nodes_[r];
    if (n.kind != Kind::kIntersect) return false;
    return std::any_of(members(n), members(n) + n.b, [&](Regex member) { return has(parts, member); });
  });
}

// [ab]·t | [cd]·t = [abcd]·t, and e·s | e·t = e·(s|t) within one code point.
void Engine::merge_heads(std::vector<Regex>& parts) {
  const auto head_of = [this](Regex part) {
    const Node& n = nodes_[part];
    const Regex head = n.kind == Kind::kConcat ? n.a : part;
    return nodes_[head].kind == Kind::kBytes ? head : kNothing;
  };
  const auto heads = std::count_if(parts.begin(), parts.end(), [&](Regex part) { return head_of(part) != kNothing; });
  if (heads < 2) return;
  std::unordered_map<Regex, Regex> by_tail;  // tail → merged head
  std::vector<Regex> kept;
  std::vector<Regex> tails;
  for (Regex part : parts) {
    const Regex head = head_of(part);
    const Regex tail = head == part ? kEpsilon : nodes_[part].b;
    if (head == kNothing) {
      kept.push_back(part);
      continue;
    }
    const auto [at, fresh] = by_tail.try_emplace(tail, head);
    if (fresh) {
      tails.push_back(tail);
    } else {
      at->second = bytes(sets_[nodes_[at->second].a] | sets_[nodes_[head].a]);
    }
  }
  std::unordered_map<Regex, std::vector<Regex>> short_tails;  // head → tails that stay within one code point
  std::vector<Regex> order;
  for (Regex tail : tails) {
    const Regex head = by_tail[tail];
    if (tail != kEpsilon && lengths_[tail].max_points == 0) {
      std::vector<Regex>& same = short_tails[head];
      if (same.empty()) order.push_back(head);
      same.push_back(tail);
    } else {
      kept.push_back(tail == kEpsilon ? head : concat(head, tail));
    }
  }
  for (Regex head : order) {
    std::vector<Regex>& same = short_tails[head];
    kept.push_back(concat(head, same.size() == 1 ? same[0] : alternate(same)));
  }
  parts = std::move(kept);
}

Regex Engine::alternate(std::vector<Regex> given) {
  std::vector<Regex> parts;
  parts.reserve(given.size());
  bool epsilon = false;
  bool counted = false;
  for (Regex r : given) {
    if (r == kNothing) continue;
    if (r == kEpsilon) {
      epsilon = true;
      continue;
    }
    const Node* n = &nodes_[r];
    if (n->kind == Kind::kRepeat && n->c == 0 && n->d == 1) {
      epsilon = true;
      r = n->a;
      n = &nodes_[r];
    }
    if (n->kind == Kind::kAlternate) {
      parts.insert(parts.end(), members(*n), members(*n) + n->b);
    } else {
      parts.push_back(r);
    }
  }
  sort_unique(parts);
  if (parts.size() > 1) {
    absorb_alternatives(parts, epsilon);
    if (parts.size() > 1) merge_heads(parts);
    for (Regex r : parts) counted = counted || (nodes_[r].flags & kCounted);
    if (counted && parts.size() > 1) merge_counters(parts);
    sort_unique(parts);
  }
  if (parts.empty()) return epsilon ? kEpsilon : kNothing;
  const Regex result = parts.size() == 1 ? parts[0] : intern({.kind = Kind::kAlternate}, &parts);
  return epsilon && !nullable(result) ? repeat(result, 0, 1) : result;
}

// c{a,b} & d{e,f} over single characters is (c & d){max(a,e), min(b,f)}. False when nothing is left.
bool Engine::merge_character_loops(std::vector<Regex>& parts) {
  bool found = false;
  Element loop{};
  std::vector<Regex> kept;
  for (Regex r : parts) {
    const Element e = element(r);
    if (!(nodes_[e.base].flags & kCharacter)) {
      kept.push_back(r);
      continue;
    }
    if (!found) {
      loop = e;
      found = true;
      continue;
    }
    if (e.base != loop.base) {
      const Ranges& x = characters_.at(e.base);
      const Ranges& y = characters_.at(loop.base);
      Ranges both;
      for (std::size_t i = 0, j = 0; i < x.size() && j < y.size();) {
        const CodePoint low = std::max(x[i].first, y[j].first);
        const CodePoint high = std::min(x[i].second, y[j].second);
        if (low <= high) both.emplace_back(low, high);
        x[i].second < y[j].second ? ++i : ++j;
      }
      loop.base = code_points(std::move(both));
    }
    loop.min = std::max(loop.min, e.min);
    loop.max = std::min(loop.max, e.max);
    if (loop.base == kNothing) {  // only the empty string is left, if that
      if (loop.min > 0) return false;
      kept = {kEpsilon};
      for (Regex other : parts) {
        if (!nullable(other)) return false;
      }
      parts = std::move(kept);
      return true;
    }
    if (loop.min > loop.max) return false;
  }
  if (found) kept.push_back(repeat(loop.base, loop.min, loop.max));
  parts = std::move(kept);
  return true;
}

// Loosens a bound on the number of code points as far as the others imply it,
// so that intersections which differ only there become equal. False when the bounds exclude each other.
bool Engine::clip_lengths(std::vector<Regex>& parts) {
  std::uint32_t least = 0;
  std::uint32_t most = kUnbounded;
  std::uint32_t least_bytes = 0;
  std::uint32_t most_bytes = kUnbounded;
  std::size_t bound = parts.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Element e = element(parts[i]);
    const Lengths& length = lengths_[parts[i]];
    least_bytes = std::max(least_bytes, length.min_bytes);
    most_bytes = std::min(most_bytes, length.max_bytes);
    if (e.base == any_character_) {
      bound = i;
      continue;
    }
    least = std::max(least, length.min_points);
    most = std::min(most, length.max_points);
  }
  if (least_bytes > most_bytes || least > most) return false;
  if (bound == parts.size() || parts.size() < 2) return true;
  const Element e = element(parts[bound]);
  if (e.min > most || e.max < least) return false;
  const std::uint32_t min = e.min <= least ? 0 : e.min;
  const std::uint32_t max = e.max >= most ? kUnbounded : e.max;
  parts[bound] = repeat(any_character_, min, max);
  if (parts[bound] == kAnything) {
    const bool typed =
        std::any_of(parts.begin(), parts.end(), [&](Regex r) { return r != kAnything && well_formed(r); });
    if (typed) parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(bound));
  }
  return true;
}

// ~x & ~y = ~(x|y) in one universe; x & ~x is nothing. False when nothing is left.
bool Engine::merge_complements(std::vector<Regex>& parts) {
  std::array<std::vector<Regex>, kUtf8States> bodies;
  bool any = false;
  for (Regex r : parts) {
    const Node& n = nodes_[r];
    if (n.kind != Kind::kComplement) continue;
    any = true;
    bodies[n.b].push_back(n.a);
  }
  if (!any) return true;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    if (bodies[state].empty()) continue;
    Regex excluded = bodies[state][0];
    if (bodies[state].size() > 1) {
      excluded = alternate(bodies[state]);
      std::erase_if(parts,
                    [&](Regex r) { return nodes_[r].kind == Kind::kComplement && nodes_[r].b == state; });
      const Regex merged = complement(excluded, state);
      if (merged == kNothing) return false;
      parts.push_back(merged);
    }
    for (Regex r : parts) {
      if (contains(excluded, r)) return false;
      const Node& n = nodes_[r];
      if (n.kind == Kind::kAlternate && n.b <= 64 &&
          std::all_of(members(n), members(n) + n.b,
                      [&](Regex member) { return contains(excluded, member); })) {
        return false;
      }
    }
  }
  return true;
}

Regex Engine::intersect(std::vector<Regex> given) {
  std::vector<Regex> parts;
  for (Regex r : given) {
    const Node& n = nodes_[r];
    if (r == kNothing) return kNothing;
    if (n.kind == Kind::kIntersect) {
      parts.insert(parts.end(), members(n), members(n) + n.b);
    } else {
      parts.push_back(r);
    }
  }
  if (parts.empty()) return kAnything;
  sort_unique(parts);
  if (parts.size() == 1) return parts[0];
  if (has(parts, kEpsilon)) {
    return std::all_of(parts.begin(), parts.end(), [this](Regex r) { return nullable(r); }) ? kEpsilon
                                                                                            : kNothing;
  }
  if (!merge_character_loops(parts) || !merge_complements(parts)) return kNothing;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const Regex domain = domains_[state];
    if (std::find(parts.begin(), parts.end(), domain) == parts.end()) continue;
    if (std::any_of(parts.begin(), parts.end(),
                    [&](Regex r) { return r != domain && well_formed(r, state); })) {
      std::erase(parts, domain);
    }
  }
  if (!clip_lengths(parts)) return kNothing;
  sort_unique(parts);
  std::erase_if(parts, [&](Regex r) {  // x & (x|y) = x
    const Node& n = nodes_[r];
    return n.kind == Kind::kAlternate && std::any_of(parts.begin(), parts.end(), [&](Regex other) {
             return other != r && contains(r, other);
           });
  });
  if (parts.size() == 1) return parts[0];
  if (std::find(parts.begin(), parts.end(), kEpsilon) != parts.end()) return intersect(std::move(parts));

  ByteSet first;
  first.add(0, 255);
  bool all_nullable = true;
  for (Regex r : parts) {
    first = first & first_bytes(r);
    all_nullable = all_nullable && nullable(r);
  }
  if (first.none()) return all_nullable ? kEpsilon : kNothing;

  // Named expressions nest alternation and intersection without end unless one is moved outwards.
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Node n = nodes_[parts[i]];
    if (n.kind != Kind::kAlternate || !(n.flags & kNamed)) continue;
    const std::vector<Regex> choices(members(n), members(n) + n.b);
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(i));
    std::vector<Regex> result;
    for (Regex choice : choices) {
      std::vector<Regex> with = parts;
      with.push_back(choice);
      result.push_back(intersect(std::move(with)));
    }
    return alternate(std::move(result));
  }
  return intern({.kind = Kind::kIntersect}, &parts);
}

Regex Engine::complement(Regex r, std::uint32_t state) {
  const Regex domain = domains_[state];
  if (r == kNothing) return domain;
  if (contains(r, domain)) return kNothing;
  const Node n = nodes_[r];
  if (n.kind == Kind::kComplement && n.b == state) {
    return well_formed(n.a, state) ? n.a : intersect({n.a, domain});
  }
  const Element e = element(r);
  if (e.base == any_character_ && state == 0) {
    std::vector<Regex> outside;
    if (e.min > 0) outside.push_back(repeat(any_character_, 0, e.min - 1));
    if (e.max != kUnbounded) outside.push_back(repeat(any_character_, e.max + 1, kUnbounded));
    return alternate(std::move(outside));
  }
  return intern({.kind = Kind::kComplement, .a = r, .b = state});
}

// The members of r but the empty string.
Regex Engine::without_epsilon(Regex r) {
  if (!nullable(r)) return r;
  if (r == kEpsilon) return kNothing;
  const Node n = nodes_[r];
  if (n.kind == Kind::kRepeat && !nullable(n.a)) {
    return concat(n.a, repeat(n.a, 0, n.d == kUnbounded ? kUnbounded : n.d - 1));
  }
  ByteSet all;
  all.add(0, 255);
  const Regex something = well_formed(r) ? concat(any_character_, kAnything)
                                         : concat(bytes(all), repeat(bytes(all), 0, kUnbounded));
  return intersect({r, something});
}

Regex Engine::declare(bool nullable) {
  equations_.push_back(kNothing);
  const auto equation = static_cast<std::uint32_t>(equations_.size() - 1);
  return intern({.kind = Kind::kRecursive, .flags = nullable ? kNullable : std::uint8_t{0}, .a = equation});
}

void Engine::define(Regex name, Regex body) { equations_[nodes_[name].a] = body; }

Regex Engine::punycode(Regex labels, std::uint32_t octets) {
  const auto same = [&](const auto& one) { return one->labels() == labels && one->octets() == octets; };
  const auto at = std::find_if(codecs_.begin(), codecs_.end(), same);
  const auto codec = static_cast<std::uint32_t>(at - codecs_.begin());
  if (at == codecs_.end()) codecs_.push_back(std::make_unique<Punycode>(*this, labels, octets));
  return codec_state(codec, codecs_[codec]->start());
}

Regex Engine::codec_state(std::uint32_t codec, std::uint32_t state) {
  if (state == Punycode::kDead) return kNothing;
  const Punycode& of = *codecs_[codec];
  const auto way = static_cast<std::uint32_t>(of.completion(state).size());
  const std::uint32_t left = of.octets() - of.length(state);
  return intern({.kind = Kind::kPunycode, .a = codec, .b = state, .c = way, .d = left});
}

}  // namespace structgen::regex
