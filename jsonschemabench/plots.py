"""The plots of the page: inline SVG by matplotlib whose colours are the page's own.

matplotlib draws with placeholder colours, which become CSS variables afterwards, so that one drawing suits
a light and a dark page. Drawings are narrow, because they have to be read on a phone; text stays text.
"""

from __future__ import annotations

import io
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from jsonschemabench.records import Record, Results
from jsonschemabench.tracks.coverage import empirical, groups
from jsonschemabench.tracks.masks import times

__all__ = ["Plot", "coverage_heat", "mask_times", "schema_sizes"]

INK, GRID, PAPER = "#b10000", "#b10001", "#b10002"
SERIES = tuple(f"#a1000{number}" for number in range(8))
HEAT = tuple(f"#d1000{number}" for number in range(6))
_VARIABLES = {INK: "ink", GRID: "grid", PAPER: "paper"}
_VARIABLES |= {colour: f"series-{number}" for number, colour in enumerate(SERIES)}
_VARIABLES |= {colour: f"heat-{number}" for number, colour in enumerate(HEAT)}
LEVELS = ("none", "under 50 %", "under 90 %", "under 100 %", "100 %", "no schema")
MARKERS = "osD^vPXh"
MOST_POINTS = 1000
MOST_KEYWORDS = 40

_STYLE: Any = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRID,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": "none",
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
}


@dataclass(frozen=True)
class Plot:
    """A drawing with its title and a sentence that says how to read it."""

    title: str
    svg: str
    note: str


def mask_times(results: Results) -> Plot:
    """How many masks take longer than a time, both on log axes, a line an engine."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(4.3, 3.4)
        for number, name in enumerate(results.engines()):
            values = np.sort(times(results.of(name), "masks"))
            if len(values):
                # Even steps on the log axis of ranks: the tail is drawn in full, the bulk is thinned out.
                ranks = np.unique(np.geomspace(1, len(values), 400).astype(int))
                axes.loglog(values[-ranks], ranks / len(values), color=_colour(number), label=name)
        axes.set(xlabel="µs for a mask", ylabel="share that takes longer")
        _finish(figure, axes)
        note = "Lower and further left is better; read the tail at the bottom."
        return Plot("Mask times", _svg(figure, "mask-times", "Share of masks over time, by engine"), note)


def schema_sizes(results: Results) -> Plot:
    """Compile and first mask against the size of the schema."""
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(4.3, 3.4)
        shown = 0
        for number, name in enumerate(results.engines()):
            records = [record for record in results.of(name) if "first" in record]
            shown = max(shown, len(records))
            if len(records) > MOST_POINTS:
                records = random.Random(0).sample(records, MOST_POINTS)
            sizes, micros = [record["bytes"] for record in records], [record["first"] for record in records]
            marker = MARKERS[number % len(MARKERS)]
            axes.scatter(
                sizes, micros, s=9, color=_colour(number), alpha=0.55, linewidths=0, marker=marker, label=name
            )
        axes.set(xscale="log", yscale="log", xlabel="bytes of the schema", ylabel="µs to the first mask")
        axes.xaxis.set_minor_formatter(NullFormatter())
        _finish(figure, axes)
        note = (
            f"A seeded sample of {MOST_POINTS} schemas an engine."
            if shown > MOST_POINTS
            else "A dot a schema."
        )
        title = "Compile time by schema size"
        return Plot(title, _svg(figure, "schema-sizes", "Time to the first mask over schema size"), note)


def coverage_heat(results: Results, engine: str) -> Plot:
    """Empirical coverage of one engine, by keyword and family."""
    records = results.of(engine)
    families = sorted({record["family"] for record in records})
    by_keyword = groups(records, lambda record: record.get("keywords", ()))
    names = sorted(by_keyword, key=lambda keyword: (-len(by_keyword[keyword]), keyword))[:MOST_KEYWORDS]
    cells = np.array([[_level(by_keyword[k], family) for family in families] for k in names] or [[5]])
    with mpl.rc_context(_STYLE):
        figure, axes = _axes(4.3, 1.5 + 0.17 * max(3, len(names)))
        axes.pcolormesh(cells, cmap=ListedColormap(HEAT), vmin=0, vmax=5, edgecolors=PAPER, linewidth=1)
        axes.set_xticks(
            np.arange(len(families)) + 0.5, families, rotation=60, ha="left", rotation_mode="anchor"
        )
        axes.set_yticks(np.arange(len(names)) + 0.5, names, fontsize=8)
        axes.xaxis.tick_top()
        axes.invert_yaxis()
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        boxes = [
            mpl.patches.Patch(facecolor=colour, label=level)
            for colour, level in zip(HEAT, LEVELS, strict=True)
        ]
        figure.legend(handles=boxes, loc="outside lower center", ncols=3, fontsize=8, handlelength=1)
        slug = re.sub(r"\W+", "-", engine)
        svg = _svg(figure, f"heat-{slug}", f"Empirical coverage of {engine} by keyword and family")
    note = "The share of schemas with the keyword for which everything that was tried came out right."
    return Plot(f"Coverage of {engine}", svg, note)


def _level(records: Sequence[Record], family: str) -> int:
    here = [record for record in records if record["family"] == family]
    if not here:
        return 5
    part = sum(map(empirical, here)) / len(here)
    return 0 if part == 0 else 1 if part < 0.5 else 2 if part < 0.9 else 3 if part < 1 else 4


def _axes(width: float, height: float) -> tuple[Figure, Any]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def _finish(figure: Figure, axes: Any) -> None:
    axes.grid(which="major")
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(
            handles, labels, loc="outside upper left", ncols=3, fontsize=8, handlelength=1.5, markerscale=2
        )


def _colour(number: int) -> str:
    return SERIES[number % len(SERIES)]


def _svg(figure: Figure, name: str, label: str) -> str:
    """The drawing as an element for a page: ids of its own, colours by variable, size by the page."""
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'\b(id="|href="#)', rf"\1{name}-", svg).replace("url(#", f"url(#{name}-")
    svg = re.sub(r'(<svg [^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg [^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("<svg ", f'<svg role="img" aria-label="{label}" ', 1)
    return re.sub("|".join(_VARIABLES), lambda found: f"var(--{_VARIABLES[found.group()]})", svg)
