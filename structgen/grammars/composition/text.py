"""Free text, tags around something, special tokens, and spans of a given text.

Free text may stop at markers.  ``text(stop="</a>")`` is any text behind which the first marker to be found
is the one that follows: it neither contains one nor ends in what would make one begin earlier.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.grammar import Grammar

from .composer import Composer, Piece
from .parts import Composition, as_part, sequence

_ANY_CHARACTER = [(0, 0x10FFFF)]
MAX_TOKENS = 0xFFFF_FFFE


class Text(Composition):
    """Any text without certain markers; made by :func:`text`."""

    __slots__ = ("max_tokens", "stop")

    stop: tuple[str, ...]
    max_tokens: int | None

    def __init__(self, stop: tuple[str, ...], max_tokens: int | None) -> None:
        self.stop = stop
        self.max_tokens = max_tokens

    def compose(self, composer: Composer) -> Piece:
        """A regular language, unless its tokens are counted."""
        if self.max_tokens == 0:
            return composer.literal("")
        return composer.regular(free_text(composer.store.regex, self.stop), self.max_tokens)

    def identity(self) -> Any:
        """The markers and the bound."""
        return (frozenset(self.stop), self.max_tokens)

    def __repr__(self) -> str:
        said = [] if not self.stop else [f"stop={list(self.stop) if len(self.stop) > 1 else self.stop[0]!r}"]
        said += [] if self.max_tokens is None else [f"max_tokens={self.max_tokens}"]
        return f"text({', '.join(said)})"


class Special(Composition):
    """One token that is not text; made by :func:`special`."""

    __slots__ = ("name", "or_text")

    name: str | int
    or_text: bool

    def __init__(self, name: str | int, or_text: bool) -> None:
        self.name = name
        self.or_text = or_text

    def compose(self, composer: Composer) -> Piece:
        """Look the token up."""
        return composer.special(self.name, or_text=self.or_text)

    def identity(self) -> Any:
        """The name or id."""
        return (self.name, self.or_text)

    def __repr__(self) -> str:
        return f"special({self.name!r}{', or_text=True' if self.or_text else ''})"


class SubstringOf(Composition):
    """A span of a text; made by :func:`substring_of`."""

    __slots__ = ("source",)

    source: str

    def __init__(self, source: str) -> None:
        self.source = source

    def compose(self, composer: Composer) -> Piece:
        """A suffix automaton."""
        return composer.substring(self.source)

    def identity(self) -> Any:
        """The text."""
        return self.source

    def __repr__(self) -> str:
        shown = self.source if len(self.source) <= 60 else self.source[:57] + "…"
        return f"substring_of({shown!r})"


def text(stop: str | list[str] | tuple[str, ...] = (), *, max_tokens: int | None = None) -> Text:
    """Allow any text, up to one of the markers in ``stop`` and without it.

    ``max_tokens`` bounds how many tokens may take part in it (a character that the last one leaves
    unfinished is finished).  Raises GrammarError for a marker that is empty or no text.

    >>> text(stop="\\n")
    text(stop='\\n')
    """
    markers = (stop,) if isinstance(stop, str) else tuple(stop)
    for marker in markers:
        if not isinstance(marker, str) or not marker:
            raise GrammarError(f"text: stop takes texts that are not empty, got {marker!r}")
    if max_tokens is not None and (
        isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or not 0 <= max_tokens <= MAX_TOKENS
    ):
        raise GrammarError(f"text: max_tokens must be an integer from 0 to {MAX_TOKENS}, got {max_tokens!r}")
    return Text(markers, max_tokens)


def special(token: str | int, *, or_text: bool = False) -> Special:
    """Allow one special token, by its name or id: ids that have no text are reached in no other way.

    ``or_text=True`` means the name as text where the vocabulary has no such token.  A vocabulary's end
    token may stand last only: every output ends with one.  That the vocabulary lacks the token is a
    VocabularyError when the grammar is compiled.

    >>> special("<|python_tag|>")
    special('<|python_tag|>')
    """
    if (
        isinstance(token, bool)
        or not isinstance(token, str | int)
        or token == ""
        or (token.__class__ is int and token < 0)
    ):
        raise GrammarError(f"special takes the name of a token or its id, got {token!r}")
    return Special(token, or_text)


def substring_of(source: str) -> SubstringOf:
    """Allow any span of ``source`` that is not empty: exact quotations.

    Spans begin and end between characters.  Memory: about 50 bytes a byte of ``source``.

    >>> substring_of("to be or not to be")
    substring_of('to be or not to be')
    """
    if not isinstance(source, str) or not source:
        raise GrammarError(f"substring_of takes a text that is not empty, got {source!r:.80}")
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise GrammarError(f"substring_of: character {error.start} is a lone surrogate; remove it") from None
    return SubstringOf(source)


def tag(begin: Any, inner: Any, end: Any) -> Grammar:
    """Allow ``inner`` between ``begin`` and ``end``.

    Where ``inner`` is free text, ``end`` (a ``str``, or the name of a special token) is a marker it stops at.

    >>> tag("<b>", text(), "</b>")
    sequence('<b>', text(stop='</b>'), '</b>')
    """
    if isinstance(inner, Text):
        marker = end.name if isinstance(end, Special) else end
        if isinstance(marker, str) and marker not in inner.stop:
            inner = Text((*inner.stop, marker), inner.max_tokens)
    return sequence(as_part(begin), inner, as_part(end))


def free_text(regex: Any, stop: tuple[str, ...]) -> int:
    """The language of :func:`text` in a native store of expressions."""
    anything: int = regex.repeat(regex.code_points(_ANY_CHARACTER), 0, None)
    spoiled: list[int] = []
    for marker in stop:
        spoiled.append(regex.concat([anything, regex.literal(marker), anything]))
        # Behind a text that ends in its first d characters, a marker of period d begins d characters early.
        spoiled += [
            regex.concat([anything, regex.literal(marker[:period])])
            for period in range(1, len(marker))
            if marker[period:] == marker[: len(marker) - period]
        ]
    if not spoiled:
        return anything
    language: int = regex.complement(regex.alternate(spoiled))
    return language
