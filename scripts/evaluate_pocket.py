#!/usr/bin/env python3
"""Measure the pocket model: fields exactly right, with and without a constraint.

    python scripts/evaluate_pocket.py --count 600 --markdown table.md

Held-out descriptions with names that training never saw, a set written by hand, and
bare-word questions.  Greedy; objects are closed (``extra_keys="never"``).  A field is
right when it stands where it should and is equal in type and value; an answer that is
no JSON has every field wrong.  An answer is right when every field is and there is no other.

Weights are chosen on examples of another seed (``--weights FOLDER --seed 5``), so that the
figures of the default seed stay those of examples that nothing was fitted to.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from transformers import LlamaForCausalLM

sys.path.insert(0, str(Path(__file__).parent))

from pocket_data.answers import object_schema
from pocket_data.corpus import example
from pocket_data.extraction import Example
from pocket_data.handwritten import HANDWRITTEN
from pocket_training.measure import SEED

import structgen
from structgen import pocket

BARE = ("yes/no", "choice", "short answer", "copy")


def leaves(value: Any, pointer: str = "") -> dict[str, Any]:
    """Every field of a JSON value by pointer; an array of scalars is one field."""
    if isinstance(value, dict):
        return {p: v for key, member in value.items() for p, v in leaves(member, f"{pointer}/{key}").items()}
    if isinstance(value, list) and any(isinstance(entry, dict | list) for entry in value):
        return {
            p: v for index, entry in enumerate(value) for p, v in leaves(entry, f"{pointer}/{index}").items()
        }
    return {pointer: value}


def same(a: Any, b: Any) -> bool:
    """Equal in type and value; 20 and 20.0 are one number, true and 1 are not."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | float) and isinstance(b, int | float):
        return a == b
    return type(a) is type(b) and bool(a == b)


def score(expected: Any, text: str) -> tuple[int, int, int]:
    """Right fields, whether the whole answer is right, and whether it is JSON at all."""
    wanted = leaves(expected)
    try:
        got = leaves(json.loads(text))
    except (ValueError, RecursionError):
        return 0, 0, 0
    right = sum(p in got and same(v, got[p]) for p, v in wanted.items())
    return right, int(right == len(wanted) == len(got)), 1


@torch.no_grad()
def free(loaded: pocket.Pocket, prompt: str, limit: int) -> str:
    """What the model says on its own, greedily."""
    ids = loaded.tokenizer(prompt, return_tensors="pt")
    out = loaded.model.generate(
        **{k: v for k, v in ids.items() if k != "token_type_ids"}, max_new_tokens=limit, do_sample=False
    )
    return str(loaded.tokenizer.decode(out[0, ids["input_ids"].shape[1] :], skip_special_tokens=True))


def constrained(loaded: pocket.Pocket, prompt: str, limit: int, **what: Any) -> str:
    """What the model says under a schema or among choices, greedily."""
    done = structgen.generate(
        loaded.model, prompt, tokenizer=loaded.tokenizer, max_tokens=limit, temperature=0.0, **what
    )
    return str(done.text)


def held_out(count: int, seed: int) -> list[Example]:
    """The first ``count`` examples of a seed that can be scored."""
    made = (example(seed, index, unseen=True) for index in range(4 * count))
    return [e for e in made if e.family != "continuation"][:count]


def by_hand() -> list[Example]:
    """The handwritten set, each with an instruction only and again with its schema."""
    made = []
    for text, noun, properties, value in HANDWRITTEN:
        schema = object_schema(properties, list(properties))
        made.append(Example("handwritten", f"Extract the {noun}: {text}\n", [], value, schema))
        made.append(Example("handwritten", pocket.prompt(text, schema), [], value, schema, keys_shown=True))
    return made


