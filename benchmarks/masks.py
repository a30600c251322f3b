"""Masks and compilation against another engine, in one run and on one thread.

    python benchmarks/masks.py [--data FILE] [--sample 400] [--seed 0] [--out docs/results/masks.md]

For every schema of a seeded sample: compile and fill the first mask; then, before every token of each
instance, fill the mask into a preallocated row, look at the token's bit and advance.  A schema *passes* when
it compiled, every valid instance was accepted and every invalid one refused.  All engines see the same
schemas with the same 131,072-token vocabulary (tekken); times include the Python bindings.  Times drift with
the machine: only the ratios of one run mean something.  Needs mistral-common and tiktoken; llguidance is
optional and its row says so when it is missing.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from dev_file import ANY, DEFAULT, tekken_encoding
from rich.progress import track

END = 2


class Engine(Protocol):
    """What is measured: one compiled schema at a time."""

    name: str

    def compile(self, schema: Any) -> None: ...
    def restart(self) -> None: ...
    def fill(self) -> np.ndarray: ...
    def advance(self, token: int) -> None: ...


class Structgen:
    """This project, with every option "any", as the instances are written."""

    def __init__(self, tokens: list[bytes | None], encoding: Any) -> None:
        import structgen as sg

        self.name = "structgen"
        self._sg = sg
        self._vocabulary = sg.Vocabulary.from_tokens(tokens, eos=END)
        self._row = np.zeros(len(tokens) // 32, dtype=np.uint32)

    def compile(self, schema: Any) -> None:
        self._matcher = self._sg.compile(self._sg.json_schema(schema, **ANY), self._vocabulary).matcher()

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> np.ndarray:
        self._matcher.fill_mask(self._row)
        return self._row

    def advance(self, token: int) -> None:
        self._matcher.advance(token)


class LLGuidance:
    """llguidance from PyPI with its defaults for JSON Schema."""

    def __init__(self, tokens: list[bytes | None], encoding: Any) -> None:
        import llguidance
        import llguidance.numpy
        import llguidance.tiktoken

        self.name = "llguidance"
        self._module = llguidance
        self._fill = llguidance.numpy.fill_next_token_bitmask
        # Ids are ranks here: the special ids, which come first elsewhere, are left out.
        self._tokenizer = llguidance.tiktoken.lltokenizer_from_encoding(
            encoding, n_vocab=len(encoding._mergeable_ranks) + 1, eos_token=len(encoding._mergeable_ranks)
        )
        self._rows = llguidance.numpy.allocate_token_bitmask(1, self._tokenizer.vocab_size)

    def compile(self, schema: Any) -> None:
        grammar = self._module.LLMatcher.grammar_from_json_schema(schema)
        self._matcher = self._module.LLMatcher(self._tokenizer, grammar)
        if self._matcher.is_error():
            raise ValueError(self._matcher.get_error())

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> np.ndarray:
        self._fill(self._matcher, self._rows, 0)
        return self._rows[0].view(np.uint32)

    def advance(self, token: int) -> None:
        self._matcher.consume_token(token)


def measure(engine: Engine, schemas: list[dict[str, Any]], encoding: Any, shift: int) -> dict[str, Any]:
    """Times in microseconds, and how many schemas pass."""
    firsts: list[float] = []
    masks: list[float] = []
    verdicts = {"passing": 0, "refused": 0, "refuses valid output": 0, "accepts wrong output": 0}
    end = END if isinstance(engine, Structgen) else len(encoding._mergeable_ranks)
    for case in track(schemas, description=engine.name):
        began = time.perf_counter()
        try:
            engine.compile(case["schema"])
            engine.fill()
        except Exception:
            verdicts["refused"] += 1
            continue
        firsts.append((time.perf_counter() - began) * 1e6)
        wrong = None
        for test in case["tests"]:
            tokens = encoding.encode(json.dumps(test["data"], ensure_ascii=False), disallowed_special=())
            engine.restart()
            for token in [*(token + shift for token in tokens), end]:
                began = time.perf_counter()
                row = engine.fill()
                masks.append((time.perf_counter() - began) * 1e6)
                accepted = bool(row[token >> 5] >> (token & 31) & 1)
                if not accepted:
                    break
                if token != end:
                    engine.advance(token)
            if accepted != test["valid"]:
                wrong = "accepts wrong output" if accepted else "refuses valid output"
        verdicts[wrong or "passing"] += 1
    return {"first": np.array(firsts), "masks": np.array(masks), **verdicts}


def table(results: dict[str, dict[str, Any] | str], schemas: int, command: str) -> str:
    """The figures as Markdown."""
    head = "| µs | masks: mean | p50 | p99 | p99.9 | max | compile + first mask p50 | p99 | passing |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for name, result in results.items():
        if isinstance(result, str):
            lines.append(f"| {name} | {result} |")
            continue
        masks, first = result["masks"], result["first"]
        figures = [masks.mean(), *np.percentile(masks, [50, 99, 99.9]), masks.max()]
        figures += list(np.percentile(first, [50, 99]))
        failed = ", ".join(
            f"{result[kind]} {kind}"
            for kind in ("refused", "refuses valid output", "accepts wrong output")
            if result[kind]
        )
        verdict = f"{result['passing']} of {schemas}" + (f"; {failed}" if failed else "")
        lines.append(f"| {name} | " + " | ".join(f"{figure:,.1f}" for figure in figures) + f" | {verdict} |")
    title = f"# Masks, side by side\n\nWritten by `{command}`: one thread, one run.\n\n"
    return title + "\n".join(lines) + "\n"


def main() -> None:
    """Measure every engine that is installed and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    parser.add_argument("--sample", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with gzip.open(options.data, "rt") as lines:
        cases = [json.loads(line) for line in lines]
    sample = random.Random(options.seed).sample(cases, min(options.sample, len(cases)))
    tokens, encoding = tekken_encoding()
    special = len(tokens) - len(encoding._mergeable_ranks)
    results: dict[str, dict[str, Any] | str] = {}
    for build, name, shift in ((Structgen, "structgen", special), (LLGuidance, "llguidance", 0)):
        try:
            engine: Engine = build(tokens, encoding)
        except ImportError as missing:
            results[name] = f"not installed ({missing.name})"
            continue
        results[name] = measure(engine, sample, encoding, shift)
    command = f"python benchmarks/masks.py --sample {options.sample} --seed {options.seed}"
    text = table(results, len(sample), command)
    print(text)
    if options.out:
        options.out.write_text(text)


if __name__ == "__main__":
    main()
