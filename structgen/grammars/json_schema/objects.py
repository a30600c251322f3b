"""Keywords about objects: properties and their relatives, required, counts, names.

A universal statement about members is the absence of a counterexample:
"every member with a key in K satisfies S" is ¬members(K, ¬S, 1), which also
holds of values that are no objects, as the specification wants.
"""

from __future__ import annotations

from typing import Any

from .builder import ANYTHING, COUNT_LIMIT, FALSE, NOTHING, TRUE
from .languages import string_language
from .lowering import Lowering
from .patterns import encodable


def every_member(at: Lowering, keys: int, formula: int) -> int:
    """Return: every member with a key in ``keys`` satisfies ``formula``."""
    if formula == TRUE or keys == NOTHING:
        return TRUE
    store = at.store
    return store.not_(store.members(keys, at.negate(formula), 1))


def has_member(at: Lowering, name: str) -> int:
    """Return: the value is an object with a member called ``name``."""
    if not encodable(name):
        return FALSE
    return at.store.members(at.store.regex.literal(name), TRUE, 1)


def requires(at: Lowering, names: list[str]) -> int:
    """Return: the value is an object with all of these members."""
    if not encodable("".join(names)):
        return FALSE
    return at.store.requires(list(dict.fromkeys(names))) if names else TRUE


def properties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Each named member satisfies its subschema; the names are declared in this order."""
    child = at.child
    names: list[str] = []
    formulas: list[int] = []
    for name, part in at.mapping(value).items():
        formula = child(part, name)
        if name.isascii() or encodable(name):
            names.append(name)
            formulas.append(formula)
    return at.store.properties(names, formulas) if names else TRUE


def patternProperties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Each member whose name matches satisfies the pattern's subschema."""
    parts = []
    for pattern, part in at.mapping(value).items():
        at.path.append(pattern)
        keys = at.pattern(pattern)
        formula = every_member(at, keys, at.child(part))
        at.path.pop()
        if formula != TRUE:
            parts.append(formula)
    if not parts:
        return TRUE
    return at.store.all_of(parts)


def additionalProperties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Each member that neither properties nor patternProperties describe satisfies the subschema."""
    formula = at.child(value)
    if formula == TRUE:
        return TRUE
    return every_member(at, at.store.regex.complement(described_keys(at, schema)), formula)


def described_keys(at: Lowering, schema: dict[str, Any]) -> int:
    """Return the language of the keys that properties and patternProperties of ``schema`` describe."""
    regex = at.store.regex
    named = schema.get("properties")
    patterns = schema.get("patternProperties")
    languages = []
    if named.__class__ is dict and named:
        languages.append(regex.words([name for name in named if encodable(name)]))
    if patterns.__class__ is dict:
        for pattern in patterns:
            at.path.append(pattern)
            languages.append(at.pattern(pattern))
            at.path.pop()
    if not languages:
        return NOTHING
    return int(languages[0] if len(languages) == 1 else regex.alternate(languages))


def required(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """An object has all of these members."""
    names = at.names(value)
    return at.unless("object", requires(at, names)) if names else TRUE


def required_draft3(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """required in schemas that name no dialect: as required, saying what the old boolean form means now."""
    if value.__class__ is bool:
        raise at.invalid("required must be a list of member names; list this member in its parent's required")
    return required(at, value, schema)


def minProperties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """An object has at least this many members."""
    count = at.count(value)
    if count == 0:
        return TRUE
    enough = FALSE if count >= COUNT_LIMIT else at.store.members(ANYTHING, TRUE, count)
    return at.unless("object", enough)


def maxProperties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """An object has at most this many members."""
    count = at.count(value)
    if count >= COUNT_LIMIT - 1:
        return TRUE
    return at.store.not_(at.store.members(ANYTHING, TRUE, count + 1))


def propertyNames(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """The name of every member satisfies the subschema: read as a language of strings."""
    allowed = string_language(at, value)
    if allowed == ANYTHING:
        return TRUE
    return every_member(at, at.store.regex.complement(allowed), FALSE)
