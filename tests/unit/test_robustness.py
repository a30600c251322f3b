"""Bad, contradictory and enormous input: one clear error or a correct answer, and the process lives on.

Small cases are data (testdata/engine/robustness.jsonl): a schema, or its text, with either the error and what
its message says, or texts that are accepted and refused.  Large ones are built here.  What could run away is
tried in a process of its own, whose time limit is a safety net, not a measure.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import structgen as sg
from structgen import errors

CASES = [
    json.loads(line)
    for line in (Path(__file__).resolve().parents[2] / "testdata" / "engine" / "robustness.jsonl")
    .read_text()
    .splitlines()
]
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
ANY = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}


@pytest.fixture(autouse=True)
def _lives_on() -> Iterator[None]:
    """After each case, failed or not, a fresh schema compiles and is enforced."""
    yield
    matcher = sg.compile({"type": "integer", "minimum": 3}, BYTES).matcher()
    assert matcher.completion_text() == b"3"
    assert matcher.try_advance(list(b"-2")) == 0


def accepts(constraint: sg.Constraint, text: str | bytes) -> bool:
    data = text.encode() if isinstance(text, str) else text
    matcher = constraint.matcher()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_small_cases(case: dict[str, Any]) -> None:
    schema = case["text"] if "text" in case else case["schema"]
    if "error" in case:
        with pytest.raises(errors.StructgenError) as caught:
            sg.compile(schema, BYTES)
        assert type(caught.value).__name__ == case["error"]
        assert case["says"] in str(caught.value)
        assert len(str(caught.value)) < 500
        return
    constraint = sg.compile(sg.json_schema(schema, **ANY), BYTES)
    assert [text for text in case["accepts"] if not accepts(constraint, text)] == []
    assert [text for text in case["refuses"] if accepts(constraint, text)] == []
    assert accepts(constraint, constraint.example())


def test_python_objects_that_are_no_json() -> None:
    for schema in (
        {"enum": {1, 2}},
        {"minimum": float("nan")},
        {"maximum": float("inf")},
        {"const": object()},
    ):
        with pytest.raises(errors.InvalidSchema):
            sg.compile(sg.json_schema(schema), BYTES)


# --- Deep ------------------------------------------------------------------------------------------

DEEP = 100_000


def nested(key: str, leaf: Any) -> Any:
    schema = leaf
    for _ in range(DEEP):
        schema = {key: schema}
    return schema


def nested_text(opening: str, leaf: str, closing: str) -> str:
    return opening * DEEP + leaf + closing * DEEP


def test_a_schema_100_000_levels_deep_is_compiled() -> None:
    for schema in (nested_text('{"items":', "false", "}"), nested("items", False)):
        constraint = sg.compile(sg.json_schema(schema, **ANY), BYTES)
        assert accepts(constraint, "[]") and accepts(constraint, "[" * 50 + "]" * 50)


def test_100_000_negations_are_an_even_number() -> None:
    constraint = sg.compile(nested("not", {"type": "null"}), BYTES)
    assert accepts(constraint, "null") and not accepts(constraint, "1")


def test_100_000_conjunctions_are_one() -> None:
    constraint = sg.compile(nested_text('{"allOf":[', '{"type":"null"}', "]}"), BYTES)
    assert accepts(constraint, "null") and not accepts(constraint, "1")


DEEP_AND_TOO_MUCH = {
    "the shortest value is 100,000 levels deep": lambda: nested_text(
        '{"type":"array","minItems":1,"items":', "{}", "}"
    ),
    "a constant 100,000 levels deep": lambda: '{"const":' + nested_text("[", "", "]") + "}",
    "100,000 references in a row": lambda: {
        "$defs": {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(DEEP)} | {f"d{DEEP}": {}},
        "$ref": "#/$defs/d0",
    },
    "never closed": lambda: "[" * DEEP,
}


@pytest.mark.parametrize("case", DEEP_AND_TOO_MUCH)
def test_too_deep_is_one_error(case: str) -> None:
    with pytest.raises((errors.ComplexityLimitExceeded, errors.InvalidSchema)) as caught:
        sg.compile(DEEP_AND_TOO_MUCH[case](), BYTES)
    assert len(str(caught.value)) < 500


def test_output_100_000_levels_deep() -> None:
    """Advance, fork, roll back and drop, without using the stack of the process for any of it."""
    constraint = sg.compile(
        sg.json_schema({"type": "array", "items": {"$ref": "#"}}, whitespace="compact"), BYTES
    )
    matcher = constraint.matcher()
    assert matcher.try_advance([ord("[")] * DEEP) == DEEP
    assert sorted(map(chr, matcher.allowed_tokens())) == ["[", "]"]
    fork = matcher.fork()
    assert matcher.completion_text() == b"]" * DEEP
    assert matcher.distance() == DEEP
    assert matcher.try_advance([ord("]")] * DEEP) == DEEP
    assert matcher.can_stop and matcher.allowed_tokens() == [256]
    matcher.rollback(DEEP)
    assert matcher.distance() == DEEP
    matcher.rollback(DEEP - 2)
    assert matcher.completion_text() == b"]]"
    del matcher
    assert fork.try_advance([ord("]")] * 3) == 3
    assert fork.distance() == DEEP - 3
    fork.reset()
    assert len(fork) == 0


def test_output_of_nested_objects_with_decisions_below() -> None:
    """The same through objects whose members decide about their parents."""
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#"}},
        "not": {"required": ["b"]},
        "maxProperties": 2,
    }
    matcher = sg.compile(sg.json_schema(schema, whitespace="compact", property_order="any"), BYTES).matcher()
    depth = 2_000
    assert matcher.try_advance(list(b'{"a":' * depth)) == 5 * depth
    assert matcher.completion_text() == b"{" + b"}" * (depth + 1)
    assert matcher.try_advance(list(b"{" + b"}" * depth)) == depth + 1
    assert matcher.try_advance(list(b',"b"')) == 3
    matcher.rollback(3)
    assert matcher.try_advance(list(b',"c":0}')) == 7 and matcher.can_stop


# --- Wide ------------------------------------------------------------------------------------------


def test_a_schema_of_10_megabytes() -> None:
    properties = {f"key{i}": {"type": "string", "description": "x" * 80} for i in range(90_000)}
    schema = json.dumps({"type": "object", "properties": properties, "required": ["key89999"]})
    assert len(schema) > 10_000_000
    constraint = sg.compile(schema, BYTES)
    assert accepts(constraint, '{"key0":"a","key89999":""}')
    assert not accepts(constraint, '{"key0":1}') and not accepts(constraint, "{}")


def test_10_000_properties() -> None:
    properties = {f"p{i}": {"type": "integer", "minimum": i} for i in range(10_000)}
    constraint = sg.compile(
        {"type": "object", "properties": properties, "additionalProperties": False}, BYTES
    )
    assert accepts(constraint, '{"p7":7,"p9999":9999}')
    assert not accepts(constraint, '{"p9999":9998}') and not accepts(constraint, '{"p10000":1}')


def test_an_enum_of_100_000_strings() -> None:
    constraint = sg.compile({"enum": [f"value number {i}" for i in range(100_000)]}, BYTES)
    assert accepts(constraint, '"value number 99999"')
    assert not accepts(constraint, '"value number 100000"') and not accepts(constraint, '"value number "')


def test_a_chain_of_1_000_conjunctions() -> None:
    links = {
        f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}, {"maxLength": 2000 - i}]} for i in range(1000)
    }
    schema = {"$defs": {**links, "d1000": {"type": "string"}}, "$ref": "#/$defs/d0"}
    constraint = sg.compile(schema, BYTES)
    assert accepts(constraint, '"' + "a" * 1001 + '"') and not accepts(constraint, '"' + "a" * 1002 + '"')


def test_numbers_of_many_digits() -> None:
    schema = '{"type": "integer", "minimum": ' + "9" * 3000 + "}"
    constraint = sg.compile(sg.json_schema(schema, **ANY), BYTES)
    assert accepts(constraint, "9" * 3000) and accepts(constraint, "1e3000")
    assert not accepts(constraint, "9" * 2999 + "8") and not accepts(constraint, "9" * 2999)
    with pytest.raises(errors.InvalidSchema, match="digits"):
        sg.compile('{"minimum": ' + "9" * 100_000 + "}", BYTES)


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [{"minimum": 50 * k, "maximum": 50 * k + 60, "multipleOf": k + 2} for k in range(14)]},
        {"anyOf": [{"minimum": 500, "type": "integer"}, {"enum": list(range(0, 400, 7))}]},
    ],
    ids=["overlapping intervals", "an interval and points"],
)
def test_a_number_is_complete_wherever_it_lies_in_a_large_union(schema: dict[str, Any]) -> None:
    constraint = sg.compile(sg.json_schema(schema, **ANY), BYTES)

    def holds(x: int, branch: dict[str, Any]) -> bool:
        if "enum" in branch:
            return x in branch["enum"]
        return branch["minimum"] <= x <= branch.get("maximum", x) and x % branch.get("multipleOf", 1) == 0

    for x in range(720):
        expected = any(holds(x, branch) for branch in schema["anyOf"])
        assert accepts(constraint, str(x)) == expected, x


BRANCHES: dict[str, Callable[[int], Any]] = {
    "numbers": lambda i: {"type": "integer", "minimum": 2 * i, "maximum": 2 * i + 1},
    "patterns": lambda i: {"type": "string", "pattern": f"^a[bc]*{i}$"},
    "required members": lambda i: {"type": "object", "required": [f"k{i}"]},
}


@pytest.mark.parametrize("kind", sorted(BRANCHES))
def test_one_of_200_similar_branches(kind: str) -> None:
    constraint = sg.compile({"oneOf": [BRANCHES[kind](i) for i in range(200)]}, BYTES)
    good = {"numbers": ["0", "399"], "patterns": ['"a199"', '"abcb0"'], "required members": ['{"k5":1}']}[
        kind
    ]
    bad = {
        "numbers": ["-1", "400"],
        "patterns": ['"a200"', '"a"'],
        "required members": ["{}", '{"k5":1,"k6":1}'],
    }[kind]
    assert all(accepts(constraint, text) for text in good)
    assert not any(accepts(constraint, text) for text in bad)


def test_200_equal_branches_exclude_each_other() -> None:
    branch = {"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}
    with pytest.raises(errors.UnsatisfiableSchema):
        sg.compile({"oneOf": [branch] * 200}, BYTES)


# --- What could run away ---------------------------------------------------------------------------

SOURCES = {
    "a list that has to be 10,000 long": '{"type": "array", "minItems": 10**4}',
    "a list that has to be a million long": '{"type": "array", "minItems": 10**6}',
    "10,000 members": '{"type": "object", "minProperties": 10**4}',
    "10,000 required members": (
        '{"type": "object", "properties": {f"p{i}": {} for i in range(10**4)},'
        ' "required": [f"p{i}" for i in range(10**4)], "additionalProperties": False}'
    ),
    "200 branches told apart by a member": (
        '{"oneOf": [{"type": "object", "required": ["kind"], "properties": '
        '{"kind": {"const": f"k{i}"}, "v": {"type": "integer"}}} for i in range(200)]}'
    ),
    "20 patterns that overlap": (
        '{"type": "object", "minProperties": 1,'
        ' "patternProperties": {f"p{i}": {"minimum": i} for i in range(20)}}'
    ),
    "a billion members": '{"type": "object", "minProperties": 10**9}',
    "100 different items that differ": '{"type": "array", "uniqueItems": True, "minItems": 100}',
    "1,000 items that differ": '{"type": "array", "uniqueItems": True, "minItems": 1000}',
    "exactly one of 200 branches that overlap": (
        '{"oneOf": [{"type": "object", "required": ["name", f"v{i}"],'
        ' "properties": {"name": {"type": "string"}, f"v{i}": {"type": "integer"}}} for i in range(200)]}'
    ),
    "100 conditions on one member": (
        '{"type": "object", "required": ["kind"],'
        ' "properties": {"kind": {"enum": [f"k{i}" for i in range(100)]}},'
        ' "allOf": [{"if": {"properties": {"kind": {"const": f"k{i}"}}}, "then": {"required": [f"p{i}"]}}'
        " for i in range(100)]}"
    ),
    "an enum of 100,000 numbers": '{"enum": list(range(0, 300000, 3))}',
    "an enum of 1,000 objects": '{"enum": [{"a": i, "b": [i]} for i in range(1000)]}',
    "100 different items": '{"type": "array", "allOf": [{"contains": {"const": i}} for i in range(100)]}',
    "1,000 members that need each other": (
        '{"type": "object", "required": ["p0"],'
        ' "dependentRequired": {f"p{i}": [f"p{i+1}"] for i in range(1000)}}'
    ),
    "20 lookaheads": (
        '{"type": "string", "pattern": "^" + "".join(f"(?=.*{c})" for c in "abcdefghijklmnopqrst")}'
    ),
    "a pattern of 10 megabytes": '{"type": "string", "pattern": "a" * 10**7}',
    "100,000 groups": '{"type": "string", "pattern": "(" * 10**5 + "b" + ")" * 10**5}',
    "1,000 nested conditions": (
        '__import__("functools").reduce('
        'lambda s, i: {"if": {"const": i}, "then": {"type": "integer"}, "else": s}, range(1000), {})'
    ),
}
SCRIPT = """
    import structgen as sg
    vocabulary = sg.Vocabulary.from_tokens([*(bytes([b]) for b in range(256)), None], eos=256)
    try:
        constraint = sg.compile({source}, vocabulary)
        text = constraint.example()
        matcher = constraint.matcher()
        matcher.mask()
        assert matcher.try_advance(list(text.encode())) == len(text.encode()) and matcher.can_stop
        print("fine")
    except sg.GrammarError as error:
        print(type(error).__name__)
    assert sg.compile({{"minimum": 3, "type": "integer"}}, vocabulary).example() == "3"
"""


def run_alone(source: str, seconds: int) -> str:
    """Compile in a process with 6 GiB and a time limit; what it printed."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", textwrap.dedent(SCRIPT.format(source=source))],
        capture_output=True,
        text=True,
        timeout=seconds,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (6 << 30, 6 << 30)),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


@pytest.mark.slow
@pytest.mark.parametrize("case", sorted(SOURCES))
def test_work_is_bounded(case: str) -> None:
    assert run_alone(SOURCES[case], 300) in ("fine", "ComplexityLimitExceeded")


@pytest.mark.parametrize("step", [1, 7, 0.37])
def test_an_enum_of_20_000_numbers(step: float) -> None:
    values = [round(i * step, 2) for i in range(-5000, 15_000)]
    constraint = sg.compile({"enum": values}, BYTES)
    for value in (values[0], values[-1], values[5000], values[7003], values[1234]):
        assert accepts(constraint, json.dumps(value)), value
    present = set(values)
    for value in (step * 15_000, 0.001, -1e9, 12345.678, round(step * 3 + 0.01, 3)):
        assert accepts(constraint, json.dumps(value)) == (value in present), value
