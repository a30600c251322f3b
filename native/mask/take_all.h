// The tokens that a batch of outputs was given, taken in one go.
//
// For what happens nearly always: the token is allowed, the output can still be finished in time, and more than
// one token may come next. Whatever else is the case is left to those who ask each matcher for itself.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "mask/matcher.h"

namespace structgen {

enum class Taken : std::uint8_t {
  kOpen,   // taken: the output cannot stop yet, and no token is forced
  kTaken,  // taken: one of these may be otherwise, ask outlook
  kNot,    // not taken: ask a matcher of the state before it why
};

struct Offer {
  std::uint32_t token;
  std::size_t tokens_left;  // after it
};

// What became of offers[i] to matchers[i], each another one: copies, since one that did not take its token may have
// read it. Takes the locks of their engines itself.
void take_all(std::span<Matcher> matchers, std::span<const Offer> offers, std::span<Taken> outcomes);

}  // namespace structgen
