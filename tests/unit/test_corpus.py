"""The bundled corpus: its form, its size, what it covers, and every one of its labels.

Labels are checked against `jsonschema` and against structgen itself.  `jsonschema` needs a library for most
formats (``pip install 'jsonschema[format-nongpl]'``); a label that rests on a format it cannot check here
is left to structgen, and test_formats_are_checked_by_jsonschema says which.
"""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from jsonschemabench import corpus, keywords

pytest.importorskip("structgen._native", reason="the native engine is not built")

import structgen as sg

CASES = corpus.load_bundled()
TEXTS = {name: file.read_text(encoding="utf-8") for name, file in corpus.bundled_files()}
FAMILIES = [
    "combinators",
    "configuration",
    "counting",
    "events",
    "formats",
    "functions",
    "references",
    "resources",
    "sizes",
    "trees",
]
# Every format of the specification; any other is an annotation.
FORMATS = """date date-time duration email hostname idn-email idn-hostname ipv4 ipv6 iri iri-reference
    json-pointer regex relative-json-pointer time uri uri-reference uri-template uuid""".split()
OPTIONS = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def validator_of(schema: Any) -> Any:
    """The validator of the dialect that the schema names, with formats asserted."""
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    cls.check_schema(schema)
    return cls(schema, format_checker=cls.FORMAT_CHECKER)


def rests_on_unchecked_format(schema: Any, keyword: str | None) -> bool:
    """Whether ``keyword`` names, somewhere below, a format that `jsonschema` cannot check here."""
    unchecked = set(FORMATS) - set(validator_of(schema).format_checker.checkers)
    return any(
        unchecked & keywords.formats({keyword: subschema[keyword]})
        for subschema, in_force in keywords.subschemas(schema)
        if keyword in in_force
    )


def stems_from(error: jsonschema.ValidationError, keyword: str) -> bool:
    """Whether an error is the keyword's own or that of a subschema it applies."""
    return error.validator == keyword or keyword in error.absolute_schema_path


# --- Form.


@each_case
def test_file_is_written_canonically(case: corpus.Case) -> None:
    text = TEXTS[case.name]
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    assert len(text.encode()) < 60_000
    assert case.description.strip() == case.description != ""
    assert "\n" not in case.description and len(case.description) <= 120


@each_case
def test_instances_are_enough_and_different(case: corpus.Case) -> None:
    assert sum(test.valid for test in case.tests) >= 2
    assert sum(not test.valid for test in case.tests) >= 3
    texts = [json.dumps(test.data, sort_keys=True) for test in case.tests]
    assert len(set(texts)) == len(texts)
    for test in case.tests:
        assert test.description and "\n" not in test.description
        if not test.valid:
            assert test.description.startswith(f"breaks {test.keyword}")


def test_schemas_and_prompts_are_different() -> None:
    schemas = [json.dumps(case.schema, sort_keys=True) for case in CASES]
    assert len(set(schemas)) == len(schemas)
    prompts = [generation.prompt for case in CASES for generation in case.generation]
    assert len(set(prompts)) == len(prompts)
    assert all(prompt.strip() == prompt != "" for prompt in prompts)


def test_counts() -> None:
    assert sorted({case.family for case in CASES}) == FAMILIES
    assert len(CASES) >= 400
    assert sum(bool(case.generation) for case in CASES) >= 120
    for family in FAMILIES:
        assert sum(case.family == family for case in CASES) >= 20, family


def test_every_keyword_of_the_specification_is_exercised() -> None:
    rows = {row.keyword: row for row in keywords.coverage(CASES)}
    for keyword in sorted(keywords.APPLICATORS | keywords.VALIDATION):
        assert keyword in rows and rows[keyword].schemas >= 3, keyword
        # A condition alone is never broken, what follows from it is.
        assert keyword == "if" or rows[keyword].invalid >= 3, keyword


def test_every_dialect_and_format_is_exercised() -> None:
    named = {
        case.schema.get("$schema", "").removesuffix("#") for case in CASES if isinstance(case.schema, dict)
    }
    assert named >= set(keywords.DIALECTS)
    assert frozenset().union(*(keywords.formats(case.schema) for case in CASES)) >= set(FORMATS)


# --- Labels.


@each_case
def test_labels_agree_with_jsonschema(case: corpus.Case) -> None:
    validator = validator_of(case.schema)
    for test in case.tests:
        errors = list(validator.iter_errors(test.data))
        if test.valid:
            assert errors == [], test.description
        elif not errors:
            assert rests_on_unchecked_format(case.schema, test.keyword), f"{test.description}: nothing is"
        for error in errors:
            assert test.keyword is not None
            assert stems_from(error, test.keyword), f"{test.description}: {error.validator}: {error.message}"


