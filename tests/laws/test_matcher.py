"""What a matcher does between two masks: advance, rollback, fork, reset, forced tokens, the end.

Each law is stated once in `structgen.testing.laws`; here it meets random grammars, random vocabularies and
random histories. Also: forty operations in a row against the plain-Python matcher, and threads.
"""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from laws.strategies import (
    JSON_PIECES,
    FiniteConstraint,
    choices,
    regexes,
    schemas,
    schemas_with_references,
    vocabularies,
)

import structgen as sg
from structgen.decode.budget import Budget
from structgen.errors import (
    MatcherError,
    MatcherTerminated,
    TokenRejected,
    UnsatisfiableSchema,
    VocabularyError,
)
from structgen.testing.laws import (
    assert_distance_achieved,
    assert_forced_tokens_are_singletons,
    assert_forks_are_independent,
    assert_mask_agrees_with_advance,
    assert_mask_is_live,
    assert_rejection_changes_nothing,
    assert_reset_returns_to_start,
    assert_rollback_inverts_advance,
    snapshot,
)

ASCII = bytes(range(0x20, 0x7F)) + "é".encode()
SEEDS = st.integers(0, 2**32 - 1)
GRAMMARS = st.one_of(
    choices().map(sg.choice),
    regexes().map(sg.regex),
    st.builds(
        lambda schema, order, blanks: sg.json_schema(schema, property_order=order, whitespace=blanks),
        schemas(max_leaves=6) | schemas_with_references(),
        st.sampled_from(["schema", "any"]),
        st.sampled_from(["compact", "bounded", "any"]),
    ),
)
WHOLE = vocabularies(ASCII, JSON_PIECES, whole=True)


