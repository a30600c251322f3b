"""From a type to its part, one kind of type after the other.

Classes with members become definitions, so that they may contain themselves; a generic class is a
definition for each choice of its type arguments.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import enum
import inspect
import types
import typing
from collections.abc import Callable
from functools import cached_property
from typing import Any

import jsonschema

from structgen.errors import InvalidSchema
from structgen.grammars.annotations import constrain

from .docstrings import describe
from .members import (
    Filling,
    Members,
    arguments_of,
    dataclass_members,
    fill,
    named_tuple_members,
    type_parameters,
    typed_dict_members,
)
from .part import Mismatch, Part, Path, Reader, expect, name_of, pointer, refused
from .pydantic_part import is_pydantic, pydantic_part
from .scalars import INTEGER_KEY, enumeration, is_scalar, literal, read_integer_key, scalar

_LISTS = {list, collections.abc.Sequence, collections.abc.MutableSequence, collections.abc.Iterable}
_LISTS |= {collections.abc.Collection}
_SETS = {set, frozenset, collections.abc.Set, collections.abc.MutableSet}
_DICTS = {dict, collections.abc.Mapping, collections.abc.MutableMapping}
_QUALIFIERS = (typing.Required, typing.NotRequired, typing.Final, typing.ClassVar)


class Builder:
    """Builds one schema; ``definitions`` are what its ``$defs`` must hold."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self._named: dict[Any, tuple[str, list[Reader]]] = {}
        # Pydantic may read "1" as 1: once it has a part in this, unions ask the schema who is meant.
        self._coerces = False

    def build(self, tp: Any, path: Path) -> Part:
        """The part of ``tp``; ``path`` says how it was reached.  Raises InvalidSchema."""
        if tp is None:
            tp = type(None)
        if tp is Any or tp is object:
            return Part({}, lambda value: value)
        if tp in (Ellipsis, typing.NoReturn, typing.Never):
            raise refused(tp, path)
        if isinstance(tp, typing.NewType):
            return self.build(tp.__supertype__, path)
        if isinstance(tp, typing.TypeVar):
            return self.build(_stand_in(tp), path)
        origin, arguments = typing.get_origin(tp), typing.get_args(tp)
        if type(tp).__name__ == "TypeAliasType" or type(origin).__name__ == "TypeAliasType":
            return self._alias(tp, origin, arguments, path)
        if origin is typing.Annotated:
            return self._annotated(tp, arguments, path)
        if origin in _QUALIFIERS:
            return self.build(arguments[0], path)
        if origin is typing.Literal:
            return literal(list(arguments), path)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, path)
        if origin is not None:
            return self._generic(tp, origin, arguments, path)
        return self._plain(tp, path)

    def _plain(self, tp: Any, path: Path) -> Part:
        if is_scalar(tp):
            return scalar(tp)
        if tp in (tuple, *_LISTS, *_SETS, *_DICTS):
            return self._generic(tp, tp, (), path)
        if isinstance(tp, type) and issubclass(tp, enum.Enum):
            return enumeration(tp, path)
        if is_pydantic(tp):
            return self._pydantic(tp, path)
        if (members_of := _kind(tp)) is not None:
            return self._named_object(tp, tp, {}, members_of, path)
        if inspect.isroutine(tp) or (callable(tp) and not isinstance(tp, type)):
            return self._call(tp, path)
        raise refused(tp, path)

    def _pydantic(self, tp: Any, path: Path) -> Part:
        self._coerces = True
        return pydantic_part(tp, self.definitions, path)

    def _alias(self, tp: Any, origin: Any, arguments: tuple[Any, ...], path: Path) -> Part:
        """``type X[T] = …``: a name for a type, which may be recursive."""
        alias = tp if origin is None else origin
        filling = dict(zip(alias.__type_params__, arguments, strict=False))

        def make(inner: Path) -> Part:
            return self.build(fill(alias.__value__, filling), inner)

        return self._definition(tp, alias.__name__, make, path)

    def _annotated(self, tp: Any, arguments: tuple[Any, ...], path: Path) -> Part:
        if any(is_pydantic(annotation) for annotation in arguments[1:]):
            return self._pydantic(tp, path)
        part = self.build(arguments[0], path)
        schema = constrain(part.schema, arguments[1:], path)
        added = {keyword: value for keyword, value in schema.items() if part.schema.get(keyword) != value}
        added.pop("description", None)
        if not added:
            return Part(schema, part.read)
        check = jsonschema.Draft202012Validator(added)

        def read(value: Any) -> Any:
            if not check.is_valid(value):
                raise Mismatch(f"{value!r} does not satisfy {added!r}")
            return part.read(value)

        return Part(schema, read)

    def _union(self, arguments: tuple[Any, ...], path: Path) -> Part:
        parts = [self.build(argument, path) for argument in arguments]
        # An integer is an int before it is a float, wherever int stands: as in Pydantic's unions.
        order = sorted(range(len(parts)), key=lambda place: arguments[place] is float)
        choices = [_Checked(parts[at], self.definitions) for at in order]

        def read(value: Any) -> Any:
            for choice in choices:
                if self._coerces and not choice.is_valid(value):
                    continue
                try:
                    return choice.part.read(value)
                except (ValueError, TypeError):
                    continue
            raise Mismatch(f"{value!r} is none of {', '.join(map(name_of, arguments))}")

        return Part({"anyOf": [part.schema for part in parts]}, read)

    def _generic(self, tp: Any, origin: Any, arguments: tuple[Any, ...], path: Path) -> Part:
        if origin is tuple and tp is not tuple and arguments[1:] != (Ellipsis,):
            return self._tuple(arguments, path)
        if origin is tuple or origin in _LISTS or origin in _SETS:
            return self._array(origin, arguments[0] if arguments else Any, path)
        if origin in _DICTS:
            return self._dict(arguments or (str, Any), path)
        if is_pydantic(origin):
            return self._pydantic(tp, path)
        if (members_of := _kind(origin)) is not None:
            return self._named_object(tp, origin, type_parameters(origin, arguments), members_of, path)
        if origin is type or not isinstance(origin, type):
            raise refused(tp, path)
        raise refused(origin, path)

    def _array(self, origin: Any, item_type: Any, path: Path) -> Part:
        item = self.build(item_type, (*path, "items"))
        schema: dict[str, Any] = {"type": "array", "items": item.schema}
        make: Callable[[Any], Any] = list
        if origin in _SETS:
            schema["uniqueItems"] = True
            make = frozenset if origin is frozenset else set
        elif origin is tuple:
            make = tuple

        def read(value: Any) -> Any:
            return make(item.read(one) for one in expect(value, list))

        return Part(schema, read)

    def _tuple(self, arguments: tuple[Any, ...], path: Path) -> Part:
        parts = [self.build(argument, (*path, str(place))) for place, argument in enumerate(arguments)]
        schema: dict[str, Any] = {"type": "array", "minItems": len(parts), "maxItems": len(parts)}
        if parts:
            schema["prefixItems"] = [part.schema for part in parts]

        def read(value: Any) -> Any:
            if len(expect(value, list)) != len(parts):
                raise Mismatch(f"expected {len(parts)} items, got {len(value)}")
            return tuple(part.read(one) for part, one in zip(parts, value, strict=True))

        return Part(schema, read)

    def _dict(self, arguments: tuple[Any, ...], path: Path) -> Part:
        key_type, value_type = arguments
        member = self.build(value_type, (*path, "values"))
        schema: dict[str, Any] = {"type": "object", "additionalProperties": member.schema}
        read_key: Reader = str
        if key_type is int:
            schema["propertyNames"] = {"pattern": INTEGER_KEY}
            read_key = read_integer_key
        elif key_type not in (str, Any):
            keys = self.build(key_type, (*path, "keys"))
            read_key = keys.read
            if not all(isinstance(key, str) for key in keys.schema.get("enum", [0])) and (
                keys.schema.get("type") != "string"
            ):
                raise InvalidSchema(
                    f"the keys of a JSON object are strings; {name_of(key_type)} is none",
                    pointer=pointer(path),
                )
            schema["propertyNames"] = keys.schema

        def read(value: Any) -> Any:
            return {read_key(key): member.read(one) for key, one in expect(value, dict).items()}

        return Part(schema, read)

    def _named_object(
        self, tp: Any, cls: Any, filling: Filling, members_of: Callable[..., Members], path: Path
    ) -> Part:
        """A class with members; ``tp`` is the class, or the class with type arguments."""

        def make(inner: Path) -> Part:
            about, parameters = describe(cls)
            part = self._object(members_of(cls, filling, inner), cls, parameters, inner)
            return Part({"description": about, **part.schema}, part.read) if about else part

        return self._definition(tp, cls.__name__, make, path)

    def _definition(self, key: Any, name: str, make: Callable[[Path], Part], path: Path) -> Part:
        """A part that stands in ``$defs``, so that it may be met again inside itself."""
        if key not in self._named:
            while name in self.definitions:
                name += "_"
            readers: list[Reader] = []
            self._named[key] = (name, readers)
            self.definitions[name] = {}
            part = make((*path, name.rstrip("_")))
            self.definitions[name] = part.schema
            readers.append(part.read)
        known, readers = self._named[key]
        return Part({"$ref": f"#/$defs/{known}"}, lambda value: readers[0](value))

    def _call(self, function: Any, path: Path) -> Part:
        about, parameters = describe(function)
        inner = (*path, name_of(function))
        part = self._object(arguments_of(function, inner), dict, parameters, inner)
        return Part({"description": about, **part.schema}, part.read) if about else part

    def _object(
        self, members: Members, make: Callable[..., Any], descriptions: dict[str, str], path: Path
    ) -> Part:
        parts = {name: self.build(tp, (*path, name)) for name, (tp, _) in members.items()}
        required = [name for name, (_, needed) in members.items() if needed]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": {
                name: {"description": descriptions[name], **part.schema}
                if name in descriptions
                else part.schema
                for name, part in parts.items()
            },
            "required": required,
            "additionalProperties": False,
        }

        def read(value: Any) -> Any:
            expect(value, dict)
            missing = [name for name in required if name not in value]
            unknown = [name for name in value if name not in parts]
            if missing or unknown:
                raise Mismatch(f"missing members {missing}, unknown members {unknown}")
            return make(**{name: parts[name].read(one) for name, one in value.items()})

        return Part(schema, read)


class _Checked:
    """A member of a union; the validator of its schema is made when all definitions are known."""

    def __init__(self, part: Part, definitions: dict[str, Any]) -> None:
        self.part = part
        self._definitions = definitions

    @cached_property
    def _validator(self) -> Any:
        return jsonschema.Draft202012Validator({**self.part.schema, "$defs": self._definitions})

    def is_valid(self, value: Any) -> bool:
        return bool(self._validator.is_valid(value))


def _kind(tp: Any) -> Callable[[Any, Filling, Path], Members] | None:
    """What lists the members of a class, if it is one that has any."""
    if isinstance(tp, type) and dataclasses.is_dataclass(tp):
        return dataclass_members
    if isinstance(tp, type) and issubclass(tp, dict) and hasattr(tp, "__required_keys__"):
        return typed_dict_members
    if isinstance(tp, type) and issubclass(tp, tuple) and hasattr(tp, "_fields"):
        return named_tuple_members
    return None


def _stand_in(variable: typing.TypeVar) -> Any:
    """What a type parameter that nobody filled in may be."""
    if variable.__constraints__:
        return typing.Union[variable.__constraints__]  # noqa: UP007  # the members are a tuple
    return Any if variable.__bound__ is None else variable.__bound__
