"""A JSON Schema as a grammar: the value users hold, and how it is made from text or Python.

Knows no keyword; lowering.py walks, dialects.py knows the tables.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from structgen.errors import ComplexityLimitExceeded, InvalidSchema
from structgen.grammars.grammar import Grammar

if TYPE_CHECKING:
    from structgen.grammars.composition.composer import Composer, Piece

from .dialects import LIBERAL, dialect_of_document, named
from .lowering import Lowering, Options
from .patterns import languages_of
from .report import Report
from .resources import Resources
from .text import excerpt, parse_json, snapshot

CHOICES: dict[str, tuple[str, ...]] = {
    "property_order": ("schema", "any"),
    "whitespace": ("compact", "bounded", "any"),
    "numbers": ("float64", "any"),
    "escapes": ("minimal", "any"),
    "formats": ("assert", "annotate"),
    "extra_keys": ("spec", "never"),
    "content": ("annotate", "assert"),
    "words": ("json", "python"),
}


class JsonSchema(Grammar):
    """The JSON texts whose value satisfies a schema; made by :func:`json_schema`.

    Immutable.  ``schema`` is a private copy: do not change it.
    """

    __slots__ = (
        "content",
        "dialect",
        "escapes",
        "extra_keys",
        "formats",
        "numbers",
        "property_order",
        "registry",
        "schema",
        "whitespace",
        "words",
    )

    schema: Any
    property_order: str
    whitespace: str
    numbers: str
    escapes: str
    formats: str
    extra_keys: str
    content: str
    words: str
    dialect: str | None
    registry: Any

    def __init__(self, schema: Any, options: dict[str, str], dialect: str | None, registry: Any) -> None:
        write = object.__setattr__
        write(self, "schema", schema)
        for name, value in options.items():
            write(self, name, value)
        write(self, "dialect", dialect)
        write(self, "registry", registry)

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a JsonSchema never changes; make another one to change {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a JsonSchema never changes; {name} cannot be deleted")

    def __repr__(self) -> str:
        chosen = [
            f", {name}={getattr(self, name)!r}"
            for name, values in CHOICES.items()
            if getattr(self, name) != ("bounded" if name == "whitespace" else values[0])
        ]
        if self.dialect is not None:
            chosen.append(f", dialect={self.dialect!r}")
        return f"json_schema({_shown(self.schema)}{''.join(chosen)})"

    def lower(self, store: Any, report: Any = None, walk: Callable[..., Lowering] = Lowering) -> int:
        """Build the schema's formula in ``store`` and return the id of its root.

        What was enforced, annotated, noted and waived is added to ``report`` (a
        :class:`Report`) when one is given.  Everything reachable from the root is
        lowered before this returns, so a wrong keyword anywhere in it is found here.
        ``walk`` makes the walk over the schema; explanations give one of their own.

        Raises InvalidSchema or UnsupportedKeyword with the JSON pointer of the
        place, ComplexityLimitExceeded past the budget of subschemas.  Cost: linear
        in the reachable schema.
        """
        resources = self.resources()
        options = Options(formats=self.formats, extra_keys=self.extra_keys, content=self.content)
        walking = walk(store, resources, options, Report() if report is None else report, languages_of(store))
        try:
            return walking.run()
        except ComplexityLimitExceeded as error:
            if error.pointer:
                raise
            # The core names the budget; where the walk stands is known here only.
            raise ComplexityLimitExceeded(
                error.reason, limit=error.limit, pointer=walking.pointer()
            ) from None

    def resources(self) -> Resources:
        """Return what the references of the schema can lead to, in its dialect."""
        inherited = LIBERAL if self.dialect is None else named(self.dialect)
        resources = Resources(self.schema, inherited, self.registry)
        if self.dialect is None:
            resources.root.dialect = dialect_of_document(self.schema, inherited, resources)
            if resources.root.dialect is not inherited:
                # Identifiers are spelled differently in older dialects: read the root again.
                resources = Resources(self.schema, resources.root.dialect, self.registry)
        return resources

    def compose(self, composer: Composer) -> Piece:
        """JSON texts, read with the options of this grammar."""
        formula = self.lower(composer.store, composer.report)
        composer.store.resolve_references()
        return composer.formula(
            formula, self.property_order, self.whitespace, self.numbers, self.escapes, self.words
        )

    def identity(self) -> Any:
        """The schema with the order of its members, which is the order of the output's, and the options."""
        options = tuple(getattr(self, name) for name in CHOICES)
        registry = None if self.registry is None else id(self.registry)
        return (json.dumps(self.schema), options, self.dialect, registry)

    def parse(self, text: str) -> Any:
        """Turn finished output into its JSON value: dict, list, str, int, float, bool or None.

        >>> json_schema({"type": "object"}).parse('{"a": [1, 2.5]}')
        {'a': [1, 2.5]}
        """
        return ast.literal_eval(text) if self.words == "python" else json.loads(text)