def share(parts: int) -> settings:
    """The chosen profile with a ``parts``-th of its examples."""
    noise = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=max(5, settings().max_examples // parts), suppress_health_check=noise)


def constraint_of(grammar: sg.Grammar, vocabulary: sg.Vocabulary) -> sg.Constraint:
    try:
        return sg.compile(grammar, vocabulary)
    except (UnsatisfiableSchema, VocabularyError):
        assume(False)
        raise


def some_way(matcher: sg.Matcher, rng: random.Random, length: int) -> list[int]:
    """A random walk of at most ``length`` accepted tokens from here; end tokens only as the last resort."""
    probe, way = matcher.fork(), []
    ends = set(matcher.constraint.vocabulary.eos_ids)
    while len(way) < length and not probe.is_terminated:
        allowed = probe.allowed_tokens()
        if not allowed:
            break
        inner = [token for token in allowed if token not in ends]
        way.append(rng.choice(inner or allowed))
        probe.advance(way[-1])
    return way


@share(1)
@given(GRAMMARS, WHOLE, SEEDS, st.integers(0, 12))
def test_every_law_at_a_random_state(
    grammar: sg.Grammar, vocabulary: sg.Vocabulary, seed: int, steps: int
) -> None:
    rng = random.Random(seed)
    constraint = constraint_of(grammar, vocabulary)
    matcher = constraint.matcher()
    history = some_way(matcher, rng, steps)
    assert matcher.try_advance(history) == len(history) == len(matcher)
    before = snapshot(matcher)
    way = some_way(matcher, rng, 5)
    if rng.random() < 0.5:
        way.append(rng.randrange(vocabulary.width))  # most likely refused
    strange = [rng.randrange(vocabulary.width) for _ in range(8)] + [vocabulary.size, vocabulary.width, -1]
    assert_mask_is_live(matcher, vocabulary)
    assert_mask_agrees_with_advance(matcher, [token for token in strange if token >= 0])
    assert_rollback_inverts_advance(matcher, way)
    assert_forks_are_independent(matcher, way)
    assert_rejection_changes_nothing(matcher, strange)
    assert_distance_achieved(matcher)
    assert_forced_tokens_are_singletons(matcher, vocabulary)
    assert_reset_returns_to_start(matcher, constraint.matcher())
    assert snapshot(matcher) == before
    matcher.rollback(len(history))
    assert snapshot(matcher) == snapshot(constraint.matcher())


@share(2)
@given(GRAMMARS, WHOLE, SEEDS)
def test_forced_tokens_are_the_whole_run(grammar: sg.Grammar, vocabulary: sg.Vocabulary, seed: int) -> None:
    constraint = constraint_of(grammar, vocabulary)
    matcher = constraint.matcher()
    matcher.try_advance(some_way(matcher, random.Random(seed), 3))
    probe, run = matcher.fork(), []
    while len(run) < 100 and not probe.is_terminated:
        allowed = probe.allowed_tokens()
        if len(allowed) != 1 or allowed[0] in vocabulary.eos_ids:
            break
        run += allowed
        probe.advance(allowed[0])
    assert matcher.forced_tokens()[:100] == run


@share(1)
@given(GRAMMARS, WHOLE, SEEDS)
def test_the_end(grammar: sg.Grammar, vocabulary: sg.Vocabulary, seed: int) -> None:
    matcher = constraint_of(grammar, vocabulary).matcher()
    matcher.try_advance([t for t in some_way(matcher, random.Random(seed), 4) if t not in vocabulary.eos_ids])
    for token in matcher.completion():
        assert not matcher.is_terminated
        matcher.advance(token)
    assert matcher.can_stop and matcher.distance() == 0
    length = len(matcher)
    for end in vocabulary.eos_ids:
        assert end in matcher.allowed_tokens()
        matcher.advance(end)
        assert matcher.is_terminated and not matcher.can_stop and matcher.distance() == 0
        assert len(matcher) == length + 1
        assert not matcher.mask().any() and matcher.forced_tokens() == []
        for token in (end, 0, vocabulary.width - 1):
            with pytest.raises(MatcherTerminated):
                matcher.advance(token)
            assert matcher.try_advance([token]) == 0
        assert matcher.fork().is_terminated
        matcher.rollback(1)
        assert not matcher.is_terminated and matcher.can_stop


# --- A long history against the reference ----------------------------------------------------------


@share(1)
@given(choices(), vocabularies("abcé€".encode()), SEEDS)
def test_any_sequence_of_operations_agrees_with_the_reference(
    options: list[str], vocabulary: sg.Vocabulary, seed: int
) -> None:
    rng = random.Random(seed)
    reference = FiniteConstraint((text.encode() for text in options), vocabulary)
    assume(reference.completion(b"") is not None)
    constraint = sg.compile(sg.choice(options), vocabulary)
    pairs: list[tuple[Any, Any]] = [(constraint.matcher(), reference.matcher())]
    for _ in range(40):
        mine, theirs = rng.choice(pairs)
        operation = rng.choice(["advance", "advance", "advance", "try", "rollback", "fork", "reset"])
        allowed = theirs.mask()
        likely = [t for t in range(vocabulary.size) if allowed[t >> 5] >> (t & 31) & 1] or [0]
        token = rng.choice(likely) if rng.random() < 0.8 else rng.randrange(vocabulary.width)
        if operation == "advance":
            outcomes = []
            for matcher in (mine, theirs):
                try:
                    matcher.advance(token)
                    outcomes.append(None)
                except (TokenRejected, MatcherTerminated) as error:
                    outcomes.append(type(error))
            assert outcomes[0] == outcomes[1]
        elif operation == "try":
            tokens = [token, *(rng.randrange(vocabulary.width) for _ in range(2))]
            assert mine.try_advance(tokens) == theirs.try_advance(tokens)
        elif operation == "rollback":
            count = rng.randint(0, len(mine))
            mine.rollback(count)
            theirs.rollback(count)
            with pytest.raises(MatcherError):
                mine.rollback(len(mine) + 1)
        elif operation == "fork":
            pairs.append((mine.fork(), theirs.fork()))
        else:
            mine.reset()
            theirs.reset()
        for one, other in pairs:
            assert np.array_equal(one.mask(), other.mask())
            assert (one.can_stop, one.is_terminated) == (other.can_stop, other.is_terminated)
            assert_distance_achieved(one, other)
            assert len(one) == len(other.tokens)


# --- Vocabularies that lack bytes ------------------------------------------------------------------


# text, tokens: something can be spelled, but not what is shortest in bytes.
UNSPELLABLE = {
    "first of two": (["a", "b"], [b"b"]),
    "the longer one": (["ab", "cdcdcd"], [b"cd", b"a"]),
    "in the middle": (["xay", "xbby"], [b"x", b"y", b"b"]),
}


@pytest.mark.parametrize("case", UNSPELLABLE)
def test_masks_leave_out_what_no_tokens_can_finish(case: str) -> None:
    options, pieces = UNSPELLABLE[case]
    vocabulary = sg.Vocabulary.from_tokens([*pieces, None], eos=len(pieces))
    reference = FiniteConstraint((text.encode() for text in options), vocabulary).matcher()
    matcher = sg.compile(sg.choice(options), vocabulary).matcher()
    while not reference.can_stop:
        assert np.array_equal(matcher.mask(), reference.mask())
        token = reference.completion()[0]
        matcher.advance(token)
        reference.advance(token)
    assert matcher.can_stop


@pytest.mark.parametrize("case", UNSPELLABLE)
def test_completions_are_spelled_when_bytes_are_missing(case: str) -> None:
    options, pieces = UNSPELLABLE[case]
    vocabulary = sg.Vocabulary.from_tokens([*pieces, None], eos=len(pieces))
    matcher = sg.compile(sg.choice(options), vocabulary).matcher()
    reference = FiniteConstraint((text.encode() for text in options), vocabulary).matcher()
    assert matcher.distance() == reference.distance()
    assert_distance_achieved(matcher, reference)


@share(4)
@given(choices().map(sg.choice) | regexes().map(sg.regex), vocabularies(ASCII, JSON_PIECES), SEEDS)
def test_an_output_ends_within_a_budget_when_bytes_are_missing(
    grammar: sg.Grammar, vocabulary: sg.Vocabulary, seed: int
) -> None:
    rng = random.Random(seed)
    matcher = constraint_of(grammar, vocabulary).matcher()
    budget = Budget(matcher, limit := matcher.distance() + rng.randint(0, 6))
    while budget.left:
        proposals = [token for token in matcher.allowed_tokens() if token not in vocabulary.eos_ids]
        rng.shuffle(proposals)
        if not any(budget.take(token) for token in proposals):
            break
    assert matcher.can_stop
    assert len(matcher) <= limit


# --- Threads ---------------------------------------------------------------------------------------

SHARED_SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "rows": {"type": "array", "items": {"$ref": "#"}, "maxItems": 3},
        "n": {"type": "number", "multipleOf": 0.5},
    },
    "patternProperties": {"^x": {"oneOf": [{"type": "integer"}, {"minimum": 3, "type": "number"}]}},
    "required": ["name"],
}


