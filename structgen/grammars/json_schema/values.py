"""Keywords about any value: type, enum, const.

An enumeration becomes one formula: its strings are one language, its numbers
exact literals, its arrays and objects formulas over their items and members.
"""

from __future__ import annotations

from typing import Any

from .builder import ANYTHING, FALSE, TRUE
from .lowering import MAX_DEPTH, Lowering
from .patterns import encodable
from .text import excerpt, number_text, too_long

TYPES = ("null", "boolean", "object", "array", "number", "string", "integer")


def _type(at: Lowering, name: Any, written: bool) -> int:
    if name == "integer":
        # A store that tells 1 from 1.0 has a literal of its own for the older meaning.
        literal = getattr(at.store, "integer_written", None) if written else None
        return int(at.store.integer() if literal is None else literal())
    if name not in TYPES:
        raise at.invalid(f"unknown type {excerpt(name)}; write one of {', '.join(TYPES)}")
    return at.store.type_(name)


def type_(at: Lowering, value: Any, schema: dict[str, Any], written: bool = False) -> int:
    """The value has this type, or one of these."""
    if value.__class__ is str:
        known = at.types.get((value, written))
        if known is None:
            known = at.types[value, written] = _type(at, value, written)
        return known
    names = at.list_of(value)
    if not names:
        raise at.invalid("type must name at least one type")
    parts = [_type(at, name, written) for name in at.names(names)]
    return parts[0] if len(parts) == 1 else at.store.any_of(parts)


def type_draft4(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """type in draft 4, where an integer is written without fraction: 1.0 is none."""
    return type_(at, value, schema, True)


def type_nullable(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """type in OpenAPI 3.0, where nullable: true adds null."""
    formula = type_(at, value, schema)
    return at.store.any_of([formula, at.store.type_("null")]) if schema.get("nullable") is True else formula


def nullable(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """nullable: read by type beside it."""
    if value.__class__ is not bool:
        raise at.invalid(f"nullable must be true or false, got {excerpt(value)}")
    return TRUE


def const(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The value equals this one."""
    return equals(at, value)


def enum(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The value equals one of these."""
    values = at.list_of(value)
    strings = [part for part in values if part.__class__ is str]
    parts = []
    if strings:
        if not encodable("".join(strings)):
            strings = [text for text in strings if encodable(text)]
        if strings:
            parts.append(at.store.string(at.store.regex.words(strings)))
    if len(strings) != len(values):
        for index, part in enumerate(values):
            if part.__class__ is not str:
                at.path.append(index)
                parts.append(equals(at, part))
                at.path.pop()
    if not values:
        at.report.note(at.pointer(), "an empty enum allows nothing")
    if not parts:
        return FALSE
    return parts[0] if len(parts) == 1 else at.store.any_of(parts)


def equals(at: Lowering, value: Any) -> int:
    """Return: the value equals ``value`` as JSON compares, 1 = 1.0 and objects without order."""
    store = at.store
    kind = value.__class__
    if kind is str:
        return store.string(store.regex.literal(value)) if encodable(value) else FALSE
    if value is None:
        return store.type_("null")
    if kind is bool:
        return store.boolean(value)
    if kind in (dict, list, tuple):
        if not value:
            whole = "object" if kind is dict else "array"
            none = store.members(ANYTHING, TRUE, 1) if kind is dict else store.items(0, None, TRUE, 1)
            return store.all_of([store.type_(whole), store.not_(none)])
        if at.depth >= MAX_DEPTH:
            return at.defer(value, lambda: equals(at, value))
        at.depth += 1
        formula = _object_equals(at, value) if kind is dict else _array_equals(at, value)
        at.depth -= 1
        return formula
    text = number_text(value)
    if text is None:
        raise at.invalid(too_long(value) or f"{excerpt(value)} is not a JSON value")
    return store.number_equals(text)


def _object_equals(at: Lowering, value: dict[str, Any]) -> int:
    store = at.store
    saved, at.in_place = at.in_place, False
    parts = []
    for name, part in at.mapping(value).items():
        at.path.append(name)
        formula = equals(at, part)
        at.path.pop()
        if not encodable(name):
            parts.append(FALSE)
        else:
            parts.append(store.members(store.regex.literal(name), formula, 1))
    parts.append(store.not_(store.members(ANYTHING, TRUE, len(value) + 1)))
    at.in_place = saved
    return store.all_of(parts)


def _array_equals(at: Lowering, value: list[Any]) -> int:
    store = at.store
    saved, at.in_place = at.in_place, False
    parts = []
    for index, part in enumerate(value):
        at.path.append(index)
        parts.append(store.items(index, index, equals(at, part), 1))
        at.path.pop()
    parts.append(store.not_(store.items(0, None, TRUE, len(value) + 1)))
    at.in_place = saved
    return store.all_of(parts)
