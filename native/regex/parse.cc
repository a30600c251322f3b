// Groups, branches and quantifiers, with a stack of its own: nesting costs
// heap, not call frames.
#include "regex/parse.h"

#include <algorithm>
#include <set>

#include "regex/lower.h"
#include "regex/scanner.h"

namespace structgen::regex {

namespace {

class Parser {
 public:
  Parser(std::string_view pattern, const ParseOptions& options)
      : in_(pattern, options), dialect_(*options.dialect) {
    open({.kind = Group::kPlain});
  }

  Ast run(AstId& root) {
    while (!in_.done()) item();
    if (groups_.size() > 1)
      in_.fail(groups_.back().position, "this group is not closed; add ) or write \\( for a parenthesis");
    root = close();
    return std::move(ast_);
  }

 private:
  enum class Group { kPlain, kAhead, kNotAhead, kBehind, kNotBehind };

  struct Open {
    Group kind = Group::kPlain;
    std::size_t position = 0;
    Flags outside{};                // restored at the end
    std::vector<AstId> branches{};  // finished alternatives
    std::vector<AstId> items{};     // the alternative being read
    std::string text{};             // characters not yet an item
  };

  void open(Open group) {
    group.outside = flags_;
    groups_.push_back(std::move(group));
    quantifiable_ = false;
  }

  void flush() {
    Open& group = groups_.back();
    if (group.text.empty()) return;
    group.items.push_back(ast_.text(std::move(group.text)));
    group.text.clear();
  }

  void end_branch() {
    flush();
    Open& group = groups_.back();
    group.branches.push_back(ast_.concat(std::move(group.items)));
    group.items.clear();
    quantifiable_ = false;
  }

  AstId close() {
    end_branch();
    Open group = std::move(groups_.back());
    groups_.pop_back();
    flags_ = group.outside;
    const AstId body = ast_.alternate(std::move(group.branches));
    switch (group.kind) {
      case Group::kPlain:
        return body;
      case Group::kAhead:
        return ast_.look(AstKind::kAhead, body, group.position);
      case Group::kNotAhead:
        return ast_.look(AstKind::kNotAhead, body, group.position);
      case Group::kBehind:
        return ast_.look(AstKind::kBehind, body, group.position);
      case Group::kNotBehind:
        return ast_.look(AstKind::kNotBehind, body, group.position);
    }
    return body;
  }

  void push(AstId item) {
    flush();
    groups_.back().items.push_back(item);
    quantifiable_ = true;
  }

  void character(CodePoint c, std::size_t position) {
    if (c >= 0xD800 && c <= 0xDFFF) {
      in_.note(position, "a lone surrogate stands in no text: this matches nothing");
      push(ast_.set({}));
      return;
    }
    if (flags_.ignore_case) {
      Ranges set = in_.folded({{c, c}}, flags_);
      if (set.size() > 1 || set[0].first != set[0].second) {
        push(ast_.set(std::move(set)));
        return;
      }
    }
    utf8_append(groups_.back().text, c);
    quantifiable_ = true;
  }

  // --- Assertions, spelled as lookarounds.
  AstId any() { return ast_.set({{0, 0x10FFFF}}); }
  AstId newline() { return ast_.text("\n"); }
  AstId text_start() { return ast_.look(AstKind::kNotBehind, any(), in_.at()); }
  AstId text_end() { return ast_.look(AstKind::kNotAhead, any(), in_.at()); }
  AstId line_start() {
    return ast_.alternate({text_start(), ast_.look(AstKind::kBehind, newline(), in_.at())});
  }
  AstId line_end() { return ast_.alternate({text_end(), ast_.look(AstKind::kAhead, newline(), in_.at())}); }
  AstId dollar() {
    if (flags_.multiline) return line_end();
    if (!dialect_.dollar_before_final_newline) return text_end();
    return ast_.look(AstKind::kAhead, ast_.concat({ast_.repeat(newline(), 0, 1), text_end()}), in_.at());
  }
  AstId boundary(bool inside_word) {
    const Ranges word = in_.folded(in_.class_of('w', flags_), flags_);
    const auto sides = [&](AstKind behind, AstKind ahead) {
      return ast_.concat(
          {ast_.look(behind, ast_.set(word), in_.at()), ast_.look(ahead, ast_.set(word), in_.at())});
    };
    if (inside_word) {
      return ast_.alternate(
          {sides(AstKind::kBehind, AstKind::kAhead), sides(AstKind::kNotBehind, AstKind::kNotAhead)});
    }
    return ast_.alternate(
        {sides(AstKind::kBehind, AstKind::kNotAhead), sides(AstKind::kNotBehind, AstKind::kAhead)});
  }

