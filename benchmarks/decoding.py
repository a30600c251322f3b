"""The decoding loop measured: what a constraint costs, what forced tokens save, whether outputs are whole.

    python benchmarks/decoding.py outputs  [--data FILE] [--out FOLDER]
    python benchmarks/decoding.py overhead [--data FILE] [--schemas 24] [--rounds 5]
    python benchmarks/decoding.py peers    [--rounds 5]

``outputs``: 1,000 outputs over 200 schemas of the development file, five a schema, with `max_tokens` from
{minimum, minimum + 1, 2 × minimum, 256} in mixed batches of 16; each must be JSON, fit, and satisfy
`jsonschema`.  ``overhead``: seconds a forward pass, constrained against free text through the same loop,
interleaved on the same model and prompts; and passes per output token.  ``peers``: free text
through the loop against transformers' own generate.  Ratios only: medians over rounds in one process, with
the quartiles of the rounds; one thread.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import statistics
import time
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from generate_dev import complaint, validator

import structgen as sg

DEFAULT = Path(os.environ.get("STRUCTGEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PROMPT = "Text: Ada Lovelace is 36 years old and lives in London.\nJSON:\n"


def development_schemas(path: Path, count: int, seed: int) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return random.Random(seed).sample([json.loads(line) for line in lines], count)


def outputs(pocket: Any, vocabulary: Any, path: Path) -> None:
    """1,000 outputs at tight and loose budgets, in mixed batches."""
    rng = random.Random(7)
    asked: list[tuple[Any, Any, int, str]] = []
    verdicts: Counter[str] = Counter()
    for row in development_schemas(path, 200, 20):
        try:
            constraint = sg.compile(row["schema"], vocabulary)
        except sg.GrammarError as error:
            verdicts[f"refused: {type(error).__name__}"] += 5
            continue
        least = constraint.matcher().distance()
        for number in range(5):
            kinds = {"minimum": least, "minimum + 1": least + 1, "2 × minimum": 2 * least, "256": 256}
            kind = list(kinds)[number] if number < 4 else rng.choice(list(kinds))
            if kinds[kind] < least:
                kind = "minimum"
            asked.append((row["schema"], constraint, kinds[kind], kind))
    rng.shuffle(asked)
    by_budget: Counter[str] = Counter()
    for start in range(0, len(asked), 16):
        some = asked[start : start + 16]
        found = sg.generate(
            pocket,
            [PROMPT] * len(some),
            grammar=[constraint for _, constraint, _, _ in some],
            max_tokens=[budget for _, _, budget, _ in some],
            temperature=[(0.0, 1.0, 1.5)[place % 3] for place in range(len(some))],
            seed=[start + place for place in range(len(some))],
            weights=False,
            errors="return",
        )
        for (schema, _, budget, kind), out in zip(some, found, strict=True):
            wrong = str(out.error) if out.error else complaint(out, budget, validator(schema))
            verdicts["invalid" if wrong else "valid, within budget"] += 1
            by_budget[kind] += not wrong
            if wrong:
                print("WRONG:", wrong, "|", out.text[:200])
        if start % 160 == 0:
            print(f"{start + len(some)} of {len(asked)}", flush=True)
    print(json.dumps({"outputs": verdicts, "valid by max_tokens": by_budget}, ensure_ascii=False))


def per_pass(outs: list[Any]) -> float:
    """Wall seconds a pass of a batch: its rows share passes, and the longest row took part in all."""
    longest = max(outs, key=lambda out: out.stats.forward_passes)
    return float(sum(longest.stats.seconds.values()) / longest.stats.forward_passes)


def overhead(pocket: Any, vocabulary: Any, path: Path, schemas: int, rounds: int) -> None:
    """Constrained against free text, batch 1 and 16."""
    usable = []
    for row in development_schemas(path, 3 * schemas, 5):
        try:
            constraint = sg.compile(row["schema"], vocabulary)
        except sg.GrammarError:
            continue
        if constraint.matcher().distance() <= 64:
            usable.append(constraint)
    for batch in (1, 16):
        some = usable[: schemas if batch == 1 else max(4, schemas // 4)]
        ratios: list[float] = []
        passes = tokens = forced = drafted = 0
        phases: Counter[str] = Counter()
        for turn in range(rounds + 1):  # the first one fills caches of masks and is not counted
            for number, constraint in enumerate(some):
                common = {"max_tokens": 64, "weights": False, "seed": 0, "temperature": 1.0}
                pair = [
                    lambda c=constraint, o=common: sg.generate(pocket, [PROMPT] * batch, grammar=c, **o),
                    lambda o=common: sg.generate(
                        pocket, [PROMPT] * batch, stop=[], logit_bias={0: -1e9}, tokenizer=vocabulary, **o
                    ),
                ]
                order = [0, 1] if (turn + number) % 2 else [1, 0]
                results = {which: pair[which]() for which in order}
                if not turn:
                    continue
                ratios.append(per_pass(results[0]) / per_pass(results[1]))
                for out in results[0]:
                    passes += out.stats.forward_passes
                    tokens += len(out.tokens)
                    forced += out.stats.forced_tokens
                    phases.update(out.stats.seconds)
        for constraint in some:
            ahead = sg.generate(
                pocket, [PROMPT] * batch, grammar=constraint, forced="draft", max_tokens=64, weights=False, seed=0,
                temperature=1.0,
            )  # fmt: skip
            drafted += sum(out.stats.forward_passes for out in ahead) * rounds
        quartiles = statistics.quantiles(ratios, n=4)
        print(
            json.dumps(
                {
                    "batch": batch,
                    "schemas": len(some),
                    "pairs": len(ratios),
                    "constrained / free, per pass": [round(value, 3) for value in quartiles],
                    "passes per token": round(passes / tokens, 3),
                    "forced share": round(forced / tokens, 3),
                    "passes per token, drafts": round(drafted / tokens, 3),
                    "share of phases": {k: round(v / sum(phases.values()), 3) for k, v in phases.items()},
                }
            )
        )


def peers(pocket: Any, vocabulary: Any, rounds: int) -> None:
    """64 new tokens of free text, greedy: the loop and transformers' generate in turn."""
    ids = pocket.tokenizer(PROMPT, return_tensors="pt").input_ids
    for batch in (1, 16):
        ratios = []
        for turn in range(rounds + 1):
            seconds = {}
            for which in ("loop", "transformers") if turn % 2 else ("transformers", "loop"):
                began = time.perf_counter()
                if which == "loop":
                    sg.generate(
                        pocket,
                        [ids[0].tolist()] * batch,
                        stop=[],
                        logit_bias={end: -1e9 for end in vocabulary.eos_ids},
                        temperature=0,
                        max_tokens=64,
                        weights=False,
                        tokenizer=vocabulary,
                    )
                else:
                    pocket.model.generate(
                        ids.expand(batch, -1),
                        attention_mask=torch.ones_like(ids).expand(batch, -1),
                        do_sample=False,
                        min_new_tokens=64,
                        max_new_tokens=64,
                        pad_token_id=1,
                    )
                seconds[which] = time.perf_counter() - began
            if turn:
                ratios.append(seconds["loop"] / seconds["transformers"])
        quartiles = [round(value, 3) for value in statistics.quantiles(ratios, n=4)]
        print(json.dumps({"batch": batch, "rounds": rounds, "loop / transformers": quartiles}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=["outputs", "overhead", "peers"])
    parser.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    parser.add_argument("--schemas", type=int, default=24)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    pocket = sg.load()
    width = pocket.model.config.vocab_size
    vocabulary = sg.Vocabulary.from_tokenizer(pocket.tokenizer, width=width)
    if arguments.part == "outputs":
        outputs(pocket, vocabulary, arguments.data)
    elif arguments.part == "overhead":
        overhead(pocket, vocabulary, arguments.data, arguments.schemas, arguments.rounds)
    else:
        peers(pocket, vocabulary, arguments.rounds)


if __name__ == "__main__":
    main()
