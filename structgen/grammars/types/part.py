"""A type as a schema and a reader, and the errors of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from structgen.errors import InvalidSchema

Reader = Callable[[Any], Any]
Path = tuple[str, ...]
"""How a part of a type was reached, for errors: names of members, ``items``, places."""


class Mismatch(ValueError):
    """A JSON value that is not of the type it is read as."""


@dataclass(frozen=True)
class Part:
    """The schema of a type and the function from a JSON value to a value of the type.

    ``read`` refuses, with a ValueError, the values that the schema refuses; only Pydantic's may coerce some.
    """

    schema: dict[str, Any]
    read: Reader


def name_of(tp: Any) -> str:
    """What to call a type in a message."""
    return getattr(tp, "__name__", None) or str(tp)


def pointer(path: Path) -> str:
    """``path`` as a JSON pointer."""
    return "".join(f"/{step}" for step in path)


def refused(tp: Any, path: Path) -> InvalidSchema:
    """The error for a type without JSON form."""
    return InvalidSchema(
        f"the type {name_of(tp)} has no JSON form; use a Pydantic model, a dataclass, a TypedDict, an Enum, "
        "Literal, str, int, float, bool, None, or lists, tuples, sets, dicts and unions of these",
        pointer=pointer(path),
    )


def expect(value: Any, kind: type) -> Any:
    """``value`` when it is a list (or a dict); Mismatch when not."""
    if not isinstance(value, kind):
        raise Mismatch(f"expected {'an array' if kind is list else 'an object'}, got {value!r}")
    return value
