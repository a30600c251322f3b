// Records and what is known of them from structure alone: flags, lengths, the
// UTF-8 typing. Equal structure means equal id.
#include <algorithm>
#include <limits>
#include <utility>

#include "regex/engine.h"
#include "regex/utf8_sets.h"

namespace structgen::regex {

namespace {

constexpr std::uint32_t kFree = 0xFFFFFFFFu;

std::uint32_t add(std::uint32_t x, std::uint32_t y) {
  const std::uint64_t sum = std::uint64_t{x} + y;
  return sum >= kUnbounded ? kUnbounded : static_cast<std::uint32_t>(sum);
}

std::uint32_t times(std::uint32_t x, std::uint32_t y) {
  if (x == 0 || y == 0) return 0;
  const std::uint64_t product = std::uint64_t{x} * y;
  return product >= kUnbounded ? kUnbounded : static_cast<std::uint32_t>(product);
}

bool continuation(std::uint8_t byte) { return byte >= 0x80 && byte <= 0xBF; }

std::uint32_t count_points(std::string_view text) {
  std::uint32_t count = 0;
  for (char c : text) count += !continuation(static_cast<std::uint8_t>(c));
  return count;
}

Utf8Map text_map(std::string_view text) {
  Utf8Map result = 0;
  for (std::uint32_t start = 0; start < kUtf8States; ++start) {
    std::uint32_t state = start;
    for (char c : text) {
      state = utf8_step(state, static_cast<std::uint8_t>(c));
      if (state == kUtf8Mixed) break;
    }
    result |= state << (4 * start);
  }
  return result;
}

Utf8Map repeat_map(Utf8Map body, std::uint32_t min, std::uint32_t max) {
  if (min == max && max <= 3) {
    Utf8Map result = kUtf8Identity;
    for (std::uint32_t i = 0; i < max; ++i) result = utf8_compose(result, body);
    return result;
  }
  Utf8Map result = 0;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const std::uint32_t end = utf8_to(body, state);
    result |= (end == state || end == kUtf8Vacuous ? state : kUtf8Mixed) << (4 * state);
  }
  return result;
}

}  // namespace

