#!/usr/bin/env python3
"""Measure the pocket model: fields exactly right, with and without a constraint.

    python scripts/evaluate_pocket.py --count 150

Held-out descriptions with names that training never saw, a set written by hand, and
bare-word questions.  Greedy; objects are closed (``extra_keys="never"``).  A field is
right when it stands where it should and is equal in type and value; an answer that is
no JSON has every field wrong.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

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


def score(expected: Any, text: str) -> tuple[int, int]:
    """Right fields and all fields."""
    wanted = leaves(expected)
    try:
        got = leaves(json.loads(text))
    except (ValueError, RecursionError):
        return 0, len(wanted)
    return sum(p in got and same(v, got[p]) for p, v in wanted.items()), len(wanted)


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


def held_out(count: int) -> list[Example]:
    """The first ``count`` examples of the evaluation seed that can be scored."""
    made = (example(SEED, index, unseen=True) for index in range(4 * count))
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
    parser.add_argument("--limit", type=int, default=160, help="tokens an answer may have")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--wrong", type=int, default=0, help="print so many wrong constrained answers")
    parser.add_argument("--json", type=Path, help="write the figures here")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    loaded = pocket.load()
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    shown = 0

    def add(names: tuple[str, ...], alone: int, bound: int, total: int) -> None:
        for name in names:
            for place, amount in enumerate((1, alone, bound, total)):
                groups[name][place] += amount

    for item in track([*by_hand(), *held_out(options.count)], description="answers"):
        said = free(loaded, item.prompt, options.limit)
        run: Callable[..., str] = lambda **what: constrained(loaded, item.prompt, options.limit, **what)  # noqa: B023, E731
        if item.family in BARE:
            right = item.answer
            bound = run(choice=list(item.options)) if item.options else said.strip()
            add((item.family,), said.strip() == right, bound == right, 1)
            continue
        schema = item.schema or call_schema(item.value)
        bound = run(schema=schema, extra_keys="never")
        alone, total = score(item.value, said)
        together, _ = score(item.value, bound)
        kind = "keys in the prompt" if item.keys_shown else "instruction only"
        written = item.family == "handwritten"
        kinds = (f"handwritten, {kind}",) if written else (item.family, kind, "all held-out JSON")
        add(kinds, alone, together, total)
        if together < total and shown < options.wrong:
            shown += 1
            wanted = json.dumps(item.value, ensure_ascii=False)
            Console().print(f"[{item.family}] {item.prompt}\n  got  {bound}\n  want {wanted}", markup=False)
    table = Table("group", "examples", "fields", "unconstrained", "constrained")
    figures = {}
    for name, (examples, alone, bound, total) in groups.items():
        figures[name] = {
            "examples": examples,
            "fields": total,
            "unconstrained": alone / total,
            "constrained": bound / total,
        }
        table.add_row(
            name, str(examples), str(total), f"{100 * alone / total:.1f} %", f"{100 * bound / total:.1f} %"
        )
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
