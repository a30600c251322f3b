"""The table every adapter produces: the bytes of each id in one buffer, and what is special.

A token is ``text[offsets[id]:offsets[id + 1]]``; an empty one is never text
(special, control, unused, unknown).  Knows no tokenizer library.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
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

    def replaced(self, changes: Mapping[int, bytes]) -> TokenTable:
        """The same table with other bytes for some ids, and longer where an id is beyond its end.

        Only what lies between the changed tokens is copied, in as many pieces.
        """
        changes = {i: b for i, b in changes.items() if i >= self.size or self.token(i) != b}
        if not changes:
            return self
        lengths = np.zeros(max(self.size, max(changes) + 1), dtype=np.int64)
        lengths[: self.size] = np.diff(self.offsets.astype(np.int64))
        parts: list[bytes] = []
        copied = 0
        for token_id in sorted(changes):
            if token_id < self.size:
                parts.append(self.text[copied : self.offsets[token_id]])
                copied = int(self.offsets[token_id + 1])
            elif copied < len(self.text):
                parts.append(self.text[copied:])
                copied = len(self.text)
            parts.append(changes[token_id])
            lengths[token_id] = len(changes[token_id])
        parts.append(self.text[copied:])
        return replace(self, text=b"".join(parts), offsets=offsets_of(lengths))

    def without_text(self, ids: Iterable[int]) -> TokenTable:
        """The same table where ``ids`` are never text; ids beyond its end are left out."""
        return self.replaced({token_id: b"" for token_id in ids if token_id < self.size})

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


def by_id(vocab: Mapping[str, int], size: int = 0) -> list[str]:
    """The pieces in order of id, at least ``size`` of them, "" where an id has none.

    Raises VocabularyError when two pieces claim one id.
    """
    ids = vocab.values()
    if min(ids, default=0) < 0 or len(set(ids)) != len(vocab):
        raise _refused_ids(vocab)
    pieces = [""] * max(size, max(ids, default=-1) + 1)
    for piece, token_id in vocab.items():
        pieces[token_id] = piece
    return pieces


def _refused_ids(vocab: Mapping[str, int]) -> VocabularyError:
    owner: dict[int, str] = {}
    for piece, token_id in vocab.items():
        if token_id < 0:
            return VocabularyError(f"token {piece!r} has the negative id {token_id}")
        if token_id in owner:
            return VocabularyError(
                f"id {token_id} is given twice, to {owner[token_id]!r} and to {piece!r}; ids must be unique"
            )
        owner[token_id] = piece
    raise AssertionError("the ids are fine")  # not reached: the caller found one of the two


def _little_endian(offsets: NDArray[np.uint32]) -> bytes:
    return offsets.astype("<u4", copy=False).tobytes()
