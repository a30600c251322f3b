"""Token healing: a prompt that ends inside a token is continued as if it had not been cut there.

``http:`` is two tokens, but the tokenizer writes ``http://`` with ``://`` as one; a model that has seen
``http`` and ``:`` therefore hardly continues with ``//``.  So the end of the prompt is taken back, up to
where no longer token could reach over it, and the output must begin with the bytes taken back.  They
are not part of the output's text, though the first token spells them.

Knows matchers and vocabularies, and nothing about models.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from structgen.decode.forced import single_byte_tokens
from structgen.decode.matching import MaskArray, MatcherLike, advance_each, token_bits, write_mask
from structgen.errors import MatcherError, MatcherTerminated, TokenRejected, VocabularyError

MAX_TOKENS_BACK = 3


def take_back(prompt: Sequence[int], vocabulary: Any) -> tuple[list[int], bytes]:
    """The prompt without the tokens a longer one could reach over, and the bytes these had.

    At most three tokens go, never the first one, never special ones; nothing where no token of the
    vocabulary goes on behind the prompt's last bytes.  Cost: up to three readings of the vocabulary.

    >>> from structgen.testing.reference import TinyVocabulary
    >>> take_back([0, 1], TinyVocabulary([b"http", b":", b"://", None], eos=3))
    ([0], b':')
    """
    data = b""
    best = 0, b""
    for count in range(1, min(MAX_TOKENS_BACK, len(prompt) - 1) + 1):
        piece = vocabulary.token_bytes(prompt[-count])
        if not piece:
            break
        data = piece + data
        if any(len(longer) > len(data) for longer, _ in _beginning_with(vocabulary, data)):
            best = count, data
    kept = len(prompt) - best[0]
    return list(prompt[:kept]), best[1]


def _beginning_with(vocabulary: Any, data: bytes) -> list[tuple[bytes, int]]:
    """Bytes and id of every token that begins with ``data``."""
    pieces = ((vocabulary.token_bytes(token), token) for token in range(vocabulary.size))
    return [(piece, token) for piece, token in pieces if piece and piece.startswith(data)]


class HealingMatcher:
    """A matcher whose first token must also spell ``owed``, bytes that stand in front of the output.

    Needs a vocabulary in which every byte is a token, since the rest of the first token is read byte
    by byte.  ``skip`` tells how many bytes of the tokens are not the output's.
    """

    def __init__(self, inner: MatcherLike, vocabulary: Any, owed: bytes) -> None:
        self.inner = inner
        self.skip = len(owed)
        self._vocabulary, self._owed = vocabulary, owed
        self._single = single_byte_tokens(vocabulary)
        if len(self._single) < 256:
            raise VocabularyError("heal=True needs a vocabulary in which every byte is a token of its own")
        self._first = self._first_tokens()
        self._begun = 0  # tokens accepted; the first one counts ``_first_bytes`` in the inner matcher
        self._first_bytes = 0

    def _first_tokens(self) -> dict[int, list[int]]:
        """Each possible first token, and the single-byte tokens of what it has behind ``owed``."""
        found: dict[int, list[int]] = {}
        for piece, token in _beginning_with(self._vocabulary, self._owed):
            rest = [self._single[byte] for byte in piece[len(self._owed) :]]
            probe = self.inner.fork()
            if probe.try_advance(rest) == len(rest):
                found[token] = rest
        if not found:
            raise VocabularyError(f"no token begins with {self._owed!r}, which healing took back")
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    @property
    def can_stop(self) -> bool:
        return bool(self._begun) and self.inner.can_stop

    @property
    def is_terminated(self) -> bool:
        return bool(self._begun) and self.inner.is_terminated

    def mask(self) -> MaskArray:
        return self.inner.mask() if self._begun else token_bits(list(self._first), self._vocabulary.width)

    def fill_mask(self, out: Any, row: int = 0) -> None:
        if self._begun:
            self.inner.fill_mask(out, row)
        else:
            write_mask(self.mask(), out, row)

    def advance(self, token: int) -> None:
        if self._begun:
            self.inner.advance(token)
        elif token not in self._first:
            raise TokenRejected(f"token {token} does not begin with {self._owed!r}", token=token)
        else:
            rest = self._first[token]
            if self.inner.try_advance(rest) != len(rest):
                raise MatcherTerminated("the text ended inside the first token")
            self._first_bytes = len(rest)
        self._begun += 1

    def try_advance(self, tokens: Sequence[int]) -> int:
        return advance_each(self, tokens)

    def rollback(self, count: int) -> None:
        if not 0 <= count <= self._begun:
            raise MatcherError(f"cannot roll back {count} tokens: {self._begun} were accepted")
        first = count == self._begun and count > 0
        self.inner.rollback(count - 1 + self._first_bytes if first else count)
        self._begun -= count

    def fork(self) -> HealingMatcher:
        other = object.__new__(HealingMatcher)
        other.__dict__.update(self.__dict__)
        other.inner = self.inner.fork()
        return other

    def reset(self) -> None:
        self.rollback(self._begun)

    def forced_tokens(self) -> list[int]:
        if self._begun:
            return self.inner.forced_tokens()
        if len(self._first) > 1:
            return []
        probe = self.fork()
        token = next(iter(self._first))
        probe.advance(token)
        return [token, *([] if probe.can_stop else probe.forced_tokens())]

    def completion(self) -> list[int]:
        if self._begun:
            return self.inner.completion()
        return min((self._completion_behind(token) for token in self._first), key=len)

    def _completion_behind(self, token: int) -> list[int]:
        probe = self.inner.fork()
        probe.try_advance(self._first[token])
        return [token, *probe.completion()]

    def distance(self) -> int:
        return len(self.completion())

    def completes_within(self, tokens: int) -> bool:
        return self.inner.completes_within(tokens) if self._begun else self.distance() <= tokens
