"""Runs are resumable, interruptible, and keep what they have."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from benchmark.conftest import SETTINGS, TASKS, Run

from jsonschemabench import pool, records, runner
from jsonschemabench.errors import BenchError


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_run_goes_on_where_it_stopped(run_track: Run, tmp_path: Path) -> None:
    path = tmp_path / "masks.jsonl"
    run_track(path, ["structgen"], tasks=TASKS[:2])
    kept = lines(path)
    # As after a power cut: the last line is half written.
    path.write_text(path.read_text() + '{"engine": "structgen", "ta')
    results = run_track(path, ["structgen"], resume=True)
    assert lines(path)[: len(kept)] == kept
    assert [record["task"] for record in results.records] == [task.name for task in TASKS]
    again = run_track(path, ["structgen", "none"], resume=True)
    assert again.of("structgen") == results.records
    assert len(again.of("none")) == len(TASKS)


def test_another_run_is_not_continued(run_track: Run, tmp_path: Path) -> None:
    path = tmp_path / "masks.jsonl"
    run_track(path, ["none"], tasks=TASKS[:1])
    before = path.read_text()
    with pytest.raises(BenchError, match=r"of another run \(data: 'test', now 'other'\).*--out"):
        run_track(path, ["none"], data="other", resume=True)
    assert path.read_text() == before


def test_a_new_run_keeps_the_old_one_beside_it(run_track: Run, tmp_path: Path) -> None:
    path = tmp_path / "masks.jsonl"
    run_track(path, ["none"], tasks=TASKS[:1])
    before = path.read_text()
    run_track(path, ["none"], tasks=TASKS[:1])
    assert (tmp_path / "masks.previous.jsonl").read_text() == before


def test_several_at_a_time_find_the_same(run_track: Run, tmp_path: Path) -> None:
    one = run_track(tmp_path / "one.jsonl", ["structgen"])
    two = run_track(tmp_path / "two.jsonl", ["structgen"], jobs=2)

    def found(results: records.Results) -> dict[str, str]:
        return {record["task"]: record["verdict"] for record in results.records}

    assert found(one) == found(two)


def test_engines_take_turns_in_going_first() -> None:
    lane = pool.Lane(["none", "structgen"], "masks", SETTINGS)
    with lane:
        firsts = [next(iter(lane.run(task)))["engine"] for task in TASKS[:4]]
    assert firsts == ["none", "structgen", "none", "structgen"]


def test_a_defect_of_the_benchmark_ends_the_run(run_track: Run, tmp_path: Path) -> None:
    """What is no engine's fault must not look like one."""

    class Broken(runner.Writer):
        def append(self, record: object) -> None:
            if isinstance(record, dict) and "engine" in record:
                raise OSError("the disk is full")
            super().append(record)  # type: ignore[arg-type]  # the head

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(runner, "Writer", Broken)
        with pytest.raises(OSError, match="the disk is full"):
            run_track(tmp_path / "masks.jsonl", ["none"])


def test_an_interruption_keeps_what_is_done(tmp_path: Path) -> None:
    """The keyboard's interruption: exit code 130, a readable file, a run that can go on, no process left."""
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for number in range(3):
        title = "trigger" if number == 1 else "calm"
        document = {"schema": {"title": title, "type": "string"}, "tests": [{"data": "a", "valid": True}]}
        (corpus / f"{number}.json").write_text(json.dumps(document))
    path = tmp_path / "out" / "masks.jsonl"
    command = [
        sys.executable,
        "-m",
        "jsonschemabench",
        "masks",
        "--data",
        str(corpus),
        "--vocabulary",
        "bytes",
    ]
    command += ["--engines", "benchmark.faulty:Sleeps", "--out", str(path.parent)]
    search = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": search},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # Whoever runs these tests in the background may have it ignored, and that is inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        while not path.exists() or len(path.read_text().splitlines()) < 2:
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate()
    assert process.returncode == 130
    assert b"--resume goes on from there" in errors and b"Traceback" not in errors
    assert [record["task"] for record in records.read(path).records] == ["0"]


def test_what_is_no_file_of_results_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.jsonl").write_text('{"name": 1}\n')
    with pytest.raises(BenchError, match="no file of results"):
        records.read(tmp_path / "x.jsonl")
    with pytest.raises(BenchError, match="cannot read results"):
        records.read(tmp_path / "absent.jsonl")
