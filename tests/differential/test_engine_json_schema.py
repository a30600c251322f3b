"""The engine against `jsonschema` on random schemas: the same values are valid, nothing else.

For every schema three kinds of values are judged: the engine's own example, random values, and mutants of
valid ones.  A schema the engine calls unsatisfiable must reject a whole pool.  Texts are read byte by byte
with property order, whitespace, numbers and escapes all "any".

Numbers are dyadic, so what the validator computes in floating point is exact.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import jsonschema
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st
from laws.strategies import VALUES, schemas, schemas_with_references

import structgen as sg
from structgen.errors import UnsatisfiableSchema

ANY = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
SEEDS = st.integers(0, 2**32 - 1)


def share(parts: int) -> settings:
    """The chosen profile with a ``parts``-th of its examples."""
    noise = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
    return settings(max_examples=max(5, settings().max_examples // parts), suppress_health_check=noise)


def accepts(constraint: sg.Constraint, value: Any) -> bool:
    data = json.dumps(value, ensure_ascii=False).encode()
    matcher = constraint.matcher()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


_SMALL: list[Any] = [None, True, False, 0, 1, 2, 3, -1, 0.5, 6, 12, "", "a", "b", "ab", "aab", "é", [], {}]
_POOL: list[Any] = [
    *_SMALL,
    [1], ["a"], [None, 1], [1, "a", True], [[], {}], [1, 1, 1, 1], ["ab", 2, 0.5], [{"a": 1}, [1]],
    {"a": 1}, {"a": "a"}, {"b": 1}, {"ab": 1}, {"c": None}, {"a": 1, "b": "b"},
    {"a": {"a": 1}}, {"b": [1, "a"]},
    {"a": 1, "b": 1, "ab": 1}, {"a": "ab", "ab": True, "c": 0}, {"a": [], "b": {}, "ab": None, "c": "a"},
]  # fmt: skip


def mutant(value: Any, rng: random.Random) -> Any:
    """A copy with one small change somewhere."""
    if isinstance(value, (list, dict)) and value and rng.random() < 0.6:
        changed = copy.copy(value)
        place = rng.choice(list(value)) if isinstance(value, dict) else rng.randrange(len(value))
        changed[place] = mutant(value[place], rng)
        return changed
    choice = rng.random()
    if isinstance(value, dict) and choice < 0.7:
        changed = dict(value)
        if changed and choice < 0.35:
            del changed[rng.choice(list(changed))]
        else:
            changed[rng.choice(["a", "b", "ab", "c", "ba"])] = rng.choice(_SMALL)
        return changed
    if isinstance(value, list) and choice < 0.7:
        at = rng.randint(0, len(value))
        if value and choice < 0.35:
            return value[: at - 1] + value[at:] if at else value[1:]
        return [*value[:at], rng.choice(_SMALL), *value[at:]]
    if isinstance(value, str) and choice < 0.7:
        return rng.choice([value + "a", value + "b", value[1:], value[:-1], "a" + value])
    if isinstance(value, (int, float)) and not isinstance(value, bool) and choice < 0.7:
        return value + rng.choice([-2, -1, -0.5, 0.5, 1, 2, 3])
    return rng.choice(_SMALL)


def compare(schema: Any, values: list[Any], seed: int) -> None:
    rng = random.Random(seed)
    validator = jsonschema.Draft202012Validator(schema)
    try:
        constraint = sg.compile(sg.json_schema(schema, dialect="2020-12", **ANY), BYTES)
    except UnsatisfiableSchema:
        event("unsatisfiable")
        pool = [*values, *_POOL, *(mutant(rng.choice(_POOL), rng) for _ in range(40))]
        valid = [value for value in pool if validator.is_valid(value)]
        assert not valid, f"called unsatisfiable, but these are valid: {valid[:3]}"
        return
    example = json.loads(constraint.example())
    assert validator.is_valid(example), f"the example {example!r} is invalid"
    tried = [example, *values, *rng.sample(_POOL, 4)]
    valid = [value for value in tried if validator.is_valid(value)]
    tried += [mutant(rng.choice(valid), rng) for _ in range(6)]
    for value in tried:
        expected = validator.is_valid(value)
        event("valid" if expected else "invalid")
        assert accepts(constraint, value) == expected, f"{value!r} is {'valid' if expected else 'invalid'}"


VALUE_LISTS = st.lists(VALUES, min_size=2, max_size=5)


@share(1)
@given(schemas(max_leaves=8), VALUE_LISTS, SEEDS)
def test_random_schemas(schema: Any, values: list[Any], seed: int) -> None:
    compare(schema, values, seed)


@share(2)
@given(
    st.sampled_from(["scalars", "arrays", "objects"]).flatmap(lambda u: schemas(10, universe=u)),
    VALUE_LISTS,
    SEEDS,
)
def test_random_schemas_about_one_kind_of_value(schema: Any, values: list[Any], seed: int) -> None:
    compare(schema, values, seed)


@share(1)
@given(schemas_with_references(), VALUE_LISTS, SEEDS)
def test_random_schemas_with_references(schema: Any, values: list[Any], seed: int) -> None:
    compare(schema, values, seed)
