"""Number completion against brute force.

The reference reads every constraint with ``fractions.Fraction`` and every form with regular
expressions, and tries all short continuations.  Two directions: a claimed completion is a number
of the form inside a cell; a completion that brute force knows is matched by one at least as short.
"""

from __future__ import annotations

import functools
import random
import re
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

native = pytest.importorskip("structgen._native")

Literal = tuple[str, str, bool]
Cell = list[Literal]

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
FORMS = ("float64", "any")


@functools.lru_cache(maxsize=200_000)
def value_of(text: str) -> Fraction:
    return Fraction(text)


def in_form(text: str, form: str) -> bool:
    match = NUMBER.match(text)
    if match is None or form == "any":
        return match is not None
    integer, fraction, exponent = match.group(1), match.group(2), match.group(3)
    if len(integer) > 300 or len(fraction or ".") > 35 or len((exponent or "").lstrip("eE+-")) > 3:
        return False
    if fraction is None:
        significant = integer.strip("0")
        if len(integer.rstrip("0")) > 15:
            return False
        zero = significant == ""
    else:
        digits = (integer + fraction[1:]).lstrip("0")
        if len(digits) > 15:
            return False
        zero = digits == ""
    if zero:
        return True
    size = abs(value_of(text))
    return Fraction(10) ** -300 <= size < Fraction(10) ** 300


def holds(kind: str, constant: str, x: Fraction) -> bool:
    if kind == "integer":
        return x.denominator == 1
    bound = value_of(constant)
    if kind == "at_least":
        return x >= bound
    if kind == "more_than":
        return x > bound
    if kind == "equals":
        return x == bound
    assert kind == "multiple_of"
    return x == 0 if bound == 0 else (x / bound).denominator == 1


def wants_integer(literal: Literal) -> bool:
    kind, constant, positive = literal
    return positive and (kind == "integer" or (kind == "multiple_of" and value_of(constant).denominator == 1))


def meets(text: str, cell: Cell, form: str) -> bool:
    x = value_of(text)
    for kind, constant, positive in cell:
        if holds(kind, constant, x) != positive:
            return False
        # What must be an integer, being one or a multiple of one, is written like one.
        whole = wants_integer((kind, constant, positive))
        if whole and form == "float64" and not re.fullmatch(r"-?[0-9]+", text):
            return False
    return True


LEXICAL_PREFIX = re.compile(r"-?((0|[1-9][0-9]*)(\.([0-9]+)?)?((?<=[0-9])[eE]([+-]?[0-9]*))?)?\Z")


@functools.lru_cache(maxsize=64)
def continuations(prefix: str, longest: int) -> tuple[tuple[str, ...], ...]:
    """All texts that continue ``prefix`` to a JSON number, by length up to ``longest``."""
    level = [prefix] if LEXICAL_PREFIX.match(prefix) else []
    levels = []
    for _ in range(longest + 1):
        levels.append(tuple(text for text in level if NUMBER.match(text)))
        level = [t for text in level for c in "0123456789.e-" if LEXICAL_PREFIX.match(t := text + c)]
    return tuple(levels)


def check_against_brute_force(prefix: str, cells: list[Cell], form: str, longest: int) -> None:
    answer = native.complete_number(prefix, cells, form)
    if answer is not None:
        text = prefix + answer
        assert in_form(text, form), text
        assert any(meets(text, cell, form) for cell in cells), text
        assert any(native.number_meets(text, cell, form) for cell in cells), text
    for length, texts in enumerate(continuations(prefix, longest)):
        if answer is not None and length >= len(answer):
            return
        for text in texts:
            if in_form(text, form) and any(meets(text, cell, form) for cell in cells):
                raise AssertionError(f"{text!r} meets the cell, but the answer is {answer!r}")


