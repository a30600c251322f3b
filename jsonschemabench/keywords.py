"""Which keywords a schema exercises, and how the corpus covers the specification.

A keyword counts where it stands as one: not as the name of a property, not inside
``enum``, ``const`` or an annotation, and only in a dialect that has it.  Knows no
engine; the meaning of keywords is of no concern here, only where subschemas stand.

    python -m jsonschemabench.keywords        # the table of the bundled corpus
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from jsonschemabench.corpus import Case, load_bundled

__all__ = [
    "APPLICATORS",
    "DIALECTS",
    "VALIDATION",
    "Coverage",
    "coverage",
    "formats",
    "keywords",
    "subschemas",
]

# Where the subschemas of a keyword stand: its value, the members of its value, or the items.
_SCHEMA = frozenset(
    """additionalItems additionalProperties contains contentSchema else if items not propertyNames then
    unevaluatedItems unevaluatedProperties""".split()
)
_MAPPING = frozenset("$defs definitions dependencies dependentSchemas patternProperties properties".split())
_LIST = frozenset("allOf anyOf items oneOf prefixItems".split())

# The applicators and assertions of the specification, older spellings included.
APPLICATORS = frozenset(
    """additionalItems additionalProperties allOf anyOf contains dependencies dependentSchemas else if items
    not oneOf patternProperties prefixItems properties propertyNames then unevaluatedItems
    unevaluatedProperties""".split()
)
VALIDATION = frozenset(
    """const dependentRequired enum exclusiveMaximum exclusiveMinimum format maxContains maxItems maxLength
    maxProperties maximum minContains minItems minLength minProperties minimum multipleOf pattern required
    type uniqueItems""".split()
)
_CORE = frozenset("$ref $schema".split())
_ANNOTATIONS = frozenset("default description title".split())

_DRAFT4 = (
    _CORE
    | _ANNOTATIONS
    | frozenset(
        """additionalItems additionalProperties allOf anyOf definitions dependencies enum exclusiveMaximum
        exclusiveMinimum format id items maxItems maxLength maxProperties maximum minItems minLength
        minProperties minimum multipleOf not oneOf pattern patternProperties properties required type
        uniqueItems""".split()
    )
)
_DRAFT6 = (_DRAFT4 - {"id"}) | frozenset("$id const contains examples propertyNames".split())
_DRAFT7 = _DRAFT6 | frozenset(
    "$comment contentEncoding contentMediaType else if readOnly then writeOnly".split()
)
_DRAFT2019 = (_DRAFT7 - {"definitions", "dependencies"}) | frozenset(
    """$anchor $defs $recursiveAnchor $recursiveRef $vocabulary contentSchema dependentRequired
    dependentSchemas deprecated maxContains minContains unevaluatedItems unevaluatedProperties""".split()
)
_DRAFT2020 = (_DRAFT2019 - {"$recursiveAnchor", "$recursiveRef", "additionalItems"}) | frozenset(
    "$dynamicAnchor $dynamicRef prefixItems".split()
)
# Which keywords each dialect has, by the URI in "$schema"; without one the newest counts.
DIALECTS = {
    "http://json-schema.org/draft-04/schema": _DRAFT4,
    "http://json-schema.org/draft-06/schema": _DRAFT6,
    "http://json-schema.org/draft-07/schema": _DRAFT7,
    "https://json-schema.org/draft/2019-09/schema": _DRAFT2019,
    "https://json-schema.org/draft/2020-12/schema": _DRAFT2020,
}
NEWEST = "https://json-schema.org/draft/2020-12/schema"
# Before 2019-09 a reference hides the keywords beside it.
_REFERENCE_ALONE = frozenset(uri for uri in DIALECTS if "draft-0" in uri)


def _dialect(schema: dict[str, Any], inherited: str) -> str:
    uri = schema.get("$schema")
    plain = uri.removesuffix("#") if isinstance(uri, str) else inherited
    return plain if plain in DIALECTS else inherited


def subschemas(schema: Any) -> Iterator[tuple[dict[str, Any], frozenset[str]]]:
    """Yield every subschema that is an object, with the keywords that are in force there.

    The schema itself comes first.  A definition counts whether or not it is used.

    >>> [sorted(names) for _, names in subschemas({"properties": {"minimum": {"const": {"type": 1}}}})]
    [['properties'], ['const']]
    """
    pending = [(schema, NEWEST)]
    while pending:
        subschema, inherited = pending.pop()
        if not isinstance(subschema, dict):
            continue
        uri = _dialect(subschema, inherited)
        if "$ref" in subschema and uri in _REFERENCE_ALONE:
            in_force = _CORE & subschema.keys()
        else:
            in_force = DIALECTS[uri] & subschema.keys()
        yield subschema, in_force
        # Definitions beside a draft-7 reference stay reachable, hence not only what is in force.
        for keyword in sorted(in_force | (subschema.keys() & {"$defs", "definitions"}), reverse=True):
            pending.extend((child, uri) for child in _children(keyword, subschema[keyword]))


def _children(keyword: str, value: Any) -> list[Any]:
    if isinstance(value, dict):
        if keyword in _MAPPING:
            return list(value.values())
        return [value] if keyword in _SCHEMA else []
    return value if isinstance(value, list) and keyword in _LIST else []


def keywords(schema: Any) -> frozenset[str]:
    """Return the keywords in force anywhere in ``schema``.

    >>> sorted(keywords({"type": "object", "properties": {"format": {"enum": ["pattern"]}}}))
    ['enum', 'properties', 'type']
    """
    return frozenset().union(*(in_force for _, in_force in subschemas(schema)))


def formats(schema: Any) -> frozenset[str]:
    """Return the formats that ``schema`` names.

    >>> sorted(formats({"items": {"format": "date"}, "default": {"format": "uuid"}}))
    ['date']
    """
    return frozenset(
        subschema["format"]
        for subschema, in_force in subschemas(schema)
        if "format" in in_force and isinstance(subschema["format"], str)
    )


@dataclass(frozen=True)
class Coverage:
    """How much of a corpus exercises one keyword, and how much breaks it."""

    keyword: str
    schemas: int
    families: tuple[str, ...]
    invalid: int


def coverage(cases: Iterable[Case]) -> list[Coverage]:
    """Return a row for every keyword that occurs, the most frequent first.

    ``schemas`` counts the schemas that use the keyword, ``invalid`` the instances that
    violate it.

    >>> cases = load_bundled()
    >>> [row.keyword for row in coverage(cases)][0]
    'type'
    """
    schemas: dict[str, int] = {}
    families: dict[str, set[str]] = {}
    invalid: dict[str, int] = {}
    for case in cases:
        for keyword in keywords(case.schema):
            schemas[keyword] = schemas.get(keyword, 0) + 1
            families.setdefault(keyword, set()).add(case.family)
        for test in case.tests:
            if test.keyword is not None:
                invalid[test.keyword] = invalid.get(test.keyword, 0) + 1
    rows = [
        Coverage(keyword, count, tuple(sorted(families[keyword])), invalid.get(keyword, 0))
        for keyword, count in schemas.items()
    ]
    return sorted(rows, key=lambda row: (-row.schemas, row.keyword))


def main() -> None:
    """Print the table of the bundled corpus as Markdown."""
    print("| keyword | schemas | broken by | families |\n|---|---:|---:|---|")
    for row in coverage(load_bundled()):
        print(f"| `{row.keyword}` | {row.schemas} | {row.invalid} | {', '.join(row.families)} |")


if __name__ == "__main__":
    main()
