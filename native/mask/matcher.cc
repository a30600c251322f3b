#include "mask/matcher.h"

#include <algorithm>
#include <array>
#include <bit>

namespace structgen {

namespace {

constexpr std::size_t kMaxForced = 4096;
// Of letters, digits, blanks and punctuation, two each: where there is a choice, it is nearly always between some of them.
constexpr std::string_view kUsualBytes = "ae12 \n\",[t";

}  // namespace

Matcher::Matcher(std::shared_ptr<Constraint> constraint) : constraint_(std::move(constraint)) { reset(); }

void Matcher::reset() {
  history_ = PersistentList<Step>({Stack({constraint_->start, TextTable::kEmpty}, {}), nullptr, false}, {});
  length_ = 0;
}

Matcher::Stacks Matcher::stacks() const {
  Stacks all;
  each_stack([&](const Stack& stack) { all.push_back(stack); });
  return all;
}

void Matcher::append(Stacks stacks, bool terminated) {
  std::shared_ptr<const Stacks> others;
  if (stacks.size() > 1) others = std::make_shared<const Stacks>(stacks.begin() + 1, stacks.end());
  append(std::move(stacks.front()), std::move(others), terminated);
}

void Matcher::append(Stack stack, std::shared_ptr<const Stacks> others, bool terminated) {
  history_ = PersistentList<Step>({std::move(stack), std::move(others), terminated}, history_);
  ++length_;
}

bool Matcher::is_end_token(std::uint32_t token) const {
  const auto& ends = constraint_->end_tokens;
  return std::binary_search(ends.begin(), ends.end(), token);
}

Matcher::Verdict Matcher::advance(std::uint32_t token) {
  if (is_terminated()) return Verdict::kTerminated;
  constraint_->machine->refill();
  if (constraint_->machine->names_tokens()) {
    if (const Verdict verdict = advance_named(token); verdict != Verdict::kRejected) return verdict;
  }
  if (is_end_token(token)) {
    if (!can_stop()) return Verdict::kRejected;
    append(stacks(), true);
    return Verdict::kAccepted;
  }
  if (token >= constraint_->trie->vocabulary_size()) return Verdict::kRejected;
  const std::string_view bytes = constraint_->trie->token_bytes(token);
  if (bytes.empty()) return Verdict::kRejected;
  std::optional<Stack> stack = advance_top(bytes);
  if (!stack) stack = advance_alone(bytes);
  if (stack) {
    if (stack->empty()) return Verdict::kRejected;
    append(std::move(*stack), nullptr, false);
    return Verdict::kAccepted;
  }
  Stacks next = after_bytes(bytes, stacks());
  if (next.empty() || (!constraint_->covers_all_bytes && !token_live(next))) return Verdict::kRejected;
  append(std::move(next));
  return Verdict::kAccepted;
}

// A token that the grammar itself asks for; an end token among them ends the output if nothing need follow.
Matcher::Verdict Matcher::advance_named(std::uint32_t token) {
  Stacks next = after_named(token, stacks());
  if (next.empty() || (!constraint_->covers_all_bytes && !token_live(next))) return Verdict::kRejected;
  append(std::move(next));
  if (is_end_token(token) && can_stop()) {
    Step last = history_.front();
    last.terminated = true;
    history_ = PersistentList<Step>(std::move(last), history_.tail());
  }
  return Verdict::kAccepted;
}

// The usual token moves the top frame and nothing else: the stack after it, empty for a dead end;
// nothing where it takes a cursor to say.
std::optional<Stack> Matcher::advance_top(std::string_view bytes) {
  if (!constraint_->covers_all_bytes || history_.front().others) return std::nullopt;
  Machine& machine = *constraint_->machine;
  const Stack& stack = history_.front().stack;
  const Stack::View below = Stack::View(stack).tail();
  if (!below.empty() && below.front().recording) return std::nullopt;  // the text is for that one, too
  StackFrame top = stack.front();
  const bool kept = machine.keeps_text(top.local);
  for (const char byte : bytes) {
    const Transition t = machine.transition(top.local, static_cast<std::uint8_t>(byte));
    if (t >= kActionBit) return std::nullopt;
    if (t == kDead) return Stack();
    top.local = t;
  }
  if (machine.keeps_text(top.local) != kept) return std::nullopt;
  if (machine.names_tokens()) top.local = machine.token_end(top.local);
  if (kept) {
    for (const char byte : bytes) {
      top.text = constraint_->engine->texts.extend(top.text, static_cast<std::uint8_t>(byte));
    }
  }
  return Stack(top, stack.tail());
}

// The same where frames come and go, as long as there is only one way: of forks, after_bytes() knows.
std::optional<Stack> Matcher::advance_alone(std::string_view bytes) {
  if (!constraint_->covers_all_bytes || history_.front().others) return std::nullopt;
  Cursor cursor(*constraint_->machine, constraint_->engine->texts);
  Top top = cursor.load(history_.front().stack);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const Cursor::Result result = cursor.step(top, static_cast<std::uint8_t>(bytes[i]), bytes.substr(0, i));
    if (result == Cursor::Result::kDead) return Stack();
    if (result != Cursor::Result::kAlive) return std::nullopt;
  }
  if (constraint_->machine->names_tokens()) top.local = constraint_->machine->token_end(top.local);
  return cursor.save(top, bytes);
}

