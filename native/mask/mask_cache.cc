#include "mask/mask_cache.h"

#include <algorithm>

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

void LocalMask::group_leaving() {
  std::sort(leaving.begin(), leaving.end(), [](const Leaving& a, const Leaving& b) {
    return a.transition != b.transition ? a.transition < b.transition : a.node < b.node;
  });
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
constexpr std::size_t kEntryBytes = 160;  // list, table and key of one entry

}  // namespace

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
  auto entry = entries_.find(key);
  if (entry == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, entry->second);
  if (entry->second->mask) return entry->second->mask;
  entry = entries_.find(entry->second->target);
  if (entry == entries_.end()) return nullptr;
  order_.splice(order_.begin(), order_, entry->second);
  return entry->second->mask;
}

void MaskCache::insert(const MaskKey& key, LocalMaskPtr mask) {
  const std::size_t bytes = kEntryBytes + mask->bytes();
  const std::lock_guard lock(mutex_);
  add({key, std::move(mask), {}, bytes});
}

void MaskCache::link(const MaskKey& key, const MaskKey& target) {
  const std::lock_guard lock(mutex_);
  add({key, nullptr, target, kEntryBytes});
}

void MaskCache::add(Entry entry) {
  if (limit_ == 0 || entries_.count(entry.key)) return;
  bytes_ += entry.bytes;
  order_.push_front(std::move(entry));
  entries_[order_.front().key] = order_.begin();
  trim();
}

// The newest entry stays whatever it weighs, so that a mask larger than the limit is found again.
void MaskCache::trim() {
  while (bytes_ > limit_ && order_.size() > (limit_ == 0 ? 0u : 1u)) {
    bytes_ -= order_.back().bytes;
    entries_.erase(order_.back().key);
    order_.pop_back();
  }
}

void MaskCache::clear() {
  const std::lock_guard lock(mutex_);
  order_.clear();
  entries_.clear();
  bytes_ = 0;
}

void MaskCache::set_limit(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  limit_ = bytes;
  trim();
}

std::uint64_t MaskCache::next_serial() {
  const std::lock_guard lock(mutex_);
  return ++serial_;
}

MaskCache::Figures MaskCache::figures() const {
  const std::lock_guard lock(mutex_);
  return {entries_.size(), bytes_, limit_, hits_, misses_};
}

}  // namespace structgen
