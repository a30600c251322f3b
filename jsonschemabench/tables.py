"""Tables of text, as Markdown and for the terminal; and the figures that stand in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

__all__ = ["QUANTILES", "Table", "figures", "share", "to_markdown", "to_terminal"]

QUANTILES = (50.0, 75.0, 90.0, 99.0, 99.9)


@dataclass
class Table:
    """A title, a row of column names, rows of cells, and a sentence that says how to read it."""

    title: str
    columns: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    note: str = ""

    def transposed(self) -> Table:
        """Rows as columns, for a table of many figures and few engines."""
        grid = [list(self.columns), *self.rows]
        width = max(map(len, grid))
        turned = [[row[place] if place < len(row) else "" for row in grid] for place in range(width)]
        return Table(self.title, turned[0], turned[1:], self.note)


def figures(values: Sequence[float]) -> list[float]:
    """Mean, the quantiles and the maximum; nan where there are no values.

    >>> figures([1.0, 2.0, 6.0])[:2]
    [3.0, 2.0]
    """
    data = np.asarray(values, dtype=float)
    if not data.size:
        return [float("nan")] * (len(QUANTILES) + 2)
    return [float(data.mean()), *(float(q) for q in np.percentile(data, QUANTILES)), float(data.max())]


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent; a dash where there is no whole.

    >>> share(1, 8), share(0, 0)
    ('12.5 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else "–"


def to_markdown(tables: Sequence[Table]) -> str:
    """The tables one below the other, each under its title."""
    return "\n".join(_markdown(table) for table in tables)


def _markdown(table: Table) -> str:
    lines = [f"## {table.title}", ""]
    lines += [_row(table.columns), "|---" + "|---:" * (len(table.columns) - 1) + "|"]
    lines += [_row(row) for row in table.rows]
    if table.note:
        lines += ["", table.note]
    return "\n".join([*lines, ""])


def _row(cells: Sequence[str]) -> str:
    safe = (cell.replace("\n", " ").replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(safe) + " |"


def to_terminal(tables: Sequence[Table], console: Console) -> None:
    """Print the tables."""
    for table in tables:
        shown = RichTable(box=SIMPLE_HEAD, title=table.title, title_justify="left", pad_edge=False)
        for number, column in enumerate(table.columns):
            shown.add_column(column, justify="right" if number else "left", overflow="fold")
        for row in table.rows:
            shown.add_row(*row)
        console.print(shown)
        if table.note:
            console.print(table.note, style="dim")
        console.print()