def call_schema(value: dict[str, Any]) -> dict[str, Any]:
    """A schema for a function call: the right arguments by type, any function name of the prompt."""
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    arguments = {key: {"type": kinds[type(entry)]} for key, entry in value["arguments"].items()}
    return object_schema(
        {"name": {"type": "string"}, "arguments": object_schema(arguments, list(arguments))},
        ["name", "arguments"],
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=150, help="held-out examples")
    parser.add_argument("--seed", type=int, default=SEED, help="what the held-out examples are drawn from")
    parser.add_argument("--weights", type=Path, help="folder of a training run, instead of the model shipped")
    parser.add_argument("--limit", type=int, default=160, help="tokens an answer may have")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wrong", type=int, default=0, help="print so many wrong constrained answers")
    parser.add_argument("--json", type=Path, help="write the counts here")
    parser.add_argument("--markdown", type=Path, help="write the table here")
    return parser.parse_args()


COLUMNS = (
    ("fields right", "fields", "fields"),
    ("answers right", "answers", "examples"),
    ("JSON", "json", "examples"),
)


def table_rows(groups: dict[str, Counter[str]]) -> list[list[str]]:
    """One row a group: sizes, then each measure unconstrained and constrained; bare words have one only."""
    rows = []
    for name, counts in sorted(groups.items(), key=lambda item: (item[0] in BARE, item[0])):
        row = [name, str(counts["examples"]), str(counts["fields"]) if name not in BARE else ""]
        for _, measure, of in COLUMNS:
            for side in ("alone", "bound"):
                share = counts[f"{measure} {side}"] / max(1, counts[of])
                told = name not in BARE or measure == "answers"
                row.append(f"{100 * share:.1f} %" if told else "")
        rows.append(row)
    return rows


def markdown(rows: list[list[str]]) -> str:
    """The same as a Markdown table."""
    heads = ["family", "examples", "fields"]
    heads += [f"{title}: {side}" for title, _, _ in COLUMNS for side in ("free", "constrained")]
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    loaded = pocket.load()
    if options.weights:
        other = LlamaForCausalLM.from_pretrained(options.weights, dtype=torch.float32).eval()
        loaded = pocket.Pocket(other, loaded.tokenizer)
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    shown = 0
    for item in track([*by_hand(), *held_out(options.count, options.seed)], description="answers"):
        said = free(loaded, item.prompt, options.limit)
        run: Callable[..., str] = lambda **what: constrained(loaded, item.prompt, options.limit, **what)  # noqa: B023, E731
        if item.family in BARE:
            bound = run(choice=list(item.options)) if item.options else said.strip()
            found = {"answers alone": said.strip() == item.answer, "answers bound": bound == item.answer}
            groups[item.family].update({"examples": 1, **found})
            continue
        bound = run(schema=item.schema or call_schema(item.value), extra_keys="never")
        counts = Counter(examples=1, fields=len(leaves(item.value)))
        for side, text in (("alone", said), ("bound", bound)):
            for measure, amount in zip(("fields", "answers", "json"), score(item.value, text), strict=True):
                counts[f"{measure} {side}"] += amount
        kind = "keys in the prompt" if item.keys_shown else "instruction only"
        written = item.family == "handwritten"
        for name in (
            (f"handwritten, {kind}",)
            if written
            else (item.family, f"all held-out JSON, {kind}", "all held-out JSON")
        ):
            groups[name] += counts
        if not counts["answers bound"] and shown < options.wrong:
            shown += 1
            wanted = json.dumps(item.value, ensure_ascii=False)
            Console().print(f"[{item.family}] {item.prompt}\n  got  {bound}\n  want {wanted}", markup=False)
    rows = table_rows(groups)
    table = Table("group", "examples", "fields", *(f"{title}, {s}" for title, _, _ in COLUMNS for s in "ab"))
    table.caption = "a: unconstrained, b: constrained"
    for row in rows:
        table.add_row(*row)
    Console().print(table)
    if options.markdown:
        options.markdown.write_text(markdown(rows))
    if options.json:
        options.json.write_text(json.dumps(groups, indent=2) + "\n")


if __name__ == "__main__":
    main()
