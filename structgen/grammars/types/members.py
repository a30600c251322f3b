"""The members of dataclasses, TypedDicts, NamedTuples and callables, with type parameters filled in.

A class may be generic, and may fill in what its bases left open; each base's own annotations are
resolved with what the class says about it.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from typing import Any

from structgen.errors import InvalidSchema

from .part import Path, name_of, pointer

Members = dict[str, tuple[Any, bool]]
"""Name → (type, whether it is required)."""
Filling = Mapping[Any, Any]
"""Type parameter → the type that stands in its place."""


def dataclass_members(tp: Any, filling: Filling, path: Path) -> Members:
    """Fields that ``__init__`` takes; those with a default need not be given."""
    hints = _hints(tp, filling, path)
    missing = dataclasses.MISSING
    return {
        field.name: (hints[field.name], field.default is missing and field.default_factory is missing)
        for field in dataclasses.fields(tp)
        if field.init
    }


def typed_dict_members(tp: Any, filling: Filling, path: Path) -> Members:
    """Keys of a TypedDict, with ``Required`` and ``NotRequired`` wherever they stand."""
    members: Members = {}
    for name, hint in _hints(tp, filling, path).items():
        # Postponed annotations are strings when the class is made, so its own __required_keys__
        # cannot know of the qualifiers inside them.
        origin = typing.get_origin(hint)
        needed = name in tp.__required_keys__
        members[name] = (hint, origin is typing.Required or (needed and origin is not typing.NotRequired))
    return members


def named_tuple_members(tp: Any, filling: Filling, path: Path) -> Members:
    """Fields of a NamedTuple (or of a plain namedtuple, which may hold anything)."""
    hints = _hints(tp, filling, path)
    return {name: (hints.get(name, Any), name not in tp._field_defaults) for name in tp._fields}


def arguments_of(function: Any, path: Path) -> Members:
    """Parameters of a callable, all of which must have names."""
    target = (
        function if inspect.isroutine(function) or isinstance(function, type) else type(function).__call__
    )
    hints = _hints(inspect.unwrap(target), {}, path)
    members: Members = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD, parameter.POSITIONAL_ONLY):
            raise InvalidSchema(
                f"the parameter {parameter} of {name_of(function)} cannot be given by name; "
                "name every parameter",
                pointer=pointer((*path, name)),
            )
        members[name] = (hints.get(name, Any), parameter.default is parameter.empty)
    return members


def type_parameters(origin: Any, arguments: tuple[Any, ...]) -> dict[Any, Any]:
    """What ``origin[arguments]`` puts in the place of each of its type parameters."""
    return dict(zip(getattr(origin, "__parameters__", ()), arguments, strict=False))


def fill(hint: Any, filling: Filling) -> Any:
    """``hint`` with type parameters replaced; those nobody fills in stay."""
    if isinstance(hint, typing.TypeVar):
        return filling.get(hint, hint)
    open_parameters = getattr(hint, "__parameters__", ()) if typing.get_origin(hint) is not None else ()
    if not open_parameters:
        return hint
    return hint[tuple(filling.get(parameter, parameter) for parameter in open_parameters)]


def _hints(tp: Any, filling: Filling, path: Path) -> dict[str, Any]:
    """Name → annotation of a class or function, resolved."""
    if not isinstance(tp, type) or not hasattr(tp, "__orig_bases__"):
        return {name: fill(hint, filling) for name, hint in _resolved(tp, path).items()}
    fillings = _fillings(tp, filling)
    found: dict[str, Any] = {}
    for base in reversed(tp.__mro__):
        own = inspect.get_annotations(base)
        if own:
            resolved = _resolved(base, path)
            found |= {name: fill(resolved[name], fillings.get(base, {})) for name in own if name in resolved}
    return found


def _fillings(tp: Any, filling: Filling) -> dict[Any, Filling]:
    """Class or base → what its type parameters stand for, seen from ``tp``."""
    known: dict[Any, Filling] = {tp: filling}
    todo = [tp]
    while todo:
        at = todo.pop()
        for base in getattr(at, "__orig_bases__", ()):
            origin = typing.get_origin(base) or base
            if origin in (typing.Generic, typing.Protocol) or origin in known:
                continue
            arguments = tuple(fill(argument, known[at]) for argument in typing.get_args(base))
            known[origin] = type_parameters(origin, arguments)
            todo.append(origin)
    return known


def _resolved(tp: Any, path: Path) -> dict[str, Any]:
    resolve: Callable[..., dict[str, Any]] = typing.get_type_hints
    try:
        return resolve(tp, include_extras=True)
    except NameError:
        pass
    try:
        # A class defined inside a function is not among its module's names, but may contain itself.
        module = vars(sys.modules.get(getattr(tp, "__module__", ""), typing))
        return resolve(tp, dict(module), {**_nested(tp), name_of(tp): tp}, include_extras=True)
    except NameError as error:
        raise InvalidSchema(
            f"a type of {name_of(tp)} cannot be resolved: {error}; define it where {name_of(tp)} is defined",
            pointer=pointer(path),
        ) from error


def _nested(tp: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(tp).items() if isinstance(value, type)}
