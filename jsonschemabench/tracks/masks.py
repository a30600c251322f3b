"""Token masks: how long the first one, every other one and every advance take, and whether they are right.

The protocol: compile, start, first mask (TTFM). For every instance, written by ``json.dumps`` and cut into
tokens: before every token fill the mask (TBM), look at the token's bit, advance; at the end the end token
must be allowed, for an invalid instance something must have been refused. One thread; all schemas in one
process. Times are microseconds of the wall clock, the Python binding included.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from itertools import chain

from jsonschemabench import verdicts
from jsonschemabench.engines.engine import Engine, TokenRefused
from jsonschemabench.protocol import allows, compile_schema, judged, reading_of
from jsonschemabench.records import Record, Results
from jsonschemabench.tables import QUANTILES, Table, figures
from jsonschemabench.tasks import Task, serialize
from jsonschemabench.tracks.track import Track

__all__ = ["Masks"]

HEAD = ("µs", "mean", *(f"p{q:g}" for q in QUANTILES), "max")
KINDS = {
    "masks": "Mask (TBM)",
    "first": "Compile and first mask (TTFM)",
    "advances": "Advance",
}


class Masks(Track):
    """The mask protocol."""

    name = "masks"
    title = "Masks"

    @classmethod
    def note(cls, task: Task) -> Record:
        return {"bytes": len(json.dumps(task.schema))}

    def measure(self, engine: Engine, task: Task) -> Record:
        """Microseconds of the first mask, of each mask, of each advance; and the verdict."""
        clock = time.perf_counter
        result: Record = {"verdict": verdicts.PASSING}
        began = clock()
        refusal = compile_schema(engine, task.schema, reading_of(task))
        if refusal is not None:
            return result | judged(refusal, task)
        engine.fill()
        result["first"] = _micros(clock() - began)
        masks: list[float] = []
        advances: list[float] = []
        wrong: list[str] = []
        for number, instance in enumerate(task.instances):
            tokens = engine.encode(serialize(instance.data))
            accepted = self._read(engine, tokens, masks, advances)
            if accepted != instance.valid:
                wrong.append(verdicts.INVALIDATION if accepted else verdicts.VALIDATION)
                result.setdefault("reason", f"instance {number} is {'' if instance.valid else 'in'}valid")
        return result | {"verdict": verdicts.worst(wrong), "masks": masks, "advances": advances}

    @staticmethod
    def _read(engine: Engine, tokens: list[int], masks: list[float], advances: list[float]) -> bool:
        clock = time.perf_counter
        end = engine.tokens.end
        engine.restart()
        for token in [*tokens, end]:
            began = clock()
            row = engine.fill()
            masks.append(_micros(clock() - began))
            if not allows(row, token):
                return False
            if token != end:
                began = clock()
                try:
                    engine.advance(token)
                except TokenRefused:
                    return False
                advances.append(_micros(clock() - began))
        return True

    @classmethod
    def tables(cls, results: Results) -> list[Table]:
        by_engine = {name: results.of(name) for name in results.engines()}
        rows = {
            kind: {name: figures(times(records, kind)) for name, records in by_engine.items() if records}
            for kind in KINDS
        }
        tables = [cls._verdicts(results, by_engine)]
        for kind, title in KINDS.items():
            lines = [[name, *(f"{value:,.1f}" for value in row)] for name, row in rows[kind].items()]
            tables.append(Table(title, HEAD, lines))
        others = [name for name, records in by_engine.items() if records and name != "structgen"]
        if by_engine.get("structgen") and others:
            tables.append(cls._ratios(by_engine, others))
        return tables

    @staticmethod
    def _verdicts(results: Results, by_engine: dict[str, list[Record]]) -> Table:
        shown = [v for v in verdicts.ORDER if v != verdicts.MISSING]
        shown = [v for v in shown if v == verdicts.PASSING or _any(by_engine, v)]
        table = Table("Verdicts", ("engine", "version", "schemas", *shown, "MB"))
        for name, records in by_engine.items():
            about = results.head["engines"][name]
            if not records:
                why = about.get("missing") and f"not installed ({about['missing']})"
                table.rows.append([name, str(why or about.get("failed", "no results yet"))])
                table.rows[-1] += [""] * (len(table.columns) - 2)
                continue
            counts = Counter(record["verdict"] for record in records)
            memory = max(record.get("megabytes", 0.0) for record in records)
            cells = [str(counts[verdict]) for verdict in shown]
            table.rows.append([name, about.get("version", ""), str(len(records)), *cells, f"{memory:,.0f}"])
        options = "; ".join(
            f"{name}: {about['options']}"
            for name, about in results.head.get("engines", {}).items()
            if about.get("options")
        )
        table.note = f"Options: {options}. MB: growth of the process, the engine's vocabulary included."
        return table

    @staticmethod
    def _ratios(by_engine: dict[str, list[Record]], others: list[str]) -> Table:
        """structgen as a part of the others; below 1 is faster."""
        table = Table("structgen as a part of the others, same run", ("ratio", *HEAD[1:]))
        table.note = (
            "Times drift with the machine: only ratios of one run mean something. Below 1 is faster. Both: "
            "of schemas that both compile; else of all that each compiles, so that a refusal spares time."
        )
        for kind in KINDS:
            for name in others:
                mine, theirs = by_engine["structgen"], by_engine[name]
                common = _compiled(mine) & _compiled(theirs)
                table.rows.append([f"{kind}, {name}", *_quotients(mine, theirs, kind)])
                mine = [record for record in mine if record["task"] in common]
                theirs = [record for record in theirs if record["task"] in common]
                table.rows.append([f"{kind}, {name}, both", *_quotients(mine, theirs, kind)])
        return table


def _compiled(records: list[Record]) -> set[str]:
    return {record["task"] for record in records if "first" in record}


def _quotients(mine: list[Record], theirs: list[Record], kind: str) -> list[str]:
    pairs = zip(figures(times(mine, kind)), figures(times(theirs, kind)), strict=True)
    return [f"{own / other:.2f}" if other else "–" for own, other in pairs]


def _any(by_engine: dict[str, list[Record]], verdict: str) -> bool:
    return any(record["verdict"] == verdict for records in by_engine.values() for record in records)


def times(records: list[Record], kind: str) -> list[float]:
    """All times of one kind in some records."""
    if kind == "first":
        return [record["first"] for record in records if "first" in record]
    return list(chain.from_iterable(record.get(kind, ()) for record in records))


def _micros(seconds: float) -> float:
    return round(seconds * 1e6, 2)
