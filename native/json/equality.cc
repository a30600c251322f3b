#include "json/equality.h"

#include <string>
#include <utility>
#include <vector>

#include "json/text.h"

namespace structgen::json {

namespace {

// A value under construction; nesting is followed with an explicit stack.
struct Open {
  bool object;
  std::vector<Formula> parts;
  std::uint32_t count = 0;
  std::string key = {};
};

class Reader {
 public:
  Reader(FormulaStore& formulas, std::string_view text) : formulas_(formulas), text_(text) {}

  Formula read() {
    std::vector<Open> stack;
    while (true) {
      skip_blanks();
      const char c = text_[at_];
      Formula value = kTrue;
      if (c == '{' || c == '[') {
        ++at_;
        stack.push_back({c == '{', {}, 0, {}});
        skip_blanks();
        if (text_[at_] != '}' && text_[at_] != ']') {
          read_key(stack.back());
          continue;
        }
      } else {
        value = scalar();
        if (stack.empty()) return value;
        add(stack.back(), value);
      }
      // Close what ends here; go on with the next member or item.
      while (true) {
        skip_blanks();
        const char next = text_[at_++];
        if (next == ',') {
          read_key(stack.back());
          break;
        }
        value = close(stack.back());
        stack.pop_back();
        if (stack.empty()) return value;
        add(stack.back(), value);
      }
    }
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  std::string string() {
    const std::size_t start = ++at_;
    while (text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    return unescape(text_.substr(start, at_++ - start));
  }

  void read_key(Open& open) {
    if (!open.object) return;
    skip_blanks();
    open.key = string();
    skip_blanks();
    ++at_;  // the colon
  }

  Formula scalar() {
    switch (text_[at_]) {
      case '"':
        return formulas_.string(formulas_.regexes().literal(string()));
      case 't':
        at_ += 4;
        return formulas_.boolean(true);
      case 'f':
        at_ += 5;
        return formulas_.boolean(false);
      case 'n':
        at_ += 4;
        return formulas_.type(Type::kNull);
      default: {
        const std::size_t start = at_;
        while (at_ < text_.size() && std::string_view("+-.eE0123456789").find(text_[at_]) != std::string_view::npos) {
          ++at_;
        }
        const auto number = Decimal::parse(text_.substr(start, at_ - start));
        return number ? formulas_.number({NumberLiteral::Kind::kEquals, *number}) : kFalse;
      }
    }
  }

  void add(Open& open, Formula value) {
    open.parts.push_back(open.object ? formulas_.members(formulas_.regexes().literal(open.key), value, 1)
                                     : formulas_.items(open.count, open.count, value, 1));
    ++open.count;
  }

  Formula close(Open& open) {
    open.parts.push_back(formulas_.type(open.object ? Type::kObject : Type::kArray));
    open.parts.push_back(formulas_.negate(open.object ? formulas_.members(regex::kAnything, kTrue, open.count + 1)
                                                      : formulas_.items(0, kNoStop, kTrue, open.count + 1)));
    return formulas_.all(open.parts);
  }

  FormulaStore& formulas_;
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Formula equal_to(FormulaStore& formulas, std::string_view text) { return Reader(formulas, text).read(); }

}  // namespace structgen::json
