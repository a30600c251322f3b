"""Grammars with JSON schemas and boolean terminals inside, against readers of a few lines.

A random grammar is a list of rules; each rule a list of alternatives, each a list of parts: texts, rules
and leaves whose texts are known.  Its texts up to a length are the least fixed point of its own definition.
"""

from __future__ import annotations

import itertools
import random
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from laws.languages import LENGTH, check_language, check_walk, joined, vocabulary

import structgen as sg
from structgen.errors import GrammarSyntaxError

# What stands in a rule → its texts of at most LENGTH characters.
PARTS: dict[str, frozenset[str]] = {
    '"a"': frozenset("a"),
    '"1"': frozenset("1"),
    '","': frozenset(","),
    '"["': frozenset("["),
    '"]"': frozenset("]"),
    '/a*b?/ "1"': frozenset(
        "a" * n + b + "1" for n in range(LENGTH) for b in ("", "b") if n + len(b) < LENGTH
    ),
    '%json {"anyOf": [{"type": "integer", "enum": [1, 12, 121]}, {"const": "a"}]}': frozenset(
        ["1", "12", "121", '"a"']
    ),
    '%json {"const": true}': frozenset(["true"]),
    '%json {"items": {"type": "integer", "const": 2}, "type": "array", "maxItems": 2}': frozenset(
        ["[]", "[2]", "[2,2]"]
    ),
    '%json {"properties": {"a": {"type": "integer", "const": 1}}, "additionalProperties": false,'
    ' "type": "object"}': frozenset(["{}", '{"a":1}']),
    '%json {"type": "string", "pattern": "^[ab]{0,2}$"}': frozenset(
        f'"{"".join(letters)}"' for n in range(3) for letters in itertools.product("ab", repeat=n)
    ),
    '%regex {"substring_chunks": ["ab", "1", "a"]}': frozenset(["", "ab", "1", "a", "ab1", "1a", "ab1a"]),
}
RULES = ("start", "x", "y")
Rules = tuple[tuple[tuple[str, ...], ...], ...]


def rules() -> st.SearchStrategy[Rules]:
    part = st.sampled_from([*PARTS, *RULES, *[part for part in PARTS if part.startswith("%json")]])
    alternative = st.lists(part, max_size=4).map(tuple)
    rule = st.lists(alternative, min_size=1, max_size=3).map(tuple)
    return st.tuples(rule, rule, rule)


def written(grammar: Rules) -> str:
    lines = (" | ".join(map(" ".join, alternatives)) for alternatives in grammar)
    return "\n".join(f"{name}: {line}" for name, line in zip(RULES, lines, strict=True))


def members(grammar: Rules) -> frozenset[str]:
    """All texts of ``start`` of at most LENGTH characters: the least sets that keep the definitions."""
    found: dict[str, frozenset[str]] = dict.fromkeys(RULES, frozenset())
    while True:
        known = {**PARTS, **found}
        after = {}
        for name, alternatives in zip(RULES, grammar, strict=True):
            texts: frozenset[str] = frozenset()
            for alternative in alternatives:
                one = frozenset([""])
                for part in alternative:
                    one = joined(one, known[part])
                texts |= one
            assume(len(texts) < 1000)  # past that, listing them takes longer than all the rest
            after[name] = texts
        if after == found:
            return found["start"]
        found = after


def read(grammar: Rules) -> sg.Grammar:
    """The grammar, where each of its rules derives something; other examples are dropped."""
    derives: set[str] = set()
    while True:
        more = {
            name
            for name, alternatives in zip(RULES, grammar, strict=True)
            if any(all(part in PARTS or part in derives for part in one) for one in alternatives)
        }
        if more == derives:
            break
        derives = more
    assume(derives == set(RULES))
    return sg.lark(written(grammar), whitespace="compact")


@given(rules(), st.integers(0, 2**32 - 1), st.booleans())
def test_nested_grammars_are_sound_and_complete(grammar: Rules, seed: int, whole: bool) -> None:
    rng = random.Random(seed)
    tokens = vocabulary(rng, whole=True) if "properties" in written(grammar) else vocabulary(rng, whole=whole)
    check_language(read(grammar), members(grammar), tokens, rng, whole=tokens.covers_all_bytes)


@given(rules(), st.integers(0, 2**32 - 1))
def test_walks_end_in_members_and_keep_the_laws(grammar: Rules, seed: int) -> None:
    rng = random.Random(seed)
    check_walk(read(grammar), members(grammar), vocabulary(rng, whole=True), rng)


