"""Where a reference leads: documents, embedded resources, anchors and pointers.

A *resource* is a schema with a base URI of its own: the document, or a subschema
with an identifier.  Pointers are followed by hand (the common case, no index
needed); anchors and embedded identifiers need one scan of the document; other
documents come from the caller's registry, then from the published metaschemas.
Nothing here ever opens a network connection; a ``referencing.Registry`` whose
owner gave it a retriever is asked for what it does not hold.

Knows no store and no formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urldefrag, urljoin

from structgen.errors import ComplexityLimitExceeded, InvalidSchema

from .text import excerpt, parse_json, snapshot

if TYPE_CHECKING:
    from .dialects import Dialect

MAX_SCAN = 20_000_000

# Where subschemas stand, for every dialect: one schema, a list of them, or a mapping to them.
SINGLE = frozenset(
    "additionalItems additionalProperties contains contentSchema else if items not propertyNames then "
    "unevaluatedItems unevaluatedProperties".split()
)
LISTS = frozenset("allOf anyOf items oneOf prefixItems".split())
MAPPINGS = frozenset("$defs definitions dependencies dependentSchemas patternProperties properties".split())


class Resource:
    """A schema with a base URI, the dialect it is written in and its named places."""

    __slots__ = ("anchors", "dialect", "dynamic_anchors", "recursive_anchor", "root", "scanned", "uri")

    def __init__(self, uri: str, root: Any, dialect: Dialect) -> None:
        self.uri = uri
        self.root = root
        self.dialect = dialect
        self.anchors: dict[str, Any] = {}
        self.dynamic_anchors: dict[str, Any] = {}
        self.recursive_anchor = root.__class__ is dict and root.get("$recursiveAnchor") is True
        self.scanned = False


class Resources:
    """Every resource a schema can reach, found on demand."""

    def __init__(self, root: Any, dialect: Dialect, registry: Any) -> None:
        self._registry = registry
        self._by_uri: dict[str, Resource] = {}
        self._by_root: dict[int, Resource] = {}
        self._published: Any = None
        self._failures: dict[str, str] = {}  # URI: what the registry's retriever said
        self._kept: list[Any] = []  # keeps the ids in _by_root valid
        self.root = self._document("", root, dialect)

    def enter(self, schema: dict[str, Any], parent: Resource) -> Resource:
        """Return the resource that ``schema`` starts, or ``parent`` when it starts none."""
        known = self._by_root.get(id(schema))
        if known is not None:
            return known
        identifier = self._identifier(schema, parent.dialect)
        if identifier is None:
            return parent
        return self._add(self.join(parent.uri, identifier), schema, self._dialect_of(schema, parent.dialect))

    def resolve(self, reference: str, base: Resource) -> tuple[Resource, Any, str]:
        """Find what ``reference`` means inside ``base``: its resource, the schema, its pointer.

        Raises InvalidSchema when it leads nowhere.
        """
        if reference == "#":
            return base, base.root, self._place(base, "")
        if reference.startswith("#"):
            fragment, resource = reference[1:], base
        else:
            uri, fragment = urldefrag(self.join(base.uri, reference))
            resource = self._find(uri, base)
        if not fragment or fragment[0] == "/":
            return self._pointer(resource, fragment)
        name = unquote(fragment)
        schema = self.anchor(resource, name)
        if schema is None:
            raise InvalidSchema(
                f"unknown reference {excerpt(reference)}: no subschema is named {excerpt(name)}"
            )
        return self._holder(schema, resource), schema, self._place(resource, "#" + name)

    def anchor(self, resource: Resource, name: str) -> Any:
        """Return the subschema called ``name`` in ``resource``, or None."""
        self.scan(resource)
        found = resource.anchors.get(name)
        return resource.dynamic_anchors.get(name) if found is None else found

    def join(self, base: str, reference: str) -> str:
        """Resolve a URI reference against a base URI."""
        try:
            return urljoin(base, reference) if base else reference
        except ValueError:
            raise InvalidSchema(f"{excerpt(reference)} is not a URI reference") from None

    def scan(self, resource: Resource) -> None:
        """Index the embedded resources and anchors below ``resource``; once, iteratively."""
        if resource.scanned:
            return
        resource.scanned = True
        stack: list[tuple[Any, Resource]] = [(resource.root, resource)]
        seen: set[int] = set()
        while stack:
            schema, holder = stack.pop()
            if schema.__class__ is not dict or id(schema) in seen:
                continue
            seen.add(id(schema))
            if len(seen) > MAX_SCAN:
                raise ComplexityLimitExceeded("too many subschemas to index", limit=f"{MAX_SCAN} subschemas")
            dialect = holder.dialect
            if not (dialect.ref_alone and "$ref" in schema):
                if schema is not holder.root:
                    holder = self.enter(schema, holder)
                    holder.scanned = True
                    dialect = holder.dialect
                self._name(schema, holder, dialect)
            for keyword, value in schema.items():
                kind = value.__class__
                if kind is dict:
                    if keyword in SINGLE:
                        stack.append((value, holder))
                    elif keyword in MAPPINGS:
                        stack.extend((part, holder) for part in value.values())
                    elif keyword == "propertyDependencies":
                        for parts in value.values():
                            if parts.__class__ is dict:
                                stack.extend((part, holder) for part in parts.values())
                elif kind is list and keyword in LISTS:
                    stack.extend((part, holder) for part in value)

    def _name(self, schema: dict[str, Any], holder: Resource, dialect: Dialect) -> None:
        if dialect.anchors:
            for keyword, table in (("$anchor", holder.anchors), ("$dynamicAnchor", holder.dynamic_anchors)):
                name = schema.get(keyword)
                if isinstance(name, str):
                    table.setdefault(name, schema)
        if dialect.fragment_ids:
            for keyword in ("$id", "id"):
                name = schema.get(keyword)
                if isinstance(name, str) and name[:1] == "#" and len(name) > 1:
                    holder.anchors.setdefault(name[1:], schema)

    def _identifier(self, schema: dict[str, Any], dialect: Dialect) -> str | None:
        name = schema.get(dialect.id_keyword)
        if not isinstance(name, str) or (dialect.ref_alone and "$ref" in schema):
            return None
        name = name.removesuffix("#") if not name.startswith("#") else name
        return None if not name or name.startswith("#") else name

    def _add(self, uri: str, root: Any, dialect: Dialect) -> Resource:
        resource = Resource(urldefrag(uri).url, root, dialect)
        self._by_root[id(root)] = resource
        self._kept.append(root)
        self._by_uri.setdefault(resource.uri, resource)
        return resource

    def _document(self, uri: str, root: Any, dialect: Dialect) -> Resource:
        if root.__class__ is dict:
            identifier = self._identifier(root, dialect)
            if identifier is not None:
                resource = self._add(self.join(uri, identifier), root, dialect)
                self._by_uri.setdefault(uri, resource)
                return resource
        return self._add(uri, root, dialect)

    def _dialect_of(self, schema: Any, inherited: Dialect) -> Dialect:
        from .dialects import dialect_of_document

        return dialect_of_document(schema, inherited, self)

    def _find(self, uri: str, base: Resource) -> Resource:
        found = self._by_uri.get(uri)
        if found is not None:
            return found
        for resource in list(self._by_root.values()):
            self.scan(resource)
        found = self._by_uri.get(uri)
        if found is not None:
            return found
        contents = self.contents(uri)
        if contents is None:
            why = self._failures.get(uri)
            if why is not None:
                raise InvalidSchema(
                    f"unknown reference: the registry could not retrieve {excerpt(uri)} ({why})"
                )
            raise InvalidSchema(
                f"unknown reference: there is no schema {excerpt(uri)}; pass it as registry={{uri: schema}}, "
                "nothing is fetched unless the registry has a retriever of its own"
            )
        return self._document(uri, contents, self._dialect_of(contents, base.dialect))

    def contents(self, uri: str) -> Any:
        """Return the document at ``uri`` from the registry or the metaschemas, else None."""
        registry = self._registry
        if registry is not None:
            if isinstance(registry, Mapping) and not hasattr(registry, "get_or_retrieve"):
                for name in (uri, uri + "#"):
                    if name in registry:
                        value = registry[name]
                        return parse_json(value) if isinstance(value, (str, bytes)) else snapshot(value)
            else:
                found, why = _retrieved(registry, uri)
                if found is not None:
                    return found
                if why:
                    self._failures[uri] = why
        if self._published is None:
            from jsonschema_specifications import REGISTRY

            self._published = REGISTRY
        return _retrieved(self._published, uri)[0]

    def _pointer(self, resource: Resource, fragment: str) -> tuple[Resource, Any, str]:
        schema = resource.root
        holder = resource
        for token in unquote(fragment).split("/")[1:]:
            if "~" in token:
                token = token.replace("~1", "/").replace("~0", "~")
            if schema.__class__ is dict and token in schema:
                schema = schema[token]
                if schema.__class__ is dict and holder.dialect.id_keyword in schema:
                    holder = self.enter(schema, holder)
            elif schema.__class__ is list and token.isdecimal() and int(token[:9]) < len(schema):
                schema = schema[int(token[:9])]
            else:
                where = excerpt("#" + fragment)
                raise InvalidSchema(f"unknown reference {where}: there is nothing at {excerpt(token)}")
        return holder, schema, self._place(resource, fragment)

    def _holder(self, schema: Any, resource: Resource) -> Resource:
        return self._by_root.get(id(schema), resource)

    def _place(self, resource: Resource, fragment: str) -> str:
        return fragment if resource is self.root else f"{resource.uri}#{fragment.removeprefix('#')}"


def _retrieved(registry: Any, uri: str) -> tuple[Any, str]:
    """Ask a `referencing` registry for one document, by either spelling of its URI.

    Returns its contents, or None and what the registry's own retriever said, if it said something.
    """
    from referencing.exceptions import NoSuchResource

    reason = ""
    for name in (uri, uri + "#"):
        try:
            return snapshot(registry.get_or_retrieve(name).value.contents), ""
        except InvalidSchema:
            raise
        except NoSuchResource:
            continue
        except Exception as error:
            cause = error.__cause__ or error
            if not isinstance(cause, (NoSuchResource, LookupError)):
                reason = reason or f"{type(cause).__name__}: {str(cause)[:100]}"
    return None, reason
