// A lazy automaton over bytes whose states are stacks of frames.
//
// A frame is in a *local state*, a small integer interned by the machine. Most bytes
// move the top frame from one local state to another: a dense row of 256 entries,
// filled as it is used. The others push a frame or pop one. What a token can do
// without leaving the top frame therefore depends on one integer, and masks can be
// cached under it.
//
// Every transition keeps a completion reachable: a byte after which nothing valid can
// follow leads to kDead.
//
// Does not know: tokens, masks, which formalism the machine implements.
#pragma once

#include <algorithm>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "lists.h"
#include "rows.h"
#include "word_list.h"

namespace structgen {

using Local = std::uint32_t;
inline constexpr Local kDead = 0;
// What resume() answers where it would have to know the stack better than the asker does.
inline constexpr Local kUnsettled = 0x7FFFFFFFu;

// A row entry: a local state, kDead, kUnknown, or kActionBit | index of an action.
using Transition = std::uint32_t;
inline constexpr Transition kUnknown = 0xFFFFFFFFu;
inline constexpr Transition kActionBit = 0x80000000u;

struct Action {
  enum class Kind : std::uint8_t {
    kPush,      // the frame goes to `local`, a new frame starts in `child`
    kPushAgain, // as kPush, but the byte is still to be read, by the new frame
    kPop,       // the frame ends with this byte; the one below resumes with `result`
    kPopAgain,  // the frame ended before this byte; the one below reads it
    kPopText,   // as kPop, but the frame itself kept its bytes (without this one)
    kFork,      // each of alternatives() is a way on: from here there are several stacks
  };
  Kind kind;
  Local local = 0;
  Local child = 0;
  std::uint32_t result = 0;

  bool operator==(const Action&) const = default;
};

struct ActionHash {
  std::size_t operator()(const Action& action) const {
    std::size_t seed = static_cast<std::size_t>(action.kind);
    for (std::uint32_t part : {action.local, action.child, action.result}) seed = mix_hash(seed, part);
    return seed;
  }
};

// A token without text that a machine asks for by its id, and the state after it.
struct NamedToken {
  std::uint32_t token;
  Local next;
};

class Machine {
 public:
  explicit Machine(bool names_tokens = false) : names_tokens_(names_tokens) {}
  virtual ~Machine() = default;

  Transition transition(Local local, std::uint8_t byte) {
    Transition* const row = known_row(local);
    if (!row) return first_transition(local, byte);
    if (row[byte] == kUnknown) row[byte] = compute(local, byte);
    return row[byte];
  }
  // 256 entries; the pointer stays valid. Entries may be kUnknown until asked for.
  Transition* row(Local local) {
    Transition* known = known_row(local);
    return known ? known : new_row(local);
  }
  // The same where it was asked for before, else null.
  Transition* known_row(Local local) const { return local < rows_.size() ? rows_[local] : nullptr; }
  const Action& action(Transition t) const { return actions_[t & ~kActionBit]; }
  // Equal actions are one, so that places where a frame is left alike can be told by it.
  Transition add_action(const Action& action) {
    const auto next = static_cast<Transition>(actions_.size());
    auto [entry, added] = action_ids_.try_emplace(action, kActionBit | next);
    if (added) actions_.push_back(action);
    return entry->second;
  }
  // All of these at once: dead ones and repetitions are left out, and forks among them taken apart.
  Transition add_fork(std::span<const Transition> alternatives) {
    std::vector<Transition> each;
    const auto add = [&](Transition t) {
      if (t != kDead && std::find(each.begin(), each.end(), t) == each.end()) each.push_back(t);
    };
    for (const Transition t : alternatives) {
      if (t >= kActionBit && action(t).kind == Action::Kind::kFork) {
        for (const Transition one : this->alternatives(t)) add(one);
      } else {
        add(t);
      }
    }
    if (each.size() < 2) return each.empty() ? kDead : each[0];
    return add_action({Action::Kind::kFork, 0, 0, forks_.intern(each)});
  }
  // Of a fork. Where one of them stays in the frame, it is the first. The span lives until the next add_fork().
  std::span<const Transition> alternatives(Transition fork) const { return forks_[action(fork).result]; }

  // The frame in `local` goes on after the one above it ended with `result`. `text` is what
  // was read above it, where either of the two keeps text; otherwise it is empty.
  virtual Local resume(Local local, std::uint32_t result, std::string_view text) = 0;
  // Whether the bytes read while the frame is in this state are needed when it resumes
  // (something is read above it) or ends with kPopText (it is on top).
  virtual bool keeps_text(Local local) const = 0;
  // Whether that is ever so, and actions ever kPopText: else nobody has to know what was read.
  virtual bool keeps_texts() const { return true; }

  // --- What only masks ask. Answers may be coarse, never wrong.

