"""What the decoding loop needs of a matcher, and the few operations on packed masks.

The protocols below are all that `decode` knows about constraints: anything that keeps them can be
decoded with, native or not (`structgen.testing.reference` has a plain-Python one).  A mask row is
``ceil(width / 32)`` 32-bit words, least significant bit first.  Knows nothing about models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from structgen.errors import MatcherError
from structgen.matcher import Matcher
from structgen.matcher import fill_masks as fill_native_masks

MaskArray = npt.NDArray[np.uint32]


class VocabularyLike(Protocol):
    """The bytes of every token id, the end tokens and the width of the logits."""

    @property
    def size(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def eos_ids(self) -> Sequence[int]: ...
    def token_bytes(self, token: int, /) -> bytes | None: ...
    def encode(self, text: str, /) -> list[int]: ...


def spelled(
    tokens: Iterable[int], vocabulary: VocabularyLike, names: Mapping[int, str] | None = None
) -> bytes:
    """The bytes of an output's tokens; ``names`` stand for special tokens that the grammar asks for.

    >>> from structgen.testing.reference import TinyVocabulary
    >>> spelled([0, 1, 0], TinyVocabulary([b"a", None], eos=1), {1: "<call>"})
    b'a<call>a'
    """
    names = names or {}
    return b"".join(
        names[token].encode() if token in names else vocabulary.token_bytes(token) or b"" for token in tokens
    )


class MatcherLike(Protocol):
    """The state of one output; tokens that cannot be completed are never accepted."""

    @property
    def can_stop(self) -> bool: ...
    @property
    def is_terminated(self) -> bool: ...
    def mask(self) -> MaskArray: ...
    def fill_mask(self, out: Any, row: int = 0) -> None: ...
    def advance(self, token: int, /) -> None: ...
    def try_advance(self, tokens: Sequence[int], /) -> int: ...
    def rollback(self, count: int, /) -> None: ...
    def fork(self) -> MatcherLike: ...
    def reset(self) -> None: ...
    def forced_tokens(self) -> list[int]: ...
    def distance(self) -> int: ...
    def completes_within(self, tokens: int, /) -> bool: ...
    def completion(self) -> list[int]: ...


class ConstraintLike(Protocol):
    """A grammar bound to a vocabulary: where matchers come from."""

    @property
    def vocabulary(self) -> Any: ...
    @property
    def grammar(self) -> Any: ...
    def matcher(self) -> Any: ...


def mask_words(width: int) -> int:
    """How many 32-bit words a mask row of ``width`` tokens takes."""
    return (width + 31) // 32


def token_bits(tokens: Sequence[int], width: int) -> MaskArray:
    """A mask row with exactly these tokens set."""
    row = np.zeros(mask_words(width), dtype=np.uint32)
    for token in tokens:
        row[token >> 5] |= np.uint32(1 << (token & 31))
    return row


def allowed_tokens(mask: MaskArray) -> list[int]:
    """The tokens a mask row allows, ascending."""
    bits = np.unpackbits(np.ascontiguousarray(mask).view(np.uint8), bitorder="little")
    found: list[int] = np.flatnonzero(bits).tolist()
    return found


def write_mask(mask: MaskArray, out: Any, row: int) -> None:
    """``mask`` into a row that may be wider; the rest of it becomes 0."""
    out[row, : len(mask)] = mask
    out[row, len(mask) :] = 0


def advance_each(matcher: MatcherLike, tokens: Sequence[int]) -> int:
    """``try_advance`` by ``advance``: append tokens until one is rejected, return how many were accepted."""
    for count, token in enumerate(tokens):
        try:
            matcher.advance(token)
        except MatcherError:
            return count
    return len(tokens)


def advance_within(matcher: MatcherLike, token: int, tokens: int) -> bool:
    """Append a token unless more than ``tokens`` would be needed after it; then the matcher is unchanged."""
    if type(matcher) is Matcher:
        return matcher.advance_within(token, tokens)
    matcher.advance(token)
    if matcher.completes_within(tokens):
        return True
    matcher.rollback(1)
    return False


def outlook(matcher: MatcherLike) -> tuple[bool, bool, list[int]]:
    """Whether the output has ended, whether it may end, and where neither, the tokens that must come next."""
    if type(matcher) is Matcher:
        return matcher.outlook()
    ended = matcher.is_terminated
    can_stop = not ended and matcher.can_stop
    return ended, can_stop, [] if ended or can_stop else matcher.forced_tokens()


def fill_masks(matchers: Sequence[MatcherLike], out: MaskArray, threads: int = 1) -> None:
    """Fill row i of ``out`` (B, words) with the mask of matcher i.

    Native matchers are filled in one call, without the GIL, ``threads`` at a time.
    """
    if matchers and all(type(matcher) is Matcher for matcher in matchers):
        fill_native_masks(cast("Sequence[Matcher]", matchers), out, threads)
        return
    for row, matcher in enumerate(matchers):
        matcher.fill_mask(out, row)