def masks_along(constraint: sg.Constraint, seed: int, steps: int = 60) -> list[bytes]:
    """The masks met on a random walk that depends on nothing but ``seed``."""
    rng = random.Random(seed)
    matcher, found = constraint.matcher(), []
    for _ in range(steps):
        if matcher.is_terminated:
            matcher.rollback(min(len(matcher), 7))
        mask = matcher.mask()
        found.append(mask.tobytes())
        other = matcher.fork()
        matcher.advance(rng.choice(matcher.allowed_tokens()))
        if rng.random() < 0.2:
            matcher = other
    return found


def wide_vocabulary() -> sg.Vocabulary:
    tokens = [bytes([byte]) for byte in range(256)] + list(JSON_PIECES)
    return sg.Vocabulary.from_tokens([*tokens, None], eos=len(tokens))


@pytest.mark.parametrize("shared", [True, False], ids=["one constraint", "a constraint each"])
def test_threads_see_the_masks_of_one_thread(shared: bool) -> None:
    vocabulary = wide_vocabulary()
    options = {"property_order": "any", "whitespace": "any"}
    grammar = sg.json_schema(SHARED_SCHEMA, **options)
    constraint = sg.compile(grammar, vocabulary)
    serial = [masks_along(sg.compile(grammar, vocabulary), seed) for seed in range(12)]
    with ThreadPoolExecutor(max_workers=4) as pool:
        own = [constraint if shared else sg.compile(grammar, vocabulary) for _ in range(12)]
        threaded = list(pool.map(masks_along, own, range(12)))
    assert threaded == serial


@pytest.mark.parametrize("threads", [None, 1, 4])
def test_fill_masks_fills_row_by_row(threads: int | None) -> None:
    vocabulary = wide_vocabulary()
    constraint = sg.compile(SHARED_SCHEMA, vocabulary)
    matchers = []
    for seed in range(9):
        matcher = constraint.matcher()
        matcher.try_advance(some_way(matcher, random.Random(seed), 4 * seed))
        matchers.append(matcher)
    words = len(matchers[0].mask())
    out = np.full((10, words), 0xA5A5A5A5, dtype=np.uint32)
    sg.fill_masks(matchers, out, threads)
    for row, matcher in enumerate(matchers):
        assert np.array_equal(out[row], matcher.mask())
    assert (out[9] == 0xA5A5A5A5).all()


def test_forks_of_one_matcher_live_on_different_threads() -> None:
    constraint = sg.compile(SHARED_SCHEMA, wide_vocabulary())
    origin = constraint.matcher()
    origin.try_advance(some_way(origin, random.Random(3), 12))
    before = snapshot(origin)

    def wander(fork: sg.Matcher) -> bool:
        rng = random.Random(7)
        for _ in range(30):
            way = some_way(fork, rng, 3)
            fork.rollback(fork.try_advance(way))
            fork.fork().rollback(len(fork))
        return snapshot(fork) == before

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert all(pool.map(wander, [origin.fork() for _ in range(8)]))
    assert snapshot(origin) == before
