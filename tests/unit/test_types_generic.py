"""Generic and recursive types, descriptions out of docstrings, and durations."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import functools
from typing import Annotated, Any, Generic, NamedTuple, TypedDict, TypeVar

import jsonschema
import pytest

from structgen.errors import InvalidSchema
from structgen.grammars.types import Mismatch, json_schema_of, type_spec
from structgen.grammars.types.docstrings import describe

T = TypeVar("T")
K = TypeVar("K", bound=int)
C = TypeVar("C", int, str)


@dataclasses.dataclass
class Chain(Generic[T]):
    value: T
    rest: Chain[T] | None = None


@dataclasses.dataclass
class Named(Chain[str], Generic[T]):
    extra: list[T] = dataclasses.field(default_factory=list)


class Row(NamedTuple, Generic[T]):
    cell: T


class Box(TypedDict, Generic[T]):
    content: T


def accepts(tp: Any, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(json_schema_of(tp)).is_valid(value))


def test_type_arguments_reach_into_recursive_classes() -> None:
    spec = type_spec(Chain[int])
    assert spec.read({"value": 1, "rest": {"value": 2}}) == Chain(1, Chain(2))
    assert not accepts(Chain[int], {"value": 1, "rest": {"value": "a"}})
    assert accepts(Chain[str], {"value": "a", "rest": {"value": "b", "rest": None}})


def test_bases_are_filled_in_by_their_subclasses() -> None:
    assert accepts(Named[int], {"value": "a", "extra": [1]})
    assert not accepts(Named[int], {"value": 1, "extra": [1]})
    assert not accepts(Named[int], {"value": "a", "extra": ["a"]})


def test_generic_tuples_and_dictionaries() -> None:
    assert type_spec(Row[int]).read({"cell": 1}) == Row(1)
    assert not accepts(Row[int], {"cell": "a"})
    assert accepts(Box[list[int]], {"content": [1]})
    assert not accepts(Box[list[int]], {"content": 1})


def test_two_arguments_give_two_definitions() -> None:
    spec = type_spec(tuple[Chain[int], Chain[str]])
    assert spec.read([{"value": 1}, {"value": "a"}]) == (Chain(1), Chain("a"))
    assert not accepts(tuple[Chain[int], Chain[str]], [{"value": "a"}, {"value": 1}])


def test_open_parameters_are_their_bound_their_constraints_or_anything() -> None:
    @dataclasses.dataclass
    class Open(Generic[T, K, C]):
        anything: T
        bound: K
        either: C

    Open.__annotations__.update(anything=T, bound=K, either=C)
    assert accepts(Open, {"anything": [None], "bound": 1, "either": "a"})
    assert not accepts(Open, {"anything": 1, "bound": "a", "either": "a"})
    assert not accepts(Open, {"anything": 1, "bound": 1, "either": 1.5})


def test_a_class_made_in_a_function_may_contain_itself() -> None:
    @dataclasses.dataclass
    class Local:
        inner: Local | None = None

    assert type_spec(Local).read({"inner": {}}) == Local(Local())


def test_plain_named_tuples_hold_anything() -> None:
    pair = collections.namedtuple("pair", "a b")  # an untyped one is the case
    assert type_spec(pair).read({"a": 1, "b": [2]}) == pair(1, [2])


# --- Callables and docstrings --------------------------------------------------------------------


def google(city: str, days: int = 1) -> str:
    """Look up the weather.

    Only in Europe.

    Args:
        city: Where,
            in English.
        days (int, optional): How many.

    Returns:
        str: what to wear.
    """
    return city * days


def numpy(city: str, days: int = 1) -> str:
    """Look up the weather.

    Parameters
    ----------
    city : str
        Where.
    days
        How many.

    Returns
    -------
    str
        What to wear.
    """
    return city * days


def fields(city: str, days: int = 1) -> str:
    """Look up the weather.

    :param city: Where.
    :param int days: How many.
    :returns: what to wear
    """
    return city * days


def test_docstrings_of_functions_are_descriptions() -> None:
    assert describe(google) == (
        "Look up the weather.\n\nOnly in Europe.",
        {"city": "Where, in English.", "days": "How many."},
    )
    for function in (numpy, fields):
        assert describe(function) == ("Look up the weather.", {"city": "Where.", "days": "How many."})
        schema = json_schema_of(function)
        assert schema["description"] == "Look up the weather."
        assert schema["properties"]["days"] == {"description": "How many.", "type": "integer"}
        assert schema["required"] == ["city"]


def test_docstrings_of_classes_are_descriptions_unless_python_wrote_them() -> None:
    @dataclasses.dataclass
    class Described:
        """A place.

        Attributes:
            x: From the left.
        """

        x: int

    definition = json_schema_of(Described)["$defs"]["Described"]
    assert definition["description"] == "A place."
    assert definition["properties"]["x"]["description"] == "From the left."
    assert "description" not in json_schema_of(Chain)["$defs"]["Chain"]
    assert "description" not in json_schema_of(Row)["$defs"]["Row"]


def test_an_annotation_wins_over_the_docstring() -> None:
    def find(name: Annotated[str, "the whole name"]) -> None:
        """Find somebody.

        Args:
            name: a name
        """

    assert json_schema_of(find)["properties"]["name"]["description"] == "the whole name"


def test_every_kind_of_callable() -> None:
    class Tool:
        def __call__(self, n: int) -> int:
            return n

        def method(self, n: int) -> int:
            return n

    def two(n: int, m: str) -> str:
        return m * n

    @functools.wraps(two)
    def wrapped(*arguments: Any) -> Any:
        return two(*arguments)

    for one in (Tool(), Tool().method):
        assert type_spec(one).read({"n": 3}) == {"n": 3}
    assert accepts(wrapped, {"n": 1, "m": "a"})
    assert not accepts(wrapped, {"n": "a", "m": "a"})
    assert list(json_schema_of(functools.partial(two, m="x"))["required"]) == ["n"]


# --- Durations -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("P1D", datetime.timedelta(days=1)),
        ("-P2W", datetime.timedelta(weeks=-2)),
        ("PT1H30M", datetime.timedelta(hours=1, minutes=30)),
        ("P1DT0.5S", datetime.timedelta(days=1, seconds=0.5)),
        ("P999999DT999999H999999M999999S", None),
    ],
)
def test_durations_are_read(text: str, length: datetime.timedelta | None) -> None:
    assert accepts(datetime.timedelta, text)
    value = type_spec(datetime.timedelta).read(text)
    assert length is None or value == length


@pytest.mark.parametrize("text", ["", "P", "PT", "P1Y", "P1M", "P1DT", "PT1.5H", "P1H", "1D", "P1D1W"])
def test_what_is_no_duration(text: str) -> None:
    assert not accepts(datetime.timedelta, text)
    with pytest.raises(Mismatch):
        type_spec(datetime.timedelta).read(text)


def test_an_unknown_name_says_where_to_define_it() -> None:
    @dataclasses.dataclass
    class Lost:
        where: Nowhere  # type: ignore[name-defined]  # noqa: F821  # the case is that it is missing

    with pytest.raises(InvalidSchema, match="Nowhere"):
        type_spec(Lost)
