"""What Pydantic alone can describe and read: its models, dataclasses, special types and validators.

Nothing here imports Pydantic before a type needs it.  A schema of Pydantic's is tightened where
validation refuses more than the schema says (dates Python cannot hold, members a model would ignore).
Values are read as JSON, the reading under which dates, enumerations and sets are strict.
"""

from __future__ import annotations

import json
from typing import Any

from structgen.errors import InvalidSchema

from .part import Part, Path, name_of, pointer
from .scalars import DATE_PATTERNS, DURATION


def is_pydantic(tp: Any) -> bool:
    """Whether Pydantic should describe ``tp``: told by what it offers, without importing Pydantic."""
    return hasattr(tp, "__get_pydantic_core_schema__") or hasattr(tp, "__pydantic_validator__")


def pydantic_part(tp: Any, definitions: dict[str, Any], path: Path) -> Part:
    """The part of a type that :func:`is_pydantic`, or that is annotated with something that is."""
    import pydantic
    from pydantic.errors import PydanticUserError

    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(tp)
    prefix = f"{name_of(tp)}."
    while any(name.startswith(prefix) for name in definitions):
        prefix = f"_{prefix}"
    try:
        schema = adapter.json_schema(mode="validation", ref_template=f"#/$defs/{prefix}{{model}}")
    except PydanticUserError as error:
        raise InvalidSchema(
            f"Pydantic has no JSON Schema for {name_of(tp)}: {error}", pointer=pointer(path)
        ) from error
    for name, definition in schema.pop("$defs", {}).items():
        definitions[prefix + name] = tightened(definition)

    def read(value: Any) -> Any:
        text = json.dumps(value)
        try:
            return adapter.validate_json(text, strict=True)
        except ValueError:
            # A type that asks for leniency itself (a validator before, a string as a number) gets it.
            return adapter.validate_json(text)

    return Part(tightened(schema), read)


def tightened(schema: Any) -> Any:
    """A schema of Pydantic's without what its validation refuses, and without members it ignores."""
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in ("properties", "patternProperties"):
            result[keyword] = {name: tightened(child) for name, child in value.items()}
        elif keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
            result[keyword] = [tightened(child) for child in value]
        elif keyword in ("items", "additionalProperties", "propertyNames"):
            result[keyword] = tightened(value)
        else:
            result[keyword] = value
    if "properties" in result:
        result.setdefault("additionalProperties", False)
    if result.get("type") == "string" and "pattern" not in result:
        if result.get("format") in DATE_PATTERNS:
            result["pattern"] = DATE_PATTERNS[result["format"]]
        elif result.get("format") == "duration":
            del result["format"]  # RFC 3339 has months, which have no length, and no fractions
            result["pattern"] = DURATION
    result.pop("discriminator", None)  # OpenAPI's; the branches say the same
    return result
