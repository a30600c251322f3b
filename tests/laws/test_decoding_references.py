"""The shipped laws: the reference keeps them, native matchers keep them, broken matchers do not.

Legend: languages are small sets of words over a and b; vocabularies are random pieces of such words, so
that words have several segmentations, some bytes have no token, and some prefixes are dead ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structgen as sg
from structgen.errors import MatcherError, UnsatisfiableSchema, VocabularyError
from structgen.testing import laws
from structgen.testing.reference import Language, ReferenceConstraint, ReferenceMatcher, TinyVocabulary

words = st.lists(st.text("ab", max_size=6), min_size=1, max_size=6)
pieces = st.lists(st.text("ab", min_size=1, max_size=3), max_size=5)
walks = st.lists(st.integers(0, 8), max_size=12)


def walk(matcher: Any, choices: Sequence[int]) -> None:
    """Advance by an allowed token for each choice, while there is one."""
    for choice in choices:
        allowed = [token for token in range(9) if matcher.fork().try_advance([token])]
        if not allowed:
            return
        matcher.advance(allowed[choice % len(allowed)])


def check_all(matcher: Any, reference: ReferenceMatcher, fresh: Any, vocabulary: Any) -> None:
    tokens = range(-1, vocabulary.width + 2)
    completion = reference.completion()
    if not matcher.is_terminated:
        laws.assert_mask_is_exact(matcher, reference)
    laws.assert_mask_is_live(matcher, vocabulary)
    laws.assert_mask_agrees_with_advance(matcher, [token for token in tokens if token >= 0])
    laws.assert_rejection_changes_nothing(matcher, list(tokens))
    laws.assert_rollback_inverts_advance(matcher, [*completion, *vocabulary.eos_ids, 0])
    laws.assert_forks_are_independent(matcher, completion)
    laws.assert_distance_achieved(matcher, reference)
    laws.assert_forced_tokens_are_singletons(matcher, vocabulary)
    laws.assert_reset_returns_to_start(matcher, fresh)


@given(words=words, pieces=pieces, choices=walks)
def test_the_reference_and_native_matchers_keep_every_law(
    words: list[str], pieces: list[str], choices: list[int]
) -> None:
    tokens = [b"a", b"b", *(piece.encode() for piece in pieces), None]
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=len(tokens) - 1, width=len(tokens) + 1)
    constraint = ReferenceConstraint(Language.of(words), vocabulary)
    reference = constraint.matcher()
    native_constraint = sg.compile(sg.choice(words), vocabulary)
    native = native_constraint.matcher()
    walk(reference, choices)
    assert native.try_advance(reference.tokens) == len(reference.tokens)
    check_all(reference, reference.fork(), constraint.matcher(), vocabulary)
    check_all(native, reference, native_constraint.matcher(), vocabulary)


@given(
    words=words, pieces=st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5), choices=walks
)
def test_vocabularies_that_cannot_spell_everything(
    words: list[str], pieces: list[str], choices: list[int]
) -> None:
    """Where bytes have no token of their own, what is live is decided on tokens."""
    vocabulary = sg.Vocabulary.from_tokens([*(piece.encode() for piece in pieces), None], eos=len(pieces))
    constraint = ReferenceConstraint(Language.of(words), vocabulary)
    reference = constraint.matcher()
    try:
        native = sg.compile(sg.choice(words), vocabulary).matcher()
    except (VocabularyError, UnsatisfiableSchema):
        assert constraint.completion(b"") is None
        return
    walk(reference, choices)
    assert native.try_advance(reference.tokens) == len(reference.tokens)
    if not reference.is_terminated:
        laws.assert_mask_is_exact(native, reference)
        try:
            laws.assert_distance_achieved(native, reference)
        except MatcherError:
            # A completion is known only where the shortest one can be spelled (docs/explanation/engine.md).
            assert not vocabulary.covers_all_bytes


VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", None], eos=3)
CONSTRAINT = ReferenceConstraint(Language.of(["ab", "abb", "aab"]), VOCABULARY)


class AllowsTooMuch(ReferenceMatcher):
    def mask(self) -> Any:
        mask = super().mask()
        mask[0] |= 0b10  # b may never come first
        return mask


class AllowsTooLittle(ReferenceMatcher):
    def mask(self) -> Any:
        mask = super().mask()
        mask[0] &= ~0b100 & 0xFFFFFFFF
        return mask


class ForgetsToFork(ReferenceMatcher):
    def fork(self) -> ReferenceMatcher:
        return self


class RollsBackTooLittle(ReferenceMatcher):
    def rollback(self, count: int) -> None:
        super().rollback(max(0, count - 1))


class TakesWhatItRejects(ReferenceMatcher):
    def advance(self, token: int) -> None:
        self._tokens.append(0)
        super().advance(token)


class PromisesTooMuch(ReferenceMatcher):
    def completion(self) -> list[int]:
        return super().completion()[:-1]


class ForcesWhatIsFree(ReferenceMatcher):
    def forced_tokens(self) -> list[int]:
        return [0]


@pytest.mark.parametrize(
    ("broken", "law"),
    [
        (AllowsTooMuch, lambda m: laws.assert_mask_is_exact(m, CONSTRAINT.matcher())),
        (AllowsTooLittle, lambda m: laws.assert_mask_is_exact(m, CONSTRAINT.matcher())),
        (AllowsTooMuch, lambda m: laws.assert_mask_agrees_with_advance(m, range(4))),
        (ForgetsToFork, lambda m: laws.assert_forks_are_independent(m, [0, 1])),
        (RollsBackTooLittle, lambda m: laws.assert_rollback_inverts_advance(m, [0, 1])),
        (TakesWhatItRejects, lambda m: laws.assert_rejection_changes_nothing(m, range(4))),
        (PromisesTooMuch, lambda m: laws.assert_distance_achieved(m, CONSTRAINT.matcher())),
        (ForcesWhatIsFree, lambda m: laws.assert_forced_tokens_are_singletons(m, VOCABULARY)),
    ],
    ids=lambda value: getattr(value, "__name__", "law"),
)
def test_each_law_catches_the_matcher_that_breaks_it(
    broken: type[ReferenceMatcher], law: Callable[[Any], None]
) -> None:
    law(CONSTRAINT.matcher())
    with pytest.raises(AssertionError):
        law(broken(CONSTRAINT))
