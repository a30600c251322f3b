"""How long lowering takes: a schema as Python objects to a formula in the native store.

    python benchmarks/lowering.py [--data FILE] [--profile PERCENTILE]

Every schema of the development file, in order, into one store, as `sg.compile` does it (references settled,
report written).  "first" is the first time a store meets a schema; "best of 3" the shortest of three, each
in a store of its own, so that nothing is remembered between them.  ``--profile 99`` prints where the time of
the schemas above that percentile goes instead.  Writes docs/results/lowering.md.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import json
import os
import pstats
import statistics
import time
from pathlib import Path
from typing import Any

import structgen as sg
from structgen import _native
from structgen.grammars.json_schema import Report

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT = Path(os.environ.get("STRUCTGEN_DATA", REPOSITORY.parent / "shared" / "data"))
STORE_LIMIT = 128 << 20


def lower(schema: Any, store: Any) -> float:
    """Lower once; return the milliseconds it took, the copy of the schema included."""
    began = time.perf_counter()
    try:
        sg.json_schema(schema).lower(store, Report())
        store.resolve_references()
    except sg.GrammarError:
        store.forget_references()
    return (time.perf_counter() - began) * 1e3


def rounds(schemas: list[Any], count: int) -> list[list[float]]:
    """Lower every schema ``count`` times, each time round into fresh stores."""
    found = []
    for _ in range(count):
        store = _native.Store()
        times = []
        for schema in schemas:
            if store.memory_bytes > STORE_LIMIT:
                store = _native.Store()
            times.append(lower(schema, store))
        found.append(times)
    return found


def line(name: str, times: list[float]) -> str:
    times = sorted(times)
    shown = [statistics.median(times), *(times[int(len(times) * share)] for share in (0.9, 0.99)), times[-1]]
    return f"| {name} | {' | '.join(f'{value:.3f}' for value in shown)} | {statistics.fmean(times):.3f} |"


PAGE = """# Lowering

Written by `python benchmarks/lowering.py`: {schemas} schemas of the development file, from a Python object to
a formula in the native store, one thread; milliseconds.

| | median | p90 | p99 | max | mean |
|---|---|---|---|---|---|
{rows}

Each round goes through all schemas in order into stores of its own. The machine was shared with other work.
"""


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    options.add_argument("--profile", type=float)
    chosen = options.parse_args()
    with gzip.open(chosen.data, "rt") as lines:
        schemas = [json.loads(row)["schema"] for row in lines]
    found = rounds(schemas, 3 if chosen.profile is None else 1)
    best = [min(times) for times in zip(*found, strict=True)]
    if chosen.profile is not None:
        bound = sorted(best)[int(len(best) * chosen.profile / 100)]
        slow = [schema for schema, milliseconds in zip(schemas, best, strict=True) if milliseconds >= bound]
        profile = cProfile.Profile()
        profile.runcall(rounds, slow, 1)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    rows = "\n".join([line("first round", found[0]), line("best of 3", best)])
    page = PAGE.format(schemas=len(schemas), rows=rows)
    (REPOSITORY / "docs" / "results" / "lowering.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
