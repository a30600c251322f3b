"""Masks in objects whose keys the writer invents: what was read before matters to whole keys only.

Between members, masks of simple objects are made as if no undeclared key had been read (`near_object`);
tokens that hold a whole key are looked at again in the real object.  Here many tokens do, and keys are few,
so that walks meet their own keys again: a mask must be what a matcher takes when every token is tried.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import structgen as sg

WHOLE_KEYS = [
    f'{before}"{key}"{after}'
    for before in ("", ",", "1,", "{", '},"x":1,')
    for key in ("a", "b", "c", "", "é", "aé", ":", "},")
    for after in ("", ":", ":1,", ':1,"a":', ":{}")
]
PIECES = [
    '","',
    '":"',
    '":',
    '"a',
    "aa",
    "ab",
    '{"',
    '"},"',
    "}}",
    "[]",
    "12",
    'a":1}',
    '\\u0061"',
    "\\u",
    "true",
]
TOKENS = [bytes([byte]) for byte in range(256)] + [text.encode() for text in WHOLE_KEYS + PIECES]
VOCABULARY = sg.Vocabulary.from_tokens([*TOKENS, None], eos=len(TOKENS))

VALUE = {"type": ["integer", "object"]}
SCHEMAS: dict[str, Any] = {
    "anything": {"type": "object"},
    "one is declared and owed": {"type": "object", "required": ["b"], "properties": {"a": VALUE, "b": VALUE}},
    "values of one kind": {"additionalProperties": VALUE, "properties": {"c": {"const": 1}}},
    "three names": {"propertyNames": {"pattern": "^[abc]$"}, "additionalProperties": VALUE},
    "short names": {"propertyNames": {"maxLength": 2}, "additionalProperties": VALUE},
    "some patterns": {
        "patternProperties": {"^a": VALUE, "^b": False},
        "additionalProperties": {"type": "object"},
    },
    "at most two": {"type": "object", "maxProperties": 2},
    "nested": {"additionalProperties": {"type": "object", "additionalProperties": VALUE}},
}


@pytest.mark.parametrize("order", ["schema", "any"])
@pytest.mark.parametrize("whitespace", ["compact", "bounded"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_masks_are_what_a_matcher_takes(name: str, whitespace: str, order: str) -> None:
    rng = random.Random(f"{name} {whitespace} {order}")
    schema = {"type": "object", **SCHEMAS[name]}
    grammar = sg.json_schema(schema, whitespace=whitespace, property_order=order)
    constraint = sg.compile(grammar, VOCABULARY)
    usual = [
        token
        for token, text in enumerate(TOKENS)
        if text.isascii() and (len(text) > 1 or text in b'abc1{},:"')
    ]
    steps = 0
    for _ in range(6):
        matcher = constraint.matcher()
        for _ in range(14):
            tried = np.frombuffer(matcher._native.mask_by_trying(), dtype=np.uint32)
            mask = matcher.mask()
            assert (mask == tried).all(), matcher.completion_text()
            allowed = matcher.allowed_tokens()
            keys = [token for token in allowed if token in usual and TOKENS[token].endswith((b'":', b'"'))]
            chosen = [token for token in allowed if token in usual]
            if not chosen:
                break
            matcher.advance(rng.choice(keys if keys and rng.random() < 0.7 else chosen))
            steps += 1
    assert steps > 20
