"""The decoding loop measured: what a constraint costs, what forced tokens save, whether outputs are whole.

    python benchmarks/decoding.py outputs  [--data FILE] [--out FOLDER]
    python benchmarks/decoding.py overhead [--data FILE] [--schemas 24] [--rounds 5]
    python benchmarks/decoding.py passes   [--data FILE] [--schemas 24]
    python benchmarks/decoding.py peers    [--rounds 5]
    python benchmarks/decoding.py figures  [--rounds 5]

``outputs``: 1,000 outputs over 200 schemas of the development file, five a schema, with `max_tokens` from
{minimum, minimum + 1, 2 × minimum, 256} in mixed batches of 16; each must be JSON, fit, and satisfy
`jsonschema`.  ``overhead``: CPU seconds a step (one forward pass), constrained against free text through the
same loop: runs in turn on the same model and prompts, as many rows and steps each.  ``passes``:
passes per output token under each treatment of forced text.  ``peers``: free text through the loop against
transformers' own generate.  ``figures``: an untrained model of 131,072 logits without and with figures
(`figures=False` computes few logits where few tokens are allowed); the tokens must be the same.  Times are
ratios of CPU time within one process, with quartiles; one thread, so that on an idle machine they are ratios
of wall time.
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
from structgen.decode.free import FreeText
from structgen.decode.law import SamplingLaw
from structgen.decode.loop import Loop
from structgen.decode.matching import token_bits
from structgen.decode.result import PHASES
from structgen.decode.run import make_row

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


class Endless(FreeText):
    """Free text that cannot end: so many steps as the constrained run beside it has."""

    def __init__(self, vocabulary: Any) -> None:
        super().__init__(vocabulary)
        self.mask = self.mask & ~token_bits(list(vocabulary.eos_ids), vocabulary.width)


class Steps:
    """Up to 48 steps in which every row takes part: CPU and wall seconds a step, and where they went.

    ``steps``: exactly so many.
    """

    def __init__(
        self, model: Any, prompts: list[list[int]], constraint: Any, seed: int, steps: int | None = None
    ) -> None:
        self.rows = [
            make_row(
                place, ids, constraint, None, max_tokens=256, law=SamplingLaw(1.0), seed=seed, weights=False
            )
            for place, ids in enumerate(prompts)
        ]
        loop = Loop(model)
        for row in self.rows:
            loop.add(row)
        loop.step()  # the prompts
        before = dict(self.rows[0].stats.seconds)
        self.count = 0
        began, began_wall = time.process_time(), time.perf_counter()
        while loop.places == len(self.rows) and self.count < (steps or 48):
            loop.step()
            self.count += 1
        self.seconds = (time.process_time() - began) / max(1, self.count)
        self.wall = (time.perf_counter() - began_wall) / max(1, self.count)
        loop.close()
        after = self.rows[0].stats.seconds
        self.phases = {name: after[name] - before[name] for name in PHASES[:3]}


def overhead(pocket: Any, vocabulary: Any, path: Path, schemas: int, rounds: int) -> None:
    """Constrained against free text, batch 1 and 16: pairs of runs with as many rows and as many steps.

    Prompts differ in length, as they do in use.  Were they alike, free text would keep its rows of one length
    and need no attention mask, while rows under a constraint grow apart by their forced tokens.  Each
    constrained run is made twice: a first time most of its states are new to the process, whose cost
    comes once; the second time they have been met, as in a service that gets one schema again and again.
    """
    constraints = []
    for row in development_schemas(path, 3 * schemas, 5):
        try:
            constraint = sg.compile(row["schema"], vocabulary)
        except sg.GrammarError:
            continue
        if constraint.matcher().distance() <= 128 and len(constraints) < schemas:
            constraints.append(constraint)
    free = Endless(vocabulary)
    ids = pocket.tokenizer(PROMPT)["input_ids"]
    for batch in (1, 16):
        prompts = [ids + ids[: place % 7] for place in range(batch)]
        ratios: dict[str, list[float]] = {"new states": [], "states met before": []}
        walls: dict[str, list[float]] = {"new states": [], "states met before": []}
        totals = {name: Counter[str]() for name in ("new states", "states met before", "free")}
        passes = tokens = forced = 0
        for turn in range(rounds + 1):  # the first one is not counted: it warms up
            for constraint in constraints:
                first = Steps(pocket.model, prompts, constraint, turn)
                if first.count < 8 or not turn:
                    continue
                other = Steps(pocket.model, prompts, free, turn, first.count)
                again = Steps(pocket.model, prompts, constraint, turn, first.count)
                runs = {"new states": first, "states met before": again, "free": other}
                for name, one in runs.items():
                    totals[name].update({**one.phases, "cpu": one.seconds * one.count, "steps": one.count})
                    if name in ratios:
                        ratios[name].append(one.seconds / other.seconds)
                        walls[name].append(one.wall / other.wall)
                passes += sum(row.stats.forward_passes for row in first.rows)
                tokens += sum(len(row.tokens) for row in first.rows)
                forced += sum(row.stats.forced_tokens for row in first.rows)
        each = {
            name: {part: round(1e3 * total[part] / total["steps"], 3) for part in (*PHASES[:3], "cpu")}
            for name, total in totals.items()
        }
        report = {
            "batch": batch,
            "pairs": len(ratios["new states"]),
            "steps": totals["free"]["steps"],
            "constrained / free, CPU a step, quartiles": {
                name: _rounded(statistics.quantiles(found, n=4)) for name, found in ratios.items()
            },
            "constrained / free, wall time a step, quartiles": {
                name: _rounded(statistics.quantiles(found, n=4)) for name, found in walls.items()
            },
            "all steps together": {
                name: round(each[name]["cpu"] / each["free"]["cpu"], 3) for name in ratios
            },
            "passes per token": round(passes / tokens, 3),
            "forced share of tokens": round(forced / tokens, 3),
            "ms a step (phases: wall time)": each,
        }
        print(json.dumps(report), flush=True)


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 3) for value in values]


def passes(pocket: Any, vocabulary: Any, path: Path, schemas: int) -> None:
    """Passes per output token under each treatment of forced text; deterministic."""
    totals: dict[str, Counter[str]] = {mode: Counter() for mode in ("singleton", "draft", "canonical")}
    for row in development_schemas(path, schemas, 5):
        try:
            constraint = sg.compile(row["schema"], vocabulary)
        except sg.GrammarError:
            continue
        for mode in ("singleton", "draft", "canonical"):
            try:
                outs = sg.generate(
                    pocket, PROMPT, grammar=constraint, forced=mode, max_tokens=128, n=2, weights=False
                )
            except sg.BudgetTooSmall:
                break
            for out in outs:
                totals[mode]["passes"] += out.stats.forward_passes
                totals[mode]["tokens"] += len(out.tokens)
                totals[mode]["forced"] += out.stats.forced_tokens
                totals[mode]["accepted"] += out.stats.accepted_tokens
    for mode in ("singleton", "draft", "canonical"):
        one = totals[mode]
        share = round(one["passes"] / one["tokens"], 3)
        print(json.dumps({"mode": mode, "passes per token": share, **one}), flush=True)


def peers(pocket: Any, vocabulary: Any, rounds: int) -> None:
    """64 new tokens of free text, greedy: the loop and transformers' generate in turn."""
    ids = pocket.tokenizer(PROMPT, return_tensors="pt").input_ids
    for batch in (1, 16):
        ratios = []
        for turn in range(rounds + 1):
            seconds = {}
            for which in ("loop", "transformers") if turn % 2 else ("transformers", "loop"):
                began = time.process_time()
                if which == "loop":
                    sg.generate(
                        pocket,
                        [ids[0].tolist()] * batch,
                        stop=[],
                        logit_bias=dict.fromkeys(vocabulary.eos_ids, -1e9),
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
                seconds[which] = time.process_time() - began
            if turn:
                ratios.append(seconds["loop"] / seconds["transformers"])
        quartiles = [round(value, 3) for value in statistics.quantiles(ratios, n=4)]
        print(json.dumps({"batch": batch, "rounds": rounds, "loop / transformers": quartiles}))


RECORDS = {
    "type": "array",
    "minItems": 4,
    "items": {
        "type": "object",
        "properties": {
            "kind": {"enum": ["alpha", "beta", "gamma", "delta"]},
            "count": {"type": "integer", "minimum": 0, "maximum": 999},
            "open": {"type": "boolean"},
        },
        "required": ["kind", "count", "open"],
        "additionalProperties": False,
    },
}
NAMES = {
    "type": "array",
    "minItems": 4,
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 12}, **RECORDS["items"]["properties"]},
        "required": ["name", "kind", "count", "open"],
        "additionalProperties": False,
    },
}


