// Vocabularies that lack some byte as a token of its own: a state that is alive byte by
// byte may be a dead end for tokens. Here liveness is decided on tokens, by searching
// forward until some token sequence reaches an accepting state.
#include <algorithm>
#include <bit>
#include <deque>

#include "budget.h"
#include "mask/matcher.h"

namespace structgen {

namespace {

constexpr std::size_t kMaxStates = 20'000;

}  // namespace

bool Matcher::token_live(const Stacks& stacks) {
  return std::any_of(stacks.begin(), stacks.end(), [&](const Stack& stack) { return token_live(stack); });
}

bool Matcher::token_live(const Stack& first) {
  auto& known = constraint_->token_live;
  const auto signature_of = [&](const Stack& stack) {
    Cursor cursor(*constraint_->machine, constraint_->engine->texts);
    return cursor.signature(cursor.load(stack), {});
  };
  std::vector<std::uint32_t> signature = signature_of(first);
  if (auto verdict = known.find(signature); verdict != known.end()) return verdict->second;

  struct State {
    Stack stack;
    std::vector<std::uint32_t> signature;
    std::size_t parent;
  };
  std::vector<State> states{{first, signature, 0}};
  std::unordered_map<std::vector<std::uint32_t>, bool, VectorHash> visited{{signature, true}};
  std::vector<std::uint32_t> mask(mask_words());
  for (std::size_t next = 0; next < states.size(); ++next) {
    if (next >= kMaxStates) throw BudgetExceeded("liveness over an incomplete vocabulary: 20000 states");
    const Stack stack = states[next].stack;
    Cursor here(*constraint_->machine, constraint_->engine->texts);
    auto verdict = known.find(states[next].signature);
    if (here.accepting(here.load(stack)) || (verdict != known.end() && verdict->second)) {
      for (std::size_t i = next;; i = states[i].parent) {
        known[states[i].signature] = true;
        if (i == 0) return true;
      }
    }
    if (verdict != known.end()) continue;
    constraint_->masks->fill(stack, mask);
    for (const std::uint32_t token : named_tokens({stack})) mask[token >> 5] |= 1u << (token & 31);
    for (std::size_t word = 0; word < mask.size(); ++word) {
      for (std::uint32_t bits = mask[word]; bits; bits &= bits - 1) {
        const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
        for (Stack& after_it : after(token, {stack})) {
          std::vector<std::uint32_t> after_signature = signature_of(after_it);
          if (!visited.emplace(after_signature, true).second) continue;
          states.push_back({std::move(after_it), std::move(after_signature), next});
        }
      }
    }
  }
  for (const State& state : states) known[state.signature] = false;  // nothing reachable ends
  return false;
}

void Matcher::keep_token_live(std::span<std::uint32_t> out) {
  const std::lock_guard lock(constraint_->engine->mutex);
  const Stacks now = stacks();
  for (std::size_t word = 0; word < out.size(); ++word) {
    for (std::uint32_t bits = out[word]; bits; bits &= bits - 1) {
      const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
      if (!token_live(after(token, now))) out[word] &= ~(bits & (~bits + 1));
    }
  }
}

}  // namespace structgen