def _shown(schema: Any) -> str:
    """Print a schema in a bounded number of characters, whatever its size or depth."""
    if schema.__class__ is dict and len(schema) <= 20:
        flat = (str, int, float, bool, type(None))
        small = all(isinstance(part, flat) or not part or len(part) < 10 for part in schema.values())
        if small:
            try:
                text = json.dumps(schema, ensure_ascii=False) if _shallow(schema, 6) else ""
            except (TypeError, ValueError):
                text = ""
            if text and len(text) <= 200:
                return text
    return excerpt(schema)


def _shallow(value: Any, levels: int) -> bool:
    if value.__class__ not in (dict, list):
        return not isinstance(value, str) or len(value) < 200
    if levels == 0 or len(value) > 20:
        return False
    parts = value.values() if value.__class__ is dict else value
    return all(_shallow(part, levels - 1) for part in parts)


def json_schema(
    schema: Any,
    *,
    property_order: str = "schema",
    whitespace: str = "bounded",
    numbers: str = "float64",
    escapes: str = "minimal",
    formats: str = "assert",
    extra_keys: str = "spec",
    content: str = "annotate",
    words: str = "json",
    dialect: str | None = None,
    registry: Any = None,
) -> JsonSchema:
    """Make a grammar of the JSON texts whose value satisfies ``schema``.

    ``schema`` is a dict or a bool, or JSON text as str or bytes; it is copied.

    * ``property_order``: "schema" writes declared members in the order of their
      declaration; "any" allows every order.
    * ``whitespace``: "compact" none, "bounded" a little, "any" what JSON allows.
    * ``numbers``: "float64" what a double holds, "any" every JSON number.
    * ``escapes``: "minimal" only where needed, "any" every JSON escape.
    * ``formats``: "assert" enforces known formats, "annotate" none.
    * ``extra_keys``: "spec" as the schema says; "never" allows only described
      members wherever a schema describes any.
    * ``content``: "annotate" as the specification says; "assert" enforces
      contentEncoding (base64, base64url, base32, base16) and a contentMediaType of JSON, and
      refuses what it cannot enforce.
    * ``words``: "python" writes True, False and None for true, false and null, so that outputs are
      Python literals.
    * ``dialect``: "draft4", "draft6", "draft7", "2019-09", "2020-12", "v1",
      "openapi-3.0" or "openapi-3.1"; None reads $schema, and a schema without
      one as 2020-12 with the older spellings accepted.
    * ``registry``: other documents, as a mapping from URI to schema or a
      ``referencing.Registry``.  Nothing is fetched, unless such a registry has a
      retriever of its own.

    Raises InvalidSchema for malformed JSON (line and column), for what is no
    schema, and for unknown option values.  Keywords are checked when the grammar
    is compiled.

    >>> json_schema({"type": "string", "maxLength": 3})
    json_schema({"type": "string", "maxLength": 3})
    """
    options = {
        "property_order": property_order,
        "whitespace": whitespace,
        "numbers": numbers,
        "escapes": escapes,
        "formats": formats,
        "extra_keys": extra_keys,
        "content": content,
        "words": words,
    }
    for name, value in options.items():
        if value not in CHOICES[name]:
            allowed = " or ".join(repr(choice) for choice in CHOICES[name])
            raise InvalidSchema(f"{name} must be {allowed}, got {excerpt(value)}")
    if dialect is not None:
        named(dialect)
    if isinstance(schema, (str, bytes, bytearray)):
        schema = parse_json(schema)
    else:
        schema = snapshot(schema)
    if schema.__class__ is not dict and schema is not True and schema is not False:
        raise InvalidSchema(f"a schema must be an object or a boolean, got {excerpt(schema)}")
    return JsonSchema(schema, options, dialect, registry)
