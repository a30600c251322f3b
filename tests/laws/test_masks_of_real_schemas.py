"""Masks of real schemas over real vocabularies are what a matcher takes when every token is tried.

The reference reads each token of the vocabulary byte by byte on a fork; it knows no mask, no trie and no
cache.  States are those before the tokens of the schemas' own instances, valid and invalid, their members
shuffled.  At each of them the mask is asked for with the cache off, with one of a megabyte, and with the
usual one; some constraints are then asked by eight threads at once.

How many states: a few hundred with a fixed seed, 20,000 with `--hypothesis-profile=nightly`. The reference
takes time in proportion to the vocabulary, so larger ones get fewer.
"""

from __future__ import annotations

import gzip
import json
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from laws.test_masks import FAMILIES

import structgen as sg
from structgen.errors import GrammarError

NIGHTLY = settings().max_examples >= 1000
STATES = {"byte-level": 300, "SentencePiece": 80, "tekken": 20}
if NIGHTLY:
    STATES = {"byte-level": 13_000, "SentencePiece": 5_000, "tekken": 2_000}
PER_SCHEMA = 8
LAYOUTS: list[dict[str, Any]] = [
    {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"},
    {"property_order": "any", "whitespace": "bounded"},
    {},
]


@pytest.fixture(autouse=True)
def own_cache() -> Iterator[None]:
    limit = sg.cache_info()["limit"]
    yield
    sg.set_cache_limit(limit)
    sg.clear_cache()


def real_cases(data_dir: Path, rng: random.Random) -> Iterator[dict[str, Any]]:
    path = data_dir / "maskbench_dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the development file is not among the shared data")
    with gzip.open(path, "rt") as lines:
        cases = lines.readlines()
    rng.shuffle(cases)
    return map(json.loads, cases)


def shuffled(value: Any, rng: random.Random) -> Any:
    """The same value with the members of its objects in another order."""
    if isinstance(value, dict):
        return {key: shuffled(value[key], rng) for key in rng.sample(list(value), len(value))}
    return [shuffled(part, rng) for part in value] if isinstance(value, list) else value


def states(
    constraint: sg.Constraint, case: dict[str, Any], vocabulary: sg.Vocabulary, rng: random.Random
) -> list[sg.Matcher]:
    """A sample of the states before the tokens of the case's instances, cut into tokens at random."""
    met = [constraint.matcher()]
    for test in rng.sample(case["tests"], min(len(case["tests"]), 4)):
        matcher = constraint.matcher()
        value = shuffled(test["data"], rng)
        text = json.dumps(value, ensure_ascii=False, indent=rng.choice([None, 1])).encode("utf-8", "replace")
        while text:
            # The longest token, or any shorter one.
            cut = max(n for n in range(1, min(len(text), 24) + 1) if vocabulary.ids_of(text[:n]))
            if rng.random() < 0.3:
                cut = rng.choice([n for n in range(1, cut + 1) if vocabulary.ids_of(text[:n])])
            if not matcher.try_advance([rng.choice(vocabulary.ids_of(text[:cut]))]):
                break
            text = text[cut:]
            met.append(matcher.fork())
    return rng.sample(met, min(len(met), PER_SCHEMA))


def tried(matcher: sg.Matcher) -> np.ndarray[Any, Any]:
    """The mask by its definition."""
    return np.frombuffer(matcher._native.mask_by_trying(), dtype=np.uint32)


def ask_at_once(matchers: list[sg.Matcher], expected: list[np.ndarray[Any, Any]], name: str) -> None:
    """Eight threads ask for the same masks in orders of their own."""
    wrong: list[Any] = []
    ready = threading.Barrier(8)

    def work(seed: int) -> None:
        order = random.Random(seed).sample(range(len(matchers)), len(matchers))
        ready.wait()
        try:
            wrong.extend(i for i in order if not np.array_equal(matchers[i].mask(), expected[i]))
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, (name, wrong[:5])


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_masks_are_what_a_matcher_takes(family: str, data_dir: Path) -> None:
    vocabulary = FAMILIES[family]()
    rng = random.Random(f"{family} {NIGHTLY}")
    usual = sg.cache_info()["limit"]
    checked = 0
    for number, case in enumerate(real_cases(data_dir, rng)):
        if checked >= STATES[family]:
            break
        try:
            constraint = sg.compile(sg.json_schema(case["schema"], **rng.choice(LAYOUTS)), vocabulary)
        except GrammarError:
            continue  # an invalid schema, or one that needs a document that is not here
        matchers = states(constraint, case, vocabulary, rng)
        expected = [tried(matcher) for matcher in matchers]
        for limit in (0, 1 << 20, usual):
            sg.set_cache_limit(limit)
            for matcher, row in zip(matchers, expected, strict=True):
                assert np.array_equal(matcher.mask(), row), (case["name"], limit, matcher)
        if number % 10 == 0:
            if number % 20 == 0:
                sg.clear_cache()
            ask_at_once(matchers, expected, case["name"])
        checked += len(matchers)
    assert checked >= STATES[family]
