#include "regex/utf8.h"

namespace structgen::regex {

std::uint32_t utf8_step(std::uint32_t state, std::uint8_t byte) {
  switch (state) {
    case 0:
      if (byte < 0x80) return 0;
      if (byte < 0xC2) return kUtf8Mixed;
      if (byte < 0xE0) return 1;
      if (byte == 0xE0) return 4;
      if (byte == 0xED) return 5;
      if (byte < 0xF0) return 2;
      if (byte == 0xF0) return 6;
      if (byte < 0xF4) return 3;
      return byte == 0xF4 ? 7 : kUtf8Mixed;
    case 1:
    case 2:
    case 3:
      return byte >= 0x80 && byte <= 0xBF ? state - 1 : kUtf8Mixed;
    case 4:
      return byte >= 0xA0 && byte <= 0xBF ? 1 : kUtf8Mixed;
    case 5:
      return byte >= 0x80 && byte <= 0x9F ? 1 : kUtf8Mixed;
    case 6:
      return byte >= 0x90 && byte <= 0xBF ? 2 : kUtf8Mixed;
    case 7:
      return byte >= 0x80 && byte <= 0x8F ? 2 : kUtf8Mixed;
    default:
      return kUtf8Mixed;
  }
}

Utf8Map utf8_compose(Utf8Map first, Utf8Map second) {
  Utf8Map result = 0;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const std::uint32_t middle = utf8_to(first, state);
    const std::uint32_t end = middle < kUtf8States ? utf8_to(second, middle) : middle;
    result |= end << (4 * state);
  }
  return result;
}

Utf8Map utf8_union(Utf8Map left, Utf8Map right) {
  if (left == right) return left;
  Utf8Map result = 0;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const std::uint32_t x = utf8_to(left, state);
    const std::uint32_t y = utf8_to(right, state);
    const std::uint32_t end = x == y || y == kUtf8Vacuous ? x : x == kUtf8Vacuous ? y : kUtf8Mixed;
    result |= end << (4 * state);
  }
  return result;
}

Utf8Map utf8_intersection(Utf8Map left, Utf8Map right) {
  Utf8Map result = 0;
  for (std::uint32_t state = 0; state < kUtf8States; ++state) {
    const std::uint32_t x = utf8_to(left, state);
    const std::uint32_t y = utf8_to(right, state);
    const std::uint32_t end = x == y || y == kUtf8Mixed ? x : x == kUtf8Mixed ? y : kUtf8Vacuous;
    result |= end << (4 * state);
  }
  return result;
}

bool utf8_valid(std::string_view text) {
  std::uint32_t state = 0;
  for (char c : text) {
    state = utf8_step(state, static_cast<std::uint8_t>(c));
    if (state == kUtf8Mixed) return false;
  }
  return state == 0;
}

void utf8_append(std::string& out, std::uint32_t code_point) {
  const auto put = [&out](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

std::uint32_t utf8_next(std::string_view text, std::size_t& at) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint32_t lead = byte(at++);
  if (lead < 0x80) return lead;
  const int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  std::uint32_t code_point = lead & (0x3Fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) code_point = (code_point << 6) | (byte(at++) & 0x3Fu);
  return code_point;
}

}  // namespace structgen::regex
