"""Workers seen from outside: a process an engine, replaced when it dies, hangs or runs out of memory.

A `Lane` is one worker for each engine; it gives every schema to all of them in turn, so that a busy moment of
the machine strikes all.  Lanes know nothing about files or progress.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Container, Iterator, Sequence
from multiprocessing.connection import Connection
from typing import Any

from jsonschemabench import verdicts
from jsonschemabench.records import Record
from jsonschemabench.settings import Settings
from jsonschemabench.tasks import Task
from jsonschemabench.tracks import find_track

__all__ = ["Lane", "Stopped", "Worker"]

# Wall time is only there for what sleeps or waits; the limit that counts is processor time.
WALL_FACTOR, WALL_EXTRA = 5.0, 30.0
START_SECONDS = 600.0
OUT_OF_MEMORY = (
    "bad_alloc",
    "memory allocation of",
    "MemoryError",
    "out of memory",
    "Cannot allocate memory",
)


class Stopped(Exception):
    """The lane was closed while a task ran."""


class Worker:
    """One engine in a process of its own.

    ``about`` holds its version and options once `wait` has seen it start, or why it cannot.
    """

    def __init__(self, engine: str, track: str, settings: Settings, path: Sequence[str] = ()) -> None:
        self.engine, self.track, self.settings, self.path = engine, track, settings, path
        self.about: Record = {}
        self._closed = False
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  # lives as long as the worker
        self._pipe: Connection[Any, Any]
        self._process: subprocess.Popen[bytes]
        self.start()

    @property
    def usable(self) -> bool:
        """Whether it can be given tasks."""
        return "version" in self.about

    def start(self) -> None:
        """Start the process; `wait` for the engine in it."""
        self._pipe, other = multiprocessing.Pipe()
        arguments = [str(other.fileno()), self.engine, self.track, json.dumps(self.settings.as_dict())]
        self._errors.seek(0)
        self._errors.truncate()
        # A session of its own: an interruption from the keyboard is the parent's to handle.
        self._process = subprocess.Popen(
            # -P: not the folder it happens to run in, which may be a checkout without the compiled module.
            [sys.executable, "-P", "-m", "jsonschemabench.worker", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=self._errors,
            stderr=self._errors,
            env=_environment(self.path),
            pass_fds=[other.fileno()],
            start_new_session=True,
        )
        other.close()

    def wait(self) -> None:
        """Wait until the engine stands, or is known not to."""
        try:
            answered = self._pipe.poll(START_SECONDS)
            about = self._pipe.recv() if answered else {"failed": f"did not start in {START_SECONDS:.0f} s"}
        except (EOFError, OSError):
            about = {"failed": f"{self._end()} while it started: {self._words()}"}
        if not self.about or "version" not in about:
            self.about = about

    def run(self, task: Task) -> Record:
        """The result of one task; whatever becomes of the process, there is one.

        Raises: Stopped if the worker was closed meanwhile.
        """
        wall = self.settings.time_limit * WALL_FACTOR + WALL_EXTRA
        try:
            self._pipe.send(task)
            if self._pipe.poll(wall):
                result: Record = self._pipe.recv()
                if result["verdict"] == verdicts.MEMORY:
                    self._replace()
                return result
            result = {"verdict": verdicts.TIMEOUT, "reason": f"more than {wall:g} s by the clock"}
        except (EOFError, OSError):
            result = self._autopsy()
        self._replace()
        return result

    def _autopsy(self) -> Record:
        """What a process died of."""
        how = self._end()
        if self._closed:
            raise Stopped
        words, code = self._words(), self._process.returncode
        if code == -signal.SIGXCPU:
            seconds = self.settings.time_limit
            return {"verdict": verdicts.TIMEOUT, "reason": f"more than {seconds:g} s of processor time"}
        if code == -signal.SIGKILL or any(mark in words for mark in OUT_OF_MEMORY):
            return {"verdict": verdicts.MEMORY, "reason": f"{how}: {words}"[:300]}
        return {"verdict": verdicts.CRASH, "reason": f"{how}: {words}"[:300].rstrip(": ")}

    def _end(self) -> str:
        """How the process ended; it is given a moment to do so."""
        try:
            code = self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        return f"ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def _words(self) -> str:
        """The end of what the process printed, as one line."""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        return " ".join(self._errors.read().decode("utf-8", "replace").split())[-300:]

    def _replace(self) -> None:
        self._kill()
        if self._closed:
            raise Stopped
        self.start()
        self.wait()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._pipe.close()

    def stop(self) -> None:
        """End the process; a task that runs in another thread is given up there."""
        self._closed = True
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End the process and give everything back; no other thread may be using the worker."""
        self.stop()
        self._pipe.close()
        self._errors.close()


def _environment(first: Sequence[str]) -> dict[str, str]:
    """This process's environment and import path, with one thread for every library that has several."""
    path = os.pathsep.join(dict.fromkeys(entry or os.getcwd() for entry in [*first, *sys.path]))
    return {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


class Lane:
    """One worker for every engine; use it as a context manager.

    ``path`` is where workers look for modules before they look where this process does.
    """

    def __init__(
        self, engines: Sequence[str], track: str, settings: Settings, path: Sequence[str] = ()
    ) -> None:
        self.workers = {engine: Worker(engine, track, settings, path) for engine in engines}
        for worker in self.workers.values():  # they start side by side
            worker.wait()
        self._track = find_track(track)
        self._turn = 0

    def about(self) -> dict[str, Record]:
        """Versions and options by engine, or why one is missing."""
        return {name: worker.about for name, worker in self.workers.items()}

    def run(self, task: Task, done: Container[tuple[str, str]] = frozenset()) -> Iterator[Record]:
        """Give a task to every usable engine that has not done it yet; another one begins each time."""
        names = [name for name, worker in self.workers.items() if worker.usable]
        first = self._turn % max(1, len(names))
        self._turn += 1
        for name in names[first:] + names[:first]:
            if (name, task.name) in done:
                continue
            result = self.workers[name].run(task)
            about = {"engine": name, "task": task.name, "family": task.family}
            yield about | self._track.note(task) | result

    def stop(self) -> None:
        """End all processes; a thread that runs a task gets Stopped."""
        for worker in self.workers.values():
            worker.stop()

    def close(self) -> None:
        """End all processes and give everything back."""
        for worker in self.workers.values():
            worker.close()

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
