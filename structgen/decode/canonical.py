"""Only segmentations the tokenizer would produce: the canonical law.

A text has many segmentations into tokens; the model was trained on one of them.  For BPE a sequence of
tokens is canonical exactly when every pair of neighbours is (Language Models over Canonical Byte-Pair
Encodings, ICML 2025): when the tokenizer, given the text of the pair, returns the pair.  So the mask loses
the tokens that do not go with the last one, and those after which no canonical segmentation of any
completion is left.  That is searched for, token by token, up to a bounded number of masks; where
the bound is met, or where very many tokens are allowed, a token is presumed live.  Should
that prove wrong, the grammar alone decides the next token: validity comes first, and ``relaxed`` counts.

A budget that is tight may still finish an output by the shortest segmentation of its completion.

Knows matchers and vocabularies, and nothing about models.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from structgen.decode.matching import MaskArray, MatcherLike, allowed_tokens, token_bits, write_mask
from structgen.errors import VocabularyError

WIDE = 64
"""From so many canonical next tokens on, a state is presumed to have a canonical completion."""
SEARCH = 256
"""Masks that one search for a canonical completion may look at."""
MAX_FORCED = 64

_pairs: weakref.WeakKeyDictionary[Any, CanonicalPairs] = weakref.WeakKeyDictionary()


def pairs_of(vocabulary: Any) -> CanonicalPairs:
    """The pairs of a vocabulary, shared by everyone who asks."""
    found = _pairs.get(vocabulary)
    if found is None:
        found = _pairs[vocabulary] = CanonicalPairs(vocabulary)
    return found


class CanonicalPairs:
    """Which token may follow which in the tokenizer's own segmentations.

    Pairs are asked of the tokenizer when they are first met, and remembered: a bit each.  A pair whose
    bytes are no text by themselves (a character cut in two) is asked of the merges alone, where the tokenizer
    is a byte-level BPE that shows them, and counts as canonical where it is not.
    Raises VocabularyError for tokenizers that change a text or put a space in front of it.
    """

    def __init__(self, vocabulary: Any) -> None:
        if getattr(vocabulary, "prefix_space", False) or getattr(vocabulary, "normalizes", False):
            raise VocabularyError(
                "canonical=True needs a tokenizer that encodes a text as it stands; this one normalizes it "
                "or puts a space in front"
            )
        self._of = weakref.ref(vocabulary)  # kept under it: must not keep it alive
        self._width = vocabulary.width
        self._known: dict[int | None, tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = {}
        tokenizer = getattr(vocabulary, "tokenizer", None)
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", tokenizer)
        self._merges: Any = getattr(self._backend, "model", None)
        if getattr(vocabulary, "family", "") != "byte-level BPE" or type(self._merges).__name__ != "BPE":
            self._merges = None

    def after(self, last: int | None, tokens: Sequence[int]) -> npt.NDArray[np.bool_]:
        """For each of ``tokens``, whether it may follow ``last`` (None: begin a text)."""
        known, canonical = self._known.setdefault(
            last, (np.zeros(self._width, dtype=np.bool_), np.zeros(self._width, dtype=np.bool_))
        )
        ids = np.asarray(tokens, dtype=np.int64)
        fresh = ids[~known[ids]]
        if len(fresh):
            canonical[fresh] = self._ask(last, fresh.tolist())
            known[fresh] = True
        found: npt.NDArray[np.bool_] = canonical[ids]
        return found

    def _ask(self, last: int | None, tokens: list[int]) -> list[bool]:
        vocabulary = self._of()
        assert vocabulary is not None, "whoever asks holds the vocabulary"
        before = b"" if last is None else vocabulary.token_bytes(last) or b""
        # A special token stands apart: a text ends in front of it, and the next one begins behind it.
        head = [last] if last is not None and before else []
        apart = [not vocabulary.token_bytes(token) for token in tokens]
        texts: list[str | None] = []
        for token in tokens:
            try:
                texts.append((before + (vocabulary.token_bytes(token) or b"")).decode())
            except UnicodeDecodeError:
                texts.append(None)
        encoded = iter(self._encode(vocabulary, [text for text in texts if text is not None]))
        return [
            ((self._merge([*head, token]) if text is None else next(encoded)) == [*head, token]) or alone
            for text, token, alone in zip(texts, tokens, apart, strict=True)
        ]

    def _merge(self, tokens: list[int]) -> list[int]:
        """What the merges make of these tokens' bytes; no text is needed for that."""
        if self._merges is None:
            return tokens
        written = "".join(self._backend.id_to_token(token) for token in tokens)
        return [piece.id for piece in self._merges.tokenize(written)]

    def _encode(self, vocabulary: Any, texts: list[str]) -> list[list[int]]:
        if self._backend is not None and hasattr(self._backend, "encode_batch"):
            return [list(one.ids) for one in self._backend.encode_batch(texts, add_special_tokens=False)]
        return [vocabulary.encode(text) for text in texts]


