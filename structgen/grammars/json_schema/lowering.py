"""From a schema to a formula: the walk that calls one function per keyword.

The walk keeps where it is (JSON pointer, resource, dynamic scope) and lowers
every reference target exactly once, from a worklist, so recursion in a schema
costs nothing and an error anywhere reachable is found before decoding starts.
Nesting deeper than MAX_DEPTH continues through the same worklist, so no schema
is too deep for the interpreter's stack.

Knows no keyword by name except references and identifiers, which decide where
the walk goes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from structgen.errors import ComplexityLimitExceeded, InvalidSchema, RegexSyntaxError

from .builder import FALSE, TRUE, Store
from .languages import StringLanguages
from .patterns import Languages
from .report import Report
from .resources import Resource, Resources
from .text import excerpt, number_text, too_long

if TYPE_CHECKING:
    from .dialects import Dialect

MAX_DEPTH = 40
MAX_POINTER = 1000
MAX_SUBSCHEMAS = 5_000_000


class NeedsDynamicScope(Exception):
    """Raised once, by the first dynamic reference: the walk starts again, tracking the scope."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a caller chose that changes the formula."""

    formats: str = "assert"
    extra_keys: str = "spec"
    content: str = "annotate"


class Target:
    """A place that references lead to, and its formula once lowered."""

    __slots__ = ("formula", "in_place", "key", "node", "prefix", "resource", "schema", "scope", "work")

    def __init__(
        self,
        key: Any,
        schema: Any,
        resource: Resource,
        prefix: str,
        scope: tuple[Resource, ...],
        work: Callable[[], int] | None,
    ) -> None:
        self.key = key
        self.schema = schema
        self.resource = resource
        self.prefix = prefix
        self.scope = scope
        self.work = work
        self.formula: int | None = None
        self.node: int | None = None
        self.in_place: list[Target] = []  # targets read at the same place, before any member or item

    def resolved(self) -> int:
        """Return the formula; called by the store when the reference is reached."""
        if self.formula is None:
            raise RuntimeError("a reference was resolved before its schema was lowered")
        return self.formula


