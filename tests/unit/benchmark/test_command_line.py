"""The commands from end to end, on a folder of two schemas."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jsonschemabench import cli, records


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run without a command leaves behind."""
    folder = tmp_path_factory.mktemp("run")
    for name, schema in (("word", {"type": "string"}), ("number", {"type": "number"})):
        document = {"schema": schema, "tests": [{"data": "a", "valid": name == "word"}]}
        (folder / f"{name}.json").write_text(json.dumps(document))
    out = folder / "out"
    common = [
        "--data",
        str(folder),
        "--vocabulary",
        "bytes",
        "--out",
        str(out),
        "--engines",
        "structgen,none",
    ]
    assert cli.start(common) == 0
    return out


def test_a_run_writes_results_and_a_report(results: Path) -> None:
    assert {path.name for path in results.iterdir()} >= {"masks.jsonl", "coverage.jsonl", "report.md"}
    assert not (results / "generate.jsonl").exists()  # no schema has a prompt
    assert "## Verdicts" in (results / "report.md").read_text(encoding="utf-8")
    found = {(r["engine"], r["task"]): r["verdict"] for r in records.read(results / "masks.jsonl").records}
    assert found == {
        ("structgen", "word"): "passing",
        ("structgen", "number"): "passing",
        ("none", "word"): "passing",
        ("none", "number"): "invalidation error",
    }


def test_the_report_is_made_anew(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (results / "report.md").unlink()
    assert cli.start(["report", str(results)]) == 0
    assert (results / "report.md").exists()
    assert "Coverage by keyword" in capsys.readouterr().out


def test_a_comparison_can_fail_a_build(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = results / "masks.jsonl", results / "worse.jsonl"
    after.write_text(before.read_text().replace('"verdict":"passing"', '"verdict":"crash"'))
    assert cli.start(["compare", str(before), str(after)]) == 0
    assert cli.start(["compare", str(before), str(after), "--fail-on-worse"]) == 1
    assert "passing" in capsys.readouterr().out
    assert cli.start(["compare", str(after), str(before), "--fail-on-worse"]) == 0
    assert cli.start(["compare", str(before), str(results / "coverage.jsonl")]) == 2
    assert "cannot compare masks with coverage" in capsys.readouterr().err
