"""The state of one output under a constraint: which tokens may come next.

A thin, typed face of the native matcher.  Knows nothing about probabilities.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from structgen import _native
from structgen.errors import MatcherError, MatcherTerminated, TokenRejected

if TYPE_CHECKING:
    from structgen.constraint import Constraint

_ACCEPTED, _TERMINATED, _TOO_LONG = 0, 2, 3

OPEN, TAKEN, NOT_TAKEN = 0, 1, 2
"""What became of a token that `take_tokens` offered."""


class Matcher:
    """One sequence under a constraint; made by :meth:`Constraint.matcher`.

    Every allowed token keeps some completion reachable, so a matcher never runs
    into a dead end.  Not for use by two threads at once; forks are independent.

    >>> import structgen as sg
    >>> vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b"ab", b"<end>"], eos=3)
    >>> m = sg.compile(sg.regex("ab?"), vocabulary).matcher()
    >>> m.allowed_tokens()
    [0, 2]
    >>> m.advance(0)
    >>> m.can_stop, m.allowed_tokens()
    (True, [1, 3])
    """

    __slots__ = ("_native", "constraint")

    def __init__(self, constraint: Constraint, native: _native.Matcher) -> None:
        self.constraint = constraint
        self._native = native

    def mask(self) -> npt.NDArray[np.uint32]:
        """Return the token mask: bit t is set exactly when token t keeps the output completable.

        Shape ``[ceil(width / 32)]``, least significant bit first.  After an end
        token every bit is 0.  Cost: a copy where the state was met before, one
        walk of the live part of the token trie where not.

        Law: tests/laws/test_masks.py::test_mask_is_exact
        """
        out = np.empty(self._native.mask_words, dtype=np.uint32)
        self._native.fill_mask(out)
        return out

    def fill_mask(self, out: Any, row: int = 0) -> None:
        """Write the token mask into row ``row`` of ``out``.

        ``out`` is a C-contiguous array or CPU tensor of 32-bit integers.  Rows may be
        wider than ``ceil(width / 32)`` words; the rest becomes 0.
        """
        self._native.fill_mask(out, row)

    def allowed_tokens(self) -> list[int]:
        """Return the ids of the mask's set bits, ascending; for people and tests."""
        bits = np.unpackbits(self.mask().view(np.uint8), bitorder="little")
        allowed: list[int] = np.flatnonzero(bits).tolist()
        return allowed

    def advance(self, token: int) -> None:
        """Append ``token`` to the output.

        Raises TokenRejected when no valid output continues so, MatcherTerminated
        after an end token; the matcher is unchanged then.
        """
        verdict = self._native.advance(token)
        if verdict == _ACCEPTED:
            return
        if verdict == _TERMINATED:
            raise MatcherTerminated("the output already ended; rollback or reset the matcher to go on")
        raise TokenRejected(self._rejection(token), token=token)

    def try_advance(self, tokens: Sequence[int]) -> int:
        """Append tokens until one is rejected, and return how many were accepted.

        >>> import structgen as sg
        >>> vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b"<end>"], eos=2)
        >>> sg.compile(sg.regex("ab"), vocabulary).matcher().try_advance([0, 1, 1])
        2
        """
        tokens = list(tokens)
        width = self.constraint.vocabulary.width
        valid = next((i for i, token in enumerate(tokens) if not 0 <= token < width), len(tokens))
        return self._native.try_advance(tokens[:valid])

    def rollback(self, count: int) -> None:
        """Take back the last ``count`` accepted tokens, end tokens included.

        Raises MatcherError, and takes back nothing, when there were fewer.
        """
        if count < 0 or not self._native.rollback(count):
            raise MatcherError(f"cannot roll back {count} tokens: {self._native.length} were accepted")

    def fork(self) -> Matcher:
        """Return an independent matcher in the same state; constant time."""
        return Matcher(self.constraint, self._native.fork())

    def reset(self) -> None:
        """Go back to the start."""
        self._native.reset()

    def forced_tokens(self) -> list[int]:
        """Return the tokens that must come next, as long as the mask has one bit; no end tokens."""
        return self._native.forced_tokens()

    @property
    def can_stop(self) -> bool:
        """Whether the output so far is complete (and no end token was read yet)."""
        return self._native.can_stop

    @property
    def is_terminated(self) -> bool:
        """Whether an end token was accepted."""
        return self._native.is_terminated

    def __len__(self) -> int:
        """Return how many tokens were accepted since the start."""
        return self._native.length

    def completion(self) -> list[int]:
        """Return the tokens of the shortest known completion, end token excluded.

        The shortest in bytes, in as few tokens as spell it; where none do, that of the fewest tokens.
        """
        return self._native.completion()

    def distance(self) -> int:
        """Return how many tokens :meth:`completion` has; 0 exactly when :attr:`can_stop` or terminated."""
        return len(self.completion())

    def completes_within(self, tokens: int) -> bool:
        """Return whether :meth:`distance` is at most ``tokens``; cheap where that is plainly so."""
        return tokens >= 0 and self._native.completes_within(tokens)

    def advance_within(self, token: int, tokens: int) -> bool:
        """Append ``token`` if the output can then be completed within ``tokens`` more.

        `advance` and `completes_within` in one call: returns False, the matcher unchanged, where the second
        would, as for ``tokens`` below 0; raises what the first raises.

        >>> import structgen as sg
        >>> vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b"<end>"], eos=2)
        >>> m = sg.compile(sg.regex("a|bbb"), vocabulary).matcher()
        >>> m.advance_within(1, 1), m.advance_within(0, 0)
        (False, True)
        """
        verdict = self._native.advance_within(token, tokens) if tokens >= 0 else _TOO_LONG
        if verdict == _ACCEPTED:
            return True
        if verdict == _TOO_LONG:
            return False
        self.advance(token)  # raises
        raise AssertionError("one call rejected what another took")

    def outlook(self) -> tuple[bool, bool, list[int]]:
        """Return `is_terminated`, `can_stop` and, where neither holds, `forced_tokens`; one call for all.

        Cost: no mask where it is plain that several tokens may come, as it nearly always is.
        """
        return self._native.outlook()

    def completion_text(self) -> bytes:
        """Return the bytes of :meth:`completion`."""
        return self._native.completion_bytes()

    def _rejection(self, token: int) -> str:
        vocabulary = self.constraint.vocabulary
        if not 0 <= token < vocabulary.width:
            return f"token {token} is outside the vocabulary (0 … {vocabulary.width - 1})"
        if token in vocabulary.eos_ids:
            rest = self.completion_text()[:60]
            return f"the end token {token} came too early: {rest!r} would complete the output"
        text = vocabulary.token_bytes(token) if token < vocabulary.size else None
        if text is None:
            return f"token {token} is special or unused and is never text"
        return (
            f"token {token} ({text!r}) cannot follow {len(self)} accepted tokens; "
            f"for instance {self.completion_text()[:60]!r} could"
        )


