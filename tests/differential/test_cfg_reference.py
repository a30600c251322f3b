"""Random context-free grammars: every mask, end and completion against a plain Earley recognizer.

The grammars are recursive in every way: left, right, nested, hidden behind rules that may be empty,
ambiguous.  The reference (cfg_reference.py) reads single characters and knows no frames.
"""

from __future__ import annotations

import random

import pytest
from differential.cfg_reference import Recognizer, gbnf_of, random_rules
from hypothesis import given, settings
from hypothesis import strategies as st
from laws.strategies import vocabularies

import structgen as sg

BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
PIECES = (b"ab", b"ba", b"aab", b"abc", b"cc", b"bca", b"aaaa", b"cab", b"abab", b"acb", b"bb", b"ca")


def reads(reference: Recognizer, text: str) -> bool:
    return all(reference.read(character) for character in text)


@pytest.mark.parametrize("seed", range(60))
def test_every_step_of_a_walk(seed: int) -> None:
    rng = random.Random(seed)
    rules = random_rules(rng)
    text = gbnf_of(rules, "r0")
    constraint = sg.compile(sg.gbnf(text), BYTES)
    for _ in range(4):
        matcher, reference, read = constraint.matcher(), Recognizer(rules, "r0"), ""
        for _ in range(12):
            allowed = {chr(token) for token in matcher.allowed_tokens() if token < 256}
            assert allowed == reference.expected(), f"after {read!r} of\n{text}"
            assert matcher.can_stop == reference.may_end(), f"after {read!r} of\n{text}"
            check_completion(matcher, rules, read)
            if not allowed:
                break
            character = rng.choice(sorted(allowed))
            matcher.advance(ord(character))
            assert reference.read(character)
            read += character


def check_completion(matcher: sg.Matcher, rules: dict[str, list[tuple[str, ...]]], read: str) -> None:
    """The completion is accepted, and each of its bytes brings the end one byte nearer."""
    completion = matcher.completion_text().decode()
    whole = Recognizer(rules, "r0")
    assert reads(whole, read + completion) and whole.may_end(), f"{completion!r} after {read!r}"
    ahead = matcher.fork()
    for left in range(len(completion), 0, -1):
        assert ahead.distance() == left
        ahead.advance(ord(completion[-left]))
    assert ahead.can_stop


@settings(parent=settings(), max_examples=max(5, settings().max_examples // 2))
@given(st.integers(0, 2**32 - 1), vocabularies(b"abc", PIECES, whole=True))
def test_masks_over_tokens(seed: int, vocabulary: sg.Vocabulary) -> None:
    """Exactly the tokens that the reference can read, at every place of a walk over tokens."""
    rng = random.Random(seed)
    rules = random_rules(rng)
    matcher = sg.compile(sg.gbnf(gbnf_of(rules, "r0")), vocabulary).matcher()
    read = ""
    texts = [vocabulary.token_bytes(token) for token in range(vocabulary.size)]
    relevant = [token for token, text in enumerate(texts) if text and set(text) <= set(b"abc")]
    for _ in range(6):
        allowed = set(matcher.allowed_tokens())
        expected = set()
        for token in relevant:
            reference = Recognizer(rules, "r0")
            if reads(reference, read + (texts[token] or b"").decode()):
                expected.add(token)
        reference = Recognizer(rules, "r0")
        assert reads(reference, read)
        if reference.may_end():
            expected |= set(vocabulary.eos_ids)
        assert allowed == expected, f"after {read!r} of\n{gbnf_of(rules, 'r0')}"
        choices = sorted(allowed - set(vocabulary.eos_ids))
        if not choices:
            return
        token = rng.choice(choices)
        matcher.advance(token)
        read += (texts[token] or b"").decode()


@pytest.mark.parametrize("seed", range(20))
def test_masks_do_not_depend_on_what_was_asked_before(seed: int) -> None:
    """A text read in one go and byte by byte, masks asked or not: the same states."""
    rng = random.Random(seed)
    rules = random_rules(rng)
    constraint = sg.compile(sg.gbnf(gbnf_of(rules, "r0")), BYTES)
    matcher = constraint.matcher()
    written: list[int] = []
    masks = [matcher.allowed_tokens()]
    for _ in range(15):
        choices = [token for token in masks[-1] if token != 256]
        if not choices:
            break
        written.append(rng.choice(choices))
        matcher.advance(written[-1])
        masks.append(matcher.allowed_tokens())
    sg.clear_cache()
    other = sg.compile(sg.gbnf(gbnf_of(rules, "r0")), BYTES).matcher()
    assert other.try_advance(written) == len(written)
    assert other.allowed_tokens() == masks[-1]
    for count in range(1, len(written) + 1):
        other.rollback(1)
        assert other.allowed_tokens() == masks[-1 - count]
