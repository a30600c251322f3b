"""Examples: valid, varied by seed, readable, bounded, and for every kind of grammar."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

import jsonschema
import pytest

import structgen as sg
from structgen import errors
from structgen.byte_walk import JsonPosition, byte_vocabulary, pointer
from structgen.constraint import Constraint
from structgen.matcher import Matcher

SHAPES = {
    "anyOf": [
        {
            "type": "object",
            "properties": {"kind": {"const": "circle"}, "radius": {"type": "number", "exclusiveMinimum": 0}},
            "required": ["kind", "radius"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "kind": {"const": "box"},
                "sides": {"type": "array", "items": {"type": "integer"}},
            },
            "required": ["kind"],
            "additionalProperties": False,
        },
    ]
}
TREE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["value"],
            "additionalProperties": False,
        }
    },
}
SCHEMAS: list[Any] = [
    True,
    {"type": "integer", "minimum": 5, "maximum": 7},
    {"type": "number", "multipleOf": 0.25, "minimum": 3.1},
    {"type": "string", "minLength": 50, "maxLength": 70},
    {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{4}$"},
    {"type": "string", "pattern": "^[äöü€]{3}$"},
    {"type": "object", "additionalProperties": {"type": "number"}, "minProperties": 2},
    {"type": "object", "propertyNames": {"pattern": "^[a-c]{2}$"}, "minProperties": 3},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "uniqueItems": True},
    {"type": "array", "prefixItems": [{"const": 1}, {"type": "null"}], "contains": {"const": "x"}},
    {"const": {"a": [1, {"b": None}]}},
    {"enum": ["red", "green", 3, None]},
    {"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}], "type": "integer"},
    {"not": {"type": ["string", "object", "array"]}},
    {
        "if": {"required": ["a"]},
        "then": {"required": ["b"]},
        "type": "object",
        "properties": {"a": {}, "b": {}},
    },
    SHAPES,
    TREE,
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=str)
def test_every_example_is_valid(schema: Any) -> None:
    validator = jsonschema.Draft202012Validator(schema)
    for seed in range(40):
        validator.validate(sg.example(schema, seed=seed))


def test_the_same_seed_gives_the_same_example() -> None:
    assert [sg.example(TREE, seed=seed) for seed in range(5)] == [
        sg.example(TREE, seed=seed) for seed in range(5)
    ]


def test_seeds_reach_every_branch_and_every_choice() -> None:
    values = [sg.example(SHAPES, seed=seed) for seed in range(60)]
    assert {value["kind"] for value in values} == {"circle", "box"}
    boxes = [value for value in values if value["kind"] == "box"]
    assert {"sides" in box for box in boxes} == {True, False}
    assert len({len(box["sides"]) for box in boxes if "sides" in box}) >= 3
    colours = {json.dumps(sg.example({"enum": ["red", "green", 3, None]}, seed=seed)) for seed in range(60)}
    assert colours == {'"red"', '"green"', "3", "null"}
    kinds = {type(sg.example(True, seed=seed)) for seed in range(80)}
    assert kinds >= {dict, list, str, int, bool, type(None)}


def test_examples_and_formats_named_by_the_schema_are_used_where_they_are_valid() -> None:
    schema = {"type": "string", "examples": ["Ada Lovelace", 7], "maxLength": 12}
    assert "Ada Lovelace" in {sg.example(schema, seed=seed) for seed in range(20)}
    schema = {"type": "string", "examples": ["far too long for this"], "maxLength": 5}
    assert all(len(sg.example(schema, seed=seed)) <= 5 for seed in range(20))
    mails = [sg.example({"type": "string", "format": "email"}, seed=seed) for seed in range(20)]
    assert any(re.fullmatch(r"[a-z.]+@example\.(org|com|net)", mail) for mail in mails)


def test_text_is_compact_unless_asked_otherwise() -> None:
    text = sg.example(SHAPES, seed=1, as_text=True)
    assert isinstance(text, str)
    assert text == json.dumps(json.loads(text), separators=(",", ":"))
    assert sg.example(SHAPES, seed=1) == json.loads(text)


def test_options_of_the_schema_are_kept() -> None:
    schema = {"type": "object", "properties": {"a": {}, "b": {}}}
    for seed in range(30):
        assert set(sg.example(schema, seed=seed, extra_keys="never")) <= {"a", "b"}
    with pytest.raises(errors.InvalidRequest, match="colour"):
        sg.example(schema, colour="red")
    with pytest.raises(errors.InvalidRequest, match="whitespace"):
        sg.example(sg.json_schema(schema), whitespace="any")


def test_every_kind_of_grammar() -> None:
    @dataclass
    class Point:
        x: int
        y: int | None = None

    assert {sg.example(["yes", "no"], seed=seed) for seed in range(20)} == {"yes", "no"}
    texts = {sg.example(sg.regex(r"[A-Z]{2}-\d{2}(x|yy)*"), seed=seed) for seed in range(20)}
    assert len(texts) > 10
    assert all(re.fullmatch(r"[A-Z]{2}-\d{2}(x|yy)*", text) for text in texts)
    assert isinstance(sg.example(Point, seed=3)["x"], int)
    assert isinstance(sg.example(sg.json_schema({"type": "integer"})), int)


def test_a_grammar_without_outputs_is_refused_as_by_compile() -> None:
    with pytest.raises(errors.UnsatisfiableSchema):
        sg.example({"type": "integer", "minimum": 3, "maximum": 2})


def test_long_outputs_end_after_bounded_work() -> None:
    value = sg.example(
        {"type": "array", "minItems": 3000, "items": {"type": "string", "minLength": 5}}, seed=1
    )
    assert len(value) == 3000


def test_the_shortest_output_stands_in_where_the_walk_runs_out_of_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def exhausted(self: Matcher) -> list[int]:
        raise errors.ComplexityLimitExceeded("a work budget ran out", limit="steps")

    expected = Constraint.example(sg.compile(sg.json_schema(TREE, whitespace="compact"), byte_vocabulary()))
    monkeypatch.setattr(Matcher, "allowed_tokens", exhausted)
    assert sg.example(TREE, seed=1, as_text=True) == expected


@pytest.mark.parametrize(
    ("text", "path", "state"),
    [
        ("", [], "value"),
        ("  12", [], "number"),
        ("{", [], "key"),
        ('{"a', [], "name"),
        ('{"a"', ["a"], "colon"),
        ('{"a": ', ["a"], "value"),
        ('{"a": "x\\"', ["a"], "string"),
        ('{"a": "x"', ["a"], "after"),
        ('{"a": {}', ["a"], "after"),
        ('{"a": 1,', [], "key"),
        ('{"a": [1, tr', ["a", 1], "word"),
        ('{"a": [1, [], ', ["a", 2], "value"),
        ('[[{"a/b": 1}], ', [1], "value"),
    ],
)
def test_the_position_in_a_json_text(text: str, path: list[Any], state: str) -> None:
    position = JsonPosition()
    position.feed(text.encode())
    assert (position.path(), position.state) == (path, state)


def test_pointers_are_escaped() -> None:
    assert pointer(["a/b", "c~d", 3]) == "/a~1b/c~0d/3"
