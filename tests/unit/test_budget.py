"""Budgets judge tokens: what does not fit is refused, what the plan says always fits."""

from __future__ import annotations

import pytest

from structgen.decode.budget import Budget
from structgen.errors import BudgetTooSmall
from structgen.testing.reference import Language, ReferenceConstraint, ReferenceMatcher, TinyVocabulary

VOCABULARY = TinyVocabulary([b"a", b"b", b"aa", None], eos=3)
A, B, AA, END = range(4)


def matcher_of(*strings: str) -> ReferenceMatcher:
    return ReferenceConstraint(Language.of(strings), VOCABULARY).matcher()


def test_too_small_a_budget_is_refused_with_the_number_that_works() -> None:
    matcher = matcher_of("aaab", "bbbbb")
    with pytest.raises(BudgetTooSmall) as caught:
        Budget(matcher, 2)
    assert (caught.value.needed, caught.value.given) == (3, 2)
    assert Budget(matcher, 3).left == 3


def test_a_token_that_cannot_be_finished_leaves_everything_unchanged() -> None:
    matcher = matcher_of("ab", "bbbb")
    budget = Budget(matcher, 2)
    assert not budget.take(B)
    assert (budget.left, matcher.tokens) == (2, [])
    assert budget.plan() == [A, B]
    assert budget.take(A)
    assert (budget.left, matcher.tokens, budget.plan()) == (1, [A], [B])


def test_a_longer_way_is_taken_while_it_fits() -> None:
    matcher = matcher_of("ab", "bbbb")
    budget = Budget(matcher, 4)
    assert all(budget.take(B) for _ in range(4))
    assert budget.left == 0


def test_the_plan_survives_a_matcher_that_changes_its_mind() -> None:
    """After a plan's token the matcher may know only a longer completion; the plan still fits."""

    class Fickle(ReferenceMatcher):
        def completion(self) -> list[int]:
            return [A, A, B] if self.tokens == [A] else super().completion()

        def try_it(self) -> None:
            assert self.distance() == 3

    matcher = Fickle(ReferenceConstraint(Language.of(["aab", "aaab", "bbbbb"]), VOCABULARY))
    budget = Budget(matcher, 2)  # [aa, b] is known at the start
    assert not budget.take(B)
    assert budget.plan() == [AA, B]
    assert budget.take(AA)
    assert budget.take(B)
    # The same with one token a step: a plan fetched before the change is followed to its end.
    matcher = Fickle(ReferenceConstraint(Language.of(["ab", "aaab", "bbbbb"]), VOCABULARY))
    budget = Budget(matcher, 2)
    assert not budget.take(B)
    assert budget.take(A)
    matcher.try_it()
    assert budget.plan() == [B]
    assert not budget.take(A)
    assert budget.take(B)
    assert (budget.left, matcher.can_stop) == (0, True)


def test_forced_tokens_are_taken_off_budget_and_plan() -> None:
    matcher = matcher_of("aab", "aabbbb", "bbbbbbb")
    budget = Budget(matcher, 2)
    assert not budget.take(B)
    matcher.advance(AA)
    budget.spend_forced([AA])
    assert (budget.left, budget.plan()) == (1, [B])


def test_every_sequence_of_proposals_ends_within_the_budget() -> None:
    """Whatever is proposed in whatever order: at the end of the budget the output is complete."""
    strings = ["ab", "aabb", "bbbbb", "abababa", "b"]
    for limit in range(1, 8):
        for preference in ([A, B, AA], [B, A, AA], [AA, B, A]):
            matcher = matcher_of(*strings)
            budget = Budget(matcher, limit)
            while not matcher.can_stop or (budget.left and any(matcher.allows(t) for t in (A, B, AA))):
                proposals = [token for token in preference if matcher.allows(token)]
                if not any(budget.take(token) for token in proposals):
                    assert matcher.can_stop
                    break
            assert matcher.can_stop
            assert len(matcher.tokens) <= limit


def test_forced_tokens_do_not_lose_the_completion_that_fits() -> None:
    """Behind a forced token the matcher may know only a longer completion; the one before it still fits."""

    class Fickle(ReferenceMatcher):
        def completion(self) -> list[int]:
            return [A, A, A, B] if self.tokens == [B] else super().completion()

    matcher = Fickle(ReferenceConstraint(Language.of(["bab", "baaab"]), VOCABULARY))
    budget = Budget(matcher, 3)
    assert matcher.forced_tokens()[:1] == [B]
    matcher.advance(B)
    budget.spend_forced([B])
    assert (budget.left, matcher.tokens, budget.plan()) == (2, [B], [A, B])
    assert not budget.take(AA)
    assert budget.take(A)
    assert budget.take(B)
