"""Bad schemas: one clear error each, saying where; and schemas too deep for a stack."""

from __future__ import annotations

import math
from typing import Any

import pytest
from recording_store import RecordingStore

from structgen import _native
from structgen.errors import InvalidSchema
from structgen.grammars.json_schema import JsonSchema, Report, json_schema

DEEP = 100_000

WRONG: list[tuple[Any, str, str]] = [
    ({"minLength": "x"}, "/minLength", "non-negative integer, got 'x'"),
    ({"minLength": -1}, "/minLength", "got -1"),
    ({"minLength": True}, "/minLength", "got true"),
    ({"minItems": 1.5}, "/minItems", "got 1.5"),
    ({"required": "a"}, "/required", "must be a list, got 'a'"),
    ({"required": [1]}, "/required", "list of strings"),
    ({"type": "foo"}, "/type", "unknown type 'foo'"),
    ({"type": []}, "/type", "at least one type"),
    ({"enum": 5}, "/enum", "must be a list"),
    ({"enum": [math.nan]}, "/enum/0", "nan is not a JSON value"),
    ({"const": math.inf}, "/const", "inf is not a JSON value"),
    ({"const": [{"a": {1, 2}}]}, "/const/0/a", "not a JSON value"),
    ({"minimum": "3"}, "/minimum", "finite number, got '3'"),
    ({"multipleOf": 0}, "/multipleOf", "greater than 0"),
    ({"multipleOf": -0.5}, "/multipleOf", "greater than 0"),
    ({"anyOf": []}, "/anyOf", "at least one schema"),
    ({"allOf": {"type": "null"}}, "/allOf", "must be a list"),
    ({"properties": []}, "/properties", "must be an object"),
    ({"properties": {"a/b": {"items": {"type": "x"}}}}, "/properties/a~1b/items/type", "unknown type"),
    ({"properties": {"a": 5}}, "/properties/a", "must be an object or a boolean, got 5"),
    ({"pattern": "("}, "/pattern", "is not a regular expression"),
    ({"patternProperties": {"[": True}}, "/patternProperties/[", "is not a regular expression"),
    ({"$ref": "#/a"}, "/$ref", "there is nothing at 'a'"),
    ({"$ref": "#name"}, "/$ref", "no subschema is named 'name'"),
    ({"$ref": "other.json"}, "/$ref", "registry={uri: schema}"),
    ({"$ref": 5}, "/$ref", "must be a URI reference"),
    ({"$ref": "#"}, "/", "leads back to itself"),
    ({"not": {"$ref": "#"}}, "/", "leads back to itself"),
    ({"$schema": "http://json-schema.org/draft-03/schema#"}, "/$schema", "older than draft 4"),
    ({"$schema": 5}, "/$schema", "must be a URI"),
    ({"uniqueItems": 1}, "/uniqueItems", "true or false"),
    ({"propertyNames": {"$ref": "#/propertyNames"}}, "/propertyNames", "leads back to itself"),
    ({"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"maxLength": None}}}, "/$defs/a/maxLength", "got null"),
    (
        {"$schema": "http://json-schema.org/draft-04/schema#", "exclusiveMinimum": 3},
        "/exclusiveMinimum",
        "draft 4",
    ),
]


@pytest.mark.parametrize(("schema", "pointer", "words"), WRONG, ids=[str(case[0])[:50] for case in WRONG])
def test_wrong_keyword_values(schema: Any, pointer: str, words: str) -> None:
    with pytest.raises(InvalidSchema) as caught:
        json_schema(schema).lower(RecordingStore(regex=_native.RegexStore()))
    assert (caught.value.pointer or "/") == pointer
    assert words in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (5, "got 5"),
        ([], "got a list of 0"),
        (None, "got null"),
        ("x", "line 1, column 1"),
        ('{"a": 1,\n  "b" 2}', "line 2, column 7"),
        (b"\xff", "not UTF-8"),
        ('{"const": NaN}', "NaN is not a JSON number"),
        ("[" * DEEP, "malformed JSON"),
        ('{"items":' * DEEP + "{" + "}" * DEEP, "malformed JSON"),
    ],
    ids=["number", "list", "null", "word", "comma", "bytes", "nan", "deep list", "deep object"],
)
def test_what_is_no_schema(schema: Any, words: str) -> None:
    with pytest.raises(InvalidSchema, match=r"line|got|UTF|NaN|malformed") as caught:
        json_schema(schema)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "option", [{"whitespace": "no"}, {"dialect": "no"}, {"numbers": 5}, {"extra_keys": "yes"}]
)
def test_unknown_options(option: dict[str, Any]) -> None:
    with pytest.raises(InvalidSchema):
        json_schema({}, **option)


def nested(keyword: str, *, as_list: bool = False) -> Any:
    schema: Any = {"type": "string"}
    for _ in range(DEEP):
        schema = {keyword: [schema] if as_list else schema}
    return schema


def lowered(schema: Any) -> JsonSchema:
    grammar = json_schema(schema)
    grammar.lower(RecordingStore(), Report())
    return grammar


@pytest.mark.parametrize("keyword", ["items", "not", "additionalProperties"])
def test_depth_is_no_limit(keyword: str) -> None:
    assert len(repr(lowered(nested(keyword)))) < 300


def test_deep_text_and_deep_lists() -> None:
    lowered('{"properties":{"a":' * DEEP + "{}" + "}}" * DEEP)
    lowered('{"const":' + "[" * DEEP + "]" * DEEP + "}")
    lowered(nested("allOf", as_list=True))


def test_an_error_below_great_depth_is_found_and_stays_short() -> None:
    with pytest.raises(InvalidSchema, match="minLength") as caught:
        lowered('{"items":' * DEEP + '{"minLength":"x"}' + "}" * DEEP)
    assert len(str(caught.value)) < 2000


def test_large_schemas() -> None:
    lowered({"properties": {f"p{n}": {"type": "string", "description": "x" * 90} for n in range(80_000)}})
    lowered({"enum": [f"value {n}" for n in range(100_000)]})


def test_references_in_circles_below_the_root_match_nothing() -> None:
    store, report = RecordingStore(), Report()
    schema = {"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"allOf": [{"$ref": "#/$defs/x"}]}}}
    formula = json_schema(schema).lower(store, report)
    assert store.holds(formula, {})
    assert not store.holds(formula, {"a": 1})
    assert any("leads back to itself" in note for note in report.notes)


def test_a_grammar_never_changes() -> None:
    schema = {"type": "string"}
    grammar = json_schema(schema)
    schema["type"] = "null"
    assert grammar.schema == {"type": "string"}
    with pytest.raises(AttributeError):
        grammar.schema = {}  # type: ignore[misc]
    assert repr(grammar) == 'json_schema({"type": "string"})'


def test_counts_beyond_any_document() -> None:
    store = RecordingStore()
    assert json_schema({"maxLength": 10**30, "maxItems": 10**30, "maxProperties": 10**30}).lower(store) == 1
    formula = json_schema({"minItems": 10**30}).lower(store)
    assert store.holds(formula, "x")
    assert not store.holds(formula, [1])
