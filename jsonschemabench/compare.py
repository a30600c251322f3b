"""Two files of results side by side: which schemas came out better, worse or just otherwise; the times."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jsonschemabench import verdicts
from jsonschemabench.errors import BenchError
from jsonschemabench.records import Record, Results
from jsonschemabench.tables import Table
from jsonschemabench.tracks.masks import times

__all__ = ["Comparison", "compare"]

MOST_ROWS = 50


@dataclass
class Comparison:
    """What changed from one run to another; rows are (schema, engine, before, after)."""

    better: list[tuple[str, str, str, str]] = field(default_factory=list)
    worse: list[tuple[str, str, str, str]] = field(default_factory=list)
    changed: list[tuple[str, str, str, str]] = field(default_factory=list)
    """The same verdict for another reason, or another number of instances that are wrong."""
    same: int = 0
    only_before: int = 0
    only_after: int = 0
    times: Table | None = None

    def tables(self) -> list[Table]:
        """The comparison as tables."""
        summary = Table("Comparison", ("", "engine and schema"))
        for word in ("better", "worse", "changed"):
            summary.rows.append([word, str(len(getattr(self, word)))])
        summary.rows.append(["same", str(self.same)])
        summary.rows.append(["only in the first", str(self.only_before)])
        summary.rows.append(["only in the second", str(self.only_after)])
        made = [summary]
        for word in ("worse", "better", "changed"):
            rows = getattr(self, word)
            if rows:
                table = Table(word.capitalize(), ("schema", "engine", "before", "after"))
                table.rows = [list(row) for row in rows[:MOST_ROWS]]
                table.note = f"The first {MOST_ROWS} of {len(rows)}." if len(rows) > MOST_ROWS else ""
                made.append(table)
        return made + ([self.times] if self.times else [])


def compare(before: Results, after: Results) -> Comparison:
    """Compare two runs of the same track, engine by engine and schema by schema.

    Raises: BenchError for two different tracks.
    """
    if before.track != after.track:
        raise BenchError(f"cannot compare {before.track} with {after.track}")
    first = {(record["engine"], record["task"]): record for record in before.records}
    second = {(record["engine"], record["task"]): record for record in after.records}
    found = Comparison(
        only_before=len(first.keys() - second.keys()), only_after=len(second.keys() - first.keys())
    )
    for key in sorted(first.keys() & second.keys()):
        old, new = first[key], second[key]
        row = (key[1], key[0], _words(old), _words(new))
        ranks = [verdicts.ORDER.index(record["verdict"]) for record in (old, new)]
        if ranks[0] != ranks[1]:
            (found.better if ranks[1] < ranks[0] else found.worse).append(row)
        elif _essence(old) != _essence(new):
            found.changed.append(row)
        else:
            found.same += 1
    if before.track == "masks":
        found.times = _times(first, second)
    return found


def _words(record: Record) -> str:
    reason = record.get("reason", "")
    return f"{record['verdict']}: {reason[:120]}" if reason else str(record["verdict"])


def _essence(record: Record) -> tuple[object, ...]:
    """What two runs of the same thing have in common, times and memory left out."""
    outputs = [output["text"] for output in record.get("outputs", ())]
    return record.get("reason"), record.get("over"), record.get("under"), record.get("wrong"), outputs


def _times(first: dict[tuple[str, str], Record], second: dict[tuple[str, str], Record]) -> Table:
    """Medians of what both runs measured, and the second as a part of the first."""
    table = Table("Times, medians in µs", ("engine", "what", "before", "after", "ratio"))
    table.note = "Two runs at two times: on a busy machine ratios near 1 mean nothing."
    for engine in sorted({key[0] for key in first.keys() & second.keys()}):
        keys = sorted(key for key in first.keys() & second.keys() if key[0] == engine)
        for kind in ("first", "masks", "advances"):
            pair = [times([records[key] for key in keys], kind) for records in (first, second)]
            if all(pair):
                old, new = (float(np.median(values)) for values in pair)
                table.rows.append([engine, kind, f"{old:,.2f}", f"{new:,.2f}", f"{new / old:.2f}"])
    return table