@each_case
def test_expected_values_are_valid(case: corpus.Case) -> None:
    for generation in case.generation:
        assert list(validator_of(case.schema).iter_errors(generation.expected)) == []


@pytest.mark.parametrize("name", FORMATS)
def test_formats_are_checked_by_jsonschema(name: str) -> None:
    if name not in jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers:
        pytest.skip(
            f"jsonschema cannot check the format {name!r} without pip install 'jsonschema[format-nongpl]';"
            " its invalid instances are checked by structgen alone"
        )


@pytest.fixture(scope="module")
def vocabulary() -> sg.Vocabulary:
    """One token a byte: what is tested is the language, not the tokenizer."""
    return sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)


@each_case
def test_labels_agree_with_structgen(case: corpus.Case, vocabulary: sg.Vocabulary) -> None:
    matcher = sg.compile(sg.json_schema(case.schema, **OPTIONS), vocabulary).matcher()
    values = [(test.data, test.valid, test.description) for test in case.tests]
    values += [(generation.expected, True, generation.prompt) for generation in case.generation]
    for data, valid, description in values:
        text = json.dumps(data, ensure_ascii=False).encode()
        matcher.reset()
        accepted = matcher.try_advance(list(text)) == len(text) and matcher.can_stop
        assert accepted == valid, description


# --- The loader.


@pytest.mark.parametrize(
    ("text", "place", "complaint"),
    [
        ("{", "trees/x.json is not JSON", "line 1"),
        ("[]", "trees/x.json, at /:", "expected an object, got []"),
        ('{"schema": {}, "tests": []}', "trees/x.json, at /:", "the key 'description' is missing"),
        ('{"description": "", "schema": 1, "tests": []}', "at /schema:", "an object or true or false, got 1"),
        ('{"description": "", "schema": {}, "tests": [], "name": 1}', "at /:", "unknown key 'name'"),
        (
            '{"description": "", "schema": {}, "tests": [{"data": 1, "description": "", "valid": 0}]}',
            "at /tests/0/valid:",
            "expected true or false, got 0",
        ),
        (
            '{"description": "", "schema": {}, "tests": [{"data": 1, "description": "", "valid": false}]}',
            "at /tests/0:",
            "names the 'keyword'",
        ),
        (
            '{"description": "", "schema": {}, "tests": [],'
            ' "generation": [{"prompt": "a", "expected": 1}, {"prompt": 2, "expected": 1}]}',
            "at /generation/1/prompt:",
            "expected a string, got 2",
        ),
    ],
)
def test_a_broken_file_is_named_with_the_place(text: str, place: str, complaint: str) -> None:
    with pytest.raises(corpus.CorpusError) as caught:
        corpus.read_case("trees/x", text)
    assert place in str(caught.value) and complaint in str(caught.value)


def test_cases_come_sorted_by_name_and_equal_each_time() -> None:
    assert [case.name for case in CASES] == sorted(TEXTS)
    assert corpus.load_bundled() == CASES


# --- Keywords.


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, ""),
        ({"properties": {"pattern": {"enum": [{"minimum": 1}]}}}, "properties enum"),
        ({"items": [{"type": "string"}], "const": {"not": {}}, "x-unit": {"if": {}}}, "items type const"),
        ({"dependentSchemas": {"if": {"required": []}}}, "dependentSchemas required"),
        ({"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/a", "type": "string",
          "definitions": {"a": {"minLength": 1}}}, "$schema $ref minLength"),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "const": 1, "type": "null"}, "$schema type"),
        ({"$schema": "http://json-schema.org/draft-07/schema#",
          "dependencies": {"a": ["b"], "c": {"maximum": 1}}}, "$schema dependencies maximum"),
        ({"dependencies": {"a": {"maximum": 1}}}, ""),
    ],
)  # fmt: skip
def test_keywords_counts_keyword_positions_only(schema: Any, expected: str) -> None:
    assert keywords.keywords(schema) == frozenset(expected.split())


def test_coverage_counts_schemas_families_and_broken_instances() -> None:
    case = corpus.read_case(
        "trees/x",
        '{"description": "", "schema": {"maximum": 1, "not": {"maximum": 0}},'
        ' "tests": [{"data": 2, "description": "", "keyword": "maximum", "valid": false}]}',
    )
    assert keywords.coverage([case]) == [
        keywords.Coverage("maximum", 1, ("trees",), 1),
        keywords.Coverage("not", 1, ("trees",), 0),
    ]
