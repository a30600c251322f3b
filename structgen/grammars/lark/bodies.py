r"""What stands behind the colon of a rule or terminal, as steps in reverse Polish order.

    "x" [B] ("y" | c{B})~2..3   is   "x"  B  repeat 0 1  "y"  B  c{1}  choice 2  repeat 2 3  sequence 3

Parts come first, then what joins them, so that readers need only a stack (the shunting-yard algorithm,
Dijkstra 1961).  ``~`` binds tightest, then repetition, sequence, ``&`` and ``|``.  Open groups lie on a stack
of our own: nesting is bounded by memory only.  Knows nothing of what names mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from structgen.grammars.context_free import place_in
from structgen.grammars.lark.tokens import Token, Tokens

# A step is (what, value, where it stands).  Parts: "rule", "terminal", "text", "pattern" with their source,
# "range" with two texts, "json" with a schema's source, "chunks" with a tuple.  Joins of what came before:
# "sequence", "choice" and "both" with a number of parts, "repeat" with (least, most), "not",
# "template" with (name, number of arguments).
Step = tuple[str, Any, int]
Steps = tuple[Step, ...]

_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_PARTS = frozenset(["rule", "terminal", "text", "pattern", "json", "chunks"])
_PARTS_OF_TERMINALS = _PARTS - {"rule", "json"}
_GOES_ON = frozenset(["{", ".."])  # with these a part is longer than its token
_MOST_ROUNDS = 2**32 - 2


def body_of(tokens: Tokens, name: str, is_terminal: bool) -> tuple[Steps, int | None]:
    """Read up to the end of the line; returns the steps, and where the first alias stands.

    GrammarSyntaxError says what is wrong.
    """
    return _Body(tokens, name, is_terminal).read()


@dataclass(slots=True)
class _Group:
    """An open group, or the whole body (""); the numbers count what is finished and not yet joined."""

    sign: str
    position: int
    name: str = ""  # of the template whose arguments these are, and where it stands
    begin: int = 0
    alternatives: int = 0
    conjuncts: int = 0
    parts: int = 0
    complements: int = 0  # of the next part


class _Body:
    def __init__(self, tokens: Tokens, name: str, is_terminal: bool) -> None:
        self.tokens = tokens
        self.name = name
        self.is_terminal = is_terminal
        self.steps: list[Step] = []
        self.group = _Group("", 0)
        self.outer: list[_Group] = []
        self.alias: int | None = None
        self.again = False  # whether the last part may be repeated

    def read(self) -> tuple[Steps, int | None]:
        tokens, every, steps = self.tokens, self.tokens.all, self.steps
        plain = _PARTS_OF_TERMINALS if self.is_terminal else _PARTS
        while True:
            token = every[tokens.at]
            tokens.at += 1
            kind, _, at = token
            group = self.group
            if (
                kind in plain
                and every[tokens.at][0] not in _GOES_ON
                and group.sign != "{"
                and not group.complements
            ):  # most tokens are such; part() would do the same
                steps.append(token)
                group.parts += 1
                self.again = True
            elif kind in _PARTS:
                self.part(token)
            elif kind in _CLOSING:
                self.open(kind, at)
            elif kind in (")", "]", "}"):
                self.close(kind, at)
            elif kind in _MANY or (kind == "~" and tokens.kind == "number"):
                self.repeat(kind, at)
            elif kind in ("|", "&"):
                self.separate(kind, at)
            elif kind == "," and self.group.sign == "{":
                self.argument(at)
                self.again = False
            elif kind == "line":
                if self.outer:
                    self.unclosed(at)
                self.join(at)
                return tuple(self.steps), self.alias
            elif kind == "->":
                self.name_alternative(at)
            elif kind == "~":
                if not self.is_terminal:
                    self.only_in_terminals(kind, at)
                self.group.complements += 1
                self.again = False
            else:
                self.wrong(token)

    def part(self, token: Token) -> None:
        """A name, a literal, or the name of a template, whose arguments are a group."""
        kind, value, at = token
        following = self.tokens.kind
        if kind == "rule":
            if self.is_terminal:
                self.tokens.fail(f"a rule cannot stand in a terminal, and {value!r} is one", at)
            if following == "{":
                self.outer.append(self.group)
                self.group = _Group("{", self.tokens.take()[2], value, at)
                self.again = False
                return
        elif kind == "text" and following == "..":
            self.tokens.at += 1
            token = ("range", (value, self.tokens.expect("a text after '..'", "text")), at)
        elif kind == "json" and self.is_terminal:
            self.tokens.fail("%json stands in rules; a terminal is a regular language", at)
        self.steps.append(token)
        self.complete(at)

    def complete(self, at: int) -> None:
        """A part of the group is complete."""
        group = self.group
        if group.complements:
            if group.complements & 1:
                self.steps.append(("not", None, at))
            group.complements = 0
        group.parts += 1
        self.again = True
        if group.sign == "{" and group.parts > 1:
            self.tokens.fail(f"expected ',' or '}}' after an argument of {group.name!r}", at)

    def open(self, sign: str, at: int) -> None:
        if sign == "{":
            self.tokens.fail("expected a template's name, in small letters, before '{'", at)
        if self.group.sign == "{":
            self.tokens.fail(
                f"an argument of {self.group.name!r} is one name, text or pattern; make a rule of it", at
            )
        self.outer.append(self.group)
        self.group = _Group(sign, at)
        self.again = False

    def close(self, sign: str, at: int) -> None:
        if _CLOSING.get(self.group.sign) != sign:
            self.tokens.fail(f"{sign!r} closes no group", at)
        if sign == "}":
            self.argument(at)
        else:
            self.join(at)
        inner, self.group = self.group, self.outer.pop()
        if sign == "}":
            self.steps.append(("template", (inner.name, inner.alternatives), inner.begin))
        elif sign == "]":
            self.steps.append(("repeat", (0, 1), at))
        self.complete(at)

    def argument(self, at: int) -> None:
        """An argument of a template is complete."""
        if self.group.parts != 1:
            self.tokens.fail(f"expected an argument of {self.group.name!r}: a name, a text or a pattern", at)
        self.group.alternatives += 1
        self.group.parts = 0

    def separate(self, sign: str, at: int) -> None:
        """What was read since the last "|" or "&" is complete."""
        if self.group.sign == "{":
            self.unclosed(at)
        if sign == "&" and not self.is_terminal:
            self.only_in_terminals(sign, at)
        self.conjunct(at, more=sign == "&")
        if sign == "|":
            self.alternative(at)
        self.again = False

    def conjunct(self, at: int, *, more: bool) -> None:
        group = self.group
        if group.complements or (not group.parts and (more or group.conjuncts)):
            self.tokens.fail("expected a text, a pattern or a terminal before this", at)
        if group.parts != 1:
            self.steps.append(("sequence", group.parts, at))
        group.conjuncts += 1
        group.parts = 0

    def alternative(self, at: int) -> None:
        if self.group.conjuncts > 1:
            self.steps.append(("both", self.group.conjuncts, at))
        self.group.alternatives += 1
        self.group.conjuncts = 0

    def join(self, at: int) -> None:
        """The group is complete."""
        self.conjunct(at, more=False)
        self.alternative(at)
        if self.group.alternatives > 1:
            self.steps.append(("choice", self.group.alternatives, at))

    def repeat(self, sign: str, at: int) -> None:
        if not self.again or self.group.sign == "{":
            what = "parentheses around what is repeated twice" if self.group.parts else "something to repeat"
            self.tokens.fail(f"expected {what} before this sign", at)
        self.steps.append(("repeat", self.count(at) if sign == "~" else _MANY[sign], at))
        self.again = False

    def count(self, at: int) -> tuple[int, int]:
        """``n`` or ``n..m``."""
        first = last = self.tokens.take()[1]
        if self.tokens.accept(".."):
            last = self.tokens.expect("a number after '..'", "number")
        least, most = int(first), int(last)
        if not 0 <= least <= most <= _MOST_ROUNDS:
            shown = first if first == last else f"{first}..{last}"
            none = "is none: n or n..m, not negative, below 2**32 - 1"
            self.tokens.fail(f"the count {shown} {'is upside down' if 0 <= most < least else none}", at)
        return least, most

    def name_alternative(self, at: int) -> None:
        """An alias: it names a branch of lark's parse trees, and says nothing of texts."""
        if self.is_terminal or self.outer:
            self.tokens.fail("an alias is for a whole alternative of a rule, not for a part of it", at)
        self.alias = at if self.alias is None else self.alias
        self.tokens.expect("a name in small letters after '->'", "rule")
        if self.tokens.kind not in ("|", "line"):
            self.tokens.fail("expected '|' or the end of the line after the alias")

    def unclosed(self, at: int) -> NoReturn:
        sign, place = self.group.sign, place_in(self.tokens.text, self.group.position)
        where = f"line {place['line']}, column {place['column']}"
        self.tokens.fail(
            f"expected {_CLOSING[sign]!r} for the {sign!r} in {where}; a line goes on only with '|' at its "
            "beginning",
            at,
        )

    def only_in_terminals(self, sign: str, at: int) -> NoReturn:
        self.tokens.fail(f"{sign!r} is for terminals, whose names are in capitals; define and use one", at)

    def wrong(self, token: Token) -> NoReturn:
        """A token that stands nowhere behind a colon."""
        kind, value, at = token
        if kind == "wrong" and value in '"/':
            what = "text in quotes" if value == '"' else "pattern"
            self.tokens.fail(f"this {what} does not end; close it with {value!r}", at)
        if kind == ":":
            self.tokens.fail("a definition begins on a line of its own; expected no ':' here", at)
        if value == "'":
            self.tokens.fail('expected double quotes, as in "a text"', at)
        if value == "-":
            self.tokens.fail("expected a class of characters inside of a pattern, as in /[a-z]/", at)
        self.tokens.fail(
            "expected a name, a text, a pattern, a group, a sign of repetition, '|' or the end of the line"
            + (f" in {self.name!r}" if self.name else ""),
            at,
        )