std::size_t Matcher::try_advance(std::span<const std::uint32_t> tokens) {
  std::size_t accepted = 0;
  while (accepted < tokens.size() && advance(tokens[accepted]) == Verdict::kAccepted) ++accepted;
  return accepted;
}

bool Matcher::rollback(std::size_t steps) {
  if (steps > length_) return false;
  for (std::size_t i = 0; i < steps; ++i) history_ = history_.tail();
  length_ -= steps;
  return true;
}

// Nearly always there is one stack, with a frame on top that has to go on.
bool Matcher::must_go_on() const {
  const Step& now = history_.front();
  if (now.terminated || now.others) return false;
  Machine& machine = *constraint_->machine;
  const Local top = now.stack.front().local;
  return Stack::View(now.stack).tail().empty() ? !machine.accepting(top) : !machine.may_end(top);
}

bool Matcher::can_stop() {
  if (is_terminated() || must_go_on()) return false;
  bool accepting = false;
  each_stack([&](const Stack& stack) {
    Cursor cursor(*constraint_->machine, constraint_->engine->texts);
    accepting = accepting || cursor.accepting(cursor.load(stack));
  });
  return accepting;
}

void Matcher::mask_by_trying(std::span<std::uint32_t> out) {
  std::fill(out.begin(), out.end(), 0u);
  if (is_terminated()) return;
  Cursor cursor(*constraint_->machine, constraint_->engine->texts);
  std::array<bool, 256> dead{};  // no token that begins so has to be tried
  dead.fill(true);
  each_stack([&](const Stack& stack) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      Top top = cursor.load(stack);
      const Cursor::Result result = cursor.step(top, static_cast<std::uint8_t>(byte), {});
      if (result != Cursor::Result::kDead) dead[byte] = false;
    }
  });
  for (std::uint32_t token = 0; token < constraint_->width; ++token) {
    const std::string_view bytes = constraint_->trie->token_bytes(token);
    if (!bytes.empty() && !is_end_token(token) && dead[static_cast<std::uint8_t>(bytes[0])]) continue;
    Matcher probe = *this;
    if (probe.advance(token) == Verdict::kAccepted) out[token >> 5] |= 1u << (token & 31);
  }
}

void Matcher::fill_mask(std::span<std::uint32_t> out) {
  if (is_terminated()) {
    std::fill(out.begin(), out.end(), 0u);
    return;
  }
  bool may_end = false, first = true;
  each_stack([&](const Stack& stack) {
    may_end = constraint_->masks->fill(stack, out, !first) || may_end;
    first = false;
  });
  if (constraint_->machine->names_tokens()) {
    const std::lock_guard lock(constraint_->engine->mutex);
    for (const std::uint32_t token : named_tokens(stacks())) out[token >> 5] |= 1u << (token & 31);
  }
  if (!constraint_->covers_all_bytes) keep_token_live(out);
  if (may_end) {
    for (std::uint32_t end : constraint_->end_tokens) out[end >> 5] |= 1u << (end & 31);
  }
}

// Two bytes that the top frame can read are two tokens at least: nearly always so, and said without a mask.
bool Matcher::has_choice() const {
  if (!constraint_->covers_all_bytes || is_terminated()) return false;
  Machine& machine = *constraint_->machine;
  const Local local = history_.front().stack.front().local;
  if (machine.has_choice(local)) return true;
  unsigned alive = 0;
  for (const char byte : kUsualBytes) {
    const Transition t = machine.transition(local, static_cast<std::uint8_t>(byte));
    alive += t != kDead && (t < kActionBit || machine.action(t).kind == Action::Kind::kPush);
    if (alive == 2) return true;
  }
  return false;
}