CONSTANTS = (
    "0 1 2 3 5 7 9 10 12 15 99 100 101 128 1000 123456789 0.5 0.1 0.01 0.3 0.25 0.05 1.5 2.75 9.99 12.34 "
    "0.123456 33.3 1e-3 1e5 3e-5 7e9 1e9 1e20 1e30 1e-12 1e299 1e-299 1e300 1e-300"
).split()
STEPS = "1 2 3 7 10 0.1 0.01 0.5 0.25 2.5 0.3 1e-9 1e20 12 100 1e3 6 0.07".split()
signed = st.sampled_from(CONSTANTS).flatmap(lambda c: st.sampled_from([c, "-" + c]))
one_literal = st.one_of(
    st.tuples(st.sampled_from(["at_least", "more_than"]), signed, st.booleans()),
    st.tuples(st.sampled_from(["at_least", "more_than"]), signed, st.booleans()),
    st.tuples(st.just("integer"), st.just("0"), st.booleans()),
    st.tuples(st.just("multiple_of"), st.sampled_from(STEPS), st.booleans()),
    st.tuples(st.just("equals"), signed, st.just(False)),
    st.tuples(st.just("equals"), signed, st.sampled_from([True, False, False])),
)
a_cell = st.lists(one_literal, max_size=4)
PREFIXES = [
    "",
    *"- 0 -0 1 9 12 -7 100 120 12. 0. -0. 12.3 0.00 0.05 -1.5 1.0".split(),
    *"1e 12e 12.3e 0e 0.5e 12e- 5e+ 5e-1 5e1 1.50e0 7e0 -3e 0.0e-".split(),
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PREFIXES), st.lists(a_cell, min_size=1, max_size=2), st.sampled_from(FORMS))
def test_shortest_completion_is_that_of_brute_force(prefix: str, cells: list[Cell], form: str) -> None:
    check_against_brute_force(prefix, cells, form, 3)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["", "-", "0", "3", "0.", "4.", "2e"]), a_cell, st.sampled_from(FORMS))
def test_shortest_completion_at_greater_length(prefix: str, cell: Cell, form: str) -> None:
    check_against_brute_force(prefix, [cell], form, 4)


def random_number(rng: random.Random, form: str) -> str:
    """A JSON number of the form, with a liking for zeros, nines and long runs."""
    while True:
        sizes = [1, 1, 2, 3, 5, 9, 15, 16, 25, 40]
        digits = "".join(rng.choices("0123456789000999", k=rng.choice(sizes) - 1))
        text = rng.choice(["", "", "-"]) + rng.choice(["0", rng.choice("123456789") + digits])
        if rng.random() < 0.2:
            text += "0" * rng.choice([1, 5, 20])
        if rng.random() < 0.6:
            text += "." + "0" * rng.choice([0, 0, 1, 3, 12])
            text += "".join(rng.choices("0123456789000999", k=rng.choice(sizes)))
        if rng.random() < 0.4:
            text += rng.choice(["e", "e-", "e+"])
            text += rng.choice("0 1 2 5 9 10 11 30 99 100 280 299".split())
        if in_form(text, form):
            return text


def exact_text(x: Fraction) -> str:
    """A JSON number equal to ``x``, whose denominator has no primes but 2 and 5."""
    places = 0
    while (x * 10**places).denominator != 1:
        places += 1
    return f"{(x * 10**places).numerator}e-{places}"


def cell_around(rng: random.Random, text: str) -> Cell:
    """Random literals, all turned so that they are true of ``text``."""
    x = value_of(text)
    cell: Cell = []
    for _ in range(rng.randrange(5)):
        kind = rng.choice(["at_least", "more_than", "integer", "multiple_of", "multiple_of", "equals"])
        if kind == "multiple_of":
            constant = rng.choice([*STEPS, "12345678901", "1e-20", "0.037", "97", "1024", "3125e-3"])
            if rng.random() < 0.3 and x != 0:
                divisor = rng.choice([1, 2, 4, 5, 8, 10, 1000, 10**9])
                constant = exact_text(abs(x) / divisor)
        elif rng.random() < 0.7:
            width = abs(x) * Fraction(1, 10 ** rng.choice([0, 1, 2, 6, 15, 16, 17, 30]))
            constant = exact_text(x + rng.choice([-1, 0, 0, 1]) * width)
        else:
            constant = rng.choice(CONSTANTS)
        cell.append((kind, constant, holds(kind, constant, x)))
    return cell


@pytest.mark.parametrize("form", FORMS)
def test_no_completion_is_missed(form: str) -> None:
    """Every prefix of a number in the cell has a completion, no longer than the rest of that number."""
    rng = random.Random(20240607)
    for _ in range(1500):
        text = random_number(rng, form)
        cell = cell_around(rng, text)
        if not meets(text, cell, form):  # an integer written with a point, in float64
            cell = [literal for literal in cell if not wants_integer(literal)]
        assert native.number_meets(text, cell, form)
        for cut in sorted({rng.randrange(len(text) + 1) for _ in range(3)} | {0, len(text)}):
            answer = native.complete_number(text[:cut], [cell], form)
            assert answer is not None, (text, cut, cell)
            assert len(answer) <= len(text) - cut, (text, cut, cell, answer)
            assert in_form(text[:cut] + answer, form), (text, cut, cell, answer)
            assert meets(text[:cut] + answer, cell, form), (text, cut, cell, answer)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PREFIXES), one_literal, st.sampled_from(FORMS))
