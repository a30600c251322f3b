// Masks computed so far, for the whole process: bounded in bytes, the oldest first out unless they were used since
// they were last looked at (the second chance of Corbató's clock), so that a hit writes one bit and moves nothing.
//
// Masks are immutable and handed out as shared pointers, so the lock is only held for a lookup. Masks that
// nobody can ask for any more, because their machine is gone, leave in their turn like all others: looking
// for them would cost as much as making room for the next ones. Does not know what a key means, nor how
// masks are made.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "mask/machine.h"
#include "vocabulary/token_trie.h"

namespace structgen {

// Bits of tokens on their way into a mask, one array for many masks: the first few are also listed, so
// that a small mask costs nothing proportional to the vocabulary.
class TokenMarks {
 public:
  explicit TokenMarks(std::size_t words) : words_(words + 1), list_(words / 4 + 2) { clear(); }
  // kNoToken is a token that never shows up in a mask: no branch in the innermost loop of a walk.
  void add(std::uint32_t token) {
    const bool real = token != kNoToken;
    const std::uint32_t bit = real ? token : nowhere();
    words_[bit >> 5] |= 1u << (bit & 31);
    list_[listed_] = token;
    listed_ += (real && listed_ + 1 < list_.size()) ? 1 : 0;
  }
  // The words, for one who writes many at once.
  std::span<std::uint32_t> words() {
    listed_ = list_.size() - 1;
    return {words_.data(), words_.size() - 1};
  }
  void clear();

 private:
  friend struct LocalMask;
  std::uint32_t nowhere() const { return static_cast<std::uint32_t>((words_.size() - 1) * 32); }
  bool all_listed() const { return listed_ + 1 < list_.size(); }

  std::vector<std::uint32_t> words_;  // one more than there are tokens for
  std::vector<std::uint32_t> list_;
  std::size_t listed_ = 0;  // the last place of the list: the words alone know
};

// What a frame allows, whatever is underneath.
struct LocalMask {
  // `transition` of a place that only a walk from the start of the token, in the real stack, can settle.
  static constexpr Transition kRewalk = kUnknown;

  struct Leaving {
    std::uint32_t node;     // of TokenTrie::siblings(): here the frame is left …
    Transition transition;  // … by this action
  };
  struct Group {  // places where the frame is left by the same action
    Transition transition;
    std::uint32_t first, last;
  };
  std::vector<std::uint32_t> words;   // one bit a token; empty where few are allowed:
  std::vector<std::uint32_t> tokens;  // then these are
  std::vector<Leaving> leaving;       // by transition
  std::vector<Group> groups;
  std::uint64_t serial = 0;  // unique in the process
  Local of = kDead;          // the frame's state, or one that stands for it
  bool ends = false;         // the output may end here if the frame is the last …
  bool may_end = false;      // … or the frame may, before the next byte

  // Takes the tokens and clears the marks; keeps the smaller form.
  void take(TokenMarks& marks);
  void group_leaving();
  void copy_to(std::span<std::uint32_t> out) const;
  void add_to(std::span<std::uint32_t> out) const;
  void add_to(TokenMarks& marks) const;
  std::size_t bytes() const {
    return (words.capacity() + tokens.capacity()) * 4 + leaving.capacity() * sizeof(Leaving) +
           groups.capacity() * sizeof(Group) + 240;
  }
};
using LocalMaskPtr = std::shared_ptr<const LocalMask>;

struct MaskKey {
  std::uint64_t of;   // a machine over a vocabulary, or a mask
  std::uint64_t and_; // a state, or two
  std::uint64_t with = 0;  // a text
  bool operator==(const MaskKey&) const = default;
};

class MaskCache {
 public:
  explicit MaskCache(std::size_t limit);
  // The one that all constraints share.
  static const std::shared_ptr<MaskCache>& process();

  LocalMaskPtr find(const MaskKey& key);
  // Keeps the mask, unless one is known under this key.
  void insert(const MaskKey& key, LocalMaskPtr mask);
  // From now on `key` finds what `target` does, for as long as that is kept.
  void link(const MaskKey& key, const MaskKey& target);
  void clear();
  void set_limit(std::size_t bytes);  // 0: nothing is kept
  std::uint64_t next_serial();        // never 0

  struct Figures {
    std::size_t entries, bytes, limit;
    std::uint64_t hits, misses;
  };
  Figures figures() const;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFFu;
  static constexpr std::size_t kChunk = 128;

  struct Entry {
    MaskKey key;
    LocalMaskPtr mask;  // null for a link …
    MaskKey target;     // … to this
    std::uint32_t bytes = 0;
    std::uint32_t newer = kNone, older = kNone;  // in the order of arrival; of a free place, `newer` is the next free one
    bool used = false;                           // since it was put first
  };
  struct Slot {  // of the table from keys to entries
    std::uint32_t hash = 0, id = kNone;
  };

  // These need the lock.
  Entry& entry(std::uint32_t id) { return chunks_[id / kChunk][id % kChunk]; }
  LocalMaskPtr found(const MaskKey& key);
  std::uint32_t id_of(const MaskKey& key);
  void add(const MaskKey& key, LocalMaskPtr mask, const MaskKey& target, std::size_t bytes);
  void trim(std::uint32_t added);  // or kNone
  void put_first(std::uint32_t id);
  void take_out(std::uint32_t id);
  void remove(std::uint32_t id);
  std::size_t place_of(const MaskKey& key, std::uint32_t hash);  // where it is in the table, or would be
  void grow();

  mutable std::mutex mutex_;
  std::vector<Slot> slots_;                        // open addressing; a power of two
  std::vector<std::unique_ptr<Entry[]>> chunks_;   // so that no entry moves
  std::uint32_t newest_ = kNone, oldest_ = kNone, free_ = kNone;
  std::uint32_t places_ = 0;  // taken ones and free ones
  std::size_t size_ = 0;
  std::size_t limit_;
  std::size_t bytes_ = 0;
  std::uint64_t hits_ = 0, misses_ = 0, serial_ = 0;
};

}  // namespace structgen
