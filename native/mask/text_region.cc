#include "mask/text_region.h"

#include <algorithm>
#include <bit>

#include "regex/utf8.h"

namespace structgen {

namespace {

void add(std::vector<Local>& states, Local local) {
  if (std::find(states.begin(), states.end(), local) == states.end()) states.push_back(local);
}

bool contains(const std::vector<Local>& states, Local local) {
  return std::find(states.begin(), states.end(), local) != states.end();
}

}  // namespace

const TextRegions::Region& TextRegions::around(Local local) {
  if (const auto known = known_.find(local); known != known_.end()) return known->second;
  CharacterKinds found = 0;
  std::vector<Local> region{local};
  int trials = 0;
  const auto added = [&](CharacterKinds more) {
    ++trials;
    if (!closed(local, found | more)) return false;
    found |= more;
    region = states_;
    return true;
  };
  // Where not even one of the frequent kinds is read over and over, others need not be asked for.
  CharacterKinds frequent = 0;
  for (const char byte : {'t', 'a', 'T', 'A', '1', ' '}) {
    const CharacterKinds kind = kind_of(static_cast<std::uint8_t>(byte));
    frequent |= kind;
    added(kind);
  }
  // As many as can be added, half of what is left at a time: what is wrong with a kind shows at once.
  const CharacterKinds ascii = ascii_kinds() & ~frequent;
  std::vector<CharacterKinds> open{all_kinds() & ~ascii_kinds(), ascii};
  while (found != 0 && !open.empty() && trials < kMostTrials) {
    const CharacterKinds more = open.back() & alive(local, open.back());
    open.pop_back();
    if (more == 0 || added(more) || std::popcount(more) == 1) continue;
    CharacterKinds half = more;
    for (int i = std::popcount(more) / 2; i > 0; --i) half &= half - 1;
    open.push_back(half);
    open.push_back(more & ~half);
  }
  return known_[local] = {found, std::move(region)};
}

TextRegions::Beginnings TextRegions::beginnings(Local local, std::uint32_t points) {
  Beginnings result;
  // Nearly all tokens begin with a letter or a blank, and go on with letters.
  for (const char byte : {'t', ' ', 'T', '1'}) {
    const Transition next = machine_.transition(local, static_cast<std::uint8_t>(byte));
    const bool inside = next != kDead && next < kActionBit;
    if (inside && std::none_of(result.regions.begin(), result.regions.end(), [next](const Region* region) {
          return contains(region->states, next);
        })) {
      result.regions.push_back(&around(next));
    }
    if (byte != 't') continue;
    constexpr CharacterKinds kLetters = kind_of('t') | kind_of('e');
    if (!inside || (kLetters & ~known_after(next, result.regions, points)) != 0) return {};
  }
  result.excluded.fill(~CharacterKinds{0});
  std::vector<Local> found;
  inside_.clear();
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    const std::uint32_t state = regex::utf8_step(0, byte);
    found.clear();
    if (state == regex::kUtf8Mixed || !ends(machine_.transition(local, byte), state, found)) continue;
    CharacterKinds known = ~CharacterKinds{0};
    for (const Local each : found) known &= known_after(each, result.regions, points);
    result.excluded[byte] = ~known;
  }
  return result;
}

CharacterKinds TextRegions::known_after(Local local, const std::vector<const Region*>& regions, std::uint32_t points) {
  if (machine_.takes_any_text(local, points)) return plain_kinds();
  for (const Region* region : regions) {
    if (contains(region->states, local)) return region->kinds;
  }
  return 0;
}

// Whether all texts of these kinds are alive; `states_` is then where they lead.
bool TextRegions::closed(Local local, CharacterKinds kinds) {
  states_.assign(1, local);
  for (std::size_t at = 0; at < states_.size(); ++at) {
    if ((kinds & ~alive(states_[at], kinds)) != 0) return false;
    for (const auto& [end, by] : steps_[states_[at]].to) {
      if ((by & kinds) != 0) add(states_, end);
    }
    if (states_.size() > kMostStates) return false;
  }
  return true;
}

// Those of the kinds no character of which is dead. What steps_ says of them is then known.
CharacterKinds TextRegions::alive(Local local, CharacterKinds kinds) {
  Steps& steps = steps_[local];
  inside_.clear();
  std::vector<Local> found;
  for (CharacterKinds rest = kinds & ~steps.asked; rest != 0; rest &= rest - 1) {
    const CharacterKinds kind = rest & (~rest + 1);
    steps.asked |= kind;
    found.clear();
    bool alive = true;
    const KindBounds bounds = kKindBounds[static_cast<unsigned>(std::countr_zero(kind))];
    for (unsigned value = bounds.low; value <= bounds.high && alive; ++value) {
      const auto byte = static_cast<std::uint8_t>(value);
      if (kind_of(byte) == kind) alive = ends(machine_.transition(local, byte), regex::utf8_step(0, byte), found);
    }
    if (!alive) continue;
    steps.alive |= kind;
    for (const Local end : found) {
      const auto known =
          std::find_if(steps.to.begin(), steps.to.end(), [end](const auto& each) { return each.first == end; });
      if (known == steps.to.end()) steps.to.emplace_back(end, kind);
      else known->second |= kind;
    }
  }
  return steps.alive & kinds;
}

// Adds to `found` where every way to the end of a character leads; false where one is dead, or these are too many.
bool TextRegions::ends(Local local, std::uint32_t state, std::vector<Local>& found) {
  if (local == kDead || local >= kActionBit) return false;
  if (state == 0) {
    add(found, local);
    return found.size() <= kMostStates;
  }
  const std::uint64_t key = std::uint64_t{local} << 4 | state;
  auto known = inside_.find(key);
  if (known == inside_.end()) {
    if (inside_.size() == kMostInside) return false;
    std::vector<Local> all;
    bool alive = true;
    for (unsigned value = 0x80; value < 0xC0 && alive; ++value) {
      const auto byte = static_cast<std::uint8_t>(value);
      const std::uint32_t next = regex::utf8_step(state, byte);  // a character has four bytes at most: no circles
      if (next != regex::kUtf8Mixed) alive = ends(machine_.transition(local, byte), next, all);
    }
    if (!alive) all.clear();
    known = inside_.emplace(key, std::move(all)).first;
  }
  for (const Local end : known->second) add(found, end);
  return !known->second.empty() && found.size() <= kMostStates;
}

}  // namespace structgen