class CanonicalMatcher:
    """A matcher whose masks hold canonical segmentations only; it accepts what the inner one accepts."""

    def __init__(self, inner: MatcherLike, vocabulary: Any, tokens: Sequence[int] = ()) -> None:
        self.inner = inner
        self._vocabulary = vocabulary
        self._pairs = pairs_of(vocabulary)
        self._ends = frozenset(vocabulary.eos_ids)
        self._tokens = list(tokens)
        self._mask: MaskArray | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)  # what free text and healing add to a matcher

    @property
    def relaxed(self) -> int:
        """How many tokens so far do not follow their predecessor in any segmentation of the tokenizer's."""
        before: list[int | None] = [None, *self._tokens]
        return sum(
            not self._pairs.after(last, [token])[0]
            for last, token in zip(before, self._tokens, strict=False)
            if token not in self._ends
        )

    @property
    def can_stop(self) -> bool:
        return self.inner.can_stop

    @property
    def is_terminated(self) -> bool:
        return self.inner.is_terminated

    def mask(self) -> MaskArray:
        if self._mask is None:
            self._mask = self._computed()
        return self._mask.copy()

    def fill_mask(self, out: Any, row: int = 0) -> None:
        write_mask(self.mask(), out, row)

    def _computed(self) -> MaskArray:
        plain = self.inner.mask()
        last = self._tokens[-1] if self._tokens else None
        tokens, ends = self._candidates(plain, last)
        if len(tokens) < WIDE:
            tokens = [token for token in tokens if self._is_live(token)]
        if not tokens and not ends:
            return plain
        return token_bits([*tokens, *ends], self._vocabulary.width)

    def _candidates(self, mask: MaskArray, last: int | None) -> tuple[list[int], list[int]]:
        """The allowed tokens that may follow ``last``, and the allowed end tokens."""
        allowed = allowed_tokens(mask)
        texts = [token for token in allowed if token not in self._ends]
        fitting = self._pairs.after(last, texts)
        ends = [token for token in allowed if token in self._ends]
        return [token for token, fits in zip(texts, fitting, strict=True) if fits], ends

    def _is_live(self, token: int) -> bool:
        """Whether some completion behind ``token`` has a canonical segmentation, as far as a search goes."""
        start = self.inner.fork()
        if not start.try_advance([token]):
            return False
        stack = [(start, token)]
        for _ in range(SEARCH):
            if not stack:
                return False
            matcher, last = stack.pop()
            if matcher.can_stop or matcher.is_terminated:
                return True
            tokens, _ends = self._candidates(matcher.mask(), last)
            if len(tokens) >= WIDE:
                return True
            # The longest comes last, and so is tried first: the way a tokenizer would mostly go.
            for following in sorted(tokens, key=lambda one: len(self._vocabulary.token_bytes(one) or b"")):
                ahead = matcher.fork()
                if ahead.try_advance([following]):
                    stack.append((ahead, following))
        return True

    def advance(self, token: int) -> None:
        self.inner.advance(token)
        self._tokens.append(token)
        self._mask = None

    def try_advance(self, tokens: Sequence[int]) -> int:
        accepted = self.inner.try_advance(tokens)
        self._tokens += tokens[:accepted]
        self._mask = None
        return accepted

    def rollback(self, count: int) -> None:
        self.inner.rollback(count)
        del self._tokens[len(self._tokens) - count :]
        self._mask = None

    def fork(self) -> CanonicalMatcher:
        return CanonicalMatcher(self.inner.fork(), self._vocabulary, self._tokens)

    def reset(self) -> None:
        self.inner.reset()
        self._tokens.clear()
        self._mask = None

    def forced_tokens(self) -> list[int]:
        """The tokens that follow one after the other as the only canonical one; end tokens never."""
        probe: CanonicalMatcher | None = None
        forced: list[int] = []
        while len(forced) < MAX_FORCED:
            at = probe or self
            if at.is_terminated or at.can_stop:
                break
            allowed = allowed_tokens(at.mask())
            if len(allowed) != 1 or allowed[0] in self._ends:
                break
            probe = probe or self.fork()
            probe.advance(allowed[0])
            forced += allowed
        return forced

    def completion(self) -> list[int]:
        return self.inner.completion()

    def distance(self) -> int:
        return self.inner.distance()

    def completes_within(self, tokens: int) -> bool:
        return self.inner.completes_within(tokens)
