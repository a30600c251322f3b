"""What `structgen.testing` draws: all of it valid, much of it different, and pytest can use it."""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import jsonschema
import pytest
from hypothesis import find, given, settings

import structgen as sg
from structgen.testing.emission import Emission, emitted
from structgen.testing.strategies import schema_strategy

ORDER = {
    "type": "object",
    "properties": {
        "id": {"type": "integer", "minimum": 1},
        "kind": {"enum": ["new", "sent"]},
        "lines": {"type": "array", "items": {"type": "string", "maxLength": 4}, "minItems": 1},
        "note": {"type": ["string", "null"]},
    },
    "required": ["id", "kind", "lines"],
    "oneOf": [{"properties": {"kind": {"const": "new"}}}, {"required": ["note"]}],
}
CHECK = jsonschema.Draft202012Validator(ORDER)


@given(schema_strategy(ORDER))
def test_everything_drawn_validates(value: object) -> None:
    CHECK.validate(value)


@given(
    schema_strategy(ORDER, as_text=True, property_order="any", whitespace="any", numbers="any", escapes="any")
)
@settings(max_examples=30)
def test_options_of_the_grammar_are_passed_on(text: str) -> None:
    CHECK.validate(json.loads(text))


@given(schema_strategy(sg.regex("[ab]{2,6}c"), as_text=True))
@settings(max_examples=30)
def test_a_regular_expression(text: str) -> None:
    assert text[-1] == "c" and set(text[:-1]) <= {"a", "b"} and 3 <= len(text) <= 7


def test_failures_shrink_towards_the_shortest_output() -> None:
    everything = schema_strategy({"type": "array", "items": {"type": "boolean"}})
    assert find(everything, lambda value: True) == []
    assert len(find(everything, lambda value: len(value) >= 2)) == 2


def test_outputs_with_a_seed() -> None:
    texts = emitted(ORDER, examples=30, seed=5)
    assert texts == emitted(ORDER, examples=30, seed=5) != emitted(ORDER, examples=30, seed=6)
    assert len(set(texts)) == 30
    assert min(texts, key=len) == texts[0]
    values = [json.loads(text) for text in texts]
    assert {value["kind"] for value in values} == {"new", "sent"}
    assert any(len(value) > 4 for value in values), "members that nobody declared are allowed, too"


def test_the_limit_of_tokens_holds() -> None:
    emission = Emission({"type": "array", "items": {"type": "integer"}})
    for limit in (2, 5, 9):
        texts = [
            emission.text(lambda count: count - 1, limit),
            *emitted({"type": "string"}, max_tokens=limit),
        ]
        assert all(len(text.encode()) <= limit for text in texts)


def test_another_vocabulary_and_a_constraint() -> None:
    vocabulary = sg.Vocabulary.from_tokens([b'"', b"yes", b"no", b"y", b"e", b"s", b"n", b"o", None], eos=8)
    constraint = sg.compile({"enum": ["yes", "no"]}, vocabulary)
    assert sorted(emitted(constraint)) == ['"no"', '"yes"']


EXAMPLE = """
    import json
    import pytest

    @pytest.mark.structgen({"enum": ["a", "bb"]}, examples=5)
    def test_texts(emitted):
        assert json.loads(emitted) in ("a", "bb")

    @pytest.mark.structgen({"type": "integer", "maximum": 4}, examples=10, seed=3)
    def test_values(emitted_value):
        assert emitted_value < 4
"""


def run_pytest(folder: Path, text: str) -> str:
    (folder / "test_application.py").write_text(textwrap.dedent(text))
    found = importlib.metadata.entry_points(group="pytest11", name="structgen")
    plugin = [] if found else ["-p", "structgen.testing.pytest_plugin"]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--strict-markers",
        "-p",
        "no:cacheprovider",
        *plugin,
        str(folder),
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_the_marker(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, EXAMPLE)
    assert "test_values[output" in output and "assert 4 < 4" in output
    assert "1 failed, 11 passed" in output


def test_the_marker_as_the_guide_shows_it(tmp_path: Path, repository: Path) -> None:
    page = (repository / "docs" / "guide" / "testing.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```py\n(.*?)^```$", page, flags=re.DOTALL | re.MULTILINE)
    assert "2 passed" in run_pytest(tmp_path, example)


@pytest.mark.parametrize(
    ("test", "words"),
    [
        ('@pytest.mark.structgen({"type": 7})\ndef test(emitted): ...', "mark structgen: at /type"),
        ("@pytest.mark.structgen({})\ndef test(): ...", "gives the argument emitted or emitted_value"),
        ("@pytest.mark.structgen({}, exampels=3)\ndef test(emitted): ...", "exampels"),
    ],
)
def test_a_wrong_mark_is_explained(tmp_path: Path, test: str, words: str) -> None:
    assert words in run_pytest(tmp_path, f"import pytest\n{test}\n")


def test_the_entry_point_is_declared(repository: Path) -> None:
    text = (repository / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points.pytest11]\nstructgen = "structgen.testing.pytest_plugin"' in text