def fill_masks(matchers: Iterable[Matcher], out: Any, threads: int | None = None) -> None:
    """Fill one row of ``out`` for each matcher, in order.

    ``out`` is a C-contiguous two-dimensional array or CPU tensor of 32-bit
    integers.  The GIL is released meanwhile; ``threads`` bounds how many rows are
    filled at the same time (default 1).  Rows met before are filled side by side;
    states met for the first time take turns where their constraints share an engine.
    The result does not depend on ``threads``.
    """
    _native.fill_masks([matcher._native for matcher in matchers], out, max(1, threads or 1))


def take_tokens(matchers: Sequence[Matcher], tokens: list[int], tokens_left: list[int]) -> list[int]:
    """Offer one token to each matcher, as :meth:`Matcher.advance_within` does; one call for a whole batch.

    ``tokens_left[i]``, at least 0, is how many more matcher i may need afterwards.  Returns for each

    * OPEN: taken; the output cannot stop there, and nothing is forced (`outlook` would say so);
    * TAKEN: taken, and `outlook` has to be asked;
    * NOT_TAKEN: the matcher is unchanged, and tells why when it is asked alone.  Nothing is raised.

    The matchers must be different ones.  Cost: one advance and one look at the budget each, without the GIL.

    >>> import structgen as sg
    >>> vocabulary = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [b"<end>"], eos=256)
    >>> source = sg.compile(sg.regex("[a-z]{3}"), vocabulary)
    >>> take_tokens([source.matcher(), source.matcher(), source.matcher()], [97, 97, 10], [2, 1, 2])
    [0, 2, 2]
    """
    return _native.take_tokens([matcher._native for matcher in matchers], tokens, tokens_left)
