"""Where schemas come from: folders, lines, the hub; and what is said when they cannot be read."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from jsonschemabench import cli, tasks
from jsonschemabench.errors import BenchError
from jsonschemabench.tracks import suite

CASE = {
    "description": "a name",
    "schema": {"type": "string"},
    "tests": [
        {"description": "", "data": "a", "valid": True},
        {"description": "", "data": 1, "valid": False},
    ],
    "generation": [{"prompt": "Name:", "expected": "a"}],
}


def test_a_folder(tmp_path: Path) -> None:
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "one.json").write_text(json.dumps(CASE))
    (tmp_path / "bare.json").write_text('{"type": "object"}')
    bare, one = tasks.load(str(tmp_path))
    assert (one.name, one.family, len(one.instances), one.prompts[0].expected) == (
        "names/one",
        "names",
        2,
        "a",
    )
    assert (bare.name, bare.schema, bare.instances) == ("bare", {"type": "object"}, ())


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz"])
def test_lines(tmp_path: Path, suffix: str) -> None:
    rows = [{"name": f"Github---{n}", "schema": {}, "tests": CASE["tests"]} for n in range(20)]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path = tmp_path / f"data{suffix}"
    path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    found = tasks.load(str(path))
    assert [task.name for task in found] == [row["name"] for row in rows]
    assert {task.family for task in found} == {"Github"}
    sample = tasks.choose(found, 5, 3)
    assert sample == tasks.choose(found, 5, 3) != tasks.choose(found, 5, 4)
    assert [found.index(task) for task in sample] == sorted(found.index(task) for task in sample)


def test_the_bundled_corpus() -> None:
    found = tasks.load("bundled")
    assert len({task.name for task in found}) == len(found) >= 90
    assert all(task.instances for task in found)


def test_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"json_schema": '{"type": "null"}', "unique_id": "o1"}]
    stand_in = SimpleNamespace(
        get_dataset_config_names=lambda name: ["Snowplow"], load_dataset=lambda name, part: {"test": rows}
    )
    monkeypatch.setitem(sys.modules, "datasets", stand_in)
    (task,) = tasks.load("hub")
    assert (task.name, task.family, task.schema) == ("Snowplow---o1", "Snowplow", {"type": "null"})


def test_the_hub_without_its_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(BenchError, match="pip install datasets"):
        tasks.load("hub")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"schema": ', "line 1 is not JSON"),
        ("[1]\n", "line 1: expected an object"),
        ('{"schema": {}, "tests": [{"data": 1}]}\n', "line 1: a test has 'data' and 'valid'"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(text)
    with pytest.raises(BenchError, match=words):
        tasks.load(str(path))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["masks", "--data", "/no/such"], "no data at '/no/such'"),
        (["masks", "--engines", "nobody"], "no engine 'nobody'; known: structgen"),
        (["masks", "--engines", "no.such.module:X"], "cannot import the engine"),
        (["--seed", "3", "masks"], "options go behind the command 'masks': seed"),
        (["suite", "/no/such"], "no test suite at"),
        (["report", "/no/such"], "no results in"),
        (["masks", "--sample", "0"], "sample"),
    ],
)
def test_a_wrong_request_is_one_line(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.start(arguments) == 2
    errors = capsys.readouterr().err
    assert words in errors and errors.count("\n") == 1


def test_groups_of_the_official_suite(tmp_path: Path) -> None:
    folder = tmp_path / "tests" / "draft7" / "optional" / "format"
    folder.mkdir(parents=True)
    group = {
        "description": "d",
        "schema": {"format": "date"},
        "tests": [{"description": "t", "data": 1, "valid": True}],
    }
    (folder / "date.json").write_text(json.dumps([group]))
    (tmp_path / "remotes").mkdir()
    (tmp_path / "remotes" / "a.json").write_text("{}")
    (task,) = suite.tasks(tmp_path)
    assert (task.family, task.dialect, task.about["file"]) == ("draft7", "draft7", "optional/format/date")
    assert task.about["formats"] == "assert"
    assert suite.documents(tmp_path) == {"http://localhost:1234/a.json": {}}
