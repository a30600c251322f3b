#include "mask/take_all.h"

#include <exception>
#include <mutex>

namespace structgen {

namespace {

Taken take(Matcher& matcher, const Offer& offer) {
  const std::lock_guard lock(matcher.engine().mutex);
  if (matcher.advance(offer.token) != Matcher::Verdict::kAccepted) return Taken::kNot;
  if (!matcher.completes_within(offer.tokens_left)) return Taken::kNot;
  return matcher.must_go_on() && matcher.has_choice() ? Taken::kOpen : Taken::kTaken;
}

}  // namespace

void take_all(std::span<Matcher> matchers, std::span<const Offer> offers, std::span<Taken> outcomes) {
  for (std::size_t row = 0; row < matchers.size(); ++row) {
    try {
      outcomes[row] = take(matchers[row], offers[row]);
    } catch (const std::exception&) {  // raised again for the one who asks alone
      outcomes[row] = Taken::kNot;
    }
  }
}

}  // namespace structgen