std::vector<std::uint32_t> Matcher::forced_tokens() {
  std::vector<std::uint32_t> forced;
  Matcher ahead = *this;
  std::vector<std::uint32_t> mask;
  while (forced.size() < kMaxForced && !ahead.is_terminated() && !ahead.has_choice()) {
    mask.resize(mask_words());
    ahead.fill_mask(mask);
    std::size_t set = 0, word = 0;
    for (std::size_t i = 0; i < mask.size() && set < 2; ++i) {
      if (mask[i]) set += static_cast<std::size_t>(std::popcount(mask[i])), word = i;
    }
    if (set != 1) break;
    const auto token = static_cast<std::uint32_t>(word * 32) + static_cast<std::uint32_t>(std::countr_zero(mask[word]));
    if (is_end_token(token) || ahead.advance(token) != Verdict::kAccepted) break;
    forced.push_back(token);
  }
  return forced;
}

Matcher::Completion Matcher::completion_of(const Stack& stack) const {
  Cursor cursor(*constraint_->machine, constraint_->engine->texts);
  Completion found;
  cursor.complete(cursor.load(stack), found.text, &found.named);
  return found;
}

Matcher::Completion Matcher::shortest_completion() {
  constraint_->machine->refill();
  Completion best;
  if (is_terminated()) return best;
  bool first = true;
  each_stack([&](const Stack& stack) {
    Completion found = completion_of(stack);
    if (first || found.length() < best.length()) best = std::move(found);
    first = false;
  });
  return best;
}

std::optional<std::vector<std::uint32_t>> Matcher::tokens_of(const Completion& completion) const {
  const std::string_view text = completion.text;
  std::vector<std::uint32_t> tokens;
  std::size_t from = 0;
  const auto spell = [&](std::size_t to) {
    const auto part = fewest_tokens(*constraint_->trie, text.substr(from, to - from));
    if (part) tokens.insert(tokens.end(), part->begin(), part->end());
    from = to;
    return part.has_value();
  };
  for (const Cursor::Named& named : completion.named) {
    if (!spell(named.at)) return std::nullopt;
    tokens.push_back(named.token);
  }
  if (!spell(text.size())) return std::nullopt;
  return tokens;
}

// The shortest, or where no tokens spell that, one that they do spell.
std::vector<std::uint32_t> Matcher::spelled(const Completion& completion) const {
  std::optional<std::vector<std::uint32_t>> tokens = tokens_of(completion);
  return tokens ? *std::move(tokens) : searched_completion();
}

std::string Matcher::completion_bytes() {
  Completion shortest = shortest_completion();
  if (constraint_->covers_all_bytes || tokens_of(shortest)) return std::move(shortest.text);
  std::string text;
  for (const std::uint32_t token : searched_completion()) text += constraint_->trie->token_bytes(token);
  return text;
}

bool Matcher::completes_within(std::size_t tokens) {
  if (is_terminated()) return true;
  constraint_->machine->refill();
  if (constraint_->covers_all_bytes) {  // one token a byte will do
    bool within = false;
    each_stack([&](const Stack& stack) {
      if (within) return;
      Cursor cursor(*constraint_->machine, constraint_->engine->texts);
      const std::optional<std::size_t> length = cursor.completion_length(stack);
      within = length && *length <= tokens;
    });
    if (within) return true;
  }
  const Completion completion = shortest_completion();
  if (constraint_->covers_all_bytes && completion.length() <= tokens) return true;  // one token a byte will do
  return spelled(completion).size() <= tokens;
}

std::optional<std::vector<std::uint32_t>> fewest_tokens(const TokenTrie& trie, std::string_view text) {
  constexpr std::uint32_t kFar = 0xFFFFFFFFu;
  struct Best {
    std::uint32_t cost = kFar, token = kNoToken;
  };
  const auto& nodes = trie.nodes();
  std::vector<Best> best(text.size() + 1);  // from here to the end
  best[text.size()].cost = 0;
  for (std::size_t start = text.size(); start-- > 0;) {
    std::uint32_t node = 0;
    for (std::size_t at = start; at < text.size(); ++at) {
      const auto byte = static_cast<std::uint8_t>(text[at]);
      const std::uint32_t child = trie.child(node, byte);
      if (child == 0) break;
      node = child;
      const std::uint32_t rest = best[at + 1].cost;
      if (nodes[node].token != kNoToken && rest != kFar && rest + 1 <= best[start].cost) {
        best[start] = {rest + 1, nodes[node].token};
      }
    }
  }
  if (best[0].cost == kFar) return std::nullopt;
  std::vector<std::uint32_t> tokens;
  for (std::size_t at = 0; at < text.size();) {
    tokens.push_back(best[at].token);
    at += trie.token_bytes(best[at].token).size();
  }
  return tokens;
}

}  // namespace structgen