  void item() {
    const std::size_t position = in_.at();
    const CodePoint c = in_.next();
    if (flags_.verbose && (c == ' ' || (c >= '\t' && c <= '\r'))) return;
    switch (c) {
      case '(':
        begin_group(position);
        return;
      case ')': {
        if (groups_.size() == 1) in_.fail(position, "no group is open here; write \\) for a parenthesis");
        const AstId group = close();
        push(group);
        return;
      }
      case '|':
        end_branch();
        return;
      case '[':
        push(ast_.set(in_.character_class(flags_)));
        return;
      case '.':
        push(ast_.set(flags_.dot_all ? Ranges{{0, 0x10FFFF}} : invert(dialect_.not_dot)));
        return;
      case '^':
        push(flags_.multiline ? line_start() : text_start());
        return;
      case '$':
        push(dollar());
        return;
      case '\\':
        escape(position);
        return;
      case '*':
        quantify(position, 0, kUnbounded);
        return;
      case '+':
        quantify(position, 1, kUnbounded);
        return;
      case '?':
        quantify(position, 0, 1);
        return;
      case '{':
        if (!counter(position)) {
          in_.seek(position + 1);
          if (dialect_.forgiving)
            in_.note(position, "{ begins no counter here; read as the character itself");
          character('{', position);
        }
        return;
      case '#':
        if (flags_.verbose) {
          while (!in_.done() && in_.next() != '\n') {
          }
          return;
        }
        break;
      default:
        break;
    }
    if (dialect_.forgiving && (c == '}' || c == ']')) {
      in_.note(position,
               "an unescaped " + std::string(1, static_cast<char>(c)) + " is read as the character itself");
    }
    character(c, position);
  }

  void escape(std::size_t position) {
    Escape escaped = in_.escape(flags_, false);
    switch (escaped.kind) {
      case Escape::Kind::kCharacter:
        character(escaped.character, position);
        return;
      case Escape::Kind::kSet:
        push(ast_.set(in_.folded(std::move(escaped.set), flags_)));
        return;
      case Escape::Kind::kWordBoundary:
        push(boundary(false));
        return;
      case Escape::Kind::kNotWordBoundary:
        push(boundary(true));
        return;
      case Escape::Kind::kStart:
        push(text_start());
        return;
      case Escape::Kind::kEnd:
        push(text_end());
        return;
    }
  }

  bool counter(std::size_t position) {
    std::uint32_t min = 0;
    const bool has_min = in_.number(min);
    std::uint32_t max = min;
    if (in_.take(",")) {
      max = kUnbounded;
      const bool has_max = in_.number(max);
      if (!has_min && !(dialect_.open_minimum && has_max)) {
        if (!(dialect_.open_minimum && in_.peek() == '}' && !in_.done())) return false;
      }
    } else if (!has_min) {
      return false;
    }
    if (!in_.take("}")) return false;
    if (min > max) {
      in_.fail(position, "the counter runs backwards: at least " + std::to_string(min) + ", at most " +
                             std::to_string(max));
    }
    quantify(position, min, max);
    return true;
  }

  void quantify(std::size_t position, std::uint32_t min, std::uint32_t max) {
    if (!quantifiable_) {
      in_.fail(position,
               "there is nothing to repeat here; write a backslash in front for the character itself");
    }
    Open& group = groups_.back();
    AstId body;
    if (!group.text.empty()) {  // only the last character is repeated
      std::size_t cut = group.text.size() - 1;
      while ((static_cast<unsigned char>(group.text[cut]) & 0xC0) == 0x80) --cut;
      std::string last = group.text.substr(cut);
      group.text.resize(cut);
      flush();
      body = ast_.text(std::move(last));
    } else {
      body = group.items.back();
      group.items.pop_back();
    }
    if (in_.peek() == '?' && !in_.done()) {
      in_.next();  // lazy: the same language
    } else if (in_.peek() == '+' && !in_.done()) {
      if (!dialect_.forgiving) {
        in_.fail(
            in_.at(),
            "possessive quantifiers are not supported, they depend on the order of attempts; drop the +");
      }
      in_.note(in_.at(), "possessive quantifiers are not ECMA-262; read as the plain quantifier");
      in_.next();
    }
    group.items.push_back(ast_.repeat(body, min, max));
    quantifiable_ = false;
  }

