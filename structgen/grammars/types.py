"""Python types as JSON Schemas, and JSON values as values of those types.

A type becomes a *spec*: its schema and the function that reads a parsed JSON value back.  Objects
made from Python types take no members they do not know.  Standard types need no further library;
Pydantic models (and everything inside them) are described and read by Pydantic itself.

The schema says all the type says except code: a validator written in Python may still refuse a
value that satisfies the schema.  Knows nothing about tokens or models.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import datetime
import decimal
import enum
import inspect
import re
import types
import typing
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from structgen.errors import InvalidSchema
from structgen.grammars.annotations import constrain

Reader = Callable[[Any], Any]


class Mismatch(ValueError):
    """A JSON value that is not of the type it is read as."""


@dataclasses.dataclass(frozen=True)
class TypeSpec:
    """A Python type as a schema and a reader: ``read(json_value)`` is the typed value.

    ``read`` raises Mismatch (a ValueError) for a value that does not satisfy the schema, as far as a
    union needs it to tell its members apart.
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
    builder = _Builder()
    schema, read = builder.build(tp, ())
    if builder.definitions:
        schema = {**schema, "$defs": builder.definitions}
    return TypeSpec(_name(tp), schema, read)


def json_schema_of(tp: Any) -> dict[str, Any]:
    """The JSON Schema of a type.

    >>> from typing import Literal
    >>> json_schema_of(Literal["yes", "no"])
    {'enum': ['yes', 'no']}
    """
    return type_spec(tp).schema


def _name(tp: Any) -> str:
    return getattr(tp, "__name__", None) or str(tp)


_Path = tuple[str, ...]
_Built = tuple[dict[str, Any], Reader]

# What RFC 3339 can write and Python's datetime cannot hold: the year 0000 and leap seconds.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"

_SCALARS: dict[Any, tuple[dict[str, Any], tuple[type, ...], Reader]] = {
    str: ({"type": "string"}, (str,), str),
    int: ({"type": "integer"}, (int, float), int),
    float: ({"type": "number"}, (int, float), float),
    bool: ({"type": "boolean"}, (bool,), bool),
    type(None): ({"type": "null"}, (type(None),), lambda value: value),
    decimal.Decimal: ({"type": "number"}, (int, float), lambda value: decimal.Decimal(str(value))),
    datetime.date: (
        {"type": "string", "format": "date", "pattern": f"^{_YEAR}"},
        (str,),
        datetime.date.fromisoformat,
    ),
    datetime.datetime: (
        {"type": "string", "format": "date-time", "pattern": f"^{_YEAR}-.{{12}}[0-5]"},
        (str,),
        lambda text: datetime.datetime.fromisoformat(text.upper()),
    ),
    datetime.time: (
        {"type": "string", "format": "time", "pattern": "^.{6}[0-5]"},
        (str,),
        lambda text: datetime.time.fromisoformat(text.upper()),
    ),
    uuid.UUID: ({"type": "string", "format": "uuid"}, (str,), uuid.UUID),
}

_LISTS = {list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable}
_LISTS |= {collections.abc.Collection}
_SETS = {set, frozenset, collections.abc.Set, collections.abc.MutableSet}
_DICTS = {dict, collections.abc.Mapping, collections.abc.MutableMapping}


