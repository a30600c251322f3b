"""The table every adapter produces: the bytes of each id in one buffer, and what is special.

A token is ``text[offsets[id]:offsets[id + 1]]``; an empty one is never text
(special, control, unused, unknown).  Knows no tokenizer library.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from structgen.errors import VocabularyError

LONGEST_TOKEN = 65_535  # bytes; the trie keeps depths in 16 bits
_SIZES = struct.Struct("<QQ")


@dataclass(frozen=True, eq=False)
class TokenTable:
    """What a tokenizer says about its ids, without any way to encode.

    ``special_ids`` maps the name of each special id to it, ``eos_ids`` are the
    ids that end a text, ``family`` names the tokenizer's kind in words, and
    ``pattern`` is the pre-tokenizing pattern where an encoder is built from it.
    """

    text: bytes
    offsets: NDArray[np.uint32]
    special_ids: dict[str, int]
    eos_ids: tuple[int, ...]
    family: str
    pattern: str = ""

    @property
    def size(self) -> int:
        return len(self.offsets) - 1

    def token(self, token_id: int) -> bytes:
        return self.text[self.offsets[token_id] : self.offsets[token_id + 1]]

    def tokens(self) -> list[bytes]:
        bounds = self.offsets.tolist()
        return [self.text[start:end] for start, end in itertools.pairwise(bounds)]

    def without_text(self, ids: Iterable[int]) -> TokenTable:
        """The same table where ``ids`` are never text."""
        having = [i for i in ids if i < self.size and self.offsets[i] != self.offsets[i + 1]]
        if not having:
            return self
        tokens = self.tokens()
        for token_id in having:
            tokens[token_id] = b""
        text, offsets = pack(tokens)
        return replace(self, text=text, offsets=offsets)

    def text_hash(self) -> str:
        """A content hash of the token bytes alone: what the trie depends on."""
        digest = hashlib.blake2b(_SIZES.pack(len(self.offsets), len(self.text)), digest_size=20)
        digest.update(_little_endian(self.offsets))
        digest.update(self.text)
        return digest.hexdigest()


@dataclass(frozen=True, eq=False)
class Source:
    """A table together with the tokenizer it came from.

    ``encode`` gives the ids of a text without special tokens; ``normalize`` is
    what the tokenizer does to a text first; ``unknown_id`` is its id for what it
    cannot encode; ``opaque`` are added tokens, which cut a text into segments;
    ``is_own_encoder`` says that ``encode`` was built from the table, so that
    comparing the two would prove nothing.
    """

    table: TokenTable
    tokenizer: object | None = None
    encode: Callable[[str], list[int]] | None = None
    normalize: Callable[[str], str] | None = None
    unknown_id: int | None = None
    opaque: Sequence[str] = field(default_factory=tuple)
    is_own_encoder: bool = False


def pack(tokens: Sequence[bytes]) -> tuple[bytes, NDArray[np.uint32]]:
    """One buffer and its offsets; an empty token is never text.

    >>> text, offsets = pack([b"a", b"", b"bc"])
    >>> text, offsets.tolist()
    (b'abc', [0, 1, 1, 3])
    """
    lengths = np.fromiter(map(len, tokens), dtype=np.int64, count=len(tokens))
    return b"".join(tokens), offsets_of(lengths)


def offsets_of(lengths: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Offsets from token lengths; refuses what the trie cannot hold."""
    if len(lengths) and int(lengths.max()) > LONGEST_TOKEN:
        worst = int(lengths.argmax())
        raise VocabularyError(
            f"token {worst} has {int(lengths[worst]):,} bytes; at most {LONGEST_TOKEN:,} are supported"
        )
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    if int(offsets[-1]) >= 2**32:
        raise VocabularyError("the tokens have 4 GiB of text or more; this vocabulary is too large")
    return offsets.astype(np.uint32)


def by_id(vocab: Iterable[tuple[str, int]], size: int = 0) -> list[str]:
    """The pieces in order of id, at least ``size`` of them, "" where an id has none.

    Raises VocabularyError when two pieces claim one id.
    """
    entries = list(vocab)
    pieces = [""] * max([size, *(token_id + 1 for _, token_id in entries)])
    for piece, token_id in entries:
        if token_id < 0:
            raise VocabularyError(f"token {piece!r} has the negative id {token_id}")
        if pieces[token_id]:
            raise VocabularyError(
                f"id {token_id} is given twice, to {pieces[token_id]!r} and to {piece!r}; ids must be unique"
            )
        pieces[token_id] = piece
    return pieces


def _little_endian(offsets: NDArray[np.uint32]) -> bytes:
    return offsets.astype("<u4", copy=False).tobytes()
