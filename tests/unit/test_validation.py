"""Validation: the verdict, the place, the words and the keyword to blame; and that no text makes it raise."""

from __future__ import annotations

import json
from typing import Any

import pytest

import structgen as sg
from structgen import errors

PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": "integer", "minimum": 0},
        "pet": {"$ref": "#/$defs/pet"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
    "$defs": {"pet": {"enum": ["cat", "dog"]}},
}
UNIQUE = {"type": "array", "minItems": 2, "items": {"enum": ["red", "green", 3]}, "uniqueItems": True}

# schema, text, line, column, instance pointer, keywords to blame, words in what was expected
REFUSED: list[tuple[Any, str | bytes, int, int, str, tuple[str, ...], str]] = [
    (PERSON, "{}", 1, 2, "", ("/required",), 'one of the keys "name", "age"'),
    (PERSON, '{"name":"Ada"}', 1, 14, "", ("/required",), 'a comma and one of the keys "age", "pet"'),
    (PERSON, '{"name":1}', 1, 9, "/name", ("/properties/name/type",), "a string"),
    (PERSON, '{"name":""', 1, 10, "/name", ("/properties/name/minLength",), "another character"),
    (PERSON, '{\n "name":"Ada",\n "age":-5}', 3, 9, "/age", ("/properties/age/minimum",), "'0'"),
    (PERSON, '{"name":"Ada","nam":1}', 1, 16, "", ("/additionalProperties",), 'the keys "age", "pet"'),
    (PERSON, '{"pet":"cow"}', 1, 10, "/pet", ("/$defs/pet/enum",), '"cat"'),
    (PERSON, '{"name":"Ada","age":3.5}', 1, 24, "/age", ("/properties/age/type",), "another digit"),
    (PERSON, "[", 1, 1, "", ("/type",), "an object"),
    (PERSON, "", 1, 1, "", (), "an object"),
    (PERSON, '{"name":"Ada","age":36} x', 1, 25, "", (), "the end of the text"),
    (PERSON, '{"name": tru', 1, 10, "/name", ("/properties/name/type",), "a string"),
    (PERSON, '{"name":"Ada","age":36', 1, 23, "/age", (), "the end of the object"),
    (PERSON, b'{"name":"\xff"}', 1, 10, "/name", (), "another character"),
    (PERSON, '{"name":"\ud800"}', 1, 10, "/name", (), "another character"),
    ({"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}, "6", 1, 2, "", ("/oneOf",), "another digit"),
    (
        {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "string"}]},
        "3",
        1,
        2,
        "",
        ("/oneOf/0/minimum", "/oneOf/1/type"),
        "another digit",
    ),
    (UNIQUE, '["red","blue"]', 1, 9, "/1", ("/items/enum",), '"green"'),
    (UNIQUE, '["red","red"]', 1, 9, "/1", ("/items/enum", "/uniqueItems"), '"green"'),
    (UNIQUE, '["red"]', 1, 7, "", ("/minItems",), "a comma"),
    ({"items": {"minItems": 1, "type": "array"}}, "[[]]", 1, 3, "/0", ("/items/minItems",), "a string"),
    ({"maxItems": 2}, "[1,2,3]", 1, 5, "", ("/maxItems",), "the end of the array"),
    ({"not": {"type": "string"}}, '"x"', 1, 1, "", ("/not",), "an object"),
    ({"type": "string", "format": "date"}, '"2024-02-30"', 1, 10, "", ("/format",), "'1'"),
    ({"allOf": [{"minimum": 5}, {"minimum": 4}]}, "3", 1, 2, "", ("/allOf/0/minimum",), "another digit"),
]


@pytest.mark.parametrize(
    ("schema", "text", "line", "column", "place", "keywords", "words"),
    REFUSED,
    ids=[str(c[1])[:30] for c in REFUSED],
)
def test_where_and_why_a_text_is_refused(
    schema: Any, text: str | bytes, line: int, column: int, place: str, keywords: tuple[str, ...], words: str
) -> None:
    result = sg.validate(schema, text)
    problem = result.problem
    assert not result
    assert problem is not None
    assert (problem.line, problem.column, problem.pointer) == (line, column, place)
    assert problem.keywords == keywords
    assert words in " or ".join(problem.expected)
    assert f"line {line}, column {column}" in str(problem)
    json.dumps(result.as_dict())


