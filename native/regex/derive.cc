// Brzozowski derivatives and the dense rows made of them.
//
// A row is filled as it is asked for, with one derivative per class of bytes that the
// expression cannot tell apart (Owens, Reppy & Turon 2009): where letters of many scripts
// may stand there are a hundred classes, and most states are only met by a few tokens.
#include <algorithm>

#include "regex/engine.h"
#include "regex/utf8_sets.h"

namespace structgen::regex {

Regex Engine::derive(Regex r, std::uint8_t byte) {
  const Kind kind = nodes_[r].kind;
  if (kind <= Kind::kWords) return derive_node(r, byte);
  CachedDerivative& cached = derivative_cache_[((r * 0x9E3779B1u) ^ (byte * 0x85EBCA6Bu)) >> 19];
  if (cached.of == r && cached.byte == byte) return cached.result;
  const Regex result = derive_node(r, byte);
  cached = {r, result, byte};
  return result;
}

Regex Engine::derive_node(Regex r, std::uint8_t byte) {
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      return kNothing;
    case Kind::kBytes:
      return sets_[n.a].has(byte) ? kEpsilon : kNothing;
    case Kind::kLiteral: {
      const std::string_view text(reinterpret_cast<const char*>(&n.a), n.d);
      return static_cast<std::uint8_t>(text[0]) == byte ? literal(text.substr(1)) : kNothing;
    }
    case Kind::kWords: {
      const WordArray& array = arrays_[n.a];
      std::uint32_t low = n.c;
      if (array.word(low).size() == n.b) ++low;
      const auto at = [&](std::uint32_t i) { return static_cast<std::uint8_t>(array.word(i)[n.b]); };
      const auto bound = [&](std::uint32_t from, unsigned value) {
        std::uint32_t to = n.d;
        while (from < to) {
          const std::uint32_t middle = from + (to - from) / 2;
          at(middle) < value ? from = middle + 1 : to = middle;
        }
        return from;
      };
      const std::uint32_t start = bound(low, byte);
      return word_range(n.a, n.b + 1, start, bound(start, byte + 1u));
    }
    case Kind::kConcat: {
      std::vector<Regex> parts;
      Regex rest = r;
      while (nodes_[rest].kind == Kind::kConcat) {
        const Regex head = nodes_[rest].a;
        const Regex tail = nodes_[rest].b;
        const Regex read = derive(head, byte);
        if (read != kNothing) parts.push_back(concat(read, tail));
        if (!nullable(head)) {
          rest = kNothing;
          break;
        }
        rest = tail;
      }
      if (rest != kNothing) parts.push_back(derive(rest, byte));
      if (parts.empty()) return kNothing;
      return parts.size() == 1 ? parts[0] : alternate(std::move(parts));
    }
    case Kind::kAlternate: {
      std::vector<Regex> parts;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex read = derive(members(n)[i], byte);
        if (read != kNothing) parts.push_back(read);
      }
      if (parts.empty()) return kNothing;
      return parts.size() == 1 ? parts[0] : alternate(std::move(parts));
    }
    case Kind::kIntersect: {
      std::vector<Regex> parts;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex read = derive(members(n)[i], byte);
        if (read == kNothing) return kNothing;
        parts.push_back(read);
      }
      return intersect(std::move(parts));
    }
    case Kind::kComplement: {
      const std::uint32_t state = utf8_step(n.b, byte);
      return state == kUtf8Mixed ? kNothing : complement(derive(n.a, byte), state);
    }
    case Kind::kRepeat: {
      const Regex read = derive(n.a, byte);
      if (read == kNothing) return kNothing;
      return concat(read, repeat(n.a, n.c == 0 ? 0 : n.c - 1, n.d == kUnbounded ? kUnbounded : n.d - 1));
    }
    case Kind::kRecursive:
      return derive(equations_[n.a], byte);
    case Kind::kPunycode:
      return codec_state(n.a, codecs_[n.a]->step(n.b, byte));
  }
  return kNothing;
}

// Bytes after which r holds whatever may follow: where it is characters, then anything.
ByteSet Engine::decides(Regex r) const {
  ByteSet result;
  const Node& n = nodes_[r];
  if (n.kind != Kind::kConcat || n.b != kAnything) return result;
  const Node& head = nodes_[n.a];
  const Regex* const choices = head.kind == Kind::kAlternate ? members(head) : &n.a;
  for (std::uint32_t i = 0; i < (head.kind == Kind::kAlternate ? head.b : 1); ++i) {
    if (nodes_[choices[i]].kind == Kind::kBytes) result = result | sets_[nodes_[choices[i]].a];
  }
  ByteSet ascii;
  ascii.add(0x00, 0x7F);
  return result & ascii;
}

