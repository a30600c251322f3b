"""Free text as a constraint: anything may come, it may end anywhere, and stop strings end it.

Rows without a grammar run through the same loop as all others.  The mask is constant: every token that
is text, and the end.  A stop string may appear across tokens; the text ends in front of it.

Knows nothing about models.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

from structgen.decode.matching import MaskArray, VocabularyLike, advance_each, token_bits, write_mask
from structgen.errors import InvalidRequest, MatcherError, MatcherTerminated, TokenRejected

_masks: weakref.WeakKeyDictionary[Any, MaskArray] = weakref.WeakKeyDictionary()


class FreeText:
    """Any text over a vocabulary; the first of ``stop`` to appear ends it and is not part of it.

    >>> from structgen.testing.reference import TinyVocabulary
    >>> matcher = FreeText(TinyVocabulary([b"a", b"b.", None], eos=2), stop=["."]).matcher()
    >>> matcher.advance(0), matcher.advance(1), matcher.is_terminated, matcher.shown(final=True)
    (None, None, True, 2)
    """

    grammar: Any = None

    def __init__(self, vocabulary: VocabularyLike, stop: Sequence[str] = ()) -> None:
        self.vocabulary = vocabulary
        if isinstance(stop, str):
            stop = [stop]
        for text in stop:
            if not isinstance(text, str) or not text:
                raise InvalidRequest(f"stop takes strings that are not empty, got {text!r}")
        self.stop = tuple(text.encode() for text in stop)
        self.mask = _text_mask(vocabulary)

    def matcher(self) -> FreeMatcher:
        return FreeMatcher(self)


def _text_mask(vocabulary: Any) -> MaskArray:
    try:
        known = _masks.get(vocabulary)
    except TypeError:  # cannot be weakly referenced
        known = None
    if known is None:
        texts = [token for token in range(vocabulary.size) if vocabulary.token_bytes(token)]
        known = token_bits([*texts, *vocabulary.eos_ids], vocabulary.width)
        known.flags.writeable = False
        try:
            _masks[vocabulary] = known
        except TypeError:
            pass
    return known


class FreeMatcher:
    """One free text; keeps only what a stop string could still begin in."""

    open_ended = True

    def __init__(self, constraint: FreeText) -> None:
        self.constraint = constraint
        self._ends = frozenset(constraint.vocabulary.eos_ids)
        self._data = bytearray()
        self._lengths: list[int] = []  # bytes in front of each accepted token
        self._stopped_at: int | None = None
        self._ended = False

    @property
    def can_stop(self) -> bool:
        return not self.is_terminated

    @property
    def is_terminated(self) -> bool:
        return self._ended or self._stopped_at is not None

    def mask(self) -> MaskArray:
        return self.constraint.mask

    def fill_mask(self, out: Any, row: int = 0) -> None:
        write_mask(self.constraint.mask, out, row)

    def advance(self, token: int) -> None:
        if self.is_terminated:
            raise MatcherTerminated("the text has ended; no token can follow")
        if token in self._ends:
            self._lengths.append(len(self._data))
            self._ended = True
            return
        piece = self.constraint.vocabulary.token_bytes(token)
        if not piece:
            raise TokenRejected(f"token {token} is never text", token=token)
        self._lengths.append(len(self._data))
        self._data += piece
        self._look_for_stop(self._lengths[-1])

    def _look_for_stop(self, before: int) -> None:
        places = []
        for stop in self.constraint.stop:
            place = self._data.find(stop, max(0, before - len(stop) + 1))
            if place >= 0:
                places.append(place)
        self._stopped_at = min(places, default=None)

    def try_advance(self, tokens: Sequence[int]) -> int:
        return advance_each(self, tokens)

    def rollback(self, count: int) -> None:
        if not 0 <= count <= len(self._lengths):
            raise MatcherError(f"cannot roll back {count} tokens: {len(self._lengths)} were accepted")
        if count:
            del self._data[self._lengths[-count] :]
            del self._lengths[-count:]
            self._stopped_at, self._ended = None, False

    def fork(self) -> FreeMatcher:
        other = FreeMatcher(self.constraint)
        other._data, other._lengths = bytearray(self._data), list(self._lengths)
        other._stopped_at, other._ended = self._stopped_at, self._ended
        return other

    def reset(self) -> None:
        self.rollback(len(self._lengths))

    def forced_tokens(self) -> list[int]:
        return []

    def completion(self) -> list[int]:
        return []

    def distance(self) -> int:
        return 0

    def completes_within(self, tokens: int) -> bool:
        return tokens >= 0

    def shown(self, *, final: bool) -> int:
        """How many bytes certainly belong to the text: a stop string that has begun is held back."""
        if self._stopped_at is not None:
            return self._stopped_at
        if final:
            return len(self._data)
        return len(self._data) - max((_overlap(self._data, stop) for stop in self.constraint.stop), default=0)


def _overlap(data: bytearray, stop: bytes) -> int:
    """The longest proper prefix of ``stop`` that ``data`` ends with."""
    return next((n for n in range(min(len(stop) - 1, len(data)), 0, -1) if data.endswith(stop[:n])), 0)
