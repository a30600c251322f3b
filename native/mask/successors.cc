// What a token does to the stacks of an output, where a fork may leave several.
#include <algorithm>

#include "budget.h"
#include "mask/matcher.h"

namespace structgen {

namespace {

constexpr std::size_t kMaxStacks = 64;

// Keeps the first of stacks that are alike; at most kMaxStacks may be left.
void remove_repeated(Cursor& cursor, std::vector<Top>& tops, std::string_view read) {
  if (tops.size() < 2) return;
  std::vector<std::vector<std::uint32_t>> seen;
  std::vector<Top> kept;
  for (const Top& top : tops) {
    std::vector<std::uint32_t> signature = cursor.signature(top, read);
    if (std::find(seen.begin(), seen.end(), signature) != seen.end()) continue;
    if (seen.size() == kMaxStacks) throw BudgetExceeded("readings of one output at the same time: 64");
    seen.push_back(std::move(signature));
    kept.push_back(top);
  }
  tops = std::move(kept);
}

}  // namespace

Matcher::Stacks Matcher::after_bytes(std::string_view bytes, const Stacks& stacks) const {
  Machine& machine = *constraint_->machine;
  Cursor cursor(machine, constraint_->engine->texts);
  std::vector<Top> tops, next;
  for (const Stack& stack : stacks) tops.push_back(cursor.load(stack));
  for (std::size_t i = 0; i < bytes.size() && !tops.empty(); ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    const std::string_view read = bytes.substr(0, i);
    next.clear();
    for (const Top& top : tops) {
      cursor.branch(top, machine.transition(top.local, byte), byte, read,
                    [&](Cursor::Result result, const Top& after, Transition) {
                      if (result == Cursor::Result::kAlive) next.push_back(after);
                    });
    }
    tops.swap(next);
    remove_repeated(cursor, tops, bytes.substr(0, i + 1));
  }
  Stacks after;
  for (Top& top : tops) {
    if (machine.names_tokens()) top.local = machine.token_end(top.local);
    after.push_back(cursor.save(top, bytes));
  }
  return after;
}

Matcher::Stacks Matcher::after_named(std::uint32_t token, const Stacks& stacks) const {
  Stacks after;
  std::vector<Local> seen;
  for (const Stack& stack : stacks) {
    Cursor cursor(*constraint_->machine, constraint_->engine->texts);
    for (const NamedToken& named : cursor.named_tokens(cursor.load(stack))) {
      if (named.token != token || std::find(seen.begin(), seen.end(), named.next) != seen.end()) continue;
      seen.push_back(named.next);
      after.push_back(Stack({named.next, TextTable::kEmpty}, {}));
    }
  }
  return after;
}

Matcher::Stacks Matcher::after(std::uint32_t token, const Stacks& stacks) const {
  if (Stacks named = after_named(token, stacks); !named.empty()) return named;
  if (token >= constraint_->trie->vocabulary_size()) return {};
  const std::string_view bytes = constraint_->trie->token_bytes(token);
  return bytes.empty() ? Stacks() : after_bytes(bytes, stacks);
}

std::vector<std::uint32_t> Matcher::named_tokens(const Stacks& stacks) const {
  std::vector<std::uint32_t> tokens;
  for (const Stack& stack : stacks) {
    Cursor cursor(*constraint_->machine, constraint_->engine->texts);
    for (const NamedToken& named : cursor.named_tokens(cursor.load(stack))) tokens.push_back(named.token);
  }
  return tokens;
}

}  // namespace structgen
