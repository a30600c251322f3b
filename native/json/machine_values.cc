// The frame machinery all values share: opening a value by its first byte, whitespace,
// the root frame and the words true, false, null.
#include <algorithm>

#include "json/machine.h"

namespace structgen::json {

namespace {

constexpr const char* kWords[] = {"true", "false", "null"};
constexpr const char* kPythonWords[] = {"True", "False", "None"};
enum RootPhase : std::uint8_t { kBefore, kInside, kAfter };

// Whitespace of "bounded" layout: one blank on a line, or a line break and indentation.
constexpr std::uint16_t kLineBreak = 0x8000;
constexpr std::uint16_t kMaxBlanks = 1;
constexpr std::uint16_t kMaxIndentation = 40;

}  // namespace

JsonMachine::JsonMachine(FormulaStore& formulas, const Options& options)
    : formulas_(formulas), options_(options), solver_(formulas, options.property_order, options.numbers) {
  states_.intern(State{});  // kDead
}

Local JsonMachine::start(Formula f) {
  if (!solver_.satisfiable(f)) return kDead;
  return intern({.frame = Frame::kRoot, .phase = kBefore, .a = vectors_.intern({f})});
}

Transition JsonMachine::push(const State& below, Local child) {
  if (child == kDead) return kDead;
  return add_action({Action::Kind::kPush, intern(below), child, 0});
}

Transition JsonMachine::pop(Action::Kind kind, std::uint32_t result) {
  return add_action({kind, 0, 0, result});
}

Transition JsonMachine::compute(Local local, std::uint8_t byte) {
  const State state = states_[local];
  switch (state.frame) {
    case Frame::kRoot:
      return root_step(state, byte);
    case Frame::kString:
    case Frame::kKey:
      return string_step(state, byte);
    case Frame::kNumber:
      return number_step(state, byte);
    case Frame::kWord:
      return word_step(state, byte);
    case Frame::kObject:
      return object_step(state, byte);
    case Frame::kArray:
      return array_step(state, byte);
    case Frame::kDead:
      break;
  }
  return kDead;
}

bool JsonMachine::blank(State& state, std::uint8_t byte) const {
  const bool line_break = byte == '\n' || byte == '\r';
  if (!line_break && byte != ' ' && byte != '\t') return false;
  if (options_.whitespace == Whitespace::kAny) return true;
  if (options_.whitespace == Whitespace::kCompact || byte == '\r') return false;
  if (line_break) {
    if (state.blanks & kLineBreak) return false;
    state.blanks = kLineBreak;
    return true;
  }
  const std::uint16_t run = state.blanks & ~kLineBreak;
  if (run >= ((state.blanks & kLineBreak) ? kMaxIndentation : kMaxBlanks)) return false;
  ++state.blanks;
  return true;
}

// --- Opening a value --------------------------------------------------------

JsonMachine::Formulas JsonMachine::restrict_all(std::uint32_t formulas, Type type) {
  const List original = vectors_[formulas];
  Formulas restricted;
  restricted.reserve(original.size());
  for (Formula f : original) {
    restricted.push_back(type == Type::kObject ? solver_.object_formula(f) : formulas_.restrict(f, type));
  }
  return restricted;
}

Local JsonMachine::open_value(std::uint32_t formulas, std::uint8_t byte) {
  switch (byte) {
    case '{':
      return open_object(formulas);
    case '[':
      return open_array(formulas);
    case '"': {
      std::vector<Regex> languages;
      for (Formula f : restrict_all(formulas, Type::kString)) languages.push_back(formulas_.to_language(f));
      return open_string(languages, Frame::kString);
    }
    case 't':
    case 'f':
    case 'n':
    case 'T':
    case 'F':
    case 'N': {
      if ((byte < 'a') != (options_.words == Words::kPython)) return kDead;
      const std::uint8_t letter = byte | 0x20;
      const std::uint8_t word = letter == 't' ? 0 : letter == 'f' ? 1 : 2;
      const Type type = letter == 'n' ? Type::kNull : Type::kBoolean;
      const std::uint32_t result = truth_of_scalar(restrict_all(formulas, type), type, kWords[word]);
      if (!vectors_[result][0]) return kDead;
      return intern({.frame = Frame::kWord, .phase = word, .a = result, .b = 1});
    }
    default:
      if (byte != '-' && (byte < '0' || byte > '9')) return kDead;
      return number_state(restrict_all(formulas, Type::kNumber), std::string(1, static_cast<char>(byte)));
  }
}

std::uint32_t JsonMachine::truth_of_scalar(List formulas, Type type, const std::string& text) {
  std::vector<std::uint32_t> truth;
  truth.reserve(formulas.size());
  const auto value = type == Type::kNumber ? Decimal::parse(text) : std::nullopt;
  for (Formula f : formulas) {
    truth.push_back(formulas_.evaluate(f, [&](Formula literal) {
      const Node& node = formulas_[literal];
      if (node.kind == Kind::kBoolean) return (node.detail != 0) == (text == "true");
      return value && formulas_.number_literal(node.a).holds(*value, text);
    }));
  }
  return vectors_.intern(truth);
}

// --- Root: a = vector with the formula of the whole text ---------------------

Transition JsonMachine::root_step(State state, std::uint8_t byte) {
  if (options_.whitespace == Whitespace::kAny && state.phase != kInside && blank(state, byte)) {
    return intern(state);
  }
  if (state.phase != kBefore) return kDead;
  const Local child = open_value(state.a, byte);
  state.phase = kInside;
  return push(state, child);
}

// --- Words: phase = which word, a = its truth vector, b = letters read --------

Transition JsonMachine::word_step(State state, std::uint8_t byte) {
  const std::string_view letters = word(state.phase);
  if (static_cast<std::uint8_t>(letters[state.b]) != byte) return kDead;
  if (++state.b == letters.size()) return pop(Action::Kind::kPop, state.a);
  return intern(state);
}

std::string_view JsonMachine::word(std::uint8_t which) const {
  return options_.words == Words::kPython ? kPythonWords[which] : kWords[which];
}

namespace {

// The words of `from` outside of strings, as those of `to`. Each begins with a letter that nothing else does.
std::string respelled(std::string_view text, const char* const* from, const char* const* to) {
  std::string result;
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t which = 0;
    while (!inside && which < 3 && text[at] != from[which][0]) ++which;
    if (!inside && which < 3) {
      result += to[which];
      at += std::string_view(from[which]).size();
      continue;
    }
    if (inside && text[at] == '\\' && at + 1 < text.size()) result.push_back(text[at++]);
    else if (text[at] == '"') inside = !inside;
    result.push_back(text[at++]);
  }
  return result;
}

}  // namespace

