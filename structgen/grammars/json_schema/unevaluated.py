"""unevaluatedProperties and unevaluatedItems: what no branch that succeeds has described.

A branch of the same value describes a set of keys (or positions) when it holds,
so it contributes a pair: a condition, which is a formula, and a language of keys.
The keys are then cut into cells that the same branches describe; for each cell,
some describing branch holds or every member in the cell satisfies the keyword.

Knows no document: it follows references as the walk does.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import ComplexityLimitExceeded

from .arrays import every_item
from .builder import ANYTHING, FALSE, NOTHING, TRUE
from .combinators import member_is
from .core import dynamic_target, recursive_target
from .lowering import Lowering, NeedsDynamicScope
from .objects import described_keys, every_member, has_member
from .patterns import encodable

MAX_CELLS = 4096
MAX_CHAIN = 100
# Item descriptions whose reach depends on values (contains under a condition): cells double with each.
MAX_CONDITIONAL = 10

Keys = tuple[int, int]  # condition, language of keys
Span = tuple[int, int, "int | None", int]  # condition, first and last position, what an item must satisfy


def unevaluatedProperties(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Members whose key nothing else describes satisfy the subschema."""
    formula = at.child(value)
    if formula == TRUE:
        return TRUE
    place = at.path.pop()
    described: list[Keys] = []
    _Collector(at, items=False).collect(schema, described, top=True)
    at.path.append(place)
    return _outside(at, described, formula)


def closed(at: Lowering, schema: dict[str, Any]) -> int:
    """No member but the described ones, where the schema describes any (extra_keys="never")."""
    described: list[Keys] = []
    _Collector(at, items=False).collect(schema, described, top=False)
    return _outside(at, described, FALSE) if described else TRUE


def _outside(at: Lowering, described: list[Keys], formula: int) -> int:
    regex = at.store.regex
    always = [keys for condition, keys in described if condition == TRUE]
    rest = ANYTHING if not always else regex.complement(regex.alternate(always))
    cells: list[tuple[int, list[int]]] = [(rest, [])]
    for condition, keys in described:
        if condition == TRUE:
            continue
        refined = []
        for cell, conditions in cells:
            inside = regex.intersect([cell, keys])
            if inside == NOTHING or regex.empty(inside):
                refined.append((cell, conditions))
                continue
            refined.append((inside, [*conditions, condition]))
            outside = regex.intersect([cell, regex.complement(keys)])
            if outside != NOTHING and not regex.empty(outside):
                refined.append((outside, conditions))
        cells = refined
        if len(cells) > MAX_CELLS:
            raise ComplexityLimitExceeded(
                "too many overlapping branches describe members differently",
                limit=f"{MAX_CELLS} cells of keys",
                pointer=at.pointer(),
            )
    parts = []
    for cell, conditions in cells:
        part = every_member(at, cell, formula)
        if part != TRUE:
            parts.append(at.store.any_of([part, *conditions]) if conditions else part)
    if len(parts) < 2:
        return parts[0] if parts else TRUE
    return at.store.all_of(parts)


