"""Python types as JSON Schemas, and JSON values as values of those types.

A type becomes a *part*: its schema and the function that reads a parsed JSON value back.  Objects
made from Python types take no members they do not know.  Standard types need no further library;
Pydantic models, and annotations that Pydantic alone understands, are described and read by Pydantic
itself.

The schema says all the type says except code: a validator written in Python may still refuse a
value that satisfies the schema.  Knows nothing about tokens or models.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .build import Builder
from .part import Mismatch, Reader, name_of

__all__ = ["Mismatch", "Reader", "TypeSpec", "json_schema_of", "type_spec"]


@dataclass(frozen=True)
class TypeSpec:
    """A Python type as a schema and a reader: ``read(json_value)`` is the typed value.

    ``read`` raises a ValueError (mostly Mismatch) for a value that does not satisfy the schema.
    """

    name: str
    schema: dict[str, Any]
    read: Reader


def type_spec(tp: Any) -> TypeSpec:
    """The spec of a type: class, generic alias, Pydantic model, dataclass, TypedDict, function, …

    A function stands for its arguments: the value is a dict to call it with.
    Raises InvalidSchema naming the part of the type that has no JSON form.

    >>> spec = type_spec(list[int] | None)
    >>> spec.schema
    {'anyOf': [{'type': 'array', 'items': {'type': 'integer'}}, {'type': 'null'}]}
    >>> spec.read([1, 2])
    [1, 2]
    """
    builder = Builder()
    part = builder.build(tp, ())
    schema = part.schema
    if builder.definitions:
        schema = {**schema, "$defs": builder.definitions}
    return TypeSpec(name_of(tp), schema, part.read)


def json_schema_of(tp: Any) -> dict[str, Any]:
    """The JSON Schema of a type.

    >>> from typing import Literal
    >>> json_schema_of(Literal["yes", "no"])
    {'enum': ['yes', 'no']}
    """
    return type_spec(tp).schema
