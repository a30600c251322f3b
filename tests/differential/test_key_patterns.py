"""Keys of objects with many patterns, member after member, against the validator.

The engine divides undeclared keys by the patterns once and keeps the parts for every object of the schema;
what was read is taken from them.  So several objects are read by one constraint, keys repeated among them.
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import jsonschema
import pytest
from differential.test_engine_json_schema import ANY, BYTES

import structgen as sg

PATTERNS = ["^a", "b$", "^(a|b)c", "^.{2}$", "^x:(en|nl)$", "^y:[0-3]:s$", "^y:", "c", "^[^a]*$"]
VALUES: list[Any] = [1, "s", True, None]
SCHEMAS: list[Any] = [{"type": "integer"}, {"type": "string"}, {"type": ["boolean", "null"]}, {}, False]
KEYS = ["a", "b", "ab", "ac", "bc", "xb", "x:en", "x:nl", "y:0:s", "y:1:s", "y:1:t", "c", "ccc", "", "é"]


def schema_of(rng: random.Random) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    patterns = rng.sample(PATTERNS, rng.randint(2, 7))
    schema["patternProperties"] = {pattern: rng.choice(SCHEMAS) for pattern in patterns}
    if rng.random() < 0.6:
        schema["additionalProperties"] = rng.choice(SCHEMAS)
    if rng.random() < 0.5:
        schema["properties"] = {key: rng.choice(SCHEMAS[:4]) for key in rng.sample(KEYS, 3)}
    if rng.random() < 0.4:
        schema["required"] = rng.sample(KEYS, rng.randint(1, 2))
    if rng.random() < 0.3:
        schema["maxProperties"] = rng.randint(2, 5)
    return schema


def read(constraint: sg.Constraint, text: str) -> tuple[bool, bool]:
    """Whether the text may be continued, and whether it is an output."""
    data = text.encode()
    matcher = constraint.matcher()
    whole = matcher.try_advance(list(data)) == len(data)
    return whole, whole and matcher.can_stop


@pytest.mark.parametrize("seed", range(40))
def test_objects_are_read_as_the_validator_says(seed: int) -> None:
    rng = random.Random(seed)
    schema = schema_of(rng)
    validator = jsonschema.Draft202012Validator(schema)
    try:
        constraint = sg.compile(sg.json_schema(schema, **ANY), BYTES)
    except sg.errors.UnsatisfiableSchema:
        members = [dict(zip(keys, itertools.repeat(1))) for keys in itertools.combinations(KEYS, 2)]
        assert not any(validator.is_valid(value) for value in members)
        return
    valid = 0
    for _ in range(60):
        chosen = rng.sample(KEYS, rng.randint(0, 6))
        value = {key: rng.choice(VALUES) for key in chosen}
        expected = validator.is_valid(value)
        valid += expected
        assert read(constraint, json.dumps(value, ensure_ascii=False))[1] == expected, (schema, value)
        if value:
            # A second member of the same key is never alive, whatever was read before.
            again = (
                json.dumps(value, ensure_ascii=False)[:-1]
                + f", {json.dumps(rng.choice(chosen), ensure_ascii=False)}"
            )
            assert not read(constraint, again)[0], (schema, again)
    assert valid or "required" in schema or not validator.is_valid({})
