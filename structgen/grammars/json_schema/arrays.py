"""Keywords about arrays: items in all their spellings, contains, counts, uniqueness.

A universal statement about items is the absence of a counterexample:
"every item at positions i..j satisfies S" is ¬items(i, j, ¬S, 1).
"""

from __future__ import annotations

from typing import Any

from structgen.errors import UnsupportedKeyword

from .builder import COUNT_LIMIT, FALSE, TRUE
from .lowering import Lowering
from .text import excerpt


def every_item(at: Lowering, start: int, stop: int | None, formula: int) -> int:
    """Return: every item at positions ``start`` to ``stop`` (inclusive) satisfies ``formula``."""
    if formula == TRUE:
        return TRUE
    return at.store.not_(at.store.items(start, stop, at.negate(formula), 1))


def _positions(at: Lowering, value: Any) -> int:
    parts = [every_item(at, index, index, at.child(part, index)) for index, part in enumerate(value)]
    parts = [part for part in parts if part != TRUE]
    return at.store.all_of(parts) if parts else TRUE


def prefixItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Item n satisfies subschema n."""
    return _positions(at, at.list_of(value, empty=False))


def items(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Every item after those of prefixItems satisfies the subschema."""
    prefix = schema.get("prefixItems")
    start = len(prefix) if prefix.__class__ in (list, tuple) and prefix is not None else 0
    return every_item(at, start, None, at.child(value))


def items_or_list(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """items before 2020-12: one subschema for all items, or a list for the first ones."""
    if value.__class__ is list:
        return _positions(at, value)
    return every_item(at, 0, None, at.child(value))


def items_liberal(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """items in schemas that name no dialect: both spellings."""
    if value.__class__ is list:
        return _positions(at, value)
    return items(at, value, schema)


def additionalItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """Every item after a list of items satisfies the subschema; nothing without such a list."""
    before = schema.get("items")
    formula = at.child(value)
    if before.__class__ is not list:
        return None
    return every_item(at, len(before), None, formula)


def contains(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Some item satisfies the subschema (draft 6 and 7)."""
    return at.unless("array", at.store.items(0, None, at.child(value), 1))


def contains_counted(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """At least minContains and at most maxContains items satisfy the subschema."""
    formula = at.child(value)
    place = at.path.pop()
    least, most = 1, None
    for keyword in ("minContains", "maxContains"):
        if keyword in schema:
            at.path.append(keyword)
            number = at.count(schema[keyword])
            at.path.pop()
            if keyword == "minContains":
                least = number
            else:
                most = number
    at.path.append(place)
    if least >= COUNT_LIMIT:
        enough = FALSE
    else:
        enough = TRUE if least == 0 else at.store.items(0, None, formula, least)
    result = at.unless("array", enough)
    if most is not None and most < COUNT_LIMIT - 1:
        result = at.both(result, at.negate(at.store.items(0, None, formula, most + 1)))
    return result


def contains_bound(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """minContains, maxContains: read by contains; without it they constrain nothing."""
    at.count(value)
    return TRUE if "contains" in schema else None


def minItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """An array has at least this many items."""
    count = at.count(value)
    if count == 0:
        return TRUE
    enough = FALSE if count >= COUNT_LIMIT else at.store.items(0, None, TRUE, count)
    return at.unless("array", enough)


def maxItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """An array has at most this many items."""
    count = at.count(value)
    if count >= COUNT_LIMIT - 1:
        return TRUE
    return at.store.not_(at.store.items(0, None, TRUE, count + 1))


def uniqueItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The items of an array are pairwise different."""
    if value.__class__ is not bool:
        raise at.invalid(f"uniqueItems must be true or false, got {excerpt(value)}")
    if not value:
        return TRUE
    distinct = getattr(at.store, "distinct", None)
    if distinct is None:
        raise UnsupportedKeyword(
            "uniqueItems", pointer=at.pointer(), hint="leave it out and check the items afterwards"
        )
    return at.unless("array", distinct())
