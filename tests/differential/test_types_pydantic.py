"""Python types against Pydantic: the same annotations, the same JSON texts, the same values.

Legend.  A case is an annotation with texts that are outputs of it, texts that are not, and texts that
Pydantic would take beyond what the grammar produces (`beyond`; the comment at each says why):

    valid    the engine reads it, `read` gives what Pydantic's strict JSON validation gives, type included
    invalid  the engine refuses it, and so does Pydantic's strict JSON validation
    beyond   the engine refuses it, Pydantic accepts it; it is another spelling of a value, or of none

The engine runs with its default options, so texts are compact and numbers plain.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, Optional, TypeVar, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structgen as sg
from structgen.grammars.types import TypeSpec, type_spec

pydantic = pytest.importorskip("pydantic", reason="the oracle of these tests is Pydantic")
at = pytest.importorskip("annotated_types", reason="comes with Pydantic")
typing_extensions = pytest.importorskip(
    "typing_extensions", reason="Pydantic reads TypedDict from there before Python 3.12"
)

T = TypeVar("T")
K = TypeVar("K")
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b""], eos=256)


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    TWO = "two"
    NONE = None


class Tone(enum.StrEnum):
    WARM = "warm"


@dataclasses.dataclass
class Point:
    x: int
    y: float = 0.5


@dataclasses.dataclass(frozen=True)
class Tree:
    name: str
    children: list[Tree] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Box(Generic[T]):
    content: T
    more: list[T] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class IntBox(Box[int]):
    label: str = ""


class Pair(NamedTuple):
    left: int
    right: str = "r"


class Movie(typing_extensions.TypedDict):
    title: str
    year: typing_extensions.NotRequired[int]


class Partial(typing_extensions.TypedDict, total=False):
    name: typing_extensions.Required[str]
    points: list[Point]


class Page(typing_extensions.TypedDict, Generic[T]):
    items: list[T]
    next: Optional[int]  # noqa: UP045  # the older spelling is a case of its own


class Address(pydantic.BaseModel):
    city: Annotated[str, pydantic.Field(min_length=1, max_length=8)]
    zip: str = pydantic.Field(default="", pattern=r"^[0-9]{0,5}$")


class Person(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=0, lt=150)
    homes: list[Address] = pydantic.Field(default_factory=list)
    colour: Colour = Colour.RED


class Node(pydantic.BaseModel):
    value: int
    next: Node | None = None


class Reply(pydantic.BaseModel, Generic[T]):
    ok: bool
    data: T | None = None


class Cat(pydantic.BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(pydantic.BaseModel):
    kind: Literal["dog"]
    good: bool = True


class Stamped(pydantic.BaseModel):
    when: datetime.date
    tags: set[str] = pydantic.Field(default_factory=set)
    span: datetime.timedelta | None = None


class Numbers(pydantic.RootModel[list[int]]):
    pass


@pydantic.dataclasses.dataclass
class Checked:
    n: int = pydantic.Field(gt=0)


UserId = NewType("UserId", int)
Even = Annotated[int, at.MultipleOf(2)]
Name = Annotated[str, pydantic.StringConstraints(min_length=2, max_length=4, pattern="^[a-z]+$")]
Pet = Annotated[Union[Cat, Dog], pydantic.Field(discriminator="kind")]  # noqa: UP007  # as its docs write it
ID = '"12345678-1234-5678-1234-567812345678"'

# annotation, valid, invalid, beyond
Case = tuple[Any, list[str], list[str], list[str]]
CASES: list[Case] = [
    (str, ['"a"', '""', '"é\\n"'], ["1", "null", "[]"], []),
    (int, ["3", "-4", "0"], ["1.5", '"1"', "true", "5.0", "null"], []),
    (float, ["3", "1.5", "-0.25", "1e3"], ['"1"', "true", "null"], []),
    (bool, ["true", "false"], ["1", '"true"', "null"], []),
    (None, ["null"], ["0", '""', "false"], []),
    # A number is written as a number; Pydantic also reads one out of a string.
    (decimal.Decimal, ["1.25", "3", "-1"], ["null", "true", '"x"'], ['"1.5"']),
    (datetime.date, ['"2024-02-29"', '"0001-01-01"'], ['"2023-02-29"', '"0000-01-01"', "5"], []),
    # RFC 3339 asks for seconds and an offset; Pydantic does not.
    (
        datetime.datetime,
        ['"2024-02-29T10:20:30Z"', '"2024-01-01T00:00:00.25+02:30"'],
        ['"2024-01-01T25:00:00Z"', "1", '"2016-12-31T23:59:60Z"'],
        ['"2024-01-01T00:00:00"', '"2024-01-01"'],
    ),
    (datetime.time, ['"10:20:30Z"', '"23:59:59.5+01:00"'], ['"24:00:00Z"', '"23:59:60Z"'], ['"10:20:30"']),
    # Months and years have no length; Pydantic reads 30 and 365 days.
    (
        datetime.timedelta,
        ['"P1DT2H"', '"P3W"', '"-P1D"', '"PT1.5S"', '"PT90M"'],
        ['"P"', '"PT"', '"1 second"', "5"],
        ['"P1Y"', '"P1M"'],
    ),
    # One spelling of a UUID; Pydantic reads others.
    (uuid.UUID, [ID], ['"1234"', "1"], [ID.replace("-", "")]),
    (bytes, ['"ab"', '"é"'], ["1", "null"], []),
    (Any, ["1", '{"a":[null]}', '"x"'], ["", "{", "01"], []),
    (object, ["1", "[]"], ["[1,]"], []),
    (Literal["yes", "no"], ['"yes"', '"no"'], ['"maybe"', "1"], []),
    # Python's True equals 1, JSON's does not.
    (Literal[1, "1", None], ["1", '"1"', "null"], ["2", '"2"'], ["true"]),
    (Literal[True], ["true"], ["false", "0"], []),
    (Colour, ['"red"', '"blue"'], ['"green"', "1"], []),
    # A number has one spelling here.
    (Level, ["1", "2"], ["3", '"1"'], ["2.0"]),
    (Mixed, ["1", '"two"', "null"], ["2", '"one"'], []),
    (Tone, ['"warm"'], ['"cold"'], []),
    (list[int], ["[1,2]", "[]"], ['["a"]', "{}", '"a"', "[1.5]"], []),
    (list, ['[1,"a"]', "[]"], ["{}", "1"], []),
    (list[list[str]], ['[["a"],[]]'], ['["a"]', "[[1]]"], []),
    (Sequence[str], ['["a"]'], ["[1]", '"a"'], []),
    # A set is written without repetitions; Pydantic drops them.
    (set[int], ["[1,2]", "[]"], ['["a"]', "1"], ["[1,1]"]),
    (frozenset[Literal["a", "b"]], ['["a"]', '["b","a"]'], ['["c"]'], ['["a","a"]']),
    (tuple[int, str], ['[1,"a"]'], ["[1]", '[1,"a",2]', '["a",1]'], []),
    (tuple[int, ...], ["[1,2,3]", "[]"], ['["a"]'], []),
    (tuple[()], ["[]"], ["[1]"], []),
    (tuple[tuple[int, int], bool], ["[[1,2],true]"], ["[[1],true]", "[1,true]"], []),
    (dict[str, float], ['{"a":1}', "{}"], ['{"a":"b"}', "[]"], []),
    (dict, ['{"a":[1]}', "{}"], ["[]", "1"], []),
    # A key spells its integer in one way.
    (dict[int, str], ['{"-12":"a","0":"b"}'], ['{"x":"a"}', '{"1.5":"a"}'], ['{"01":"a"}']),
    (Mapping[Literal["k", "l"], int], ['{"k":1}', "{}"], ['{"m":1}'], []),
    (dict[Colour, int], ['{"red":1}'], ['{"green":1}'], []),
    (dict[datetime.date, int], ['{"2024-01-01":1}'], ['{"2024-13-01":1}'], []),
    (dict[str, list[int | None]], ['{"x":[1,null]}'], ['{"x":["a"]}'], []),
    (int | None, ["1", "null"], ['"a"', "1.5"], []),
    (Optional[str], ['"a"', "null"], ["1"], []),  # noqa: UP045  # the older spelling is a case of its own
    (Union[int, str], ["1", '"1"'], ["1.5", "null"], []),  # noqa: UP007  # likewise
    (int | float, ["1", "1.5"], ['"1"'], []),
    (float | int, ["1", "1.5"], ['"1"'], []),
    (int | str | bool, ["1", '"1"', "true"], ["null", "1.5"], []),
    (bool | int, ["true", "1"], ['"x"'], []),
    (list[int] | dict[str, int], ["[1]", '{"a":1}'], ['["a"]'], []),
    (datetime.date | int, ['"2024-01-01"', "5"], ['"x"'], []),
    (UserId, ["5"], ['"5"'], []),
    (Annotated[int, at.Ge(0), at.Lt(10)], ["0", "9"], ["-1", "10"], []),
    (Annotated[float, at.Interval(gt=0, le=1)], ["0.5", "1"], ["0", "1.5"], []),
    (Even, ["2", "0", "-4"], ["3"], []),
    (Annotated[str, at.Len(2, 3)], ['"ab"', '"é日本"'], ['"a"', '"abcd"'], []),
    (Annotated[list[int], at.MinLen(1)], ["[1]"], ["[]"], []),
    (Annotated[dict[str, int], at.MaxLen(1)], ['{"a":1}'], ['{"a":1,"b":2}'], []),
    (Annotated[set[int], at.Len(2, 2)], ["[1,2]"], ["[1]"], []),
    (Name, ['"ab"', '"abcd"'], ['"a"', '"AB"', '"abcde"'], []),
    (Annotated[str, pydantic.Field(pattern="^a+$")], ['"aa"'], ['"b"', '""'], []),
    (Annotated[decimal.Decimal, pydantic.Field(gt=0)], ["1.5"], ["0", "-1"], ['"1.5"']),
    (Annotated[str, "only a description"], ['"a"'], ["1"], []),
    (pydantic.PositiveInt, ["1"], ["0", "-1"], []),
    (pydantic.conlist(int, min_length=2), ["[1,2]"], ["[1]"], []),
    # Members nobody declared are ignored by Pydantic, and never written here.
    (Point, ['{"x":1}', '{"x":1,"y":2}'], ["{}", "[]", '{"x":"1"}'], ['{"x":1,"z":2}']),
    (Tree, ['{"name":"a","children":[{"name":"b"}]}'], ['{"name":"a","children":[1]}'], []),
    (Box[int], ['{"content":1,"more":[2]}'], ['{"content":"a"}', '{"content":1,"more":["a"]}'], []),
    (Box[list[str]], ['{"content":["a"],"more":[[]]}'], ['{"content":"a"}'], []),
    (Box[Point | None], ['{"content":null}', '{"content":{"x":1}}'], ['{"content":1}'], []),
    # What a base class leaves open is filled in by its subclass; Pydantic reads Any there.
    (IntBox, ['{"content":1,"label":"l"}'], ["{}"], ['{"content":"a"}']),
    # A NamedTuple is an object here, with the names that a model can see; Pydantic also takes an array.
    (Pair, ['{"left":1}', '{"left":1,"right":"s"}'], ["{}", '{"left":"a"}'], ['[1,"s"]']),
    (
        Movie,
        ['{"title":"a"}', '{"title":"a","year":1}'],
        ['{"year":1}', '{"title":1}'],
        ['{"title":"a","b":1}'],
    ),
    (Partial, ['{"name":"n","points":[{"x":1}]}'], ['{"points":[]}'], []),
    (Page[Colour], ['{"items":["red"],"next":null}'], ['{"items":["green"],"next":1}', '{"items":[]}'], []),
    (Point | list[Point], ['{"x":1}', '[{"x":2,"y":3}]'], ['"a"'], []),
    (
        Person,
        ['{"name":"Ada","age":36}', '{"name":"A","age":0,"homes":[{"city":"Rome"}],"colour":"blue"}'],
        ['{"name":"Ada"}', '{"name":"Ada","age":150}', '{"name":"A","age":1,"homes":[{"city":""}]}'],
        ['{"name":"Ada","age":36,"more":1}'],
    ),
    (Node, ['{"value":1,"next":{"value":2,"next":null}}'], ['{"value":1,"next":{}}'], []),
    (Reply[int], ['{"ok":true,"data":3}', '{"ok":false}'], ['{"ok":true,"data":"x"}'], []),
    (Reply[list[Address]], ['{"ok":true,"data":[{"city":"Rome"}]}'], ['{"ok":true,"data":[{}]}'], []),
    (Pet, ['{"kind":"cat","lives":9}', '{"kind":"dog"}'], ['{"kind":"dog","lives":1.5,"good":2}', "{}"], []),
    (Cat | Dog, ['{"kind":"dog","good":false}'], ['{"kind":"cow"}'], []),
    (list[Cat | int], ['[1,{"kind":"cat","lives":9}]'], ['[{"kind":"dog"}]'], []),
    (dict[str, Person], ['{"p":{"name":"Ada","age":36}}'], ['{"p":{}}'], []),
    (Stamped, ['{"when":"2024-01-01","tags":["a"],"span":"PT1H"}'], ['{"when":"0000-01-01"}'], []),
    (Numbers, ["[1,2]"], ['["a"]'], []),
    (Checked, ['{"n":1}'], ['{"n":0}', "{}"], ['{"n":1,"m":2}']),
    (Annotated[int, pydantic.AfterValidator(abs)], ["-3", "3"], ['"a"'], []),
    (pydantic.SecretStr, ['"x"'], ["1"], []),
]


def accepts(spec: TypeSpec, text: str) -> bool:
    """Whether the engine would produce exactly this text for the type."""
    matcher = sg.compile(sg.json_schema(spec.schema), BYTES).matcher()
    data = text.encode()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


@pytest.mark.parametrize(("tp", "valid", "invalid", "beyond"), CASES, ids=[str(case[0]) for case in CASES])
def test_the_engine_and_pydantic_agree(
    tp: Any, valid: list[str], invalid: list[str], beyond: list[str]
) -> None:
    spec, adapter = type_spec(tp), pydantic.TypeAdapter(tp)
    for text in valid:
        assert accepts(spec, text), text
        value, expected = spec.read(json.loads(text)), adapter.validate_json(text, strict=True)
        assert value == expected
        assert type(value) is type(expected)
    for text in invalid:
        assert not accepts(spec, text), text
        with pytest.raises(pydantic.ValidationError):
            adapter.validate_json(text, strict=True)
    for text in beyond:
        assert not accepts(spec, text), text
        adapter.validate_json(text)


@pytest.mark.parametrize(
    "tp",
    [
        Person,
        Tree,
        Box[int],
        Pet,
        Pair,
        Movie,
        dict[Colour, Point],
        list[datetime.date] | None,
        Annotated[int, at.Ge(3)],
    ],
    ids=str,
)
@pytest.mark.parametrize("seed", [0, 1])
def test_what_a_model_writes_is_an_instance_of_the_type(pocket: Any, tp: Any, seed: int) -> None:
    out = sg.generate(pocket, "Fill in the form.", type=tp, max_tokens=150, temperature=1.5, seed=seed)
    assert pydantic.TypeAdapter(tp).validate_python(out.value) == out.value
    assert pydantic.TypeAdapter(tp).validate_json(out.text, strict=True) == out.value


def test_the_table_is_large_enough() -> None:
    assert len(CASES) >= 60


# --- Random annotations ----------------------------------------------------------------------------

_LEAVES = st.sampled_from(
    [
        *(
            int,
            float,
            bool,
            str,
            None,
            datetime.date,
            uuid.UUID,
            Colour,
            Level,
            Literal["a", 1],
            Point,
            Movie,
        ),
        *(Annotated[int, at.Ge(3)], Annotated[str, at.MaxLen(2)], Person, Tree, Pair, bytes),
    ]
)
_HASHABLE = st.sampled_from([int, str, Colour, Literal["a", "b"], datetime.date, tuple[int, str]])


def _nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.sampled_from([str, int, Literal["k", "l"], Colour])
    return st.one_of(
        inner.map(lambda tp: list[tp]),
        inner.map(lambda tp: tuple[tp, ...]),
        st.lists(inner, min_size=1, max_size=3).map(lambda tps: tuple[tuple(tps)]),
        st.tuples(keys, inner).map(lambda pair: dict[pair[0], pair[1]]),
        st.lists(inner, min_size=2, max_size=3).map(lambda tps: Union[tuple(tps)]),  # noqa: UP007  # likewise
        inner.map(lambda tp: Optional[tp]),  # noqa: UP045  # built, not written
        _HASHABLE.map(lambda tp: frozenset[tp]),
        inner.map(lambda tp: Box[tp]),
        inner.map(lambda tp: Reply[tp]),
    )


ANNOTATIONS = st.recursive(_LEAVES, _nested, max_leaves=5)


def _walk(spec: TypeSpec, data: st.DataObject) -> str:
    """An output of the type: random bytes as long as it is short, then the shortest way to the end."""
    matcher = sg.compile(sg.json_schema(spec.schema), BYTES).matcher()
    text = bytearray()
    for _ in range(data.draw(st.integers(0, 60))):
        allowed = [token for token in matcher.allowed_tokens() if token < 256]
        if not allowed:
            break
        token = data.draw(st.sampled_from(allowed))
        matcher.advance(token)
        text.append(token)
    return (bytes(text) + matcher.completion_text()).decode()


@given(ANNOTATIONS, st.data())
def test_outputs_of_random_annotations_are_values_of_them(tp: Any, data: st.DataObject) -> None:
    spec, adapter = type_spec(tp), pydantic.TypeAdapter(tp)
    text = _walk(spec, data)
    value = spec.read(json.loads(text))
    # Python's own judgement of the value, and Pydantic's of the text.
    adapter.validate_python(value, strict=False)
    expected = adapter.validate_json(text, strict=True)
    assert json.loads(adapter.dump_json(value)) == json.loads(adapter.dump_json(expected))


@given(ANNOTATIONS, st.data())
def test_what_the_engine_accepts_pydantic_accepts(tp: Any, data: st.DataObject) -> None:
    """The other way round for spoiled outputs: one character changed, left out or doubled."""
    spec, adapter = type_spec(tp), pydantic.TypeAdapter(tp)
    text = _walk(spec, data)
    place = data.draw(st.integers(0, len(text) - 1))
    spoiled = (
        text[:place]
        + data.draw(st.sampled_from(["", '"', "0", "]", "null", text[place] * 2]))
        + text[place + 1 :]
    )
    if accepts(spec, spoiled):
        adapter.validate_json(spoiled, strict=True)
        spec.read(json.loads(spoiled))
