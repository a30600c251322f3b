"""Lowered formulas, evaluated in plain Python, against the official suite and a validator.

The formulas are evaluated by the recording store, not by the engine: a failure
here is a keyword's, a failure in tests/conformance alone the engine's.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recording_store import RecordingStore

from structgen import _native
from structgen.grammars.json_schema import json_schema

DIALECTS = {"draft4": "draft4", "draft6": "draft6", "draft7": "draft7", "draft2019-09": "2019-09",
            "draft2020-12": "2020-12"}  # fmt: skip


def evaluator() -> RecordingStore:
    return RecordingStore(regex=_native.RegexStore())


def remotes(suite: Path) -> dict[str, Any]:
    folder = suite / "remotes"
    return {
        f"http://localhost:1234/{path.relative_to(folder).as_posix()}": json.loads(path.read_text())
        for path in folder.rglob("*.json")
    }


@pytest.mark.parametrize("folder", DIALECTS)
def test_required_cases_of_the_official_suite(folder: str, data_dir: Path) -> None:
    suite = data_dir / "json-schema-test-suite"
    if not suite.is_dir():
        pytest.skip("the official test suite is not among the shared data")
    registry = remotes(suite)
    wrong = []
    checked = 0
    for path in sorted((suite / "tests" / folder).glob("*.json")):
        for group in json.loads(path.read_text()):
            schema = group["schema"]
            named = isinstance(schema, dict) and "$schema" in schema
            dialect = None if named else DIALECTS[folder]
            store = evaluator()
            formula = json_schema(schema, dialect=dialect, registry=registry, formats="annotate").lower(store)
            for case in group["tests"]:
                checked += 1
                if store.holds(formula, case["data"]) != case["valid"]:
                    wrong.append(f"{path.name}: {group['description']}: {case['description']}")
    assert not wrong
    assert checked > 600


def test_a_sample_of_real_schemas(data_dir: Path) -> None:
    path = data_dir / "maskbench_dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the development file is not among the shared data")
    wrong = []
    store = evaluator()
    with gzip.open(path, "rt") as lines:
        for number, line in enumerate(lines):
            if number % 9:
                continue
            if number % 900 == 0:
                store = evaluator()
            row = json.loads(line)
            formula = json_schema(row["schema"]).lower(store)
            wrong += [
                row["name"] for case in row["tests"] if store.holds(formula, case["data"]) != case["valid"]
            ]
    assert not wrong


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, -1.5])
    | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)


def keywords(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    some = st.lists(inner, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    count = st.integers(0, 3)
    names = st.lists(st.sampled_from("abc"), max_size=2, unique=True)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": st.sampled_from(
                ["null", "integer", "number", "string", "array", "object", ["object", "null"]]
            ),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "minLength": count,
            "maxLength": count,
            "pattern": st.sampled_from(["^a", "b$", "a.b", "^(ab)*$"]),
            "minimum": count,
            "exclusiveMaximum": count,
            "multipleOf": st.sampled_from([0.5, 2]),
            "items": inner,
            "prefixItems": some,
            "contains": inner,
            "minContains": count,
            "maxContains": count,
            "minItems": count,
            "maxItems": count,
            "properties": named,
            "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]"]), inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "required": names,
            "minProperties": count,
            "maxProperties": count,
            "dependentRequired": st.dictionaries(st.sampled_from("abc"), names, max_size=2),
            "dependentSchemas": named,
            "allOf": some,
            "anyOf": some,
            "oneOf": some,
            "not": inner,
            "if": inner,
            "then": inner,
            "else": inner,
            "unevaluatedProperties": inner,
            "unevaluatedItems": inner,
            "uniqueItems": st.booleans(),
        },
    ).filter(lambda schema: len(schema) <= 5)


SCHEMAS = st.recursive(st.booleans(), keywords, max_leaves=8)


@given(SCHEMAS, st.lists(VALUES, min_size=1, max_size=6))
def test_random_schemas_mean_what_the_validator_says(schema: Any, values: list[Any]) -> None:
    store = evaluator()
    formula = json_schema(schema, dialect="2020-12").lower(store)
    validator = jsonschema.Draft202012Validator(schema)
    for value in values:
        assert store.holds(formula, value) == validator.is_valid(value)
