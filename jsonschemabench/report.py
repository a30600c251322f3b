"""The report of a folder of results: report.md, and report.html, one page that needs nothing else.

The page wants the packages jinja2 and matplotlib (extra ``bench``); without them there is the Markdown alone.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschemabench import bars, verdicts
from jsonschemabench.errors import BenchError
from jsonschemabench.records import Results, read
from jsonschemabench.tables import Table, to_markdown
from jsonschemabench.tracks import TRACKS, find_track

__all__ = ["Section", "find_results", "sections", "write"]

SLOWEST = 10


@dataclass
class Section:
    """One track of the report."""

    title: str
    about: str
    tables: Sequence[Table]
    plots: list[Any] = field(default_factory=list)


def find_results(folder: Path) -> list[Results]:
    """The files of results in a folder, in the order of the tracks.

    Raises: BenchError where there are none.
    """
    found = [read(folder / f"{track}.jsonl") for track in TRACKS if (folder / f"{track}.jsonl").is_file()]
    if not found:
        raise BenchError(f"no results in {str(folder)!r}: expected masks.jsonl and the like")
    return found


def sections(found: Sequence[Results]) -> list[Section]:
    """Every track's tables, the slowest schemas and the bars included."""
    made = []
    for results in found:
        track = find_track(results.track)
        tables = list(track.tables(results))
        judged = bars.table(results)
        if judged is not None:
            tables.insert(1, judged)
        if results.track == "masks":
            tables += slowest(results)
        failed = failures(results)
        if failed.rows:
            tables.append(failed)
        made.append(Section(track.title, _about(results), tables))
    return made


def slowest(results: Results) -> list[Table]:
    """The schemas that take each engine longest, to compile and for one mask."""
    made = []
    for title, key in (("Slowest to compile", "first"), ("Slowest masks", "masks")):
        table = Table(title, ("schema", "engine", "ms", "bytes"))
        for engine in results.engines():
            values = []
            for record in results.of(engine):
                found = record.get(key) or 0.0
                values.append((max(found) if isinstance(found, list) else found, record))
            values.sort(key=lambda entry: (-entry[0], entry[1]["task"]))
            for value, record in values[:SLOWEST]:
                table.rows.append([record["task"], engine, f"{value / 1e3:,.2f}", str(record["bytes"])])
        made.append(table)
    return made


def failures(results: Results) -> Table:
    """Schemas at which an engine crashed, hung or ran out of memory."""
    table = Table("Crashes, timeouts, memory", ("schema", "engine", "verdict", "what"))
    for record in results.records:
        if record["verdict"] in (verdicts.CRASH, verdicts.TIMEOUT, verdicts.MEMORY):
            what = record.get("reason", "")[:200]
            table.rows.append([record["task"], record["engine"], record["verdict"], what])
    if len(table.rows) > 100:
        table.note = f"The first 100 of {len(table.rows)}."
        del table.rows[100:]
    return table


def _about(results: Results) -> str:
    head = results.head
    engines = ", ".join(
        f"{name} {about['version']}" if "version" in about else f"{name} (not run)"
        for name, about in head.get("engines", {}).items()
    )
    tasks = len({record["task"] for record in results.records})
    settings = head.get("settings", {})
    parts = [
        f"{tasks} schemas of {head.get('data', '?')}{head.get('sample', '')}",
        f"vocabulary {settings.get('vocabulary', '?')}" if results.track in ("masks", "coverage") else "",
        f"model {settings.get('model', '?')}" if results.track == "generate" else "",
        engines,
        f"limits {settings.get('time_limit', 0):g} s and {settings.get('memory_limit', 0):g} GiB a schema",
        f"{head.get('jobs', 1)} at a time",
        str(head.get("machine", "")),
        str(head.get("started", "")),
    ]
    return "; ".join(part for part in parts if part)


def write(folder: Path) -> tuple[Path, Path | None]:
    """Write the report of a folder of results; the page is None where its packages are missing."""
    found = find_results(folder)
    made = sections(found)
    markdown = folder / "report.md"
    parts = ["# jsonschemabench", ""]
    for section in made:
        parts += [f"# {section.title}", "", section.about + ".", "", to_markdown(section.tables)]
    markdown.write_text("\n".join(parts), encoding="utf-8")
    if not all(importlib.util.find_spec(name) for name in ("jinja2", "matplotlib")):
        return markdown, None
    from jsonschemabench import page

    for section, results in zip(made, found, strict=True):
        section.plots = page.plots_of(results)
    html = folder / "report.html"
    html.write_text(page.render(made), encoding="utf-8")
    return markdown, html
