"""A run: tasks through lanes, results into a file, a bar that moves; an interruption keeps what is done."""

from __future__ import annotations

import datetime
import os
import platform
import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from jsonschemabench import verdicts
from jsonschemabench.pool import Lane, Stopped
from jsonschemabench.records import Record, Results, Writer, read
from jsonschemabench.settings import Settings
from jsonschemabench.tasks import Task

__all__ = ["Interrupted", "Plan", "run"]


class Interrupted(Exception):
    """The run was stopped by the keyboard; the file of results has what was finished."""


@dataclass
class Plan:
    """What to run: which tasks through which engines, and where the results go."""

    track: str
    tasks: Sequence[Task]
    engines: Sequence[str]
    settings: Settings
    path: Path
    data: str = ""
    sample: str = ""
    """Which part of the data, in words; a run is only continued for the same one."""
    jobs: int = 1
    resume: bool = False
    cluster: bool = False
    head: Record = field(default_factory=dict)

    def describe(self, about: dict[str, Record]) -> Record:
        """The head of the file of results."""
        return {
            "track": self.track,
            "data": self.data,
            "sample": self.sample,
            "settings": self.settings.as_dict(),
            "engines": {name: about.get(name, {}) for name in self.engines},
            "jobs": self.jobs,
            "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
            "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            **self.head,
        }


def run(plan: Plan, console: Console) -> Results:
    """Run every task that has no result yet and return all results, those of earlier runs included.

    Raises: Interrupted on the keyboard's interruption, after the processes have ended; BenchError where a
    file of results cannot be continued.
    """
    if plan.cluster:
        from jsonschemabench.cluster import run_on_cluster

        run_on_cluster(plan, console)
    else:
        _run_here(plan, console)
    return read(plan.path)


def _run_here(plan: Plan, console: Console) -> None:
    with console.status(f"{plan.track}: starting {', '.join(plan.engines)}"):
        first = Lane(plan.engines, plan.track, plan.settings)
    lanes = [first]
    waiting: queue.SimpleQueue[Task] = queue.SimpleQueue()
    for task in plan.tasks:
        waiting.put(task)
    failures: list[BaseException] = []
    lock = threading.Lock()
    with (
        first,
        Writer(plan.path, plan.describe(first.about()), resume=plan.resume) as writer,
        progress_bar(plan, first.about(), writer.done, console) as moved,
    ):

        def work(lane: Lane | None) -> None:
            try:
                if lane is None:
                    lane = Lane(plan.engines, plan.track, plan.settings)
                    lanes.append(lane)
                while not failures:
                    for record in lane.run(waiting.get_nowait(), writer.done):
                        with lock:
                            writer.append(record)
                            moved(record)
            except (queue.Empty, Stopped):
                pass
            except BaseException as failure:
                failures.append(failure)

        threads = [threading.Thread(target=work, args=(None,)) for _ in range(plan.jobs - 1)]
        threads.append(threading.Thread(target=work, args=(first,)))
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.2)
        except KeyboardInterrupt:
            failures.append(Interrupted(str(plan.path)))
        finally:
            for lane in lanes:
                lane.stop()
            for thread in threads:
                thread.join()
            for lane in lanes:
                lane.close()
    if failures:
        raise failures[0]


@contextmanager
def progress_bar(
    plan: Plan, about: dict[str, Record], done: set[tuple[str, str]], console: Console
) -> Iterator[Callable[[Record], None]]:
    """A bar with what has gone wrong so far; give it every record."""
    usable = [name for name, entry in about.items() if "version" in entry]
    known = sum((name, task.name) in done for name in usable for task in plan.tasks)
    wrong: dict[str, int] = {}
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[wrong]}"),
        console=console,
    )
    with bar:
        line = bar.add_task(plan.track, total=len(usable) * len(plan.tasks), completed=known, wrong="")

        def moved(record: Record) -> None:
            if record["verdict"] not in (verdicts.PASSING, verdicts.REFUSED):
                wrong[record["engine"]] = wrong.get(record["engine"], 0) + 1
            words = ", ".join(f"{name}: {count} wrong" for name, count in sorted(wrong.items()))
            bar.update(line, advance=1, wrong=words)

        yield moved