  // A state that allows the same bytes as `local`, and leaves its frame by the same actions, over every
  // text of at most `longest` bytes. Where it cannot follow a text, its resume() says kUnsettled.
  virtual Local representative(Local local, std::size_t longest) {
    (void)longest;
    return local;
  }
  // Two states between which `local` is: what the first allows it does too, and what it allows the second does. Where
  // these agree about a token, they speak for everything in between.
  virtual std::pair<Local, Local> between(Local local) { return {local, local}; }
  // What resume() gives whatever the text was, after kPopText or where the frame keeps text, or a state that stands
  // for it as above over texts of at most `longest` bytes; kUnsettled where the text matters.
  virtual Local resume_unnamed(Local local, std::uint32_t result, std::size_t longest) {
    (void)local, (void)result, (void)longest;
    return kUnsettled;
  }
  // Inside a JSON string, between two characters: how many further characters of any kind it takes.
  struct FreeText {
    bool inside = false;       // a quote, a backslash or a control character is no character
    bool exact = false;        // more than `points` it does not take
    std::uint32_t points = 0;  // so many it takes
  };
  virtual FreeText free_text(Local local) {
    (void)local;
    return {};
  }
  // Inside a string whose length has a bound: it is read as from `inner`, where the bound is left out, as long as at
  // most `points` characters come, those that least_points() asks for included. At most `reach` of them complete
  // any text that can be completed.
  struct Bounded {
    Local inner = kDead;
    std::uint32_t points = 0, reach = 0;
  };
  virtual std::optional<Bounded> bounded(Local local) {
    (void)local;
    return std::nullopt;
  }
  // The characters of a shortest completion, in or after a character, of a state that is read from such an `inner`.
  virtual std::uint32_t least_points(Local local) {
    (void)local;
    return 0;
  }
  // Where what may follow is one of many words and nothing else, up to where the frame ends: a mask need not
  // make a state for every prefix of theirs. `quoted`: a quote, a backslash and control characters are not
  // read as themselves.
  struct Enumeration {
    WordList words;
    bool quoted = false;
  };
  virtual std::optional<Enumeration> enumeration(Local local) {
    (void)local;
    return std::nullopt;
  }
  // What a frame reads may be put together from languages that are read first, and the frame's states after them;
  // or from what frames above it would read, if there were any. A mask is then put together likewise: what tokens
  // do to a language, or to such a frame, is the same wherever these stand.
  struct Reading {
    Local language;  // a state of reader(), which has only one frame
    Local after;     // the frame's, wherever a text of the language is read
  };
  struct Inner {
    Local top;    // of a frame that could be above …
    Local below;  // … this one, were it here
  };
  struct Readings {
    std::vector<Reading> parts;
    std::vector<Inner> inner;
  };
  virtual Machine* reader() { return nullptr; }
  // All of what `local` does but end before the next byte (may_end); nullopt where the frame has to be walked as it
  // is.
  virtual std::optional<Readings> readings(Local local) {
    (void)local;
    return std::nullopt;
  }
  // The same of a language itself: what it allows is what its parts do, and `rest`, which may be kDead.
  struct Heads {
    std::vector<Reading> parts;
    Local rest;
  };
  virtual std::optional<Heads> heads(Local local) {
    (void)local;
    return std::nullopt;
  }
  // Whether all that `less` allows is allowed by `more` too, with the same frames underneath. "No" is never wrong.
  virtual bool allows_all_of(Local more, Local less) { return more == less; }
  // Whether there is only one frame, ever: no transition is an action.
  virtual bool one_frame() const { return false; }
  // Whether that is any character, `points` times at least; remembered, since walks ask often.
  bool takes_any_text(Local local, std::uint32_t points) {
    if (local >= free_.size()) free_.resize(local + 1, kNotAsked);
    if (free_[local] == kNotAsked) {
      const FreeText text = free_text(local);
      free_[local] = text.inside ? std::min(text.points, kNotAsked - 1) : 0;
    }
    return points != 0 && free_[local] >= points;
  }

  // Whether plainly more than one byte may come. "No" is never wrong.
  virtual bool has_choice(Local local) {
    (void)local;
    return false;
  }

  // May the output end when this is the only frame / when this frame is on top of the last one?
  virtual bool accepting(Local local) = 0;
  virtual bool may_end(Local local) = 0;
  virtual std::uint32_t end_result(Local local) = 0;  // what kPopAgain would hand down; needs may_end
  // A short way on: bytes to read next towards the end of this frame. Empty when the frame
  // may end right here (may_end, accepting).
  virtual std::string way_on(Local local) = 0;
  // Where its text leads: a local state, or the action of its last byte; kUnknown where it has to be read.
  virtual Transition after_way_on(Local local, std::string_view way) {
    (void)local, (void)way;
    return kUnknown;
  }

  // From frames in some states on, a machine may know a short way to the end of several at once without reading it:
  // given the whole stack from the top down, it appends that way and says how many frames end with it. The one below
  // them resumes with 0. In other states it is asked frame by frame, as above.
  virtual bool completes_stacks(Local top) const {
    (void)top;
    return false;
  }
  virtual std::size_t complete(std::span<const Local> frames, std::string& text) {
    (void)frames, (void)text;
    return 0;
  }