// Fills flags, depth and utf8 of the record, and its length bounds.
void Engine::measure(Node& n, Lengths& length) const {
  length = {};
  const auto inherit = [&n, this](Regex child, std::uint8_t flags) {
    n.flags |= nodes_[child].flags & flags;
  };
  const auto nest = [&n, this](Regex child) {
    const std::uint32_t depth = nodes_[child].depth + 1u;
    if (depth > kMaxDepth) {
      throw BudgetExceeded("regex nesting: " + std::to_string(kMaxDepth) + " levels");
    }
    n.depth = std::max(n.depth, static_cast<std::uint16_t>(depth));
  };
  switch (n.kind) {
    case Kind::kNothing:
      n.utf8 = kUtf8AllVacuous;
      break;
    case Kind::kEpsilon:
      n.flags |= kNullable;
      n.utf8 = kUtf8Identity;
      break;
    case Kind::kBytes: {
      const ByteSet& set = sets_[n.a];
      ByteSet continuations;
      continuations.add(0x80, 0xBF);
      length = {1, 1, (set & continuations).none() ? 1u : 0u, set.without(continuations).none() ? 0u : 1u, 1};
      n.utf8 = utf8_map(set);
      break;
    }
    case Kind::kLiteral: {
      const std::string_view text(reinterpret_cast<const char*>(&n.a), n.d);
      const std::uint32_t points = count_points(text);
      length = {n.d, n.d, points, points, n.d};
      n.utf8 = text_map(text);
      break;
    }
    case Kind::kWords: {
      const WordArray& array = arrays_[n.a];
      const WordArray::Bounds whole = array.bounds(n.c, n.d);
      const std::uint32_t before = count_points(array.word(n.c).substr(0, n.b));
      length = {whole.min_bytes - n.b, whole.max_bytes - n.b, whole.min_points - before, whole.max_points - before,
                whole.min_bytes - n.b};
      if (length.min_bytes == 0) n.flags |= kNullable;
      n.utf8 = kUtf8AllMixed;
      if (array.valid_utf8()) {
        std::uint32_t state = 0;
        for (char c : array.word(n.c).substr(0, n.b)) state = utf8_step(state, static_cast<std::uint8_t>(c));
        n.utf8 &= ~(15u << (4 * state));
      }
      break;
    }
    case Kind::kConcat: {
      const Lengths& x = lengths_[n.a];
      const Lengths& y = lengths_[n.b];
      length = {add(x.min_bytes, y.min_bytes), add(x.max_bytes, y.max_bytes), add(x.min_points, y.min_points),
                add(x.max_points, y.max_points), add(x.effort, y.effort)};
      n.flags |= nodes_[n.a].flags & nodes_[n.b].flags & kNullable;
      inherit(n.a, kSearched | kNamed | kCounted);
      inherit(n.b, kSearched | kNamed | kCounted);
      nest(n.a);
      n.depth = std::max(n.depth, nodes_[n.b].depth);
      n.utf8 = utf8_compose(nodes_[n.a].utf8, nodes_[n.b].utf8);
      break;
    }
    case Kind::kAlternate: {
      length = {kUnbounded, 0, kUnbounded, 0, kUnbounded};
      n.utf8 = kUtf8AllVacuous;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex child = members(n)[i];
        const Lengths& x = lengths_[child];
        length.min_bytes = std::min(length.min_bytes, x.min_bytes);
        length.max_bytes = std::max(length.max_bytes, x.max_bytes);
        length.min_points = std::min(length.min_points, x.min_points);
        length.max_points = std::max(length.max_points, x.max_points);
        length.effort = std::min(length.effort, x.effort);
        n.utf8 = utf8_union(n.utf8, nodes_[child].utf8);
        inherit(child, kSearched | kNamed | kNullable);
        nest(child);
      }
      break;
    }
    case Kind::kIntersect: {
      length = {0, kUnbounded, 0, kUnbounded, 0};
      n.utf8 = kUtf8AllMixed;
      n.flags |= kSearched | kNullable;
      for (std::uint32_t i = 0; i < n.b; ++i) {
        const Regex child = members(n)[i];
        const Lengths& x = lengths_[child];
        length.min_bytes = std::max(length.min_bytes, x.min_bytes);
        length.max_bytes = std::min(length.max_bytes, x.max_bytes);
        length.min_points = std::max(length.min_points, x.min_points);
        length.max_points = std::min(length.max_points, x.max_points);
        length.effort = add(length.effort, x.effort);
        n.utf8 = utf8_intersection(n.utf8, nodes_[child].utf8);
        if (!(nodes_[child].flags & kNullable)) n.flags &= static_cast<std::uint8_t>(~kNullable);
        inherit(child, kNamed);
        nest(child);
      }
      break;
    }
    case Kind::kComplement: {
      n.flags |= kSearched;
      if (n.b == 0 && !(nodes_[n.a].flags & kNullable)) n.flags |= kNullable;
      const std::uint32_t least = n.flags & kNullable ? 0 : 1;
      length = {least, kUnbounded, n.b == 0 ? least : 0, kUnbounded, least};
      inherit(n.a, kNamed);
      nest(n.a);
      n.utf8 = kUtf8AllMixed & ~(15u << (4 * n.b));
      break;
    }
    case Kind::kRepeat: {
      const Lengths& x = lengths_[n.a];
      length = {times(x.min_bytes, n.c), times(x.max_bytes, n.d), times(x.min_points, n.c),
                times(x.max_points, n.d), times(x.effort, n.c)};
      if (n.c == 0) n.flags |= kNullable;
      if (n.c > 1 || n.d != kUnbounded) n.flags |= kCounted;
      inherit(n.a, kSearched | kNamed);
      nest(n.a);
      n.utf8 = repeat_map(nodes_[n.a].utf8, n.c, n.d);
      break;
    }
    case Kind::kRecursive: {
      const std::uint32_t least = n.flags & kNullable ? 0 : 1;
      length = {least, kUnbounded, least, kUnbounded, least};
      n.flags |= kSearched | kNamed;
      n.utf8 = kUtf8AllMixed & ~15u;
      break;
    }
    case Kind::kPunycode:
      length = {n.c, n.d, n.c, n.d, n.c};  // as if the known completion were a shortest one
      if (n.c == 0) n.flags |= kNullable;
      n.utf8 = kUtf8AllMixed & ~15u;
      break;
  }
}

