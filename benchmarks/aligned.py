#!/usr/bin/env python3
r"""Aligned samplers side by side: distance to the global law and passes through the model.

    python benchmarks/aligned.py --markdown table.md --plot curves.png
    python benchmarks/aligned.py --data FOLDER --kinds SLIA BV4 CP --limit 2 --teach 0.3 --practise 8 \
        --max-tokens 100 --attempts 400 --samples 60

Every task is a grammar and a prompt.  Each sampler draws ``--samples`` outputs; the distance is
KL(counts | P), with P the model's own probabilities normalised over all outputs any sampler found, and
its window a quarter of the outputs, both as the ASAp paper draws them (arXiv 2405.21047).  So is the
expectation: the mean over outputs of their share of P, beside the value under P itself.  Passes are
rows through the model, failed attempts included; outputs with the same tokens so far share one, except
for ``masked``.  A sampler gives up after ``--attempts`` attempts.

Without ``--data`` the tasks are small ones that the embedded model finds more or less likely; with it, the
``.gbnf`` and ``.prompt.txt`` pairs of the folders ``--kinds``.  ``--teach``: see `aligned_tasks`; without
it the model keeps as much of the prompt's end as its context holds.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from aligned_tasks import BEFORE, Task, practised, small_tasks, tasks_of, teach, worked_answers
from rich.console import Console
from rich.progress import track
from rich.table import Table

import structgen as sg
from structgen.decode.aligned import Asap, Cars, Mcmc, Reject, Smc

COLUMNS = [
    "task",
    "sampler",
    "P(L)",
    "passes an output",
    "KL",
    "first quarter",
    "last quarter",
    "expectation",
]


def samplers(attempts: int) -> dict[str, Any]:
    return {
        "masked": "masked",
        "reject": Reject(max_attempts=attempts),
        "cars": Cars(max_attempts=attempts),
        "asap": Asap(max_attempts=attempts),
        "mcmc, 10 steps": Mcmc(steps=10, max_attempts=attempts),
        "smc, 32 particles": Smc(particles=32),
    }


def prepared(options: argparse.Namespace) -> Iterator[tuple[Any, Task]]:
    """Every task with the model that it is for; a taught model is fresh for each folder."""
    if options.data is None:
        loaded = sg.load(options.model)
        yield from ((loaded, task) for task in small_tasks(loaded.tokenizer))
        return
    for kind in options.kinds:
        loaded = sg.load(options.model)
        room = loaded.model.config.max_position_embeddings - options.max_tokens
        keep = BEFORE if options.teach else room
        tasks = list(tasks_of(options.data / kind, loaded.tokenizer, keep, options.limit))
        if options.teach:
            examples = worked_answers(options.data / kind, loaded.tokenizer)
            steps, loss = teach(loaded.model, examples, options.teach, options.seed)
            print(f"{kind}: {len(examples)} worked answers, {steps} steps, {loss:.3f} nats a token")
        if options.practise:
            examples += practised(loaded, tasks, options.practise, options.max_tokens, options.seed + 1)
            steps, loss = teach(loaded.model, examples, options.teach, options.seed)
            print(f"{kind}: with {options.practise} masked outputs a task, {steps} steps, {loss:.3f} nats")
        yield from ((loaded, task) for task in tasks)


def measure(loaded: Any, task: Task, options: argparse.Namespace) -> dict[str, Any]:
    """All samplers on one task: outputs in order, passes, log P of every output; or why there is none."""
    # Some grammars of CP name rules that they do not define: what such a rule stands for is nothing.
    grammar, found = sg.gbnf(task.grammar, undefined="nothing"), {}
    for name, sampler in samplers(options.attempts).items():
        try:
            made = sg.generate(
                loaded,
                task.prompt,
                grammar=grammar,
                n=options.samples,
                sampler=sampler,
                temperature=1.0,
                max_tokens=options.max_tokens,
                seed=options.seed,
            )
        except sg.SamplingFailed as error:
            found[name] = {"failed": error.found, "log_mass": error.log_mass, "passes": [error.passes]}
            continue
        found[name] = {
            "outputs": [",".join(map(str, one.tokens)) for one in made],
            # An output that the budget ended has no end of its own, and no part in P.
            "log_p": [-math.inf if one.end_logprob is None else one.log_probability for one in made],
            "passes": [one.stats.forward_passes for one in made],
            "log_mass": made[0].log_language_mass,
        }
    judge([one for one in found.values() if "outputs" in one])
    return {"kind": task.kind, "task": task.name, "samplers": found}


def judge(results: list[dict[str, Any]]) -> None:
    """Distances and expectations of every sampler of one task, over what all of them found."""
    log_p = {key: value for one in results for key, value in zip(one["outputs"], one["log_p"], strict=True)}
    peak = max(log_p.values(), default=0.0)
    total = peak + math.log(sum(math.exp(value - peak) for value in log_p.values())) if log_p else 0.0
    share = {key: value - total for key, value in log_p.items()}
    ideal = sum(math.exp(2 * value) for value in share.values())
    for one in results:
        outputs = one["outputs"]
        count, window = len(outputs), max(1, len(outputs) // 4)
        steps = sorted({max(1, count * part // 20) for part in range(1, 21)})
        passes = list(accumulate(one["passes"]))
        one["curve"] = [(n, passes[n - 1], divergence(outputs[:n], share)) for n in steps]
        one["kl"] = divergence(outputs, share)
        one["first"], one["last"] = divergence(outputs[:window], share), divergence(outputs[-window:], share)
        means = np.cumsum([math.exp(share[key]) for key in outputs]) / np.arange(1, count + 1)
        one["expectation"], one["ideal"] = [float(means[n - 1]) for n in steps], ideal


def divergence(outputs: list[str], share: dict[str, float]) -> float:
    """KL from what was counted to the shares of P, in nats; what P excludes is left out."""
    counts = Counter(key for key in outputs if share[key] > -math.inf)
    number = sum(counts.values())
    if not number:
        return math.nan
    return sum(c / number * (math.log(c / number) - share[key]) for key, c in counts.items())


def rows(results: list[dict[str, Any]]) -> list[list[str]]:
    """One row a task and sampler."""
    made = []
    for result in results:
        title = result["task"] if result["kind"] == "small" else f"{result['kind']}: {result['task']}"
        for name, one in result["samplers"].items():
            mass = "" if one["log_mass"] is None else f"10^{one['log_mass'] / math.log(10):.1f}"
            if "failed" in one:
                spent = f", {sum(one['passes'])} passes" if one.get("passes") else ""
                made.append([title, name, mass, f"gave up: {one['failed']} outputs{spent}", *[""] * 4])
            else:
                passes = sum(one["passes"]) / len(one["passes"])
                figures = [f"{one[key]:.2f}" for key in ("kl", "first", "last")]
                mean = f"{one['expectation'][-1]:.3f} of {one['ideal']:.3f}"
                made.append([title, name, mass, f"{passes:.1f}", *figures, mean])
    return made


def equals(results: list[dict[str, Any]]) -> list[list[str]]:
    """What chains spent on all their outputs, and what `cars` spent until it was as near, one row a task."""
    made = [["task", "KL of mcmc", "its passes", "passes of cars until as near"], ["---"] * 4]
    for result in results:
        chain, cars = (result["samplers"][name] for name in ("mcmc, 10 steps", "cars"))
        if "curve" in chain and "curve" in cars:
            near = [str(passes) for _, passes, distance in cars["curve"] if distance <= chain["kl"]]
            spent = str(sum(chain["passes"]))
            made.append([result["task"], f"{chain['kl']:.2f}", spent, *(near[:1] or ["never"])])
    return made


def plot(results: list[dict[str, Any]], path: Path, what: str) -> None:
    """KL against outputs or passes, or the running mean share of P against outputs; six tasks at most."""
    from matplotlib.figure import Figure

    shown = [r for r in results if any("curve" in one for one in r["samplers"].values())][:6]
    across = min(3, len(shown))
    down = math.ceil(len(shown) / across)
    figure = Figure(figsize=(4 * across, 3 * down), layout="constrained")
    grid = figure.subplots(down, across, squeeze=False)
    for axes, result in zip(grid.flat, shown, strict=False):
        for number, (name, one) in enumerate(result["samplers"].items()):
            if "curve" not in one:
                continue
            outputs, passes, distances = zip(*one["curve"], strict=True)
            along = passes if what == "passes" else outputs
            up = one["expectation"] if what == "expectation" else [max(value, 1e-3) for value in distances]
            axes.plot(along, up, label=name, marker=".", color=f"C{number}")
            if what == "expectation":
                axes.axhline(one["ideal"], color="gray", linewidth=1, linestyle=":")
        axes.set(title=result["task"], xlabel="passes through the model" if what == "passes" else "outputs")
        if what == "expectation":
            axes.set(ylabel="mean share of P", ylim=(0, None))
        else:
            axes.set(ylabel="KL to the global law, nats", yscale="log")
        if what == "passes":
            axes.set(xscale="log")
    for axes in grid.flat[len(shown) :]:
        axes.set_axis_off()
    grid.flat[0].legend(fontsize=7)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with the folders of --kinds")
    parser.add_argument("--kinds", nargs="+", default=["SLIA", "BV4", "CP"])
    parser.add_argument("--limit", type=int, default=1000, help="tasks of each folder")
    parser.add_argument("--teach", type=float, default=0, help="loss to which worked answers are learned")
    parser.add_argument("--practise", type=int, default=0, help="masked outputs a task that are learned, too")
    parser.add_argument("--model", default="pocket", help="folder of a transformers model")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--attempts", type=int, default=4000)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the results here, after every task")
    parser.add_argument(
        "--read", type=Path, nargs="+", default=[], help="results to show instead of measuring"
    )
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--plot", type=Path, help="KL against outputs; beside it -passes and -expectation")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    results = [result for path in options.read for result in json.loads(path.read_text())]
    for loaded, task in track(() if results else prepared(options), description="tasks"):
        results.append(measure(loaded, task, options))
        if options.json:  # after every task: a run that is stopped keeps what it has
            options.json.write_text(json.dumps(results, indent=1) + "\n")
    made = rows(results)
    table = Table(*COLUMNS)
    for row in made:
        table.add_row(*row)
    Console(width=160).print(table)
    if options.markdown:
        lines = [COLUMNS, ["---"] * len(COLUMNS), *made, [], *equals(results)]
        options.markdown.write_text(
            "".join("| " + " | ".join(line) + " |\n" if line else "\n" for line in lines)
        )
    if options.plot:
        for what, suffix in (("outputs", ""), ("passes", "-passes"), ("expectation", "-expectation")):
            plot(results, options.plot.with_stem(options.plot.stem + suffix), what)


if __name__ == "__main__":
    main()
