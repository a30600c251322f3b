// Vocabularies that lack some byte as a token of its own: a state that is alive byte by
// byte may be a dead end for tokens, and the shortest way to an end may be one that no tokens
// spell. Here both are decided on tokens, by searching forward, the fewest tokens first.
#include <algorithm>
#include <bit>
#include <unordered_set>

#include "budget.h"
#include "mask/matcher.h"

namespace structgen {

namespace {

constexpr std::size_t kMaxStates = 20'000;

}  // namespace

bool Matcher::token_live(const Stacks& stacks) {
  return std::any_of(stacks.begin(), stacks.end(), [&](const Stack& stack) { return token_live(stack); });
}

// What may stop, or is known to lead on to where it may, if that will do: the last of `states`, which then begin
// with `starts` and hold the way there; false where nothing does.
bool Matcher::search_tokens(const Stacks& starts, bool known_will_do, std::vector<Ahead>& states) const {
  const auto& known = constraint_->token_live;
  std::unordered_set<std::vector<std::uint32_t>, VectorHash> met;
  // Whether that is the end of the search.
  const auto add = [&](Stack stack, std::size_t parent, std::uint32_t token) {
    Cursor cursor(*constraint_->machine, constraint_->engine->texts);
    std::vector<std::uint32_t> signature = cursor.signature(cursor.load(stack), {});
    if (!met.insert(signature).second) return false;
    const auto verdict = known.find(signature);
    const bool live = verdict != known.end() && verdict->second;
    const bool found = cursor.accepting(cursor.load(stack)) || (live && known_will_do);
    if (found || live || verdict == known.end()) states.push_back({std::move(stack), std::move(signature), parent, token});
    return found;
  };
  for (const Stack& start : starts) {
    if (add(start, Ahead::kStart, 0)) return true;
  }
  std::vector<std::uint32_t> mask(mask_words());
  for (std::size_t next = 0; next < states.size(); ++next) {
    if (next >= kMaxStates) throw BudgetExceeded("an end in a vocabulary without a token for every byte: 20000 states");
    const Stack stack = states[next].stack;
    constraint_->masks->fill(stack, mask);
    for (const std::uint32_t token : named_tokens({stack})) mask[token >> 5] |= 1u << (token & 31);
    for (std::size_t word = 0; word < mask.size(); ++word) {
      for (std::uint32_t bits = mask[word]; bits; bits &= bits - 1) {
        const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
        for (Stack& behind : after(token, {stack})) {
          if (add(std::move(behind), next, token)) return true;
        }
      }
    }
  }
  return false;
}

bool Matcher::token_live(const Stack& stack) {
  std::vector<Ahead> states;
  const bool live = search_tokens({stack}, true, states);
  auto& known = constraint_->token_live;
  if (!live) {  // nothing that was met leads to an end
    for (Ahead& state : states) known[std::move(state.signature)] = false;
    return false;
  }
  for (std::size_t i = states.size() - 1; i != Ahead::kStart; i = states[i].parent) {
    known[states[i].signature] = true;
  }
  return true;
}

std::vector<std::uint32_t> Matcher::fewest_tokens_to_end() const {
  std::vector<Ahead> states;
  search_tokens(stacks(), false, states);  // finds an end: no other token was accepted
  std::vector<std::uint32_t> tokens;
  for (std::size_t i = states.size() - 1; states[i].parent != Ahead::kStart; i = states[i].parent) {
    tokens.push_back(states[i].token);
  }
  std::reverse(tokens.begin(), tokens.end());
  return tokens;
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
