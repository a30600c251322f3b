"""Patterns through the Python front end: membership, refusals, notes, sizes.

The cases are data (``testdata/regex/*.jsonl``): what a pattern accepts and
rejects, how it prints, how many slips it notes, and where and why it is refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from structgen import _native
from structgen.errors import ComplexityLimitExceeded, RegexSyntaxError
from structgen.grammars.regex import compile_pattern, regex

DATA = Path(__file__).parents[2] / "testdata" / "regex"


def cases(name: str) -> list[Any]:
    lines = (DATA / name).read_bytes().splitlines()  # str.splitlines would also break at U+2028
    return [pytest.param(case, id=f"{case['dialect']}-{case['pattern']}") for case in map(json.loads, lines)]


@pytest.fixture
def store() -> _native.RegexStore:
    return _native.RegexStore()


@pytest.mark.parametrize("case", cases("membership.jsonl"))
def test_membership(store: _native.RegexStore, case: dict[str, Any]) -> None:
    if "Script=" in case["pattern"] or "Emoji" in case["pattern"]:
        pytest.importorskip("regex", reason="scripts and emoji properties come from the package 'regex'")
    expression, notes = compile_pattern(store, case["pattern"], dialect=case["dialect"])
    for text in case["accepts"]:
        assert store.matches(expression, text), text
    for text in case["rejects"]:
        assert not store.matches(expression, text), text
    assert len(notes) == case.get("notes", 0), notes
    if "prints" in case:
        assert store.print(expression) == case["prints"]


@pytest.mark.parametrize("case", cases("refusals.jsonl"))
def test_refusals_say_where_and_what(store: _native.RegexStore, case: dict[str, Any]) -> None:
    with pytest.raises(RegexSyntaxError) as caught:
        compile_pattern(store, case["pattern"], dialect=case["dialect"])
    assert caught.value.position == case["position"]
    assert case["says"] in caught.value.reason
    # The store is as usable as before.
    assert store.matches(compile_pattern(store, "a", dialect="python")[0], "a")


def test_lone_surrogates_are_refused(store: _native.RegexStore) -> None:
    with pytest.raises(RegexSyntaxError) as caught:
        compile_pattern(store, "ab\ud800", dialect="ecma")
    assert caught.value.position == 2


def test_nesting_is_bounded(store: _native.RegexStore) -> None:
    assert (
        store.print(compile_pattern(store, "(" * 100_000 + "a" + ")" * 100_000, dialect="python")[0]) == "a"
    )
    with pytest.raises(ComplexityLimitExceeded, match="nesting"):
        compile_pattern(store, "(a" * 100_000 + ")*" * 100_000, dialect="python")


def test_large_lookbehinds_are_refused_by_name(store: _native.RegexStore) -> None:
    with pytest.raises(ComplexityLimitExceeded, match="lookbehind"):
        compile_pattern(store, "(?<=a.{20})b", dialect="ecma")


@pytest.mark.parametrize(
    ("pattern", "text", "states"),
    [
        ("(a+)+b", "a" * 2000 + "b", 100),
        ("(x|x|x)*y", "x" * 2000 + "y", 100),
        ("((a{1,100}){1,100}){1,100}", "a" * 2000, 3000),
        ("((a{1,100}b?){1,100}c?){1,100}", "a" * 2000, 20_000),
        ("[a-z]{1,100000}", "q" * 2000, 3000),
        ("(a|aa)+", "a" * 2000, 100),
    ],
)
def test_blow_ups_stay_small(store: _native.RegexStore, pattern: str, text: str, states: int) -> None:
    expression, _ = compile_pattern(store, pattern, dialect="python")
    assert store.matches(expression, text)
    assert len(store) < states


def test_many_words_are_one_array(store: _native.RegexStore) -> None:
    words = [f"word{i * 7919 % 1_000_003}" for i in range(100_000)]
    expression, _ = compile_pattern(store, "|".join(words), dialect="python")
    assert expression == store.words(words)
    assert store.matches(expression, words[31_337])
    assert not store.matches(expression, "word")
    assert len(store) < 500


def test_bounds_and_patterns_meet_structurally(store: _native.RegexStore) -> None:
    letters, _ = compile_pattern(store, "^[a-z]*$", dialect="ecma")
    character, _ = compile_pattern(store, "^[^]$", dialect="ecma")
    assert store.print(store.intersect([letters, store.repeat(character, 100_000, None)])) == "[a-z]{100000,}"
    foo, _ = compile_pattern(store, "foo", dialect="ecma")
    assert store.empty(store.intersect([foo, store.repeat(character, 0, 2)]))
    assert store.witness(store.intersect([foo, store.repeat(character, 0, 10_000)])) == b"foo"


@pytest.mark.parametrize("count", [6, 20, 26])
def test_independent_lookaheads_need_no_product(store: _native.RegexStore, count: int) -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"[:count]
    pattern = "^" + "".join(f"(?=.*{letter})" for letter in letters) + ".*$"
    expression, _ = compile_pattern(store, pattern, dialect="ecma")
    assert not store.empty(expression)
    assert len(store) < 10_000  # 2**26 combinations of what was read
    witness = store.witness(expression)
    assert sorted(witness.decode()) == list(letters)
    assert len(witness) == store.distance(expression)
    assert store.matches(expression, letters[::-1] + " and more")
    assert not store.matches(expression, letters[1:] * 2)


def test_bounded_patterns_that_are_far_apart_meet_at_once(store: _native.RegexStore) -> None:
    far, _ = compile_pattern(store, "a.*b", dialect="ecma")
    character, _ = compile_pattern(store, "^[^]$", dialect="ecma")
    long = store.intersect([far, store.repeat(character, 100_000, 200_000)])
    assert not store.empty(long)
    witness = store.witness(long)
    assert len(witness) == 100_000 and store.matches(far, witness)
    assert len(store) < 1_000_000


def test_nested_negations_are_decided_by_a_witness(store: _native.RegexStore) -> None:
    def language(*patterns: str) -> int:
        return store.intersect([compile_pattern(store, one, dialect="ecma")[0] for one in patterns])

    def none_of(parts: list[int]) -> int:
        return store.complement(store.alternate(parts))

    exact = "^" + "." * 60 + "$"
    first = [language(exact, "ab1", "b12"), language(exact, "bc1", "c12"), language(exact, "ca1", "a12")]
    second = [language(r"^[\w]*$", r"\d\d", group) for group in ("[a|b]", "[b|c]", "[c|a]")]
    third = [language(r"^[\w]+", "1.*2", text) for text in ("ac", "a2", "a1")]
    asked = language("[aA][12].*[zZ]")
    groups = [none_of([store.complement(one) for one in group]) for group in (first, second, third)]
    everything = store.intersect([*groups, asked])
    assert not store.empty(everything) and len(store) < 50_000
    witness = store.witness(everything)
    assert len(witness) == 60
    assert all(store.matches(one, witness) for one in (asked, *first, *second, *third))


def test_rows_are_read_only_where_asked(store: _native.RegexStore) -> None:
    letters, _ = compile_pattern(store, r"^[\p{L}]{1,1000}$", dialect="ecma")
    start = len(store)
    assert store.matches(letters, "a" * 1000) and not store.matches(letters, "a" * 1001)
    # One expression for each counter; the continuations of other scripts are not touched.
    assert len(store) - start < 2500


def test_grammar_prints_and_lowers() -> None:
    assert repr(regex(r"[a-z]+")) == "regex('[a-z]+')"
    assert len(repr(regex("x" * 10_000))) < 120
