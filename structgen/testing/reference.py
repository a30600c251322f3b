"""A matcher in plain Python, defined by what masks mean: try every token.

A language is given by two predicates on byte strings, or as a finite list of strings.  A prefix is
*live* when some sequence of tokens completes it; a token is allowed when the prefix stays live with
it.  Completions are searched breadth first over tokens, so ``distance`` is exactly minimal.

Slow on purpose; the same API as the native matcher, against which it is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from structgen.decode.matching import MaskArray, allowed_tokens, mask_words, token_bits
from structgen.errors import ComplexityLimitExceeded, MatcherTerminated, TokenRejected, VocabularyError


class TinyVocabulary:
    """A list of token bytes as a vocabulary; None stands for an id that is no text.

    >>> vocabulary = TinyVocabulary([b"a", b"b", b"ab", None], eos=3)
    >>> vocabulary.encode("aab"), vocabulary.decode([0, 2])
    ([0, 2], b'aab')
    """

    def __init__(
        self, tokens: Sequence[bytes | None], *, eos: int | Sequence[int] = (), width: int | None = None
    ) -> None:
        self._tokens = list(tokens)
        self.eos_ids = (eos,) if isinstance(eos, int) else tuple(eos)
        self.size = len(self._tokens)
        self.width = self.size if width is None else width
        for token in self.eos_ids:
            if not 0 <= token < self.size or self._tokens[token] is not None:
                raise VocabularyError(f"the end token {token} must be an id in range without text")
        if self.width < self.size:
            raise VocabularyError(f"width {self.width} is smaller than the {self.size} tokens")

    def token_bytes(self, token: int) -> bytes | None:
        return self._tokens[token] if 0 <= token < self.size else None

    def decode(self, ids: Iterable[int]) -> bytes:
        return b"".join(self.token_bytes(token) or b"" for token in ids)

    def encode(self, text: str) -> list[int]:
        """Greedy longest match, the lowest id among equals."""
        data, ids = text.encode(), []
        while data:
            fitting = [
                (len(piece), -token)
                for token, piece in enumerate(self._tokens)
                if piece and data.startswith(piece)
            ]
            if not fitting:
                raise VocabularyError(f"no token begins {data[:20]!r}")
            length, token = max(fitting)
            ids.append(-token)
            data = data[length:]
        return ids


class Language:
    """A set of byte strings: is this a member, can this still become one?

    ``is_prefix`` may be generous (True where nothing completes) as far as the search limit allows;
    ``contains`` must be exact.
    """

    def __init__(
        self,
        is_prefix: Callable[[bytes], bool],
        contains: Callable[[bytes], bool],
        parse: Callable[[str], Any] = lambda text: text,
    ) -> None:
        self.is_prefix, self.contains, self.parse = is_prefix, contains, parse

    @classmethod
    def of(cls, strings: Iterable[str | bytes], parse: Callable[[str], Any] = lambda text: text) -> Language:
        """The finite language of these strings.

        >>> Language.of(["yes", "no"]).is_prefix(b"ye")
        True
        """
        members = {text.encode() if isinstance(text, str) else text for text in strings}
        prefixes = {text[:cut] for text in members for cut in range(len(text) + 1)}
        return cls(prefixes.__contains__, members.__contains__, parse)


class ReferenceConstraint:
    """A language bound to a vocabulary, with the shortest completion of every prefix memoised.

    ``limit`` bounds the prefixes one search may visit; going over raises ComplexityLimitExceeded.
    """

    def __init__(self, language: Language, vocabulary: Any, *, limit: int = 100_000) -> None:
        self.grammar, self.vocabulary, self._limit = language, vocabulary, limit
        self._completions: dict[bytes, tuple[int, ...] | None] = {}
        self._masks: dict[bytes, MaskArray] = {}
        self._texts: dict[bytes, int] = {}
        for token in range(vocabulary.size):
            piece = vocabulary.token_bytes(token)
            if piece and token not in vocabulary.eos_ids:
                self._texts.setdefault(piece, token)

    def matcher(self) -> ReferenceMatcher:
        return ReferenceMatcher(self)

    def completion(self, prefix: bytes) -> tuple[int, ...] | None:
        """The fewest tokens that complete ``prefix``, or None: it is dead."""
        if prefix not in self._completions:
            self._completions[prefix] = self._search(prefix)
        return self._completions[prefix]

    def mask(self, prefix: bytes) -> MaskArray:
        """The mask after ``prefix``, by trying every token; memoised."""
        known = self._masks.get(prefix)
        if known is None:
            tokens = [token for token in range(self.vocabulary.size) if self.allows(prefix, token)]
            known = self._masks[prefix] = token_bits(tokens, self.vocabulary.width)
        return known

    def allows(self, prefix: bytes, token: int) -> bool:
        """Whether ``prefix`` stays completable with this token: the definition of a mask."""
        if token in self.vocabulary.eos_ids:
            return self.grammar.contains(prefix)
        piece = self.vocabulary.token_bytes(token)
        return bool(piece) and self.completion(prefix + piece) is not None

    def _search(self, prefix: bytes) -> tuple[int, ...] | None:
        if not self.grammar.is_prefix(prefix):
            return None
        seen = {prefix}
        frontier: list[tuple[bytes, tuple[int, ...]]] = [(prefix, ())]
        while frontier:
            following: list[tuple[bytes, tuple[int, ...]]] = []
            for text, path in frontier:
                if self.grammar.contains(text):
                    return path
                for piece, token in self._texts.items():
                    longer = text + piece
                    if longer not in seen and self.grammar.is_prefix(longer):
                        seen.add(longer)
                        following.append((longer, (*path, token)))
            if len(seen) > self._limit:
                raise ComplexityLimitExceeded(
                    f"no completion of {prefix!r} among {self._limit} prefixes; use a smaller language",
                    limit="reference_search",
                )
            frontier = following
        return None


class ReferenceMatcher:
    """One output, by definition: every question is answered from the prefix alone."""

    def __init__(self, constraint: ReferenceConstraint, tokens: Sequence[int] = ()) -> None:
        self.constraint = constraint
        self._tokens = list(tokens)

    @property
    def tokens(self) -> list[int]:
        """Everything accepted so far, the end token included."""
        return list(self._tokens)

    @property
    def prefix(self) -> bytes:
        text: bytes = self.constraint.vocabulary.decode(self._text_tokens())
        return text

    def _text_tokens(self) -> list[int]:
        return self._tokens[:-1] if self.is_terminated else self._tokens

    @property
    def is_terminated(self) -> bool:
        return bool(self._tokens) and self._tokens[-1] in self.constraint.vocabulary.eos_ids

    @property
    def can_stop(self) -> bool:
        return not self.is_terminated and self.constraint.grammar.contains(self.prefix)

    def allows(self, token: int) -> bool:
        """Whether the output stays completable with this token."""
        return not self.is_terminated and self.constraint.allows(self.prefix, token)

    def mask(self) -> MaskArray:
        if self.is_terminated:
            return np.zeros(mask_words(self.constraint.vocabulary.width), dtype=np.uint32)
        return self.constraint.mask(self.prefix).copy()

    def fill_mask(self, out: Any, row: int = 0) -> None:
        out[row] = self.mask()

    def advance(self, token: int) -> None:
        if self.is_terminated:
            raise MatcherTerminated("the output has ended; no token can follow")
        if not self.allows(token):
            raise TokenRejected(f"token {token} cannot follow {self.prefix!r}", token=token)
        self._tokens.append(token)

    def try_advance(self, tokens: Sequence[int]) -> int:
        for count, token in enumerate(tokens):
            if not self.allows(token):
                return count
            self._tokens.append(token)
        return len(tokens)

    def rollback(self, count: int) -> None:
        if not 0 <= count <= len(self._tokens):
            raise ValueError(f"cannot roll back {count} of {len(self._tokens)} tokens")
        del self._tokens[len(self._tokens) - count :]

    def fork(self) -> ReferenceMatcher:
        return ReferenceMatcher(self.constraint, self._tokens)

    def reset(self) -> None:
        self._tokens.clear()

    def forced_tokens(self) -> list[int]:
        """The tokens that follow one after the other as the only allowed one; end tokens never."""
        probe = self.fork()
        forced: list[int] = []
        while not probe.is_terminated and not probe.can_stop:
            allowed = allowed_tokens(probe.mask())
            if len(allowed) != 1:
                break
            probe.advance(allowed[0])
            forced += allowed
        return forced

    def completion(self) -> list[int]:
        found = self.constraint.completion(self.prefix)
        if found is None:
            raise ValueError("the language is empty over this vocabulary")
        return [] if self.is_terminated else list(found)

    def completes_within(self, tokens: int) -> bool:
        """Whether :meth:`distance` is at most ``tokens``."""
        return self.distance() <= tokens

    def distance(self) -> int:
        return len(self.completion())
