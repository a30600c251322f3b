"""How cost grows: with the schema, with bounds and enumerations, with the vocabulary, with the batch.

    python benchmarks/scaling.py [--out docs/results] [--only NAME]

Each series makes schemas of growing size, compiles them, and fills the first mask, the worst mask along an
output that goes through much of it, and the median one.  A power law is fitted to the upper half of each by
least squares on log-log axes: an exponent near 0 means that size does not matter, 1 that cost is
proportional to it.  Times are the thread's processor time, the least of three fresh engines, but for the
batch, where several threads work: there it is the clock on the wall.  Writes scaling.md and, with matplotlib,
scaling.png.  Needs mistral-common and tiktoken for the vocabulary.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dev_file import ANY, tekken_encoding

import structgen as sg

SIZES = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
MEASURES = ("compile", "first mask", "worst mask", "median mask")


def sections(size: int) -> tuple[Any, Any]:
    """A schema of so many subschemas of mixed kinds, as a configuration file has them."""
    section = {
        "type": "object",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "kind": {"enum": ["small", "large"]},
            "ratio": {"type": "number", "minimum": 0, "maximum": 1},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 5},
        },
        "required": ["name"],
    }
    count = max(1, size // 6)  # a section and what is in it
    value = {"name": "a", "kind": "small", "ratio": 0.5, "tags": ["x"]}
    names = [f"section {number}" for number in range(count)]
    return {"type": "object", "properties": {name: dict(section) for name in names}}, {
        name: dict(value) for name in names[-5:]
    }


def properties(size: int) -> tuple[Any, Any]:
    names = [f"property_{number}" for number in range(size)]
    some = random.Random(size).sample(names, min(size, 20))
    return {"type": "object", "properties": {name: {"type": "integer"} for name in names}}, dict.fromkeys(
        some, 7
    )


def required(size: int) -> tuple[Any, Any]:
    schema, value = properties(size)
    return schema | {"required": sorted(value), "additionalProperties": False}, value


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
    rng = random.Random(size)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz-_ ", k=rng.randint(4, 20))) for _ in range(size)]
    return {"enum": words}, words[-1]


def numbers(size: int) -> tuple[Any, Any]:
    values = [number * 7919 % 1_000_003 for number in range(size)]
    return {"enum": values}, values[-1]


def longest(size: int) -> tuple[Any, Any]:
    return {"type": "string", "maxLength": size}, "ab cd " * (min(size, 300) // 6)


def bounded_pattern(size: int) -> tuple[Any, Any]:
    return {"type": "string", "pattern": "^[a-z][a-z -]*$", "maxLength": size}, "a" * min(size, 200)


def items(size: int) -> tuple[Any, Any]:
    return {"type": "array", "maxItems": size, "items": {"type": "string"}}, ["x"] * min(size, 100)


SERIES: dict[str, tuple[Callable[[int], tuple[Any, Any]], int]] = {
    "subschemas": (sections, 10_000),
    "depth": (depth, 300),
    "optional properties": (properties, 10_000),
    "properties, some required": (required, 10_000),
    "enum of strings": (choices, 100_000),
    "enum of numbers": (numbers, 100_000),
    "maxLength": (longest, 100_000),
    "pattern with maxLength": (bounded_pattern, 10_000),
    "maxItems": (items, 10_000),
}
VOCABULARIES = (2_000, 4_000, 8_000, 16_000, 32_000, 65_536, 131_072)
BATCHES = (1, 4, 16, 64, 256)
Curve = tuple[list[int], dict[str, list[float]]]  # sizes, and microseconds by what was measured


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


def least(runs: list[list[float]]) -> dict[str, float]:
    """The least of several runs, by what was measured."""
    return dict(zip(MEASURES, map(min, zip(*runs, strict=True)), strict=True))


def exponent(sizes: list[int], values: list[float]) -> float:
    """The slope of a line through the upper half of the points on log-log axes."""
    half = len(sizes) // 2
    slope = np.polyfit(np.log(sizes[half:]), np.log(np.maximum(values[half:], 0.1)), 1)[0]
    return float(slope)


def over_vocabularies(tokens: list[bytes | None]) -> Curve:
    """A pattern with a bound, where masks are walked, over the first tokens of the vocabulary."""
    columns = []
    special = next(token for token, bytes_ in enumerate(tokens) if bytes_)
    text = [special + ord('"'), *[special + ord("a")] * 40]
    for size in VOCABULARIES:
        smaller = sg.Vocabulary.from_tokens(tokens[:size], eos=2)
        runs = [measure(*bounded_pattern(1000), smaller, lambda _: text) for _ in range(3)]
        columns.append(least(runs))
    return list(VOCABULARIES), {name: [column[name] for column in columns] for name in MEASURES}


def over_batches(vocabulary: sg.Vocabulary) -> Curve:
    """Microseconds for a whole batch of known masks, with one thread and with two."""
    constraint = sg.compile({"type": "array", "items": {"type": "string"}}, vocabulary)
    curves: dict[str, list[float]] = {"one thread": [], "two threads": []}
    for size in BATCHES:
        matchers = [constraint.matcher() for _ in range(size)]
        out = np.zeros((size, (vocabulary.width + 31) // 32), dtype=np.uint32)
        for threads, name in enumerate(curves, 1):
            best = float("inf")
            for _ in range(20):
                began = time.perf_counter()
                sg.fill_masks(matchers, out, threads)
                best = min(best, time.perf_counter() - began)
            curves[name].append(best * 1e6)
    return list(BATCHES), curves


def table(name: str, curve: Curve) -> list[str]:
    """The curve as lines of Markdown."""
    sizes, values = curve
    lines = [f"## {name}", "", "| | " + " | ".join(f"{size:,}" for size in sizes) + " | exponent |"]
    lines.append("|---" * (len(sizes) + 2) + "|")
    for measured, each in values.items():
        cells = " | ".join(f"{value:,.0f}" if value >= 10 else f"{value:.1f}" for value in each)
        lines.append(f"| {measured} | {cells} | {exponent(sizes, each):.2f} |")
    return [*lines, ""]


def plot(curves: dict[str, Curve], path: Path) -> None:
    """One panel for each series, all axes logarithmic, the exponents in the legends."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    rows = (len(curves) + 3) // 4
    figure, panels = pyplot.subplots(rows, 4, figsize=(15, 3.4 * rows), squeeze=False)
    for axes in panels.flat[len(curves) :]:
        axes.set_visible(False)
    for axes, (name, (sizes, values)) in zip(panels.flat, curves.items(), strict=False):
        for measured, each in values.items():
            label = f"{measured}: {exponent(sizes, each):.2f}"
            axes.loglog(sizes, np.maximum(each, 0.1), marker=".", label=label)
        axes.set(title=name, ylabel="µs")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=64)


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

    curves: dict[str, Curve] = {}
    for name, (make, most) in SERIES.items():
        if options.only in (None, name):
            sizes = [size for size in SIZES if size <= most]
            columns = [least([measure(*make(size), vocabulary, encode) for _ in range(3)]) for size in sizes]
            curves[name] = sizes, {what: [column[what] for column in columns] for what in MEASURES}
            print("\n".join(table(name, curves[name])))
    if options.only in (None, "vocabulary"):
        curves["vocabulary size"] = over_vocabularies(tokens)
    if options.only in (None, "batch"):
        curves["batch size, a whole batch"] = over_batches(vocabulary)
    introduction = [
        "# How cost grows",
        "",
        "Written by `python benchmarks/scaling.py --out docs/results`: µs of processor time (for the",
        "batch, of the clock), the least of three runs in fresh engines, over 131,072 tokens; every schema",
        'with all options "any". The exponent is that of a power law through the upper half of a row: 0',
        "where size does not matter, 1 where cost is proportional to it. The worst mask along an output is",
        "that of a state met for the first time.",
        "",
    ]
    text = "\n".join([*introduction, *(line for name in curves for line in table(name, curves[name]))])
    text += "\n![Cost against size](scaling.png)\n"
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "scaling.md").write_text(text)
        plot(curves, options.out / "scaling.png")


if __name__ == "__main__":
    main()
