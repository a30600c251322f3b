"""What each track measures, on schemas small enough to know the answer."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from benchmark.conftest import SETTINGS, TASKS, Run

from jsonschemabench import bars, verdicts
from jsonschemabench.answers import first_value, matching
from jsonschemabench.compare import compare
from jsonschemabench.engines import ENGINES, find
from jsonschemabench.engines.engine import Missing, Reading
from jsonschemabench.oracle import Judge
from jsonschemabench.protocol import judged
from jsonschemabench.records import Results
from jsonschemabench.tables import Table
from jsonschemabench.tokens import load
from jsonschemabench.tracks import suite
from jsonschemabench.tracks.coverage import Coverage
from jsonschemabench.tracks.generate import Generate
from jsonschemabench.tracks.suite import Suite


def cells(table: Table, row: str) -> list[str]:
    return next(cells for cells in table.rows if cells[0] == row)


def test_masks_count_every_token(faults: Results) -> None:
    record = next(r for r in faults.of("structgen") if r["task"] == "words/a")
    # '"aa"' is four bytes and an end; '"b"' is refused at its second byte.
    assert len(record["masks"]) == 5 + 2
    assert len(record["advances"]) == 4 + 1
    assert record["first"] > 0 and record["bytes"] == len('{"type": "string", "pattern": "^a+$"}')


def test_bars_are_judged_by_the_figures(faults: Results) -> None:
    found = {bar.what: bar for bar in bars.bars(faults)}
    assert found["schemas passing"].figure == 80.0 and not found["schemas passing"].kept
    assert found["schemas with invalidation errors"].kept


def test_coverage(run_track: Run, tmp_path: Path) -> None:
    engines = ["structgen", "benchmark.faulty:WrongRefusal", "none"]
    results = run_track(tmp_path / "coverage.jsonl", engines, track="coverage")
    everything, families, keywords, wrong = Coverage.tables(results)
    assert everything.columns[1:7] == ("schemas", "declared", "empirical", "compliance", "over", "under")
    assert cells(everything, "structgen")[1:7] == ["5", "80.0 %", "80.0 %", "100.0 %", "0", "0"]
    assert cells(everything, "benchmark.faulty:WrongRefusal")[1:7] == [
        "5",
        "80.0 %",
        "60.0 %",
        "75.0 %",
        "1",
        "0",
    ]
    assert cells(everything, "none")[5:7] == ["0", "4"]
    assert cells(families, "words")[1:] == [
        "2",
        "50.0 %",
        "50.0 %",
        "50.0 %",
    ]  # nobody can say what {"type": 7} means
    assert cells(keywords, "maxLength")[1:] == ["3", "100.0 %", "66.7 %", "0.0 %"]
    assert [row[:3] for row in wrong.rows[:1]] == [["people/after", "none", "invalidation error"]]
    stuck = next(r for r in results.of("benchmark.faulty:WrongRefusal") if r["task"] == "people/trigger")
    assert (
        stuck["over"] == [0, 1] and stuck["drawn"]["stuck"] + stuck["drawn"]["unfinished"] == SETTINGS.draws
    )


def test_what_is_drawn_is_judged(run_track: Run, tmp_path: Path) -> None:
    """An engine that accepts too much is found out by its own outputs, without an invalid instance."""
    only_valid = [task for task in TASKS if task.name == "people/trigger"]
    only_valid = [type(task)(task.name, "x", task.schema, task.instances[:2]) for task in only_valid]
    results = run_track(
        tmp_path / "c.jsonl", ["benchmark.faulty:WrongAcceptance"], track="coverage", tasks=only_valid
    )
    (record,) = results.records
    assert record["verdict"] == verdicts.INVALIDATION and record["under"] == []
    assert len(record["drawn"]["invalid"]) == record["drawn"]["finished"] == SETTINGS.draws


def test_generation(run_track: Run, tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="generating needs the extra structgen[hf]")
    engines = ["structgen", "structgen.generate", "none"]
    settings = replace(SETTINGS, time_limit=60)  # a model needs more than the short limit of the other tests
    results = run_track(
        tmp_path / "generate.jsonl", engines, track="generate", tasks=TASKS[:1], settings=settings
    )
    (table,) = Generate.tables(results)
    assert list(table.columns) == ["engine", *engines]
    assert cells(table, "valid")[1:3] == ["100.0 %", "100.0 %"]
    own, library, _ = (results.of(engine)[0]["outputs"][0] for engine in engines)
    # Greedy under the same options: one loop or the other, the same answer.
    assert own["text"] == library["text"]
    assert 0 < own["passes"] <= own["tokens"] + 1 and own["first"] > 0


def test_the_official_suite(run_track: Run, tmp_path: Path, data_dir: Path) -> None:
    folder = data_dir / "json-schema-test-suite"
    if not folder.is_dir():
        pytest.skip("the official test suite is not among the shared data")
    chosen = [task for task in suite.tasks(folder) if task.about["file"] in ("minimum", "refRemote")]
    settings = type(SETTINGS)(vocabulary="bytes", suite=str(folder))
    path = tmp_path / "suite.jsonl"
    results = run_track(path, ["structgen", "none"], track="suite", tasks=chosen, settings=settings)
    tests = sum(len(task.instances) for task in chosen if task.family == "draft7")
    draft7 = next(table for table in Suite.tables(results) if table.title.startswith("draft7"))
    assert cells(draft7, "structgen")[1] == f"{tests} of {tests} (100.0 %)"
    wrongly = int(cells(draft7, "none")[4])
    assert wrongly == sum(not i.valid for task in chosen if task.family == "draft7" for i in task.instances)


def test_comparison(run_track: Run, tmp_path: Path) -> None:
    before = run_track(tmp_path / "a.jsonl", ["benchmark.faulty:Raises"])
    after = run_track(tmp_path / "b.jsonl", ["benchmark.faulty:Raises"], tasks=TASKS[1:])
    for record in after.records:
        record["verdict"] = {"people/trigger": "passing", "people/after": "invalidation error"}.get(
            record["task"], record["verdict"]
        )
        if record["task"] == "words/refused":
            record["reason"] = "another one"
    found = compare(before, after)
    assert [row[0] for row in found.better] == ["people/trigger"]
    assert [row[0] for row in found.worse] == ["people/after"]
    assert [row[0] for row in found.changed] == ["words/refused"]
    assert (found.same, found.only_before, found.only_after) == (1, 1, 0)
    assert found.tables()[0].rows[0] == ["better", "1"]


def test_numbers_beyond_floats_are_not_judged() -> None:
    judge = Judge({"type": "integer"})
    assert judge.complaint("4e61920") == ""
    assert judge.complaint("1.5") != ""


def test_numbers_too_small_for_floats_are_not_judged() -> None:
    judge = Judge({"exclusiveMinimum": 0})
    assert judge.complaint("1e-3875") == ""
    assert judge.complaint("0e5") != "" and judge.complaint("0.0") != ""


def test_no_text_at_all_is_an_answer_where_no_instance_is_valid() -> None:
    refusal = {"verdict": "refused", "reason": "Unsatisfiable: at /: nothing"}
    none, one = (SimpleNamespace(instances=[SimpleNamespace(valid=valid)]) for valid in (False, True))
    assert judged(refusal, none)["verdict"] == "passing"  # type: ignore[arg-type]  # a task in what counts
    assert judged(refusal, one)["verdict"] == "validation error"  # type: ignore[arg-type]  # the same
    other = {"verdict": "refused", "reason": "UnsupportedKeyword: not"}
    assert judged(other, none) == other  # type: ignore[arg-type]  # the same


def test_answers() -> None:
    assert matching({"a": [1, {"b": ""}], "c": {}}, {"a": [1.0, {"b": " "}], "c": []}) == (2, 3)
    assert matching({"a": True}, {"a": 1}) == (0, 1)
    assert matching([1, 2], "nothing of the kind") == (0, 2)
    assert first_value("no JSON {here") is None
    assert first_value('x [1, 2] {"a"') == [1, 2]


@pytest.mark.parametrize("name", ENGINES)
def test_engines_agree_about_a_simple_schema(name: str) -> None:
    """Every adapter that can be loaded reads and refuses what everybody agrees on."""
    try:
        kind = find(name)
    except Missing as missing:
        pytest.skip(f"the package of {name} is not installed: {missing}")
    if name == "lm-format-enforcer" and importlib.util.find_spec("torch") is None:
        pytest.skip("lm-format-enforcer needs torch for bit masks")
    from jsonschemabench.protocol import reads

    tokens = load("bytes")
    engine = kind(tokens, "judge")
    engine.compile({"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]}, Reading())
    assert reads(engine, engine.encode('{"a": true}'))
    assert reads(engine, engine.encode('{"a": false}'))
    assert reads(engine, engine.encode('{"a": 1}')) == (name == "none")
    assert engine.version() != "unknown" and engine.options
