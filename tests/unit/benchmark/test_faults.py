"""A fault in an engine shows up as exactly that, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmark.conftest import FAULTS, MISSING, SLEEPS, TASKS

from jsonschemabench import report
from jsonschemabench.records import Results
from jsonschemabench.tables import to_markdown
from jsonschemabench.tracks.masks import Masks


def verdict(results: Results, engine: str, task: str) -> str:
    return next(record["verdict"] for record in results.of(engine) if record["task"] == task)


@pytest.mark.parametrize(("engine", "expected"), [*FAULTS.items(), (SLEEPS, "timeout")])
def test_a_fault_is_named(faults: Results, engine: str, expected: str) -> None:
    assert verdict(faults, engine, "people/trigger") == expected


@pytest.mark.parametrize("engine", ["structgen", *FAULTS])
def test_other_schemas_are_not_affected(faults: Results, engine: str) -> None:
    for task in ("people/before", "people/after", "words/a"):
        assert verdict(faults, engine, task) == "passing"
    assert verdict(faults, engine, "words/refused") == "refused"
    assert len(faults.of(engine)) == len(TASKS)


def test_the_reason_says_what_happened(faults: Results) -> None:
    trigger = [record for record in faults.records if record["task"] == "people/trigger"]
    found = {record["engine"]: record.get("reason", "") for record in trigger}
    assert "SIGABRT" in found["benchmark.faulty:Crash"]
    assert "ZeroDivisionError: a defect of the engine" in found["benchmark.faulty:Raises"]
    assert "processor time" in found["benchmark.faulty:Spins"]
    assert "by the clock" in found[SLEEPS]
    assert found["benchmark.faulty:WrongAcceptance"] == "instance 2 is invalid"


def test_a_missing_engine_is_a_row(faults: Results) -> None:
    assert faults.of(MISSING) == []
    row = next(row for row in Masks.tables(faults)[0].rows if row[0] == MISSING)
    assert "not installed" in row[1] and "no_such_package" in row[1]


def test_the_report_has_them_all(faults: Results) -> None:
    assert faults.path is not None
    markdown, _ = report.write(Path(faults.path).parent)
    text = markdown.read_text(encoding="utf-8")
    section = text[text.index("## Crashes, timeouts, memory") :]
    for engine, expected in FAULTS.items():
        if expected in ("crash", "timeout", "out of memory"):
            assert f"| people/trigger | {engine} | {expected} |" in section
    verdicts = to_markdown(Masks.tables(faults)[:1])
    assert "| structgen | " in verdicts and "invalidation error" in verdicts
