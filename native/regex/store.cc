// The facade: forwards to the engine.
#include "regex/store.h"

#include "regex/engine.h"

namespace structgen::regex {

struct Store::Impl {
  Engine engine;
};

Store::Store() : impl_(std::make_unique<Impl>()) {}
Store::~Store() = default;

Engine& Store::engine() { return impl_->engine; }
const Engine& Store::engine() const { return impl_->engine; }

Regex Store::bytes(std::uint8_t low, std::uint8_t high) {
  ByteSet set;
  set.add(low, high);
  return engine().bytes(set);
}
Regex Store::code_points(const std::vector<CodePointRange>& ranges) { return engine().code_points(ranges); }
Regex Store::literal(std::string_view text) { return engine().literal(text); }
Regex Store::words(std::vector<std::string> words) { return engine().words(std::move(words)); }
Regex Store::concat(const std::vector<Regex>& parts) { return engine().concat(parts); }
Regex Store::alternate(const std::vector<Regex>& parts) { return engine().alternate(parts); }
Regex Store::intersect(const std::vector<Regex>& parts) { return engine().intersect(parts); }
Regex Store::complement(Regex r) { return engine().complement(r); }
Regex Store::repeat(Regex r, std::uint32_t min, std::uint32_t max) {
  return min > max ? kNothing : engine().repeat(r, min, max);
}

Regex Store::punycode(Regex r, std::uint32_t octets) { return engine().punycode(r, octets); }

bool Store::nullable(Regex r) const { return engine().nullable(r); }
Regex Store::step(Regex r, std::uint8_t byte) { return engine().step(r, byte); }
const Regex* Store::row(Regex r) { return engine().row(r); }
bool Store::empty(Regex r) { return engine().empty(r); }
std::string Store::first_bytes(Regex r) {
  std::string bytes;
  engine().first_bytes(r).each([&](std::uint8_t byte) { bytes.push_back(static_cast<char>(byte)); });
  return bytes;
}
std::uint32_t Store::distance(Regex r) { return engine().distance(r); }
std::string Store::witness(Regex r) { return engine().witness(r); }
Regex Store::read(Regex r, std::string_view text) { return engine().read(r, text); }
std::string Store::print(Regex r) const { return engine().print(r); }
Regex Store::near(Regex r, std::uint32_t longest) { return engine().near(r, longest); }
std::pair<Regex, Regex> Store::between(Regex r) {
  constexpr std::uint32_t kFewRounds = 1;  // most tokens read no more
  return {engine().with_rounds(r, kFewRounds, kFewRounds), engine().with_rounds(r, kFewRounds, kUnbounded)};
}
Store::FreePoints Store::free_points(Regex r) { return {engine().free_points(r), engine().counts_points(r)}; }
std::optional<Store::Bounded> Store::bounded(Regex r) { return engine().bounded(r); }
std::uint32_t Store::least_points(Regex r) const { return engine().lengths(r).min_points; }
std::optional<WordList> Store::words_left(Regex r) const { return engine().words_left(r); }
std::optional<Store::Heads> Store::heads(Regex r) { return engine().heads(r); }
bool Store::well_formed(Regex r) const { return engine().well_formed(r); }
std::size_t Store::size() const { return engine().size(); }
std::size_t Store::memory_bytes() const { return engine().memory_bytes(); }

bool Store::matches(Regex r, std::string_view text) {
  for (char c : text) {
    r = step(r, static_cast<std::uint8_t>(c));
    if (r == kNothing) return false;
  }
  return nullable(r);
}

}  // namespace structgen::regex
