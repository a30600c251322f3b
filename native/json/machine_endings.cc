// How many bytes a frame takes until it ends, for those who only ask how long a completion is.
//
// A budget asks so after every token, and nearly always the answer is "not long". Reading the completion to know its
// length would make states that no output ever visits: while a key is being written, each of its prefixes would be
// closed, and the object would be entered with a key it has not met. Here the text that completes a frame is looked
// at, not read. Frames whose formulas watch something beside their goal are left to be read: what they end with
// depends on the text.
//
// Says the length of what Cursor::complete appends, or, behind a key that is being read, no less. Does not know tokens.
#include "json/machine.h"
#include "json/text.h"

namespace structgen::json {

namespace {

constexpr std::size_t kLongText = 1u << 12;  // is not completed in one piece

std::uint64_t memo_of(Local local, std::uint32_t result) { return static_cast<std::uint64_t>(local) << 32 | result; }

}  // namespace

Machine::Ending JsonMachine::ending(Local local) {
  if (local >= endings_.size()) endings_.resize(local + 1 + local / 2);
  if (!endings_[local]) {
    const State state = states_[local];
    endings_[local] = ending_of(state);
  }
  return *endings_[local];
}

Machine::Ending JsonMachine::ending_of(const State& state) {
  if (state.frame == Frame::kString || state.frame == Frame::kKey) return ending_of_string(state);
  if (state.frame == Frame::kWord) return ended_after(word(state.phase).size() - state.b, state.a);
  return ended_after(bytes_to_end(state), vectors_.intern({1}));
}

// Between two characters: a string ends with its goal's witness, and so do the other languages.
Machine::Ending JsonMachine::ending_of_string(const State& state) {
  if (!between_characters(state)) return {};
  regex::Store& regexes = formulas_.regexes();
  const List languages = vectors_[state.a];
  const std::string witness = regexes.witness(languages[0]);
  std::vector<std::uint32_t> truth{1};
  for (const Regex language : languages.subspan(1)) truth.push_back(regexes.nullable(regexes.read(language, witness)));
  Ending found = ended_after(escape(witness).size() + 1, vectors_.intern(truth));
  found.text = state.frame == Frame::kKey;
  return found;
}

Machine::Ending JsonMachine::ending_unread(Local local, std::uint32_t result) {
  const std::uint64_t memo = memo_of(local, result);
  if (const Ending* known = endings_unread_.find(memo)) return *known;
  const State state = states_[local];
  std::optional<std::size_t> bytes;
  if (vectors_[state.a].size() == 1) {
    if (state.frame == Frame::kObject && state.phase == kInKey) bytes = bytes_after_fresh_key(state, result);
    if (state.frame == Frame::kArray && state.phase == kInItem) bytes = bytes_after_any_item(state);
  }
  const Ending found = ended_after(bytes, vectors_.intern({1}));
  endings_unread_.emplace(memo, found);
  return found;
}

// Undeclared keys of one region can be exchanged for each other in every completion. The one that is read here is a
// shortest, so that what is still owed has to do with longer ones.
Local JsonMachine::resume_unread(Local local, std::uint32_t result) {
  const State state = states_[local];
  if (state.frame != Frame::kObject || state.phase != kInKey) return kUnsettled;
  const std::uint64_t memo = memo_of(local, result);
  if (const Local* known = resumed_.find(memo)) return *known;
  const Formula goal = vectors_[state.a][0];
  const ObjectContext context = contexts_[state.b];
  Local next = kUnsettled;
  if (const std::size_t region = region_of(result)) {
    const Regex keys = solver_.key_regions(goal, context)[region - 1].second;
    next = key_read(state, formulas_.key(formulas_.regexes().witness(solver_.fresh_keys(goal, context, keys))));
  }
  resumed_.emplace(memo, next);
  return next;
}

// Which of an object's regions a key is in that ended with `result`, counted from 1; 0 for declared ones.
std::size_t JsonMachine::region_of(std::uint32_t result) const {
  const List truth = vectors_[result];
  for (std::size_t region = 1; region < truth.size(); ++region) {
    if (truth[region]) return region;
  }
  return 0;
}

// `result`: of a frame with nothing but a goal {1}, which is true at its end.
Machine::Ending JsonMachine::ended_after(std::optional<std::size_t> bytes, std::uint32_t result) {
  if (!bytes || *bytes >= kLongText) return {};
  return {true, false, static_cast<std::uint32_t>(*bytes), result};
}

std::optional<std::size_t> JsonMachine::bytes_to_end(const State& state) {
  const bool has_formulas =
      state.frame == Frame::kNumber || state.frame == Frame::kObject || state.frame == Frame::kArray;
  if (!has_formulas || vectors_[state.a].size() != 1) return std::nullopt;
  switch (state.frame) {
    case Frame::kNumber:
      return formulas_.to_numbers(vectors_[state.a][0]).complete(texts_[state.b], options_.numbers)->size();
    case Frame::kArray: {
      const std::string& rest = *solver_.rest_of_array(vectors_[state.a][0], state.b);
      if (rest.empty() && state.phase == kNextItem) return std::nullopt;
      return rest.empty() ? 1 : rest.size() + (state.phase == kAfterItem ? 2 : 1);
    }
    default:
      return bytes_of_object(state);
  }
}

std::optional<std::size_t> JsonMachine::bytes_of_object(const State& state) {
  const Formula goal = vectors_[state.a][0];
  const ObjectContext context = contexts_[state.b];
  switch (state.phase) {
    case kColon:
    case kBeforeValue: {
      const Plan member = plan(state.c);
      if (state.d != 0 || !vectors_[member.literals].empty()) return std::nullopt;
      const std::size_t value = solver_.value(vectors_[member.child][0])->size();
      return value + (state.phase == kColon ? 1 : 0) + bytes_to_close(goal, context);
    }
    case kNextKey: {
      const std::size_t rest = solver_.way_to_close(goal, context)->size();
      if (rest != 0) return rest + 1;
      // A member must come although none is owed.
      if (!solver_.simple(goal)) return std::nullopt;
      const std::uint32_t key = formulas_.key(formulas_.regexes().witness(solver_.key_language(goal, context)));
      const Formula value = solver_.member_goal(goal, context, solver_.classify(goal, context, key), key);
      return quote(formulas_.key_text(key)).size() + 1 + solver_.value(value)->size() + 1;
    }
    case kOpen:
      return solver_.way_to_close(goal, context)->size() + 1;
    case kAfterValue:
      return bytes_to_close(goal, context);
    default:
      return std::nullopt;
  }
}

std::size_t JsonMachine::bytes_to_close(Formula goal, const ObjectContext& context) {
  const std::size_t rest = solver_.way_to_close(goal, context)->size();
  return rest == 0 ? 1 : rest + 2;
}

// A key that nobody declared changes nothing in a simple object but that it may not come again, and nothing that is
// owed is such a key.
std::optional<std::size_t> JsonMachine::bytes_after_fresh_key(const State& state, std::uint32_t result) {
  const Formula goal = vectors_[state.a][0];
  if (!solver_.simple(goal)) return std::nullopt;
  const ObjectContext context = contexts_[state.b];
  const std::size_t region = region_of(result);
  if (region == 0) return bytes_after_declared_key(goal, context);
  const KeyClass& key_class = *solver_.key_regions(goal, context)[region - 1].first;
  const Formula value = solver_.member_goal(goal, context, key_class, FormulaStore::kNoKey);
  if (value == kFalse) return std::nullopt;
  return 1 + solver_.value(value)->size() + bytes_to_close(goal, context);
}

// At most so many: which of them it is takes the text to tell. Reading one never adds to what is owed in a simple
// object, so the longest value of any serves for all.
std::optional<std::size_t> JsonMachine::bytes_after_declared_key(Formula goal, const ObjectContext& context) {
  constexpr std::size_t kFew = 32;  // values that nobody may ever ask for are not searched by the hundred
  const List declared = solver_.declared_keys(context);
  if (declared.size() > kFew) return std::nullopt;
  std::optional<std::size_t> longest;
  for (const std::uint32_t key : declared) {
    if (!solver_.available(context, key)) continue;
    const Formula value = solver_.member_goal(goal, context, solver_.classify(goal, context, key), key);
    if (value != kFalse) longest = std::max(longest.value_or(0), solver_.value(value)->size());
  }
  if (!longest) return std::nullopt;
  return 1 + *longest + bytes_to_close(goal, context);
}

// An array that may end after this item may do so whatever the next ones would have to differ from.
std::optional<std::size_t> JsonMachine::bytes_after_any_item(const State& state) {
  const Plan item = plan(state.c);
  if (!vectors_[item.literals].empty() || !formulas_.closed(vectors_[item.residual][0])) return std::nullopt;
  return 1;
}

}  // namespace structgen::json
