"""Masks and compilation of several engines, side by side: one run, one thread each.

    python benchmarks/masks.py [--engines structgen,llguidance,xgrammar,outlines_core] [--sample 200]
                               [--data FILE] [--seed 0] [--seconds 20] [--out docs/results]
                               [--lines FILE] [--cpu]

For every schema of a seeded sample: compile and fill the first mask; then, before every token of each
instance, fill the mask into a preallocated row, look at the token's bit and advance.  A schema *passes* when
it compiled, every valid instance was accepted and every invalid one refused.  All engines see the same
schemas with the same 131,072-token vocabulary (tekken); times include the Python bindings.

Each engine runs in a process of its own, schema after schema as a server would, with a limit on memory; a
schema past its time ends the process, is written down as such, and the next one starts in a fresh process.
Engines take turns schema by schema, so that a busy moment of the machine strikes all of them; still only
the ratios of one run mean something.  With --cpu times are the processor time of the thread that asks, for a
machine that is never quiet; what an engine does in other threads is not in them.  Engines are optional: one
that is not installed is a row that says so.
Writes masks.md, masks.jsonl (a line for each engine and schema, times in short) and, with matplotlib,
masks.png where --out says; and where --lines says the same lines with every single time, as soon as they are
known.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import multiprocessing
import random
import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from dev_file import DEFAULT
from rich.progress import track

from jsonschemabench.engines import Missing, find
from jsonschemabench.engines.engine import Engine, Reading
from jsonschemabench.errors import BenchError
from jsonschemabench.tokens import Tokens, load

Clock = Callable[[], float]
MEMORY_BYTES = 6 << 30
VERDICTS = ("refused", "limit", "refuses valid output", "accepts wrong output")


ENGINES = ("structgen", "llguidance", "xgrammar", "outlines_core")


def measure(engine: Engine, case: dict[str, Any], clock: Clock) -> dict[str, Any]:
    """One schema: microseconds of the first mask, of each mask, of each advance; and the verdict."""
    result: dict[str, Any] = {"verdict": "passing", "masks": [], "advances": []}
    began = clock()
    try:
        engine.compile(case["schema"], Reading())
        engine.fill()
    except Exception as error:
        return {**result, "verdict": "refused", "reason": f"{type(error).__name__}: {error}"[:200]}
    result["first"] = (clock() - began) * 1e6
    try:
        instances(engine, case["tests"], clock, result)
    except MemoryError:
        raise
    except Exception as error:  # an engine that gives up half-way
        result |= {"verdict": "limit", "reason": f"{type(error).__name__}: {error}"[:200]}
    return result


def instances(engine: Engine, tests: list[dict[str, Any]], clock: Clock, result: dict[str, Any]) -> None:
    """Every instance token by token; the verdict is the worst that was met."""
    for test in tests:
        text = json.dumps(test["data"], ensure_ascii=False)
        engine.restart()
        accepted = True
        for token in [*engine.encode(text), engine.tokens.end]:
            began = clock()
            row = engine.fill()
            result["masks"].append((clock() - began) * 1e6)
            accepted = bool(row[token >> 5] >> (token & 31) & 1)
            if not accepted:
                break
            if token != engine.tokens.end:
                began = clock()
                engine.advance(token)
                result["advances"].append((clock() - began) * 1e6)
        if accepted and not test["valid"]:
            result["verdict"] = "accepts wrong output"
        elif test["valid"] and not accepted and result["verdict"] == "passing":
            result["verdict"] = "refuses valid output"


def resident() -> float:
    """Memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def serve(name: str, pipe: Any, clock: Clock) -> None:
    """A process with one engine: answers a case with its figures."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    tokens: Tokens = load("tekken")
    before = resident()
    try:
        engine = find(name)(tokens, "judge")
    except (Missing, ImportError, BenchError) as missing:
        pipe.send({"missing": str(missing)})
        return
    pipe.send({})
    while (case := pipe.recv()) is not None:
        try:
            result = measure(engine, case, clock)
        except MemoryError:
            result = {"verdict": "limit", "masks": [], "advances": [], "reason": "memory"}
        result["megabytes"] = resident() - before
        pipe.send(result)


class Worker:
    """One engine in a process that is replaced when a schema takes too long."""

    def __init__(self, name: str, seconds: int, clock: Clock) -> None:
        self.name, self.seconds, self.clock = name, seconds, clock
        self.missing: str | None = None
        self.start()

    def start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=serve, args=(self.name, other, self.clock), daemon=True)
        self.process.start()
        other.close()
        self.missing = self.pipe.recv().get("missing")

    def run(self, case: dict[str, Any]) -> dict[str, Any]:
        self.pipe.send(case)
        try:
            if self.pipe.poll(self.seconds):
                result: dict[str, Any] = self.pipe.recv()
                return result
            reason = f"more than {self.seconds} s"
        except EOFError:
            reason = "the process ended"
        self.process.kill()
        self.process.join()
        self.start()
        return {"verdict": "limit", "masks": [], "advances": [], "reason": reason}

    def stop(self) -> None:
        """End the process."""
        if self.process.is_alive():
            self.pipe.send(None)
        self.process.join()


QUANTILES = (50, 75, 90, 99, 99.9)


def figures(values: list[float]) -> list[float]:
    """Mean, quantiles and maximum."""
    data = np.array(values) if values else np.full(1, np.nan)
    return [float(data.mean()), *(float(q) for q in np.percentile(data, QUANTILES)), float(data.max())]


def table(results: dict[str, list[dict[str, Any]]], missing: dict[str, str], command: str) -> str:
    """The figures as Markdown: a table for each of mask, first mask and advance, then ratios."""
    head = "| µs | mean | " + " | ".join(f"p{q}" for q in QUANTILES) + " | max |"
    lines = [f"# Masks, side by side\n\nWritten by `{command}`: one run, engines in turns on one thread.\n"]
    rows: dict[str, dict[str, list[float]]] = {}
    for title, key in (("Mask", "masks"), ("Compile and first mask", "first"), ("Advance", "advances")):
        lines += [f"## {title}\n", head, "|---" * (len(QUANTILES) + 3) + "|"]
        for name, each in results.items():
            values = [row["first"] for row in each if "first" in row]
            if key != "first":
                values = [value for row in each for value in row[key]]
            rows.setdefault(key, {})[name] = figures(values)
            lines.append(f"| {name} | " + " | ".join(f"{value:,.1f}" for value in rows[key][name]) + " |")
        lines += [f"| {name} | not installed ({what}) |" for name, what in missing.items()]
        lines.append("")
    lines += ["## Verdicts and memory\n", "| | schemas | passing | " + " | ".join(VERDICTS) + " | MB |"]
    lines.append("|---" * (len(VERDICTS) + 4) + "|")
    for name, each in results.items():
        counts = [sum(row["verdict"] == verdict for row in each) for verdict in ("passing", *VERDICTS)]
        memory = max(row.get("megabytes", 0.0) for row in each)
        lines.append(f"| {name} | {len(each)} | " + " | ".join(map(str, counts)) + f" | {memory:,.0f} |")
    lines += [
        "",
        "Memory: the most that the process had grown by after a schema, the engine's vocabulary included.",
        "",
    ]
    if "structgen" in results and len(results) > 1:
        lines += ["## structgen as a part of the others\n", head.replace("µs", "ratio")]
        lines.append("|---" * (len(QUANTILES) + 3) + "|")
        for key, of in rows.items():
            for name in of:
                if name != "structgen":
                    ratios = [own / other for own, other in zip(of["structgen"], of[name], strict=True)]
                    lines.append(
                        f"| {key}, {name} | " + " | ".join(f"{ratio:.2f}" for ratio in ratios) + " |"
                    )
    return "\n".join(lines) + "\n"


def in_short(row: dict[str, Any]) -> dict[str, Any]:
    """A result with its times as count, mean, 99th percentile and maximum."""
    short = {key: value for key, value in row.items() if key not in ("masks", "advances")}
    for key in ("masks", "advances"):
        if times := row[key]:
            mean, p99, most = np.mean(times), np.percentile(times, 99), max(times)
            short[key] = {
                "n": len(times),
                "mean": round(mean, 2),
                "p99": round(p99, 1),
                "max": round(most, 1),
            }
    return {key: round(value, 1) if isinstance(value, float) else value for key, value in short.items()}


def plot(results: dict[str, list[dict[str, Any]]], path: Path) -> None:
    """Write how many masks take longer than a time, both on log axes."""
    try:
        import matplotlib
    except ImportError:
        print("no plot: matplotlib is not installed")
        return
    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8, 5))
    for name, each in results.items():
        values = np.sort([value for row in each for value in row["masks"]])
        if len(values):
            axes.loglog(values, 1 - np.arange(len(values)) / len(values), label=name)
    axes.set(
        xlabel="µs for a mask", ylabel="part of the masks that take longer", title="Masks, 131,072 tokens"
    )
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main() -> None:
    """Measure every engine that is installed and write the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=20, help="for one schema with all its instances")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--lines", type=Path)
    parser.add_argument("--cpu", action="store_true", help="processor time instead of the clock on the wall")
    options = parser.parse_args()
    with gzip.open(options.data, "rt") as lines:
        cases = [json.loads(line) for line in lines]
    sample = random.Random(options.seed).sample(cases, min(options.sample, len(cases)))
    clock = time.thread_time if options.cpu else time.perf_counter
    workers = [Worker(name, options.seconds, clock) for name in options.engines.split(",")]
    missing = {worker.name: worker.missing for worker in workers if worker.missing}
    workers = [worker for worker in workers if not worker.missing]
    results: dict[str, list[dict[str, Any]]] = {worker.name: [] for worker in workers}
    with options.lines.open("w") if options.lines else contextlib.nullcontext() as lines:
        for case in track(sample, description="schemas"):
            for worker in workers:
                row = {"engine": worker.name, "schema": case["name"], **worker.run(case)}
                results[worker.name].append(row)
                if lines:
                    lines.write(json.dumps(row) + "\n")
                    lines.flush()
    for worker in workers:
        worker.stop()
    command = f"python benchmarks/masks.py --sample {options.sample} --seed {options.seed}"
    text = table(results, missing, f"{command} --engines {options.engines}{' --cpu' if options.cpu else ''}")
    print(text)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "masks.md").write_text(text)
        rows = [row for each in zip(*results.values(), strict=True) for row in each]
        (options.out / "masks.jsonl").write_text("".join(json.dumps(in_short(row)) + "\n" for row in rows))
        plot(results, options.out / "masks.png")


if __name__ == "__main__":
    main()
