"""Whether an output still fits is said as if its completion were written down and counted.

`completes_within` answers most questions without reading a completion (`machine_endings.cc`); the definition
it must agree with at every state and for every bound is ``distance() <= tokens``.  Where each byte is a token
of its own, the least bound that is met is the length of the completion in bytes: one byte too few or too many
shows.  Each walk asks a fresh constraint first, whose states nobody has met, and asks again afterwards.
"""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws.strategies import schemas_with_references

import structgen as sg
from structgen.errors import GrammarError

PAIRS = [b'":', b'",', b'"}', b"[]", b"{}", b"},", b'{"', b"ab", b"12", b"true", b"null", b'":""', b'"a":']
EVERY_BYTE = [bytes([byte]) for byte in range(256)]
BYTES = sg.Vocabulary.from_tokens([*EVERY_BYTE, None], eos=256)
TOKENS = sg.Vocabulary.from_tokens([*EVERY_BYTE, *PAIRS, None], eos=256 + len(PAIRS))
READABLE = frozenset(b'abcde019{}[],:" \\n.-"""')

SCHEMAS: dict[str, Any] = {
    "undeclared keys": {"type": "object", "required": ["name"], "properties": {"name": {"minLength": 2}}},
    "undeclared keys with values": {
        "type": "object",
        "required": ["a", "b"],
        "properties": {"a": {"type": "integer"}, "opt": {"enum": ["long value"]}},
        "patternProperties": {"^x": {"enum": [12345]}},
        "additionalProperties": {"required": ["deep"], "properties": {"deep": {"const": "down"}}},
    },
    "only patterns": {"patternProperties": {"^[a-c]+$": {"const": 7}}, "additionalProperties": False},
    "counts": {"type": "object", "minProperties": 3, "additionalProperties": {"enum": [1, "two"]}},
    "names": {"type": "object", "propertyNames": {"maxLength": 3}, "additionalProperties": {"type": "null"}},
    "watched": {
        "type": "object",
        "oneOf": [{"properties": {"k": {"const": 1}}, "required": ["k"]}, {"required": ["other", "more"]}],
    },
    "watched inside": {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {
            "type": "object",
            "required": ["n"],
            "anyOf": [
                {"properties": {"x": {"type": "integer"}}},
                {"additionalProperties": {"type": "boolean"}},
            ],
        },
    },
    "some of four": {
        "type": "object",
        "properties": {name: {"type": "object", "required": ["deep"]} for name in ("a", "ab", "abc", "b")},
        "additionalProperties": False,
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"required": ["abc", "ab"]}],
    },
    "words": {"additionalProperties": {"oneOf": [{"enum": [True, None]}, {"type": ["boolean", "number"]}]}},
    "dependent": {"type": "object", "dependentRequired": {"a": ["bbbb"]}, "required": ["c"]},
    "distinct": {"type": "array", "uniqueItems": True, "items": {"type": ["string", "integer"]}},
    "distinct and owed": {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"type": "string"}},
    "distinct objects": {"type": "array", "uniqueItems": True, "items": {"type": "object"}, "minItems": 1},
    "contains": {"type": "array", "contains": {"type": "integer"}, "minContains": 2, "items": {}},
    "tuple": {"prefixItems": [{"type": "string", "pattern": "^a{3,5}$"}, {"type": "number"}], "minItems": 2},
    "strings": {"type": "object", "additionalProperties": {"type": "string", "minLength": 3, "maxLength": 9}},
    "numbers": {"type": "array", "items": {"type": "number", "minimum": 12.5, "multipleOf": 0.5}},
    "anything": True,
}


def agrees(matcher: sg.Matcher, most: int) -> None:
    said = [matcher.completes_within(tokens) for tokens in range(most)]
    distance = matcher.distance()
    assert said == [distance <= tokens for tokens in range(most)], matcher.completion_text()
    assert said == [matcher.completes_within(tokens) for tokens in range(most)]


def walk(constraint: sg.Constraint, rng: random.Random, steps: int, most: int = 48) -> int:
    """Random readable text: the law at every state on the way; returns how many there were."""
    matcher = constraint.matcher()
    agrees(matcher, most)
    size, ends = constraint.vocabulary.size, set(constraint.vocabulary.eos_ids)
    for step in range(steps):
        allowed = [token for token in matcher.allowed_tokens() if token < size and token not in ends]
        plain = [token for token in allowed if token >= 256 or token in READABLE]
        if not allowed:
            return step
        matcher.advance(rng.choice(plain or allowed))
        agrees(matcher, most)
    return steps


@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_states_of_all_kinds(name: str, order: str) -> None:
    rng = random.Random(f"{name} {order}")
    states = 0
    for vocabulary in (BYTES, TOKENS):
        for turn in range(4):
            schema = {"$comment": f"{turn} of {vocabulary.size}", "allOf": [SCHEMAS[name]]}
            grammar = sg.json_schema(schema, property_order=order, whitespace="compact")
            states += walk(sg.compile(grammar, vocabulary), rng, 40)
    assert states > 40


@given(schemas_with_references(), st.randoms(use_true_random=False))
def test_states_of_random_schemas(schema: Any, rng: random.Random) -> None:
    try:
        constraint = sg.compile(sg.json_schema(schema), rng.choice([BYTES, TOKENS]))
    except GrammarError:
        return
    walk(constraint, rng, 12, most=32)


def test_states_of_real_schemas(data_dir: Path) -> None:
    path = data_dir / "maskbench_dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the development file is not among the shared data")
    rng = random.Random(12)
    with gzip.open(path, "rt") as lines:
        cases = [json.loads(line) for line in rng.sample(lines.readlines(), 60)]
    states = 0
    for case in cases:
        try:
            constraint = sg.compile(case["schema"], TOKENS)
        except GrammarError:
            continue
        least = constraint.matcher().distance()
        if least < 300:
            states += walk(constraint, rng, 25, most=least + 40)
    assert states > 500


def test_inside_a_composition() -> None:
    """A leaf's frames end as they do alone; what the composition asks for behind them is added."""
    value = sg.json_schema(SCHEMAS["undeclared keys with values"], whitespace="compact")
    grammar = sg.sequence("<call>", value, "</call>")
    rng = random.Random(4)
    assert sum(walk(sg.compile(grammar, vocabulary), rng, 60) for vocabulary in (BYTES, TOKENS)) > 60
