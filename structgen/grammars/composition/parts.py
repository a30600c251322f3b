"""Sequences, alternatives and repetitions of grammars.

``sequence`` and ``one_of`` are flat: nested ones of the same kind are taken apart, so grammars written
differently compare equal where they are the same list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.choice import Choice
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema, json_schema

from .composer import Composer, Piece

MAX_REPETITIONS = 0xFFFF_FFFE
_SHOWN = 8


class Composition(Grammar):
    """A grammar made of others.  Immutable; the value of an output is its text."""

    __slots__ = ()

    def lower(self, store: Any, report: Any = None) -> int:
        """Compositions are built by a Composer; see :meth:`compose`."""
        raise GrammarError("a composition is lowered by compile(), which knows the special tokens")

    def parse(self, text: str) -> Any:
        """Return the text itself."""
        return text


class Sequence(Composition):
    """One grammar after the other; made by :func:`sequence`."""

    __slots__ = ("parts",)

    parts: tuple[Grammar, ...]

    def __init__(self, parts: tuple[Grammar, ...]) -> None:
        self.parts = parts

    def compose(self, composer: Composer) -> Piece:
        """Build the parts in order."""
        return composer.sequence(part.compose(composer) for part in self.parts)

    def identity(self) -> Any:
        """The parts in order."""
        return self.parts

    def __repr__(self) -> str:
        return f"sequence({_listed(self.parts)})"


class OneOf(Composition):
    """One of several grammars; made by :func:`one_of` or ``|``."""

    __slots__ = ("parts",)

    parts: tuple[Grammar, ...]

    def __init__(self, parts: tuple[Grammar, ...]) -> None:
        self.parts = parts

    def compose(self, composer: Composer) -> Piece:
        """Build all of them."""
        return composer.any([part.compose(composer) for part in self.parts])

    def identity(self) -> Any:
        """The alternatives, in any order."""
        return frozenset(self.parts)

    def __repr__(self) -> str:
        return f"one_of({_listed(self.parts)})"


class Repeat(Composition):
    """A grammar several times; made by :func:`repeat` or :func:`optional`."""

    __slots__ = ("least", "most", "part")

    part: Grammar
    least: int
    most: int | None

    def __init__(self, part: Grammar, least: int, most: int | None) -> None:
        self.part = part
        self.least = least
        self.most = most

    def compose(self, composer: Composer) -> Piece:
        """Build the part once; the count is not unrolled."""
        return composer.repeat(self.part.compose(composer), self.least, self.most)

    def identity(self) -> Any:
        """The part and the bounds."""
        return (self.part, self.least, self.most)

    def __repr__(self) -> str:
        if (self.least, self.most) == (0, 1):
            return f"optional({_shown(self.part)})"
        return f"repeat({_shown(self.part)}, {self.least}, {self.most})"


def sequence(*parts: Any) -> Grammar:
    """Allow the parts one after the other.

    A part is a Grammar, a ``str`` (exactly this text), a JSON Schema as a dict, or a Python type (a JSON
    value of it).  Raises GrammarError for anything else.

    >>> from structgen.grammars.regex import regex
    >>> sequence("#", regex("[0-9a-f]{6}"))
    sequence('#', regex('[0-9a-f]{6}'))
    """
    flat: list[Grammar] = []
    for part in map(as_part, parts):
        flat += part.parts if isinstance(part, Sequence) else [part]
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def one_of(*parts: Any) -> Grammar:
    """Allow what any of the parts allows; what a part may be says :func:`sequence`.

    >>> one_of("yes", "no", {"type": "null"})
    one_of('yes', 'no', json_schema({"type": "null"}))
    """
    if not parts:
        raise GrammarError("one_of needs at least one alternative")
    flat: list[Grammar] = []
    for part in map(as_part, parts):
        for one in part.parts if isinstance(part, OneOf) else [part]:
            if one not in flat:
                flat.append(one)
    return flat[0] if len(flat) == 1 else OneOf(tuple(flat))


def repeat(part: Any, min: int = 0, max: int | None = None) -> Grammar:
    """Allow ``part`` at least ``min`` times and at most ``max`` times (None: no bound).

    Bounds cost nothing: they are counted, not unrolled.  Raises GrammarError for bounds out of order.

    >>> repeat("ab", 1, 3)
    repeat('ab', 1, 3)
    """
    for name, bound in (("min", min), ("max", max)):
        if bound is None and name == "max":
            continue
        if isinstance(bound, bool) or not isinstance(bound, int) or not 0 <= bound <= MAX_REPETITIONS:
            raise GrammarError(
                f"repeat: {name} must be an integer from 0 to {MAX_REPETITIONS}, got {bound!r}"
            )
    if max is not None and max < min:
        raise GrammarError(f"repeat: max={max} is less than min={min}; nothing could be allowed")
    grammar = as_part(part)
    return grammar if (min, max) == (1, 1) else Repeat(grammar, min, max)


def optional(part: Any) -> Grammar:
    """Allow ``part`` or nothing.

    >>> optional("!")
    optional('!')
    """
    return repeat(part, 0, 1)


def json(**options: Any) -> JsonSchema:
    """Allow any JSON value; ``options`` are those of ``json_schema``.

    >>> json(whitespace="compact")
    json_schema(True, whitespace='compact')
    """
    return json_schema(True, **options)


def as_part(what: Any) -> Grammar:
    """Read a part of a composition; see :func:`sequence`."""
    if isinstance(what, Grammar):
        return what
    if isinstance(what, str):
        return Choice((what,))
    if isinstance(what, Mapping | bool):
        return json_schema(what)
    if isinstance(what, bytes | bytearray):
        raise GrammarError(
            f"a part of a composition is text, got the bytes {bytes(what)[:40]!r}; decode them"
        )
    from structgen.grammars.types import type_spec

    return json_schema(type_spec(what).schema)


def _shown(part: Grammar) -> str:
    if isinstance(part, Choice) and len(part.options) == 1:
        text = repr(part.options[0])
        return text if len(text) <= 60 else f"{text[:57]}…{text[0]}"
    text = repr(part)
    return text if len(text) <= 200 else f"{text[:197]}…)"


def _listed(parts: tuple[Grammar, ...]) -> str:
    shown = [_shown(part) for part in parts[:_SHOWN]]
    if len(parts) > _SHOWN:
        shown.append(f"… {len(parts) - _SHOWN} more")
    return ", ".join(shown)
