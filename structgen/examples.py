"""Small, varied, valid outputs of a grammar: a seeded walk on its own automaton.

Every step takes a byte that keeps the output completable, so whatever is chosen ends in something valid;
choices only aim at what people like to read: words, round numbers, constants and examples the schema itself
names, optional members present or absent, short lists.  After a bounded number of steps the shortest
completion ends the walk, and where the walk runs out of work the shortest valid output is the example.

Knows no tokenizer and no model.
"""

from __future__ import annotations

import json
import random
from typing import Any

from structgen.byte_walk import END, TERMINATORS, JsonPosition, byte_vocabulary
from structgen.constraint import Constraint, as_grammar, compile
from structgen.errors import ComplexityLimitExceeded, InvalidRequest
from structgen.grammars.choice import Choice
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema, json_schema
from structgen.grammars.json_schema.places import Places
from structgen.matcher import Matcher

MAX_STEPS = 400  # decisions in one example
MAX_NESTING = 3  # objects and arrays deeper than this are kept as small as possible
MAX_CONSTANT = 400  # characters of a constant or example worth trying

_WORDS = (
    "amber birch blue cedar clear cloud coral delta early east field green harbor hazel hill island "
    "jade lake late leaf light lime maple meadow mint morning north oak ocean olive orange pearl pine "
    "plain quiet rain red river rose sand silver sky small snow south spring star stone summer sun "
    "tall tide violet warm water west white wild wind winter yellow"
).split()
# Tried where a schema names the format, and taken where the automaton allows them.
_OF_FORMAT = {
    "date": ("2024-02-29", "2025-11-03", "1999-12-31"),
    "date-time": ("2024-02-29T08:30:00Z", "2025-11-03T17:05:12+01:00"),
    "time": ("08:30:00Z", "17:05:12+01:00"),
    "duration": ("PT15M", "P3D", "P1Y2M"),
    "email": ("ada@example.org", "rose.lake@example.com", "info@example.net"),
    "hostname": ("example.org", "mail.example.com"),
    "ipv4": ("192.0.2.7", "198.51.100.23"),
    "ipv6": ("2001:db8::1", "::1"),
    "uri": ("https://example.org/cedar", "mailto:ada@example.org"),
    "uri-reference": ("/cedar/hill", "https://example.org/lake"),
    "uuid": ("6f1c3a52-9b1d-4a57-8c3e-2f60b7d4e918", "0d9a4c1e-5b7f-4f2a-9c66-31e8a7b205fd"),
}
_READABLE = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")


def example(what: Any, *, seed: int = 0, as_text: bool = False, **options: Any) -> Any:
    """Return a small valid output of a grammar: another one for another ``seed``.

    ``what`` is what :func:`compile` takes: a schema, a Grammar, a list of choices or a
    type; ``options`` are those of :func:`json_schema` when it is a schema or a type.
    The result is the JSON value (for expressions and choices the text), or with
    ``as_text=True`` the text, compact unless ``whitespace`` says otherwise.

    Raises what :func:`compile` raises, and never fails when that does not.  The work
    is bounded: a few hundred decisions, then the shortest completion.

    >>> import structgen as sg
    >>> port = {"type": "object", "properties": {"host": {"type": "string"}, "port": {"enum": [80, 443]}}}
    >>> value = sg.example(port, seed=2)
    >>> value.get("port") in (None, 80, 443)
    True
    >>> sg.example(sg.regex("[ab]{3}"), seed=1) in ("aaa", "aab", "aba", "abb", "baa", "bab", "bba", "bbb")
    True
    """
    grammar = grammar_of(what, {"whitespace": "compact"}, options)
    text = example_text(compile(grammar, byte_vocabulary()), seed)
    return text if as_text else grammar.parse(text)


def grammar_of(what: Any, defaults: dict[str, Any], options: dict[str, Any]) -> Grammar:
    """Return ``what`` as a grammar, built with ``options`` over ``defaults`` where it is a schema or type.

    Raises InvalidRequest for options beside a finished grammar, or options nobody knows.
    """
    if isinstance(what, Constraint):
        what = what.grammar
    finished = isinstance(what, Grammar)
    if not finished and not isinstance(what, dict | bool | str | bytes):
        what = as_grammar(what)
        finished = not isinstance(what, JsonSchema)
        if not finished:
            what = what.schema
    if finished:
        if options:
            raise InvalidRequest(
                f"{sorted(options)[0]} is an option of a schema; {what!r} is finished already"
            )
        assert isinstance(what, Grammar)
        return what
    try:
        return json_schema(what, **{**defaults, **options})
    except TypeError as error:
        raise InvalidRequest(f"{error}; the options are those of structgen.json_schema") from None


def example_text(constraint: Constraint, seed: int) -> str:
    """Return the text of an example of a constraint over :func:`byte_vocabulary`."""
    rng = random.Random(seed)
    grammar = constraint.grammar
    if isinstance(grammar, Choice):
        return rng.choice(grammar.options)
    matcher = constraint.matcher()
    try:
        if isinstance(grammar, JsonSchema):
            return _JsonWalk(matcher, rng, grammar).run().decode()
        return _plain_walk(matcher, rng).decode()
    except ComplexityLimitExceeded:
        # A state no completion was known for in time; that of the empty output always is.
        return constraint.example()


