#include "regex/dialect.h"

namespace structgen::regex {

namespace {

const Ranges kAsciiDigit = {{'0', '9'}};
const Ranges kAsciiWord = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

}  // namespace

const Dialect& ecma_dialect() {
  static const Dialect kDialect = {
      .name = "ecma",
      .search = true,
      .unicode_classes = false,
      .dollar_before_final_newline = false,
      .leading_bracket_literal = false,
      .open_minimum = false,
      .octal_escapes = false,
      .property_escapes = true,
      .forgiving = true,
      .identity = "^$\\.*+?()[]{}|/",
      .not_dot = {{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}},
      .digit = kAsciiDigit,
      .word = kAsciiWord,
      .space = {{'\t', '\r'},
                {' ', ' '},
                {0xA0, 0xA0},
                {0x1680, 0x1680},
                {0x2000, 0x200A},
                {0x2028, 0x2029},
                {0x202F, 0x202F},
                {0x205F, 0x205F},
                {0x3000, 0x3000},
                {0xFEFF, 0xFEFF}},
      .beyond_ascii = {{'k', 0x212A}, {'s', 0x17F}},
  };
  return kDialect;
}

const Dialect& python_dialect() {
  static const Dialect kDialect = {
      .name = "python",
      .search = false,
      .unicode_classes = true,
      .dollar_before_final_newline = true,
      .leading_bracket_literal = true,
      .open_minimum = true,
      .octal_escapes = true,
      .property_escapes = false,
      .forgiving = false,
      .identity = "",
      .not_dot = {{'\n', '\n'}},
      .digit = kAsciiDigit,
      .word = kAsciiWord,
      .space = {{'\t', '\r'}, {' ', ' '}},
      .beyond_ascii = {{'i', 0x130}, {'i', 0x131}, {'k', 0x212A}, {'s', 0x17F}},
  };
  return kDialect;
}

const Dialect* find_dialect(std::string_view name) {
  if (name == ecma_dialect().name) return &ecma_dialect();
  if (name == python_dialect().name) return &python_dialect();
  return nullptr;
}

}  // namespace structgen::regex
