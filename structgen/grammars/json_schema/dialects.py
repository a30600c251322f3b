"""The dialects: for each, a table of keyword functions and a few facts about identifiers.

Knows which keyword means what in which edition of the specification; a keyword
missing from a table is an annotation there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from structgen.errors import InvalidSchema

from . import arrays, combinators, core, numbers, objects, strings, unevaluated, values
from .lowering import Lowering
from .text import excerpt

if TYPE_CHECKING:
    from .resources import Resources

# A keyword that turns out to constrain nothing here returns None: an annotation.
Keyword = Callable[[Lowering, Any, dict[str, Any]], "int | None"]


@dataclass(frozen=True, eq=False)
class Dialect:
    """One edition of the specification.

    ``ref_alone``: $ref hides its siblings.  ``fragment_ids``: "$id": "#name" is
    an anchor.  ``anchors``: $anchor and $dynamicAnchor exist.  ``bookended``:
    $dynamicRef must lead to a $dynamicAnchor of its own document to be dynamic.
    ``encoded_hosts``: host names with "xn--" are internationalized ones.
    """

    name: str
    uri: str
    keywords: dict[str, Keyword]
    id_keyword: str = "$id"
    ref_alone: bool = False
    anchors: bool = False
    fragment_ids: bool = False
    contains_evaluates: bool = False
    bookended: bool = True
    encoded_hosts: bool = True


_VALIDATION: dict[str, Keyword] = {
    "type": values.type_,
    "enum": values.enum,
    "minLength": strings.minLength,
    "maxLength": strings.maxLength,
    "pattern": strings.pattern,
    "multipleOf": numbers.multipleOf,
    "minItems": arrays.minItems,
    "maxItems": arrays.maxItems,
    "uniqueItems": arrays.uniqueItems,
    "required": objects.required,
    "minProperties": objects.minProperties,
    "maxProperties": objects.maxProperties,
}
_APPLICATORS: dict[str, Keyword] = {
    "properties": objects.properties,
    "patternProperties": objects.patternProperties,
    "additionalProperties": objects.additionalProperties,
    "allOf": combinators.allOf,
    "anyOf": combinators.anyOf,
    "oneOf": combinators.oneOf,
    "not": combinators.not_,
}

_DRAFT4: dict[str, Keyword] = {
    "$schema": core.dollar_schema,
    "id": core.identifier_draft4,
    "$ref": core.dollar_ref,
    **_VALIDATION,
    **_APPLICATORS,
    "type": values.type_draft4,
    "items": arrays.items_or_list,
    "additionalItems": arrays.additionalItems,
    "dependencies": combinators.dependencies,
    "minimum": numbers.minimum_draft4,
    "maximum": numbers.maximum_draft4,
    "exclusiveMinimum": numbers.exclusive_draft4,
    "exclusiveMaximum": numbers.exclusive_draft4,
    "format": strings.format,
}
_BOUNDS: dict[str, Keyword] = {
    "minimum": numbers.minimum,
    "maximum": numbers.maximum,
    "exclusiveMinimum": numbers.exclusiveMinimum,
    "exclusiveMaximum": numbers.exclusiveMaximum,
}
_DRAFT6: dict[str, Keyword] = {
    **{name: function for name, function in _DRAFT4.items() if name != "id"},
    **_BOUNDS,
    "type": values.type_,
    "$id": core.identifier,
    "const": values.const,
    "contains": arrays.contains,
    "propertyNames": objects.propertyNames,
}
_CONDITIONALS: dict[str, Keyword] = {
    "if": combinators.if_,
    "then": combinators.then_or_else,
    "else": combinators.then_or_else,
}
_DRAFT7: dict[str, Keyword] = {
    **_DRAFT6,
    **_CONDITIONALS,
    "contentEncoding": strings.contentEncoding,
    "contentMediaType": strings.contentMediaType,
}
_DRAFT2019: dict[str, Keyword] = {
    **_DRAFT7,
    "contentSchema": strings.contentSchema,
    "$anchor": core.identifier,
    "$recursiveRef": core.dollar_recursiveRef,
    "$recursiveAnchor": core.recursive_anchor,
    "contains": arrays.contains_counted,
    "minContains": arrays.contains_bound,
    "maxContains": arrays.contains_bound,
    "dependentRequired": combinators.dependentRequired,
    "dependentSchemas": combinators.dependentSchemas,
    "unevaluatedProperties": unevaluated.unevaluatedProperties,
    "unevaluatedItems": unevaluated.unevaluatedItems,
}
_DRAFT2020: dict[str, Keyword] = {
    **{
        name: function
        for name, function in _DRAFT2019.items()
        if name not in ("$recursiveRef", "$recursiveAnchor", "additionalItems")
    },
    "$dynamicRef": core.dollar_dynamicRef,
    "$dynamicAnchor": core.identifier,
    "prefixItems": arrays.prefixItems,
    "items": arrays.items,
}
_V1: dict[str, Keyword] = {
    **_DRAFT2020,
    "propertyDependencies": combinators.propertyDependencies,
}
# A schema that names no dialect: the newest, with the older spellings that cannot be mistaken.
_LIBERAL: dict[str, Keyword] = {
    **_DRAFT2020,
    "items": arrays.items_liberal,
    "additionalItems": arrays.additionalItems,
    "minimum": numbers.minimum_draft4,
    "maximum": numbers.maximum_draft4,
    "exclusiveMinimum": numbers.exclusiveMinimum_liberal,
    "exclusiveMaximum": numbers.exclusiveMaximum_liberal,
    "required": objects.required_draft3,
    "discriminator": combinators.discriminator,
}
_OPENAPI30: dict[str, Keyword] = {
    **{name: function for name, function in _DRAFT4.items() if name not in ("$schema", "id")},
    "type": values.type_nullable,
    "nullable": values.nullable,
    "discriminator": combinators.discriminator,
}
_OPENAPI31: dict[str, Keyword] = {**_DRAFT2020, "discriminator": combinators.discriminator}


def _dialects() -> Iterator[Dialect]:
    older = "http://json-schema.org/draft-0{}/schema".format
    newer = "https://json-schema.org/draft/{}/schema".format
    # Before draft 7 a host name was one of RFC 1034 and nothing was said of encoded labels.
    yield Dialect("draft4", older(4), _DRAFT4, "id", ref_alone=True, fragment_ids=True, encoded_hosts=False)
    yield Dialect("draft6", older(6), _DRAFT6, ref_alone=True, fragment_ids=True, encoded_hosts=False)
    yield Dialect("draft7", older(7), _DRAFT7, ref_alone=True, fragment_ids=True)
    yield Dialect("2019-09", newer("2019-09"), _DRAFT2019, anchors=True)
    yield Dialect("2020-12", newer("2020-12"), _DRAFT2020, anchors=True, contains_evaluates=True)
    yield Dialect(
        "v1", "https://json-schema.org/v1", _V1, anchors=True, contains_evaluates=True, bookended=False
    )
    # OpenAPI 3.0 has no identifiers: no schema spells this keyword.
    yield Dialect("openapi-3.0", "", _OPENAPI30, "\0none", ref_alone=True)
    yield Dialect(
        "openapi-3.1",
        "https://spec.openapis.org/oas/3.1/dialect/base",
        _OPENAPI31,
        anchors=True,
        contains_evaluates=True,
    )


DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in _dialects()}
LIBERAL = Dialect("2020-12, liberal", "", _LIBERAL, anchors=True, fragment_ids=True, contains_evaluates=True)

_BY_URI = {dialect.uri: dialect for dialect in DIALECTS.values() if dialect.uri}
# Spellings in use for the same things.
_BY_URI["https://json-schema.org/schema"] = DIALECTS["2020-12"]
_BY_URI["http://json-schema.org/schema"] = LIBERAL

_VOCABULARIES: dict[str, frozenset[str]] = {
    "applicator": frozenset(_APPLICATORS)
    | frozenset(_CONDITIONALS)
    | {"items", "additionalItems", "prefixItems", "contains", "propertyNames", "dependentSchemas"},
    "unevaluated": frozenset({"unevaluatedItems", "unevaluatedProperties"}),
    "validation": frozenset(_VALIDATION)
    | frozenset(_BOUNDS)
    | {"const", "minContains", "maxContains", "dependentRequired", "dependencies"},
    "format": frozenset({"format"}),
    "content": frozenset({"contentEncoding", "contentMediaType", "contentSchema"}),
}

_KNOWN = {*_VOCABULARIES, "core", "meta-data", "format-annotation", "format-assertion"}


def named(name: str) -> Dialect:
    """Return the dialect a caller names; InvalidSchema for an unknown name."""
    found = DIALECTS.get(name) or _BY_URI.get(name.removesuffix("#"))
    if found is None:
        raise InvalidSchema(f"unknown dialect {excerpt(name)}; write one of {', '.join(DIALECTS)}")
    return found


def dialect_of_document(schema: Any, inherited: Dialect, resources: Resources | None) -> Dialect:
    """Return the dialect ``schema`` names in $schema, else ``inherited``."""
    if schema.__class__ is not dict or "$schema" not in schema:
        return inherited
    uri = schema["$schema"]
    if not isinstance(uri, str):
        raise InvalidSchema(f"$schema must be a URI, got {excerpt(uri)}", pointer="/$schema")
    plain = uri.strip().removesuffix("#").removesuffix("/")
    found = _BY_URI.get(plain) or _BY_URI.get(_other_scheme(plain))
    if found is not None:
        return found
    if plain.endswith(("draft-03/schema", "draft-02/schema", "draft-01/schema")):
        raise InvalidSchema(
            f"{excerpt(uri)} is older than draft 4; rewrite the schema for a newer draft", pointer="/$schema"
        )
    return _custom(plain, inherited, resources)


def _other_scheme(uri: str) -> str:
    if uri.startswith("https:"):
        return "http:" + uri[6:]
    return "https:" + uri[5:] if uri.startswith("http:") else uri


def _custom(uri: str, inherited: Dialect, resources: Resources | None) -> Dialect:
    """A metaschema of the caller's registry: its own dialect less the vocabularies it leaves out."""
    metaschema = resources.contents(uri) if resources is not None else None
    if not isinstance(metaschema, dict):
        return inherited
    base = inherited
    named_uri = metaschema.get("$schema")
    if isinstance(named_uri, str):
        base = _BY_URI.get(named_uri.removesuffix("#"), inherited)
    vocabularies = metaschema.get("$vocabulary")
    if not isinstance(vocabularies, dict):
        return base
    present = {name.rpartition("/")[2] for name in vocabularies}
    for name, needed in vocabularies.items():
        short = name.rpartition("/")[2]
        known = short in _KNOWN
        if needed is True and not (known and "json-schema.org" in name):
            raise InvalidSchema(f"the metaschema needs the vocabulary {excerpt(name)}, which is unknown")
    present |= {"format"} if present & {"format-annotation", "format-assertion"} else set()
    if base.name == "2019-09" and "applicator" in present:
        present.add("unevaluated")
    gone = frozenset().union(*(words for name, words in _VOCABULARIES.items() if name not in present))
    return replace(base, keywords={name: f for name, f in base.keywords.items() if name not in gone})
