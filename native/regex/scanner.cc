#include "regex/scanner.h"

#include <algorithm>

namespace structgen::regex {

namespace {

bool is_letter(CodePoint c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(CodePoint c) { return c >= '0' && c <= '9'; }
bool is_octal(CodePoint c) { return c >= '0' && c <= '7'; }

int hex_value(CodePoint c) {
  if (is_digit(c)) return static_cast<int>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<int>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<int>(c - 'A' + 10);
  return -1;
}

// What other dialects call a horizontal blank: tabs and Zs.
const Ranges kHorizontal = {{'\t', '\t'},     {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                            {0x2000, 0x200A}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}};

// The classes of POSIX in ASCII, as inside [[:name:]].
const std::map<std::string, Ranges, std::less<>>& posix_classes() {
  static const std::map<std::string, Ranges, std::less<>> kClasses = {
      {"alnum", {{'0', '9'}, {'A', 'Z'}, {'a', 'z'}}},
      {"alpha", {{'A', 'Z'}, {'a', 'z'}}},
      {"ascii", {{0, 0x7F}}},
      {"blank", {{'\t', '\t'}, {' ', ' '}}},
      {"cntrl", {{0, 0x1F}, {0x7F, 0x7F}}},
      {"digit", {{'0', '9'}}},
      {"graph", {{0x21, 0x7E}}},
      {"lower", {{'a', 'z'}}},
      {"print", {{0x20, 0x7E}}},
      {"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
      {"space", {{'\t', '\r'}, {' ', ' '}}},
      {"upper", {{'A', 'Z'}}},
      {"word", {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}}},
      {"xdigit", {{'0', '9'}, {'A', 'F'}, {'a', 'f'}}},
  };
  return kClasses;
}

std::string shown(CodePoint c) {
  std::string out;
  if (c < 0xD800 || (c > 0xDFFF && c <= 0x10FFFF)) utf8_append(out, c);
  return out;
}

}  // namespace

Scanner::Scanner(std::string_view pattern_utf8, const ParseOptions& options) : options_(options) {
  text_.reserve(pattern_utf8.size());
  std::uint32_t state = 0;
  for (char c : pattern_utf8) {
    const auto byte = static_cast<std::uint8_t>(c);
    state = utf8_step(state, byte);
    if (state == kUtf8Mixed) break;
    if (byte < 0x80 || byte > 0xBF) text_.push_back(0);
  }
  if (state != 0) fail(text_.size(), "the pattern is not valid UTF-8 from here on");
  std::size_t from = 0;
  for (CodePoint& c : text_) c = utf8_next(pattern_utf8, from);
}

bool Scanner::take(std::string_view ascii) {
  if (text_.size() - std::min(at_, text_.size()) < ascii.size()) return false;
  for (std::size_t i = 0; i < ascii.size(); ++i) {
    if (text_[at_ + i] != static_cast<CodePoint>(static_cast<unsigned char>(ascii[i]))) return false;
  }
  at_ += ascii.size();
  return true;
}

void Scanner::fail(std::size_t position, const std::string& message) const {
  throw SyntaxError(position, message);
}

void Scanner::note(std::size_t position, const std::string& message) const {
  if (options_.notes == nullptr) return;
  options_.notes->push_back("at character " + std::to_string(position) + ": " + message);
}

bool Scanner::number(std::uint32_t& value) {
  if (!is_digit(peek())) return false;
  const std::size_t start = at_;
  std::uint64_t total = 0;
  while (is_digit(peek())) {
    total = std::min<std::uint64_t>(total * 10 + (next() - '0'), kUnbounded);
  }
  if (total >= kUnbounded)
    fail(start, "a repeat count may be at most 4294967294; write {m,} for no upper bound");
  value = static_cast<std::uint32_t>(total);
  return true;
}

std::string Scanner::group_name(char32_t close) {
  const std::size_t start = at_;
  std::string name;
  while (!done() && peek() != close) {
    const CodePoint c = next();
    const bool fits = is_letter(c) || c == '_' || c == '$' || c >= 0x80 || (is_digit(c) && !name.empty());
    if (!fits) fail(at_ - 1, "a group name is letters, digits and _, and begins with no digit");
    name += shown(c);
  }
  if (done()) fail(start, "the group name is not closed; add >");
  if (name.empty()) fail(start, "the group name is missing");
  ++at_;
  return name;
}

CodePoint Scanner::hex(std::size_t digits, std::size_t start) {
  CodePoint value = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const int digit = done() ? -1 : hex_value(peek());
    if (digit < 0) fail(start, "this escape takes " + std::to_string(digits) + " hexadecimal digits");
    value = value * 16 + static_cast<CodePoint>(digit);
    ++at_;
  }
  return value;
}

// Behind \u, for dialects with \u{…} and surrogate pairs.
CodePoint Scanner::unicode_escape(std::size_t start) {
  if (dialect().property_escapes && take("{")) {
    CodePoint value = 0;
    std::size_t digits = 0;
    while (!done() && hex_value(peek()) >= 0 && value <= 0x10FFFF) {
      value = value * 16 + static_cast<CodePoint>(hex_value(next()));
      ++digits;
    }
    if (digits == 0 || value > 0x10FFFF || !take("}"))
      fail(start, "\\u{…} holds a hexadecimal code point up to 10FFFF");
    return value;
  }
  const CodePoint high = hex(4, start);
  if (high < 0xD800 || high > 0xDBFF || !dialect().property_escapes) return high;
  const std::size_t before = at_;
  if (take("\\u") && peek() != '{') {
    const CodePoint low = hex(4, before);
    if (low >= 0xDC00 && low <= 0xDFFF) return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
  }
  at_ = before;
  return high;
}

Ranges Scanner::property(bool negated, std::size_t start) {
  if (!take("{")) fail(start, "write the property in braces, for example \\p{L}");
  std::string name;
  while (!done() && peek() != '}') name += shown(next());
  if (!take("}")) fail(start, "the property name is not closed; add }");
  auto found = properties_.find(name);
  if (found == properties_.end()) {
    std::optional<Ranges> ranges;
    if (options_.property) ranges = options_.property(name);
    if (!ranges)
      fail(start, "unknown Unicode property " + name + "; for example L, Lu, Script=Greek, Alphabetic");
    found = properties_.emplace(name, normalize(std::move(*ranges))).first;
  }
  return negated ? invert(found->second) : found->second;
}

Ranges Scanner::class_of(char name, const Flags& flags) {
  const bool unicode = dialect().unicode_classes && !flags.ascii;
  if (!unicode) return name == 'd' ? dialect().digit : name == 'w' ? dialect().word : dialect().space;
  const std::string asked = name == 'd' ? "digit" : name == 'w' ? "word" : "space";
  auto found = properties_.find(asked);
  if (found == properties_.end()) {
    std::optional<Ranges> ranges;
    if (options_.property) ranges = options_.property(asked);
    if (!ranges) fail(at_, "no Unicode table for \\" + std::string(1, name) + "; use the flag (?a)");
    found = properties_.emplace(asked, normalize(std::move(*ranges))).first;
  }
  return found->second;
}

// Whether these are ASCII and what \d stands for, which has no case.
bool Scanner::ascii_or_digits(const Ranges& set) const {
  const Ranges beyond = intersect(set, {{0x80, 0x10FFFF}});
  if (beyond.empty()) return true;
  const auto digits = properties_.find("digit");
  return digits != properties_.end() && intersect(beyond, invert(digits->second)).empty();
}

Ranges Scanner::folded(Ranges set, const Flags& flags) {
  if (!flags.ignore_case) return set;
  Ranges result = set;
  for (const auto& [low, high] : intersect(set, {{'A', 'Z'}})) result.emplace_back(low + 32, high + 32);
  for (const auto& [low, high] : intersect(set, {{'a', 'z'}})) result.emplace_back(low - 32, high - 32);
  const bool caseless = intersect(set, {{'A', 'Z'}, {'a', 'z'}, {0x80, 0x10FFFF}}).empty();
  if (!flags.ascii && !caseless && ascii_or_digits(set)) {
    for (const auto& [letter, other] : dialect().beyond_ascii) {
      const CodePoint capital = letter - 32;
      if (!intersect(set, {{capital, capital}, {letter, letter}}).empty()) result.emplace_back(other, other);
    }
  } else if (!flags.ascii && !caseless) {
    if (!case_table_ && options_.case_table) case_table_ = options_.case_table();
    if (!case_table_) return normalize(std::move(result));
    const auto& table = case_table_->groups;
    for (const auto& [low, high] : set) {
      for (auto at = table.lower_bound(low); at != table.end() && at->first <= high; ++at) {
        for (CodePoint member : at->second) result.emplace_back(member, member);
      }
    }
  }
  return normalize(std::move(result));
}

Escape Scanner::escape(const Flags& flags, bool in_class) {
  const std::size_t start = at_ - 1;
  if (done()) fail(start, "the pattern ends in a backslash; write \\\\ for a backslash");
  const CodePoint c = next();
  const auto character = [](CodePoint value) { return Escape{.character = value, .set = {}}; };
  const auto set = [](Ranges value) { return Escape{.kind = Escape::Kind::kSet, .set = std::move(value)}; };
  const auto assertion = [](Escape::Kind kind) { return Escape{.kind = kind, .set = {}}; };
  const bool python = dialect().octal_escapes;
  switch (c) {
    case 'n':
      return character('\n');
    case 'r':
      return character('\r');
    case 't':
      return character('\t');
    case 'f':
      return character('\f');
    case 'v':
      return character('\v');
    case 'd':
      return set(class_of('d', flags));
    case 'w':
      return set(class_of('w', flags));
    case 's':
      return set(class_of('s', flags));
    case 'D':
      return set(invert(class_of('d', flags)));
    case 'W':
      return set(invert(class_of('w', flags)));
    case 'S':
      return set(invert(class_of('s', flags)));
    case 'x':
      return character(hex(2, start));
    case 'u':
      return character(unicode_escape(start));
    case 'b':
      if (in_class) return character('\b');
      return assertion(Escape::Kind::kWordBoundary);
    case 'B':
      if (in_class) break;
      return assertion(Escape::Kind::kNotWordBoundary);
    case 'U':
      if (!python) break;
      {
        const CodePoint value = hex(8, start);
        if (value > 0x10FFFF) fail(start, "code points end at 10FFFF");
        return character(value);
      }
    case 'a':
      if (!python) break;
      return character('\a');
    case 'c':
      if (python || !is_letter(peek())) break;
      return character(next() % 32);
    case 'p':
    case 'P':
      if (!dialect().property_escapes)
        fail(start, "\\p is not part of this dialect; spell the characters out");
      return set(property(c == 'P', start));
    case 'A':
    case 'Z':
    case 'z':
      if (in_class || (python && c == 'z')) break;
      if (!python) {
        note(start, std::string("\\") + static_cast<char>(c) + " is not ECMA-262; read as " +
                        (c == 'A' ? "^" : "$"));
      }
      return assertion(c == 'A' ? Escape::Kind::kStart : Escape::Kind::kEnd);
    case 'h':
    case 'H':
      if (python) break;
      note(start, std::string("\\") + static_cast<char>(c) + " is not ECMA-262; read as " +
                      (c == 'h' ? "a horizontal blank" : "anything but a horizontal blank"));
      return set(c == 'h' ? kHorizontal : invert(kHorizontal));
    case 'k':
      if (python) break;
      fail(start, "backreferences are not regular and cannot be enforced; spell the text out");
    case 'N':
      if (python) fail(start, "\\N{…} is not supported; use \\u or \\U with the code point");
      break;
    default:
      break;
  }
  if (is_digit(c)) {
    if (python && (c == '0' || in_class || (is_octal(c) && is_octal(peek()) && is_octal(peek(1))))) {
      if (!is_octal(c)) fail(start, "octal escapes use the digits 0 to 7");
      CodePoint value = c - '0';
      for (int i = 0; i < 2 && is_octal(peek()) && !done(); ++i) value = value * 8 + (next() - '0');
      if (value > 0xFF) fail(start, "octal escapes end at \\377");
      return character(value);
    }
    if (c == '0' && !is_digit(peek())) return character(0);
    if (c == '0' || in_class)
      fail(start, "octal escapes are not part of this dialect; use \\x and two digits");
    fail(start, "backreferences are not regular and cannot be enforced; spell the text out");
  }
  if (is_letter(c))
    fail(start, "unknown escape \\" + shown(c) + "; drop the backslash for the letter itself");
  if (!dialect().identity.empty() &&
      (c > 0x7F || dialect().identity.find(static_cast<char>(c)) == std::string_view::npos) &&
      !(in_class && c == '-')) {
    note(start, "\\" + shown(c) + " needs no backslash; read as the character itself");
  }
  return character(c);
}

// At "[:": the length of "[:name:]" and its characters, where a POSIX class is meant.  Read literally the
// class would end at ":]"; what follows tells the two apart, since a ] that closes nothing is no ECMA-262.
std::optional<std::pair<std::size_t, Ranges>> Scanner::posix_class() const {
  const auto named = [&](std::size_t at) -> std::optional<std::pair<std::size_t, Ranges>> {
    std::string name;
    std::size_t end = at + 2;
    const bool negated = end < text_.size() && text_[end] == '^';
    if (negated) ++end;
    while (end < text_.size() && is_letter(text_[end])) name += shown(text_[end++]);
    const auto found = posix_classes().find(name);
    if (found == posix_classes().end() || end + 1 >= text_.size() || text_[end] != ':' ||
        text_[end + 1] != ']') {
      return std::nullopt;
    }
    return std::pair{end + 2 - at, negated ? invert(found->second) : found->second};
  };
  auto first = named(at_);
  if (!first) return std::nullopt;
  std::size_t at = at_ + first->first;
  while (at < text_.size() && text_[at] != ']') {
    if (text_[at] == '[') {
      const auto another = at + 1 < text_.size() && text_[at + 1] == ':' ? named(at) : std::nullopt;
      if (!another) return std::nullopt;
      at += another->first;
    } else {
      at += text_[at] == '\\' ? 2 : 1;
    }
  }
  if (at >= text_.size()) return std::nullopt;
  return first;
}

Ranges Scanner::character_class(const Flags& flags) {
  const std::size_t start = at_ - 1;
  const bool negated = take("^");
  Ranges result;
  bool first = true;
  const auto element = [&](Ranges& set) -> std::optional<CodePoint> {
    if (peek() != '\\') return next();
    ++at_;
    Escape escaped = escape(flags, true);
    if (escaped.kind == Escape::Kind::kCharacter) return escaped.character;
    set = std::move(escaped.set);
    return std::nullopt;
  };
  while (true) {
    if (done()) fail(start, "the class is not closed; add ] or write \\[ for a bracket");
    if (peek() == ']' && !(first && dialect().leading_bracket_literal)) break;
    first = false;
    if (peek() == '[' && peek(1) == ':') {
      auto posix = dialect().forgiving ? posix_class() : std::nullopt;
      if (posix) {
        note(at_, "[: :] is not ECMA-262; read as the class of POSIX");
        at_ += posix->first;
        result.insert(result.end(), posix->second.begin(), posix->second.end());
        continue;
      }
      note(at_, "[: :] names no class here; it is read character by character");
    }
    const std::size_t low_at = at_;
    Ranges set;
    const std::optional<CodePoint> low = element(set);
    const bool range = !done() && peek() == '-' && at_ + 1 < text_.size() && peek(1) != ']';
    if (!range) {
      if (low) set = {{*low, *low}};
      result.insert(result.end(), set.begin(), set.end());
      continue;
    }
    const std::size_t dash = at_++;
    Ranges high_set;
    const std::optional<CodePoint> high = element(high_set);
    if (!low || !high) {
      if (!dialect().forgiving)
        fail(low_at, "a class such as \\w cannot bound a range; write \\- for a hyphen");
      note(dash, "a class such as \\w cannot bound a range; the hyphen is read as itself");
      if (low) set = {{*low, *low}};
      if (high) high_set = {{*high, *high}};
      set.emplace_back('-', '-');
      set.insert(set.end(), high_set.begin(), high_set.end());
      result.insert(result.end(), set.begin(), set.end());
      continue;
    }
    if (*low > *high)
      fail(low_at, "the range " + shown(*low) + "-" + shown(*high) + " runs backwards; swap its ends");
    result.emplace_back(*low, *high);
  }
  ++at_;
  result = folded(normalize(std::move(result)), flags);
  return negated ? invert(result) : result;
}

}  // namespace structgen::regex
