"""What stands behind the type in Annotated[type, …], as JSON Schema keywords.

Understands, by the names of their attributes and without importing them, the constraints of
`annotated_types` (Ge, Gt, Le, Lt, Interval, MultipleOf, MinLen, MaxLen, Len), Pydantic's ``Field(…)``,
dictionaries of keywords, and strings, which are descriptions.  Other objects are left to whoever
put them there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from structgen.errors import InvalidSchema

_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_LENGTHS = {"string": ("minLength", "maxLength"), "array": ("minItems", "maxItems")}
_LENGTHS |= {"object": ("minProperties", "maxProperties")}


def constrain(
    schema: dict[str, Any], annotations: Iterable[Any], path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """``schema`` with the keywords the annotations stand for.

    Raises InvalidSchema for a length of something that has none.

    >>> constrain({"type": "string"}, ["a name", {"minLength": 1}])
    {'type': 'string', 'description': 'a name', 'minLength': 1}
    """
    result = dict(schema)
    for annotation in annotations:
        for keyword, value in _keywords(annotation, result, path):
            result[keyword] = value
    return result


def _keywords(annotation: Any, schema: dict[str, Any], path: tuple[str, ...]) -> Iterable[tuple[str, Any]]:
    if isinstance(annotation, str):
        yield "description", annotation
        return
    if isinstance(annotation, dict):
        yield from annotation.items()
        return
    parts = [annotation, *getattr(annotation, "metadata", ())]  # Pydantic's Field keeps its constraints there
    for part in parts:
        for attribute, keyword in _BOUNDS.items():
            value = getattr(part, attribute, None)
            if value is not None:
                yield keyword, value
        if isinstance(getattr(part, "pattern", None), str):
            yield "pattern", part.pattern
        bounds = (getattr(part, "min_length", None), getattr(part, "max_length", None))
        for place, value in enumerate(bounds):
            # annotated_types.MinLen's default 0 and Len's open end say nothing.
            if value is None or (place == 0 and value == 0):
                continue
            keywords = _LENGTHS.get(schema.get("type", ""))
            if keywords is None:
                raise InvalidSchema(
                    "a length is given for a type that has none; put it on a string, a list or a dict",
                    pointer="".join(f"/{step}" for step in path),
                )
            yield keywords[place], value
    if isinstance(getattr(annotation, "description", None), str):
        yield "description", annotation.description
