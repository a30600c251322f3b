// Vocabularies that lack some byte as a token of its own: a state that is alive byte by byte may be a dead end for
// tokens, and the shortest way to an end may be one that no tokens spell. Nearly always they do spell it. Where they do
// not, a search over tokens, the fewest first, looks for a state from which they do.
#include <algorithm>
#include <bit>
#include <unordered_set>

#include "budget.h"
#include "mask/matcher.h"

namespace structgen {

namespace {

constexpr std::size_t kMaxStates = 20'000;
// Verdicts that are remembered; past them all are forgotten.
constexpr std::size_t kMaxKnown = 100'000;
// Each key that an object may have is a state of its own: of many tokens they fill the memory.
constexpr std::size_t kMaxBytes = std::size_t{1} << 30;

}  // namespace

bool Matcher::token_live(const Stacks& stacks) {
  return std::any_of(stacks.begin(), stacks.end(), [&](const Stack& stack) { return token_live(stack); });
}

// A state whose shortest completion tokens spell, or which is known to lead to one, if that will do: the last of
// `states`, which then begin with `starts` and hold the way there; false where there is none.
bool Matcher::search_tokens(const Stacks& starts, bool known_will_do, std::vector<Ahead>& states) const {
  const auto& known = constraint_->token_live;
  std::unordered_set<std::vector<std::uint32_t>, VectorHash> met;
  // Whether that is the end of the search.
  const auto add = [&](Stack stack, std::size_t parent, std::uint32_t token) {
    std::vector<std::uint32_t> signature = signature_of(stack);
    if (!met.insert(signature).second) return false;
    if (met.size() > kMaxStates) {
      throw BudgetExceeded("an end in a vocabulary without a token for every byte: 20000 states");
    }
    const auto verdict = known.find(signature);
    const bool live = verdict != known.end() && verdict->second;
    if (!live && verdict != known.end()) return false;
    const bool found = (live && known_will_do) || tokens_of(completion_of(stack));
    states.push_back({std::move(stack), std::move(signature), parent, token});
    return found;
  };
  for (const Stack& start : starts) {
    if (add(start, Ahead::kStart, 0)) return true;
  }
  std::vector<std::uint32_t> mask(mask_words());
  for (std::size_t next = 0; next < states.size(); ++next) {
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

std::vector<std::uint32_t> Matcher::signature_of(const Stack& stack) const {
  Cursor cursor(*constraint_->machine, constraint_->engine->texts);
  return cursor.signature(cursor.load(stack), {});
}

bool Matcher::token_live(const Stack& stack) {
  auto& known = constraint_->token_live;
  if (const auto verdict = known.find(signature_of(stack)); verdict != known.end()) return verdict->second;
  std::vector<Ahead> states;
  const bool live = search_tokens({stack}, true, states);
  if (known.size() + states.size() > kMaxKnown) known.clear();
  if (!live) {  // nothing that was met leads to an end
    for (Ahead& state : states) known[std::move(state.signature)] = false;
    return false;
  }
  for (std::size_t i = states.size() - 1; i != Ahead::kStart; i = states[i].parent) {
    known[states[i].signature] = true;
  }
  return true;
}

std::vector<std::uint32_t> Matcher::searched_completion() const {
  std::vector<Ahead> states;
  search_tokens(stacks(), false, states);  // finds one: no other token was accepted
  std::vector<std::uint32_t> tokens;
  for (std::size_t i = states.size() - 1; states[i].parent != Ahead::kStart; i = states[i].parent) {
    tokens.push_back(states[i].token);
  }
  std::reverse(tokens.begin(), tokens.end());
  const auto rest = tokens_of(completion_of(states.back().stack));
  tokens.insert(tokens.end(), rest->begin(), rest->end());
  return tokens;
}

void Matcher::keep_token_live(std::span<std::uint32_t> out) {
  const std::lock_guard lock(constraint_->engine->mutex);
  const Stacks now = stacks();
  for (std::size_t word = 0; word < out.size(); ++word) {
    if (out[word] && constraint_->engine->memory_bytes() > kMaxBytes) {
      throw BudgetExceeded("what follows tokens, in a vocabulary without a token for every byte: 1 GB");
    }
    for (std::uint32_t bits = out[word]; bits; bits &= bits - 1) {
      const auto token = static_cast<std::uint32_t>(word * 32 + static_cast<std::size_t>(std::countr_zero(bits)));
      if (!token_live(after(token, now))) out[word] &= ~(bits & (~bits + 1));
    }
  }
}

}  // namespace structgen
