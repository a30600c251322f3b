r"""Reads GBNF as llama.cpp does.

    root  ::= item ("," item)* # a comment
    item  ::= [a-z0-9_] [^\n\x00-\x1F] . "text\n" ( a | b ) x* x+ x? x{3} x{1,} x{1,5}

A rule ends at the end of its line unless a parenthesis is open or an alternative was just begun.  The last
definition of a name counts.  Groups are kept on a stack of our own: nesting is bounded by memory only.
"""

from __future__ import annotations

import re
from typing import NoReturn

from structgen.grammars.context_free import RuleBook

_SPACE = re.compile(r"(?:[ \t]+|#[^\r\n]*)*")
_SPACE_AND_LINES = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*)*")
_NAME = re.compile(r"[A-Za-z0-9_-]+")
_LITERAL = re.compile(r'"([^"\\]*)"')
_ESCAPE = re.compile(r'\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([tnr"\\\[\]]))')
_COUNT = re.compile(r"\{[ \t]*(\d+)[ \t]*(?:(,)[ \t]*(\d+)?[ \t]*)?\}")
_PLAIN = {"t": "\t", "n": "\n", "r": "\r"}
_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_LAST_CODE_POINT = 0x10FFFF
# Rounds written out by the engine; llama.cpp writes them out as well.
_MOST_ROUNDS = 1_000_000


class _Group:
    """An open parenthesis, or the rule itself: finished alternatives, and the one being read."""

    def __init__(self, opened: int) -> None:
        self.opened = opened
        self.alternatives: list[int] = []
        self.parts: list[int] = []


