r"""What this library adds to Lark's notation, taken out of a grammar before lark's own loader reads it.

    call: "call(" %json {"type": "object"} ")"         a JSON text that satisfies the schema
    WORDS: %regex {"substring_words": "to be or not"}  some neighbouring words of a text, or none
    LINE: /[a-z ]+/ & ~(/.*/ "  " /.*/)                both, and anything but

A place of these becomes a name that lark is told to be declared, so that lines and columns stay the same.
A definition with ``&``, ``~`` or ``%regex``, or that needs a terminal so defined, is read by terminals.py.
Knows no rules and builds nothing.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, NoReturn

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError
from structgen.grammars.context_free import place_in

_TOKEN = re.compile(
    r"""(?P<space>[ \t]+ | \\[ ]*\n | //[^\n]* | \#[^\n]*)
    | (?P<line>\r?\n)
    | (?P<text>"(?:\\"|\\\\|[^"\n])*?"i?)
    | (?P<pattern>/(?!/)(?:\\/|\\\\|[^/])*?/[imslux]*)
    | (?P<word>%\w+)
    | (?P<terminal>_?[A-Z][_A-Z0-9]*)
    | (?P<name>[!?]*_?[a-z][_a-z0-9]*)
    | (?P<number>[+-]?\d+)
    | (?P<sign>->|\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)
_SOME = re.compile(r"&|%json\b|%regex\b|~\s*[^\s\d+-]")
_SUBSTRINGS = ("substring_chunks", "substring_words", "substring_chars")
# Each is a level of nesting to the engine of regular expressions.
_MOST_CHUNKS = 3000


class Token(NamedTuple):
    """``kind`` is a group of _TOKEN, "json" (with the schema's text) or "chunks" (with a list of texts)."""

    kind: str
    value: Any
    position: int
    end: int


@dataclass
class Extended:
    """``text`` is what lark reads; the rest is by the names of terminals that are only declared there."""

    text: str
    schemas: dict[str, Token] = field(default_factory=dict)
    definitions: dict[str, list[Token]] = field(default_factory=dict)
    positions: dict[str, int] = field(default_factory=dict)

    def shown(self, message: str) -> str:
        """A message of lark's in which places of ours are called what they are."""
        for name in [*self.schemas, *self.definitions]:
            if name.startswith(self._prefix):
                message = re.sub(rf"\b{name}\b", "%json" if name in self.schemas else "%regex", message)
        return message

    @property
    def _prefix(self) -> str:
        return next(iter([*self.schemas, *self.definitions]), "").partition("_")[0] + "_"


@functools.lru_cache(maxsize=16)
def extended(text: str) -> Extended:
    """Take the additions out of a grammar; one without any comes back as it is.

    Raises GrammarSyntaxError where one of them is misplaced or malformed.
    """
    if not _SOME.search(text):
        return Extended(text)
    return _Extension(text).run()


def fail(text: str, position: int, message: str) -> NoReturn:
    """Raise GrammarSyntaxError at a place of the text."""
    raise GrammarSyntaxError(message, **place_in(text, position))


def tokens_of(text: str) -> Iterator[Token]:
    """The tokens of a grammar in Lark's notation; what does not exist there comes as single signs."""
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None
        token = Token(match.lastgroup or "", match[0], at, match.end())
        if token.value in ("%json", "%regex"):
            token = _embedded(text, token)
        yield token
        at = token.end


def _embedded(text: str, head: Token) -> Token:
    """The whole of what begins with %json or %regex."""
    begin = head.end
    while begin < len(text) and text[begin].isspace():
        begin += 1
    if head.value == "%regex" and text.startswith("/", begin):
        match = _TOKEN.match(text, begin)
        if match is not None and match.lastgroup == "pattern":
            return Token("pattern", match[0], head.position, match.end())
    try:
        value, end = json.JSONDecoder().raw_decode(text, begin)
    except json.JSONDecodeError as error:
        fail(text, error.pos, f"{head.value} needs a JSON value, and this is malformed: {error.msg}")
    except RecursionError:
        raise ComplexityLimitExceeded(
            f"the value of {head.value} is nested too deeply; use $defs and $ref", limit="lark: nesting"
        ) from None
    if head.value == "%json":
        if not isinstance(value, dict | bool):
            fail(text, begin, "%json needs a JSON Schema: an object, true or false")
        return Token("json", text[begin:end], head.position, end)
    return Token("chunks", _chunks(text, begin, value), head.position, end)


def _chunks(text: str, position: int, value: Any) -> tuple[str, ...]:
    known = isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _SUBSTRINGS
    if not known:
        fail(text, position, f"%regex needs /a pattern/ or an object with one of {', '.join(_SUBSTRINGS)}")
    kind, given = next(iter(value.items()))
    if kind == "substring_chunks":
        if not isinstance(given, list) or not all(isinstance(chunk, str) for chunk in given):
            fail(text, position, "substring_chunks needs a list of texts")
        chunks = tuple(chunk for chunk in given if chunk)
    else:
        if not isinstance(given, str):
            fail(text, position, f"{kind} needs a text")
        chunks = tuple(given if kind == "substring_chars" else re.findall(r"\s+|\w+|[^\w\s]+", given))
    if len(chunks) > _MOST_CHUNKS:
        raise ComplexityLimitExceeded(
            f"{kind} has {len(chunks)} pieces, and {_MOST_CHUNKS} are possible; for a long text put "
            "sg.substring_of() beside the grammar in a composition",
            limit=f"{kind}: {_MOST_CHUNKS} pieces",
        )
    return chunks


class _Extension:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = list(tokens_of(text))
        self.result = Extended("")
        self.prefix = "J"
        while f"{self.prefix}_" in text:
            self.prefix += "J"
        self.count = 0

    def run(self) -> Extended:
        spans = self.terminal_definitions()
        taken = self.taken(spans)
        written: list[str] = []
        at = 0
        while at < len(self.tokens):
            token = self.tokens[at]
            if at in taken:
                name, last = taken[at]
                body = self.tokens[at + 1 : last]
                colon = next(i for i, part in enumerate(body) if part.value == ":")
                self.define(name, body[colon + 1 :], token.position)
                source = self.text[token.position : self.tokens[last - 1].end]
                written.append(f"%declare {name}" + "\n" * source.count("\n"))
                at = last
                continue
            written.append(self.replaced(token, at))
            at += 1
        names = [name for name in (*self.result.schemas, *self.result.definitions) if self.is_new(name)]
        self.result.text = "".join(written) + "".join(f"\n%declare {name}" for name in names)
        return self.result

    def is_new(self, name: str) -> bool:
        return name.startswith(f"{self.prefix}_")

    def define(self, name: str, body: list[Token], position: int) -> None:
        if name in self.result.definitions:
            fail(self.text, position, f"the terminal {name} is defined more than once")
        for token in body:
            if token.kind == "json":
                fail(self.text, token.position, "%json stands in rules; a terminal is a regular language")
        self.result.definitions[name] = [token for token in body if token.kind not in ("space", "line")]
        self.result.positions[name] = position

    def replaced(self, token: Token, at: int) -> str:
        """What lark is shown of a token outside of the definitions that are read here."""
        source = self.text[token.position : token.end]
        embedded = token.kind in ("json", "chunks") or source.startswith("%regex")
        if not embedded:
            if token.value == "&" or (token.value == "~" and self.negates(at)):
                fail(
                    self.text,
                    token.position,
                    f"{token.value!r} is for terminals, whose names are in capitals; define and use one",
                )
            return source
        name = f"{self.prefix}_{self.count}"
        self.count += 1
        if token.kind == "json":
            self.result.schemas[name] = token
            self.result.positions[name] = token.position
        else:
            self.define(name, [token], token.position)
        first, *others = source.split("\n")
        if not others:
            return name.ljust(len(source))
        # Lark goes on behind a backslash at the end of a line.
        return name.ljust(len(first) - 1) + "\\\n" * len(others) + " " * len(others[-1])

    def negates(self, at: int) -> bool:
        """Whether ``~`` is not followed by a count."""
        following = self.following(at + 1, "space")
        return following is None or following.kind != "number"

    def following(self, at: int, *skipped: str) -> Token | None:
        """The first token from there on that is of no such kind."""
        while at < len(self.tokens) and self.tokens[at].kind in skipped:
            at += 1
        return self.tokens[at] if at < len(self.tokens) else None

    def terminal_definitions(self) -> dict[int, tuple[str, int]]:
        """Where terminals are defined, by the index of the first token: the name, and the index behind."""
        found: dict[int, tuple[str, int]] = {}
        fresh = True  # nothing but space since the line began
        for at, token in enumerate(self.tokens):
            if token.kind == "terminal" and fresh:
                head = [part for part in self.tokens[at + 1 : at + 8] if part.kind != "space"][:3]
                shape = [part.value if part.kind == "sign" else part.kind for part in head]
                if shape[:1] == [":"] or shape == [".", "number", ":"]:
                    found[at] = (token.value, self.behind(at))
            fresh = token.kind == "line" or (fresh and token.kind == "space")
        return found

    def behind(self, at: int) -> int:
        """The index of the line end that ends the definition: no alternative begins the next line."""
        for i in range(at, len(self.tokens)):
            if self.tokens[i].kind == "line":
                following = self.following(i, "space", "line")
                if following is None or following.value != "|":
                    return i
        return len(self.tokens)

    def taken(self, spans: dict[int, tuple[str, int]]) -> dict[int, tuple[str, int]]:
        """Those of the definitions that lark could not read, or that need one that it could not."""
        mentioned: dict[int, set[str]] = {}
        ours: set[int] = set()
        for at, (_, last) in spans.items():
            mentioned[at] = {t.value for t in self.tokens[at + 1 : last] if t.kind == "terminal"}
            for i in range(at + 1, last):
                token = self.tokens[i]
                added = token.kind in ("json", "chunks") or token.value == "&"
                added = added or self.text.startswith("%regex", token.position)
                if added or (token.value == "~" and self.negates(i)):
                    ours.add(at)
        names = {spans[at][0] for at in ours}
        while True:
            more = {at for at in spans if at not in ours and mentioned[at] & names}
            if not more:
                return {at: spans[at] for at in sorted(ours)}
            ours |= more
            names |= {spans[at][0] for at in more}
