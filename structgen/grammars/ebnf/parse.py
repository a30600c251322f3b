"""Reads EBNF: the W3C's notation where rules are defined by ``::=``, that of ISO 14977 where by ``=``.

Both are one loop over tokens and a stack of open groups; what differs is the table of tokens and what
brackets mean.  An exception ``A - B`` is taken of languages, so both sides must be written out there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from structgen.grammars.context_free import RuleBook

_W3C = re.compile(
    r"""(?P<space>\s+ | /\*.*?\*/ | \[\s*(?:wfc|vc|WFC|VC|ns):[^\]]*\]
        | \[\d+\w*\](?=\s*[A-Za-z_][\w.-]*\s*::=))
    | (?P<head>[A-Za-z_][\w.-]*)\s*::=
    | (?P<name>[A-Za-z_][\w.-]*)
    | (?P<text>"[^"]*" | '[^']*')
    | (?P<code>\#x[0-9a-fA-F]+)
    | (?P<class>\[\^?[^\]]+\])
    | (?P<sign>[()|?*+-])""",
    re.VERBOSE | re.DOTALL,
)
_ISO = re.compile(
    r"""(?P<space>\s+ | \(\*.*?\*\))
    | (?P<head>[A-Za-z_][\w-]*)\s*=
    | (?P<count>\d+)\s*\*
    | (?P<name>[A-Za-z_][\w-]*)
    | (?P<text>"[^"]*" | '[^']*')
    | (?P<sign>[()|/!,;.\[\]{}-])""",
    re.VERBOSE | re.DOTALL,
)
_CLASS_CHARACTER = re.compile(r"#x([0-9a-fA-F]+)|(.)", re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}", "": ""}
_GROUPS = {"(": (1, 1), "[": (0, 1), "{": (0, None)}
_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_LAST_CODE_POINT = 0x10FFFF
_MOST_ROUNDS = 1_000_000


class _Part(NamedTuple):
    expression: int
    language: int | None  # where it is a regular language that stands there in full


@dataclass
class _Group:
    """An open group, or the rule itself ("")."""

    sign: str
    position: int
    alternatives: list[_Part] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)
    rounds: int | None = None  # of the next part
    minus: int | None = None  # where an exception was announced


class _Reader:
    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.iso = not re.search(r"::=", book.text)
        self.tokens = _ISO if self.iso else _W3C
        self.rule = ""
        self.began = 0
        self.groups: list[_Group] = []

    def grammar(self) -> str:
        """Define every rule; return the name of the first."""
        text, at, first = self.book.text, 0, ""
        while at < len(text):
            token = self.tokens.match(text, at)
            if token is None:
                self.fail("expected a rule, a text in quotes or a sign of EBNF", at)
            kind = token.lastgroup or ""
            if kind == "head":
                if self.rule:
                    if self.iso:
                        self.fail(f"expected ';' at the end of the rule {self.rule!r}", at)
                    self.finish(at)
                self.rule, self.began = token[kind], at
                self.groups = [_Group("", at)]
                first = first or self.rule
            elif kind != "space":
                if not self.rule:
                    self.fail("expected the name of a rule and its definition", at)
                self.take(kind, token[kind], at)
            at = token.end()
        if self.rule:
            if self.iso:
                self.fail(f"expected ';' at the end of the rule {self.rule!r}", at)
            self.finish(at)
        return first

    def finish(self, at: int) -> None:
        if len(self.groups) > 1:
            line = self.book.where(self.groups[-1].position)["line"]
            self.fail(f"expected {_CLOSING[self.groups[-1].sign]!r} for the group opened in line {line}", at)
        self.book.define(self.rule, self.closed(self.groups[0], at).expression, self.began)
        self.rule = ""

    def take(self, kind: str, value: str, at: int) -> None:
        """One token inside of a rule."""
        group, regex = self.groups[-1], self.book.regex
        if kind == "name":
            self.add(_Part(self.book.reference(value, at), None))
        elif kind == "text":
            self.add(self.regular(regex.literal(value[1:-1])))
        elif kind == "code":
            self.add(self.regular(self.code_points(value, at)))
        elif kind == "class":
            self.add(self.regular(self.code_points(value[1:-1], at)))
        elif kind == "count":
            if int(value) > _MOST_ROUNDS:
                self.fail(f"a count is at most {_MOST_ROUNDS}", at)
            group.rounds = int(value)
        elif value in ("|", "/", "!"):
            self.alternative(group, at)
        elif value == "-":
            if not group.parts:
                self.fail("expected something before '-' to take an exception from", at)
            group.minus = at
        elif value in _MANY and not self.iso:
            if not group.parts or group.minus is not None:
                self.fail("expected something to repeat before this sign", at)
            group.parts[-1] = self.repeated(group.parts[-1], *_MANY[value])
        elif value in ("(", "[", "{"):
            self.groups.append(_Group(value, at))
        elif value in (")", "]", "}"):
            if _CLOSING[group.sign] != value:
                self.fail(f"{value!r} closes no group", at)
            self.groups.pop()
            self.add(self.repeated(self.closed(group, at), *_GROUPS[group.sign]))
        elif value in (";", "."):
            self.finish(at)

    def add(self, part: _Part) -> None:
        group = self.groups[-1]
        if group.rounds is not None:
            part = self.repeated(part, group.rounds, group.rounds)
            group.rounds = None
        if group.minus is None:
            group.parts.append(part)
            return
        whole = group.parts[-1]
        if whole.language is None or part.language is None:
            self.fail("both sides of an exception must be written out here, without other rules", group.minus)
        regex = self.book.regex
        group.parts[-1] = self.regular(regex.intersect([whole.language, regex.complement(part.language)]))
        group.minus = None

    def alternative(self, group: _Group, at: int) -> None:
        if group.minus is not None or group.rounds is not None:
            self.fail("expected an operand after '-' or '*'", at)
        languages = [part.language for part in group.parts]
        expression = self.book.rules.sequence([part.expression for part in group.parts])
        known = [language for language in languages if language is not None]
        whole = self.book.regex.concat(known) if len(known) == len(languages) else None
        group.alternatives.append(_Part(expression, whole))
        group.parts = []

    def closed(self, group: _Group, at: int) -> _Part:
        self.alternative(group, at)
        languages = [part.language for part in group.alternatives]
        known = [language for language in languages if language is not None]
        whole = self.book.regex.alternate(known) if len(known) == len(languages) else None
        return _Part(self.book.rules.choice([part.expression for part in group.alternatives]), whole)

    def regular(self, language: int) -> _Part:
        return _Part(self.book.terminal(language), language)

    def repeated(self, part: _Part, least: int, most: int | None) -> _Part:
        if (least, most) == (1, 1):
            return part
        language = None if part.language is None else self.book.regex.repeat(part.language, least, most)
        return _Part(self.book.rules.repeat(part.expression, least, most), language)

    def code_points(self, inner: str, at: int) -> int:
        """The language of a class without its brackets, or of one code."""
        inverted = inner.startswith("^")
        characters = list(_CLASS_CHARACTER.finditer(inner, 1 if inverted else 0))
        codes = [int(found[1], 16) if found[1] else ord(found[2]) for found in characters]
        ranges: list[tuple[int, int]] = []
        i = 0
        while i < len(codes):
            first = last = codes[i]
            if i + 2 < len(codes) and characters[i + 1][0] == "-":
                last = codes[i + 2]
                i += 2
            i += 1
            if last > _LAST_CODE_POINT or last < first:
                self.fail("this class holds a range upside down, or what is no character", at)
            ranges.append((first, last))
        language: int = self.book.regex.code_points(ranges)
        if inverted:
            regex = self.book.regex
            language = regex.intersect(
                [regex.code_points([(0, _LAST_CODE_POINT)]), regex.complement(language)]
            )
        return language

    def fail(self, message: str, at: int) -> NoReturn:
        self.book.fail(message, at, self.rule)


def read(book: RuleBook, start: str) -> str:
    """Define the rules of ``book.text`` in ``book``; return ``start``, or the first where it is empty."""
    first = _Reader(book).grammar()
    return start or first