class _Reader:
    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.text = book.text
        self.at = 0
        self.rule = ""

    def grammar(self) -> None:
        self.skip(True)
        while self.at < len(self.text):
            self.definition()
            self.skip(True)

    def definition(self) -> None:
        began = self.at
        self.rule = self.name("the name of a rule")
        self.skip(False)
        if not self.text.startswith("::=", self.at):
            self.fail(f"expected '::=' after {self.rule!r}")
        self.at += 3
        self.skip(True)
        body = self.alternatives()
        self.book.define(self.rule, body, began)
        if self.at < len(self.text) and self.text[self.at] not in "\r\n":
            self.fail(
                "expected a text in quotes, a class in brackets, a rule, a group, '|' or the end of the line"
            )

    def alternatives(self) -> int:
        """Read up to the end of the rule."""
        text, rules = self.text, self.book.rules
        groups = [_Group(self.at)]
        while True:
            group = groups[-1]
            sign = text[self.at] if self.at < len(text) else ""
            nested = len(groups) > 1
            if sign == "|":
                self.at += 1
                group.alternatives.append(rules.sequence(group.parts))
                group.parts = []
                self.skip(True)
                continue
            if sign == "(":
                groups.append(_Group(self.at))
                self.at += 1
                self.skip(True)
                continue
            if sign == ")" and nested:
                self.at += 1
                groups.pop()
                groups[-1].parts.append(self.closed(group))
            elif sign in _MANY and sign:
                least, most = _MANY[sign]
                self.at += 1
                self.again(group, least, most, self.at - 1)
            elif sign == "{":
                self.counted(group)
            else:
                part = self.part(sign)
                if part is None:
                    break
                group.parts.append(part)
            self.skip(len(groups) > 1)
        if len(groups) > 1:
            line = self.book.where(groups[-1].opened)["line"]
            self.fail(f"expected ')' for the group opened in line {line}")
        return self.closed(groups[0])

    def closed(self, group: _Group) -> int:
        rules = self.book.rules
        return rules.choice([*group.alternatives, rules.sequence(group.parts)])

    def part(self, sign: str) -> int | None:
        """Read one literal, class, dot or name; None where there is none."""
        if sign == '"':
            return self.book.literal(self.literal())
        if sign == "[":
            return self.character_class()
        if sign == ".":
            self.at += 1
            return self.book.terminal(self.book.regex.code_points([(0, _LAST_CODE_POINT)]))
        if sign == "<" or self.text.startswith("!<", self.at):
            self.fail("tokens in angle brackets are not supported; write the text of the token")
        if _NAME.match(self.text, self.at):
            began = self.at
            return self.book.reference(self.name("a rule"), began)
        return None

    def again(self, group: _Group, least: int, most: int | None, position: int) -> None:
        if not group.parts:
            self.fail("expected something to repeat before this sign", position)
        group.parts[-1] = self.book.rules.repeat(group.parts[-1], least, most)

    def counted(self, group: _Group) -> None:
        began = self.at
        count = _COUNT.match(self.text, began)
        if not count:
            self.fail("expected a count: {3}, {3,} or {3,5}")
        least = int(count[1])
        most = least if not count[2] else int(count[3]) if count[3] else None
        if max(least, most or 0) > _MOST_ROUNDS:
            self.fail(f"a count is at most {_MOST_ROUNDS}; use * or + for more")
        if most is not None and most < least:
            self.fail(f"the count {{{least},{most}}} is upside down")
        self.at = count.end()
        self.again(group, least, most, began)

    def literal(self) -> str:
        plain = _LITERAL.match(self.text, self.at)
        if plain:
            self.at = plain.end()
            return plain[1]
        began = self.at
        self.at += 1
        characters: list[str] = []
        while True:
            if self.at >= len(self.text):
                self.fail("this text in quotes does not end; close it with '\"'", began)
            if self.text[self.at] == '"':
                self.at += 1
                return "".join(characters)
            characters.append(self.character())

    def character_class(self) -> int:
        began = self.at
        self.at += 1
        inverted = self.text.startswith("^", self.at)
        self.at += inverted
        ranges: list[tuple[int, int]] = []
        while True:
            if self.at >= len(self.text):
                self.fail("this class does not end; close it with ']'", began)
            if self.text[self.at] == "]":
                self.at += 1
                break
            first = last = ord(self.character())
            if self.text.startswith("-", self.at) and not self.text.startswith("-]", self.at):
                self.at += 1
                if self.at >= len(self.text):
                    self.fail("this class does not end; close it with ']'", began)
                last = ord(self.character())
                if last < first:
                    self.fail(f"the range {chr(first)!r} to {chr(last)!r} is upside down", began)
            ranges.append((first, last))
        if inverted:
            ranges = _others(ranges)
        regex = self.book.regex
        return self.book.terminal(regex.code_points(ranges) if ranges else 0)

    def character(self) -> str:
        """One character of a literal or a class, escapes included."""
        sign = self.text[self.at]
        if sign != "\\":
            self.at += 1
            return sign
        escape = _ESCAPE.match(self.text, self.at)
        if not escape:
            self.fail(r"expected an escape: \n \r \t \\ \" \[ \] \x41 \u0041 or \U00000041")
        code = escape[1] or escape[2] or escape[3]
        if not code:
            self.at = escape.end()
            return _PLAIN.get(escape[4], escape[4])
        value = int(code, 16)
        if value > _LAST_CODE_POINT or 0xD800 <= value <= 0xDFFF:
            self.fail(f"{escape[0]} is no character")
        self.at = escape.end()
        return chr(value)

    def name(self, what: str) -> str:
        name = _NAME.match(self.text, self.at)
        if not name:
            self.fail(f"expected {what}")
        self.at = name.end()
        return name[0]

    def skip(self, lines: bool) -> None:
        space = (_SPACE_AND_LINES if lines else _SPACE).match(self.text, self.at)
        assert space is not None
        self.at = space.end()

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        self.book.fail(message, self.at if position is None else position, self.rule)


def _others(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The code points in none of these ranges."""
    found, next_free = [], 0
    for first, last in sorted(ranges):
        if first > next_free:
            found.append((next_free, first - 1))
        next_free = max(next_free, last + 1)
    if next_free <= _LAST_CODE_POINT:
        found.append((next_free, _LAST_CODE_POINT))
    return found


def read(book: RuleBook) -> None:
    """Define the rules of ``book.text`` in ``book``; GrammarSyntaxError says where it cannot be read."""
    _Reader(book).grammar()
