"""Keywords about numbers: bounds and divisibility, in exact decimal arithmetic."""

from __future__ import annotations

from typing import Any

from .builder import TRUE
from .lowering import Lowering
from .text import excerpt


def minimum(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A number is at least this."""
    return at.unless("number", at.store.at_least(at.number(value)))


def maximum(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A number is at most this."""
    return at.store.not_(at.store.more_than(at.number(value)))


def exclusiveMinimum(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A number is greater than this."""
    return at.unless("number", at.store.more_than(at.number(value)))


def exclusiveMaximum(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A number is less than this."""
    return at.store.not_(at.store.at_least(at.number(value)))


def multipleOf(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A number is a whole multiple of this."""
    text = at.number(value)
    # The digits decide: a tiny exact number underflows to 0.0 as a float.
    if text.startswith("-") or not text.lower().partition("e")[0].strip("0."):
        raise at.invalid(f"multipleOf must be greater than 0, got {excerpt(value)}")
    return at.unless("number", at.store.multiple_of(text))


def minimum_draft4(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """minimum in draft 4, where exclusiveMinimum: true makes it exclusive."""
    if schema.get("exclusiveMinimum") is True:
        return exclusiveMinimum(at, value, schema)
    return minimum(at, value, schema)


def maximum_draft4(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """maximum in draft 4, where exclusiveMaximum: true makes it exclusive."""
    if schema.get("exclusiveMaximum") is True:
        return exclusiveMaximum(at, value, schema)
    return maximum(at, value, schema)


def exclusive_draft4(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """exclusiveMinimum, exclusiveMaximum in draft 4: read by the bound beside them."""
    if value.__class__ is not bool:
        raise at.invalid(f"{at.path[-1]} must be true or false in draft 4, got {excerpt(value)}")
    return TRUE


def exclusiveMinimum_liberal(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """exclusiveMinimum in schemas that name no dialect: both spellings."""
    return TRUE if value.__class__ is bool else exclusiveMinimum(at, value, schema)


def exclusiveMaximum_liberal(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """exclusiveMaximum in schemas that name no dialect: both spellings."""
    return TRUE if value.__class__ is bool else exclusiveMaximum(at, value, schema)
