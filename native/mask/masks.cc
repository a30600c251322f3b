#include "mask/masks.h"

#include <algorithm>

#include "mask/language_walk.h"
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
    const LocalMaskPtr short_part = short_text(local);
    walk_local(machine_, texts_, regions_, *trie_, local, short_part.get(), marks_, mask.leaving);
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
  for (const LocalMaskPtr& part : found) part->add_to(marks_);
  for (const Machine::Reading& part : readings->parts) {
    const LocalMaskPtr language = reading_->language(part.language);
    language->add_to(marks_);
    walk_after(machine_, texts_, *trie_, part.after, language->groups, language->leaving, marks_, mask.leaving);
  }
}

// What a language does to the tokens: those that it allows itself, and where it may end within one.
LocalMaskPtr Masks::language(Local local) {
  constexpr std::uint64_t kEnds = 2;  // see short_text
  const Local stands_for = machine_.representative(local, trie_->longest_token());
  const MaskKey key{owner_, stands_for, kEnds};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const Cleared cleared{marks_};
  auto mask = std::make_shared<LocalMask>();
  walk_language(machine_, regions_, *trie_, stands_for, marks_, mask->leaving);
  mask = finished(std::move(mask));
  cache_->insert(key, mask);
  return mask;
}

// In a string that is close to a bound, the long tokens can tell where; to the short ones, which are nearly all,
// it is as far away as ever. Their part is made once for all these places; null where it is no other place's.
LocalMaskPtr Masks::short_text(Local local) {
  if (!walks_text(machine_, *trie_, local)) return nullptr;
  const Local stands_for = machine_.representative(local, PlainText::kShort);
  if (stands_for == local) return nullptr;
  constexpr std::uint64_t kPart = 1;  // no text: those of parts that were walked again are far above
  const MaskKey key{owner_, stands_for, kPart};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const Cleared cleared{marks_};
  auto part = std::make_shared<LocalMask>();
  walk_short_text(machine_, *trie_, stands_for, marks_);
  part = finished(std::move(part));
  cache_->insert(key, part);
  return part;
}

LocalMaskPtr Masks::below(const LocalMask& mask, const LocalMask::Group& group, Local frame) {
  const MaskKey key{mask.serial << 1, static_cast<std::uint64_t>(group.transition) << 32 | frame};
  if (LocalMaskPtr known = cache_->find(key)) return known;
  const std::lock_guard lock(mutex_);
  machine_.refill();
  const Action action = machine_.action(group.transition);
  Local next = kUnsettled;
  if (action.kind == Action::Kind::kPopText) {
    next = machine_.resume_unnamed(frame, action.result);
  } else if (!machine_.keeps_text(frame)) {
    next = machine_.resume(frame, action.result, {});
    // What the bytes of a token can still do there starts one byte later at the earliest.
    if (next != kDead && next != kUnsettled) next = machine_.representative(next, trie_->longest_token());
  }
  const MaskKey target{mask.serial << 1 | 1, static_cast<std::uint64_t>(group.transition) << 32 | next};
  cache_->link(key, target);
  if (LocalMaskPtr known = cache_->find(target)) return known;
  const Cleared cleared{marks_};
  auto result = std::make_shared<LocalMask>();
  if (next == kUnsettled) {
    for (std::uint32_t i = group.first; i < group.last; ++i) {
      result->leaving.push_back({mask.leaving[i].node, LocalMask::kRewalk});
    }
  } else if (next != kDead) {
    const std::span places(mask.leaving.data() + group.first, group.last - group.first);
    walk_below(machine_, texts_, *trie_, places, action.kind == Action::Kind::kPopAgain, next, marks_,
               result->leaving);
  }
  result = finished(std::move(result));
  cache_->insert(target, result);
  return result;
}

// The mask of a frame after the one above it ended in `local`, before any token.
LocalMaskPtr Masks::ended(Local local, Local frame) {
  constexpr std::uint64_t kEnded = 3;  // see short_text
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
    unsigned depth;  // of the first of them
  };
  std::vector<Part> parts{{std::move(mask), Stack::View(stack), 0}};
  while (!parts.empty()) {
    const Part part = std::move(parts.back());
    parts.pop_back();
    const Stack::View under = part.frames.tail();
    if (reading_ && part.mask->may_end && !under.empty()) {
      LocalMaskPtr next = ended(part.mask->of, under.front().local);
      next->add_to(out);
      parts.push_back({std::move(next), under, part.depth + 1});
    }
    for (const LocalMask::Group& group : part.mask->groups) {
      if (group.transition == LocalMask::kRewalk) {
        if (LocalMaskPtr rest = again(stack, part.depth, *part.mask, group)) {
          rest->add_to(out);
          if (!rest->leaving.empty()) parts.push_back({std::move(rest), part.frames, part.depth});
        } else {
          rewalk(stack, *part.mask, group, out);
        }
        continue;
      }
      if (under.empty()) continue;
      LocalMaskPtr rest = below(*part.mask, group, under.front().local);
      rest->add_to(out);
      if (!rest->leaving.empty()) parts.push_back({std::move(rest), under, part.depth + 1});
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
