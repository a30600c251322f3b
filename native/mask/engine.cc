#include "mask/engine.h"

namespace structgen {

const LocalMask* MaskCache::find(Local local) {
  auto entry = entries_.find(local);
  if (entry == entries_.end()) {
    ++misses_;
    return nullptr;
  }
  ++hits_;
  order_.splice(order_.begin(), order_, entry->second);
  return &entry->second->mask;
}

const LocalMask* MaskCache::insert(Local local, LocalMask mask) {
  bytes_ += mask.bytes();
  order_.push_front({local, std::move(mask)});
  entries_[local] = order_.begin();
  while (bytes_ > limit_ && order_.size() > 1) {
    bytes_ -= order_.back().mask.bytes();
    entries_.erase(order_.back().local);
    order_.pop_back();
  }
  return &order_.front().mask;
}

json::JsonMachine& Engine::json_machine(const json::Options& options) {
  for (auto& [known, machine] : json_machines_) {
    if (known == options) return *machine;
  }
  json_machines_.emplace_back(options, std::make_unique<json::JsonMachine>(formulas, options));
  return *json_machines_.back().second;
}

MaskCache& Engine::masks(const Machine& machine, const std::shared_ptr<const TokenTrie>& trie) {
  for (CacheKey& key : caches) {
    if (key.machine == &machine && key.trie == trie) return *key.cache;
  }
  caches.push_back({&machine, trie, std::make_unique<MaskCache>(mask_cache_limit)});
  return *caches.back().cache;
}

std::size_t Engine::memory_bytes() const {
  std::size_t bytes = regexes.memory_bytes() + formulas.size() * 120;
  for (const auto& [options, machine] : json_machines_) bytes += machine->memory_bytes();
  return bytes;
}

}  // namespace structgen
