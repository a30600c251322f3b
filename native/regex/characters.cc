// Code points lowered to UTF-8 bytes: a trie over the encoded bytes in which
// leads with the same continuations share one branch. Canonical by
// construction: equal sets of code points give equal expressions.
#include <algorithm>
#include <map>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr CodePoint kLast = 0x10FFFF;

// Sorted, disjoint, not adjacent, without surrogates.
Ranges normalized(Ranges ranges) {
  Ranges split;
  for (auto [low, high] : ranges) {
    high = std::min(high, kLast);
    if (low > high) continue;
    if (low < 0xD800) split.emplace_back(low, std::min<CodePoint>(high, 0xD7FF));
    if (high > 0xDFFF) split.emplace_back(std::max<CodePoint>(low, 0xE000), high);
  }
  std::sort(split.begin(), split.end());
  Ranges merged;
  for (const CodePointRange& range : split) {
    if (!merged.empty() && range.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

// The part of the ranges inside [low, high], relative to low.
Ranges within(const Ranges& ranges, CodePoint low, CodePoint high) {
  Ranges result;
  auto at =
      std::lower_bound(ranges.begin(), ranges.end(), low,
                       [](const CodePointRange& range, CodePoint value) { return range.second < value; });
  for (; at != ranges.end() && at->first <= high; ++at) {
    result.emplace_back(std::max(at->first, low) - low, std::min(at->second, high) - low);
  }
  return result;
}

}  // namespace

Regex Engine::code_points(Ranges given) {
  const Ranges ranges = normalized(std::move(given));
  if (ranges.empty()) return kNothing;
  std::uint64_t hash = ranges.size();
  for (const auto& [low, high] : ranges) hash = mix(mix(hash, low), high);
  std::vector<Regex>& same = character_index_[hash];
  for (Regex r : same) {
    if (characters_.at(r) == ranges) return r;
  }

  // `rest` six-bit digits behind each of the units 0 .. units-1; `base` is added to a unit to give its byte.
  const auto level = [this](auto&& self, const Ranges& set, int rest, CodePoint units,
                            std::uint8_t base) -> Regex {
    if (set.empty()) return kNothing;
    std::map<Regex, ByteSet> leads_of;  // continuation → bytes in front of it
    const CodePoint size = CodePoint{1} << (6 * rest);
    const Ranges full = {{0, size - 1}};
    Regex all = kNothing;
    for (CodePoint unit = 0; unit < units; ++unit) {
      const Ranges inner = within(set, unit * size, unit * size + size - 1);
      if (inner.empty()) continue;
      Regex tail = kEpsilon;
      if (rest > 0) {
        if (inner == full && all == kNothing) all = self(self, full, rest - 1, 64, 0x80);
        tail = inner == full ? all : self(self, inner, rest - 1, 64, 0x80);
      }
      leads_of[tail].add(static_cast<std::uint8_t>(base + unit));
    }
    std::vector<Regex> parts;
    for (const auto& [tail, leads] : leads_of) parts.push_back(concat(bytes(leads), tail));
    return alternate(std::move(parts));
  };

  std::vector<Regex> parts;
  ByteSet ascii;
  for (const auto& [low, high] : within(ranges, 0, 0x7F)) {
    ascii.add(static_cast<std::uint8_t>(low), static_cast<std::uint8_t>(high));
  }
  parts.push_back(bytes(ascii));
  // Shifted back to their own values, so that the unit is the payload of the lead byte.
  Ranges shifted;
  for (const auto& [low, high] : within(ranges, 0x80, 0x7FF)) shifted.emplace_back(low + 0x80, high + 0x80);
  parts.push_back(level(level, shifted, 1, 32, 0xC0));
  shifted.clear();
  for (const auto& [low, high] : within(ranges, 0x800, 0xFFFF))
    shifted.emplace_back(low + 0x800, high + 0x800);
  parts.push_back(level(level, shifted, 2, 16, 0xE0));
  shifted.clear();
  for (const auto& [low, high] : within(ranges, 0x10000, kLast))
    shifted.emplace_back(low + 0x10000, high + 0x10000);
  parts.push_back(level(level, shifted, 3, 5, 0xF0));

  const Regex result = alternate(std::move(parts));
  nodes_[result].flags |= kCharacter;
  if (characters_.try_emplace(result, ranges).second) character_ranges_ += ranges.size();
  same.push_back(result);
  return result;
}

}  // namespace structgen::regex
