"""Coverage: which schemas an engine takes, and for which of them it keeps its promise.

*Declared*: it compiles.  *Empirical*: it also accepts every valid instance, refuses every invalid one, and
what is drawn through its masks validates.  *Compliance rate*: empirical of declared.  *Over-constrained*: a
valid instance is refused.  *Under-constrained*: an invalid instance is accepted, or an invalid output was
drawn.

The terms follow Geng et al., *Generating Structured Outputs from Language Models: Benchmark and Studies*
(2025); there, outputs come from a large model, here from `draws`, which needs none and strays more.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from jsonschemabench import verdicts
from jsonschemabench.draws import Drawer
from jsonschemabench.engines.engine import Engine
from jsonschemabench.errors import BenchError
from jsonschemabench.keywords import keywords
from jsonschemabench.oracle import Judge
from jsonschemabench.protocol import compile_schema, reading_of, reads
from jsonschemabench.records import Record, Results
from jsonschemabench.settings import Settings
from jsonschemabench.tables import Table, share
from jsonschemabench.tasks import Task, serialize
from jsonschemabench.tracks.track import Track

__all__ = ["Coverage", "declared", "empirical", "groups"]

MOST_TOKENS = 2000
COLUMNS = ("schemas", "declared", "empirical", "compliance", "over", "under")


class Coverage(Track):
    """Declared and empirical coverage, per family and per keyword."""

    name = "coverage"
    title = "Coverage"

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._drawer = Drawer(self.tokens)

    @classmethod
    def note(cls, task: Task) -> Record:
        return {"keywords": sorted(keywords(task.schema))}

    def measure(self, engine: Engine, task: Task) -> Record:
        """Which instances came out wrong, and what was drawn."""
        refusal = compile_schema(engine, task.schema, reading_of(task))
        if refusal is not None:
            return refusal
        result: Record = {}
        texts = [serialize(instance.data) for instance in task.instances]
        over: list[int] = []
        under: list[int] = []
        for number, (instance, text) in enumerate(zip(task.instances, texts, strict=True)):
            if reads(engine, engine.encode(text)) != instance.valid:
                (over if instance.valid else under).append(number)
        drawn = self._draw(engine, task, [t for t, i in zip(texts, task.instances, strict=True) if i.valid])
        wrong = [verdicts.VALIDATION] * bool(over)
        wrong += [verdicts.INVALIDATION] * bool(under or drawn["invalid"])
        reasons = [f"refuses the valid instance {number}" for number in over]
        reasons += [f"accepts the invalid instance {number}" for number in under]
        reasons += [f"lets {bad['text'][:120]} out: {bad['why']}" for bad in drawn["invalid"]]
        if reasons:
            result["reason"] = "; ".join(reasons)[:400]
        return result | {"verdict": verdicts.worst(wrong), "over": over, "under": under, "drawn": drawn}

    def _draw(self, engine: Engine, task: Task, valid: list[str]) -> Record:
        """Outputs drawn through the masks: how many ended, which do not validate."""
        drawn: Record = {"finished": 0, "unfinished": 0, "stuck": 0, "invalid": []}
        try:
            judge = Judge(task.schema, task.dialect)
        except BenchError:
            return drawn
        if any(judge.complaint(text) for text in valid):
            return drawn  # the judge reads the schema otherwise than its instances do
        for number in range(self.settings.draws):
            source = random.Random(f"{self.settings.seed} {task.name} {number}")
            guide = engine.encode(source.choice(valid)) if valid else []
            limit = min(2 * len(guide) + 200, MOST_TOKENS)
            draw = self._drawer.draw(engine, guide, source, limit)
            drawn[draw.how] += 1
            if draw.how == "finished":
                try:
                    text = draw.output.decode("utf-8")
                    why = judge.complaint(text)
                except UnicodeDecodeError as error:
                    text, why = repr(draw.output), f"no UTF-8: {error.reason}"
                if why:
                    drawn["invalid"].append({"text": text[:500], "why": why})
        return drawn

    @classmethod
    def tables(cls, results: Results) -> list[Table]:
        everything = Table("Coverage", ("engine", *COLUMNS, "drawn", "not ended", "stuck"))
        everything.note = (
            "Declared: compiles. Empirical: also right about all instances and drawn outputs. Compliance: "
            "empirical of declared. Over, under: schemas with something valid refused, invalid accepted."
        )
        tables = [everything]
        for engine in results.engines():
            records = results.of(engine)
            if not records:
                about = results.head["engines"][engine]
                why = f"not installed ({about['missing']})" if "missing" in about else about.get("failed", "")
                everything.rows.append([engine, why, *[""] * (len(everything.columns) - 2)])
                continue
            drawn = [record["drawn"] for record in records if "drawn" in record]
            counts = [sum(entry[key] for entry in drawn) for key in ("finished", "unfinished", "stuck")]
            everything.rows.append([engine, *_cells(records), *map(str, counts)])
        for title, key in (("family", _family), ("keyword", _keywords)):
            table = Table(f"Coverage by {title}: empirical of all", (title, "schemas", *_present(results)))
            by_engine = {name: groups(results.of(name), key) for name in _present(results)}
            for group in sorted({group for found in by_engine.values() for group in found}):
                found = [by_engine[name].get(group, []) for name in by_engine]
                cells = [share(sum(map(empirical, records)), len(records)) for records in found]
                table.rows.append([group, str(max(map(len, found))), *cells])
            tables.append(table)
        return [*tables, _cases(results)]


def declared(record: Record) -> bool:
    """Whether the schema compiled, within the limits."""
    return "over" in record


def empirical(record: Record) -> bool:
    """Whether everything that was tried came out right."""
    return bool(record["verdict"] == verdicts.PASSING)


def groups(records: Iterable[Record], key: Callable[[Record], Iterable[str]]) -> dict[str, list[Record]]:
    """Records by the groups they belong to, each may belong to several."""
    found: dict[str, list[Record]] = {}
    for record in records:
        for group in key(record):
            found.setdefault(group, []).append(record)
    return found


def _family(record: Record) -> list[str]:
    return [record["family"]]


def _keywords(record: Record) -> list[str]:
    return list(record.get("keywords", ()))


def _present(results: Results) -> list[str]:
    return [name for name in results.engines() if results.of(name)]


def _cells(records: list[Record]) -> list[str]:
    taken, right = sum(map(declared, records)), sum(map(empirical, records))
    over = sum(bool(record.get("over")) for record in records)
    under = sum(record["verdict"] == verdicts.INVALIDATION for record in records)
    shares = [share(taken, len(records)), share(right, len(records)), share(right, taken)]
    return [str(len(records)), *shares, str(over), str(under)]


def _cases(results: Results) -> Table:
    """Every schema that an engine takes and gets wrong, or that ended it, the worst first."""
    table = Table("Over- and under-constrained schemas", ("schema", "engine", "verdict", "what"))
    wrong = [r for r in results.records if r["verdict"] not in (verdicts.PASSING, verdicts.REFUSED)]
    wrong.sort(key=lambda r: (-verdicts.ORDER.index(r["verdict"]), r["engine"], r["task"]))
    for record in wrong[:100]:
        reason = record.get("reason", "")[:200]
        table.rows.append([record["task"], record["engine"], record["verdict"], reason])
    if len(wrong) > 100:
        table.note = f"The first 100 of {len(wrong)}; all of them stand in the file of results."
    return table