def unevaluatedItems(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """Items that nothing else describes satisfy the subschema."""
    formula = at.child(value)
    if formula == TRUE:
        return TRUE
    place = at.path.pop()
    described: list[Span] = []
    _Collector(at, items=True).collect(schema, described, top=True)
    at.path.append(place)
    edges = sorted(
        {0} | {start for _, start, _, _ in described} | {e + 1 for _, _, e, _ in described if e is not None}
    )
    parts = []
    for index, start in enumerate(edges):
        stop = edges[index + 1] - 1 if index + 1 < len(edges) else None
        here = [s for s in described if s[1] <= start and (s[2] is None or s[2] >= start)]
        parts += _span(at, start, stop, here, formula)
    parts = [part for part in parts if part != TRUE]
    if len(parts) < 2:
        return parts[0] if parts else TRUE
    return at.store.all_of(parts)


def _span(at: Lowering, start: int, stop: int | None, here: list[Span], formula: int) -> list[int]:
    """The items from ``start`` to ``stop``, which the branches in ``here`` describe when they hold."""
    store = at.store
    whole = [condition for condition, _, _, item in here if item == TRUE]
    if TRUE in whole:
        return []
    by_value = [(condition, item) for condition, _, _, item in here if item != TRUE]
    always = [item for condition, item in by_value if condition == TRUE]
    sometimes = [(condition, item) for condition, item in by_value if condition != TRUE]
    if len(sometimes) > MAX_CONDITIONAL:
        raise ComplexityLimitExceeded(
            "too many conditional branches with contains describe items",
            limit=f"{MAX_CONDITIONAL} branches",
            pointer=at.pointer(),
        )
    parts = []
    for chosen in range(1 << len(sometimes)):
        # Either a branch that was not chosen holds, or the chosen ones describe enough.
        allowed = [formula, *always]
        others = list(whole)
        for bit, (condition, item) in enumerate(sometimes):
            if chosen >> bit & 1:
                allowed.append(item)
            else:
                others.append(condition)
        inner = allowed[0] if len(allowed) == 1 else store.any_of(allowed)
        part = every_item(at, start, stop, inner)
        if part != TRUE:
            parts.append(store.any_of([part, *others]) if others else part)
    return parts


class _Collector:
    """Walks the branches of one value and gathers what each describes."""

    def __init__(self, at: Lowering, *, items: bool) -> None:
        self.at = at
        self.items = items
        self.chain = 0

    def collect(self, schema: Any, out: list[Any], *, top: bool) -> None:
        """Add to ``out`` what ``schema``, written at the current place, describes."""
        if schema.__class__ is not dict:
            return
        at = self.at
        self.chain += 1
        if self.chain > MAX_CHAIN:
            raise ComplexityLimitExceeded(
                "branches nest too deep beside an unevaluated keyword",
                limit=f"{MAX_CHAIN} branches",
                pointer=at.pointer(),
            )
        with at.entering(schema):
            if at.resource.dialect.ref_alone and "$ref" in schema:
                schema = {"$ref": schema["$ref"]}
            for keyword, value in schema.items():
                if keyword in at.keywords:
                    at.path.append(keyword)
                    self._keyword(keyword, value, schema, out, top)
                    at.path.pop()
        self.chain -= 1

    def _keyword(self, keyword: str, value: Any, schema: dict[str, Any], out: list[Any], top: bool) -> None:
        at = self.at
        if keyword == "allOf":
            for index, part in enumerate(at.list_of(value)):
                at.path.append(index)
                self.collect(part, out, top=False)
                at.path.pop()
        elif keyword in ("anyOf", "oneOf"):
            for index, part in enumerate(at.list_of(value)):
                at.path.append(index)
                self._when(lambda part=part: at.branch(part), part, out)
                at.path.pop()
        elif keyword == "if":
            self._when(lambda: at.branch(value), value, out)
            place = at.path.pop()
            for name in ("then", "else"):
                if name in schema:
                    at.path.append(name)
                    test = at.branch if name == "then" else (lambda part: at.negate(at.branch(part)))
                    self._when(lambda test=test: test(value), schema[name], out)
                    at.path.pop()
            at.path.append(place)
        elif keyword in ("dependentSchemas", "dependencies"):
            for name, part in at.mapping(value).items():
                at.path.append(name)
                self._when(lambda name=name: has_member(at, name), part, out)
                at.path.pop()
        elif keyword == "propertyDependencies":
            for name, texts in at.mapping(value).items():
                for text, part in at.mapping(texts).items():
                    at.path += [name, text]
                    self._when(lambda name=name, text=text: member_is(at, name, text), part, out)
                    del at.path[-2:]
        elif keyword == "$ref":
            self._follow(at.resolve(value), out)
        elif keyword in ("$dynamicRef", "$recursiveRef"):
            if not at.dynamic:
                raise NeedsDynamicScope
            find = dynamic_target if keyword == "$dynamicRef" else recursive_target
            self._follow(find(at, value), out)
        elif self.items:
            self._items(keyword, value, schema, out, top)
        else:
            self._keys(keyword, value, schema, out, top)

    def _when(self, condition: Any, part: Any, out: list[Any]) -> None:
        """Gather from a branch that counts only when ``condition()`` holds."""
        inner: list[Any] = []
        self.collect(part, inner, top=False)
        if inner:
            holds = condition()
            if holds != FALSE:
                out.extend((self.at.both(holds, entry[0]), *entry[1:]) for entry in inner)

    def _follow(self, target: tuple[Any, Any, str], out: list[Any]) -> None:
        resource, schema, prefix = target
        with self.at.elsewhere(resource, prefix):
            self.collect(schema, out, top=False)

    def _keys(self, keyword: str, value: Any, schema: dict[str, Any], out: list[Any], top: bool) -> None:
        at = self.at
        if keyword == "properties":
            names = [name for name in at.mapping(value) if encodable(name)]
            if names:
                out.append((TRUE, at.store.regex.words(names)))
        elif keyword == "patternProperties":
            for pattern in at.mapping(value):
                out.append((TRUE, at.pattern(pattern)))
        elif keyword == "additionalProperties":
            out.append((TRUE, at.store.regex.complement(described_keys(at, schema))))
        elif keyword == "unevaluatedProperties" and not top:
            out.append((TRUE, ANYTHING))

    def _items(self, keyword: str, value: Any, schema: dict[str, Any], out: list[Any], top: bool) -> None:
        at = self.at
        if keyword == "prefixItems":
            out.append((TRUE, 0, len(at.list_of(value)) - 1, TRUE))
        elif keyword == "items":
            if value.__class__ is list and not value:
                return
            if value.__class__ is list:
                out.append((TRUE, 0, len(value) - 1, TRUE))
            else:
                out.append((TRUE, 0, None, TRUE))
        elif (keyword == "additionalItems" and schema.get("items").__class__ is list) or (
            keyword == "unevaluatedItems" and not top
        ):
            out.append((TRUE, 0, None, TRUE))
        elif keyword == "contains" and at.resource.dialect.contains_evaluates:
            out.append((TRUE, 0, None, at.child(value)))
