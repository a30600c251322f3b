"""A few schemas, and one run of the mask track with an engine for every fault."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

pytest.importorskip("structgen._native", reason="the native engine is not built")

from jsonschemabench import pool, runner
from jsonschemabench.records import Results
from jsonschemabench.settings import Settings
from jsonschemabench.tasks import Instance, Prompt, Task

FAULTS = {
    "benchmark.faulty:WrongAcceptance": "invalidation error",
    "benchmark.faulty:WrongRefusal": "validation error",
    "benchmark.faulty:Crash": "crash",
    "benchmark.faulty:Raises": "crash",
    "benchmark.faulty:Spins": "timeout",
    "benchmark.faulty:MemoryBlowUp": "out of memory",
}
SLEEPS = "benchmark.faulty:Sleeps"
MISSING = "benchmark.faulty:NeedsMissingPackage"

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 5}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


def person(name: str, title: str) -> Task:
    """A task about a small object."""
    data = [({"name": "Ada", "age": 36}, True), ({"name": "Bo"}, True), ({"age": 3}, False)]
    data += [({"name": "toolong"}, False), ({"name": "a", "age": -1}, False)]
    prompt = Prompt("Text: Ada is 36 years old.\nJSON:\n", {"name": "Ada", "age": 36})
    instances = tuple(Instance(value, valid) for value, valid in data)
    return Task(f"people/{name}", "people", {"title": title, **PERSON}, instances, (prompt,))


TASKS = (
    person("before", "Person"),
    person("trigger", "trigger"),
    person("after", "Person"),
    Task(
        "words/a",
        "words",
        {"type": "string", "pattern": "^a+$"},
        (Instance("aa", True), Instance("b", False)),
    ),
    Task("words/refused", "words", {"type": 7}),
)
SETTINGS = Settings(vocabulary="bytes", time_limit=0.5, memory_limit=1.5)

Run = Callable[..., Results]


@pytest.fixture(scope="session")
def run_track() -> Run:
    """Run a track over some tasks, quietly."""

    def run(path: Path, engines: list[str], **changes: object) -> Results:
        plan = runner.Plan("masks", TASKS, engines, SETTINGS, path, data="test")
        for name, value in changes.items():
            setattr(plan, name, value)
        return runner.run(plan, Console(file=io.StringIO()))

    return run


@pytest.fixture(scope="session")
def faults(run_track: Run, tmp_path_factory: pytest.TempPathFactory) -> Results:
    """The mask track with every fault, a missing engine and a sound one."""
    path = tmp_path_factory.mktemp("faults") / "masks.jsonl"
    with pytest.MonkeyPatch.context() as patch:
        # On a busy machine nothing but sleep may meet the limit by the clock.
        patch.setattr(pool, "WALL_EXTRA", 600.0)
        run_track(path, ["structgen", *FAULTS, MISSING])
        patch.setattr(pool, "WALL_EXTRA", 0.0)
        return run_track(path, [SLEEPS], tasks=[TASKS[1]], resume=True)
