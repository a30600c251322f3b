"""Results on disk: JSON lines, a head that says what was run, then one line an engine and schema.

Lines are only ever appended, so whatever ends a run leaves all that was finished; a last line cut short
is dropped when the file is read or continued.  Knows nothing about what a record means.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

from jsonschemabench.errors import BenchError

__all__ = ["Record", "Results", "Writer", "read"]

Record = dict[str, Any]


@dataclass
class Results:
    """A file of results: its head and its records in the order they were written."""

    head: Record = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    path: Path | None = None

    @property
    def track(self) -> str:
        """Which track wrote it."""
        return str(self.head.get("track", "masks"))

    def engines(self) -> list[str]:
        """The engines of the run in the order they were asked for, missing ones included."""
        return list(self.head.get("engines", {}))

    def of(self, engine: str) -> list[Record]:
        """The records of one engine."""
        return [record for record in self.records if record["engine"] == engine]


def read(path: Path) -> Results:
    """Read a file of results.

    Raises: BenchError where there is none, or where it is something else.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise BenchError(f"cannot read results from {str(path)!r}: {error}") from error
    if lines and not lines[-1].endswith("\n"):
        lines.pop()  # cut short while it was written
    documents = []
    for number, line in enumerate(lines, start=1):
        try:
            documents.append(json.loads(line))
        except ValueError as error:
            raise BenchError(f"{path}, line {number} is not JSON: {error}") from error
    if not documents or "track" not in documents[0]:
        raise BenchError(f"{path} is no file of results: its first line does not name a track")
    return Results(documents[0], documents[1:], path)


class Writer:
    """Appends to a file of results; use it as a context manager.

    With ``resume`` an existing file is continued if it was asked for the same, else it is refused.
    Without, an existing file is kept beside the new one as ``NAME.previous.jsonl``, ready for a comparison.
    """

    def __init__(self, path: Path, head: Mapping[str, Any], *, resume: bool) -> None:
        self.path = path
        self.done: set[tuple[str, str]] = set()
        self._head = dict(head)
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size:
            if resume:
                self._continue()
                return
            path.replace(path.with_suffix(".previous.jsonl"))
        self._write_head()

    def _write_head(self) -> None:
        self._file: TextIO = self.path.open("w", encoding="utf-8")
        self.append(self._head)

    def _continue(self) -> None:
        known = read(self.path)
        for key in ("track", "data", "sample", "settings"):
            if known.head.get(key) != self._head.get(key):
                then, now = known.head.get(key), self._head.get(key)
                raise BenchError(
                    f"{self.path} is of another run ({key}: {then!r}, now {now!r}); "
                    "give another --out, or leave --resume out"
                )
        self.done = {(record["engine"], record["task"]) for record in known.records}
        merged = known.head.get("engines", {}) | self._head.get("engines", {})
        lines = [known.head | {"engines": merged}, *known.records]
        # Written anew beside it and moved into place, so that an interruption here loses nothing either.
        beside = self.path.with_suffix(".partial")
        beside.write_text("".join(_line(line) for line in lines), encoding="utf-8")
        beside.replace(self.path)
        self._file = self.path.open("a", encoding="utf-8")

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line and hand it to the system."""
        self._file.write(_line(record))
        self._file.flush()

    def __enter__(self) -> Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def _line(record: Mapping[str, Any]) -> str:
    # ASCII, because an engine's message may hold what has no UTF-8.
    return json.dumps(record, separators=(",", ":")) + "\n"
