"""Reading schema text exactly, and copying Python values."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structgen.errors import InvalidSchema
from structgen.grammars.json_schema import text

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, st.sampled_from([None, 1]))
def test_the_deep_reader_reads_what_json_reads(value: Any, indent: int | None) -> None:
    written = json.dumps(value, indent=indent)
    assert text._parse_deep(written) == json.loads(written)


@given(st.text(alphabet='{}[]":,01eE+-. tfn\\u', max_size=12))
def test_the_deep_reader_refuses_what_json_refuses(written: str) -> None:
    try:
        expected = json.loads(written)
    except json.JSONDecodeError:
        with pytest.raises(InvalidSchema):
            text._parse_deep(written)
    else:
        assert text._parse_deep(written) == expected


@pytest.mark.parametrize("digits", ["0.10000000000000000000000000001", "1e400", "-2.50", "1E+2"])
def test_numbers_in_text_stay_exact(digits: str) -> None:
    assert text.number_text(text.parse_json(digits)) == digits


def test_what_is_no_number() -> None:
    for value in (True, None, "1", float("nan"), float("-inf"), [1], 10**5000):
        assert text.number_text(value) is None


@pytest.mark.parametrize("value", [0, -7, 10**22, 0.1, 1e16, 5e-324, -0.0])
def test_numbers_from_python(value: Any) -> None:
    assert float(text.number_text(value) or "x") == value


def test_snapshots_copy_subclasses_and_share_what_is_shared() -> None:
    shared = OrderedDict(a=1)
    copy = text.snapshot({"x": shared, "y": [shared], "z": OrderedDict(b=(1, 2))})
    assert copy == {"x": {"a": 1}, "y": [{"a": 1}], "z": {"b": [1, 2]}}
    assert type(copy["x"]) is dict
    assert copy["x"] is copy["y"][0]
    assert copy["x"] is not shared


def test_a_value_inside_itself_is_refused_or_becomes_recursion() -> None:
    loop: OrderedDict[str, Any] = OrderedDict()
    loop["items"] = loop
    with pytest.raises(InvalidSchema, match="use \\$ref"):
        text.snapshot(loop)


def test_excerpts_are_short() -> None:
    for value in ("x" * 1000, list(range(1000)), {str(n): n for n in range(1000)}, 10**5000, 1.5, None):
        assert len(text.excerpt(value)) < 120
