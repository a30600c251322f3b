"""Grammars whose texts are all known up to a length, and what is asked of them.

Knows no grammars: test_compositions.py and test_nested_grammars.py bring them, with a reader of their own.
"""

from __future__ import annotations

import itertools
import random

import structgen as sg
from structgen.testing.laws import (
    assert_distance_achieved,
    assert_forks_are_independent,
    assert_mask_agrees_with_advance,
    assert_mask_is_live,
    assert_rejection_changes_nothing,
    assert_reset_returns_to_start,
    assert_rollback_inverts_advance,
)

LENGTH = 7  # of the longest member that is looked at

SINGLE = [b"a", b"b", b"1", b"2", b"[", b"]", b",", b'"', b"t", b"r", b"u", b"e"]
LONGER = [
    *(b"ab", b"ba", b"aba", b"12", b"11", b"[1", b"1]", b"][", b'"a', b'a"', b"[]", b"tru", b"ea", b"1a"),
    b"b1",
]


def joined(before: frozenset[str], after: frozenset[str]) -> frozenset[str]:
    """One of each after another, as long as it is not too long."""
    return frozenset(a + b for a, b in itertools.product(before, after) if len(a) + len(b) <= LENGTH)


def vocabulary(rng: random.Random, *, whole: bool) -> sg.Vocabulary:
    """Some tokens of several bytes beside every byte there is, or beside those of SINGLE alone."""
    tokens: list[bytes | None] = [bytes([byte]) for byte in range(256)] if whole else list(SINGLE)
    tokens += rng.sample(LONGER, 8)
    rng.shuffle(tokens)
    return sg.Vocabulary.from_tokens([*tokens, None], eos=len(tokens))


def check_language(
    grammar: sg.Grammar, known: frozenset[str], tokens: sg.Vocabulary, rng: random.Random, *, whole: bool
) -> None:
    """Members are accepted, and every short string of tokens is judged as ``known`` says."""
    matcher = sg.compile(grammar, tokens).matcher()
    for text in rng.sample(sorted(known), min(len(known), 6)):
        probe = matcher.fork()
        for token in tokens.encode(text):
            assert_mask_is_live(probe, tokens)
            assert token in probe.allowed_tokens(), (grammar, text)
            probe.advance(token)
        assert probe.can_stop, (grammar, text)
    for _ in range(30):
        probe, text = matcher.fork(), b""
        for _ in range(rng.randrange(1, 5)):
            if rng.random() < 0.8 and not probe.is_terminated:
                choices = [t for t in probe.allowed_tokens() if t not in tokens.eos_ids]
                token = rng.choice(choices) if choices else 0
            else:
                token = rng.randrange(tokens.size - 1)
            taken = probe.try_advance([token])
            read = text + (tokens.token_bytes(token) or b"")
            if len(read) > LENGTH - 3:
                break
            starts = [member for member in known if member.encode().startswith(read)]
            if starts and whole:
                assert taken, (grammar, read)
            if not taken:
                break
            text = read
            assert probe.can_stop == (text.decode() in known), (grammar, text)
            assert probe.completion_text().decode() is not None


def check_walk(grammar: sg.Grammar, known: frozenset[str], tokens: sg.Vocabulary, rng: random.Random) -> None:
    """A random walk over masks keeps the laws of matchers and ends in a member."""
    constraint = sg.compile(grammar, tokens)
    matcher = constraint.matcher()
    text = b""
    for _ in range(rng.randrange(8)):
        assert_mask_is_live(matcher, tokens)
        assert matcher.mask().tobytes() == matcher._native.mask_by_trying()
        assert_distance_achieved(matcher)
        some = rng.sample(range(tokens.size), 10)
        assert_mask_agrees_with_advance(matcher, some)
        assert_rejection_changes_nothing(matcher, some[:3])
        choices = [token for token in matcher.allowed_tokens() if token not in tokens.eos_ids]
        if not choices:
            break
        ahead = rng.choices(choices, k=3)
        assert_rollback_inverts_advance(matcher, ahead)
        assert_forks_are_independent(matcher, ahead)
        token = rng.choice(choices)
        matcher.advance(token)
        text += tokens.token_bytes(token) or b""
    assert_reset_returns_to_start(matcher, constraint.matcher())
    text += tokens.decode(matcher.completion())
    if len(text) <= LENGTH:
        assert text.decode() in known, (grammar, text)
