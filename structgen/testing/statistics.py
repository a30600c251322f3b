"""Counts against a law: Pearson's chi-square with pooled cells, as a standard normal figure.

The upper tail of chi-square is brought to a normal one by Wilson and Hilferty's cube root (1931),
good to a few percent of the tail beyond 3 degrees of freedom: enough to judge at 1e-5.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import TypeVar

Outcome = TypeVar("Outcome", bound=Hashable)


def chi_square_z(
    counts: Mapping[Outcome, int], law: Mapping[Outcome, float], *, smallest_cell: float = 10.0
) -> float:
    """How far ``counts`` are from ``law``, in standard deviations (under the law, above 4.3 once in 100,000).

    Outcomes expected fewer than ``smallest_cell`` times are pooled.  An outcome of probability 0 that
    was counted returns infinity.

    >>> chi_square_z({"a": 500, "b": 500}, {"a": 0.5, "b": 0.5}) < 0
    True
    >>> chi_square_z({"a": 600, "b": 400}, {"a": 0.5, "b": 0.5}) > 5
    True
    """
    total = sum(counts.values())
    cells: list[tuple[float, float]] = []
    pooled_count = pooled_expected = 0.0
    for outcome, probability in law.items():
        expected, count = probability * total, counts.get(outcome, 0)
        if expected >= smallest_cell:
            cells.append((count, expected))
        else:
            pooled_count, pooled_expected = pooled_count + count, pooled_expected + expected
    if any(count and not law.get(outcome) for outcome, count in counts.items()):
        return math.inf
    if 0 < pooled_expected < smallest_cell and cells:
        # Too thin to stand alone: it joins the thinnest cell that does.
        thinnest = min(range(len(cells)), key=lambda cell: cells[cell][1])
        count_there, expected_there = cells[thinnest]
        cells[thinnest] = (count_there + pooled_count, expected_there + pooled_expected)
    elif pooled_expected > 0:
        cells.append((pooled_count, pooled_expected))
    degrees = len(cells) - 1
    if degrees < 1:
        return 0.0
    statistic = sum((count - expected) ** 2 / expected for count, expected in cells)
    shift = 2 / (9 * degrees)
    return (math.cbrt(statistic / degrees) - (1 - shift)) / math.sqrt(shift)