@given(rules(), st.sampled_from(["a", "1", ""]), st.integers(0, 2**32 - 1))
def test_nested_grammars_are_parts_of_compositions(grammar: Rules, text: str, seed: int) -> None:
    """Three machines, one inside of the other, and what follows may begin as the grammar goes on."""
    rng = random.Random(seed)
    inner = members(grammar)
    known = joined(joined(frozenset([text]), inner), frozenset(["1", "12", "", "ab"]))
    whole = sg.sequence(text, read(grammar), sg.choice(["1", "12", "", "ab"]))
    tokens = vocabulary(rng, whole=True)
    check_language(whole, known, tokens, rng, whole=True)
    check_walk(whole, known, tokens, rng)


# --- Boolean terminals ---------------------------------------------------------------------------

WORDS = ["".join(letters) for n in range(5) for letters in itertools.product("ab", repeat=n)]


def terminals() -> st.SearchStrategy[tuple[str, frozenset[str]]]:
    """Definitions of terminals with those of WORDS that they match."""

    def of(notation: str, pattern: str) -> tuple[str, frozenset[str]]:
        return notation, frozenset(word for word in WORDS if re.fullmatch(pattern, word))

    atoms = [
        of('"ab"', "ab"),
        of('"A"i', "a"),
        of("/a*/", "a*"),
        of("/[ab]b?/", "[ab]b?"),
        of('"a".."b"', "[ab]"),
    ]
    atoms += [of("B", "b+"), of('%regex {"substring_chars": "aba"}', "|a|b|ab|ba|aba")]

    def grow(
        inner: st.SearchStrategy[tuple[str, frozenset[str]]],
    ) -> st.SearchStrategy[tuple[str, frozenset[str]]]:
        two = st.tuples(inner, inner)
        return st.one_of(
            inner.map(lambda a: (f"~({a[0]})", frozenset(WORDS) - a[1])),
            two.map(lambda p: (f"({p[0][0]} & {p[1][0]})", p[0][1] & p[1][1])),
            two.map(lambda p: (f"({p[0][0]} | {p[1][0]})", p[0][1] | p[1][1])),
            two.map(
                lambda p: (
                    f"({p[0][0]} {p[1][0]})",
                    frozenset(a + b for a in p[0][1] for b in p[1][1] if len(a + b) <= 4),
                )
            ),
            inner.map(lambda a: (f"[{a[0]}]", a[1] | {""})),
        )

    return st.recursive(st.sampled_from(atoms), grow, max_leaves=6)


@given(terminals())
def test_boolean_terminals_match_what_they_say(terminal: tuple[str, frozenset[str]]) -> None:
    notation, expected = terminal
    tokens = vocabulary(random.Random(0), whole=True)
    # "." keeps the rule alive where the terminal matches nothing, and & makes it ours where it is plain.
    grammar = sg.lark(f'start: T | "."\nT: {notation} & /[ab]*/s\nB: "b"+')
    matcher = sg.compile(grammar, tokens).matcher()
    for word in WORDS:
        probe = matcher.fork()
        letters = [tokens.ids_of(bytes([byte]))[0] for byte in word.encode()]
        assert (probe.try_advance(letters) == len(letters) and probe.can_stop) == (word in expected), (
            notation,
            word,
        )


def test_binding() -> None:
    """~ before repetition, repetition before sequence, sequence before &, & before |."""
    tokens = vocabulary(random.Random(0), whole=True)

    def words(notation: str) -> set[str]:
        matcher = sg.compile(sg.lark(f"start: T\nT: {notation}"), tokens).matcher()
        found = set()
        for word in WORDS:
            probe = matcher.fork()
            letters = [tokens.ids_of(bytes([byte]))[0] for byte in word.encode()]
            if probe.try_advance(letters) == len(letters) and probe.can_stop:
                found.add(word)
        return found

    assert words('"a" "b" & /[ab]+/ | "bb"') == {"ab", "bb"}
    assert words('~"a"~2 & "aa"') == {"aa"}  # the empty text and "aa"
    assert words('~("a"~2) & "aa" | "b"') == {"b"}
    assert words("~/a.*/s & /[ab]{2}/") == {"ba", "bb"}
    assert words('~~B & /[ab]/\nB: "b"') == {"b"}
    with pytest.raises(GrammarSyntaxError, match="before this"):
        words('"a" & | "b"')
