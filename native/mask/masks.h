// The masks of one machine over one vocabulary: found in the cache, or made by walking the token trie.
//
// The mask of a stack is put together from its top down. What the top frame allows depends on its
// local state alone. Where a token leaves it, the frame below resumes in a state of its own, and what
// the rest of such tokens may be depends on that state alone; and so on down. Each of these parts
// is cached. Where only the real frames can tell, the tokens concerned are walked again in them; that is
// cached as well if one frame or two were enough, as they are for names of members.
//
// Where a frame reads languages one after the other, the mask of its local state is put together, too: what a
// language does to the tokens is found once for all grammars, and only where it ends within a token is anything
// walked for what follows it here.
//
// Locks: fill() takes the engine's lock only for what it has to make.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "lists.h"
#include "mask/mask_cache.h"
#include "mask/stack.h"
#include "mask/text_region.h"
#include "vocabulary/token_trie.h"

namespace structgen {

class Masks {
 public:
  // `reading`: the masks of machine.reader() over the same trie, which must outlive these; null where it has none.
  Masks(Machine& machine, TextTable& texts, std::recursive_mutex& mutex, std::shared_ptr<const TokenTrie> trie,
        Masks* reading = nullptr);
  Masks(const Masks&) = delete;
  Masks& operator=(const Masks&) = delete;

  // Every token that keeps a completion reachable byte by byte; end tokens are not looked at. Returns whether
  // the output may end here. With `add` what is in `out` stays.
  bool fill(const Stack& stack, std::span<std::uint32_t> out, bool add = false);

  const Machine& machine() const { return machine_; }
  const std::shared_ptr<const TokenTrie>& trie() const { return trie_; }
  // What is known of the machine's states besides the masks, which are the cache's.
  std::size_t memory_bytes() const { return regions_.memory_bytes() + places_.memory_bytes(); }

 private:
  LocalMaskPtr local(Local local);
  LocalMaskPtr text(Local local);
  LocalMaskPtr short_text(Local local);
  LocalMaskPtr walked_short(Local local);
  LocalMaskPtr between(Local local, const LocalMask& least, const LocalMask& most);
  // No texts: those of parts that were walked again are above them.
  MaskKey text_key(Local local) const { return {owner_, local, 1}; }
  MaskKey short_key(Local local) const { return {owner_, local, 2}; }
  MaskKey language_key(Local local) const { return {owner_, local, 3}; }
  MaskKey after_key(const LocalMask& language, Local after) const { return {owner_, after, language.serial << 3 | 5}; }
  MaskKey places_key(std::uint32_t places, bool again, Local next) const {
    return {owner_, std::uint64_t{again} << 32 | next, std::uint64_t{places} << 3 | 6};
  }
  std::uint32_t number_of(std::span<const LocalMask::Leaving> places);
  LocalMaskPtr after(const LocalMask& language, Local after);
  LocalMaskPtr language(Local local, unsigned depth = 0);
  bool read_heads(Local local, unsigned depth, std::vector<LocalMask::Leaving>& ends);
  void walk(Local local, LocalMask& mask);
  LocalMaskPtr below(const LocalMask& mask, const LocalMask::Group& group, Local frame,
                     const LocalMask* whole = nullptr);
  void leave_out_known(Local next, std::vector<LocalMask::Leaving>& places);
  LocalMaskPtr ended(Local local, Local frame);
  LocalMaskPtr again(const Stack& stack, unsigned depth, const LocalMask& mask, const LocalMask::Group& group);
  bool may_end(const Stack& stack, const LocalMask& mask);
  void rewalk(const Stack& stack, const LocalMask& mask, const LocalMask::Group& group,
              std::span<std::uint32_t> out);
  std::shared_ptr<LocalMask> finished(std::shared_ptr<LocalMask> mask);

  Machine& machine_;
  TextTable& texts_;
  std::recursive_mutex& mutex_;
  std::shared_ptr<const TokenTrie> trie_;
  Masks* reading_;
  std::shared_ptr<MaskCache> cache_;
  std::uint64_t owner_;
  TextRegions regions_;
  ListInterner places_;  // nodes where frames are left, as long as they are few
  std::size_t kept_places_ = 0;
  TokenMarks marks_;  // empty between calls
};

}  // namespace structgen
