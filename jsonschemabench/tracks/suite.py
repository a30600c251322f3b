"""The official JSON Schema test suite, by draft and file: every group of tests is one schema.

Formats are asserted in the files about formats and content in draft 7's about content; elsewhere they are
annotations, for an engine that can be told.  An engine that says "no value satisfies this" has refused
every instance.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonschemabench import verdicts
from jsonschemabench.engines.engine import Engine, Unsatisfiable
from jsonschemabench.errors import BenchError
from jsonschemabench.protocol import compile_schema, reading_of, reads
from jsonschemabench.records import Record, Results
from jsonschemabench.settings import Settings
from jsonschemabench.tables import Table, share
from jsonschemabench.tasks import Instance, Task, serialize
from jsonschemabench.tokens import Tokens, load
from jsonschemabench.tracks.track import Track

__all__ = ["DIALECTS", "Suite", "documents", "tasks"]

DIALECTS = {
    "draft4": "draft4",
    "draft6": "draft6",
    "draft7": "draft7",
    "draft2019-09": "2019-09",
    "draft2020-12": "2020-12",
    "v1": "v1",
}
ADDRESS = "http://localhost:1234/"


def tasks(folder: Path, drafts: Iterable[str] = DIALECTS) -> list[Task]:
    """Every group of the suite as a task; the family is the draft.

    Raises: BenchError where the folder is not the suite.
    """
    found = []
    for draft in drafts:
        root = folder / "tests" / draft
        for path in sorted(root.rglob("*.json")):
            name = path.relative_to(root).with_suffix("").as_posix()
            for number, group in enumerate(json.loads(path.read_text(encoding="utf-8"))):
                found.append(_task(draft, name, number, group))
    if not found:
        raise BenchError(
            f"no test suite at {str(folder)!r}: expected tests/draft7 and the like, as in json-schema-org/"
            "JSON-Schema-Test-Suite"
        )
    return found


def _task(draft: str, name: str, number: int, group: dict[str, Any]) -> Task:
    schema = group["schema"]
    named = isinstance(schema, dict) and "$schema" in schema
    formats = "assert" if "format/" in name or name == "optional/format-assertion" else "annotate"
    about = {
        "file": name,
        "formats": formats,
        "content": "assert" if name == "optional/content" else "annotate",
        "group": group["description"],
        "tests": [test["description"] for test in group["tests"]],
    }
    instances = tuple(Instance(test["data"], test["valid"]) for test in group["tests"])
    title = f"{draft}/{name} {number}: {group['description']}"
    return Task(title, draft, schema, instances, dialect=None if named else DIALECTS[draft], about=about)


def documents(folder: Path) -> dict[str, Any]:
    """The suite's remote documents, by the addresses that it gives them."""
    remotes = folder / "remotes"
    return {
        ADDRESS + path.relative_to(remotes).as_posix(): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(remotes.rglob("*.json"))
    }


class Suite(Track):
    """Verdicts of the official suite, test by test."""

    name = "suite"
    title = "The official test suite"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._documents = documents(Path(settings.suite))

    def read_tokens(self) -> Tokens:
        """One token a byte: what is tested is the language, not the tokenizer."""
        return load("bytes")

    @classmethod
    def note(cls, task: Task) -> Record:
        return {"file": task.about["file"], "tests": len(task.instances)}

    def measure(self, engine: Engine, task: Task) -> Record:
        """How many tests of the group came out right, and which did not."""
        wrong: list[Record] = []
        result: Record = {"right": 0}
        refusal = compile_schema(engine, task.schema, reading_of(task, self._documents))
        if refusal is not None and not refusal["reason"].startswith(Unsatisfiable.__name__):
            return result | refusal
        for instance, test in zip(task.instances, task.about["tests"], strict=True):
            accepted = refusal is None and reads(engine, engine.encode(serialize(instance.data)))
            if accepted == instance.valid:
                result["right"] += 1
            else:
                wrong.append({"test": test, "verdict": _wrong(accepted)})
        result["verdict"] = verdicts.worst(entry["verdict"] for entry in wrong)
        if wrong:
            result |= {"wrong": wrong, "reason": "; ".join(entry["test"] for entry in wrong)[:300]}
        return result

    @classmethod
    def tables(cls, results: Results) -> list[Table]:
        columns = ("engine", "required", "formats", "other optional", "wrongly accepted", "wrongly refused")
        tables = []
        for draft in DIALECTS:
            table = Table(f"{draft}: tests passed", (*columns, "schemas refused"))
            for engine in results.engines():
                records = [record for record in results.of(engine) if record["family"] == draft]
                if records:
                    table.rows.append([engine, *_row(records)])
            if table.rows:
                tables.append(table)
        return [*tables, _files(results)]


def _wrong(accepted: bool) -> str:
    return verdicts.INVALIDATION if accepted else verdicts.VALIDATION


def _row(records: list[Record]) -> list[str]:
    cells = []
    for kind in ("required", "formats", "other"):
        here = [record for record in records if _kind(record) == kind]
        right, whole = sum(r.get("right", 0) for r in here), sum(r.get("tests", 0) for r in here)
        cells.append(f"{right} of {whole} ({share(right, whole)})" if whole else "none")
    flat = [entry["verdict"] for record in records for entry in record.get("wrong", ())]
    refused = sum(record["verdict"] == verdicts.REFUSED for record in records)
    return [*cells, *(str(flat.count(v)) for v in (verdicts.INVALIDATION, verdicts.VALIDATION)), str(refused)]


def _kind(record: Record) -> str:
    name = record.get("file", "")
    if "format/" in name:
        return "formats"
    return "other" if name.startswith(("optional/", "proposals/")) else "required"


def _files(results: Results) -> Table:
    """Files in which an engine does not pass everything."""
    table = Table("Files with tests that do not pass", ("file", *results.engines()))
    sums: dict[str, dict[str, list[int]]] = {}
    for record in results.records:
        where = f"{record['family']}/{record.get('file', '?')}"
        right, whole = sums.setdefault(where, {}).setdefault(record["engine"], [0, 0])
        sums[where][record["engine"]] = [right + record.get("right", 0), whole + record.get("tests", 0)]
    for where, by_engine in sorted(sums.items()):
        if any(right != whole for right, whole in by_engine.values()):
            cells = (by_engine.get(engine) for engine in results.engines())
            table.rows.append([where, *(f"{c[0]} of {c[1]}" if c else "–" for c in cells)])
    return table