  // How many bytes complete() reads until a frame ends, or more, and the result it ends with (kPop), for those who only
  // want to know whether a completion is short: said without making the states on the way. Not `known` where it has to
  // be read.
  struct Ending {
    bool known = false;
    bool text = false;  // the frame below is handed its text, too (kPopText)
    std::uint32_t bytes = 0, result = 0;
  };
  // Of the frame in `local`, when it is on top.
  virtual Ending ending(Local local) {
    (void)local;
    return {};
  }
  // Of the frame in `local` once the one above it ended with `result`, where its text would be asked for: the same
  // whatever that was.
  virtual Ending ending_unread(Local local, std::uint32_t result) {
    (void)local, (void)result;
    return {};
  }
  // The state of that frame for one of the texts, where no completion is shorter for it than for the others; kUnsettled
  // where the text tells.
  virtual Local resume_unread(Local local, std::uint32_t result) {
    (void)local, (void)result;
    return kUnsettled;
  }

  // What `byte` does to a frame that may end here where, beside this machine, whoever is around it could read the
  // byte: the frame also ends before it, and so may those below.
  virtual Transition transition_or_end(Local local, std::uint8_t byte) {
    const Transition ways[] = {transition(local, byte),
                               add_action({Action::Kind::kPopAgain, 0, 0, end_result(local)})};
    return add_fork(ways);
  }

  // A short way on from the last frame that need not be read: a text, then perhaps a token without text.
  struct Jump {
    bool possible = false;
    std::string text;
    std::uint32_t token = kNoNamedToken;
    Local next = kDead;
  };
  static constexpr std::uint32_t kNoNamedToken = 0xFFFFFFFFu;
  virtual Jump jump(Local local) {
    (void)local;
    return {};
  }

  // --- Tokens that are more than their text.

  // Whether named_tokens() and token_end() are ever worth asking.
  bool names_tokens() const { return names_tokens_; }
  // The tokens without text that may come when this is the only frame.
  virtual std::span<const NamedToken> named_tokens(Local local) {
    (void)local;
    return {};
  }
  // The state of the top frame once the token that was read is over.
  virtual Local token_end(Local local) { return local; }

  // A short way from `local` until its frame is left: what to read, and the action then taken.
  // `leaves` is kDead where the output may end there instead.
  struct WayOut {
    std::string text;
    Transition leaves = kDead;
    bool found = false;
  };
  WayOut& way_out(Local local) { return ways_out_[local]; }

  virtual std::size_t memory_bytes() const = 0;
  // Called at the start of every public operation: searches start with a full budget.
  virtual void refill() {}

 protected:
  virtual Transition compute(Local local, std::uint8_t byte) = 0;
  virtual Transition* make_row(Local local) {
    (void)local;
    return own_rows_.add(kUnknown);
  }
  std::size_t row_bytes() const {
    return own_rows_.memory_bytes() + rows_.size() * sizeof(Transition*) + firsts_.size() * sizeof(First) +
           free_.size() * 4 + actions_.size() * (2 * sizeof(Action) + 32) + forks_.memory_bytes();
  }

 private:
  [[gnu::noinline]] Transition* new_row(Local local) {  // row() is to be inlined
    if (local >= rows_.size()) rows_.resize(local + 1 + local / 2, nullptr);
    Transition* const row = rows_[local] = make_row(local);
    if (local < firsts_.size() && firsts_[local].known != kUnknown) row[firsts_[local].byte] = firsts_[local].known;
    return row;
  }
  // Most states are left by the first byte that is asked for, and nobody asks for another: only then is a row made.
  [[gnu::noinline]] Transition first_transition(Local local, std::uint8_t byte) {
    if (local >= firsts_.size()) firsts_.resize(local + 1 + local / 2);
    if (firsts_[local].known == kUnknown) {
      const Transition found = compute(local, byte);  // may make rows and firsts
      firsts_[local] = {found, byte};
      return found;
    }
    if (firsts_[local].byte == byte) return firsts_[local].known;
    new_row(local);
    return transition(local, byte);
  }
  static constexpr std::uint32_t kNotAsked = 0xFFFFFFFFu;

  const bool names_tokens_;
  struct First {
    Transition known = kUnknown;  // of `byte`
    std::uint8_t byte = 0;
  };
  std::vector<Transition*> rows_;
  std::vector<First> firsts_;  // of states without a row, which takes as much memory as a hundred of these
  std::vector<std::uint32_t> free_;  // see takes_any_text
  Rows own_rows_;
  std::vector<Action> actions_;
  std::unordered_map<Action, Transition, ActionHash> action_ids_;
  ListInterner forks_;
  std::unordered_map<Local, WayOut> ways_out_;  // filled by Cursor::way_out
};

}  // namespace structgen
