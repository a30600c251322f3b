"""Which subschemas may describe a place in an instance: the names, constants and examples written there.

A guess for people: branches are all followed, and so are all patterns, since only the engine knows which
hold.  Whoever uses what is found here asks a matcher whether it is allowed.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError

from .resources import Resource
from .schema import JsonSchema

# Subschemas followed for one place; more of them help nobody.
MAX_FOUND = 300

_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONS = ("if", "then", "else")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")

_Found = list[tuple[dict[str, Any], Resource]]


class Places:
    """The subschemas of one grammar, by the place in an instance that they describe."""

    def __init__(self, grammar: JsonSchema) -> None:
        self._resources = grammar.resources()
        # The path asked for last, and what was found at its beginnings: the next one mostly shares them.
        root = self._resources.root
        self._path: list[Any] = []
        self._found = [self._spread([(root.root, root)])]

    def at(self, path: list[Any]) -> list[dict[str, Any]]:
        """Return the subschemas that may describe the value at ``path``, in document order."""
        shared = 0
        for step, other in zip(path, self._path, strict=False):
            if step != other:
                break
            shared += 1
        del self._path[shared:], self._found[shared + 1 :]
        for step in path[shared:]:
            self._found.append(self._spread(_below(self._found[-1], step)))
            self._path.append(step)
        return [schema for schema, _ in self._found[-1]]

    def _spread(self, start: list[tuple[Any, Resource]]) -> _Found:
        """Follow references and branches: everything read at the same place."""
        found: _Found = []
        seen: set[int] = set()
        waiting = list(reversed(start))
        while waiting and len(found) < MAX_FOUND:
            schema, resource = waiting.pop()
            if schema.__class__ is not dict or id(schema) in seen:
                continue
            seen.add(id(schema))
            more: list[tuple[Any, Resource]] = []
            try:
                resource = self._resources.enter(schema, resource)
                for keyword in _REFERENCES:
                    if isinstance(schema.get(keyword), str):
                        holder, target, _ = self._resources.resolve(schema[keyword], resource)
                        more.append((target, holder))
            except GrammarError:
                pass  # compiling says what is wrong with it
            found.append((schema, resource))
            for keyword in _BRANCHES:
                if schema.get(keyword).__class__ is list:
                    more += [(branch, resource) for branch in schema[keyword]]
            more += [(schema[keyword], resource) for keyword in _CONDITIONS if keyword in schema]
            for keyword in ("dependentSchemas", "dependencies"):
                if schema.get(keyword).__class__ is dict:
                    more += [(branch, resource) for branch in schema[keyword].values()]
            waiting.extend(reversed(more))
        return found


def _below(found: _Found, step: Any) -> list[tuple[Any, Resource]]:
    below: list[tuple[Any, Resource]] = []
    for schema, resource in found:
        parts = _members(schema, step) if isinstance(step, str) else _items(schema, step)
        below += [(part, resource) for part in parts]
    return below


def _members(schema: dict[str, Any], name: str) -> list[Any]:
    named = schema.get("properties")
    if named.__class__ is dict and name in named:
        return [named[name]]
    patterns = schema.get("patternProperties")
    parts = list(patterns.values()) if patterns.__class__ is dict else []
    rest = ("additionalProperties", "unevaluatedProperties")
    return parts + [schema[keyword] for keyword in rest if keyword in schema]


def _items(schema: dict[str, Any], index: int) -> list[Any]:
    items = schema.get("items")
    first = schema.get("prefixItems", items)
    if first.__class__ is list:
        if index < len(first):
            return [first[index]]
        rest = [schema.get("additionalItems"), None if items is first else items]
    else:
        rest = [items]
    rest += [schema.get("contains"), schema.get("unevaluatedItems")]
    return [part for part in rest if part is not None]