class _Builder:
    """Builds one schema; classes that may be reached again become definitions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self._named: dict[Any, tuple[str, list[Reader]]] = {}

    def build(self, tp: Any, path: _Path) -> _Built:
        """Schema and reader of ``tp``; ``path`` says how it was reached, for errors."""
        if tp is None:
            tp = type(None)
        if tp is Any or tp is object:
            return {}, lambda value: value
        if tp in (Ellipsis, typing.NoReturn, typing.Never):
            raise _refused(tp, path)
        if isinstance(tp, typing.NewType):
            return self.build(tp.__supertype__, path)
        if type(tp).__name__ == "TypeAliasType":
            return self.build(tp.__value__, path)
        origin, arguments = typing.get_origin(tp), typing.get_args(tp)
        if origin is typing.Annotated:
            schema, read = self.build(arguments[0], path)
            return constrain(schema, arguments[1:], path), read
        if origin in (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar):
            return self.build(arguments[0], path)
        if origin is typing.Literal:
            return _literal(list(arguments), path)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, path)
        if origin is not None:
            return self._generic(origin, arguments, path)
        return self._plain(tp, path)

    def _plain(self, tp: Any, path: _Path) -> _Built:
        if isinstance(tp, collections.abc.Hashable) and tp in _SCALARS:
            schema, accepted, convert = _SCALARS[tp]
            return dict(schema), _scalar_reader(tp, accepted, convert)
        if tp in (list, tuple, set, frozenset, dict, *_LISTS, *_SETS, *_DICTS):
            return self._generic(tp, (), path)
        if isinstance(tp, type) and issubclass(tp, enum.Enum):
            return _enum(tp, path)
        if _is_pydantic(tp):
            return self._pydantic(tp)
        if isinstance(tp, type) and dataclasses.is_dataclass(tp):
            return self._named_object(tp, path, _dataclass_members)
        if typing.is_typeddict(tp):
            return self._named_object(tp, path, _typed_dict_members)
        if isinstance(tp, type) and issubclass(tp, tuple) and hasattr(tp, "_fields"):
            return self._named_object(tp, path, _named_tuple_members)
        if inspect.isfunction(tp) or inspect.ismethod(tp):
            return self._object(_arguments_of(tp, path), dict, (*path, _name(tp)))
        raise _refused(tp, path)

    def _union(self, arguments: tuple[Any, ...], path: _Path) -> _Built:
        built = [self.build(argument, path) for argument in arguments]

        def read(value: Any) -> Any:
            for _, read_one in built:
                try:
                    return read_one(value)
                except (ValueError, TypeError):
                    continue
            raise Mismatch(f"{value!r} is none of {', '.join(map(_name, arguments))}")

        return {"anyOf": [schema for schema, _ in built]}, read

    def _generic(self, origin: Any, arguments: tuple[Any, ...], path: _Path) -> _Built:
        if origin is tuple and arguments and not (len(arguments) == 2 and arguments[1] is Ellipsis):
            return self._tuple(() if arguments == ((),) else arguments, path)
        if origin is tuple or origin in _LISTS or origin in _SETS:
            item, read_item = self.build(arguments[0] if arguments else Any, (*path, "items"))
            schema: dict[str, Any] = {"type": "array", "items": item}
            make: Callable[[Any], Any] = list
            if origin in _SETS:
                schema["uniqueItems"] = True
                make = frozenset if origin is frozenset else set
            elif origin is tuple:
                make = tuple
            return schema, lambda value: make(read_item(one) for one in _expect(value, list))
        if origin in _DICTS:
            return self._dict(arguments or (str, Any), path)
        if _is_pydantic(origin) or dataclasses.is_dataclass(origin):
            raise InvalidSchema(
                f"{origin.__name__} with type arguments is not supported; make a subclass with the types "
                "filled in",
                pointer=_pointer(path),
            )
        raise _refused(origin, path)

    def _tuple(self, arguments: tuple[Any, ...], path: _Path) -> _Built:
        built = [self.build(argument, (*path, str(place))) for place, argument in enumerate(arguments)]
        schema: dict[str, Any] = {"type": "array", "minItems": len(built), "maxItems": len(built)}
        if built:
            schema["prefixItems"] = [schema for schema, _ in built]

        def read(value: Any) -> Any:
            if len(_expect(value, list)) != len(built):
                raise Mismatch(f"expected {len(built)} items, got {len(value)}")
            return tuple(read_one(one) for (_, read_one), one in zip(built, value, strict=True))

        return schema, read

    def _dict(self, arguments: tuple[Any, ...], path: _Path) -> _Built:
        key_type, value_type = arguments
        member, read_member = self.build(value_type, (*path, "values"))
        schema: dict[str, Any] = {"type": "object", "additionalProperties": member}
        read_key: Reader = str
        if key_type is int:
            schema["propertyNames"] = {"pattern": _INTEGER_KEY}
            read_key = _read_integer_key
        elif key_type not in (str, Any):
            keys, read_key = self.build(key_type, (*path, "keys"))
            if not all(isinstance(key, str) for key in keys.get("enum", [0])):
                raise InvalidSchema(
                    f"the keys of a JSON object are strings; {_name(key_type)} is none",
                    pointer=_pointer(path),
                )
            schema["propertyNames"] = keys
        return schema, lambda value: {
            read_key(key): read_member(one) for key, one in _expect(value, dict).items()
        }

    def _named_object(self, tp: Any, path: _Path, members_of: Callable[[Any, _Path], _Members]) -> _Built:
        """A class with members, as a definition, so that it may contain itself."""
        if tp not in self._named:
            name = tp.__name__
            while name in self.definitions:
                name += "_"
            readers: list[Reader] = []
            self._named[tp] = (name, readers)
            self.definitions[name] = {}
            schema, read = self._object(members_of(tp, path), tp, (*path, tp.__name__))
            self.definitions[name] = schema
            readers.append(read)
        name, readers = self._named[tp]
        return {"$ref": f"#/$defs/{name}"}, lambda value: readers[0](value)

    def _object(self, members: _Members, make: Callable[..., Any], path: _Path) -> _Built:
        built = {name: self.build(tp, (*path, name)) for name, (tp, _) in members.items()}
        required = [name for name, (_, needed) in members.items() if needed]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {name: schema for name, (schema, _) in built.items()},
            "required": required,
            "additionalProperties": False,
        }

        def read(value: Any) -> Any:
            _expect(value, dict)
            missing = [name for name in required if name not in value]
            unknown = [name for name in value if name not in built]
            if missing or unknown:
                raise Mismatch(f"missing members {missing}, unknown members {unknown}")
            return make(**{name: built[name][1](one) for name, one in value.items()})

        return schema, read

    def _pydantic(self, tp: Any) -> _Built:
        prefix = f"{tp.__name__}."
        schema = tp.model_json_schema(mode="validation", ref_template=f"#/$defs/{prefix}{{model}}")
        for name, definition in schema.pop("$defs", {}).items():
            self.definitions[prefix + name] = _closed(definition)
        return _closed(schema), tp.model_validate


_Members = dict[str, tuple[Any, bool]]
"""Name → (type, whether it is required)."""


def _is_pydantic(tp: Any) -> bool:
    # By what it offers: asking Pydantic itself would import it for everybody.
    return isinstance(tp, type) and hasattr(tp, "model_json_schema") and hasattr(tp, "model_validate")


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """A Pydantic object schema that allows no members beyond its fields, unless it says it does."""
    if "properties" in schema and "additionalProperties" not in schema:
        return {**schema, "additionalProperties": False}
    return schema


def _dataclass_members(tp: Any, path: _Path) -> _Members:
    hints = _hints(tp, path)
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(tp)
        if field.init
    }


def _typed_dict_members(tp: Any, path: _Path) -> _Members:
    members: _Members = {}
    for name, hint in _hints(tp, path).items():
        # Postponed annotations are strings when the class is made, so its own __required_keys__
        # cannot know of the qualifiers inside them.
        origin = typing.get_origin(hint)
        needed = name in tp.__required_keys__
        members[name] = (hint, origin is typing.Required or (needed and origin is not typing.NotRequired))
    return members


def _named_tuple_members(tp: Any, path: _Path) -> _Members:
    hints = _hints(tp, path)
    return {name: (hints.get(name, Any), name not in tp._field_defaults) for name in tp._fields}


def _arguments_of(function: Any, path: _Path) -> _Members:
    hints = _hints(function, path)
    members: _Members = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise InvalidSchema(
                f"the parameter {parameter} of {function.__name__} cannot be given by name; "
                "name every parameter",
                pointer=_pointer((*path, name)),
            )
        members[name] = (hints.get(name, Any), parameter.default is parameter.empty)
    return members


def _hints(tp: Any, path: _Path) -> Mapping[str, Any]:
    try:
        return typing.get_type_hints(tp, include_extras=True)
    except NameError as error:
        raise InvalidSchema(
            f"a type of {_name(tp)} cannot be resolved: {error}; define it where {_name(tp)} is defined",
            pointer=_pointer(path),
        ) from error


def _literal(values: list[Any], path: _Path) -> _Built:
    members = [member.value if isinstance(member, enum.Enum) else member for member in values]
    return _one_of(members, values, path)


def _enum(tp: type[enum.Enum], path: _Path) -> _Built:
    return _one_of([member.value for member in tp], list(tp), (*path, tp.__name__))


def _one_of(json_values: list[Any], results: list[Any], path: _Path) -> _Built:
    for value in json_values:
        if value is not None and not isinstance(value, (str, int, float)):
            raise InvalidSchema(
                f"the member {value!r} has no JSON form; use strings, numbers, booleans or None",
                pointer=_pointer(path),
            )
    if not json_values:
        raise InvalidSchema(
            "an enumeration without members allows nothing; give it one", pointer=_pointer(path)
        )
    table = {_key(value): result for value, result in reversed(list(zip(json_values, results, strict=True)))}

    def read(value: Any) -> Any:
        try:
            return table[_key(value)]
        except (KeyError, TypeError):
            raise Mismatch(f"{value!r} is none of {json_values!r}") from None

    return {"enum": json_values}, read


def _key(value: Any) -> tuple[str, Any]:
    """JSON tells true from 1 but not 1 from 1.0; Python does it the other way round."""
    return ("number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "", value)


def _scalar_reader(tp: Any, accepted: tuple[type, ...], convert: Reader) -> Reader:
    def read(value: Any) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and tp is not bool):
            raise Mismatch(f"{value!r} is no {_name(tp)}")
        number: Any = value
        if tp is int and number != int(number):
            raise Mismatch(f"{value!r} is no integer")
        return convert(value)

    return read


_INTEGER_KEY = "^(0|-?[1-9][0-9]*)$"


def _read_integer_key(key: str) -> int:
    if not re.fullmatch(_INTEGER_KEY, key):
        raise Mismatch(f"the key {key!r} is no integer")
    return int(key)


def _expect(value: Any, kind: type) -> Any:
    if not isinstance(value, kind):
        raise Mismatch(f"expected {'an array' if kind is list else 'an object'}, got {value!r}")
    return value


def _pointer(path: _Path) -> str:
    return "".join(f"/{part}" for part in path)


def _refused(tp: Any, path: _Path) -> InvalidSchema:
    return InvalidSchema(
        f"the type {_name(tp)} has no JSON form; use a Pydantic model, a dataclass, a TypedDict, an Enum, "
        "Literal, str, int, float, bool, None, or lists, tuples, sets, dicts and unions of these",
        pointer=_pointer(path),
    )
