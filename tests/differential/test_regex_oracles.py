"""Random patterns against ``re`` (membership) and ``interegular`` (emptiness, intersection).

Membership covers classes, counters and lookarounds on texts with characters of
one to three bytes; a witness must be a member, and no shorter member exists.
"""

from __future__ import annotations

import itertools
import re
import warnings

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from structgen import _native
from structgen.grammars.regex import compile_pattern

ATOMS = ["a", "b", "c", "é", ".", r"\w", r"\d", "[ab]", "[^a]", "[b-é]", r"\W", "ab", r"\n", r"[^\W\d]"]
LOOKS = [
    "^",
    "$",
    r"\b",
    r"\Z",
    "(?m:^)",
    "(?m:$)",
    "(?<=a)",
    "(?<=ab)",
    "(?<![ab])",
    r"(?<=\w)",
    "(?<!aa)",
    "(?<=^)",
    "(?<=é)",
    "(?<=a(?=b))",
    "(?<!a(?!b))",
    r"(?<=\ba)",
    r"(?<=a\b)",
    "(?<!b$)",
    "(?<=a(?=.*é))",
]
COUNTERS = ["*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "{,2}"]
TEXT = st.text(alphabet="aabbcé1 \n€", max_size=7)


def patterns(atoms: list[str], *, looks: bool) -> st.SearchStrategy[str]:
    leaf = st.sampled_from(atoms + (LOOKS if looks else []))

    def grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        grown = (
            pair.map("".join)
            | pair.map(lambda both: f"(?:{both[0]}|{both[1]})")
            | st.tuples(inner, st.sampled_from(COUNTERS)).map(lambda x: f"(?:{x[0]}){x[1]}")
        )
        if looks:
            grown |= st.tuples(st.sampled_from(["(?=", "(?!"]), inner).map(lambda x: f"{x[0]}{x[1]})")
        return grown

    return st.recursive(leaf, grow, max_leaves=8)


def compiled(pattern: str) -> re.Pattern[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile(pattern)


def check_membership(pattern: str, texts: list[str]) -> None:
    oracle = compiled(pattern)
    store = _native.RegexStore()
    expression, _ = compile_pattern(store, pattern, dialect="python")
    for text in texts:
        assert store.matches(expression, text) == (oracle.fullmatch(text) is not None), text
    if store.empty(expression):
        assert not any(oracle.fullmatch(text) for text in texts)
        return
    witness = store.witness(expression)
    assert len(witness) == store.distance(expression)
    assert oracle.fullmatch(witness.decode())


@settings(max_examples=300, deadline=None, derandomize=True)
@given(patterns(ATOMS, looks=False), st.lists(TEXT, min_size=10, max_size=20))
def test_membership_is_what_re_says(pattern: str, texts: list[str]) -> None:
    check_membership(pattern, texts)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(patterns(ATOMS, looks=True), st.lists(TEXT, min_size=10, max_size=20))
def test_lookarounds_are_what_re_says(pattern: str, texts: list[str]) -> None:
    check_membership(pattern, texts)


SMALL = patterns(["a", "b", "[ab]", "ab", "c"], looks=False)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(SMALL, SMALL, st.booleans())
def test_witness_of_boolean_combinations_is_shortest(left: str, right: str, negate: bool) -> None:
    store = _native.RegexStore()
    x, _ = compile_pattern(store, left, dialect="python")
    y, _ = compile_pattern(store, right, dialect="python")
    over_abc, _ = compile_pattern(store, "[abc]*", dialect="python")
    both = store.intersect([over_abc, x, store.complement(y) if negate else y])
    p, q = compiled(left), compiled(right)

    def member(text: str) -> bool:
        return p.fullmatch(text) is not None and (q.fullmatch(text) is None) == negate

    words = ("".join(word) for n in range(6) for word in itertools.product("abc", repeat=n))
    first = next(filter(member, words), None)
    if first is not None:
        assert store.distance(both) == len(first)
        assert member(store.witness(both).decode())
    elif not store.empty(both):
        assert store.distance(both) > 5
        assert member(store.witness(both).decode())


@settings(max_examples=150, deadline=None, derandomize=True)
@given(SMALL, SMALL)
def test_emptiness_of_intersections_is_what_interegular_says(left: str, right: str) -> None:
    interegular = pytest.importorskip("interegular", reason="the oracle is not installed")
    assume("?)" not in left + right and "*?" not in left + right)
    try:
        x, y = (interegular.parse_pattern(p.replace("{,2}", "{0,2}")).to_fsm() for p in (left, right))
    except Exception:  # the oracle does not read every pattern
        assume(False)
    store = _native.RegexStore()
    parts = [compile_pattern(store, pattern, dialect="python")[0] for pattern in (left, right)]
    assert store.empty(store.intersect(parts)) == (x & y).empty()
    less = store.intersect([parts[0], store.complement(parts[1])])
    assert store.empty(less) == (x - y).empty()
