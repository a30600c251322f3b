// One sequence under a constraint: which tokens may come, and what happened so far.
//
// Every method but fill_mask expects the engine's lock to be held by the caller.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mask/engine.h"

namespace structgen {

// A start state bound to a vocabulary.
struct Constraint {
  std::shared_ptr<Engine> engine;
  Machine* machine;
  Local start;
  std::shared_ptr<const TokenTrie> trie;
  std::uint32_t width;                    // logits, ≥ vocabulary
  std::vector<std::uint32_t> end_tokens;  // sorted
  Masks* masks;
  bool covers_all_bytes;                  // then a live byte state is live for tokens too
  // Only used when some byte is not a token: stacks known to (not) reach an end by tokens.
  std::unordered_map<std::vector<std::uint32_t>, bool, VectorHash> token_live = {};
  std::uint64_t steps = 0;  // of the search that found a completion of the empty output
};

class Matcher {
 public:
  explicit Matcher(std::shared_ptr<Constraint> constraint);

  enum class Verdict : std::uint8_t { kAccepted, kRejected, kTerminated };
  Verdict advance(std::uint32_t token);
  std::size_t try_advance(std::span<const std::uint32_t> tokens);
  bool rollback(std::size_t steps);  // false (and nothing done) if fewer were made
  void reset();
  std::size_t length() const { return length_; }
  Engine& engine() const { return *constraint_->engine; }

  // out has mask_words() words; bit t says whether token t keeps the output completable.
  // Takes the engine's lock itself, where it needs it.
  void fill_mask(std::span<std::uint32_t> out);
  // The same by its definition: every token is read byte by byte. Takes as long as thousands of masks: for tests.
  void mask_by_trying(std::span<std::uint32_t> out);
  std::size_t mask_words() const { return (constraint_->width + 31) / 32; }
  bool can_stop();
  bool is_terminated() const { return history_.front().terminated; }
  // Plainly no end: false where it takes a cursor to say so. Cheaper than can_stop().
  bool must_go_on() const;
  // Plainly more than one token may come: false where it takes a mask to say so.
  bool has_choice() const;
  std::vector<std::uint32_t> forced_tokens();
  // Tokens (bytes) of a short way to where the output may stop.
  std::vector<std::uint32_t> completion() { return spelled(shortest_completion()); }
  std::string completion_bytes();
  // Whether that takes at most so many tokens; cheap where the answer is plainly yes.
  bool completes_within(std::size_t tokens);

 private:
  // The output may be on several ways through the grammar at once: one stack each, nearly always one.
  using Stacks = std::vector<Stack>;
  struct Step {
    Stack stack;
    std::shared_ptr<const Stacks> others;  // null, or not empty
    bool terminated = false;
  };
  template <class Each>
  void each_stack(Each&& each) const {
    const Step& now = history_.front();
    each(now.stack);
    if (now.others) {
      for (const Stack& stack : *now.others) each(stack);
    }
  }
  void append(Stacks stacks, bool terminated = false);
  void append(Stack stack, std::shared_ptr<const Stacks> others, bool terminated);
  std::optional<Stack> advance_top(std::string_view bytes);
  std::optional<Stack> advance_alone(std::string_view bytes);
  Verdict advance_named(std::uint32_t token);
  bool is_end_token(std::uint32_t token) const;
  // successors.cc: the stacks after a token, without a check that tokens lead on from there.
  Stacks after_bytes(std::string_view bytes, const Stacks& stacks) const;
  Stacks after_named(std::uint32_t token, const Stacks& stacks) const;
  Stacks after(std::uint32_t token, const Stacks& stacks) const;
  std::vector<std::uint32_t> named_tokens(const Stacks& stacks) const;
  Stacks stacks() const;
  // token_liveness.cc: where some byte is not a token.
  struct Ahead {
    static constexpr std::size_t kStart = ~std::size_t{0};
    Stack stack;
    std::vector<std::uint32_t> signature;
    std::size_t parent;   // among those that were met before it
    std::uint32_t token;  // that led here from there
  };
  bool search_tokens(const Stacks& starts, bool known_will_do, std::vector<Ahead>& states) const;
  bool token_live(const Stacks& stacks);
  bool token_live(const Stack& stack);
  void keep_token_live(std::span<std::uint32_t> out);
  std::vector<std::uint32_t> signature_of(const Stack& stack) const;
  std::vector<std::uint32_t> searched_completion() const;
  struct Completion {
    std::string text;
    std::vector<Cursor::Named> named;
    std::size_t length() const { return text.size() + named.size(); }
  };
  Completion completion_of(const Stack& stack) const;
  Completion shortest_completion();
  std::optional<std::vector<std::uint32_t>> tokens_of(const Completion& completion) const;
  std::vector<std::uint32_t> spelled(const Completion& completion) const;

  std::shared_ptr<Constraint> constraint_;
  PersistentList<Step> history_;
  std::size_t length_ = 0;
};

// The fewest tokens that spell `text`; nullopt when none do. Dynamic programming over
// its positions, O(bytes × longest token).
std::optional<std::vector<std::uint32_t>> fewest_tokens(const TokenTrie& trie, std::string_view text);

}  // namespace structgen
