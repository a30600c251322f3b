// Decoding, and the search for one more code point that makes a member.
#include "regex/punycode.h"

#include <algorithm>
#include <utility>

#include "regex/engine.h"

namespace structgen::regex {

namespace {

constexpr std::uint32_t kBase = 36;
constexpr std::uint32_t kLeast = 1;   // tmin
constexpr std::uint32_t kMost = 26;   // tmax
constexpr std::uint32_t kSkew = 38;
constexpr std::uint32_t kDamp = 700;
// Code points beyond ASCII in one label: alone, or beside basic ones.
constexpr std::uint32_t kAlone = 3;
constexpr std::uint32_t kBeside = 2;
constexpr CodePoint kLastPoint = 0x30FF;  // the last of the Japanese syllables

constexpr CodePoint kFree = 0xDF;         // ß, which may stand anywhere from left to right

// Completions tried by their deltas, the least first: more than any hole among the letters of a script.
constexpr std::uint64_t kTries = 64;
// The same where a label waits for a neighbour that two more code points bring.
constexpr std::uint64_t kFirstTries = 16;
constexpr std::uint64_t kSecondTries = 32;
// Then letters that mend what the ones nearby do not: a first one, from left to right or from right to left,
// and the neighbours that marks wait for.
constexpr CodePoint kMending[] = {kFree, 0x3B1, 0x3CE, 0x5D0, 0x628, 0x30A1};

std::uint32_t adapt(std::uint64_t delta, std::uint64_t points, bool first) {
  delta /= first ? kDamp : 2;
  delta += delta / points;
  std::uint32_t position = 0;
  for (; delta > (kBase - kLeast) * kMost / 2; position += kBase) delta /= kBase - kLeast;
  return position + static_cast<std::uint32_t>((kBase - kLeast + 1) * delta / (delta + kSkew));
}

char letter(std::uint64_t digit) { return static_cast<char>(digit < 26 ? 'a' + digit : '0' + digit - 26); }

std::uint32_t digit(char c) { return static_cast<std::uint32_t>(c >= 'a' ? c - 'a' : c - '0' + 26); }

bool alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

}  // namespace

std::uint32_t PunycodeDecoder::threshold(std::uint32_t at) const {
  return at <= bias + kLeast ? kLeast : at >= bias + kMost ? kMost : at - bias;
}

bool PunycodeDecoder::full() const { return text.size() - basic == (basic > 0 ? kBeside : kAlone); }

bool PunycodeDecoder::read(std::uint32_t digit) {
  const std::uint32_t t = threshold(position);
  delta += digit * weight;
  if (digit < t) return insert();
  weight *= kBase - t;
  position += kBase;
  return target(0).first <= kLastPoint;
}

std::pair<std::uint64_t, std::uint32_t> PunycodeDecoder::target(std::uint64_t rest) const {
  const std::uint64_t points = text.size() + 1;
  const std::uint64_t sum = place + delta + weight * rest;
  return {point + sum / points, static_cast<std::uint32_t>(sum % points)};
}

bool PunycodeDecoder::insert() {
  const auto [next, where] = target(0);
  if (next > kLastPoint || full()) return false;
  text.insert(where, 1, static_cast<char32_t>(next));
  bias = adapt(delta, text.size(), first);
  point = static_cast<CodePoint>(next);
  place = where + 1;
  delta = 0;
  weight = 1;
  position = kBase;
  first = false;
  return true;
}

std::string PunycodeDecoder::digits(std::uint64_t rest) const {
  std::string out;
  for (std::uint32_t at = position;; at += kBase) {
    const std::uint32_t t = threshold(at);
    if (rest < t) return out + letter(rest);
    out += letter(t + (rest - t) % (kBase - t));
    rest = (rest - t) / (kBase - t);
  }
}

std::string Punycode::key(const State& state) {
  std::string out;
  out += static_cast<char>(state.length);
  out += static_cast<char>((state.basic ? 1 : 0) + (state.hyphen ? 2 : 0) + (state.decoder ? 4 : 0));
  if (!state.decoder) return out;
  out += static_cast<char>(state.decoder->basic);
  return out + state.digits;
}

std::uint32_t Punycode::start() {
  if (!states_.empty()) return 0;
  State state;
  state.basic = free(kFree);
  state.decoder.emplace();
  return add(std::move(state), "");
}

std::uint32_t Punycode::step(std::uint32_t from, std::uint8_t byte) {
  const char c = static_cast<char>(byte);
  if (c != '-' && !alphanumeric(c)) return kDead;
  const State& before = states_[from];
  if (before.length == octets_) return kDead;
  State next;
  next.length = before.length + 1;
  next.hyphen = c == '-';
  // Basic code points neither begin nor end with a hyphen, nor hold two of them side by side.
  next.basic = before.basic && !(next.hyphen && (before.length == 0 || before.hyphen));
  if (next.hyphen) {
    if (next.basic) next.decoder.emplace(before.length);
  } else if (before.decoder) {
    next.decoder = before.decoder;
    const PunycodeDecoder& decoder = *next.decoder;
    bool possible = next.decoder->read(digit(c));
    if (decoder.weight == 1 && decoder.basic > 0) possible = possible && free(decoder.point);
    if (possible) {
      next.digits = before.digits + c;
    } else {
      next.decoder.reset();
    }
  }
  if (!next.decoder && !next.basic) return kDead;
  if (const auto found = index_.find(key(next)); found != index_.end()) return found->second;
  const std::string& way = before.completion;
  return add(std::move(next), !way.empty() && way[0] == c ? std::string(way, 1) : std::string());
}

// The state, if it has a completion; `inherited` is one that the state before it had, or empty.
std::uint32_t Punycode::add(State state, std::string_view inherited) {
  const std::string name = key(state);
  const auto fits = [&](const std::optional<std::string>& way) {
    return way && state.length + way->size() <= octets_;
  };
  const auto live = [&] {
    std::optional<PunycodeDecoder>& decoder = state.decoder;
    if (decoder && !decoder->first && decoder->weight == 1 &&
        (decoder->basic > 0 ? free(decoder->point) : member(decoder->text))) {
      return true;
    }
    if (!inherited.empty()) {
      state.completion = inherited;
      return true;
    }
    std::optional<std::string> way;
    if (decoder) {
      way = one_more(*decoder, kTries);
      if (!way) way = two_more(*decoder);
      if (!fits(way)) decoder.reset();
    }
    if (!fits(way)) way = as_basic(state);
    if (fits(way)) {
      state.completion = *way;
      return true;
    }
    return false;
  };
  const bool alive = live();
  const std::uint32_t id = alive ? static_cast<std::uint32_t>(states_.size()) : kDead;
  index_.emplace(name, id);
  if (!alive) return id;
  if (state.decoder) text_bytes_ += state.decoder->text.capacity() * sizeof(char32_t);
  states_.push_back(std::move(state));
  return id;
}

Regex Punycode::follow(Regex r, CodePoint point) {
  std::string bytes;
  if (r != kNothing) utf8_append(bytes, point);
  for (const char byte : bytes) {
    r = engine_.step(r, static_cast<std::uint8_t>(byte));
    if (r == kNothing) break;
  }
  return r;
}

// Whether a letter may stand anywhere among small letters, digits and single hyphens.
bool Punycode::free(CodePoint point) {
  free_.resize(kLastPoint + 1, kUnknown);
  if (free_[point] != kUnknown) return free_[point] == kYes;
  Regex r = labels_;
  for (const CodePoint one : {CodePoint{'a'}, CodePoint{'-'}, point, CodePoint{'-'}, CodePoint{'a'}}) {
    r = follow(r, one);
  }
  free_[point] = engine_.nullable(r) ? kYes : kNo;
  return free_[point] == kYes;
}

bool Punycode::member(const std::u32string& text) {
  Regex r = labels_;
  for (char32_t point : text) r = follow(r, point);
  return engine_.nullable(r);
}

// The digits of a code point that, put into the text, makes a member; the fewest found.
std::optional<std::string> Punycode::one_more(const PunycodeDecoder& decoder, std::uint64_t tries) {
  if (decoder.full()) return std::nullopt;
  before_.assign(1, labels_);
  if (decoder.basic == 0) {
    for (char32_t point : decoder.text) before_.push_back(follow(before_.back(), point));
  }
  const auto makes_member = [&](CodePoint point, std::uint32_t where) {
    if (decoder.basic > 0) return free(point);
    Regex r = follow(before_[where], point);
    for (std::size_t at = where; at < decoder.text.size(); ++at) r = follow(r, decoder.text[at]);
    return engine_.nullable(r);
  };
  for (std::uint64_t rest = 0; rest < tries; ++rest) {
    const auto [point, where] = decoder.target(rest);
    if (point > kLastPoint) return std::nullopt;
    if (makes_member(static_cast<CodePoint>(point), where)) return decoder.digits(rest);
  }
  if (decoder.weight != 1) return std::nullopt;
  std::optional<std::string> best;
  const std::uint64_t points = decoder.text.size() + 1;
  for (const CodePoint point : kMending) {
    if (point <= decoder.point) continue;
    for (std::uint32_t where = 0; where < points; ++where) {
      if (!makes_member(point, where)) continue;
      std::string way = decoder.digits((point - decoder.point) * points + where - decoder.place);
      if (!best || way.size() < best->size()) best = std::move(way);
    }
  }
  return best;
}

// Likewise of two code points, in the middle of a delta: the text so far waits for a neighbour.
std::optional<std::string> Punycode::two_more(const PunycodeDecoder& decoder) {
  if (decoder.weight == 1 || decoder.first || decoder.basic > 0 || member(decoder.text)) return std::nullopt;
  for (std::uint64_t rest = 0; rest < kFirstTries; ++rest) {
    PunycodeDecoder next = decoder;
    const std::string way = decoder.digits(rest);
    const bool read = std::all_of(way.begin(), way.end(), [&](char c) { return next.read(digit(c)); });
    if (!read) continue;
    if (const auto more = one_more(next, kSecondTries)) return way + *more;
  }
  return std::nullopt;
}

// A way on where all that was read is basic: the hyphen behind it and one more code point.
std::optional<std::string> Punycode::as_basic(const State& state) {
  if (!state.basic || state.length == 0) return std::nullopt;
  const PunycodeDecoder decoder(state.length + (state.hyphen ? 1 : 0));
  const std::optional<std::string> way = one_more(decoder, 0);
  if (!way) return std::nullopt;
  return (state.hyphen ? "0-" : "-") + *way;
}

std::size_t Punycode::memory_bytes() const {
  std::size_t total = sizeof(*this) + text_bytes_ + states_.capacity() * sizeof(State);
  total += index_.size() * (sizeof(std::pair<std::string, std::uint32_t>) + 16) + index_.bucket_count() * 8;
  return total;
}

}  // namespace structgen::regex