std::string JsonMachine::spelled(std::string json) const {
  return options_.words == Words::kPython ? respelled(json, kWords, kPythonWords) : json;
}

std::string JsonMachine::in_json(std::string_view text) const {
  return options_.words == Words::kPython ? respelled(text, kPythonWords, kWords) : std::string(text);
}

// --- What masks ask ----------------------------------------------------------

Local JsonMachine::representative(Local local, std::size_t longest) {
  const State state = states_[local];
  if (state.frame == Frame::kString || state.frame == Frame::kKey) return near_string(state, longest);
  if (state.frame == Frame::kObject && (state.phase == kColon || state.phase == kBeforeValue)) {
    return stand_in(state, vectors_[plan(state.c).child][0]);
  }
  if (state.frame == Frame::kObject) return near_object(state, longest);
  return local;
}

// --- What the stack asks ----------------------------------------------------

Local JsonMachine::resume(Local local, std::uint32_t result, std::string_view text) {
  if (states_[local].frame == Frame::kObject) {
    if (states_[local].d == kMemberStandIn) return kUnsettled;
    if (states_[local].phase == kInKey) {
      if (states_[local].d == kNearObject && Solver::has_word(text)) return kUnsettled;
      return key_read(local, text);
    }
  }
  if (states_[local].frame == Frame::kArray && states_[local].d == kStandIn) return kUnsettled;
  const bool remember = text.empty();
  const std::uint64_t memo = static_cast<std::uint64_t>(local) << 32 | result;
  if (remember) {
    if (const auto* known = resumed_.find(memo)) return *known;
  }
  State state = states_[local];
  if (state.frame == Frame::kRoot) {
    state.phase = kAfter;
  } else if (state.frame == Frame::kObject) {
    state = {.frame = Frame::kObject, .phase = kAfterValue, .a = settle(plan(state.c), result, Solver::kMember),
             .b = state.b, .d = state.d};
  } else {
    std::uint32_t residual = settle(plan(state.c), result, state.b);
    if (!text.empty()) {
      Formulas formulas = copy(vectors_[residual]);
      for (Formula& f : formulas) f = solver_.exclude_item(f, in_json(text));
      if (formulas[0] == kFalse || !solver_.completes_array(formulas[0], state.b + 1)) return kDead;
      residual = vectors_.intern(formulas);
    }
    std::uint32_t index = 0;
    for (Formula f : vectors_[residual]) index = std::max(index, solver_.clip_index(f, state.b + 1));
    state = {.frame = Frame::kArray, .phase = kAfterItem, .a = residual, .b = index};
  }
  const Local next = intern(state);
  if (remember) resumed_.emplace(memo, next);
  return next;
}

