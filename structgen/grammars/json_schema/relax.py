"""Lowering a schema with only some of its keywords switched on: what explanations are made from.

A keyword that is switched off constrains nothing, but the keywords beside it still see its value: without
`properties`, `additionalProperties: false` forbids what it forbade before.  So switching off only ever allows
more values, and a question such as "is there no value?" can be asked of every set of keywords.

That fails below `not`, `if` and the like, where allowing more in the subschema allows less outside.  Such a
keyword is switched on or off as a whole, with all it refers to.

Knows no question; conflict.py and structgen/validation.py ask them.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from typing import Any

from .builder import TRUE
from .combinators import anyOf
from .dialects import Keyword
from .lowering import Lowering, Target
from .schema import JsonSchema

# Keywords called in all the lowerings of one explanation, and the places it may choose among.
MAX_CALLS = 200_000
MAX_SITES = 5_000


@dataclass(frozen=True)
class Site:
    """A keyword where it stands: its pointer ends in its name."""

    pointer: str
    keyword: str
    value: Any


class Exhausted(Exception):
    """The work an explanation may cost is spent; there is none."""


class Relaxation:
    """A schema whose keywords can be switched off; ``sites`` are those that can."""

    def __init__(self, grammar: JsonSchema, store: Any) -> None:
        """Raises Exhausted where the schema is too large to be explained."""
        self.grammar = grammar
        self.store = store
        self.calls = 0
        self.weak = False
        self.fixed: set[str] = set()
        self.sites: list[Site] = []
        self.survey()

    def survey(self) -> None:
        """Find the keywords that can be switched off."""
        seen: dict[str, tuple[Site, Any]] = {}
        edges: dict[Any, set[Any]] = {}
        roots: set[Any] = set()
        self.fixed = set()
        self._lower(None, seen, edges, roots)
        whole = set(roots)
        waiting = list(roots)
        while waiting:
            for target in edges.get(waiting.pop(), ()):
                if target not in whole:
                    whole.add(target)
                    waiting.append(target)
        self.fixed = {pointer for pointer, (_, owner) in seen.items() if owner in whole}
        self.sites = [site for pointer, (site, _) in seen.items() if pointer not in self.fixed]
        if len(self.sites) > MAX_SITES:
            raise Exhausted

    def weaken(self) -> None:
        """Read `oneOf` as `anyOf` from here on, so that its branches can be switched off one by one."""
        self.weak = True
        self.survey()

    def formula(self, active: Set[str]) -> int:
        """Return the formula of the schema with only the keywords at these pointers."""
        return self._lower(active, {}, {}, set())

    def _lower(self, active: Set[str] | None, seen: Any, edges: Any, roots: Any) -> int:
        def make(*arguments: Any) -> Lowering:
            return _Relaxed(self, active, seen, edges, roots, *arguments)

        settle = getattr(self.store, "resolve_references", None)
        try:
            root = self.grammar.lower(self.store, None, make)
            if settle is not None:
                settle()
        except BaseException:
            if settle is not None:
                self.store.forget_references()
            raise
        return root

    def spend(self) -> None:
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise Exhausted


def opaque(keyword: str, schema: dict[str, Any], weak: bool) -> bool:
    """Say whether allowing more below ``keyword`` may allow less beside it."""
    if keyword == "contains":
        return "maxContains" in schema
    return keyword in ("not", "if") or (keyword == "oneOf" and not weak)


class _Relaxed(Lowering):
    """The walk with the keyword functions wrapped: some say nothing, all are written down."""

    def __init__(
        self,
        relaxation: Relaxation,
        active: Set[str] | None,
        seen: dict[str, tuple[Site, Any]],
        edges: dict[Any, set[Any]],
        roots: set[Any],
        *arguments: Any,
    ) -> None:
        self.relaxation = relaxation
        self.active = active
        self.seen = seen
        self.edges = edges
        self.roots = roots
        self.opaque = 0
        self._wrapped: dict[int, dict[str, Keyword]] = {}
        self._table: dict[str, Keyword] = {}
        super().__init__(*arguments)

    @property
    def keywords(self) -> dict[str, Keyword]:
        return self._table

    @keywords.setter
    def keywords(self, table: dict[str, Keyword]) -> None:
        if table is self._table:
            return
        found = self._wrapped.get(id(table))
        if found is None:
            found = {name: self._wrap(name, function) for name, function in table.items()}
            # A wrapped table is set again where the walk returns from a resource: it stands for itself.
            self._wrapped[id(table)] = self._wrapped[id(found)] = found
        self._table = found

    def _reset(self) -> None:
        super()._reset()
        self.opaque = 0
        self.seen.clear()

    def _wrap(self, name: str, function: Keyword) -> Keyword:
        def keyword(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
            self.relaxation.spend()
            if self.opaque:
                return function(at, value, schema)
            pointer = at.pointer()
            fixed = self.relaxation.fixed
            if self.active is not None and pointer not in self.active and pointer not in fixed:
                return TRUE
            whole = opaque(name, schema, self.relaxation.weak)
            self.opaque += whole
            chosen = anyOf if name == "oneOf" and not whole else function
            formula = chosen(at, value, schema)
            self.opaque -= whole
            if formula is not None and formula != TRUE and self.active is None:
                owner = self.current.key if self.current is not None else None
                self.seen.setdefault(pointer, (Site(pointer, name, value), owner))
            return formula

        return keyword

    def _lower_target(self, target: Target) -> None:
        self.opaque = 0
        super()._lower_target(target)

    def _target(
        self,
        key: Any,
        schema: Any,
        resource: Any,
        prefix: str,
        scope: tuple[Any, ...],
        work: Callable[[], int] | None,
    ) -> Target:
        if self.opaque:
            self.roots.add(key)
        if self.current is not None:
            self.edges.setdefault(self.current.key, set()).add(key)
        return super()._target(key, schema, resource, prefix, scope, work)


def leaves(sites: list[Site]) -> list[Site]:
    """Leave out the keywords that only lead to others in the list."""
    pointers = [site.pointer for site in sites]

    def leads_on(site: Site) -> bool:
        inside = site.pointer + "/"
        if any(pointer.startswith(inside) for pointer in pointers):
            return True
        return site.keyword == "$ref" and _leads_to(site, pointers)

    kept = [site for site in sites if not leads_on(site)]
    return kept or sites


def _leads_to(site: Site, pointers: list[str]) -> bool:
    target = site.value
    if not isinstance(target, str):
        return False
    inside = (target.removeprefix("#") if target.startswith("#/") else target) + "/"
    if target == "#":
        return True
    return any(pointer.startswith(inside) and pointer != site.pointer for pointer in pointers)


def common_place(sites: list[Site]) -> str:
    """Return the pointer of the smallest place that holds every one of these keywords."""
    if not sites:
        return ""
    paths = [site.pointer.split("/") for site in sites]
    if len(paths) == 1:
        return sites[0].pointer
    shared = []
    for steps in zip(*paths, strict=False):
        if len(set(steps)) > 1:
            break
        shared.append(steps[0])
    return "/".join(shared)


def to_blame(relaxation: Relaxation, holds: Callable[[list[Site]], bool]) -> list[Site] | None:
    """Return a smallest set of keywords to which ``holds`` says yes; None where all together are a no.

    An exclusive ``oneOf`` is first read as ``anyOf``, whose branches can be told apart.
    """
    if any(site.keyword == "oneOf" for site in relaxation.sites):
        relaxation.weaken()
        if not holds(relaxation.sites):
            relaxation.weak = False
            relaxation.survey()
    return smallest(relaxation.sites, holds) if holds(relaxation.sites) else None


def smallest(sites: list[Site], holds: Callable[[list[Site]], bool]) -> list[Site]:
    """Return a set of which nothing can be left out so that ``holds`` still says yes.

    ``holds`` must say yes to all of ``sites`` together.  About k·log(n) questions for k of n
    (Junker, QuickXplain, AAAI 2004).
    """

    def search(background: list[Site], changed: bool, rest: list[Site]) -> list[Site]:
        if changed and holds(background):
            return []
        if len(rest) == 1:
            return rest
        half = len(rest) // 2
        first, second = rest[:half], rest[half:]
        kept = search([*background, *first], True, second)
        return search([*background, *kept], bool(kept), first) + kept

    if not sites or holds([]):
        return []
    return search([], False, sites)
