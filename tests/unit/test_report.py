"""The report of a constraint: every entry is true, and `structgen check` says the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import structgen as sg
from structgen.byte_walk import byte_vocabulary
from structgen.cli import app

SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": "https://example.org/s",
    "title": "T",
    "type": "object",
    "properties": {
        "a": {"type": "string", "format": "date"},
        "b": {"type": "string", "format": "color", "x-unit": "m"},
    },
    "minContains": 3,
    "then": {"required": ["a"]},
}


def report(schema: Any, **options: Any) -> Any:
    return sg.compile(sg.json_schema(schema, **options), byte_vocabulary()).report


def test_what_constrains_is_enforced_and_what_does_not_is_an_annotation() -> None:
    found = report(SCHEMA)
    assert found.enforced == {"type": 3, "properties": 1, "format": 1}
    assert found.annotations == {
        "$schema": 1, "$id": 1, "title": 1, "format: color": 1, "x-unit": 1, "minContains": 1, "then": 1,
    }  # fmt: skip
    assert found.notes == ["at /properties/b/format: format 'color' is not known: an annotation"]
    assert found.waived == []


def test_what_an_option_waives_is_listed_with_the_option() -> None:
    found = report(SCHEMA, formats="annotate")
    assert "format" not in found.enforced
    assert found.annotations["format: date"] == 1
    assert found.waived == [
        "at /properties/a/format: format 'date' is an annotation (formats='annotate')",
        "at /properties/b/format: format 'color' is an annotation (formats='annotate')",
    ]


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ({"if": {"type": "null"}}, "if"),
        ({"else": False}, "else"),
        ({"maxContains": 0}, "maxContains"),
        ({"items": True, "additionalItems": False}, "additionalItems"),
    ],
    ids=str,
)
def test_keywords_that_say_nothing_alone_are_not_called_enforced(schema: Any, keyword: str) -> None:
    found = report(schema)
    assert keyword not in found.enforced
    assert found.annotations[keyword] == 1
    values = [None, 1, "x", [], [1, 2], {}, {"a": 1}]
    assert all(sg.validate(schema, json.dumps(value)) for value in values)


def test_liveness_is_only_called_proven_where_it_is() -> None:
    assert report({"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}).liveness == "proven"
    assert report({"type": "array", "minItems": 2}).liveness == "proven"
    owed = report({"type": "array", "minItems": 2, "uniqueItems": True}).liveness
    assert owed.startswith("not proven: with uniqueItems and minItems")


def test_cost_counts_what_was_done() -> None:
    found = report({"const": ["a report of its own", 1]})
    assert set(found.seconds) == {"lower", "start"}
    assert all(spent >= 0 for spent in found.seconds.values())
    assert found.cost["steps"] > 0
    assert found.cost["new_formulas"] > 0
    assert found.cost["engine_bytes"] > 0
    assert report({"const": ["a report of its own", 1]}).cost["new_formulas"] == 0
    assert json.loads(json.dumps(found.as_dict())) == found.as_dict()
    assert "liveness: proven" in str(found)
    assert "steps" in str(found)


# --- structgen check


def files(folder: Path, schema: Any, text: str) -> list[str]:
    (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (folder / "text.json").write_text(text, encoding="utf-8")
    return ["check", str(folder / "schema.json"), "--instance", str(folder / "text.json")]


def test_check_judges_an_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(files(tmp_path, SCHEMA, '{"a": "2024-02-29"}')) == 0
    out = capsys.readouterr().out
    assert "instance     valid" in out
    assert "liveness     proven" in out
    assert "annotations  $schema (1)" in out
    arguments = files(tmp_path, SCHEMA, '{"a": 1}')
    assert app.run(arguments) == 1
    out = capsys.readouterr().out
    assert "instance     not valid: line 1, column 7 (at /a of the instance)" in out
    assert app.run([*arguments, "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is False
    assert document["instance"]["problem"]["keywords"] == ["/properties/a/type"]
    assert set(document["cost"]) == {"steps", "new_formulas", "engine_bytes"}
    assert document["liveness"] == "proven"


def test_check_names_the_conflict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = files(tmp_path, {"type": "integer", "minimum": 3, "maximum": 2}, "3")
    assert app.run([*arguments, "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["error"]["conflict"] == ["/type", "/minimum", "/maximum"]
    assert "minimum 3 (at /minimum)" in printed.err


def test_check_reads_one_thing_from_standard_input(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["check", "-", "--instance", "-"]) == 2
    assert "cannot both" in capsys.readouterr().err


def test_check_reads_any_bytes_as_an_instance(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = files(tmp_path, {"type": "string"}, "")
    (tmp_path / "text.json").write_bytes(b'"\xff"')
    assert app.run(arguments) == 1
    assert "not valid: line 1, column 2" in capsys.readouterr().out
    (tmp_path / "text.json").unlink()
    assert app.run(arguments) == 2
