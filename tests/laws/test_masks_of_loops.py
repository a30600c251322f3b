"""Masks near the end of counted loops, over tokens that go round them several times.

How often a loop may still go round is felt by few tokens; the mask tries only these (`Masks::between`).
The reference tries every token (`mask_by_trying`).
"""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest

import structgen as sg

PIECES = ["a", " ", "b", "a b", " a", "a ", "-", "1", ". .", "aa", "\\n", '"', "é"]
TOKENS = sorted({"".join(part) for n in (1, 2, 3, 4) for part in itertools.product(PIECES, repeat=n)} - {""})
LONG = ["a " * 12, " a" * 20, "a-" * 15, "ab" * 12, ". " * 9 + ".", "a" * 40, "1" * 30]

PATTERNS = [
    r"^(\S+\s+){0,9}\S+$",
    r"^(?:\S+\s+){2,12}\S+$",
    r"^((a+-)?(b )){0,5}$",
    r"^[ab]{0,4}( [ab]{1,6}){0,6}$",
    r"(a ){2}",
    r"^(?!a b)(\w+ ?){1,8}$",
    r"^.*(é|€)( .{2}-)*$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(
    "bounds", [{}, {"maxLength": 5}, {"maxLength": 30}, {"minLength": 4, "maxLength": 60}], ids=json.dumps
)
def test_a_mask_is_what_a_matcher_takes(pattern: str, bounds: dict[str, Any]) -> None:
    tokens = [bytes([byte]) for byte in range(256)]
    tokens += [token.encode() for token in random.Random(1).sample(TOKENS, 4000) + LONG]
    tokens += [
        b"a\xc3",
        b"a a\xe2\x82",
        b"\xa9b",
        b"\xac a",
        b"ab ab\xf0\x9f",
        b"\x98\x80",
    ]  # parts of characters
    vocabulary = sg.Vocabulary.from_tokens([*tokens, b""], eos=len(tokens))
    constraint = sg.compile(sg.json_schema({"type": "string", "pattern": pattern, **bounds}), vocabulary)
    rng = random.Random(pattern)
    likely = range(256, len(tokens))
    for _ in range(6):
        matcher = constraint.matcher()
        matcher.advance(ord('"'))
        for _ in range(12):
            mask = matcher.mask()
            assert mask.tobytes() == matcher._native.mask_by_trying()
            allowed = [token for token in likely if mask[token >> 5] >> (token & 31) & 1]
            short = [token for token in allowed if len(tokens[token]) < 4]
            if not allowed:
                break
            matcher.advance(rng.choice(short or allowed))
