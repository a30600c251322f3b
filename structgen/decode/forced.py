"""Forced text, and drafts of it: what must come next, byte by byte, in the tokenizer's own tokens.

A token is forced when it is the only one allowed; then appending it is no choice (``forced="singleton"``).
Text is forced far more often: behind ``{`` only ``"name":`` may follow, but as ``"name`` or ``"`` and ``na``
and so on.  Appending the usual segmentation would move probability between them.  So it is offered as
a *draft* (``forced="draft"``): fed along with the drawn token, and kept as far as the draws that
would have been made anyway agree with it.  Each draw uses the row's next random number with or without
a draft, so outputs are the same, token for token, in fewer passes.

Knows matchers and vocabularies, and nothing about models.
"""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import numpy.typing as npt

from structgen.decode.matching import MatcherLike
from structgen.errors import StructgenError

MAX_BYTES = 96
"""Forced bytes looked for at once; what is behind them is found after the next draw."""

_tables: weakref.WeakKeyDictionary[Any, _Table] = weakref.WeakKeyDictionary()


class _Table:
    """For one vocabulary: the first byte of every id (-1: no text), and the ids of single bytes."""

    def __init__(self, vocabulary: Any) -> None:
        self.first: npt.NDArray[np.int16] = np.full(vocabulary.width, -1, dtype=np.int16)
        self.single: dict[int, int] = {}
        for token in range(vocabulary.size):
            piece = vocabulary.token_bytes(token)
            if piece:
                self.first[token] = piece[0]
                if len(piece) == 1:
                    self.single.setdefault(piece[0], token)


def _table(vocabulary: Any) -> _Table:
    found = _tables.get(vocabulary)
    if found is None:
        found = _tables[vocabulary] = _Table(vocabulary)
    return found


def single_byte_tokens(vocabulary: Any) -> dict[int, int]:
    """byte → the id of the token that is this byte alone."""
    return _table(vocabulary).single


def forced_bytes(matcher: MatcherLike, vocabulary: Any, limit: int = MAX_BYTES) -> bytes:
    """The bytes every completion goes on with, as far as single-byte tokens can follow them.

    The matcher is left as it was.  Cost: a mask a byte, and one more.
    """
    table = _table(vocabulary)
    probe: MatcherLike | None = None
    found = bytearray()
    while len(found) < limit:
        at = probe or matcher
        if at.is_terminated or at.can_stop:
            break
        bits = np.unpackbits(np.ascontiguousarray(at.mask()).view(np.uint8), bitorder="little")
        firsts = table.first[np.flatnonzero(bits[: len(table.first)])]
        if not len(firsts) or firsts[0] < 0 or (firsts != firsts[0]).any():
            break
        token = table.single.get(int(firsts[0]))
        probe = probe or matcher.fork()
        if token is None or not probe.try_advance([token]):
            break
        found.append(int(firsts[0]))
    return bytes(found)


def segment(vocabulary: Any, data: bytes) -> list[int]:
    """The tokens the vocabulary has for ``data``, as far as whole characters go."""
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        text = data[: error.start].decode()
    try:
        tokens: list[int] = vocabulary.encode(text)
    except StructgenError:
        return []
    spelled = b"".join(vocabulary.token_bytes(token) or b"" for token in tokens)
    return tokens if spelled == text.encode() else []  # a tokenizer may add a space in front


def forced_draft(row: Any) -> list[int]:
    """The forced text behind a row's tokens, as a draft; nothing where it is less than two bytes."""
    data = forced_bytes(row.matcher, row.vocabulary)
    return segment(row.vocabulary, data) if len(data) > 1 else []
