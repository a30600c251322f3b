#include "mask/mask_cache.h"

#include <algorithm>
#include <array>
#include <utility>

namespace structgen {

// --- One mask -----------------------------------------------------------------

void TokenMarks::clear() {
  if (all_listed()) {
    for (std::size_t i = 0; i < listed_; ++i) words_[list_[i] >> 5] = 0;
  } else {
    std::fill(words_.begin(), words_.end(), 0u);
  }
  listed_ = 0;
}

void LocalMask::take(TokenMarks& marks) {
  if (marks.all_listed()) {
    tokens.assign(marks.list_.begin(), marks.list_.begin() + static_cast<std::ptrdiff_t>(marks.listed_));
  } else {
    words.assign(marks.words_.begin(), marks.words_.end() - 1);
  }
  marks.clear();
}

namespace {

// By counting: there are thousands of places and few transitions.
void order_by_transition(std::vector<LocalMask::Leaving>& leaving) {
  constexpr std::size_t kFew = 64;
  const auto before = [](const LocalMask::Leaving& a, const LocalMask::Leaving& b) {
    return a.transition != b.transition ? a.transition < b.transition : a.node < b.node;
  };
  if (leaving.size() < kFew) return std::sort(leaving.begin(), leaving.end(), before);
  const auto is_byte = [](const LocalMask::Leaving& place) { return place.transition < 256; };
  if (std::all_of(leaving.begin(), leaving.end(), is_byte)) {  // those of a language are
    std::array<std::uint32_t, 257> next{};  // by byte: where its next one goes
    for (const LocalMask::Leaving& place : leaving) ++next[place.transition + 1];
    for (std::size_t byte = 1; byte < next.size(); ++byte) next[byte] += next[byte - 1];
    std::vector<LocalMask::Leaving> ordered(leaving.size());
    for (const LocalMask::Leaving& place : leaving) ordered[next[place.transition]++] = place;
    leaving = std::move(ordered);
    return;
  }
  constexpr std::size_t kSlots = 1024;
  struct Slot {
    Transition transition;
    std::uint32_t count;  // 0: free; at the end where the next one goes
  };
  std::vector<Slot> slots(kSlots, Slot{0, 0});
  std::vector<std::uint32_t> taken;
  const auto slot = [&](Transition t) {
    std::size_t at = mix_hash(0, t) % kSlots;
    while (slots[at].count != 0 && slots[at].transition != t) at = (at + 1) % kSlots;
    return at;
  };
  std::vector<std::uint16_t> of(leaving.size());
  for (std::size_t i = 0; i < leaving.size(); ++i) {
    const bool same = i > 0 && leaving[i].transition == leaving[i - 1].transition;
    const std::size_t at = same ? of[i - 1] : slot(leaving[i].transition);
    if (slots[at].count == 0) {
      if (taken.size() == kSlots / 2) return std::sort(leaving.begin(), leaving.end(), before);
      taken.push_back(static_cast<std::uint32_t>(at));
      slots[at].transition = leaving[i].transition;
    }
    ++slots[at].count;
    of[i] = static_cast<std::uint16_t>(at);
  }
  std::sort(taken.begin(), taken.end(), [&](auto a, auto b) { return slots[a].transition < slots[b].transition; });
  std::uint32_t next = 0;
  for (const std::uint32_t at : taken) next += std::exchange(slots[at].count, next);
  std::vector<LocalMask::Leaving> ordered(leaving.size());
  for (std::size_t i = 0; i < leaving.size(); ++i) ordered[slots[of[i]].count++] = leaving[i];
  leaving = std::move(ordered);
}

}  // namespace

void LocalMask::group_leaving() {
  order_by_transition(leaving);
  for (std::uint32_t i = 0; i < leaving.size(); ++i) {
    if (groups.empty() || groups.back().transition != leaving[i].transition) {
      groups.push_back({leaving[i].transition, i, i});
    }
    groups.back().last = i + 1;
  }
  leaving.shrink_to_fit();
  groups.shrink_to_fit();
}

void LocalMask::copy_to(std::span<std::uint32_t> out) const {
  const std::size_t copied = std::min(words.size(), out.size());
  std::copy_n(words.begin(), copied, out.begin());
  std::fill(out.begin() + static_cast<std::ptrdiff_t>(copied), out.end(), 0u);
  for (const std::uint32_t token : tokens) out[token >> 5] |= 1u << (token & 31);
}

void LocalMask::add_to(std::span<std::uint32_t> out) const {
  const std::size_t shared = std::min(words.size(), out.size());
  for (std::size_t i = 0; i < shared; ++i) out[i] |= words[i];
  for (const std::uint32_t token : tokens) out[token >> 5] |= 1u << (token & 31);
}

void LocalMask::add_to(TokenMarks& marks) const {
  if (!words.empty()) add_to(marks.words());
  for (const std::uint32_t token : tokens) marks.add(token);
}

// --- All of them ----------------------------------------------------------------

namespace {

constexpr std::size_t kDefaultLimit = std::size_t{48} << 20;
constexpr std::size_t kEntryBytes = 120;            // an entry and its part of the table
constexpr std::size_t kSlots = std::size_t{1} << 16;  // a table that grows holds up one mask

std::uint32_t hash_of(const MaskKey& key) {
  return static_cast<std::uint32_t>(mix_hash(mix_hash(mix_hash(0, key.of), key.and_), key.with));
}

}  // namespace

MaskCache::MaskCache(std::size_t limit) : slots_(kSlots), limit_(limit) {}

const std::shared_ptr<MaskCache>& MaskCache::process() {
  static const std::shared_ptr<MaskCache> cache = std::make_shared<MaskCache>(kDefaultLimit);
  return cache;
}

LocalMaskPtr MaskCache::find(const MaskKey& key) {
  const std::lock_guard lock(mutex_);
  LocalMaskPtr mask = found(key);
  ++(mask ? hits_ : misses_);
  return mask;
}

LocalMaskPtr MaskCache::found(const MaskKey& key) {
  std::uint32_t id = id_of(key);
  if (id != kNone && !entry(id).mask) {
    entry(id).used = true;
    id = id_of(entry(id).target);
  }
  if (id == kNone) return nullptr;
  entry(id).used = true;
  return entry(id).mask;
}

void MaskCache::insert(const MaskKey& key, LocalMaskPtr mask) {
  const std::size_t bytes = kEntryBytes + mask->bytes();
  const std::lock_guard lock(mutex_);
  add(key, std::move(mask), {}, bytes);
}

void MaskCache::link(const MaskKey& key, const MaskKey& target) {
  const std::lock_guard lock(mutex_);
  add(key, nullptr, target, kEntryBytes);
}

void MaskCache::add(const MaskKey& key, LocalMaskPtr mask, const MaskKey& target, std::size_t bytes) {
  if (limit_ == 0) return;
  if ((size_ + 1) * 2 > slots_.size()) grow();
  const std::uint32_t hash = hash_of(key);
  const std::size_t place = place_of(key, hash);
  if (slots_[place].id != kNone) return;
  std::uint32_t id = free_;
  if (id != kNone) {
    free_ = entry(id).newer;
  } else {
    id = places_++;
    if (id % kChunk == 0) chunks_.push_back(std::make_unique<Entry[]>(kChunk));
  }
  entry(id) = {key, std::move(mask), target, static_cast<std::uint32_t>(bytes)};
  slots_[place] = {hash, id};
  put_first(id);
  ++size_;
  bytes_ += bytes;
  trim(id);
}

// What was just added stays whatever it weighs, so that a mask larger than the limit is found again.
void MaskCache::trim(std::uint32_t added) {
  constexpr int kChances = 16;  // given in a row
  for (int given = 0; bytes_ > limit_ && size_ > (limit_ == 0 ? 0u : 1u);) {
    const std::uint32_t id = oldest_;
    if (limit_ != 0 && (id == added || (entry(id).used && ++given <= kChances))) {
      entry(id).used = false;
      take_out(id);
      put_first(id);
    } else {
      remove(id);
      given = 0;
    }
  }
}

void MaskCache::put_first(std::uint32_t id) {
  entry(id).newer = kNone;
  entry(id).older = newest_;
  (newest_ == kNone ? oldest_ : entry(newest_).newer) = id;
  newest_ = id;
}

void MaskCache::take_out(std::uint32_t id) {
  const Entry& out = entry(id);
  (out.newer == kNone ? newest_ : entry(out.newer).older) = out.older;
  (out.older == kNone ? oldest_ : entry(out.older).newer) = out.newer;
}

void MaskCache::remove(std::uint32_t id) {
  Entry& out = entry(id);
  take_out(id);
  bytes_ -= out.bytes;
  --size_;
  const std::size_t last = slots_.size() - 1;
  std::size_t hole = place_of(out.key, hash_of(out.key));
  for (std::size_t at = (hole + 1) & last; slots_[at].id != kNone; at = (at + 1) & last) {
    if (((at - slots_[at].hash) & last) < ((at - hole) & last)) continue;  // it stands at or behind where it belongs
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = {};
  out.mask = nullptr;
  out.newer = std::exchange(free_, id);
}

std::uint32_t MaskCache::id_of(const MaskKey& key) { return slots_[place_of(key, hash_of(key))].id; }

std::size_t MaskCache::place_of(const MaskKey& key, std::uint32_t hash) {
  const std::size_t last = slots_.size() - 1;
  std::size_t at = hash & last;
  while (slots_[at].id != kNone && !(slots_[at].hash == hash && entry(slots_[at].id).key == key)) at = (at + 1) & last;
  return at;
}

void MaskCache::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const std::size_t last = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id == kNone) continue;
    std::size_t at = slot.hash & last;
    while (larger[at].id != kNone) at = (at + 1) & last;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

void MaskCache::clear() {
  const std::lock_guard lock(mutex_);
  slots_.assign(kSlots, {});
  chunks_.clear();
  newest_ = oldest_ = free_ = kNone;
  places_ = 0;
  size_ = bytes_ = 0;
}

void MaskCache::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  trim(kNone);
}

std::uint64_t MaskCache::next_serial() {
  const std::lock_guard lock(mutex_);
  return ++serial_;
}

MaskCache::Figures MaskCache::figures() const {
  const std::lock_guard lock(mutex_);
  return {size_, bytes_, limit_, hits_, misses_};
}

}  // namespace structgen