// A superset of the bytes that members begin with.
ByteSet Engine::first_bytes(Regex r) {
  if (first_[r] != 0) return sets_[first_[r] - 1];
  const Node n = nodes_[r];
  ByteSet result;
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      break;
    case Kind::kBytes:
      result = sets_[n.a];
      break;
    case Kind::kLiteral:
      result.add(static_cast<std::uint8_t>(reinterpret_cast<const char*>(&n.a)[0]));
      break;
    case Kind::kWords: {
      arrays_[n.a].list(n.b, n.c, n.d).divide(n.b, n.c, n.d, [&](std::uint8_t byte, auto, auto) { result.add(byte); });
      break;
    }
    case Kind::kConcat: {
      Regex rest = r;
      while (nodes_[rest].kind == Kind::kConcat) {
        const Regex head = nodes_[rest].a;
        result = result | first_bytes(head);
        rest = nullable(head) ? nodes_[rest].b : kNothing;
      }
      result = result | first_bytes(rest);
      break;
    }
    case Kind::kAlternate:
      for (std::uint32_t i = 0; i < n.b; ++i) result = result | first_bytes(members(n)[i]);
      break;
    case Kind::kIntersect:
      result.add(0, 255);
      for (std::uint32_t i = 0; i < n.b; ++i) result = result & first_bytes(members(n)[i]);
      break;
    case Kind::kComplement:
      result.add(0, 255);
      result = result.without(utf8_moves(n.b)[kUtf8Mixed]);
      if (n.b == 0) result = result.without(decides(n.a));
      break;
    case Kind::kRepeat:
      result = first_bytes(n.a);
      break;
    case Kind::kRecursive:  // its equation may not stand yet
      result.add(0x00, 0x7F);
      result.add(0xC2, 0xF4);
      break;
    case Kind::kPunycode:
      result.add('a', 'z');
      result.add('0', '9');
      result.add('-', '-');
      break;
  }
  first_[r] = byte_set(result) + 1;
  return result;
}

// Byte sets that decide the first step of r, each once.
void Engine::collect_sets(Regex r) {
  const auto take = [this](std::uint32_t set) {
    if (set_seen_.size() < sets_.size()) set_seen_.resize(sets_.size(), 0);
    if (set_seen_[set] == round_) return;
    set_seen_[set] = round_;
    collected_.push_back(set);
  };
  if (seen_.size() < nodes_.size()) seen_.resize(nodes_.size(), 0);
  if (seen_[r] == round_) return;
  seen_[r] = round_;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      break;
    case Kind::kBytes:
      take(n.a);
      break;
    case Kind::kLiteral:
      first_bytes(r);
      take(first_[r] - 1);
      break;
    case Kind::kWords:
    case Kind::kPunycode: {
      const ByteSet first = first_bytes(r);
      first.each([&](std::uint8_t byte) {
        std::uint32_t& known = single_bytes_[byte];  // a byte set's id + 1
        if (known == 0) {
          ByteSet one;
          one.add(byte);
          known = byte_set(one) + 1;
        }
        take(known - 1);
      });
      break;
    }
    case Kind::kConcat: {
      Regex rest = r;
      while (nodes_[rest].kind == Kind::kConcat) {
        const Regex head = nodes_[rest].a;
        collect_sets(head);
        rest = nullable(head) ? nodes_[rest].b : kNothing;
      }
      collect_sets(rest);
      break;
    }
    case Kind::kAlternate:
    case Kind::kIntersect:
      for (std::uint32_t i = 0; i < n.b; ++i) collect_sets(members(n)[i]);
      break;
    case Kind::kComplement:
      collect_sets(domains_[n.b]);
      collect_sets(n.a);
      break;
    case Kind::kRepeat:
      collect_sets(n.a);
      break;
    case Kind::kRecursive:
      collect_sets(equations_[n.a]);
      break;
  }
}

