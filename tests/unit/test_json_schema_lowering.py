"""Lowering, tested through printing: each keyword's formula, as the recording store prints it.

The notation is explained in recording_store.py.  After a deliberate change:
python tests/unit/test_json_schema_lowering.py   rewrites the printed forms.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import recording_store
from recording_store import RecordingStore

from structgen.errors import UnsupportedKeyword
from structgen.grammars.json_schema import Report, json_schema, patterns

CASES = Path(__file__).resolve().parents[2] / "testdata" / "json_schema" / "lowering.json"


def printed(case: dict[str, Any]) -> list[str]:
    store = RecordingStore()
    return store.print(json_schema(case["schema"], **case.get("options", {})).lower(store)).split("\n")


@pytest.fixture(autouse=True)
def recorded_patterns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "compile_pattern", recording_store.compile_pattern)


def cases() -> list[dict[str, Any]]:
    return json.loads(CASES.read_text()) if CASES.exists() else []


@pytest.mark.parametrize("case", cases(), ids=lambda case: json.dumps(case["schema"])[:60])
def test_lowered_form(case: dict[str, Any]) -> None:
    assert printed(case) == case["printed"]


def test_there_are_cases() -> None:
    assert len(cases()) > 40


def test_equal_references_share_one_node() -> None:
    store = RecordingStore()
    ref = {"$ref": "#/$defs/a"}
    json_schema({"$defs": {"a": {"type": "null"}}, "items": ref, "properties": {"x": ref, "y": ref}}).lower(
        store
    )
    assert len(store.resolvers) == 1


def test_children_are_lowered_in_document_order() -> None:
    schema = {"properties": {"b": {"const": 1}}, "allOf": [{"properties": {"a": {"const": 2}}}]}
    text = "\n".join(printed({"schema": schema}))
    assert text.index("declare(b)") < text.index("declare(a)")
    flipped = {"allOf": schema["allOf"], "properties": schema["properties"]}
    text = "\n".join(printed({"schema": flipped}))
    assert text.index("declare(a)") < text.index("declare(b)")


def test_the_report_says_what_became_of_every_keyword() -> None:
    report = Report()
    schema = {
        "type": "string",
        "title": "T",
        "format": "color",
        "x-mine": 1,
        "$ref": "#/$defs/a",
        "$defs": {"a": {}},
    }
    json_schema(schema).lower(RecordingStore(), report)
    assert report.enforced == {"type": 1, "$ref": 1}
    assert report.annotations == {"title": 1, "format: color": 1, "x-mine": 1, "$defs": 1}
    assert report.notes == ["at /format: format 'color' is not known: an annotation"]
    report = Report()
    json_schema({"format": "date"}, formats="annotate").lower(RecordingStore(), report)
    assert report.waived == ["at /format: format 'date' is an annotation (formats='annotate')"]


def test_content_is_an_annotation_until_asserted() -> None:
    schema = {"contentEncoding": "base64", "contentMediaType": "image/png"}
    report = Report()
    json_schema(schema).lower(RecordingStore(), report)
    assert (report.enforced, report.annotations) == ({}, {"contentEncoding": 1, "contentMediaType": 1})
    report = Report()
    store = RecordingStore()
    formula = json_schema(schema, content="assert").lower(store, report)
    assert (report.enforced, report.annotations) == ({"contentEncoding": 1}, {"contentMediaType": 1})
    assert report.notes == ["at /contentMediaType: content of type 'image/png' is not checked: an annotation"]
    assert store.holds(formula, "QUI=") and not store.holds(formula, "QUI") and store.holds(formula, 1)
    store = RecordingStore()
    formula = json_schema({"contentMediaType": "application/json"}, content="assert").lower(store)
    assert store.holds(formula, '{"a": [1]}') and not store.holds(formula, "{:}")


@pytest.mark.parametrize(
    ("schema", "pointer"),
    [
        ({"contentEncoding": "quoted-printable"}, "/contentEncoding"),
        ({"contentEncoding": "base64", "contentMediaType": "application/json"}, "/contentMediaType"),
        ({"contentMediaType": "application/json", "contentSchema": {}}, "/contentSchema"),
    ],
)
def test_content_that_cannot_be_enforced_is_refused_by_name(schema: dict[str, str], pointer: str) -> None:
    with pytest.raises(UnsupportedKeyword) as caught:
        json_schema(schema, content="assert").lower(RecordingStore())
    assert caught.value.pointer == pointer
    json_schema(schema).lower(RecordingStore())


def test_a_discriminator_decides_nothing_and_the_report_says_so() -> None:
    schema = {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "discriminator": {"propertyName": "k"}}
    for dialect in (None, "openapi-3.0", "openapi-3.1"):
        report = Report()
        json_schema(schema, dialect=dialect).lower(RecordingStore(), report)
        assert report.annotations == {"discriminator": 1}
        assert len(report.notes) == 1 and "at /discriminator: a hint" in report.notes[0]


def test_siblings_hidden_by_an_old_reference_are_noted() -> None:
    report = Report()
    schema = {"definitions": {"a": {"type": "null"}}, "items": {"$ref": "#/definitions/a", "type": "string"}}
    json_schema(schema, dialect="draft7").lower(RecordingStore(), report)
    assert report.notes == ["at /items: type beside $ref: ignored, as this dialect says"]


def main() -> None:
    patterns.compile_pattern = recording_store.compile_pattern
    rewritten = [{**case, "printed": printed(case)} for case in cases()]
    lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in rewritten)
    CASES.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
