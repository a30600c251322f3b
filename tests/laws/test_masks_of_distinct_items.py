"""Masks in arrays whose items must differ, over tokens that end an item, hold whole ones or several.

What a token may do behind an item depends on the text of the item in rare cases only; masks share all else.
The reference tries every token (`mask_by_trying`).
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

import structgen as sg

PIECES = [
    '"',
    '","',
    '", "',
    '"]',
    "],",
    "[",
    "]",
    ",",
    "a",
    "b",
    "ab",
    "1",
    "12",
    '"a"',
    '"b"',
    "\\u0061",
    "{",
    "}",
    " ",
]
PIECES += ['":', '"a":', "true", "null", "é", "\\n"]
JOINED = ["".join(pair) for pair in itertools.product(PIECES, repeat=2)]
TOKENS = sorted(
    {*JOINED, *PIECES, '"a","a"', '"a","b"', '","a","a","', 'b","a"],["a"', '"],"b":["a', 'a", "ab", "a'}
)

SCHEMAS: list[dict[str, Any]] = [
    {"items": {"type": "string"}},
    {"items": {"type": ["string", "integer"]}},
    {},
    {"items": {"type": "string"}, "minItems": 3},
    {"items": {"type": "string"}, "maxItems": 3},
    {"items": {"type": "string", "maxLength": 2}},
    {"items": {"type": "string", "minLength": 2}},
    {"items": {"type": "string", "pattern": "^[ab]+$"}},
    {"items": {"enum": ["a", "b", "ab", 1, True]}},
    {"items": {"type": "string", "not": {"const": "a"}}},
    {"prefixItems": [{"type": "string"}, {"const": "a"}], "items": {"type": "string"}},
    {"items": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}},
    {"items": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"a": {"type": "string"}}}]}},
    {"prefixItems": [{"type": "string", "minLength": 1}] * 3, "minItems": 3, "items": False},
    {"prefixItems": [{"type": "string"}, {"enum": ["a", "b", ""]}, {"const": "b"}], "minItems": 3},
    {"items": {"type": "string"}, "minItems": 2, "maxItems": 3, "contains": {"const": "a"}},
    {"contains": {"const": "b"}, "items": {"type": "string"}},
]
WRAPPED = [
    {"anyOf": [{"uniqueItems": True}, {"maxItems": 2}], "items": {"type": "string"}},
    {"not": {"uniqueItems": True}, "items": {"type": "string"}},
    {"if": {"uniqueItems": True}, "then": {"maxItems": 2}, "items": {"type": "string"}},
    {"type": "object", "additionalProperties": {"uniqueItems": True, "items": {"type": "string"}}},
    {"uniqueItems": True, "items": {"uniqueItems": True}},
]


@pytest.mark.parametrize(
    "schema",
    [*({"type": "array", "uniqueItems": True, **schema} for schema in SCHEMAS), *WRAPPED],
    ids=json.dumps,
)
def test_a_mask_is_what_a_matcher_takes(schema: dict[str, Any]) -> None:
    tokens = [bytes([byte]) for byte in range(256)] + [token.encode() for token in TOKENS] + [b""]
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=len(tokens) - 1)
    constraint = sg.compile(sg.json_schema(schema, property_order="any", escapes="any"), vocabulary)
    rng = random.Random(json.dumps(schema))
    likely = [i for i, token in enumerate(tokens) if 256 <= i < len(tokens) - 1 or token in b'[]",{}:ab1']
    for _ in range(12):
        matcher = constraint.matcher()
        for _ in range(14):
            mask = matcher.mask()
            assert mask.tobytes() == matcher._native.mask_by_trying(), matcher
            allowed = [token for token in likely if mask[token >> 5] >> (token & 31) & 1]
            if not allowed:
                break
            matcher.advance(rng.choice(allowed))
