#include "mask/masks.h"

#include <algorithm>
#include <bit>

#include "few_first.h"
#include "mask/language_walk.h"
#include "mask/plain_walk.h"
#include "mask/walk.h"
#include "vocabulary/plain_text.h"

namespace structgen {

namespace {

// A walk that runs out of its budget leaves no marks behind.
struct Cleared {
  TokenMarks& marks;
  ~Cleared() { marks.clear(); }
};

}  // namespace

Masks::Masks(Machine& machine, TextTable& texts, std::recursive_mutex& mutex,
             std::shared_ptr<const TokenTrie> trie, Masks* reading)
    : machine_(machine),
      texts_(texts),
      mutex_(mutex),
      trie_(std::move(trie)),
      reading_(reading),
      cache_(MaskCache::process()),
      owner_(cache_->next_serial()),
      regions_(machine),
      marks_((trie_->vocabulary_size() + 31) / 32) {}

std::shared_ptr<LocalMask> Masks::finished(std::shared_ptr<LocalMask> mask) {
  mask->take(marks_);
  mask->group_leaving();
  mask->serial = cache_->next_serial();
  return mask;
}

LocalMaskPtr Masks::local(Local local) {
  const MaskKey key{owner_, local};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  const Local stands_for = machine_.representative(local, trie_->longest_token());
  const MaskKey target{owner_, stands_for};
  if (stands_for != local) cache_->link(key, target);
  if (LocalMaskPtr known = cache_->find(target)) return known;
  const Cleared cleared{marks_};
  auto mask = std::make_shared<LocalMask>();
  walk(stands_for, *mask);
  mask = finished(std::move(mask));
  mask->of = stands_for;
  mask->ends = machine_.accepting(stands_for);
  mask->may_end = machine_.may_end(stands_for);
  cache_->insert(target, mask);
  return mask;
}

void Masks::walk(Local local, LocalMask& mask) {
  const auto readings = reading_ ? machine_.readings(local) : std::nullopt;
  if (!readings) {
    const LocalMaskPtr plain = walks_text(machine_, *trie_, local) ? text(local) : nullptr;
    walk_local(machine_, texts_, regions_, *trie_, local, plain.get(), marks_, mask.leaving);
    return;
  }
  std::vector<LocalMaskPtr> found;  // before this mask has any marks: they are made one at a time
  for (const Machine::Inner& inner : readings->inner) {
    found.push_back(this->local(inner.top));
    const LocalMask& top = *found.back();
    for (const LocalMask::Group& group : top.groups) {
      found.push_back(below(top, group, inner.below));
      mask.leaving.insert(mask.leaving.end(), found.back()->leaving.begin(), found.back()->leaving.end());
    }
  }
  for (const Machine::Reading& part : readings->parts) {
    found.push_back(reading_->language(part.language));
    if (found.back()->leaving.empty()) continue;
    found.push_back(after(*found.back(), part.after));
    mask.leaving.insert(mask.leaving.end(), found.back()->leaving.begin(), found.back()->leaving.end());
  }
  for (const LocalMaskPtr& part : found) part->add_to(marks_);
}

// What the tokens do that go on where the language ends within them: the same in every state that reads it there.
LocalMaskPtr Masks::after(const LocalMask& language, Local after) {
  const MaskKey key = after_key(language, after);
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const Cleared cleared{marks_};
  auto mask = std::make_shared<LocalMask>();
  walk_after(machine_, texts_, *trie_, after, language.groups, language.leaving, marks_, mask->leaving);
  mask = finished(std::move(mask));
  cache_->insert(key, mask);
  return mask;
}

// Equal for equal places; 0 where there are too many to be kept.
std::uint32_t Masks::number_of(std::span<const LocalMask::Leaving> places) {
  constexpr std::size_t kMostPlaces = std::size_t{1} << 20;  // 4 MiB
  if (kept_places_ + places.size() > kMostPlaces) return 0;
  std::vector<std::uint32_t> nodes;
  nodes.reserve(places.size());
  for (const LocalMask::Leaving& place : places) nodes.push_back(place.node);
  const std::size_t known = places_.size();
  const std::uint32_t number = places_.intern(nodes);
  if (places_.size() > known) kept_places_ += places.size();
  return number + 1;
}

// Where a language begins with names or text, what these do is found once for all languages that do, and little is
// left to be walked behind them. False, and nothing done, where it has no such parts.
bool Masks::read_heads(Local local, unsigned depth, std::vector<LocalMask::Leaving>& ends) {
  constexpr unsigned kMostDepth = 6;
  const auto heads = depth < kMostDepth ? machine_.heads(local) : std::nullopt;
  if (!heads) return false;
  std::vector<LocalMaskPtr> whole, first;  // before this mask has any marks: they are made one at a time
  for (const Machine::Reading& part : heads->parts) {
    first.push_back(language(part.language, depth + 1));
    if (machine_.accepting(part.language)) whole.push_back(language(part.after, depth + 1));
  }
  for (const LocalMaskPtr& part : whole) {
    part->add_to(marks_);
    ends.insert(ends.end(), part->leaving.begin(), part->leaving.end());
  }
  for (std::size_t i = 0; i < first.size(); ++i) {
    const LocalMask& head = *first[i];
    const Local after = heads->parts[i].after;
    head.add_to(marks_);
    walk_language_after(machine_, regions_, *trie_, after, head.groups, head.leaving, marks_, ends);
    if (machine_.accepting(after)) ends.insert(ends.end(), head.leaving.begin(), head.leaving.end());
  }
  if (heads->rest != kDead) walk_language(machine_, regions_, *trie_, heads->rest, marks_, ends);
  return true;
}

// What a language does to the tokens: those that it allows itself, and where it may end within one.
LocalMaskPtr Masks::language(Local local, unsigned depth) {
  const Local stands_for = machine_.representative(local, trie_->longest_token());
  const MaskKey key = language_key(stands_for);
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const Cleared cleared{marks_};
  auto mask = std::make_shared<LocalMask>();
  if (!read_heads(stands_for, depth, mask->leaving)) {
    walk_language(machine_, regions_, *trie_, stands_for, marks_, mask->leaving);
  }
  mask = finished(std::move(mask));
  cache_->insert(key, mask);
  return mask;
}

// The plain tokens inside a string that takes many of them. Those under a bound are found among those without it,
// which other places share.
LocalMaskPtr Masks::text(Local local) {
  const MaskKey key = text_key(local);
  if (LocalMaskPtr known = cache_->find(key)) return known;
  auto part = std::make_shared<LocalMask>();
  const std::optional<Machine::Bounded> bounded = machine_.bounded(local);
  if (bounded && walks_text(machine_, *trie_, bounded->inner)) {
    const LocalMaskPtr unbounded = text(machine_.representative(bounded->inner, trie_->longest_token()));
    const Cleared cleared{marks_};
    walk_bounded_text(machine_, *trie_, *bounded, *unbounded, marks_);
    part = finished(std::move(part));
  } else {
    const LocalMaskPtr short_part = short_text(local);
    const Cleared cleared{marks_};
    walk_text(machine_, regions_, *trie_, local, short_part.get(), marks_);
    part = finished(std::move(part));
  }
  cache_->insert(key, part);
  return part;
}

// In a string that is close to a bound, the long tokens can tell where; to the short ones, which are nearly all,
// it is as far away as ever. Nor do they often tell how many times a loop may still go round: what few rounds allow is
// allowed, and what no number of them does is not, so that little is left to be tried. Null where their part is not
// worth making on its own.
LocalMaskPtr Masks::short_text(Local local) {
  const Local stands_for = machine_.representative(local, PlainText::kShort);
  const auto [less, more] = machine_.between(stands_for);
  if (stands_for == local && less == more) return nullptr;
  if (less != more && !walks_text(machine_, *trie_, less)) return nullptr;
  const MaskKey key = short_key(stands_for);
  if (LocalMaskPtr known = cache_->find(key)) return known;
  if (less != more) {
    const LocalMaskPtr most = walked_short(more);
    const LocalMaskPtr least = walked_short(less);
    if (const LocalMaskPtr part = between(stands_for, *least, *most)) {
      cache_->insert(key, part);
      return part;
    }
  }
  return walked_short(stands_for);
}

// All of the short tokens in `least`, and those of `most` that can be read; null where there are many to be tried.
LocalMaskPtr Masks::between(Local local, const LocalMask& least, const LocalMask& most) {
  constexpr std::size_t kMany = 2048;
  std::vector<std::uint32_t> doubtful(marks_.words().size());
  most.copy_to(doubtful);
  const Cleared cleared{marks_};
  const std::span<std::uint32_t> sure = marks_.words();
  least.copy_to(sure);
  std::size_t tried = 0;
  for (std::size_t at = 0; at < doubtful.size(); ++at) {
    for (std::uint32_t bits = doubtful[at] & ~sure[at]; bits != 0; bits &= bits - 1) {
      if (++tried > kMany) return nullptr;
      const auto token = static_cast<std::uint32_t>(at * 32 + static_cast<unsigned>(std::countr_zero(bits)));
      Local next = local;
      for (const char byte : trie_->token_bytes(token)) {
        if (next != kDead) next = machine_.transition(next, static_cast<std::uint8_t>(byte));
      }
      if (next != kDead) sure[at] |= 1u << (token & 31);
    }
  }
  return finished(std::make_shared<LocalMask>());
}

LocalMaskPtr Masks::walked_short(Local local) {
  const MaskKey key = short_key(local);
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const Cleared cleared{marks_};
  auto part = std::make_shared<LocalMask>();
  walk_short_text(machine_, regions_, *trie_, local, marks_);
  part = finished(std::move(part));
  cache_->insert(key, part);
  return part;
}

// Of the places before which a frame ended, those are left out that tell nothing beyond the mask of `next` itself:
// where the bytes before them, read from `next` on, lead to what allows all that `next` does. A blank or the end of a
// line before a statement is such a text, and most tokens begin with a blank.
void Masks::leave_out_known(Local next, std::vector<LocalMask::Leaving>& places) {
  constexpr std::size_t kWorthAsking = 32;  // tokens below a place …
  constexpr int kMostAsked = 16;            // … and texts to be read: behind names there are thousands
  Cursor cursor(machine_, texts_);
  const SubtreeText& subtrees = trie_->subtrees();
  std::string_view last;
  bool known = false;
  int asked = 0;
  std::erase_if(places, [&](const LocalMask::Leaving& place) {
    const std::span<const std::uint32_t> tokens = subtrees.tokens(place.node);
    if (tokens.size() < kWorthAsking || asked > kMostAsked) return false;
    const std::size_t depth = trie_->siblings().nodes[place.node].depth;
    const std::string_view before = trie_->token_bytes(tokens[0]).substr(0, depth - 1u);
    if (before == last) return known;
    if (++asked > kMostAsked) return false;
    last = before;
    Top top = Cursor::open_top(next);
    bool alive = true;
    for (std::size_t at = 0; at < before.size() && alive; ++at) {
      alive = cursor.step(top, static_cast<std::uint8_t>(before[at]), {}) == Cursor::Result::kAlive;
    }
    return known = alive && top.below == Cursor::kFloor && machine_.allows_all_of(top.local, next);
  });
}

// `whole` is the mask of a state, null or in use for the same frames: what follows the end of that state need not be
// found here.
LocalMaskPtr Masks::below(const LocalMask& mask, const LocalMask::Group& group, Local frame, const LocalMask* whole) {
  const bool may_end = whole && whole->may_end;
  const MaskKey key{mask.serial << 1, static_cast<std::uint64_t>(group.transition) << 32 | frame,
                    may_end ? std::uint64_t{whole->of} << 1 | 1 : 0};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  const Action action = machine_.action(group.transition);
  Local next = kUnsettled;
  if (action.kind == Action::Kind::kPopText || machine_.keeps_text(frame)) {
    next = machine_.resume_unnamed(frame, action.result, trie_->longest_token());
  } else {
    next = machine_.resume(frame, action.result, {});
    // What the bytes of a token can still do there starts one byte later at the earliest.
    if (next != kDead && next != kUnsettled) next = machine_.representative(next, trie_->longest_token());
  }
  const bool again = action.kind == Action::Kind::kPopAgain;
  std::span places(mask.leaving.data() + group.first, group.last - group.first);
  std::vector<LocalMask::Leaving> left;
  const bool ended = may_end && again && action.result == machine_.end_result(whole->of);
  if (ended && next != kDead && next != kUnsettled) {
    left.assign(places.begin(), places.end());
    leave_out_known(next, left);
    places = left;
  }
  const std::uint32_t number = reading_ && next != kUnsettled && next != kDead ? number_of(places) : 0;
  const MaskKey target = number != 0 ? places_key(number, again, next)
                                     : MaskKey{mask.serial << 1 | 1, std::uint64_t{group.transition} << 32 | next, ended};
  cache_->link(key, target);
  if (LocalMaskPtr known = cache_->find(target)) return known;
  const Cleared cleared{marks_};
  auto result = std::make_shared<LocalMask>();
  if (next == kUnsettled) {
    for (const LocalMask::Leaving& place : places) result->leaving.push_back({place.node, LocalMask::kRewalk});
  } else if (next != kDead) {
    walk_below(machine_, texts_, *trie_, places, again, next, marks_, result->leaving);
  }
  result = finished(std::move(result));
  cache_->insert(target, result);
  return result;
}

// The mask of a frame after the one above it ended in `local`, before any token.
LocalMaskPtr Masks::ended(Local local, Local frame) {
  constexpr std::uint64_t kEnded = 4;  // see text_key
  const MaskKey key{owner_, static_cast<std::uint64_t>(local) << 32 | frame, kEnded};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  const Local next = machine_.resume(frame, machine_.end_result(local), {});
  LocalMaskPtr mask = this->local(next);
  cache_->link(key, {owner_, mask->of});
  return mask;
}

// The tokens at `group` in the real frames: the one on top, and with depth 1 the one below, which is all
// that the mask has looked at so far. Null where these two do not settle it.
LocalMaskPtr Masks::again(const Stack& stack, unsigned depth, const LocalMask& mask,
                          const LocalMask::Group& group) {
  if (depth > 1) return nullptr;
  const Local top = stack.front().local;
  const Local under = depth == 1 ? Stack::View(stack).tail().front().local : kDead;
  const MaskKey key{mask.serial << 1, static_cast<std::uint64_t>(top) << 32 | under,
                    std::uint64_t{depth + 1} << 32 | stack.front().text};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  if (depth == 1 && machine_.keeps_text(under)) return nullptr;
  const std::span places(mask.leaving.data() + group.first, group.last - group.first);
  const Cleared cleared{marks_};
  auto result = std::make_shared<LocalMask>();
  if (!walk_again_open(machine_, texts_, *trie_, places, stack, depth, marks_, result->leaving)) return nullptr;
  result = finished(std::move(result));
  cache_->insert(key, result);
  return result;
}

bool Masks::fill(const Stack& stack, std::span<std::uint32_t> out, bool add) {
  LocalMaskPtr mask = local(stack.front().local);
  if (add) {
    mask->add_to(out);
  } else {
    mask->copy_to(out);
  }
  const bool ends = may_end(stack, *mask);
  if (mask->leaving.empty() && !(reading_ && mask->may_end)) return ends;
  struct Part {
    LocalMaskPtr mask;
    Stack::View frames;
    unsigned depth = 0;  // of the first of them
    LocalMaskPtr whole;  // of a state, for the same frames; perhaps null
  };
  FewFirst<Part, 3> parts;
  parts.push_back({mask, Stack::View(stack), 0, reading_ ? mask : nullptr});
  while (!parts.empty()) {
    const Part part = parts.take_back();
    const Stack::View under = part.frames.tail();
    LocalMaskPtr next;
    if (part.whole && part.whole->may_end && !under.empty()) {
      next = ended(part.whole->of, under.front().local);
      if (part.whole == part.mask) {
        next->add_to(out);
        parts.push_back({next, under, part.depth + 1, next});
      }
    }
    for (const LocalMask::Group& group : part.mask->groups) {
      if (group.transition == LocalMask::kRewalk) {
        if (LocalMaskPtr rest = again(stack, part.depth, *part.mask, group)) {
          rest->add_to(out);
          if (!rest->leaving.empty()) parts.push_back({std::move(rest), part.frames, part.depth, nullptr});
        } else {
          rewalk(stack, *part.mask, group, out);
        }
        continue;
      }
      if (under.empty()) continue;
      LocalMaskPtr rest = below(*part.mask, group, under.front().local, part.whole.get());
      rest->add_to(out);
      if (!rest->leaving.empty()) parts.push_back({std::move(rest), under, part.depth + 1, next});
    }
  }
  return ends;
}

void Masks::rewalk(const Stack& stack, const LocalMask& mask, const LocalMask::Group& group,
                   std::span<std::uint32_t> out) {
  const std::lock_guard lock(mutex_);
  machine_.refill();
  const std::span places(mask.leaving.data() + group.first, group.last - group.first);
  const Cleared cleared{marks_};
  walk_again(machine_, texts_, *trie_, places, stack, marks_);
  LocalMask found;
  found.take(marks_);
  found.add_to(out);
}

bool Masks::may_end(const Stack& stack, const LocalMask& mask) {
  const bool last = Stack::View(stack).tail().empty();
  if (last || !mask.may_end) return last && mask.ends;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  Cursor cursor(machine_, texts_);
  return cursor.accepting(cursor.load(stack));
}

}  // namespace structgen
