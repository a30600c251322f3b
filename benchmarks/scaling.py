"""How the cost of masks grows: with the schema, with bounds, with the vocabulary, with the batch.

    python benchmarks/scaling.py [--out docs/results] [--only NAME]

Each series makes schemas of growing size, compiles them, and fills the first mask, the worst mask along an
output that goes through all of it, and the median one.  A power law is fitted to each by least squares on
log-log axes: an exponent near 0 means that size does not matter.  Times are the thread's processor time, the
least of three fresh engines.  Writes scaling.md and, with matplotlib, scaling.png.  Needs mistral-common and
tiktoken for the vocabulary.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dev_file import ANY, tekken_encoding

import structgen as sg

SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
MEASURES = ("compile", "first mask", "worst mask", "median mask")


def properties(size: int) -> tuple[Any, Any]:
    names = [f"property_{number}" for number in range(size)]
    return {"type": "object", "properties": {name: {"type": "integer"} for name in names}}, dict.fromkeys(
        names[-20:], 7
    )


def depth(size: int) -> tuple[Any, Any]:
    schema: Any = {"type": "integer"}
    value: Any = 1
    for _ in range(size):
        schema = {
            "type": "object",
            "properties": {"a": schema},
            "required": ["a"],
            "additionalProperties": False,
        }
        value = {"a": value}
    return schema, value


def choices(size: int) -> tuple[Any, Any]:
    words = [f"choice {number * 7919 % 1_000_003:06d}" for number in range(size)]
    return {"enum": words}, words[-1]


def longest(size: int) -> tuple[Any, Any]:
    return {"type": "string", "maxLength": size}, "ab cd " * (min(size, 300) // 6)


def bounded_pattern(size: int) -> tuple[Any, Any]:
    return {"type": "string", "pattern": "^[a-z][a-z -]*$", "maxLength": size}, "a" * min(size, 200)


def items(size: int) -> tuple[Any, Any]:
    return {"type": "array", "maxItems": size, "items": {"type": "string"}}, ["x"] * min(size, 100)


SERIES: dict[str, tuple[Callable[[int], tuple[Any, Any]], int]] = {
    "optional properties": (properties, 1000),
    "depth": (depth, 300),
    "choices": (choices, 10_000),
    "maxLength": (longest, 10_000),
    "pattern with maxLength": (bounded_pattern, 10_000),
    "maxItems": (items, 10_000),
}


def measure(
    schema: Any, value: Any, vocabulary: sg.Vocabulary, encode: Callable[[str], list[int]]
) -> list[float]:
    """Microseconds of compiling, the first mask, the worst and the median one, in a fresh engine."""
    sg.clear_cache()
    clock = time.thread_time
    row = np.zeros((vocabulary.width + 31) // 32, dtype=np.uint32)
    began = clock()
    matcher = sg.compile(sg.json_schema(schema, **ANY), vocabulary).matcher()
    compiled = clock()
    matcher.fill_mask(row)
    first = clock()
    times = []
    for token in encode(json.dumps(value)):
        before = clock()
        matcher.fill_mask(row)
        times.append(clock() - before)
        matcher.advance(token)
    each = [compiled - began, first - compiled, max(times), statistics.median(times)]
    return [seconds * 1e6 for seconds in each]


def exponent(sizes: list[int], values: list[float]) -> float:
    """The slope of a line through the upper half of the points on log-log axes."""
    half = len(sizes) // 2
    slope = np.polyfit(np.log(sizes[half:]), np.log(np.maximum(values[half:], 0.1)), 1)[0]
    return float(slope)


def batches(vocabulary: sg.Vocabulary) -> list[tuple[int, float, float]]:
    """Batch size, and microseconds a row with one thread and with two (wall clock)."""
    constraint = sg.compile({"type": "array", "items": {"type": "string"}}, vocabulary)
    rows = []
    for size in (1, 4, 16, 64, 256):
        matchers = [constraint.matcher() for _ in range(size)]
        out = np.zeros((size, (vocabulary.width + 31) // 32), dtype=np.uint32)
        each = []
        for threads in (1, 2):
            best = float("inf")
            for _ in range(20):
                began = time.perf_counter()
                sg.fill_masks(matchers, out, threads)
                best = min(best, time.perf_counter() - began)
            each.append(best * 1e6 / size)
        rows.append((size, each[0], each[1]))
    return rows


def main() -> None:
    """Measure the series and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", choices=[*SERIES, "vocabulary", "batch"])
    options = parser.parse_args()
    tokens, encoding = tekken_encoding()
    special = len(tokens) - len(encoding._mergeable_ranks)
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=2)

    def encode(text: str) -> list[int]:
        return [rank + special for rank in encoding.encode_ordinary(text)]

    lines = ["# How cost grows", "", "Written by `python benchmarks/scaling.py`; µs of processor time.", ""]
    curves: dict[str, tuple[list[int], list[list[float]]]] = {}
    for name, (make, most) in SERIES.items():
        if options.only not in (None, name):
            continue
        sizes = [size for size in SIZES if size <= most]
        columns: list[list[float]] = []
        for size in sizes:
            runs = [measure(*make(size), vocabulary, encode) for _ in range(3)]
            columns.append([min(values) for values in zip(*runs, strict=True)])
        by_measure = [list(values) for values in zip(*columns, strict=True)]
        curves[name] = (sizes, by_measure)
        lines += [f"## {name}", "", "| | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent |"]
        lines.append("|---" * (len(sizes) + 2) + "|")
        for measured, values in zip(MEASURES, by_measure, strict=True):
            cells = " | ".join(f"{value:,.0f}" for value in values)
            lines.append(f"| {measured} | {cells} | {exponent(sizes, values):.2f} |")
        lines.append("")
    if options.only in (None, "vocabulary"):
        lines += [
            "## vocabulary size, a pattern with maxLength",
            "",
            "| tokens | " + " | ".join(MEASURES) + " |",
        ]
        lines.append("|---" * 5 + "|")
        for size in (2_000, 8_000, 32_000, 131_072):
            smaller = sg.Vocabulary.from_tokens(tokens[:size], eos=2)
            runs = [
                measure(*bounded_pattern(1000), smaller, lambda text: [special + 97] * 40) for _ in range(3)
            ]
            cells = " | ".join(f"{min(values):,.0f}" for values in zip(*runs, strict=True))
            lines.append(f"| {size:,} | {cells} |")
        lines.append("")
    if options.only in (None, "batch"):
        lines += ["## batch size", "", "| rows | µs a row, one thread | two threads |", "|---|---|---|"]
        lines += [f"| {size} | {one:.2f} | {two:.2f} |" for size, one, two in batches(vocabulary)]
        lines.append("")
    text = "\n".join(lines)
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "scaling.md").write_text(text)
        plot(curves, options.out / "scaling.png")


def plot(curves: dict[str, tuple[list[int], list[list[float]]]], path: Path) -> None:
    """One panel for each series, all axes logarithmic."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(2, 3, figsize=(13, 7), sharey=True)
    for axes, (name, (sizes, values)) in zip(panels.flat, curves.items(), strict=False):
        for measured, each in zip(MEASURES, values, strict=True):
            axes.loglog(sizes, np.maximum(each, 0.1), marker=".", label=measured)
        axes.set(title=name, ylabel="µs")
        axes.grid(alpha=0.3)
    panels.flat[0].legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


if __name__ == "__main__":
    main()
