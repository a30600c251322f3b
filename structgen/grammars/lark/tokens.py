r"""The tokens of Lark's notation, made by one compiled expression, and a reader's place among them.

A token is (kind, source, position).  Signs and ``%ignore`` and its like are kinds of their own, and so is the
``|`` that begins a line.  ``%json`` and ``%regex`` come with what stands behind them (embedded.py).  Knows
nothing of how tokens follow one another.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from structgen.errors import GrammarSyntaxError
from structgen.grammars.context_free import place_in
from structgen.grammars.lark.embedded import embedded

Token = tuple[str, Any, int]

# Ordered as lark orders its tokens where two could begin alike: a comment takes the lines before it, an end
# of line the blank before what follows.  Else the frequent ones come first.  Something always matches, so
# nothing is tried twice.
_TOKEN = re.compile(
    r"""[ \t]*(?:
      (?P<rule>_?[a-z][_a-z0-9]*)
    | (?P<text>"[^"\\\n]*(?:\\.[^"\\\n]*)*"i?)
    | (?P<sign>[,:|()\[\]{}*~&]|\.\.?|\+(?!\d)|->|\?(?![a-z_])|%(?:ignore|import|override|extend|declare))
    | (?P<terminal>_?[A-Z][_A-Z0-9]*)
    | (?P<comment>\s*(?://|\#)[^\n]*|\\[ ]*\n)
    | (?P<line>(?:\r?\n)+\s*\|?)
    | (?P<pattern>/(?!/)[^/\\]*(?:\\[\s\S][^/\\]*)*/[imslux]*)
    | (?P<number>[+-]?\d+)
    | (?P<modifiers>(?:!\??|\?!?)(?=[_a-z]))
    | (?P<embedded>%(?:json|regex)\b)
    | (?P<end>\Z)
    | (?P<wrong>[\s\S]))""",
    re.VERBOSE,
)


class Tokens:
    """The tokens of a text, of which the next is ``all[at]``; the last is "end", "wrong" only before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.all = _tokens(text)
        self.at = 0

    @property
    def kind(self) -> str:
        """What the next token is."""
        return self.all[self.at][0]

    def take(self) -> Token:
        """The next token, which is read now."""
        token = self.all[self.at]
        self.at += 1
        return token

    def accept(self, kind: str) -> bool:
        """Whether the next token is of this kind; then it is read."""
        if self.all[self.at][0] != kind:
            return False
        self.at += 1
        return True

    def expect(self, what: str, *kinds: str) -> str:
        """The source of the next token, which must be of one of the kinds; ``what`` says so to people."""
        if self.kind not in kinds:
            self.fail(f"expected {what}")
        source: str = self.take()[1]
        return source

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise GrammarSyntaxError, by default at the next token; it says what stands there."""
        if position is None:
            position = self.all[self.at][2]
        found = self.text[position : position + 12].split("\n")[0].rstrip()
        shown = repr(found) if found else "the end of the line" if position < len(self.text) else "the end"
        raise GrammarSyntaxError(f"{message}, got {shown}", **place_in(self.text, position))


def _tokens(text: str) -> list[Token]:
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