  void begin_group(std::size_t position) {
    const auto start = [&](Group kind) { open({.kind = kind, .position = position}); };
    if (!in_.take("?")) return start(Group::kPlain);
    if (in_.take(":")) return start(Group::kPlain);
    if (in_.take("=")) return start(Group::kAhead);
    if (in_.take("!")) return start(Group::kNotAhead);
    if (in_.take("<=")) return start(Group::kBehind);
    if (in_.take("<!")) return start(Group::kNotBehind);
    if (in_.take(">")) {
      if (dialect_.forgiving) {
        in_.note(position, "atomic groups are not ECMA-262; read as the plain group (?:");
        return start(Group::kPlain);
      }
      in_.fail(position,
               "atomic groups are not supported, they depend on the order of attempts; write (?: instead");
    }
    if (in_.take("P=") || in_.take("P>")) {
      in_.fail(position,
               "backreferences and recursion are not regular and cannot be enforced; spell the text out");
    }
    if (in_.peek() == '(')
      in_.fail(position, "conditional groups are not supported; write both cases as alternatives");
    if (in_.peek() == 'R' || in_.peek() == '&' || (in_.peek() >= '0' && in_.peek() <= '9' && !in_.done())) {
      in_.fail(position, "recursion is not regular; use a grammar instead");
    }
    if (in_.take("P<")) {
      if (dialect_.forgiving) in_.note(position, "(?P<name> is not ECMA-262; read as (?<name>");
      name(position);
      return start(Group::kPlain);
    }
    if (in_.take("<")) {
      if (!dialect_.forgiving) in_.fail(position, "a named group is written (?P<name>…) in this dialect");
      name(position);
      return start(Group::kPlain);
    }
    if (in_.take("#")) {
      if (dialect_.forgiving) in_.note(position, "comments are not ECMA-262; skipped");
      while (!in_.done() && in_.peek() != ')') in_.next();
      if (!in_.take(")")) in_.fail(position, "the comment is not closed; add )");
      return;
    }
    inline_flags(position);
  }

  void name(std::size_t position) {
    const std::string value = in_.group_name('>');
    if (names_.insert(value).second) return;
    if (!dialect_.forgiving) in_.fail(position, "the group name " + value + " is used twice");
    in_.note(position, "the group name " + value + " is used twice; read as two groups");
  }

  void inline_flags(std::size_t position) {
    Flags flags = flags_;
    bool on = true;
    while (!in_.done()) {
      const std::size_t at = in_.at();
      const CodePoint c = in_.next();
      switch (c) {
        case 'i':
          flags.ignore_case = on;
          break;
        case 's':
          flags.dot_all = on;
          break;
        case 'm':
          flags.multiline = on;
          break;
        case 'x':
          flags.verbose = on;
          break;
        case 'a':
          if (!dialect_.unicode_classes) in_.fail(at, "this flag is not part of the dialect");
          flags.ascii = on;
          break;
        case 'u':
          flags.ascii = false;
          break;
        case '-':
          if (!on) in_.fail(at, "a second - in the flags");
          on = false;
          break;
        case ':': {
          const Flags outside = flags_;
          open({.kind = Group::kPlain, .position = position});
          groups_.back().outside = outside;
          flags_ = flags;
          return;
        }
        case ')': {
          const Open& group = groups_.back();
          const bool leading =
              groups_.size() == 1 && group.items.empty() && group.branches.empty() && group.text.empty();
          if (!leading || !on)
            in_.fail(position, "flags for the whole pattern must stand at its start; use (?i:…) for a part");
          if (dialect_.forgiving)
            in_.note(position, "flags at the start are not ECMA-262; applied to the whole pattern");
          flags_ = flags;
          groups_.back().outside = flags;
          return;
        }
        default:
          in_.fail(at,
                   "unknown group or flag behind (?; known are (?: (?= (?! (?<= (?<! named groups and the "
                   "flags i m s");
      }
    }
    in_.fail(position, "this group is not closed; add )");
  }

  Scanner in_;
  const Dialect& dialect_;
  Ast ast_;
  std::vector<Open> groups_;
  Flags flags_;
  std::set<std::string> names_;
  bool quantifiable_ = false;
};

}  // namespace

Regex parse(Store& store, std::string_view pattern_utf8, const ParseOptions& options) {
  AstId root = 0;
  const Ast ast = Parser(pattern_utf8, options).run(root);
  bool without_mark = false;
  const Regex result = lower(store.engine(), ast, root, options.dialect->search, without_mark);
  if (without_mark && options.notes != nullptr) {
    options.notes->push_back(
        "a lookbehind looks ahead: texts with noncharacters such as U+10FFFF are left out");
  }
  return result;
}

}  // namespace structgen::regex