def _plain_walk(matcher: Matcher, rng: random.Random) -> bytes:
    """A text of a regular expression: readable characters first, ending now and then where it may."""
    text = bytearray()
    for _ in range(MAX_STEPS):
        allowed = _allowed(matcher)
        if matcher.can_stop and (not allowed or rng.random() < 0.3):
            return bytes(text)
        byte = _readable(rng, allowed)
        matcher.advance(byte)
        text.append(byte)
    return bytes(text) + matcher.completion_text()


def _allowed(matcher: Matcher) -> list[int]:
    return [token for token in matcher.allowed_tokens() if token != END]


def _readable(rng: random.Random, allowed: list[int]) -> int:
    """Choose among bytes: letters and digits before signs, signs before anything else."""
    best = [byte for byte in allowed if byte in _READABLE]
    if best and rng.random() < 0.9:
        return rng.choice(best)
    plain = [byte for byte in allowed if 32 <= byte < 127 and byte not in b'\\"']
    return rng.choice(plain or best or allowed)


class _JsonWalk:
    """One walk through a JSON automaton."""

    def __init__(self, matcher: Matcher, rng: random.Random, grammar: JsonSchema) -> None:
        self.matcher = matcher
        self.rng = rng
        self.places = Places(grammar)
        self.position = JsonPosition()
        self.text = bytearray()

    def run(self) -> bytes:
        for _ in range(MAX_STEPS):
            if self._step():
                return bytes(self.text)
        return bytes(self.text) + self.matcher.completion_text()

    # --- Moves.

    def _accepts(self, text: str, *, ends: bool = False) -> bool:
        """Whether ``text`` may follow; with ``ends``, as a number that may end there."""
        data = _bytes(text)
        if data is None:
            return False
        branch = self.matcher.fork()
        if branch.try_advance(list(data)) < len(data):
            return False
        return not ends or branch.can_stop or not TERMINATORS.isdisjoint(branch.allowed_tokens())

    def _push(self, text: str | bytes) -> None:
        data = text.encode() if isinstance(text, str) else text
        accepted = self.matcher.try_advance(list(data))
        self.text += data[:accepted]
        self.position.feed(data[:accepted])

    def _try(self, text: str, *, ends: bool = False) -> bool:
        accepted = self._accepts(text, ends=ends)
        if accepted:
            self._push(text)
        return accepted

    def _chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    # --- One decision; True when the output is complete.

    def _step(self) -> bool:
        state = self.position.state
        allowed = _allowed(self.matcher)
        if state == "value":
            self._value(allowed)
        elif state == "key":
            self._key(allowed)
        elif state in ("string", "name"):
            self._string(allowed)
        elif state == "number" and TERMINATORS.isdisjoint(allowed) and not self.matcher.can_stop:
            self._push(bytes([_readable(self.rng, allowed)]))
        elif not self.position.stack and self.matcher.can_stop:
            return True
        else:
            self._after(allowed)
        return False

    def _value(self, allowed: list[int]) -> None:
        depth = len(self.position.stack)
        if ord("]") in allowed and self._chance(0.25 if depth <= MAX_NESTING else 0.9):
            self._push("]")
            return
        if self._constant():
            return
        starts: dict[str, list[int]] = {}
        for byte in allowed:
            kind = chr(byte) if byte in b'{["tfn' else "0" if byte in b"-0123456789" else ""
            if kind:
                starts.setdefault(kind, []).append(byte)
        if not starts:  # whitespace only
            self._push(bytes([allowed[0]]))
            return
        if depth >= MAX_NESTING and len(starts) > 1:
            # Deep inside, what can be short: nothing that opens something else, where there is a choice.
            starts = {kind: bytes_ for kind, bytes_ in starts.items() if kind not in "{["} or starts
        kind = self.rng.choice(sorted(starts))
        if kind == "0":
            self._number(starts[kind])
        else:
            self._push(bytes([starts[kind][0]]))

    def _constant(self) -> bool:
        """Write a value that the schema names here, if one is allowed: a constant, an example, a default."""
        named: list[Any] = []
        for schema in self.places.at(self.position.path()):
            for keyword in ("enum", "examples"):
                values = schema.get(keyword)
                if values.__class__ is list and (keyword == "enum" or self._chance(0.5)):
                    named += self.rng.sample(values, min(len(values), 20))
            named += _OF_FORMAT.get(str(schema.get("format")), ())
            for keyword in ("const", "default"):
                if keyword in schema and (keyword == "const" or self._chance(0.3)):
                    named.append(schema[keyword])
        for value in self.rng.sample(named, min(len(named), 8)):
            try:
                text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
            except (RecursionError, ValueError):
                continue
            if len(text) <= MAX_CONSTANT and self._try(text, ends=True):
                return True
        return False

    def _number(self, allowed: list[int]) -> None:
        low = self.rng.randrange
        tries = [str(low(10)), str(low(100)), str(low(1000)), f"{low(100)}.{low(1, 10)}", str(-low(1, 50))]
        self.rng.shuffle(tries)
        for text in [*tries, str(low(1000, 100_000)), f"0.{low(1, 10)}"]:
            if self._try(text, ends=True):
                return
        # A digit at a time; a zero in front allows little else.
        digits = [byte for byte in allowed if byte != ord("0")] or allowed
        self._push(bytes([self.rng.choice(digits)]))
        for _ in range(4):
            following = [byte for byte in _allowed(self.matcher) if byte in b"0123456789"]
            if not following or self._ended(0.4):
                break
            self._push(bytes([self.rng.choice(following)]))
        self._finish("number")

    def _ended(self, probability: float) -> bool:
        may_end = self.matcher.can_stop or not TERMINATORS.isdisjoint(_allowed(self.matcher))
        return may_end and self._chance(probability)

    def _finish(self, state: str) -> None:
        """Follow the shortest completion until what is being read is over, or could be."""
        for byte in self.matcher.completion_text():
            over = byte in b" \t\n\r,]}" if state == "number" else self.position.state != state
            if over:
                return
            self._push(bytes([byte]))

    def _string(self, allowed: list[int]) -> None:
        state = self.position.state
        word = self.rng.choice
        fresh = len(self.position.token) == 1
        phrases = [word(_WORDS), word(_WORDS).capitalize(), f"{word(_WORDS)} {word(_WORDS)}"]
        if state == "name":
            phrases = [word(_WORDS)]
        if fresh:
            for phrase in [*phrases, word(_WORDS)]:
                if self._try(phrase + '"'):
                    return
        if ord('"') in allowed and (not fresh or state == "string") and self._chance(0.4):
            self._push('"')
        elif len(self.position.token) > 40:
            self._finish(state)
        elif not (self._chance(0.8) and (self._try(" " + word(_WORDS)) or self._try(word(_WORDS)))):
            self._push(bytes([_readable(self.rng, [byte for byte in allowed if byte != 34] or allowed)]))

    def _key(self, allowed: list[int]) -> None:
        """Choose the next member, or end the object."""
        may_close = ord("}") in allowed
        names = [name for name in self._names() if self._accepts(name)]
        chosen = next((name for name in names if self._chance(0.65)), None)
        deep = len(self.position.stack) > MAX_NESTING
        # Where nothing is declared, an object of any members is worth one now and then.
        made_up = not names and len(self.position.stack) == 1 and self._chance(0.5)
        if may_close and (deep or chosen is None) and not made_up:
            self._push("}")
            return
        if chosen is None and names:
            chosen = names[-1]
        if chosen is not None:
            self._push(chosen)
        else:
            self._push(b'"' if ord('"') in allowed else bytes([allowed[0]]))

    def _names(self) -> list[str]:
        """The names that are declared for the object being read, as JSON texts, in order."""
        names: dict[str, None] = {}
        for schema in self.places.at(self.position.path()):
            for keyword in ("properties", "dependentRequired"):
                if schema.get(keyword).__class__ is dict:
                    names.update(dict.fromkeys(schema[keyword]))
            if schema.get("required").__class__ is list:
                names.update(dict.fromkeys(name for name in schema["required"] if isinstance(name, str)))
        used = self.position.stack[-1].keys if self.position.stack else set()
        return [json.dumps(name, ensure_ascii=False) for name in list(names)[:200] if name not in used]

    def _after(self, allowed: list[int]) -> None:
        """After a value, or before a colon: go on or close."""
        if self.position.state == "number" and self._ended(1.0) and not self.position.stack:
            return
        signs = [byte for byte in allowed if byte in b",]}:"]
        if not signs:
            self._push(bytes([allowed[0]]))
            return
        closing = [byte for byte in signs if byte != ord(",")]
        if ord(",") not in signs or (closing and not self._goes_on()):
            self._push(bytes([closing[0]]))
        else:
            self._push(",")

    def _goes_on(self) -> bool:
        top = self.position.stack[-1]
        if not top.is_object:
            return self._chance(0.5 if top.index < 3 and len(self.position.stack) <= MAX_NESTING else 0.05)
        # A member is only worth a comma where a declared one may come; the others were made up.
        if len(self.position.stack) > MAX_NESTING or not self._chance(0.8):
            return False
        branch = self.matcher.fork()
        if branch.try_advance([ord(",")]) == 0:
            return False
        saved, self.matcher = self.matcher, branch
        try:
            self.position.state, state = "key", self.position.state
            names = self._names()
            self.position.state = state
            return any(self._accepts(name) for name in names)
        finally:
            self.matcher = saved


def _bytes(text: str) -> bytes | None:
    try:
        return text.encode()
    except UnicodeEncodeError:  # a lone surrogate is never part of an output
        return None
