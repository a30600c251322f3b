"""Keywords that combine subschemas of the same value: allOf, anyOf, oneOf, not, if, dependencies.

Knows no type of value beyond "has this member".
"""

from __future__ import annotations

from typing import Any

from .builder import FALSE, TRUE
from .lowering import Lowering
from .objects import has_member, requires
from .patterns import encodable
from .text import excerpt


def _branches(at: Lowering, value: Any) -> list[int]:
    return [at.branch(part, index) for index, part in enumerate(at.list_of(value, empty=False))]


def allOf(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Every branch holds."""
    parts = [part for part in _branches(at, value) if part != TRUE]
    if len(parts) < 2:
        return parts[0] if parts else TRUE
    return at.store.all_of(parts)


def anyOf(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Some branch holds."""
    parts = _branches(at, value)
    if TRUE in parts:
        return TRUE
    return parts[0] if len(parts) == 1 else at.store.any_of(parts)


def oneOf(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Exactly one branch holds; one node, since spelling it out is quadratic."""
    parts = _branches(at, value)
    return parts[0] if len(parts) == 1 else at.store.exactly_one(parts)


def not_(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The subschema does not hold."""
    return at.negate(at.branch(value))


def if_(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """if C then T else E: (¬C ∨ T) ∧ (C ∨ E)."""
    if "then" not in schema and "else" not in schema:
        at.branch(value)  # constrains nothing, but errors in it are still errors
        return None
    condition = at.branch(value)
    saved = at.path.pop()
    result = TRUE
    if "then" in schema:
        result = _either(at, at.negate(condition), at.branch(schema["then"], "then"))
    if "else" in schema:
        result = at.both(result, _either(at, condition, at.branch(schema["else"], "else")))
    at.path.append(saved)
    return result


def then_or_else(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """then, else: read by if; without it they constrain nothing."""
    if value.__class__ not in (dict, bool):
        raise at.invalid(f"a schema must be an object or a boolean, got {excerpt(value)}")
    return TRUE if "if" in schema else None


def _either(at: Lowering, a: int, b: int) -> int:
    if a == TRUE or b == TRUE:
        return TRUE
    if a == FALSE:
        return b
    return a if b == FALSE else at.store.any_of([a, b])


def dependentSchemas(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Has member k → the subschema holds, for every k."""
    parts = [dependent_schema(at, name, part) for name, part in at.mapping(value).items()]
    return _all(at, parts)


def dependent_schema(at: Lowering, name: str, part: Any) -> int:
    """Has member ``name`` → the subschema ``part`` holds."""
    return _either(at, at.negate(has_member(at, name)), at.branch(part, name))


def dependentRequired(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Has member k → has those members, for every k."""
    return _all(at, [_dependent_names(at, name, names) for name, names in at.mapping(value).items()])


def _dependent_names(at: Lowering, name: str, names: Any) -> int:
    at.path.append(name)
    formula = _either(at, at.negate(has_member(at, name)), requires(at, at.names(names)))
    at.path.pop()
    return formula


def dependencies(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The older spelling of both: a list of names, or a subschema."""
    parts = []
    for name, part in at.mapping(value).items():
        if part.__class__ in (list, tuple):
            parts.append(_dependent_names(at, name, part))
        else:
            parts.append(dependent_schema(at, name, part))
    return _all(at, parts)


def propertyDependencies(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Member k is the string v → the subschema of k and v holds, for every k and v."""
    parts = []
    for name, texts in at.mapping(value).items():
        at.path.append(name)
        for text, part in at.mapping(texts).items():
            parts.append(_either(at, at.negate(member_is(at, name, text)), at.branch(part, text)))
        at.path.pop()
    return _all(at, parts)


def member_is(at: Lowering, name: str, text: str) -> int:
    """Return: the value is an object whose member ``name`` is the string ``text``."""
    if not (encodable(name) and encodable(text)) or at.reading:
        return FALSE
    regex = at.store.regex
    return at.store.members(regex.literal(name), at.store.string(regex.literal(text)), 1)


def discriminator(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """discriminator of OpenAPI: tells readers which branch to expect and validates nothing."""
    at.report.note(
        at.pointer(), "a hint for readers: the branches beside it decide, so tell them apart by a const"
    )
    return None


def _all(at: Lowering, parts: list[int]) -> int:
    kept = [part for part in parts if part != TRUE]
    if len(kept) < 2:
        return kept[0] if kept else TRUE
    return at.store.all_of(kept)
