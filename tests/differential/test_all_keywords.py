"""The engine against `jsonschema` on random schemas over every keyword of every draft.

One random schema draws its keywords from the whole table of its draft, references, anchors, formats and
unevaluated members included.  Instances are the engine's own example, its mutants, and random values with
theirs; the engine reads their text byte by byte with all options "any".

Numbers are dyadic, so what the validator computes in floating point is exact.
"""

from __future__ import annotations

import json
import random
from typing import Any

import jsonschema
import pytest
from differential.test_engine_json_schema import _POOL, ANY, BYTES, SEEDS, VALUE_LISTS, accepts, mutant, share
from hypothesis import event, given
from hypothesis import strategies as st
from laws.strategies import VALUES

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, UnsatisfiableSchema

VALIDATORS = {
    "draft4": jsonschema.Draft4Validator,
    "draft6": jsonschema.Draft6Validator,
    "draft7": jsonschema.Draft7Validator,
    "2019-09": jsonschema.Draft201909Validator,
    "2020-12": jsonschema.Draft202012Validator,
}
FORMATS = ["date", "ipv4", "ipv6", "uuid"]  # the validator checks these with nothing but the standard library


def checker() -> jsonschema.FormatChecker:
    """The validator's own, with the year 0000, which RFC 3339 has and Python's dates have not."""
    found = jsonschema.FormatChecker(FORMATS)
    found.checkers = dict(found.checkers)
    own, errors = found.checkers["date"]

    def is_date(value: object) -> bool:
        # 2000 is a leap year as 0000 is.
        return bool(own("2000" + value[4:] if isinstance(value, str) and value[:5] == "0000-" else value))

    found.checkers["date"] = (is_date, errors)
    return found


FORMAT_CHECKER = checker()
TEXTS = [
    "2024-02-29",
    "2023-02-29",
    "10.0.0.255",
    "10.0.0.256",
    "::1",
    "2eb8aa08-aa98-11ea-b4aa-73b441d16380",
]
TYPES = ["null", "boolean", "integer", "number", "string", "array", "object"]
NAMES = ["a", "b", "ab"]
PATTERNS = ["^a", "b$", "a.b", "^(ab)*$", "[^a]", "^.{2}$", "é"]
LEAVES: list[Any] = [
    {}, {"type": "integer"}, {"type": "string"}, {"type": ["boolean", "null"]}, {"enum": ["a"]},
    {"enum": [1, True]}, {"minimum": 1}, {"maxLength": 1}, {"required": ["a"]}, {"minItems": 1},
    {"multipleOf": 2}, {"pattern": "b"},
    {"not": {"type": "string"}}, {"maxProperties": 1}, {"properties": {"a": {"type": "string"}}},
]  # fmt: skip
COUNT = st.integers(0, 3)
NUMBER = st.integers(-3, 12)
KEYS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)
TEXT_OR_VALUE = VALUES | st.sampled_from(TEXTS)


def table(
    draft: str, inner: st.SearchStrategy[Any], references: list[Any]
) -> dict[str, st.SearchStrategy[Any]]:
    """Every keyword of the draft that constrains something, by what it may hold."""
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=3)
    by_pattern = st.dictionaries(st.sampled_from(["^a", "b$", "[bc]"]), inner, min_size=1, max_size=2)
    type_ = st.sampled_from(TYPES) | st.lists(st.sampled_from(TYPES), min_size=1, max_size=3, unique=True)
    items = inner if draft == "2020-12" else inner | some
    found: dict[str, st.SearchStrategy[Any]] = {
        "type": type_,
        "enum": st.lists(TEXT_OR_VALUE, min_size=1, max_size=4),
        "minLength": COUNT,
        "maxLength": COUNT,
        "pattern": st.sampled_from(PATTERNS),
        "format": st.sampled_from(FORMATS),
        "minimum": NUMBER,
        "maximum": NUMBER,
        "multipleOf": st.sampled_from([1, 2, 3, 0.5]),
        "items": items,
        "minItems": COUNT,
        "maxItems": COUNT,
        "uniqueItems": st.booleans(),
        "properties": named,
        "patternProperties": by_pattern,
        "additionalProperties": inner,
        "required": KEYS,
        "minProperties": COUNT,
        "maxProperties": COUNT,
        "allOf": some,
        "anyOf": some,
        "oneOf": some,
        "not": inner,
    }
    if draft == "draft4":
        found |= {"exclusiveMinimum": st.booleans(), "exclusiveMaximum": st.booleans()}
    else:
        found |= {
            "exclusiveMinimum": NUMBER,
            "exclusiveMaximum": NUMBER,
            "const": TEXT_OR_VALUE,
            "contains": inner,
            "propertyNames": inner,
        }
    if draft not in ("draft4", "draft6"):
        found |= {"if": inner, "then": inner, "else": inner}
    if draft == "2020-12":  # in 2019-09 the validator misreads them; the official suite judges that draft
        found |= {"unevaluatedProperties": inner, "unevaluatedItems": inner}
    if draft in ("2019-09", "2020-12"):
        found |= {
            "minContains": COUNT,
            "maxContains": COUNT,
            "dependentRequired": st.dictionaries(st.sampled_from(NAMES), KEYS, min_size=1, max_size=2),
            "dependentSchemas": named,
        }
    else:
        found["dependencies"] = st.dictionaries(st.sampled_from(NAMES), inner | KEYS, min_size=1, max_size=2)
    if draft == "2020-12":
        found["prefixItems"] = some
    else:
        found["additionalItems"] = inner
    if references:
        found["$ref"] = st.sampled_from(references)
    return found