class Lowering:
    """One walk over one schema, building in one store."""

    def __init__(
        self, store: Store, resources: Resources, options: Options, report: Report, languages: Languages
    ) -> None:
        self.store = store
        self.resources = resources
        self.options = options
        self.report = report
        self.languages = languages
        self.dynamic = False
        self._cut: set[tuple[Any, Any]] = set()
        self.types: dict[tuple[str, bool], int] = {}  # formulas of the type keyword
        self._unless: dict[str, int] = {}
        self._reset()

    def _reset(self) -> None:
        self.resource = self.resources.root
        self.keywords = self.resource.dialect.keywords
        self.scope: tuple[Resource, ...] = ()
        self.prefix = ""
        self.path: list[Any] = []
        self.depth = 0
        self.subschemas = 0
        self.in_place = True
        self.reading = False
        # Set by a keyword function that constrains nothing, where its name alone would say too little.
        self.annotated_as: str | None = None
        self.current: Target | None = None
        self.targets: dict[Any, Target] = {}
        self.pending: list[Target] = []

    # --- The walk.

    def run(self) -> int:
        """Lower the root schema and all it refers to; return the root formula."""
        while True:
            try:
                formula = self._run()
            except NeedsDynamicScope:
                self.dynamic = True
            else:
                endless = self._endless_references()
                if not endless:
                    return formula
                self._cut |= endless
            self.report.clear()
            self._reset()
            # What this attempt left open belongs to nobody; a store of its own kind may not keep such a list.
            forget = getattr(self.store, "forget_references", None)
            if forget is not None:
                forget()

    def _run(self) -> int:
        root = self.resources.root
        scope = (root,) if self.dynamic else ()
        if root.root.__class__ is not dict:
            return self.lower(root.root)
        start = self._target(("value", id(root.root), id(root), scope), root.root, root, "", scope, None)
        while self.pending:
            self._lower_target(self.pending.pop())
        return start.resolved()

    def _lower_target(self, target: Target) -> None:
        self.resource = target.resource
        self.keywords = target.resource.dialect.keywords
        self.scope = target.scope
        self.prefix = target.prefix
        self.path.clear()
        self.depth = 0
        self.in_place = True
        self.current = target
        work = target.work
        if work is not None:
            target.formula = work()
        elif target.schema is self.resources.root.root:
            target.formula = self._value(target.schema)
        else:
            target.formula = self.lower(target.schema)

    def lower(self, schema: Any) -> int:
        """Lower the schema at the current place."""
        if schema.__class__ is not dict:
            if schema is True:
                return TRUE
            if schema is False:
                return FALSE
            raise self.invalid(f"a schema must be an object or a boolean, got {excerpt(schema)}")
        if not schema:
            return TRUE
        if self.depth >= MAX_DEPTH:
            if self.reading:
                raise self._too_deep()
            return self.defer(schema)
        self.subschemas += 1
        if self.subschemas > MAX_SUBSCHEMAS:
            raise ComplexityLimitExceeded(
                "the schema has too many subschemas", limit=f"{MAX_SUBSCHEMAS}", pointer=self.pointer()
            )
        self.depth += 1
        resource = self.resource
        dialect = resource.dialect
        if dialect.id_keyword in schema and schema is not resource.root:
            inner = self.resources.enter(schema, resource)
            if inner is not resource:
                scope = self.scope
                self._enter(inner)
                formula = self._keywords(schema, inner.dialect)
                self.resource = resource
                self.keywords = dialect.keywords
                self.scope = scope
                self.depth -= 1
                return formula
        formula = self._keywords(schema, dialect)
        self.depth -= 1
        return formula

    def _keywords(self, schema: dict[str, Any], dialect: Dialect) -> int:
        keywords = self.keywords
        path = self.path
        enforced = self.report.enforced
        if dialect.ref_alone and "$ref" in schema:
            if len(schema) > 1:
                self._siblings(schema)
            schema = {"$ref": schema["$ref"]}
        parts: list[int] = []
        for keyword, value in schema.items():
            function = keywords.get(keyword)
            if function is None:
                annotations = self.report.annotations
                annotations[keyword] = annotations.get(keyword, 0) + 1
                continue
            path.append(keyword)
            formula = function(self, value, schema)
            path.pop()
            if formula is None:  # it constrains nothing here
                name, self.annotated_as = self.annotated_as or keyword, None
                annotations = self.report.annotations
                annotations[name] = annotations.get(name, 0) + 1
                continue
            enforced[keyword] = enforced.get(keyword, 0) + 1
            if formula != TRUE:
                parts.append(formula)
        if not parts:
            return TRUE
        return parts[0] if len(parts) == 1 else self.store.all_of(parts)

    def _siblings(self, schema: dict[str, Any]) -> None:
        ignored = [name for name in schema if name != "$ref" and name in self.keywords]
        if ignored:
            names = ", ".join(ignored[:8])
            self.report.note(self.pointer(), f"{names} beside $ref: ignored, as this dialect says")

    @contextmanager
    def entering(self, schema: dict[str, Any]) -> Iterator[None]:
        """Stand in the resource that ``schema`` starts, if it starts one."""
        saved = self.resource, self.keywords, self.scope
        if schema is not self.resource.root and self.resource.dialect.id_keyword in schema:
            self._enter(self.resources.enter(schema, self.resource))
        yield
        self.resource, self.keywords, self.scope = saved

    @contextmanager
    def elsewhere(self, resource: Resource, prefix: str) -> Iterator[None]:
        """Stand where a reference leads."""
        saved = self.resource, self.keywords, self.scope, self.prefix, self.path
        self._enter(resource)
        self.prefix, self.path = prefix, []
        yield
        self.resource, self.keywords, self.scope, self.prefix, self.path = saved

    @contextmanager
    def reading_strings(self, store: StringLanguages) -> Iterator[None]:
        """Build languages of strings instead of formulas: members and items mean nothing there."""
        saved = self.store, self.types, self._unless, self.targets, self.depth
        was_reading = self.reading  # the schema of a name may speak of names itself
        self.store, self.types, self._unless, self.targets, self.depth = store, {}, {}, {}, 0
        self.reading = True
        try:
            yield
        finally:  # the walk may start again when a dynamic reference is met
            self.store, self.types, self._unless, self.targets, self.depth = saved
            self.reading = was_reading

    def _enter(self, resource: Resource) -> None:
        self.resource = resource
        self.keywords = resource.dialect.keywords
        if self.dynamic and resource not in self.scope:
            self.scope = (*self.scope, resource)

    # --- What keyword functions use.

    def branch(self, schema: Any, key: Any = None) -> int:
        """Lower a subschema of the same value: a branch of anyOf, not, if."""
        if key is None:
            return self.lower(schema)
        self.path.append(key)
        formula = self.lower(schema)
        self.path.pop()
        return formula

    def child(self, schema: Any, key: Any = None) -> int:
        """Lower a subschema of a member or an item."""
        if self.reading:
            return TRUE
        saved = self.in_place
        self.in_place = False
        if key is None:
            formula = self._value(schema)
        else:
            self.path.append(key)
            formula = self._value(schema)
            self.path.pop()
        self.in_place = saved
        return formula

    def _value(self, schema: Any) -> int:
        formula = self.lower(schema)
        if self.options.extra_keys == "never" and schema.__class__ is dict:
            from .unevaluated import closed

            formula = self.both(formula, closed(self, schema))
        return formula

    def negate(self, formula: int) -> int:
        """Return ¬formula."""
        return 1 - formula if formula < 2 else self.store.not_(formula)

    def both(self, a: int, b: int) -> int:
        """Return a ∧ b."""
        if a == TRUE or b == FALSE:
            return b
        if b == TRUE or a == FALSE:
            return a
        return self.store.all_of([a, b])

    def unless(self, type_name: str, formula: int) -> int:
        """Return type → formula: true of every value of another type."""
        if formula == TRUE:
            return TRUE
        absent = self._unless.get(type_name)
        if absent is None:
            absent = self.store.not_(self.store.type_(type_name))
            self._unless[type_name] = absent
        return absent if formula == FALSE else self.store.any_of([absent, formula])

    def pattern(self, pattern: Any) -> int:
        """Return the language of an ECMA-262 pattern, searched for anywhere."""
        if pattern.__class__ is not str:
            raise self.invalid(f"{self.path[-1]} must be a regular expression, got {excerpt(pattern)}")
        try:
            language, notes = self.languages.pattern(pattern)
        except RegexSyntaxError as error:
            raise self.invalid(f"{excerpt(pattern)} is not a regular expression: {error}") from error
        for note in notes:
            self.report.note(self.pointer(), note)
        return language

    def count(self, value: Any) -> int:
        """Check that a keyword's value is a count: an integer of at least 0."""
        if value.__class__ is int and value >= 0:
            return value
        if isinstance(value, float) and value >= 0 and value.is_integer():
            return int(value)
        raise self.invalid(f"{self.path[-1]} must be a non-negative integer, got {excerpt(value)}")

    def number(self, value: Any) -> str:
        """Check that a keyword's value is a number; return its exact text."""
        text = number_text(value)
        if text is None:
            raise self.invalid(
                f"{self.path[-1]} must be a finite number, got {too_long(value) or excerpt(value)}"
            )
        return text

    def list_of(self, value: Any, *, empty: bool = True) -> list[Any]:
        """Check that a keyword's value is a list."""
        if value.__class__ is tuple:
            value = list(value)
        if value.__class__ is not list:
            raise self.invalid(f"{self.path[-1]} must be a list, got {excerpt(value)}")
        if not value and not empty:
            raise self.invalid(f"{self.path[-1]} must be a list of at least one schema")
        return value

    def mapping(self, value: Any) -> dict[str, Any]:
        """Check that a keyword's value is an object."""
        if value.__class__ is not dict:
            raise self.invalid(f"{self.path[-1]} must be an object, got {excerpt(value)}")
        for name in value:
            if name.__class__ is not str:
                raise self.invalid(f"{self.path[-1]} has a name that is not a string: {excerpt(name)}")
        return value

    def names(self, value: Any) -> list[str]:
        """Check that a keyword's value is a list of strings."""
        names = self.list_of(value)
        for name in names:
            if name.__class__ is not str:
                raise self.invalid(f"{self.path[-1]} must be a list of strings, got {excerpt(name)} in it")
        return names

    def pointer(self) -> str:
        """Return the JSON pointer of the current place."""
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in self.path]
        pointer = self.prefix + "".join("/" + step for step in steps)
        if len(pointer) > MAX_POINTER:  # a place in a very deep schema: its beginning and its end tell enough
            pointer = f"{pointer[: MAX_POINTER // 2]}/…{pointer[-MAX_POINTER // 4 :]}"
        return pointer

    def invalid(self, message: str) -> InvalidSchema:
        """Return the error for the current place."""
        return InvalidSchema(message, pointer=self.pointer())

    # --- References.

    def resolve(self, reference: Any) -> tuple[Resource, Any, str]:
        """Find the target of a reference; errors say where the reference stands."""
        if reference.__class__ is not str:
            raise self.invalid(f"{self.path[-1]} must be a URI reference, got {excerpt(reference)}")
        try:
            return self.resources.resolve(reference, self.resource)
        except InvalidSchema as error:
            raise self.invalid(error.reason) from None

    def refer(self, resource: Resource, schema: Any, prefix: str) -> int:
        """Return the node of a reference to ``schema``; equal targets share one node."""
        if schema.__class__ is not dict:
            if schema is True or schema is False:
                return TRUE if schema else FALSE
            raise self.invalid(f"the reference leads to {excerpt(schema)}, which is not a schema")
        scope = self.scope
        if self.dynamic and resource not in scope:
            scope = (*scope, resource)
        # The root is lowered as a value; a reference to it means the same unless objects are closed.
        place = "value" if self.options.extra_keys == "spec" else "place"
        return self._node((place, id(schema), id(resource), scope), schema, resource, prefix, scope, None)

    def defer(self, schema: Any, work: Callable[[], int] | None = None) -> int:
        """Lower ``schema`` (or run ``work``) later, from the worklist; return a reference to the result."""
        kind = "deferred" if work is None else "work"
        key = (kind, id(schema), id(self.resource), self.scope)
        return self._node(key, schema, self.resource, self.pointer(), self.scope, work)

    def _node(
        self,
        key: Any,
        schema: Any,
        resource: Resource,
        prefix: str,
        scope: tuple[Resource, ...],
        work: Callable[[], int] | None,
    ) -> int:
        if self.reading:
            return self._read_now(key, schema, resource, prefix)
        target = self._target(key, schema, resource, prefix, scope, work)
        if self.in_place and self.current is not None:
            if self._cut and (self.current.key, key) in self._cut:
                self.report.note(
                    self.pointer(),
                    "the reference leads back to itself without describing a member or item: matches nothing",
                )
                return FALSE
            self.current.in_place.append(target)
        if target.node is None:
            target.node = self.store.reference(partial(Target.resolved, target))
        return target.node

    def _target(
        self,
        key: Any,
        schema: Any,
        resource: Resource,
        prefix: str,
        scope: tuple[Resource, ...],
        work: Callable[[], int] | None,
    ) -> Target:
        target = self.targets.get(key)
        if target is None:
            target = Target(key, schema, resource, prefix, scope, work)
            self.targets[key] = target
            self.pending.append(target)
        return target

    def _read_now(self, key: Any, schema: Any, resource: Resource, prefix: str) -> int:
        """A reference while reading strings: languages cannot wait, and are never recursive."""
        target = self.targets.get(key)
        if target is None:
            target = self.targets[key] = Target(key, schema, resource, prefix, self.scope, None)
            self.depth += 1
            if self.depth >= MAX_DEPTH:
                raise self._too_deep()
            with self.elsewhere(resource, prefix):
                target.formula = self.lower(schema)
            self.depth -= 1
        if target.formula is None:
            raise self._endless(target)
        return target.formula

    def _too_deep(self) -> ComplexityLimitExceeded:
        return ComplexityLimitExceeded(
            "the schema of a member's name nests too deep",
            limit=f"{MAX_DEPTH} levels",
            pointer=self.pointer(),
        )

    def _endless(self, target: Target) -> InvalidSchema:
        return InvalidSchema(
            "the reference leads back to itself without describing a member or an item", pointer=target.prefix
        )

    def _endless_references(self) -> set[tuple[Any, Any]]:
        """Find the references that lead back to themselves without reading a member or an item.

        Such a schema means nothing; read as a least fixed point, the reference that
        closes the circle matches nothing.  Where the root itself goes round in
        circles, that is an error.
        """
        found: set[tuple[Any, Any]] = set()
        state: dict[int, int] = {}  # 1: on the current chain, 2: done
        for number, start in enumerate(self.targets.values()):
            if not start.in_place or id(start) in state:
                continue
            chain = [(start, iter(start.in_place))]
            state[id(start)] = 1
            while chain:
                target, successors = chain[-1]
                for successor in successors:
                    seen = state.get(id(successor))
                    if seen == 1:
                        if number == 0:
                            raise self._endless(successor)
                        found.add((target.key, successor.key))
                    elif seen is None:
                        state[id(successor)] = 1
                        chain.append((successor, iter(successor.in_place)))
                        break
                else:
                    state[id(target)] = 2
                    chain.pop()
        return found
