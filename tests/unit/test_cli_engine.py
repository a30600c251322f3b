"""`structgen check` and `structgen mask` with the real engine: verdicts, examples, masks, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import structgen
from structgen import errors
from structgen.cli import app
from structgen.cli.check import explain
from structgen.cli.mask import inspect

PERSON = Path(__file__).resolve().parent.parent.parent / "examples" / "person.json"


@pytest.fixture
def schema_file(tmp_path: Path) -> Any:
    def write(schema: Any) -> str:
        path = tmp_path / "schema.json"
        path.write_text(json.dumps(schema), encoding="utf-8")
        return str(path)

    return write


def bytes_vocabulary() -> Any:
    return structgen.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)


# ---- check -------------------------------------------------------------------------------------------------


def test_check_explains_the_example_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["check", str(PERSON), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] is True
    assert document["types"] == ["object"]
    jsonschema.validate(document["example"], json.loads(PERSON.read_text(encoding="utf-8")))
    shortest = '{"name":"a","age":0,"city":"a"}'
    assert document["shortest_bytes"] == len(shortest)


def test_check_for_people_names_the_same_facts(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["check", str(PERSON)]) == 0
    out = capsys.readouterr().out
    assert "object" in out
    assert "example" in out
    assert "\x1b" not in out


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        (True, ["array", "boolean", "null", "number", "object", "string"]),
        ({"type": ["string", "null"]}, ["null", "string"]),
        ({"const": False}, ["boolean"]),
        ({"type": "integer", "minimum": 5}, ["number"]),
        ({"not": {"type": ["object", "array", "string", "number"]}}, ["boolean", "null"]),
    ],
    ids=str,
)
def test_check_tells_the_types(schema: Any, types: list[str]) -> None:
    document = explain(schema)
    assert document["types"] == types
    jsonschema.validate(document["example"], schema)


def test_check_lists_annotations() -> None:
    document = explain({"type": "string", "title": "t", "x-unit": "m"})
    listed = " ".join(document["annotations"])
    assert "x-unit" in listed


@pytest.mark.parametrize(
    ("schema", "code", "kind"),
    [
        ({"type": "integer", "minimum": 3, "maximum": 2}, 1, "UnsatisfiableSchema"),
        (False, 1, "UnsatisfiableSchema"),
        ({"type": 5}, 2, "InvalidSchema"),
        ([1, 2], 2, "InvalidSchema"),
        ("type", 2, "InvalidSchema"),
        ({"$ref": "#/$defs/nowhere"}, 2, "InvalidSchema"),
        ({"properties": {"a": {"minLength": -1}}}, 2, "InvalidSchema"),
    ],
    ids=str,
)
def test_check_refuses(
    schema_file: Any, capsys: pytest.CaptureFixture[str], schema: Any, code: int, kind: str
) -> None:
    assert app.run(["check", schema_file(schema), "--json"]) == code
    printed = capsys.readouterr()
    refusal = json.loads(printed.out)
    assert refusal["ok"] is False
    assert refusal["error"]["type"] == kind
    assert "pointer" in refusal["error"]
    assert printed.err.startswith("error: at /")
    assert printed.err.count("\n") == 1


def test_check_reads_ten_megabytes(schema_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"{number:07d}" * 10 for number in range(140_000)]
    assert app.run(["check", schema_file({"enum": words}), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["example"] in words


# ---- mask --------------------------------------------------------------------------------------------------


def texts(document: dict[str, Any]) -> list[str | None]:
    return [entry["text"] for entry in document["allowed"]]


def test_mask_at_the_start() -> None:
    document = inspect({"enum": ["yes", "no"]}, "", bytes_vocabulary())
    assert texts(document) == ['"']
    assert document["allowed_count"] == 1
    assert document["forced_text"] == '"'
    assert document["distance"] == len('"no"')
    assert document["can_stop"] is False


def test_mask_follows_the_prefix_to_the_end() -> None:
    vocabulary = bytes_vocabulary()
    document = inspect({"enum": ["yes", "no"]}, '"', vocabulary)
    assert texts(document) == ["n", "y"]
    document = inspect({"enum": ["yes", "no"]}, '"y', vocabulary)
    assert document["forced_text"] == 'es"'
    document = inspect({"enum": ["yes", "no"]}, '"yes"', vocabulary)
    assert document["can_stop"] is True
    assert document["distance"] == 0
    assert [entry["end"] for entry in document["allowed"]] == [True]


def test_mask_lists_no_more_than_the_limit() -> None:
    document = inspect({"type": "string"}, '"', bytes_vocabulary(), limit=3)
    assert len(document["allowed"]) == 3
    assert document["allowed_count"] > 90


def test_mask_shows_bytes_inside_a_character() -> None:
    document = inspect({"const": "é"}, '"', bytes_vocabulary())
    (entry,) = document["allowed"]
    assert entry["text"] is None
    assert entry["bytes"] == "c3"


def test_mask_says_where_a_prefix_leaves_the_schema() -> None:
    with pytest.raises(errors.TokenRejected, match='after "\\\\"y" the token "o" is not allowed'):
        inspect({"enum": ["yes", "no"]}, '"yo', bytes_vocabulary())


def test_mask_on_the_command_line(schema_file: Any, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tokenizers", reason="reading the embedded model's tokenizer needs tokenizers")
    file = schema_file({"enum": ["yes", "no"]})
    assert app.run(["mask", file, '"ye', "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["forced_text"] == 's"'
    assert 's"'.startswith(document["allowed"][0]["text"])
    assert app.run(["mask", file, '"ye']) == 0
    assert 'forced     "s\\""' in capsys.readouterr().out
    assert app.run(["mask", file, "x"]) == 1
    assert "no output begins like this" in capsys.readouterr().err
