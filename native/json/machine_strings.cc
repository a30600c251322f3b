// Strings, as values and as keys: a decoder of JSON escapes in front of languages of
// decoded text. State: a = vector of languages (the goal first), phase = where the
// decoder stands, b = what it has read of a code unit in hexadecimal digits.
#include <algorithm>

#include "json/machine.h"
#include "json/text.h"

namespace structgen::json {

namespace {

enum Phase : std::uint8_t {
  kPlain,
  kEscape,        // after a backslash
  kHex,           // after \u
  kLowBackslash,  // after a high surrogate: the low one must follow
  kLowU,
};

// b while hex digits are read: value in bits 0–15, their number in 16–18, bit 19 set
// when a high surrogate came before, its ten bits in 20–29.
struct Hex {
  std::uint32_t value = 0, digits = 0, has_high = 0, high = 0;
  static Hex unpack(std::uint32_t b) { return {b & 0xFFFF, b >> 16 & 7, b >> 19 & 1, b >> 20 & 0x3FF}; }
  std::uint32_t pack() const { return value | digits << 16 | has_high << 19 | high << 20; }
};

constexpr std::size_t kFewLanguages = 4;
constexpr std::size_t kDifferent = 16;  // states a row is searched for before they are interned again
constexpr std::uint32_t kNoCodePoint = 0xFFFFFFFFu;
constexpr char kHexDigits[] = "0123456789abcdef";

std::uint32_t short_escape(std::uint8_t byte) {
  switch (byte) {
    case '"': case '\\': case '/': return byte;
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    default: return kNoCodePoint;
  }
}

bool has_short_escape(std::uint32_t c) {
  return c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t';
}

}  // namespace

bool JsonMachine::between_characters(const State& state) {
  return (state.frame == Frame::kString || state.frame == Frame::kKey) && state.phase == kPlain;
}

Local JsonMachine::open_string(List languages, Frame frame) {
  return dead_or(!formulas_.regexes().empty(languages[0]),
                 {.frame = frame, .phase = kPlain, .a = vectors_.intern(languages)});
}

// The state after one decoded character; kDead when the goal cannot be met any more.
Local JsonMachine::feed(const State& state, std::uint32_t code_point) {
  std::string bytes;
  append_utf8(bytes, code_point);
  std::vector<Regex> languages = copy(vectors_[state.a]);
  for (Regex& language : languages) {
    for (char byte : bytes) language = formulas_.regexes().step(language, static_cast<std::uint8_t>(byte));
  }
  return dead_or(languages[0] != regex::kNothing,
                 {.frame = state.frame, .phase = kPlain, .a = vectors_.intern(languages)});
}

Transition* JsonMachine::make_row(Local local) {
  Transition* row = Machine::make_row(local);
  const State state = states_[local];
  // Where many languages are watched, every state reached is a list of as many: only those that are asked for.
  if (between_characters(state) && vectors_[state.a].size() <= kFewLanguages) {
    fill_plain(state, row);
  }
  return row;
}

// All bytes between two characters but the quote and the backslash, as far as the rows of the languages
// are known. Few of their entries differ, so this costs little more than one byte does.
void JsonMachine::fill_plain(const State& state, Transition* row) {
  const List languages = vectors_[state.a];
  std::vector<const Regex*> rows;
  for (const Regex language : languages) rows.push_back(formulas_.regexes().row(language));
  const Regex* const goal = rows[0];
  const std::span<const Regex* const> watched = std::span<const Regex* const>(rows).subspan(1);
  std::vector<unsigned> different;  // a byte for each of the states reached
  std::vector<Regex> next(languages.size());
  std::fill_n(row, 0x20, kDead);
  unsigned last = 256;
  for (unsigned byte = 0x20; byte < 256; ++byte) {
    if (byte == '"' || byte == '\\') continue;
    const auto as_before = [&](unsigned other) {
      if (goal[other] != goal[byte]) return false;
      return std::all_of(watched.begin(), watched.end(), [&](const Regex* r) { return r[other] == r[byte]; });
    };
    if (last < 256 && as_before(last)) {  // nearly always
      row[byte] = row[last];
      continue;
    }
    if (std::any_of(rows.begin(), rows.end(), [&](const Regex* r) { return r[byte] == regex::kUnread; })) continue;
    if (goal[byte] == regex::kNothing) {
      row[byte] = kDead;
      last = byte;
      continue;
    }
    const auto known = std::find_if(different.rbegin(), different.rend(), as_before);
    if (known != different.rend()) {
      row[byte] = row[*known];
      last = byte;
      continue;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) next[i] = rows[i][byte];
    row[byte] = intern({.frame = state.frame, .phase = kPlain, .a = vectors_.intern(next)});
    last = byte;
    if (different.size() < kDifferent) different.push_back(byte);
  }
}

Transition JsonMachine::string_step(State state, std::uint8_t byte) {
  const bool any_escape = options_.escapes == Escapes::kAny;
  switch (state.phase) {
    case kPlain: {
      if (byte == '"') {
        if (!formulas_.regexes().nullable(vectors_[state.a][0])) return kDead;
        return state.frame == Frame::kKey ? pop(Action::Kind::kPopText, string_result(state))
                                          : pop(Action::Kind::kPop, string_result(state));
      }
      if (byte == '\\') {
        if (!escape_possible(state)) return kDead;
        state.phase = kEscape;
        return intern(state);
      }
      if (byte < 0x20) return kDead;
      std::vector<Regex> languages = copy(vectors_[state.a]);
      for (Regex& language : languages) language = formulas_.regexes().step(language, byte);
      return dead_or(languages[0] != regex::kNothing,
                     {.frame = state.frame, .phase = kPlain, .a = vectors_.intern(languages)});
    }
    case kEscape: {
      if (byte == 'u') {
        state.phase = kHex;
        state.b = Hex{}.pack();
        return dead_or(find_escaped(state) != kNoCodePoint, state);
      }
      const std::uint32_t c = short_escape(byte);
      if (c == kNoCodePoint || (c == '/' && !any_escape)) return kDead;
      return feed(state, c);
    }
    case kHex: {
      const bool letter = (byte >= 'a' && byte <= 'f') || (any_escape && byte >= 'A' && byte <= 'F');
      if (!letter && (byte < '0' || byte > '9')) return kDead;
      Hex hex = Hex::unpack(state.b);
      hex.value = hex.value << 4 | (letter ? (byte | 0x20u) - 'a' + 10u : byte - std::uint32_t{'0'});
      ++hex.digits;
      state.b = hex.pack();
      if (find_escaped(state) == kNoCodePoint) return kDead;
      if (hex.digits < 4) return intern(state);
      if (hex.has_high) return feed(state, 0x10000 + (hex.high << 10) + (hex.value - 0xDC00));
      if (hex.value < 0xD800 || hex.value > 0xDBFF) return feed(state, hex.value);
      state.phase = kLowBackslash;
      state.b = Hex{0, 0, 1, hex.value - 0xD800}.pack();
      return intern(state);
    }
    case kLowBackslash:
      if (byte != '\\') return kDead;
      state.phase = kLowU;
      return intern(state);
    case kLowU:
      if (byte != 'u') return kDead;
      state.phase = kHex;
      return intern(state);
    default:
      return kDead;
  }
}

bool JsonMachine::escape_possible(const State& state) {
  const Regex goal = vectors_[state.a][0];
  for (std::uint8_t byte : {'"', '\\', '/', 'b', 'f', 'n', 'r', 't'}) {
    if (byte == '/' && options_.escapes != Escapes::kAny) continue;
    if (formulas_.regexes().step(goal, static_cast<std::uint8_t>(short_escape(byte))) != regex::kNothing) return true;
  }
  State hex = state;
  hex.phase = kHex;
  hex.b = Hex{}.pack();
  return find_escaped(hex) != kNoCodePoint;
}

// The first code point in [low, high], surrogates aside, that keeps the language alive. Walks the
// UTF-8 tree of the interval and gives up a branch at its first dead byte.
std::uint32_t JsonMachine::find_code_point(Regex language, std::uint32_t low, std::uint32_t high) {
  regex::Store& regexes = formulas_.regexes();
  if (regexes.well_formed(language) && regexes.free_points(language).points > 0) {  // any will do
    const std::uint32_t first = low >= 0xD800 && low <= 0xDFFF ? 0xE000 : low;
    return first <= high && first <= 0x10FFFF ? first : kNoCodePoint;
  }
  struct Width {
    std::uint32_t first, last, lead, tail_bits;
  };
  static constexpr Width kWidths[] = {{0x0, 0x7F, 0x00, 0}, {0x80, 0x7FF, 0xC0, 6},
                                      {0x800, 0xFFFF, 0xE0, 12}, {0x10000, 0x10FFFF, 0xF0, 18}};
  for (const Width& width : kWidths) {
    const std::uint32_t from = std::max(low, width.first), to = std::min(high, width.last);
    if (from > to) continue;
    struct Branch {
      Regex language;  // before `byte`
      std::uint8_t byte;
      std::uint32_t prefix, bits;  // code points prefix << bits … (prefix + 1 << bits) - 1
    };
    std::vector<Branch> pending;
    // What is dead without a look goes no further; the others are read when it is their turn.
    const auto add = [&](Regex before, std::uint32_t byte, std::uint32_t prefix, std::uint32_t bits) {
      if (regexes.row(before)[byte] == regex::kNothing) return;
      pending.push_back({before, static_cast<std::uint8_t>(byte), prefix, bits});
    };
    for (std::uint32_t lead = to >> width.tail_bits; lead + 1 > from >> width.tail_bits; --lead) {
      add(language, width.lead | lead, lead, width.tail_bits);
      if (lead == 0) break;
    }
    while (!pending.empty()) {
      const Branch branch = pending.back();
      pending.pop_back();
      const Regex after = regexes.step(branch.language, branch.byte);
      if (after == regex::kNothing) continue;
      if (branch.bits == 0) {
        if (branch.prefix < 0xD800 || branch.prefix > 0xDFFF) return branch.prefix;
        continue;
      }
      const std::uint32_t bits = branch.bits - 6;
      for (std::uint32_t part = 64; part-- > 0;) {
        const std::uint32_t prefix = branch.prefix << 6 | part;
        if ((prefix << bits) > to || ((prefix + 1) << bits) - 1 < from) continue;
        add(after, 0x80 | part, prefix, bits);
      }
    }
  }
  return kNoCodePoint;
}

// A code point that the hex digits read so far can still become.
std::uint32_t JsonMachine::find_escaped(const State& state) {
  const Regex goal = vectors_[state.a][0];
  const Hex hex = Hex::unpack(state.b);
  const std::uint32_t open = 4 * (4 - hex.digits);
  const std::uint32_t low = hex.value << open, high = low + (1u << open) - 1;
  if (options_.escapes == Escapes::kMinimal) {
    for (std::uint32_t c = low; c <= high && c < 0x20; ++c) {
      if (!has_short_escape(c) && find_code_point(goal, c, c) != kNoCodePoint) return c;
    }
    return kNoCodePoint;
  }
  if (hex.has_high) {
    const std::uint32_t from = std::max(low, 0xDC00u), to = std::min(high, 0xDFFFu);
    if (from > to) return kNoCodePoint;
    const std::uint32_t base = 0x10000 + (hex.high << 10) - 0xDC00;
    return find_code_point(goal, base + from, base + to);
  }
  if (const std::uint32_t c = find_code_point(goal, low, high); c != kNoCodePoint) return c;
  const std::uint32_t from = std::max(low, 0xD800u), to = std::min(high, 0xDBFFu);
  if (from > to) return kNoCodePoint;
  return find_code_point(goal, 0x10000 + ((from - 0xD800) << 10), 0x10000 + ((to - 0xD800) << 10) + 0x3FF);
}

// --- For masks

// The languages as far as a token can tell. An escape is looked at up to one character ahead.
Local JsonMachine::near_string(State state, std::size_t longest) {
  constexpr std::size_t kLongestCharacter = 4;
  std::vector<Regex> languages = copy(vectors_[state.a]);
  for (Regex& language : languages) {
    language = formulas_.regexes().near(language, static_cast<std::uint32_t>(longest + kLongestCharacter));
  }
  state.a = vectors_.intern(languages);
  return intern(state);
}

std::pair<Local, Local> JsonMachine::between(Local local) {
  State less = states_[local], more = less;
  if (less.frame != Frame::kString && less.frame != Frame::kKey) return {local, local};
  std::vector<Regex> fewer, others;
  for (const Regex language : copy(vectors_[less.a])) {
    const auto [low, high] = formulas_.regexes().between(language);
    fewer.push_back(low);
    others.push_back(high);
  }
  less.a = vectors_.intern(fewer);
  more.a = vectors_.intern(others);
  return {intern(less), intern(more)};
}

std::optional<Machine::Bounded> JsonMachine::bounded(Local local) {
  State state = states_[local];
  if (!between_characters(state)) return std::nullopt;
  regex::Store& regexes = formulas_.regexes();
  const auto bounded = regexes.bounded(vectors_[state.a][0]);
  if (!bounded || !regexes.well_formed(bounded->pattern)) return std::nullopt;
  state.a = vectors_.intern({bounded->pattern});
  return Bounded{intern(state), bounded->points, bounded->reach};
}

std::uint32_t JsonMachine::least_points(Local local) {
  return formulas_.regexes().least_points(vectors_[states_[local].a][0]);
}

Machine::FreeText JsonMachine::free_text(Local local) {
  const State& state = states_[local];
  if (!between_characters(state)) return {};
  const Regex goal = vectors_[state.a][0];
  if (!formulas_.regexes().well_formed(goal)) return {};  // inside a character
  const regex::Store::FreePoints free = formulas_.regexes().free_points(goal);
  return {true, free.exact, free.points};
}

std::optional<Machine::Enumeration> JsonMachine::enumeration(Local local) {
  const State& state = states_[local];
  if (!between_characters(state)) return std::nullopt;
  const std::optional<WordList> words = formulas_.regexes().words_left(vectors_[state.a][0]);
  return words ? std::optional<Enumeration>({*words, true}) : std::nullopt;
}

std::uint32_t JsonMachine::string_result(const State& state) {
  std::vector<std::uint32_t> truth;
  for (Regex language : vectors_[state.a]) truth.push_back(formulas_.regexes().nullable(language));
  return vectors_.intern(truth);
}

// A string is finished by its goal's witness, whose effect on every language is known without the escapes.
Transition JsonMachine::after_way_on(Local local, std::string_view) {
  const State state = states_[local];
  if (!between_characters(state)) return kUnknown;
  regex::Store& regexes = formulas_.regexes();
  std::vector<Regex> languages = copy(vectors_[state.a]);
  const std::string witness = regexes.witness(languages[0]);
  State end = state;
  for (Regex& language : languages) language = regexes.read(language, witness);
  end.a = vectors_.intern(languages);
  return string_step(end, '"');
}

// The rest of the escape that is open, then a shortest rest of the text, then the quote.
std::string JsonMachine::finish_string(const State& state) {
  if (state.phase == kPlain) {
    return escape(formulas_.regexes().witness(vectors_[state.a][0])) + "\"";
  }
  std::string text;
  State after = state;
  if (state.phase == kEscape) {
    for (char byte : std::string_view("\"\\bfnrt")) {
      const Local next = feed(state, short_escape(static_cast<std::uint8_t>(byte)));
      if (next != kDead) return std::string(1, byte) + finish_string(states_[next]);
    }
    after.phase = kHex;
    after.b = Hex{}.pack();
    text = "u";
  } else if (state.phase != kHex) {
    text = state.phase == kLowBackslash ? "\\u" : "u";
    after.phase = kHex;
  }
  const std::uint32_t c = find_escaped(after);
  const Hex hex = Hex::unpack(after.b);
  auto append_hex = [&](std::uint32_t unit, std::uint32_t known) {
    for (std::uint32_t digit = known; digit < 4; ++digit) text += kHexDigits[unit >> (12 - 4 * digit) & 15];
  };
  if (c < 0x10000) {
    append_hex(c, hex.digits);
  } else {
    if (!hex.has_high) {
      append_hex(0xD800 + ((c - 0x10000) >> 10), hex.digits);
      text += "\\u";
    }
    append_hex(0xDC00 + ((c - 0x10000) & 0x3FF), hex.has_high ? hex.digits : 0);
  }
  return text + finish_string(states_[feed(after, c)]);
}

}  // namespace structgen::json
