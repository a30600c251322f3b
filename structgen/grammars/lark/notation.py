r"""Lark's notation: one compiled expression makes tokens of a text, one loop makes statements of the tokens.

    start: "(" start ")" | INT~1..3 -> numbers     rules in small letters, terminals in capitals
    list{item, sep}: item (sep item)*              a template
    WORD.2: /[a-z]+/i & ~("if" | "else")           a terminal, with a priority, and what this library adds
    %ignore " "                                    %import %override %extend %declare

What stands behind the colon becomes steps in reverse Polish order, for readers with a stack: parts first,
then what joins them (the shunting-yard algorithm, Dijkstra 1961).  Open groups lie on a stack as well, so
nesting is bounded by memory only.  Knows nothing of what names mean: definitions.py, terminals.py and
rules.py do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn

from structgen.errors import GrammarSyntaxError
from structgen.grammars.context_free import place_in
from structgen.grammars.lark.embedded import embedded

# A step is (what, value, where it stands).  Parts: "rule", "terminal", "text", "pattern" with their source,
# "range" with two texts, "json" with a schema's source, "chunks" with a tuple.  Joins of what came before:
# "sequence", "choice" and "both" with a number of parts, "repeat" with (least, most), "not",
# "template" with (name, number of arguments).
Step = tuple[str, Any, int]
Steps = tuple[Step, ...]
Token = tuple[str, str, int]

_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PARTS = frozenset(["rule", "terminal", "text", "pattern", "json", "chunks"])
_MOST_ROUNDS = 2**32 - 2
# Ordered as lark orders its tokens where two could begin alike: a comment takes the lines before it, an end
# of line the blank before what follows.  Something always matches, so nothing is tried twice.
_TOKEN = re.compile(
    r"""[ \t]*(?:
      (?P<rule>_?[a-z][_a-z0-9]*)
    | (?P<terminal>_?[A-Z][_A-Z0-9]*)
    | (?P<text>"[^"\\\n]*(?:\\.[^"\\\n]*)*"i?)
    | (?P<comment>\s*(?://|\#)[^\n]*|\\[ ]*\n)
    | (?P<line>(?:\r?\n)+\s*\|?)
    | (?P<pattern>/(?!/)[^/\\]*(?:\\[\s\S][^/\\]*)*/[imslux]*)
    | (?P<number>[+-]?\d+)
    | (?P<modifiers>(?:!\??|\?!?)(?=[_a-z]))
    | (?P<sign>->|\.\.|[.,:|()\[\]{}*+~&]|\?(?![a-z_])|%(?:ignore|import|override|extend|declare))
    | (?P<embedded>%(?:json|regex)\b)
    | (?P<end>\Z)
    | (?P<wrong>[\s\S]))""",
    re.VERBOSE,
)


class Defined(NamedTuple):
    """A rule or terminal that is defined; ``how`` is "", "override" or "extend"."""

    how: str
    name: str
    is_terminal: bool
    parameters: tuple[str, ...]
    steps: Steps
    position: int
    alias: int | None  # where the first alias stands


class Ignore(NamedTuple):
    """What may stand before terminals."""

    steps: Steps
    position: int


class Import(NamedTuple):
    """Names of another grammar, by the names they get here."""

    path: tuple[str, ...]
    is_relative: bool
    names: dict[str, str]
    position: int


class Declare(NamedTuple):
    """Names without a definition."""

    names: tuple[Token, ...]


Statement = Defined | Ignore | Import | Declare


def statements_of(text: str) -> tuple[Statement, ...]:
    """Read a grammar; GrammarSyntaxError says where it stops being one and what was expected there."""
    return _Parser(text).statements()


def fail(text: str, position: int, message: str) -> NoReturn:
    """Raise GrammarSyntaxError at a place of the text."""
    raise GrammarSyntaxError(message, **place_in(text, position))


def _tokens(text: str) -> list[Token]:
    """(kind, source, position); signs are kinds of their own, and a line that begins with "|" is one."""
    ended = text + "\n"
    found: list[Token] = []
    add = found.append
    at = 0
    while True:
        for match in _TOKEN.finditer(ended, at):
            kind = match.lastgroup
            assert kind is not None
            if kind == "comment":
                continue
            value, position = match[kind], match.start(kind)
            if kind == "sign":
                add((value, value, position))
            elif kind == "line" and value[-1] == "|":
                add(("|", "|", position + len(value) - 1))
            elif kind == "embedded":
                token, at = embedded(text, value, position, match.end())
                add(token)
                break
            else:
                add((kind, value, position))
                if kind == "wrong":  # what begins there is read once, not from each of its characters
                    add(("end", "", len(text)))
                    return found
        else:
            return found


@dataclass(slots=True)
class _Group:
    """An open group, or all of a definition (""); the numbers count what is finished and not yet joined."""

    sign: str
    position: int
    name: str = ""  # of the template whose arguments these are, and where it stands
    begin: int = 0
    alternatives: int = 0
    conjuncts: int = 0
    parts: int = 0
    complements: int = 0  # of the next part


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    def statements(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while True:
            kind, value, position = self.tokens[self.at]
            if kind == "end":
                return tuple(found)
            if kind == "line":
                self.at += 1
            elif kind in ("rule", "terminal", "modifiers"):
                found.append(self.definition(""))
            elif kind in ("%override", "%extend"):
                self.at += 1
                found.append(self.definition(value[1:]))
            elif kind == "%ignore":
                self.at += 1
                found.append(Ignore(self.body("", True)[0], position))
            elif kind == "%import":
                self.at += 1
                found.append(self.imported(position))
            elif kind == "%declare":
                self.at += 1
                found.append(self.declared())
            else:
                self.fail(
                    "expected a rule or a terminal, its name before a colon, or a statement like %import"
                )

    def definition(self, how: str) -> Defined:
        kind, name, position = self.take()
        inlined = False
        if kind == "modifiers":
            inlined = "?" in name
            name = self.expect("rule", "the name of a rule, in small letters")
            kind = "rule"
        elif kind not in ("rule", "terminal"):
            self.fail("expected the name of a rule or terminal", position)
        if inlined and name.startswith("_"):
            self.fail(
                f"the rule {name!r} is inlined because of its '_' and cannot be by '?' as well", position
            )
        parameters: list[str] = []
        if kind == "rule" and self.accept("{"):
            parameters.append(self.expect("rule", "a name of a parameter, in small letters"))
            while self.accept(","):
                parameters.append(self.expect("rule", "a name of a parameter, in small letters"))
            self.expect("}", "',' or '}' after the parameter")
        if self.accept("."):
            self.expect("number", "a priority after '.'")
        self.expect(":", f"':' and what {name!r} is")
        steps, alias = self.body(name, kind == "terminal")
        return Defined(how, name, kind == "terminal", tuple(parameters), steps, position, alias)

    def imported(self, position: int) -> Import:
        relative = self.accept(".")
        path = [self.name()]
        while self.accept("."):
            path.append(self.name())
        if self.accept("("):
            names = [self.name()]
            while self.accept(","):
                names.append(self.name())
            self.expect(")", "',' or ')' after the name")
            self.line()
            return Import(tuple(path), relative, dict(zip(names, names, strict=True)), position)
        name = path.pop()
        called = self.name() if self.accept("->") else name
        self.line()
        if not path:
            self.fail(f"say what is imported from {name!r}: %import {name}.NAME", position)
        return Import(tuple(path), relative, {name: called}, position)

    def declared(self) -> Declare:
        names = []
        while self.tokens[self.at][0] in ("rule", "terminal"):
            names.append(self.take())
        if not names:
            self.fail("expected names to declare")
        self.line()
        return Declare(tuple(names))

    def body(self, name: str, is_terminal: bool) -> tuple[Steps, int | None]:
        """What stands behind a colon, up to the end of its line; and where the first alias stands."""
        tokens = self.tokens
        steps: list[Step] = []
        add = steps.append
        group = _Group("", tokens[self.at][2])
        outer: list[_Group] = []
        alias: int | None = None
        again = False  # whether the last part may be repeated
        while True:
            kind, value, at = token = tokens[self.at]
            self.at += 1
            if kind in _PARTS:
                if kind == "text" and tokens[self.at][0] == "..":
                    token = self.range(token)
                elif kind == "rule":
                    if is_terminal:
                        self.fail(f"a rule cannot stand in a terminal, and {value!r} is one", at)
                    if tokens[self.at][0] == "{":
                        outer.append(group)
                        group = _Group("{", tokens[self.at][2], value, at)
                        self.at += 1
                        again = False
                        continue
                elif kind == "json" and is_terminal:
                    self.fail("%json stands in rules; a terminal is a regular language", at)
                add(token)
            elif kind in ("(", "["):
                if group.sign == "{":
                    self.fail(
                        f"an argument of {group.name!r} is one name, text or pattern; make a rule of it", at
                    )
                outer.append(group)
                group = _Group(kind, at)
                again = False
                continue
            elif kind in ("|", "&", "->", "line"):
                if group.sign == "{":
                    self.unclosed(group, at)
                if kind == "&" and not is_terminal:
                    self.fail("'&' is for terminals, whose names are in capitals; define and use one", at)
                if kind == "line":
                    if outer:
                        self.unclosed(group, at)
                    self.close(group, steps, at)
                    return tuple(steps), alias
                if kind == "->":
                    if is_terminal or outer:
                        self.fail("an alias is for a whole alternative of a rule, not for a part of it", at)
                    alias = at if alias is None else alias
                    self.expect("rule", "a name in small letters after '->'")
                    if tokens[self.at][0] not in ("|", "line"):
                        self.fail("expected '|' or the end of the line after the alias")
                    continue
                self.conjunct(group, steps, at, more=kind == "&")
                if kind == "|":
                    self.alternative(group, steps, at)
                again = False
                continue
            elif kind in (")", "]", "}"):
                if _CLOSING.get(group.sign) != kind:
                    self.fail(f"{kind!r} closes no group", at)
                inner, group = group, outer.pop()
                if kind == "}":
                    self.argument(inner, at)
                    add(("template", (inner.name, inner.alternatives), inner.begin))
                else:
                    self.close(inner, steps, at)
                    if kind == "]":
                        add(("repeat", (0, 1), at))
            elif kind == "," and group.sign == "{":
                self.argument(group, at)
                again = False
                continue
            elif kind == "~" and tokens[self.at][0] != "number":
                if not is_terminal:
                    self.fail("'~' is for terminals, whose names are in capitals; define and use one", at)
                group.complements += 1
                again = False
                continue
            elif kind in _MANY or kind == "~":
                if not again or group.sign == "{":
                    what = (
                        "parentheses around what is repeated twice" if group.parts else "something to repeat"
                    )
                    self.fail(f"expected {what} before this sign", at)
                add(("repeat", self.count(at) if kind == "~" else _MANY[kind], at))
                again = False
                continue
            else:
                self.wrong(kind, value, at, name)
            if group.complements:
                if group.complements & 1:
                    add(("not", None, at))
                group.complements = 0
            group.parts += 1
            again = True
            if group.sign == "{" and group.parts > 1:
                self.fail(f"expected ',' or '}}' after an argument of {group.name!r}", at)

    def range(self, first: Token) -> Step:
        self.at += 1
        return ("range", (first[1], self.expect("text", "a text after '..'")), first[2])

    def count(self, at: int) -> tuple[int, int]:
        """``n`` or ``n..m``."""
        first = last = self.take()[1]
        if self.accept(".."):
            last = self.expect("number", "a number after '..'")
        least, most = int(first), int(last)
        if not 0 <= least <= most <= _MOST_ROUNDS:
            shown = first if first == last else f"{first}..{last}"
            reason = (
                "is upside down" if 0 <= most < least else "is none: n or n..m, not negative, below 2**32 - 1"
            )
            self.fail(f"the count {shown} {reason}", at)
        return least, most

    def conjunct(self, group: _Group, steps: list[Step], at: int, *, more: bool) -> None:
        """What was read since the last "&" or "|" is complete."""
        if group.complements or (not group.parts and (more or group.conjuncts)):
            self.fail("expected a text, a pattern or a terminal before this", at)
        if group.parts != 1:
            steps.append(("sequence", group.parts, at))
        group.conjuncts += 1
        group.parts = 0

    def alternative(self, group: _Group, steps: list[Step], at: int) -> None:
        if group.conjuncts > 1:
            steps.append(("both", group.conjuncts, at))
        group.alternatives += 1
        group.conjuncts = 0

    def close(self, group: _Group, steps: list[Step], at: int) -> None:
        self.conjunct(group, steps, at, more=False)
        self.alternative(group, steps, at)
        if group.alternatives > 1:
            steps.append(("choice", group.alternatives, at))

    def argument(self, group: _Group, at: int) -> None:
        if group.parts != 1:
            self.fail(f"expected an argument of {group.name!r}: a name, a text or a pattern", at)
        group.alternatives += 1
        group.parts = 0

    def unclosed(self, group: _Group, at: int) -> NoReturn:
        place = place_in(self.text, group.position)
        self.fail(
            f"expected {_CLOSING[group.sign]!r} for the {group.sign!r} in line {place['line']}, column "
            f"{place['column']}; a line goes on only with '|' at its beginning",
            at,
        )

    def wrong(self, kind: str, value: str, at: int, name: str) -> NoReturn:
        """A token that stands nowhere behind a colon."""
        if kind == "wrong" and value in '"/':
            what = "text in quotes" if value == '"' else "pattern"
            self.fail(f"this {what} does not end; close it with {value!r}", at)
        if kind == ":":
            self.fail("a definition begins on a line of its own; expected no ':' here", at)
        within = f" in {name!r}" if name else ""
        self.fail(
            f"expected a name, a text, a pattern, a group, a sign of repetition, '|' or the end of the line"
            f"{within}",
            at,
        )

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, kind: str) -> bool:
        if self.tokens[self.at][0] != kind:
            return False
        self.at += 1
        return True

    def expect(self, kind: str, what: str) -> str:
        if self.tokens[self.at][0] != kind:
            self.fail(f"expected {what}")
        return self.take()[1]

    def name(self) -> str:
        if self.tokens[self.at][0] not in ("rule", "terminal"):
            self.fail("expected the name of a rule or terminal")
        return self.take()[1]

    def line(self) -> None:
        self.expect("line", "the end of the line")

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise GrammarSyntaxError, by default at the next token; it says what stands there."""
        if position is None:
            position = self.tokens[min(self.at, len(self.tokens) - 1)][2]
        found = self.text[position : position + 12].split("\n")[0].rstrip()
        shown = repr(found) if found else "the end of the line" if position < len(self.text) else "the end"
        fail(self.text, position, f"{message}, got {shown}")
