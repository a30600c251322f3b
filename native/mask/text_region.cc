#include "mask/text_region.h"

#include <algorithm>
#include <bit>

#include "regex/utf8.h"

namespace structgen {

const TextRegions::Region& TextRegions::around(Local local) {
  if (const auto known = known_.find(local); known != known_.end()) return known->second;
  CharacterKinds alive = 0;
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    if (machine_.transition(local, byte) != kDead) alive |= kind_of(byte);
  }
  // As many as can be added, half of what is left at a time: what is wrong with a kind shows at once.
  CharacterKinds found = 0;
  std::vector<Local> region{local};
  std::vector<CharacterKinds> open{alive & ~kNotUtf8};
  for (int trials = 0; !open.empty() && trials < kMostTrials; ++trials) {
    const CharacterKinds more = open.back();
    open.pop_back();
    if (more == 0) continue;
    if (closed(local, found | more)) {
      found |= more;
      region = states_;
    } else if (std::popcount(more) > 1) {
      CharacterKinds half = more;
      for (int i = std::popcount(more) / 2; i > 0; --i) half &= half - 1;
      open.push_back(half);
      open.push_back(more & ~half);
    }
  }
  return known_[local] = {found, std::move(region)};
}

std::array<bool, 256> TextRegions::first_bytes(Local local, const Region& region) {
  std::array<bool, 256> found{};
  for (unsigned value = 0; value < 256; ++value) {
    states_.clear();
    inside_.clear();
    found[value] = read(local, static_cast<std::uint8_t>(value)) &&
                   std::all_of(states_.begin(), states_.end(), [&](Local each) {
                     return std::find(region.states.begin(), region.states.end(), each) != region.states.end();
                   });
  }
  return found;
}

// Whether all texts of these kinds are alive; `states_` is then where they lead.
bool TextRegions::closed(Local local, CharacterKinds kinds) {
  states_.assign(1, local);
  inside_.clear();
  for (std::size_t at = 0; at < states_.size(); ++at) {
    for (unsigned value = 0; value < 256; ++value) {
      const auto byte = static_cast<std::uint8_t>(value);
      if ((kind_of(byte) & kinds) != 0 && !read(states_[at], byte)) return false;
    }
  }
  return true;
}

// Every character that begins with the byte; false where one is dead, or the states are too many.
bool TextRegions::read(Local local, std::uint8_t byte) {
  const std::uint32_t state = regex::utf8_step(0, byte);
  return state != regex::kUtf8Mixed && ends(machine_.transition(local, byte), state);
}

bool TextRegions::ends(Local local, std::uint32_t state) {
  if (local == kDead) return false;
  if (state == 0) {
    if (std::find(states_.begin(), states_.end(), local) != states_.end()) return true;
    states_.push_back(local);
    return states_.size() <= kMostStates;
  }
  if (inside_.size() == kMostInside) return false;
  const std::uint64_t key = std::uint64_t{local} << 4 | state;
  const auto [entry, added] = inside_.try_emplace(key, true);  // a character has four bytes at most: no circles
  if (!added) return entry->second;
  for (unsigned value = 0x80; value < 0xC0; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    const std::uint32_t next = regex::utf8_step(state, byte);
    if (next == regex::kUtf8Mixed) continue;
    if (!ends(machine_.transition(local, byte), next)) return inside_[key] = false;
  }
  return true;
}

}  // namespace structgen
