// Punycode of a language: the texts that decode to one of its members.
//
// What is read are the letters, digits and hyphens that stand behind "xn--" in a host name: canonical (small
// letters, at least one code point beyond ASCII) and bounded in length. What a text decodes to depends on all
// of it, so states are made when they are first reached, and the language itself decides on what was decoded.
//
// A subset, chosen so that states stay few where a mask walks a whole vocabulary: at most three code points beyond
// ASCII, two beside basic ones, and none among ideographs and Hangul, where nearly every text decodes to something. Beside basic code points stand only letters that
// may stand anywhere; then their number is all there is to know of them. A state lives only where a completion
// was found, by a bounded search over one more code point or, where a label waits for a neighbour, two.
//
// Does not know: which labels are valid, expressions. RFC 3492, sections 5 and 6.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "regex/store.h"

namespace structgen::regex {

// A label half decoded: the code points so far, and the delta being read.
struct PunycodeDecoder {
  std::u32string text;
  std::uint32_t basic = 0;  // basic code points in it, all written 'a'
  CodePoint point = 128;    // n: the least that may come next
  std::uint32_t place = 0;  // i: where it would stand
  std::uint32_t bias = 72;
  std::uint64_t delta = 0;   // the digits read of the next one
  std::uint64_t weight = 1;  // of the digit to come; 1 between two deltas
  std::uint32_t position = 36;
  bool first = true;  // no delta is complete

  explicit PunycodeDecoder(std::uint32_t basic = 0) : text(basic, U'a'), basic(basic) {}

  bool full() const;  // no further code point is allowed
  // Reads a digit, 0 to 35; false where no text continues.
  bool read(std::uint32_t digit);
  // Where `delta + weight * rest` leads: the code point and its place.
  std::pair<std::uint64_t, std::uint32_t> target(std::uint64_t rest) const;
  // The digits that spell `rest` in what is left of the delta.
  std::string digits(std::uint64_t rest) const;

 private:
  std::uint32_t threshold(std::uint32_t at) const;
  bool insert();
};

class Punycode {
 public:
  static constexpr std::uint32_t kDead = 0xFFFFFFFFu;

  Punycode(Engine& engine, Regex labels, std::uint32_t octets)
      : engine_(engine), labels_(labels), octets_(octets) {}

  Regex labels() const { return labels_; }
  std::uint32_t octets() const { return octets_; }
  std::uint32_t start();
  std::uint32_t step(std::uint32_t state, std::uint8_t byte);
  std::uint32_t length(std::uint32_t state) const { return states_[state].length; }
  // A short way to a member; empty where one is complete.
  const std::string& completion(std::uint32_t state) const { return states_[state].completion; }
  std::size_t memory_bytes() const;

 private:
  struct State {
    std::uint32_t length = 0;                   // octets read
    bool basic = true;                          // they may all be basic code points
    bool hyphen = false;                        // the last of them is one
    std::string digits{};                       // behind the last hyphen
    std::optional<PunycodeDecoder> decoder{};   // of these
    std::string completion{};
  };

  std::uint32_t add(State state, std::string_view inherited);
  static std::string key(const State& state);
  Regex follow(Regex r, CodePoint point);
  bool member(const std::u32string& text);
  bool free(CodePoint point);
  std::optional<std::string> one_more(const PunycodeDecoder& decoder, std::uint64_t tries);
  std::optional<std::string> two_more(const PunycodeDecoder& decoder);
  std::optional<std::string> as_basic(const State& state);

  Engine& engine_;
  Regex labels_;
  std::uint32_t octets_;  // a text holds at most
  std::vector<State> states_;
  std::size_t text_bytes_ = 0;
  std::unordered_map<std::string, std::uint32_t> index_;  // kDead too
  enum Answer : std::uint8_t { kUnknown, kNo, kYes };
  std::vector<Answer> free_;   // by code point
  std::vector<Regex> before_;  // scratch
};

}  // namespace structgen::regex
