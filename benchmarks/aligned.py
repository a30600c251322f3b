#!/usr/bin/env python3
"""Aligned samplers side by side: distance to the global law and passes through the model.

    python benchmarks/aligned.py --samples 100 --markdown table.md --plot curves.png

Every task is a grammar and a prompt.  Each sampler draws ``--samples`` outputs; the distance is KL(counts |
P), with P the model's own probabilities normalised over all outputs any sampler found, as the ASAp paper
draws it, for growing numbers of outputs.  Passes are rows through the model, failed attempts included.
Without ``--data`` the tasks are small ones that the pocket model finds more or less likely; with it, the
``.gbnf`` and ``.prompt.txt`` pairs of a folder (SLIA, BV4, CP); of a prompt too long for the model, the end.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

import structgen as sg
from structgen.decode.aligned import Asap, Cars, Mcmc, Reject, Smc

SAMPLERS: dict[str, Any] = {
    "masked": "masked",
    "reject": Reject(max_attempts=4000),
    "cars": Cars(max_attempts=4000),
    "asap": Asap(),
    "mcmc, 10 steps": Mcmc(steps=10),
    "smc, 32 particles": Smc(particles=32),
}
SMALL = {  # from what the model would say anyway to what it hardly ever says
    "a person": (
        "Text: Ada Lovelace is 36 years old.\nFields: name, age\nJSON:\n",
        r'root ::= "{\"name\": \"" [A-Za-z ]+ "\", \"age\": " [0-9]+ "}"',
    ),
    "one of three": (
        "Text: The house is small.\nQuestion: How large is it? Options: small, medium, large\nAnswer:\n",
        'root ::= "medium" | "large" | "medium, it is" | "small, not large"',
    ),
    "some of the items": (
        "Text: The list has tea, milk and sugar.\nFields: items\nJSON:\n",
        r"""root ::= "{\"items\": [" item (", " item)* "]}"
item ::= "\"tea\"" | "\"sugar\"" | "\"salt\"" """,
    ),
    "a short name": (
        "Text: Ada Lovelace is 36 years old.\nFields: name, age\nJSON:\n",
        r'root ::= "{\"name\": \"" [A-Za-z]{1,4} "\", \"age\": " [0-9] [0-9] "}"',
    ),
    "nested brackets": ("Text: (()())\nSame again:\n", 'root ::= "(" root* ")"'),
}


@dataclass
class Task:
    name: str
    prompt: str
    grammar: str


def tasks(folder: Path | None, limit: int) -> Iterator[Task]:
    """The tasks of a folder, or the small ones."""
    if folder is None:
        yield from (Task(name, prompt, grammar) for name, (prompt, grammar) in SMALL.items())
        return
    for path in sorted(folder.rglob("*.gbnf"))[:limit]:
        prompt = path.with_name(path.stem + ".prompt.txt").read_text(encoding="utf-8")
        yield Task(path.stem, prompt, path.read_text(encoding="utf-8"))


def divergence(counts: Counter[str], log_p: dict[str, float]) -> float:
    """KL from what was counted to P over everything found, in nats."""
    peak = max(log_p.values())
    total = peak + math.log(sum(math.exp(value - peak) for value in log_p.values()))
    number = sum(counts.values())
    return sum(c / number * (math.log(c / number) - (log_p[key] - total)) for key, c in counts.items())


def measure(loaded: Any, task: Task, samples: int, max_tokens: int, seed: int) -> dict[str, Any]:
    """All samplers on one task: outputs in order, passes, log P of every output; or why there is none."""
    grammar, found = sg.gbnf(task.grammar), {}
    room = loaded.model.config.max_position_embeddings - max_tokens
    prompt = loaded.tokenizer(task.prompt)["input_ids"][-room:]
    for name, sampler in SAMPLERS.items():
        try:
            made = sg.generate(
                loaded,
                prompt,
                grammar=grammar,
                n=samples,
                sampler=sampler,
                temperature=1.0,
                max_tokens=max_tokens,
                seed=seed,
            )
        except sg.SamplingFailed as error:
            found[name] = {"failed": str(error), "log_mass": error.log_mass}
            continue
        found[name] = {
            "outputs": [",".join(map(str, one.tokens)) for one in made],
            "log_p": [sum(one.logprobs) + (one.end_logprob or 0.0) for one in made],
            "passes": sum(one.stats.forward_passes for one in made) / samples,
        }
    log_p = {
        key: value
        for result in found.values()
        for key, value in zip(result.get("outputs", ()), result.get("log_p", ()), strict=True)
    }
    for result in found.values():
        if "outputs" in result:
            steps = sorted({samples * part // 8 for part in range(1, 9)} - {0})
            result["curve"] = [(n, divergence(Counter(result["outputs"][:n]), log_p)) for n in steps]
    return {"task": task.name, "samplers": found}


def rows(results: list[dict[str, Any]]) -> list[list[str]]:
    """One row a task and sampler."""
    made = []
    for result in results:
        for name, one in result["samplers"].items():
            if "failed" in one:
                mass = one["log_mass"]
                about = "" if mass is None else f", P(L) at most 10^{mass / math.log(10):.1f}"
                made.append([result["task"], name, "", f"gave up{about}"])
            else:
                made.append([result["task"], name, f"{one['passes']:.1f}", f"{one['curve'][-1][1]:.3f}"])
    return made


def plot(results: list[dict[str, Any]], path: Path) -> None:
    from matplotlib.figure import Figure

    shown = [r for r in results if any("curve" in one for one in r["samplers"].values())][:6]
    figure = Figure(figsize=(4 * min(3, len(shown)), 3 * math.ceil(len(shown) / 3)), layout="constrained")
    grid = figure.subplots(math.ceil(len(shown) / 3), min(3, len(shown)), squeeze=False)
    for axes, result in zip(grid.flat, shown, strict=False):
        for name, one in result["samplers"].items():
            if "curve" in one:
                axes.plot(*zip(*one["curve"], strict=True), label=name, marker=".")
        axes.set(title=result["task"], xlabel="outputs", ylabel="KL to the global law, nats", ylim=(0, None))
    grid.flat[0].legend(fontsize=7)
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of .gbnf and .prompt.txt pairs")
    parser.add_argument("--limit", type=int, default=1000, help="tasks of the folder")
    parser.add_argument("--model", help="folder of a transformers model; default: the pocket model")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--max-tokens", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--markdown", type=Path)
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    loaded = sg.load(options.model) if options.model else sg.load()
    results = [
        measure(loaded, task, options.samples, options.max_tokens, options.seed)
        for task in track(list(tasks(options.data, options.limit)), description="tasks")
    ]
    made = rows(results)
    table = Table("task", "sampler", "passes an output", "KL, nats")
    for row in made:
        table.add_row(*row)
    Console().print(table)
    if options.markdown:
        lines = [["task", "sampler", "passes an output", "KL, nats"], ["---"] * 4, *made]
        options.markdown.write_text("".join("| " + " | ".join(line) + " |\n" for line in lines))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
