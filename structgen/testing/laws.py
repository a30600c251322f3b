"""Laws every matcher keeps, as assertions; use them in the tests of a new engine.

Each takes matchers in any state and leaves them as they were.  The messages name the token and the
text it followed.  Notation: m is the matcher under test, r a reference in the same state.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from structgen.decode.matching import MatcherLike, VocabularyLike, allowed_tokens, token_bits
from structgen.errors import MatcherError


def snapshot(matcher: MatcherLike) -> tuple[list[int], bool, bool, int]:
    """Everything observable about a state: mask, can_stop, is_terminated, distance."""
    if matcher.is_terminated:
        return [], False, True, 0
    return allowed_tokens(matcher.mask()), matcher.can_stop, False, matcher.distance()


def assert_mask_is_exact(matcher: MatcherLike, reference: MatcherLike) -> None:
    """m's mask has exactly the tokens of r's; fill_mask writes the same row and no other."""
    mine, theirs = allowed_tokens(matcher.mask()), allowed_tokens(reference.mask())
    extra, missing = sorted(set(mine) - set(theirs)), sorted(set(theirs) - set(mine))
    assert not extra, f"tokens {extra[:10]} are allowed but leave nothing to complete"
    assert not missing, f"tokens {missing[:10]} are refused although a completion exists"
    assert matcher.can_stop == reference.can_stop
    rows = np.full((3, len(matcher.mask())), 0xDEADBEEF, dtype=np.uint32)
    matcher.fill_mask(rows, 1)
    assert allowed_tokens(rows[1]) == mine
    assert (rows[0] == 0xDEADBEEF).all() and (rows[2] == 0xDEADBEEF).all()


def assert_mask_is_live(matcher: MatcherLike, vocabulary: VocabularyLike) -> None:
    """Before the end something is allowed; end tokens exactly when the output may stop here."""
    if matcher.is_terminated:
        return
    allowed = set(allowed_tokens(matcher.mask()))
    ends = set(vocabulary.eos_ids)
    assert allowed or (matcher.can_stop and not ends), "the mask is empty before the end"
    assert allowed & ends == (ends if matcher.can_stop else set())


def assert_mask_agrees_with_advance(matcher: MatcherLike, tokens: Sequence[int]) -> None:
    """Of these tokens, exactly those in the mask are accepted."""
    mask = matcher.mask()
    for token in tokens:
        bit = token >> 5 < len(mask) and bool(int(mask[token >> 5]) >> (token & 31) & 1)
        probe = matcher.fork()
        assert (probe.try_advance([token]) == 1) == bit, f"token {token}: mask says {bit}, advance differs"


def assert_rollback_inverts_advance(matcher: MatcherLike, tokens: Sequence[int]) -> None:
    """After accepting some of ``tokens`` and rolling back as many, nothing has changed."""
    before = snapshot(matcher)
    accepted = matcher.try_advance(tokens)
    after = snapshot(matcher)
    for count in range(1, accepted + 1):
        matcher.rollback(count)
        again = matcher.try_advance(tokens[accepted - count : accepted])
        assert again == count, "tokens accepted once are accepted again after a rollback"
        assert snapshot(matcher) == after
    matcher.rollback(accepted)
    assert snapshot(matcher) == before


def assert_forks_are_independent(matcher: MatcherLike, tokens: Sequence[int]) -> None:
    """What happens to a fork is not seen by its origin, nor the other way round."""
    before = snapshot(matcher)
    one, other = matcher.fork(), matcher.fork()
    accepted = one.try_advance(tokens)
    assert snapshot(matcher) == before and snapshot(other) == before
    advanced = snapshot(one)
    other.reset()
    assert snapshot(matcher) == before and snapshot(one) == advanced
    one.rollback(accepted)
    assert snapshot(one) == before


def assert_rejection_changes_nothing(matcher: MatcherLike, tokens: Sequence[int]) -> None:
    """A token that is not allowed raises and leaves the matcher as it was."""
    before = snapshot(matcher)
    allowed = set(before[0])
    for token in tokens:
        if token in allowed:
            continue
        try:
            matcher.advance(token)
        except MatcherError:
            pass
        else:
            raise AssertionError(f"token {token} is not in the mask, yet advance took it")
        assert matcher.try_advance([token]) == 0
        assert snapshot(matcher) == before


def assert_distance_achieved(matcher: MatcherLike, reference: MatcherLike | None = None) -> None:
    """The known completion has ``distance`` tokens, is accepted, and leads to where the output may stop.

    With a reference (whose distance is minimal) it is also never shorter than possible.
    """
    if matcher.is_terminated:
        return
    completion = matcher.completion()
    assert len(completion) == matcher.distance()
    probe = matcher.fork()
    assert probe.try_advance(completion) == len(completion), "the known completion is not accepted"
    assert probe.can_stop, "the known completion does not complete"
    if reference is not None:
        assert matcher.distance() >= reference.distance()


def assert_forced_tokens_are_singletons(matcher: MatcherLike, vocabulary: VocabularyLike) -> None:
    """Each forced token is the only one its mask allows, and none is an end token."""
    probe = matcher.fork()
    for token in matcher.forced_tokens():
        mask = probe.mask()
        assert token not in vocabulary.eos_ids
        assert np.array_equal(mask, token_bits([token], vocabulary.width)), f"token {token} has alternatives"
        probe.advance(token)


def assert_reset_returns_to_start(matcher: MatcherLike, fresh: MatcherLike) -> None:
    """After reset a matcher is as a new one; tested on a fork."""
    probe = matcher.fork()
    probe.reset()
    assert snapshot(probe) == snapshot(fresh)