NEEDED = {
    "then": "if", "else": "if", "minContains": "contains", "maxContains": "contains",
    "additionalItems": "items", "exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum",
}  # fmt: skip


@st.composite
def one(draw: st.DrawFn, draft: str, inner: st.SearchStrategy[Any], references: list[Any]) -> Any:
    keywords = table(draft, inner, references)
    names = draw(st.lists(st.sampled_from(sorted(keywords)), min_size=1, max_size=4, unique=True))
    names += [
        NEEDED[name] for name in names if NEEDED.get(name, name) not in names and NEEDED[name] in keywords
    ]
    schema = {name: draw(keywords[name]) for name in dict.fromkeys(names)}
    if schema.get("items").__class__ is bool:
        schema.pop("additionalItems", None)  # says nothing there, and the validator stumbles over it
    return schema


@st.composite
def whole(draw: st.DrawFn, draft: str) -> Any:
    """A schema of up to three parts that refer to later ones, so that every reference ends."""
    definitions = "$defs" if draft in ("2019-09", "2020-12") else "definitions"
    anchors = draft in ("2019-09", "2020-12")
    parts: dict[str, Any] = {}
    references: list[Any] = []
    for name in draw(st.sampled_from([[], [], ["one"], ["two", "one"]])):
        part = draw(grown(draft, 3, references))
        parts[name] = part
        references = [*references, f"#/{definitions}/{name}"]
        if anchors and isinstance(part, dict) and draw(st.booleans()):
            part["$anchor"] = name
            references.append(f"#{name}")
    root = draw(one(draft, grown(draft, 5, references), references))
    return {**root, definitions: parts} if parts else root


def grown(draft: str, leaves: int, references: list[Any]) -> st.SearchStrategy[Any]:
    ends = st.sampled_from(LEAVES).map(lambda leaf: json.loads(json.dumps(leaf)))
    if draft != "draft4":
        ends |= st.booleans()
    if references:
        ends |= st.sampled_from(references).map(lambda reference: {"$ref": reference})
    return st.recursive(ends, lambda inner: one(draft, inner, references), max_leaves=leaves)


@pytest.mark.parametrize("draft", VALIDATORS)
def test_every_keyword_means_what_the_validator_says(draft: str) -> None:
    pairs = 0
    judged = {True: 0, False: 0}

    @share(2)
    @given(whole(draft), VALUE_LISTS, SEEDS)
    def compare(schema: Any, values: list[Any], seed: int) -> None:
        nonlocal pairs
        rng = random.Random(seed)
        validator = VALIDATORS[draft](schema, format_checker=FORMAT_CHECKER)
        tried = [*values, *rng.sample(_POOL, 4), rng.choice(TEXTS), [rng.choice(TEXTS)]]
        try:
            constraint = sg.compile(sg.json_schema(schema, dialect=draft, **ANY), BYTES)
        except UnsatisfiableSchema:
            event("unsatisfiable")
            pool = [*tried, *_POOL, *(mutant(rng.choice(_POOL), rng) for _ in range(20))]
            assert [value for value in pool if validator.is_valid(value)] == []
            return
        except ComplexityLimitExceeded:
            event("too complex")
            return
        example = json.loads(constraint.example())
        assert validator.is_valid(example), f"the example {example!r} is invalid"
        valid = [example, *(value for value in tried if validator.is_valid(value))]
        tried = [example, *tried, *(mutant(rng.choice(valid), rng) for _ in range(8))]
        for value in tried:
            expected = validator.is_valid(value)
            judged[expected] += 1
            pairs += 1
            assert accepts(constraint, value) == expected, (
                f"{value!r} is {'valid' if expected else 'invalid'}"
            )

    compare()
    assert min(judged.values()) > pairs // 25, judged
