"""Masks never depend on what was computed before: caches off, small, cleared, shared by threads.

The reference is the definition itself: each token tried by `advance`, in an engine of its own, with the
cache off. It is compared at sampled states of schemas chosen for what makes masks shareable: free and
bounded strings, open and closed objects, values of one schema in many places, numbers, nesting.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import structgen as sg

PIECES = [
    *(bytes([byte]) for byte in range(256)),
    *(
        b'{"',
        b'"}',
        b'":',
        b'": ',
        b'": "',
        b'","',
        b'", "',
        b'":{"',
        b'"]',
        b'"],"',
        b"[]",
        b"{}",
        b'[{"',
        b"}}",
    ),
    *(
        b"]}",
        b'"a',
        b'a"',
        b'ab":',
        b'"ab":',
        b'b": 1',
        b"12",
        b"1,",
        b", ",
        b'1,"',
        b":1,",
        b":[],",
        b'":"","',
    ),
    *(
        b"true",
        b'true,"',
        b"null}",
        b"abc",
        b"the ",
        b'the "',
        b"\\n",
        b'\\"',
        b"\\u00",
        b"\\ud83d",
        b"\xc3\xa9",
    ),
    *(
        b"\xe2\x82\xac",
        b"\xe2\x82",
        b"\xac",
        b"\xf0\x9f",
        b"\x98\x80",
        b"\xf0\x9f\x98\x80",
        b"\xff",
        b"a\n",
        b'"\n',
    ),
    *(b"a" * 40, b" " * 30, b"long words of many letters, forty-five in all "),
    *(b"ab", b"ab", None),
]
END = len(PIECES) - 1
VOCABULARY = sg.Vocabulary.from_tokens(PIECES, eos=END, width=len(PIECES) + 40)

GRAMMARS: dict[str, Any] = {
    "free strings": {"type": "array", "items": {"type": "string"}},
    "bounded strings": {"type": "array", "items": {"type": "string", "minLength": 3, "maxLength": 45}},
    "far bounds": {"type": "string", "minLength": 2, "maxLength": 5000},
    "pattern and bound": {"type": "string", "pattern": "^[a-z ]+(é|€)?$", "maxLength": 60},
    "pattern that needs much": {
        "type": "string",
        "pattern": "^a.*(long words of many letters)$",
        "maxLength": 70,
    },
    "not these": {"not": {"enum": ["ab", "abc", "the "]}, "type": "string", "maxLength": 44},
    "enumerations": {
        "type": "array",
        "items": {
            "enum": [
                "",
                "a",
                "ab",
                "abc",
                'a"b',
                "a\\b",
                "a\n",
                "é€",
                "é",
                "the ",
                "the long words",
                12,
                "12",
            ]
        },
    },
    "open objects": {"type": "object", "properties": {"a": {"type": "integer"}, "ab": {"type": "string"}}},
    "closed objects": {
        "type": "object",
        "properties": {"a": {"type": "object", "maxProperties": 1}, "ab": {"enum": ["the ", "abc"]}},
        "required": ["ab"],
        "additionalProperties": False,
    },
    "maps": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "boolean"}}},
    "named maps": {
        "type": "object",
        "patternProperties": {"^a": {"type": "integer"}, "b$": {"type": "number"}},
        "propertyNames": {"maxLength": 4},
        "maxProperties": 3,
    },
    "distinct": {
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string", "maxLength": 3},
        "maxItems": 4,
    },
    "one of": {"oneOf": [{"required": ["a"]}, {"required": ["ab"]}], "type": "object"},
    "numbers": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 12.5}},
    "anything": {},
}
REGEXES = {
    "words": r"[a-z ]{0,300}",
    "lines": r"(a|é|€){2,90}\n[^a]*",
    "two counters": r"a{1,200}b{3,4}(ab){0,70}",
}
LAYOUTS = [
    {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"},
    {"property_order": "schema", "whitespace": "bounded"},
]
CASES = [
    *(
        (f"{name} {number}", sg.json_schema(GRAMMARS[name], **layout))
        for name in GRAMMARS
        for number, layout in enumerate(LAYOUTS)
    ),
    *((name, sg.regex(REGEXES[name])) for name in REGEXES),
    (
        "choices",
        sg.choice(["a", "ab", "abc", 'the "', "the ", '{"ab": 1', "é", "é€", "a" * 45, "long words"]),
    ),
]


@pytest.fixture(autouse=True)
def own_cache() -> Iterator[None]:
    limit = sg.cache_info()["limit"]
    sg.clear_cache()
    yield
    sg.set_cache_limit(limit)
    sg.clear_cache()


def by_trying(constraint: sg.Constraint, prefix: list[int]) -> np.ndarray[Any, Any]:
    """Which tokens a matcher takes after ``prefix``, each tried on a fork."""
    start = constraint.matcher()
    assert start.try_advance(prefix) == len(prefix)
    row = np.zeros((VOCABULARY.width + 31) // 32, dtype=np.uint32)
    for token in range(VOCABULARY.width):
        if start.fork().try_advance([token]):
            row[token >> 5] |= np.uint32(1 << (token & 31))
    return row


def walks(constraint: sg.Constraint, seed: str, count: int = 4, steps: int = 14) -> list[list[int]]:
    """Random prefixes of outputs, long tokens preferred."""
    rng = random.Random(seed)
    prefixes: list[list[int]] = [[]]
    for _ in range(count):
        matcher = constraint.matcher()
        taken: list[int] = []
        for _ in range(steps):
            allowed = matcher.allowed_tokens()
            sample = [token for token in rng.sample(allowed, min(4, len(allowed))) if token != END]
            if not sample:
                break
            token = max(sample, key=lambda token: len(PIECES[token] or b""))
            matcher.advance(token)
            taken.append(token)
            prefixes.append(list(taken))
    return prefixes


@pytest.mark.parametrize(("name", "grammar"), CASES, ids=[name for name, _ in CASES])
def test_masks_are_what_advance_takes_whatever_was_computed_before(name: str, grammar: sg.Grammar) -> None:
    shared = sg.compile(grammar, VOCABULARY)
    prefixes = walks(shared, name)
    sg.clear_cache()
    sg.set_cache_limit(0)
    expected = [by_trying(sg.compile(grammar, VOCABULARY), prefix) for prefix in prefixes]
    for limit in (0, 3000, 1 << 20):
        sg.set_cache_limit(limit)
        for _ in range(2):  # the second time from the cache
            for prefix, row in zip(prefixes, expected, strict=True):
                matcher = shared.matcher()
                assert matcher.try_advance(prefix) == len(prefix)
                assert np.array_equal(matcher.mask(), row), (limit, prefix)
        info = sg.cache_info()
        assert info["bytes"] <= max(limit, 2000) and (info["entries"] > 0) == (limit > 0)


@pytest.mark.parametrize("fresh", [False, True])
def test_eight_threads_on_one_constraint_see_the_same_masks(fresh: bool) -> None:
    grammar = sg.json_schema(GRAMMARS["anything"], **LAYOUTS[0])
    constraint = sg.compile(grammar, VOCABULARY)
    prefixes = walks(constraint, "threads", count=12, steps=20)
    expected = [by_trying(constraint, prefix) for prefix in prefixes]
    sg.clear_cache()
    if fresh:
        constraint = sg.compile(grammar, VOCABULARY)
    wrong: list[Any] = []
    ready = threading.Barrier(8)

    def work(seed: int) -> None:
        order = list(range(len(prefixes)))
        random.Random(seed).shuffle(order)
        ready.wait()
        try:
            for i in order:
                matcher = constraint.matcher()
                matcher.try_advance(prefixes[i])
                if not np.array_equal(matcher.mask(), expected[i]):
                    wrong.append(prefixes[i])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_two_threads_on_one_matcher_do_no_harm() -> None:
    """It is no use to anyone, but each mask is one of a state that the matcher was in."""
    matcher = sg.compile(sg.regex("(ab){0,400}"), VOCABULARY).matcher()
    pair = [ord("a"), ord("b")]
    possible = set()
    for token in pair * 2:
        possible.add(matcher.mask().tobytes())
        matcher.advance(token)
    done = threading.Event()

    def move() -> None:
        for _ in range(300):
            matcher.reset()
            matcher.try_advance(pair * 20)
            matcher.rollback(3)
        done.set()

    thread = threading.Thread(target=move)
    thread.start()
    rows = np.zeros((9, (VOCABULARY.width + 31) // 32), dtype=np.uint32)
    while not done.is_set():
        assert matcher.mask().tobytes() in possible
        sg.fill_masks([matcher] * 9, rows, 2)
        assert all(row.tobytes() in possible for row in rows)
    thread.join()


def test_a_batch_is_the_same_on_any_number_of_threads() -> None:
    constraints = [sg.compile(grammar, VOCABULARY) for _, grammar in CASES]
    matchers = []
    for number, constraint in enumerate(constraints):
        for prefix in walks(constraint, f"batch {number}", count=1):
            matcher = constraint.matcher()
            matcher.try_advance(prefix)
            matchers.append(matcher)
    matchers += matchers[:10]  # the same one in two rows
    alone = np.stack([matcher.mask() for matcher in matchers])
    for threads in (None, 1, 2, 8, 1000):
        sg.clear_cache()
        for _ in range(2):
            rows = np.full((len(matchers) + 1, alone.shape[1] + 2), 0xFFFFFFFF, dtype=np.uint32)
            sg.fill_masks(iter(matchers), rows, threads)
            assert np.array_equal(rows[:-1, :-2], alone), threads
            assert not rows[:-1, -2:].any() and (rows[-1] == 0xFFFFFFFF).all()
    sg.fill_masks([], rows)


def test_a_far_bound_has_the_masks_of_none() -> None:
    longest = max(len(piece or b"") for piece in PIECES)
    schema = {"type": "string", "maxLength": 3000}
    constraint = sg.compile(sg.json_schema(schema), VOCABULARY)
    free = sg.compile(sg.json_schema({"type": "string"}), VOCABULARY).matcher()
    matcher = constraint.matcher()
    for m in (matcher, free):
        m.advance(ord('"'))
        m.mask()
    distinct: set[bytes] = set()
    far = sg.cache_info()["bytes"]
    for length in range(3000):
        if length == 2000:
            assert np.array_equal(matcher.mask(), free.mask())
            # A place where a mask is found again by another name costs its entry and nothing else.
            assert sg.cache_info()["bytes"] - far < 2000 * 1000
        distinct.add(matcher.mask().tobytes())
        matcher.advance(ord("a"))
    assert len(distinct) <= longest + 2
    assert matcher.allowed_tokens() and all(
        (PIECES[t] or b"")[:1] in (b'"', b"") for t in matcher.allowed_tokens()
    )


def test_figures_count_and_the_limit_holds() -> None:
    before = sg.cache_info()
    assert before["entries"] == 0 and before["bytes"] == 0 and before["engine_bytes"] == 0
    matcher = sg.compile({"type": "string"}, VOCABULARY).matcher()
    matcher.mask()
    cold = sg.cache_info()
    assert cold["entries"] >= 1 and cold["misses"] > before["misses"] and cold["engine_bytes"] > 0
    matcher.mask()
    warm = sg.cache_info()
    assert warm["hits"] > cold["hits"] and warm["misses"] == cold["misses"]
    with pytest.raises(ValueError, match="0 or more"):
        sg.set_cache_limit(-1)
    row = matcher.mask()
    sg.clear_cache()
    assert sg.cache_info()["entries"] == 0 and np.array_equal(matcher.mask(), row)


def test_memory_after_many_schemas_is_bounded() -> None:
    sg.set_cache_limit(50_000)
    for number in range(150):
        schema = {
            "type": "object",
            "properties": {f"name{number}": {"type": "string", "maxLength": number % 40}},
        }
        matcher = sg.compile(schema, VOCABULARY).matcher()
        for byte in f'{{"name{number}":"'.encode():
            matcher.mask()
            matcher.advance(byte)
        matcher.mask()
        assert sg.cache_info()["bytes"] <= 50_000


def test_matchers_outlive_the_engine_that_new_constraints_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("structgen.constraint.ENGINE_LIMIT_BYTES", 0)  # every constraint starts a fresh one
    words = [f"word {number * 7919 % 100_003}" for number in range(40_000)]  # grown large at once
    matchers = [sg.compile(sg.choice([*words, f"last {n}"]), VOCABULARY).matcher() for n in range(4)]
    for number, matcher in enumerate(matchers):
        assert matcher.allowed_tokens() == [ord("l"), ord("w")]
        assert matcher.try_advance(list(f"last {number}".encode())) == 6 and matcher.can_stop
        matchers[number] = matcher.fork()  # and the engines go one by one
