"""Schemas without a value name the keywords that exclude each other; long searches name their place."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from recording_store import RecordingStore

import structgen as sg
from structgen import _native, errors
from structgen.byte_walk import byte_vocabulary
from structgen.grammars.json_schema import relax
from structgen.grammars.json_schema.relax import Relaxation, Site, common_place, leaves, smallest


def compiled(schema: Any, **options: Any) -> sg.Constraint:
    return sg.compile(sg.json_schema(schema, **options), byte_vocabulary())


CONFLICTS: list[tuple[Any, tuple[str, ...], str]] = [
    ({"type": "integer", "minimum": 3, "maximum": 2}, ("/type", "/minimum", "/maximum"), ""),
    ({"type": "string", "enum": [1, 2]}, ("/type", "/enum"), ""),
    (
        {
            "title": "only b",
            "type": "object",
            "required": ["a"],
            "properties": {"b": {"type": "integer"}},
            "additionalProperties": False,
            "maxProperties": 9,
        },
        ("/type", "/required", "/additionalProperties"),
        "",
    ),
    (
        {
            "allOf": [{"$ref": "#/$defs/port"}, {"maximum": 3}],
            "$defs": {"port": {"type": "integer", "minimum": 5, "multipleOf": 1}},
        },
        ("/allOf/1/maximum", "/$defs/port/type", "/$defs/port/minimum"),
        "",
    ),
    ({"type": "array", "minItems": 3, "maxItems": 2}, ("/type", "/minItems", "/maxItems"), ""),
    ({"type": "string", "pattern": "^abc$", "maxLength": 2}, ("/type", "/pattern", "/maxLength"), ""),
    (
        {
            "$ref": "#/$defs/a",
            "$defs": {
                "a": {"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/$defs/b"}}},
                "b": {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/$defs/a"}}},
            },
        },
        ("/$defs/a/type", "/$defs/a/required", "/$defs/b/type", "/$defs/b/required"),
        "/$defs",
    ),
    (
        {
            "type": "object",
            "required": ["x"],
            "properties": {"x": {"oneOf": [{"type": "null", "const": 1}, {"enum": []}]}},
        },
        (
            "/type",
            "/required",
            "/properties/x/oneOf/0/type",
            "/properties/x/oneOf/0/const",
            "/properties/x/oneOf/1/enum",
        ),
        "",
    ),
    ({"oneOf": [{"type": "string"}, {"type": "string"}]}, ("/oneOf",), "/oneOf"),
    ({"type": "object", "not": {"type": "object", "minimum": 1}}, ("/type", "/not"), ""),
    ({"items": {"const": 1, "type": "null"}, "contains": True, "type": "array"}, (), ""),
    ({"$ref": "#/$defs/none", "$defs": {"none": False}}, ("/$ref",), "/$ref"),
    (
        {"properties": {"a": False}, "required": ["a"], "type": "object"},
        ("/properties", "/required", "/type"),
        "",
    ),
]


@pytest.mark.parametrize(("schema", "conflict", "place"), CONFLICTS, ids=[str(c[0])[:60] for c in CONFLICTS])
def test_the_keywords_that_exclude_each_other_are_named(
    schema: Any, conflict: tuple[str, ...], place: str
) -> None:
    with pytest.raises(errors.UnsatisfiableSchema) as caught:
        compiled(schema)
    error = caught.value
    if conflict:
        assert error.conflict == conflict
    assert error.conflict
    assert error.pointer == place
    assert all(f"(at {pointer})" in str(error) for pointer in error.conflict)


@pytest.mark.parametrize(
    "schema",
    [case[0] for case in CONFLICTS if "$ref" not in str(case[0])],
    ids=lambda schema: str(schema)[:60],
)
def test_without_any_one_of_them_there_is_a_value(schema: Any) -> None:
    with pytest.raises(errors.UnsatisfiableSchema) as caught:
        compiled(schema)
    for pointer in caught.value.conflict:
        changed = copy.deepcopy(schema)
        at = changed
        *path, keyword = pointer.split("/")[1:]
        for step in path:
            at = at[int(step)] if isinstance(at, list) else at[step]
        del at[keyword]
        assert compiled(changed).example()


def test_recursion_without_an_end_is_called_that() -> None:
    with pytest.raises(errors.UnsatisfiableSchema, match="needs another one inside it"):
        compiled({"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}})


def test_options_that_take_part_are_named() -> None:
    schema = {"type": "object", "properties": {"a": {}}, "required": ["b"]}
    with pytest.raises(errors.UnsatisfiableSchema, match="extra_keys='never'"):
        compiled(schema, extra_keys="never")
    with pytest.raises(errors.UnsatisfiableSchema, match="numbers='any' allows"):
        compiled({"type": "integer", "minimum": 10**400})
    assert compiled({"type": "integer", "minimum": 10**400}, numbers="any").example()


def test_the_schema_false_is_called_that() -> None:
    with pytest.raises(errors.UnsatisfiableSchema, match="the schema false"):
        compiled(False)


def test_a_schema_too_large_to_explain_keeps_the_plain_message(monkeypatch: pytest.MonkeyPatch) -> None:
    properties = {f"p{i}": {"type": "integer", "minimum": i} for i in range(3000)}
    schema = {"type": "object", "required": ["x"], "properties": properties, "additionalProperties": False}
    with pytest.raises(errors.UnsatisfiableSchema, match="no JSON value satisfies this schema") as caught:
        compiled(schema)
    assert caught.value.conflict == ()
    monkeypatch.setattr(relax, "MAX_SITES", 10_000)
    with pytest.raises(errors.UnsatisfiableSchema) as caught:
        compiled(schema)
    assert caught.value.conflict == ("/type", "/required", "/additionalProperties")


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"type": "string", "minLength": 10**9}, "/minLength"),
        ({"type": "string", "minLength": 10**30}, "/minLength"),
        ({"type": "array", "items": {"type": "array", "minItems": 10**30}, "minItems": 1}, "/items/minItems"),
        ({"type": "object", "minProperties": 10**30}, "/minProperties"),
        ({"required": ["a"], "type": "object", "properties": {"a": {"$ref": "#/$defs/long"}},
          "$defs": {"long": {"type": "string", "minLength": 10**9}}}, "/$defs/long/minLength"),
    ],
    ids=lambda case: str(case)[:60],
)  # fmt: skip
def test_a_search_that_is_too_long_names_the_place(schema: Any, pointer: str) -> None:
    with pytest.raises(errors.ComplexityLimitExceeded) as caught:
        compiled(schema)
    assert caught.value.pointer == pointer
    assert str(caught.value).startswith(f"at {pointer}: ")
    assert caught.value.limit


def test_a_count_beyond_any_document_only_matters_where_it_must_be_met() -> None:
    assert compiled({"minLength": 10**30}).example() == "0"
    with pytest.raises(
        errors.ComplexityLimitExceeded, match="minLength asks for 1000000000000000000000000000000"
    ):
        compiled({"type": "string", "minLength": 10**30})


def test_integers_of_thousands_of_digits_are_read_or_refused_for_their_length() -> None:
    number = 10**3999
    assert compiled({"type": "integer", "minimum": number}, numbers="any").example() == "1e3999"
    assert compiled({"const": number + 1}, numbers="any").example() == str(number + 1)
    for keyword in ("minimum", "multipleOf", "const"):
        with pytest.raises(
            errors.InvalidSchema, match="more digits than are read; write at most 4300"
        ) as caught:
            compiled({keyword: 10**5000})
        assert caught.value.pointer == f"/{keyword}"


# --- The parts


def test_keywords_below_a_negation_are_switched_together() -> None:
    schema = {
        "not": {"$ref": "#/$defs/a"},
        "anyOf": [{"type": "string"}, {"items": {"$ref": "#/$defs/b"}}],
        "$defs": {
            "a": {"items": {"$ref": "#/$defs/c"}, "minimum": 1},
            "b": {"maximum": 3},
            "c": {"type": "null"},
        },
    }
    relaxation = Relaxation(sg.json_schema(schema), _native.Store())
    pointers = {site.pointer for site in relaxation.sites}
    assert pointers == {
        "/not", "/anyOf", "/anyOf/0/type", "/anyOf/1/items", "/anyOf/1/items/$ref", "/$defs/b/maximum",
    }  # fmt: skip


def test_a_switched_off_keyword_is_still_seen_by_its_neighbours() -> None:
    schema = {"properties": {"a": {"type": "null"}}, "additionalProperties": False}
    store = RecordingStore(regex=_native.RegexStore())
    relaxation = Relaxation(sg.json_schema(schema), store)
    relaxed = relaxation.formula({"/additionalProperties"})
    assert store.holds(relaxed, {"a": 1})
    assert not store.holds(relaxed, {"b": 1})
    assert relaxation.formula(set()) == 1


def test_the_smallest_set_is_irreducible() -> None:
    sites = [Site(f"/{index}", "x", index) for index in range(50)]
    asked = 0

    def holds(active: list[Site]) -> bool:
        nonlocal asked
        asked += 1
        present = {site.value for site in active}
        return {7, 31} <= present or {2, 8, 44} <= present

    found = {site.value for site in smallest(sites, holds)}
    assert found in ({7, 31}, {2, 8, 44})
    assert asked < 40
    assert smallest(sites, lambda active: True) == []


def test_leaves_and_common_places() -> None:
    sites = [
        Site("/properties", "properties", {}),
        Site("/properties/a/minimum", "minimum", 1),
        Site("/properties/a/maximum", "maximum", 0),
    ]
    assert leaves(sites) == sites[1:]
    assert common_place(sites[1:]) == "/properties/a"
    assert common_place(sites[1:2]) == "/properties/a/minimum"
    assert common_place([]) == ""
