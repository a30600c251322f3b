"""The bars this project has set itself, against the figures of a run; a bar missed is shown as one.

Only for ``structgen``, and only as far as the run measured what a bar is about.
"""

from __future__ import annotations

from dataclasses import dataclass

from jsonschemabench import verdicts
from jsonschemabench.records import Results
from jsonschemabench.tables import Table, figures
from jsonschemabench.tracks.masks import times

__all__ = ["Bar", "bars", "table"]

MEAN, P50, P99, MAX = 0, 1, 4, 6


@dataclass(frozen=True)
class Bar:
    """What is measured, the most (or least) it may be, and what it is."""

    what: str
    bar: float
    figure: float
    least: bool = False
    unit: str = ""

    @property
    def kept(self) -> bool:
        """Whether the figure clears the bar."""
        return self.figure >= self.bar if self.least else self.figure <= self.bar


def bars(results: Results) -> list[Bar]:
    """The bars on masks that a run can judge; none without results of structgen."""
    own = results.of("structgen")
    if not own or results.track != "masks":
        return []
    counts = [record["verdict"] for record in own]
    found = [
        Bar("schemas passing", 99.9, 100 * counts.count(verdicts.PASSING) / len(counts), True, " %"),
        Bar("schemas with invalidation errors", 0, counts.count(verdicts.INVALIDATION)),
        Bar("schemas with validation errors", 0, counts.count(verdicts.VALIDATION)),
        Bar("median advance", 1, figures(times(own, "advances"))[P50], unit=" µs"),
        Bar("longest mask", 5, figures(times(own, "masks"))[MAX] / 1e3, unit=" ms"),
        Bar("longest compile and first mask", 250, figures(times(own, "first"))[MAX] / 1e3, unit=" ms"),
        Bar("memory grown", 200, max(record.get("megabytes", 0.0) for record in own), unit=" MB"),
    ]
    for engine, kind, what, limits in _RELATIVE:
        other = results.of(engine)
        if not other:
            continue
        mine, theirs = figures(times(own, kind)), figures(times(other, kind))
        for place, word, limit in limits:
            if theirs[place] > 0:
                found.append(
                    Bar(f"{what}, {word}, against {engine}", limit, mine[place] / theirs[place], unit="×")
                )
    return [bar for bar in found if bar.figure == bar.figure]  # nan: nothing was measured


_RELATIVE = (
    ("llguidance", "masks", "mask", ((MEAN, "mean", 0.25), (P50, "p50", 0.25), (P99, "p99", 0.4))),
    ("xgrammar", "masks", "mask", ((MEAN, "mean", 0.35), (P50, "p50", 0.7))),
    (
        "llguidance",
        "first",
        "compile and first mask",
        ((MEAN, "mean", 0.5), (P50, "p50", 0.6), (P99, "p99", 0.7)),
    ),
)


def table(results: Results) -> Table | None:
    """The bars as a table; None where there are none."""
    found = bars(results)
    if not found:
        return None
    rows = [
        [
            bar.what,
            f"{'≥' if bar.least else '≤'} {bar.bar:g}{bar.unit}",
            f"{bar.figure:,.3g}{bar.unit}",
            _word(bar),
        ]
        for bar in found
    ]
    note = "What this project aims at for structgen. Ratios: structgen's figure over the other's, same run."
    return Table("Bars", ("what", "bar", "here", ""), rows, note)


def _word(bar: Bar) -> str:
    return "kept" if bar.kept else "missed"