// `members` for the kinds that have a list of them.
std::uint32_t Engine::hash_of(const Node& n, const Regex* members) const {
  std::uint64_t hash = mix(static_cast<std::uint64_t>(n.kind), n.c);
  hash = mix(hash, n.d);
  if (members != nullptr) {
    for (std::uint32_t i = 0; i < n.b; ++i) hash = mix(hash, members[i]);
  } else {
    hash = mix(mix(hash, n.a), n.b);
  }
  return static_cast<std::uint32_t>(hash ^ (hash >> 32));
}

Regex Engine::intern(Node n, const std::vector<Regex>* list) {
  if (list != nullptr) n.b = static_cast<std::uint32_t>(list->size());
  const std::uint32_t hash = hash_of(n, list != nullptr ? list->data() : nullptr);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    const std::uint32_t id = table_[slot].id;
    if (id == kFree) break;
    if (table_[slot].hash != hash) continue;
    const Node& other = nodes_[id];
    if (other.kind != n.kind || other.b != n.b || other.c != n.c || other.d != n.d) continue;
    if (list != nullptr ? std::equal(list->begin(), list->end(), members(other)) : other.a == n.a) return id;
  }
  return intern_new(n, list, hash);
}

Regex Engine::intern_new(Node n, const std::vector<Regex>* list, std::uint32_t hash) {
  const std::size_t lists_before = lists_.size();
  if (list != nullptr) {
    n.a = static_cast<std::uint32_t>(lists_before);
    lists_.insert(lists_.end(), list->begin(), list->end());
  }
  Lengths length;
  try {
    measure(n, length);
  } catch (const BudgetExceeded&) {
    lists_.resize(lists_before);
    throw;
  }
  if ((nodes_.size() + 2) * 2 > table_.size()) grow_table(table_.size() * 2);
  const auto id = static_cast<Regex>(nodes_.size());
  nodes_.push_back(n);
  lengths_.push_back(length);
  rows_.push_back(nullptr);
  first_.push_back(0);
  add_to_table({hash, id});
  return id;
}

void Engine::add_to_table(Slot entry) {
  const std::size_t mask = table_.size() - 1;
  std::size_t slot = entry.hash & mask;
  while (table_[slot].id != kFree) slot = (slot + 1) & mask;
  table_[slot] = entry;
}

void Engine::grow_table(std::size_t size) {
  const std::vector<Slot> before = std::exchange(table_, std::vector<Slot>(size));
  for (const Slot& slot : before) {
    if (slot.id != kFree) add_to_table(slot);
  }
}

std::uint32_t Engine::byte_set(const ByteSet& set) {
  const auto [at, fresh] = set_index_.try_emplace(set, static_cast<std::uint32_t>(sets_.size()));
  if (fresh) sets_.push_back(set);
  return at->second;
}

std::uint32_t Engine::word_array(std::vector<std::string> words) {
  WordArray array(std::move(words));
  std::vector<std::uint32_t>& same = array_index_[array.hash()];
  for (std::uint32_t id : same) {
    if (arrays_[id] == array) return id;
  }
  same.push_back(static_cast<std::uint32_t>(arrays_.size()));
  word_bytes_ += array.memory_bytes();
  arrays_.push_back(std::move(array));
  return same.back();
}

std::size_t Engine::memory_bytes() const {
  std::size_t total = sizeof(*this);
  total += nodes_.capacity() * sizeof(Node) + lengths_.capacity() * sizeof(Lengths);
  total += rows_.capacity() * sizeof(rows_[0]) + table_.capacity() * sizeof(Slot);
  total += (first_.capacity() + lists_.capacity()) * 4;
  total += row_store_.memory_bytes();
  total += sets_.capacity() * sizeof(ByteSet) + set_index_.size() * (sizeof(ByteSet) + 32);
  total += word_bytes_;
  total += characters_.size() * 112 + character_ranges_ * sizeof(CodePointRange);
  for (const auto& codec : codecs_) total += codec->memory_bytes();
  total += equations_.capacity() * 4 + derivative_cache_.capacity() * sizeof(CachedDerivative);
  total += (seen_.capacity() + collected_.capacity() + set_seen_.capacity()) * 4;
  total += known_.size() * 40 + known_.bucket_count() * 8 + alive_.size() * 32 + alive_.bucket_count() * 8;
  total += contents_.memory_bytes();
  return total;
}

}  // namespace structgen::regex