bool JsonMachine::keeps_text(Local local) const {
  const State& state = states_[local];
  if (state.frame == Frame::kKey) return true;
  return state.frame == Frame::kArray && state.phase == kInItem && watches_items(state.a);
}

// A blank, and what no completion lacks after it; or any character.
bool JsonMachine::has_choice(Local local) {
  State state = states_[local];
  if (between_characters(state)) return takes_any_text(local, 1);
  return (state.frame == Frame::kObject || state.frame == Frame::kArray) && (blank(state, ' ') || blank(state, '\n'));
}

bool JsonMachine::accepting(Local local) {
  return states_[local].frame == Frame::kRoot && states_[local].phase == kAfter;
}

bool JsonMachine::may_end(Local local) {
  const State state = states_[local];
  return state.frame == Frame::kNumber && number_complete(state);
}

std::uint32_t JsonMachine::end_result(Local local) {
  const State state = states_[local];
  return truth_of_scalar(vectors_[state.a], Type::kNumber, texts_[state.b]);
}

namespace {

// A way on ends inside its first long string, whose own frame knows where that leads (after_way_on).
std::string up_to_long_string(std::string text) {
  constexpr std::size_t kLong = 1u << 12;
  if (text.size() < kLong) return text;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string::npos; ++at) {
    const std::size_t start = ++at;
    while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
    if (at - start < kLong) continue;
    text.resize(start);
    break;
  }
  return text;
}

}  // namespace

std::string JsonMachine::way_on(Local local) {
  const State state = states_[local];
  switch (state.frame) {
    case Frame::kRoot:
      return state.phase == kBefore ? up_to_long_string(spelled(*solver_.value(vectors_[state.a][0])))
                                    : std::string();
    case Frame::kString:
    case Frame::kKey:
      return finish_string(state);
    case Frame::kNumber: {
      const Formula goal = vectors_[state.a][0];
      return *formulas_.to_numbers(goal).complete(texts_[state.b], options_.numbers);
    }
    case Frame::kWord:
      return std::string(word(state.phase).substr(state.b));
    case Frame::kObject:
      return up_to_long_string(spelled(finish_object(state)));
    case Frame::kArray:
      return up_to_long_string(spelled(finish_array(state)));
    case Frame::kDead:
      break;
  }
  return {};
}

std::size_t JsonMachine::memory_bytes() const {
  return row_bytes() + states_.memory_bytes() + vectors_.memory_bytes() +
         texts_.memory_bytes() + contexts_.memory_bytes() + contexts_.size() * 64 +
         resumed_.memory_bytes() + keys_read_.memory_bytes() + item_plans_.memory_bytes() +
         endings_unread_.memory_bytes() + endings_.capacity() * sizeof(endings_[0]);
}

}  // namespace structgen::json
