"""Compositions against a reader of their own, on random compositions and small vocabularies.

The reader is a few lines of Python that owe nothing to the engine.  Leaves are word lists, regular
expressions over a and b, small JSON schemas, spans and context-free grammars; their languages are written
down in LEAVES, and those of compositions follow by definition (`members`), up to a length.
"""

from __future__ import annotations

import itertools
import random
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws.languages import LENGTH, check_language, check_walk, joined, vocabulary

import structgen as sg
from structgen.errors import UnsatisfiableSchema
from structgen.grammars.composition import OneOf, Repeat, Sequence, SubstringOf


def bracketed() -> frozenset[str]:
    """The texts of ``item+`` with ``item = 1 | [] | [ item+ ]`` of at most LENGTH characters."""
    items, texts = {"1", "[]"}, {"1", "[]"}
    while True:
        items |= {f"[{text}]" for text in texts if len(text) <= LENGTH - 2}
        longer = texts | {a + b for a in items for b in texts if len(a + b) <= LENGTH} | items
        if longer == texts:
            return frozenset(texts)
        texts = longer


# grammar → its texts of at most LENGTH characters
LEAVES: dict[sg.Grammar, frozenset[str]] = {
    sg.choice(["a", "ab", "1"]): frozenset(["a", "ab", "1"]),
    sg.choice([""]): frozenset([""]),
    sg.regex("a*b?"): frozenset(
        "a" * n + b for n in range(LENGTH + 1) for b in ("", "b") if n + len(b) <= LENGTH
    ),
    sg.regex("(ab)+"): frozenset("ab" * n for n in range(1, LENGTH // 2 + 1)),
    sg.json_schema({"anyOf": [{"type": "integer", "enum": [1, 12, 121]}, {"const": "a"}]}): frozenset(
        ["1", "12", "121", '"a"']
    ),
    sg.json_schema({"type": "array", "const": ["a"]}, whitespace="compact"): frozenset(['["a"]']),
    sg.json_schema(
        {"type": "array", "items": {"type": "integer", "const": 2}, "maxItems": 2}, whitespace="compact"
    ): frozenset(["[]", "[2]", "[2,2]"]),
    sg.json_schema({"const": True}): frozenset(["true"]),
    sg.gbnf('root ::= "a" root "b" | "1"'): frozenset("a" * n + "1" + "b" * n for n in range(4)),
    sg.gbnf('root ::= "a" root "a" | "b" root "b" | ""'): frozenset(
        half + half[::-1]
        for n in range(LENGTH // 2 + 1)
        for half in map("".join, itertools.product("ab", repeat=n))
    ),
    sg.gbnf('root ::= root root | "[" root? "]" | "1"'): bracketed(),
    sg.substring_of("aba1"): frozenset("aba1"[i:j] for i in range(4) for j in range(i + 1, 5)),
}


def grammars() -> st.SearchStrategy[sg.Grammar]:
    def nested(inner: st.SearchStrategy[sg.Grammar]) -> st.SearchStrategy[sg.Grammar]:
        several = st.lists(inner, min_size=2, max_size=3)
        bounds = st.sampled_from([(0, 1), (0, None), (1, None), (2, 3), (0, 2)])
        return st.one_of(
            several.map(lambda parts: sg.sequence(*parts)),
            several.map(lambda parts: sg.one_of(*parts)),
            st.tuples(inner, bounds).map(lambda pair: sg.repeat(pair[0], *pair[1])),
        )

    return st.recursive(st.sampled_from(list(LEAVES)), nested, max_leaves=5)


@lru_cache(maxsize=4096)
def members(grammar: sg.Grammar) -> frozenset[str]:
    """All texts of the grammar of at most LENGTH characters, by definition."""
    if grammar in LEAVES:
        return LEAVES[grammar]
    if isinstance(grammar, OneOf):
        return frozenset().union(*(members(part) for part in grammar.parts))
    if isinstance(grammar, Sequence):
        found = frozenset([""])
        for part in grammar.parts:
            found = joined(found, members(part))
        return found
    assert isinstance(grammar, Repeat)
    part, found, layer = members(grammar.part), frozenset[str](), frozenset([""])
    most = LENGTH + grammar.least + 1 if grammar.most is None else grammar.most
    for count in range(most + 1):
        found = found | layer if count >= grammar.least else found
        layer = joined(layer, part)
    return found


@given(grammars(), st.integers(0, 2**32 - 1), st.booleans())
def test_compositions_are_sound_and_complete(grammar: sg.Grammar, seed: int, whole: bool) -> None:
    rng = random.Random(seed)
    tokens = vocabulary(rng, whole=whole)
    check_language(grammar, members(grammar), tokens, rng, whole=whole)


@given(grammars(), st.integers(0, 2**32 - 1), st.booleans())
def test_walks_end_in_members_and_keep_the_laws(grammar: sg.Grammar, seed: int, whole: bool) -> None:
    rng = random.Random(seed)
    check_walk(grammar, members(grammar), vocabulary(rng, whole=whole), rng)


def test_the_empty_language_is_refused() -> None:
    nothing = sg.regex("a(?!.*)")
    tokens = vocabulary(random.Random(0), whole=True)
    with pytest.raises(UnsatisfiableSchema):
        sg.compile(sg.sequence(sg.json(), nothing), tokens)
    assert (
        sg.compile(
            sg.one_of(sg.json_schema({"const": True}), sg.sequence(sg.json(), nothing)), tokens
        ).example()
        == "true"
    )


SOURCE = "der schöne Fluß — 日本語, übermütig"


@given(st.integers(0, 2**32 - 1))
def test_spans_are_exact(seed: int) -> None:
    rng = random.Random(seed)
    tokens = vocabulary(rng, whole=True)
    matcher = sg.compile(SubstringOf(SOURCE), tokens).matcher()
    start = rng.randrange(len(SOURCE))
    stop = rng.randrange(start, len(SOURCE)) + 1
    span = SOURCE[start:stop].encode()
    assert matcher.try_advance(tokens.encode(str(span, "utf-8"))) and matcher.can_stop
    spoiled = bytearray(span)
    spoiled[rng.randrange(len(spoiled))] = rng.randrange(256)
    other = matcher.fork()
    other.reset()
    by_bytes = [tokens.ids_of(bytes([byte]))[0] for byte in spoiled]
    accepted = other.try_advance(by_bytes) == len(by_bytes)
    text = str(spoiled, "utf-8", "replace")
    assert (accepted and other.can_stop) == (text in SOURCE)


def test_long_sequences_are_built_and_read_without_recursion() -> None:
    parts: list[Any] = ["a", {"type": "integer", "const": 1}] * 5_000
    tokens = vocabulary(random.Random(1), whole=True)
    constraint = sg.compile(sg.sequence(*parts), tokens)
    matcher = constraint.matcher()
    assert matcher.completion_text() == b"a1" * 5_000
    assert matcher.try_advance(tokens.encode("a1" * 50))