def figures(tokenizer: Any, rounds: int) -> None:
    """CPU seconds of ``figures=False`` over those of True: hidden sizes 256 and 1,024, four layers."""
    from transformers import LlamaConfig, LlamaForCausalLM

    width = 131_072
    vocabulary = sg.Vocabulary.from_tokenizer(tokenizer, width=width)
    for hidden in (256, 1024):
        torch.manual_seed(0)
        config = LlamaConfig(
            vocab_size=width,
            hidden_size=hidden,
            intermediate_size=3 * hidden,
            num_hidden_layers=4,
            num_attention_heads=hidden // 64,
            num_key_value_heads=hidden // 64,
        )
        model = LlamaForCausalLM(config).eval()
        for name, schema in (("numbers and enumerations", RECORDS), ("and names", NAMES)):
            constraint = sg.compile(sg.json_schema(schema, whitespace="compact"), vocabulary)
            for batch in (1, 8):
                ratios = []
                for turn in range(rounds + 1):
                    seconds, tokens = {}, {}
                    for wanted in (True, False) if turn % 2 else (False, True):
                        began = time.process_time()
                        outs = sg.generate(
                            model,
                            [[5, 6, 7]] * batch,
                            grammar=constraint,
                            max_tokens=96,
                            seed=turn,
                            weights=False,
                            figures=wanted,
                            tokenizer=vocabulary,
                        )
                        seconds[wanted] = time.process_time() - began
                        tokens[wanted] = [out.tokens for out in outs]
                    assert tokens[True] == tokens[False]
                    if turn:
                        ratios.append(seconds[False] / seconds[True])
                print(
                    json.dumps(
                        {
                            "hidden": hidden,
                            "schema": name,
                            "batch": batch,
                            "without / with figures": _rounded(statistics.quantiles(ratios, n=4)),
                        }
                    ),
                    flush=True,
                )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("part", choices=["outputs", "overhead", "passes", "peers", "figures"])
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
    elif arguments.part == "figures":
        figures(pocket.tokenizer, arguments.rounds)
    elif arguments.part == "passes":
        passes(pocket, vocabulary, arguments.data, arguments.schemas)
    else:
        peers(pocket, vocabulary, arguments.rounds)


if __name__ == "__main__":
    main()