@pytest.mark.parametrize("schema", [PERSON, UNIQUE, True, {"type": "string", "pattern": "^a+$"}], ids=str)
@pytest.mark.parametrize("cut", range(0, 24, 3))
def test_the_completion_makes_the_accepted_part_valid(schema: Any, cut: int) -> None:
    text = '{"name":"é","age":3, "x"'[:cut]
    problem = sg.validate(schema, text).problem
    if problem is not None:
        assert sg.validate(schema, text[: problem.offset] + problem.completion).valid


def test_a_valid_text_has_its_value_however_it_is_written() -> None:
    result = sg.validate(PERSON, ' { "age" : 3e1 ,\n "name" : "\\u0041" } ')
    assert result
    assert result.valid
    assert result.problem is None
    assert result.value == {"age": 30, "name": "A"}
    assert sg.validate(PERSON, b'{"name":"A","age":1}').value == {"name": "A", "age": 1}


def test_options_and_finished_grammars_decide_how_it_may_be_written() -> None:
    spaced = '{"name": "A","age":1}'
    assert sg.validate(PERSON, spaced)
    problem = sg.validate(PERSON, spaced, whitespace="compact").problem
    assert problem is not None
    assert (problem.column, problem.reason) == (9, "not written as the options say")
    assert not sg.validate(sg.json_schema(PERSON), '{"age":1,"name":"A"}')
    with pytest.raises(errors.InvalidRequest, match="colour"):
        sg.validate(PERSON, "1", colour=3)


def test_what_no_schema_allows_is_said() -> None:
    twice = sg.validate({"type": "object"}, '{"a":1,"a":2}').problem
    assert twice is not None
    assert "the key 'a' stands twice" in str(twice)
    broken = sg.validate(True, "{'a':1}").problem
    assert broken is not None
    assert broken.reason == "this is not JSON"
    assert broken.expected == ("a key", "the end of the object")


def test_a_schema_without_values_refuses_every_text() -> None:
    problem = sg.validate({"type": "integer", "minimum": 3, "maximum": 2}, "3").problem
    assert problem is not None
    assert problem.keywords == ("/type", "/minimum", "/maximum")
    assert not sg.validate(False, "null")


def test_other_grammars() -> None:
    assert sg.validate(["yes", "no"], "yes").value == "yes"
    problem = sg.validate(["yes", "no"], "yep").problem
    assert problem is not None
    assert (problem.offset, problem.found, problem.expected) == (2, "p", ("'s'",))
    problem = sg.validate(sg.regex("a+b?"), "aab!").problem
    assert problem is not None
    assert problem.expected == ("the end of the text",)
    assert sg.validate(list[int], "[1, 2]").value == [1, 2]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("[" * 30_000 + "]" * 30_000, True),
        ("[" * 30_000, False),
        ("9" * 6000, True),
        ('"' + "é" * 100_000 + '"', True),
        ("\x00", False),
        ("nul", False),
        ("NaN", False),
        ("\ufeff1", False),
    ],
    ids=["deep", "open", "digits", "long", "zero", "cut", "nan", "mark"],
)
def test_no_text_makes_it_raise(text: str, valid: bool) -> None:
    result = sg.validate(True, text)
    assert result.valid is valid
    assert (result.problem is None) is valid


def test_a_problem_far_into_a_long_text_is_found_and_the_search_for_its_keyword_is_bounded() -> None:
    text = "[" + ",".join(["1"] * 300_000) + ',"x"]'
    problem = sg.validate({"items": {"type": "integer"}}, text).problem
    assert problem is not None
    assert (problem.offset, problem.pointer) == (600_001, "/300000")
    assert problem.keywords in ((), ("/items/type",))
