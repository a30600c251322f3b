"""Keywords about the schema itself: $schema, $id, $ref and their older and dynamic forms.

Identifiers and anchors constrain nothing; resources.py finds them.

Knows no type of value.
"""

from __future__ import annotations

from typing import Any

from .lowering import Lowering, NeedsDynamicScope
from .text import excerpt


def identifier(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """$id, id, $anchor, $dynamicAnchor: names of the place; checked, nothing more."""
    if value.__class__ is not str:
        raise at.invalid(f"{at.path[-1]} must be a string, got {excerpt(value)}")
    return None


def identifier_draft4(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """id: only a string identifies; anything else is a member that landed in the wrong place."""
    if value.__class__ is not str:
        at.report.note(at.pointer(), f"id is not a string but {excerpt(value)}: an annotation")
    return None


def dollar_schema(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """$schema: names the dialect; already acted on when the resource was entered."""
    if value.__class__ is not str:
        raise at.invalid(f"$schema must be a URI, got {excerpt(value)}")
    return None


def recursive_anchor(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """$recursiveAnchor: marks the resource for $recursiveRef."""
    if value.__class__ is not bool:
        raise at.invalid(f"$recursiveAnchor must be true or false, got {excerpt(value)}")
    return None


def dollar_ref(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """$ref: the formula of another place, by name."""
    resource, target, prefix = at.resolve(value)
    return at.refer(resource, target, prefix)


def dollar_dynamicRef(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """$dynamicRef: as $ref, but the outermost resource with that $dynamicAnchor wins."""
    if not at.dynamic:
        raise NeedsDynamicScope
    return at.refer(*dynamic_target(at, value))


def dollar_recursiveRef(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """$recursiveRef: as $ref to "#", but the outermost resource with $recursiveAnchor wins."""
    if not at.dynamic:
        raise NeedsDynamicScope
    return at.refer(*recursive_target(at, value))


def dynamic_target(at: Lowering, value: Any) -> tuple[Any, Any, str]:
    """Find what a $dynamicRef means in the current dynamic scope."""
    if not at.resource.dialect.bookended and value.__class__ is str and value[:1] == "#":
        found = _outermost(at, value[1:])
        if found is not None:
            return found
    resource, target, prefix = at.resolve(value)
    name = value.partition("#")[2]
    if not name or name.startswith("/"):
        return resource, target, prefix
    at.resources.scan(resource)
    if resource.dynamic_anchors.get(name) is not target:
        return resource, target, prefix
    return _outermost(at, name) or (resource, target, prefix)


def _outermost(at: Lowering, name: str) -> tuple[Any, Any, str] | None:
    for outer in at.scope:
        at.resources.scan(outer)
        found = outer.dynamic_anchors.get(name)
        if found is not None:
            return outer, found, f"{outer.uri}#{name}"
    return None


def recursive_target(at: Lowering, value: Any) -> tuple[Any, Any, str]:
    """Find what a $recursiveRef means in the current dynamic scope."""
    resource, target, prefix = at.resolve(value)
    if target is resource.root and resource.recursive_anchor:
        for outer in at.scope:
            if outer.recursive_anchor:
                return outer, outer.root, f"{outer.uri}#"
    return resource, target, prefix
