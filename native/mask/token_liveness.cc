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

bool Matcher::token_live(Cursor& cursor, const Top& top, std::string_view read) {
  auto& known = constraint_->token_live;
  std::vector<std::uint32_t> signature = cursor.signature(top, read);
  if (auto verdict = known.find(signature); verdict != known.end()) return verdict->second;

  struct State {
    Stack stack;
    std::vector<std::uint32_t> signature;
    std::size_t parent;
  };
  std::vector<State> states{{cursor.save(top, read), signature, 0}};
  std::unordered_map<std::vector<std::uint32_t>, bool, VectorHash> visited{{signature, true}};
  std::vector<std::uint32_t> mask(mask_words());
  for (std::size_t next = 0; next < states.size(); ++next) {
    if (next >= kMaxStates) throw BudgetExceeded("liveness over an incomplete vocabulary: 20000 states");
    const Stack stack = states[next].stack;
    Cursor here(*constraint_->machine, constraint_->engine->texts);
    const Top start = here.load(stack);
    auto verdict = known.find(states[next].signature);
    if (here.accepting(start) || (verdict != known.end() && verdict->second)) {
      for (std::size_t i = next;; i = states[i].parent) {
        known[states[i].signature] = true;
        if (i == 0) return true;
      }
    }
    if (verdict != known.end()) continue;
    constraint_->masks->fill(stack, mask);
    for (std::size_t word = 0; word < mask.size(); ++word) {
      for (std::uint32_t bits = mask[word]; bits; bits &= bits - 1) {
        const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
        const std::string_view bytes = constraint_->trie->token_bytes(token);
        Top after = start;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
          here.step(after, static_cast<std::uint8_t>(bytes[i]), bytes.substr(0, i));
        }
        std::vector<std::uint32_t> after_signature = here.signature(after, bytes);
        if (!visited.emplace(after_signature, true).second) continue;
        states.push_back({here.save(after, bytes), std::move(after_signature), next});
      }
    }
  }
  for (const State& state : states) known[state.signature] = false;  // nothing reachable ends
  return false;
}

void Matcher::keep_token_live(std::span<std::uint32_t> out) {
  const std::lock_guard lock(constraint_->engine->mutex);
  Cursor cursor(*constraint_->machine, constraint_->engine->texts);
  const Top start = cursor.load(history_.front().stack);
  for (std::size_t word = 0; word < out.size(); ++word) {
    for (std::uint32_t bits = out[word]; bits; bits &= bits - 1) {
      const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
      const std::string_view bytes = constraint_->trie->token_bytes(token);
      Top top = start;
      for (std::size_t i = 0; i < bytes.size(); ++i) {
        cursor.step(top, static_cast<std::uint8_t>(bytes[i]), bytes.substr(0, i));
      }
      if (!token_live(cursor, top, bytes)) out[word] &= ~(bits & (~bits + 1));
    }
  }
}

}  // namespace structgen
