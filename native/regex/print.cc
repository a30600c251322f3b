// Expressions in the notation of the literature, for people and golden tests:
// ∅ ε Σ (any code point) | & ~ * {m,n}; names of recursive parts are X0, X1, …
// explained behind "where".
#include <algorithm>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr std::uint32_t kWordsShown = 8;
constexpr std::string_view kSpecial = "\\|&~*+?{}()[]^$. ";

std::string hex(std::uint32_t value, int digits) {
  static const char* kDigits = "0123456789ABCDEF";
  std::string out;
  for (int i = digits - 1; i >= 0; --i) out.push_back(kDigits[(value >> (4 * i)) & 15]);
  return out;
}

void put_point(std::string& out, CodePoint point, std::string_view special) {
  if (point == '\n') {
    out += "\\n";
  } else if (point == '\r') {
    out += "\\r";
  } else if (point == '\t') {
    out += "\\t";
  } else if (point < 0x20 || point == 0x7F) {
    out += "\\x" + hex(point, 2);
  } else if (point < 0x7F) {
    if (special.find(static_cast<char>(point)) != std::string_view::npos) out.push_back('\\');
    out.push_back(static_cast<char>(point));
  } else if (point < 0xA1) {
    out += "\\x" + hex(point, 2);
  } else if (point < 0x2000 || (point >= 0x3000 && point < 0xD800)) {
    utf8_append(out, point);
  } else {
    out += "\\u{" + hex(point, point > 0xFFFF ? (point > 0xFFFFF ? 6 : 5) : 4) + "}";
  }
}

std::string text_form(std::string_view text) {
  std::string out;
  if (utf8_valid(text)) {
    for (std::size_t at = 0; at < text.size();) put_point(out, utf8_next(text, at), kSpecial);
    return out;
  }
  for (char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    byte < 0x80 ? put_point(out, byte, kSpecial) : void(out += "\\x" + hex(byte, 2));
  }
  return out;
}

std::string class_form(const Ranges& ranges) {
  std::string out;
  if (ranges.size() == 1 && ranges[0].first == ranges[0].second) {
    put_point(out, ranges[0].first, kSpecial);
    return out;
  }
  Ranges shown = ranges;
  out = "[";
  if (ranges.back().second == 0x10FFFF) {  // shorter as what is left out
    out = "[^";
    shown.clear();
    CodePoint next = 0;
    for (const auto& [low, high] : ranges) {
      if (low > next && next != 0xD800) shown.emplace_back(next, low - 1);
      next = high + 1;
    }
  }
  for (const auto& [low, high] : shown) {
    put_point(out, low, "\\]^-[");
    if (high > low) {
      if (high > low + 1) out.push_back('-');
      put_point(out, high, "\\]^-[");
    }
  }
  return out + "]";
}

std::string set_form(const ByteSet& set) {
  std::string out;
  std::string single;
  for (unsigned low = 0; low < 256; ++low) {
    if (!set.has(static_cast<std::uint8_t>(low))) continue;
    unsigned high = low;
    while (high < 255 && set.has(static_cast<std::uint8_t>(high + 1))) ++high;
    const auto put = [&out](unsigned byte) {
      byte < 0x80 ? put_point(out, byte, "\\]^-[") : void(out += "\\x" + hex(byte, 2));
    };
    put(low);
    if (high > low) {
      if (high > low + 1) out.push_back('-');
      put(high);
    }
    low = high;
  }
  if (set.count() == 1) return out;
  return "[" + out + "]";
}

std::string counter_form(std::uint32_t min, std::uint32_t max) {
  if (max == kUnbounded) return min == 0 ? "*" : min == 1 ? "+" : "{" + std::to_string(min) + ",}";
  if (min == 0 && max == 1) return "?";
  if (min == max) return "{" + std::to_string(min) + "}";
  return "{" + std::to_string(min) + "," + std::to_string(max) + "}";
}

}  // namespace

std::string Engine::print(Regex root) const {
  std::vector<Regex> names;
  // Levels: 0 alternation, 1 intersection, 2 concatenation, 3 one factor.
  const auto show = [&](auto&& self, Regex r, int level) -> std::string {
    const Node& n = nodes_[r];
    const auto wrap = [level](std::string text, int own) { return own < level ? "(" + text + ")" : text; };
    if (r == any_character_) return "Σ";
    if (n.flags & kCharacter) return class_form(characters_.at(r));
    switch (n.kind) {
      case Kind::kNothing:
        return "∅";
      case Kind::kEpsilon:
        return "ε";
      case Kind::kBytes:
        return set_form(sets_[n.a]);
      case Kind::kLiteral:
        return wrap(text_form({reinterpret_cast<const char*>(&n.a), n.d}), 2);
      case Kind::kWords: {
        std::string out;
        for (std::uint32_t i = n.c; i < n.d && i < n.c + kWordsShown; ++i) {
          const std::string_view word = arrays_[n.a].word(i).substr(n.b);
          out += (i == n.c ? "" : "|") + (word.empty() ? "ε" : text_form(word));
        }
        if (n.d - n.c > kWordsShown) out += "|… " + std::to_string(n.d - n.c) + " words";
        return wrap(out, 0);
      }
      case Kind::kConcat: {
        std::string out;
        Regex rest = r;
        for (; nodes_[rest].kind == Kind::kConcat; rest = nodes_[rest].b)
          out += self(self, nodes_[rest].a, 2);
        return wrap(out + self(self, rest, 2), 2);
      }
      case Kind::kAlternate:
      case Kind::kIntersect: {
        const bool either = n.kind == Kind::kAlternate;
        std::vector<std::string> shown;
        for (std::uint32_t i = 0; i < n.b; ++i) shown.push_back(self(self, members(n)[i], either ? 1 : 2));
        std::sort(shown.begin(), shown.end());
        std::string out;
        for (const std::string& text : shown) out += (out.empty() ? "" : either ? "|" : "&") + text;
        return wrap(out, either ? 0 : 1);
      }
      case Kind::kComplement: {
        const std::string where = n.b == 0 ? "" : "_" + std::to_string(n.b);
        return wrap("~" + where + "(" + self(self, n.a, 0) + ")", 2);
      }
      case Kind::kRepeat:
        return wrap(self(self, n.a, 3) + counter_form(n.c, n.d), 2);
      case Kind::kRecursive: {
        auto at = std::find(names.begin(), names.end(), r);
        if (at == names.end()) at = names.insert(names.end(), r);
        return "X" + std::to_string(at - names.begin());
      }
      case Kind::kPunycode:
        return "punycode(" + self(self, codecs_[n.a]->labels(), 0) + ")" +
               (n.b == 0 ? "" : "[" + std::to_string(codecs_[n.a]->length(n.b)) + " read]");
    }
    return "";
  };
  std::string out = show(show, root, 0);
  for (std::size_t i = 0; i < names.size(); ++i) {
    out += (i == 0 ? " where X" : "; X") + std::to_string(i) + " = ";
    out += show(show, equations_[nodes_[names[i]].a], 0);
  }
  return out;
}

}  // namespace structgen::regex
