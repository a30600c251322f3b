// A strict reader for one shape of JSON; whatever has another shape is left to a general parser.
#include "vocabulary/rank_file.h"

#include <array>
#include <limits>

namespace structgen {
namespace {

constexpr std::uint8_t kNoDigit = 0xFF;

constexpr std::array<std::uint8_t, 256> base64_digits() {
  std::array<std::uint8_t, 256> digits{};
  for (auto& digit : digits) digit = kNoDigit;
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    digits[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return digits;
}

constexpr std::array<std::uint8_t, 256> kDigit = base64_digits();

// Appends what `encoded` stands for; false when it is not padded base64 (RFC 4648, section 4).
bool append_base64(std::string_view encoded, std::string& out) {
  if (encoded.size() % 4 != 0) return false;
  while (!encoded.empty()) {
    std::size_t digits = 4;
    if (encoded.size() == 4 && encoded[3] == '=') digits = encoded[2] == '=' ? 2 : 3;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint8_t digit = i < digits ? kDigit[static_cast<std::uint8_t>(encoded[i])] : 0;
      if (digit == kNoDigit) return false;
      bits = bits << 6 | digit;
    }
    for (std::size_t i = 0; i + 1 < digits; ++i)
      out.push_back(static_cast<char>(bits >> (16 - 8 * i) & 0xFF));
    encoded.remove_prefix(4);
  }
  return true;
}

class Reader {
 public:
  Reader(std::string_view json, std::size_t at) : json_(json), at_(at) {}

  std::size_t position() const { return at_; }

  void skip_space() {
    while (at_ < json_.size() &&
           (json_[at_] == ' ' || json_[at_] == '\n' || json_[at_] == '\r' || json_[at_] == '\t')) {
      ++at_;
    }
  }

  // After white space; consumes the character.
  bool take(char expected) {
    skip_space();
    if (at_ >= json_.size() || json_[at_] != expected) return false;
    ++at_;
    return true;
  }

  bool peek(char expected) {
    skip_space();
    return at_ < json_.size() && json_[at_] == expected;
  }

  // A string as it stands in the text, escapes included; `has_escape` says whether there are any.
  std::optional<std::string_view> string(bool& has_escape) {
    has_escape = false;
    if (!take('"')) return std::nullopt;
    const std::size_t start = at_;
    for (; at_ < json_.size(); ++at_) {
      if (json_[at_] == '"') return json_.substr(start, at_++ - start);
      if (json_[at_] == '\\') {
        has_escape = true;
        ++at_;  // whatever is escaped does not end the string
      }
    }
    return std::nullopt;
  }

  std::optional<std::uint64_t> natural() {
    skip_space();
    const std::size_t start = at_;
    std::uint64_t value = 0;
    while (at_ < json_.size() && json_[at_] >= '0' && json_[at_] <= '9' && at_ - start < 12) {
      value = value * 10 + static_cast<std::uint64_t>(json_[at_++] - '0');
    }
    if (at_ == start || (json_[start] == '0' && at_ - start > 1)) return std::nullopt;
    return value;
  }

  // A number, true, false or null of any spelling: the caller does not need the value.
  bool skip_word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < json_.size() && (std::string_view("+-.").find(json_[at_]) != std::string_view::npos ||
                                  (json_[at_] >= '0' && json_[at_] <= '9') ||
                                  (json_[at_] >= 'a' && json_[at_] <= 'z') || json_[at_] == 'E')) {
      ++at_;
    }
    return at_ > start;
  }

 private:
  std::string_view json_;
  std::size_t at_;
};

// One {…} whose rank must be `rank`; appends its bytes.
bool read_entry(Reader& reader, std::uint64_t rank, std::string& text) {
  bool has_rank = false;
  bool has_bytes = false;
  bool has_escape = false;
  if (!reader.take('{')) return false;
  do {
    const auto key = reader.string(has_escape);
    if (!key || has_escape || !reader.take(':')) return false;
    if (*key == "rank") {
      if (has_rank || reader.natural() != rank) return false;
      has_rank = true;
    } else if (*key == "token_bytes") {
      const auto encoded = reader.string(has_escape);
      if (has_bytes || !encoded || has_escape || !append_base64(*encoded, text)) return false;
      has_bytes = true;
    } else if (reader.peek('"')) {
      if (!reader.string(has_escape)) return false;
    } else if (!reader.skip_word()) {
      return false;
    }
  } while (reader.take(','));
  return reader.take('}') && has_rank && has_bytes;
}

}  // namespace

std::optional<RankEntries> read_rank_entries(std::string_view json, std::size_t start) {
  if (start > json.size()) return std::nullopt;
  RankEntries entries;
  entries.offsets.push_back(0);
  Reader reader(json, start);
  if (!reader.peek(']')) {
    do {
      if (!read_entry(reader, entries.offsets.size() - 1, entries.text)) return std::nullopt;
      if (entries.text.size() >= std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
      entries.offsets.push_back(static_cast<std::uint32_t>(entries.text.size()));
    } while (reader.take(','));
  }
  if (!reader.peek(']')) return std::nullopt;
  entries.end = reader.position();
  return entries;
}

}  // namespace structgen
