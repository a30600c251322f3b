"""Python types as schemas, and JSON values as values of those types.

Every case is a type, some values as JSON, and what reading gives; each schema is also judged by
`jsonschema`: it must accept the values that can be read and refuse those that cannot.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Required, TypedDict

import jsonschema
import pytest

from structgen.errors import InvalidSchema
from structgen.grammars.types import Mismatch, json_schema_of, type_spec


class Colour(enum.Enum):
    RED = "red"
    GREEN = 2


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Point:
    x: int
    y: float = 0.5


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list)
    internal: int = field(default=7, init=False)


class Movie(TypedDict):
    title: str
    year: NotRequired[int]


class Loose(TypedDict, total=False):
    name: Required[str]
    points: list[Point]


class Pair(NamedTuple):
    left: int
    right: str = "r"


UserId = NewType("UserId", int)


def book(title: str, pages: int = 100) -> None:
    """A function whose arguments are asked for."""


CASES: list[tuple[Any, dict[str, Any]]] = [
    (str, {'"a"': "a", '""': ""}),
    (int, {"3": 3, "-4": -4, "5.0": 5}),
    (float, {"3": 3.0, "1.5": 1.5}),
    (bool, {"true": True, "false": False}),
    (None, {"null": None}),
    (decimal.Decimal, {"1.25": decimal.Decimal("1.25")}),
    (datetime.date, {'"2024-02-29"': datetime.date(2024, 2, 29)}),
    (datetime.time, {'"10:20:30Z"': datetime.time(10, 20, 30, tzinfo=datetime.UTC)}),
    (
        datetime.datetime,
        {'"2024-02-29T10:20:30Z"': datetime.datetime(2024, 2, 29, 10, 20, 30, tzinfo=datetime.UTC)},
    ),
    (
        uuid.UUID,
        {'"12345678-1234-5678-1234-567812345678"': uuid.UUID("12345678-1234-5678-1234-567812345678")},
    ),
    (Any, {'{"a": [1]}': {"a": [1]}}),
    (Literal["yes", "no"], {'"yes"': "yes"}),
    (Literal[1, True, "1", None], {"1": 1, "true": True, '"1"': "1", "null": None}),
    (Literal[Colour.RED], {'"red"': Colour.RED}),
    (Colour, {'"red"': Colour.RED, "2": Colour.GREEN}),
    (Level, {"1": Level.LOW}),
    (list[int], {"[1, 2]": [1, 2], "[]": []}),
    (list, {'[1, "a"]': [1, "a"]}),
    (Sequence[str], {'["a"]': ["a"]}),
    (set[int], {"[1, 2]": {1, 2}}),
    (frozenset[Literal["a"]], {'["a"]': frozenset("a")}),
    (tuple[int, str], {'[1, "a"]': (1, "a")}),
    (tuple[int, ...], {"[1, 2, 3]": (1, 2, 3)}),
    (tuple[()], {"[]": ()}),
    (dict[str, float], {'{"a": 1}': {"a": 1.0}}),
    (Mapping[Literal["k"], int], {'{"k": 1}': {"k": 1}}),
    (dict[int, str], {'{"-12": "a", "0": "b"}': {-12: "a", 0: "b"}}),
    (dict[str, Any], {'{"x": null}': {"x": None}}),
    (int | None, {"1": 1, "null": None}),
    (Point | list[Point], {'{"x": 1}': Point(1), '[{"x": 2, "y": 3}]': [Point(2, 3.0)]}),
    (int | str | bool, {"1": 1, '"1"': "1", "true": True}),
    (UserId, {"5": 5}),
    (Point, {'{"x": 1}': Point(1), '{"x": 1, "y": 2}': Point(1, 2.0)}),
    (Tree, {'{"name": "a", "children": [{"name": "b"}]}': Tree("a", [Tree("b")])}),
    (Movie, {'{"title": "a"}': {"title": "a"}, '{"title": "a", "year": 1}': {"title": "a", "year": 1}}),
    (Loose, {'{"name": "n", "points": [{"x": 1}]}': {"name": "n", "points": [Point(1)]}}),
    (Pair, {'{"left": 1}': Pair(1), '{"left": 1, "right": "s"}': Pair(1, "s")}),
    (book, {'{"title": "t"}': {"title": "t"}}),
    (Annotated[int, {"minimum": 3}], {"3": 3}),
]


@pytest.mark.parametrize(("tp", "values"), CASES, ids=[str(case[0]) for case in CASES])
def test_values_are_read_as_the_type(tp: Any, values: dict[str, Any]) -> None:
    spec = type_spec(tp)
    json.dumps(spec.schema)
    jsonschema.Draft202012Validator.check_schema(spec.schema)
    for text, expected in values.items():
        value = json.loads(text)
        jsonschema.validate(value, spec.schema, cls=jsonschema.Draft202012Validator)
        result = spec.read(value)
        assert result == expected
        assert type(result) is type(expected)


REFUSED: list[tuple[Any, list[str]]] = [
    (str, ["1", "null"]),
    (int, ["1.5", '"1"', "true"]),
    (float, ['"1"', "true"]),
    (bool, ["1", "0"]),
    (Literal[1], ["true", '"1"', "2"]),
    (Colour, ['"green"', "3"]),
    (list[int], ['["a"]', "{}", '"a"']),
    (tuple[int, str], ["[1]", '[1, "a", 2]', '["a", 1]']),
    (dict[int, str], ['{"x": "a"}', '{"01": "a"}']),
    (Point, ["{}", '{"x": 1, "z": 2}', "[]", '{"x": "1"}']),
    (Movie, ['{"year": 1}', '{"title": 1}']),
    (int | None, ['"a"']),
]


@pytest.mark.parametrize(("tp", "texts"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_values_of_other_types_are_refused_by_schema_and_reader(tp: Any, texts: list[str]) -> None:
    spec = type_spec(tp)
    validator = jsonschema.Draft202012Validator(spec.schema)
    for text in texts:
        value = json.loads(text)
        assert not validator.is_valid(value), text
        with pytest.raises(ValueError):  # noqa: PT011  # Mismatch, or what int("x") raises
            spec.read(value)


def test_dates_that_python_cannot_hold_are_not_in_the_schema() -> None:
    for tp, text in (
        (datetime.date, "0000-01-01"),
        (datetime.datetime, "2016-12-31T23:59:60Z"),
        (datetime.datetime, "0000-12-31T23:59:00Z"),
        (datetime.time, "23:59:60Z"),
    ):
        assert not jsonschema.Draft202012Validator(json_schema_of(tp)).is_valid(text)


def test_annotations_become_keywords() -> None:
    at = pytest.importorskip("annotated_types", reason="comes with Pydantic")
    assert json_schema_of(Annotated[int, at.Ge(0), at.Lt(10)]) == {
        "type": "integer",
        "minimum": 0,
        "exclusiveMaximum": 10,
    }
    assert json_schema_of(Annotated[int, at.Interval(gt=1, le=4), at.MultipleOf(2)]) == {
        "type": "integer",
        "exclusiveMinimum": 1,
        "maximum": 4,
        "multipleOf": 2,
    }
    assert json_schema_of(Annotated[str, at.Len(2, 5), "a code"]) == {
        "type": "string",
        "minLength": 2,
        "maxLength": 5,
        "description": "a code",
    }
    assert json_schema_of(Annotated[list[int], at.MinLen(1)])["minItems"] == 1
    with pytest.raises(InvalidSchema, match="length"):
        json_schema_of(Annotated[int, at.MinLen(1)])


def test_pydantic_models_are_described_and_read_by_pydantic() -> None:
    pydantic = pytest.importorskip("pydantic", reason="Pydantic is optional")

    class Address(pydantic.BaseModel):  # type: ignore[name-defined,misc]
        city: str = pydantic.Field(max_length=20)

    class Person(pydantic.BaseModel):  # type: ignore[name-defined,misc]
        name: str
        age: int = pydantic.Field(ge=0)
        homes: list[Address] = pydantic.Field(default_factory=list)

    class Open(pydantic.BaseModel):  # type: ignore[name-defined,misc]
        model_config = pydantic.ConfigDict(extra="allow")
        a: int

    spec = type_spec(Person)
    validator = jsonschema.Draft202012Validator(spec.schema)
    value = {"name": "Ada", "age": 36, "homes": [{"city": "London"}]}
    assert validator.is_valid(value)
    assert spec.read(value) == Person(name="Ada", age=36, homes=[Address(city="London")])
    for wrong in ({"name": "Ada"}, {**value, "more": 1}, {**value, "homes": [{"city": "x" * 21}]}):
        assert not validator.is_valid(wrong)
    assert jsonschema.Draft202012Validator(json_schema_of(Open)).is_valid({"a": 1, "b": 2})
    # Inside standard types, and two models of one name in different places.
    nested = type_spec(dict[str, list[Person] | None])
    assert jsonschema.Draft202012Validator(nested.schema).is_valid({"x": [value], "y": None})
    assert nested.read({"x": [value]})["x"][0].homes[0].city == "London"


def test_classes_of_one_name_do_not_collide() -> None:
    def make(tp: Any) -> Any:
        @dataclass
        class Same:
            value: tp  # type: ignore[valid-type]

        Same.__annotations__["value"] = tp
        return Same

    spec = type_spec(tuple[make(int), make(str)])  # type: ignore[misc]
    result = spec.read([{"value": 1}, {"value": "a"}])
    assert (result[0].value, result[1].value) == (1, "a")
    assert jsonschema.Draft202012Validator(spec.schema).is_valid([{"value": 1}, {"value": "a"}])
    assert not jsonschema.Draft202012Validator(spec.schema).is_valid([{"value": "a"}, {"value": 1}])


class Holder:
    """No JSON form."""


@pytest.mark.parametrize(
    ("tp", "where"),
    [
        (Holder, "/"),
        (complex, "/"),
        (bytearray, "/"),
        (list[Holder], "/items"),
        (dict[float, int], "/"),
        (tuple[int, Holder], "/1"),
        (type, "/"),
        (3, "/"),
        ("Point", "/"),
    ],
    ids=str,
)
def test_types_without_json_form_are_refused_with_their_place(tp: Any, where: str) -> None:
    with pytest.raises(InvalidSchema) as caught:
        type_spec(tp)
    assert (caught.value.pointer or "/").startswith(where)


def test_members_of_objects_are_named_in_errors() -> None:
    @dataclass
    class Bad:
        ok: int
        broken: Holder

    Bad.__annotations__.update(ok=int, broken=Holder)
    with pytest.raises(InvalidSchema) as caught:
        type_spec(Bad)
    assert caught.value.pointer == "/Bad/broken"

    def takes_many(*values: int) -> None: ...

    with pytest.raises(InvalidSchema, match="by name"):
        type_spec(takes_many)


def test_an_enumeration_without_members_is_refused() -> None:
    class Empty(enum.Enum):
        pass

    with pytest.raises(InvalidSchema, match="without members"):
        type_spec(Empty)


def test_mismatch_is_a_value_error() -> None:
    with pytest.raises(Mismatch):
        type_spec(int).read("x")