// The bytes that r cannot tell apart in its first step, the class that a reader likes best first:
// witnesses are made of the representatives.
void Engine::byte_classes(Regex r, std::vector<ByteClass>& classes) {
  ++round_;
  collected_.clear();
  collect_sets(r);
  const ByteSet first = first_bytes(r);
  classes.clear();
  if (first.none()) return;
  classes.push_back({first, 0});  // no other byte begins a member
  for (std::uint32_t set : collected_) {
    const std::size_t known = classes.size();
    if (known == 256) break;
    for (std::size_t i = 0; i < known; ++i) {
      const ByteSet inside = classes[i].bytes & sets_[set];
      if (inside.none() || inside == classes[i].bytes) continue;
      classes.push_back({inside, 0});
      classes[i].bytes = classes[i].bytes.without(inside);
    }
  }
  static const std::array<std::uint8_t, 256> kRank = [] {
    std::array<std::uint8_t, 256> rank{};
    std::array<bool, 256> used{};
    unsigned at = 0;
    const auto put = [&](unsigned low, unsigned high) {
      for (unsigned byte = low; byte <= high; ++byte) {
        if (!used[byte]) rank[byte] = static_cast<std::uint8_t>(at++);
        used[byte] = true;
      }
    };
    put('a', 'z');
    put('0', '9');
    put('A', 'Z');
    put('!', '~');
    put(' ', ' ');
    put(0, 255);
    return rank;
  }();
  for (ByteClass& one : classes) {
    bool found = false;
    one.bytes.each([&](std::uint8_t byte) {
      if (!found || kRank[byte] < kRank[one.representative]) one.representative = byte;
      found = true;
    });
  }
  std::sort(classes.begin(), classes.end(), [](const ByteClass& x, const ByteClass& y) {
    return kRank[x.representative] < kRank[y.representative];
  });
}

// Words that are left, by their next byte: no classes to find, nothing that could be empty. What is read is
// proportional to the bytes that may follow, not to the words.
Regex* Engine::words_row(Regex r) {
  const Node n = nodes_[r];
  std::array<Regex, 256> target{};
  arrays_[n.a].list(n.b, n.c, n.d).divide(n.b, n.c, n.d, [&](std::uint8_t byte, std::uint32_t from, std::uint32_t to) {
    target[byte] = word_range(n.a, n.b + 1, from, to);
  });
  Regex* row = row_store_.add(kNothing);
  std::copy(target.begin(), target.end(), row);
  return rows_[r] = row;
}

// The row of r with what is known without a derivative: bytes that begin no member.
Regex* Engine::new_row(Regex r) {
  if (nodes_[r].kind == Kind::kWords) return words_row(r);
  Regex* row = row_store_.add(kNothing);
  first_bytes(r).each([&](std::uint8_t byte) { row[byte] = kUnread; });
  return rows_[r] = row;
}

// Takes from `same` what the first step of r tells from `byte`.
void Engine::narrow(Regex r, std::uint8_t byte, ByteSet& same) {
  const auto split = [&](const ByteSet& set) { same = set.has(byte) ? same & set : same.without(set); };
  if (seen_.size() < nodes_.size()) seen_.resize(nodes_.size(), 0);
  if (seen_[r] == round_) return;
  seen_[r] = round_;
  const Node n = nodes_[r];
  switch (n.kind) {
    case Kind::kNothing:
    case Kind::kEpsilon:
      break;
    case Kind::kBytes:
      split(sets_[n.a]);
      break;
    case Kind::kLiteral:
    case Kind::kWords:
    case Kind::kPunycode:
      if (const ByteSet& first = first_bytes(r); first.has(byte)) {
        same = {};
        same.add(byte);
      } else {
        same = same.without(first);
      }
      break;
    case Kind::kConcat: {
      Regex rest = r;
      while (nodes_[rest].kind == Kind::kConcat) {
        const Regex head = nodes_[rest].a;
        narrow(head, byte, same);
        rest = nullable(head) ? nodes_[rest].b : kNothing;
      }
      narrow(rest, byte, same);
      break;
    }
    case Kind::kAlternate:
    case Kind::kIntersect:
      for (std::uint32_t i = 0; i < n.b; ++i) narrow(members(n)[i], byte, same);
      break;
    case Kind::kComplement:
      split(utf8_alike(n.b, byte));
      narrow(n.a, byte, same);
      break;
    case Kind::kRepeat:
      narrow(n.a, byte, same);
      break;
    case Kind::kRecursive:
      narrow(equations_[n.a], byte, same);
      break;
  }
}

// The derivative by one byte, and by all that r cannot tell from it.
Regex Engine::fill_class(Regex r, std::uint8_t byte) {
  ++round_;
  ByteSet same = first_bytes(r);
  narrow(r, byte, same);
  Budget budget("regex emptiness", kSearchSteps);
  Regex next = derive(r, byte);
  if (next != kNothing && !alive(next, budget)) next = kNothing;
  Regex* row = rows_[r];
  same.each([&](std::uint8_t other) { row[other] = next; });
  return next;
}

}  // namespace structgen::regex