def test_decided_agrees_with_every_continuation(prefix: str, literal: Literal, form: str) -> None:
    kind, constant, _ = literal
    verdict = native.number_decided(prefix, kind, constant, form)
    seen = {
        holds(kind, constant, value_of(text))
        for texts in continuations(prefix, 3)
        for text in texts
        if in_form(text, form)
    }
    if verdict is not None:
        assert seen <= {verdict}
    if len(seen) == 2:
        assert verdict is None


@pytest.mark.parametrize("form", FORMS)
def test_forms(form: str) -> None:
    rng = random.Random(5)
    for _ in range(3000):
        text = random_number(rng, "any")
        if rng.random() < 0.5:
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice("0123456789.eE+-") + text[at + rng.randrange(2) :]
        if len(text.lower().partition("e")[2]) > 5:
            continue  # the reference would write the number out
        assert native.is_number(text, form) == in_form(text, form), text
        if native.is_number(text, form):
            assert all(native.is_number_prefix(text[:cut], form) for cut in range(len(text)))
    for text in ("01", "1.", ".5", "+1", "1e", "--1", "1e5.0", " 1", "1 ", "NaN", ""):
        assert not native.is_number(text, form)


def test_representatives_continue_alike() -> None:
    rng = random.Random(11)
    for _ in range(1500):
        form = rng.choice(FORMS)
        text = random_number(rng, form)
        prefix = text[: rng.randrange(len(text) + 1)]
        short = native.lexical_representative(prefix, form)
        tails = [text[len(prefix) :]] + [random_number(rng, "any")[rng.randrange(3) :] for _ in range(20)]
        tails += ["", "0" * 18, "1" * 17, *"0 5 .5 e5 e-5 e99 e299 e300 e-299 e-300 e-301".split()]
        for _ in range(10):
            tails.append(rng.choice("07") * rng.randrange(20) + rng.choice(["", "e2", ".1"]))
        for tail in tails:
            got, want = native.is_number(short + tail, form), native.is_number(prefix + tail, form)
            assert got == want, (prefix, short, tail, form)


def test_decimals_compare_and_divide_exactly() -> None:
    rng = random.Random(3)
    texts = [random_number(rng, "any") for _ in range(300)]
    for a in texts:
        assert value_of(native.decimal_text(a)) == value_of(a)
        b = rng.choice(texts)
        x, y = value_of(a), value_of(b)
        assert native.decimal_compare(a, b) == (x > y) - (x < y)
        assert native.decimal_is_multiple(a, b) == holds("multiple_of", b, x)
        assert (native.decimal_text(a) == native.decimal_text(b)) == (x == y)


def test_exponents_are_never_written_out() -> None:
    huge = [("at_least", "1e1000000000000", True)]
    assert native.complete_number("", [huge], "any") == "1e1000000000000"
    assert native.complete_number("12", [huge], "any") == "e999999999999"
    assert native.complete_number("", [huge], "float64") is None
    odd = [("multiple_of", "1e-1000000000000", False)]
    answer = native.complete_number("0.", [odd], "any")
    assert answer is not None and not native.decimal_is_multiple("0." + answer, "1e-1000000000000")


def test_long_bounds_and_steps() -> None:
    low = "3" * 10_000
    cell: Cell = [("at_least", low, True), ("at_least", low[:-1] + "7", False), ("multiple_of", "2", True)]
    assert native.complete_number("", [cell], "any") == low[:-1] + "4"
    assert native.complete_number(low[:5000], [cell], "any") == low[5000:-1] + "4"
    step = "12345678901234567890123456789012345678901234567891"
    multiple: Cell = [("multiple_of", step, True), ("more_than", "0", True)]
    answer = native.complete_number("77", [multiple], "any")
    assert answer is not None and value_of("77" + answer) % int(step) == 0
    assert native.complete_number("0.", [[*multiple, ("at_least", "1", False)]], "any") is None


def test_contradictions_have_no_completion() -> None:
    for cell in (
        [("multiple_of", "3", True), ("multiple_of", "3", False)],
        [("multiple_of", "6", True), ("multiple_of", "2", False)],
        [("integer", "0", True), ("integer", "0", False)],
        [("at_least", "2", True), ("at_least", "2", False)],
        [("more_than", "1", True), ("at_least", "2", False), ("integer", "0", True)],
        [("equals", "0.5", True), ("multiple_of", "1", True)],
        [("multiple_of", "0", True), ("more_than", "0", True)],
    ):
        for form in FORMS:
            for prefix in PREFIXES:
                assert native.complete_number(prefix, [cell], form) is None, (prefix, cell, form)
