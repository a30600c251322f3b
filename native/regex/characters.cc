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

// The part of the ranges inside [low, high].
Ranges within(const Ranges& ranges, CodePoint low, CodePoint high) {
  Ranges result;
  auto at =
      std::lower_bound(ranges.begin(), ranges.end(), low,
                       [](const CodePointRange& range, CodePoint value) { return range.second < value; });
  for (; at != ranges.end() && at->first <= high; ++at) {
    result.emplace_back(std::max(at->first, low), std::min(at->second, high));
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

  // A unit and `rest` six-bit digits behind it; `base` is added to a unit to give its byte.
  const auto level = [this](auto&& self, const Ranges& set, int rest, std::uint8_t base) -> Regex {
    std::map<Regex, ByteSet> leads_of;  // continuation → bytes in front of it
    const CodePoint size = CodePoint{1} << (6 * rest);
    Regex all = kNothing;  // whatever digits follow
    Ranges inner;
    CodePoint from = 0;  // below it all is done
    for (std::size_t at = 0; at < set.size();) {
      from = std::max(from, set[at].first);
      const CodePoint unit = from / size, whole = (set[at].second + 1) / size;  // units before this one are full
      if (from == unit * size && unit < whole) {
        if (all == kNothing) all = rest == 0 ? kEpsilon : self(self, {{0, size - 1}}, rest - 1, 0x80);
        leads_of[all].add(static_cast<std::uint8_t>(base + unit), static_cast<std::uint8_t>(base + whole - 1));
        from = whole * size;
        if (from > set[at].second) ++at;
        continue;
      }
      const CodePoint start = unit * size, last = start + size - 1;
      inner.clear();
      for (; at < set.size() && set[at].first <= last; ++at) {
        inner.emplace_back(std::max(from, set[at].first) - start, std::min(set[at].second, last) - start);
        if (set[at].second > last) break;
      }
      leads_of[self(self, inner, rest - 1, 0x80)].add(static_cast<std::uint8_t>(base + unit));
      from = start + size;
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
  parts.push_back(level(level, within(ranges, 0x80, 0x7FF), 1, 0xC0));
  parts.push_back(level(level, within(ranges, 0x800, 0xFFFF), 2, 0xE0));
  parts.push_back(level(level, within(ranges, 0x10000, kLast), 3, 0xF0));

  const Regex result = alternate(std::move(parts));
  nodes_[result].flags |= kCharacter;
  if (characters_.try_emplace(result, ranges).second) character_ranges_ += ranges.size();
  same.push_back(result);
  return result;
}

}  // namespace structgen::regex
