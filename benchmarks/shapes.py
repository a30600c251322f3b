"""Shapes of schema that break engines, each alone: long bounds, counted patterns, huge enumerations, depth.

    python benchmarks/shapes.py [--rounds 5] [--out FOLDER]

Each shape is compiled in a fresh engine and read along several texts, before every token a mask, over 131,072
tokens; with all options "any", and with the defaults.  Printed are compilation, the first mask, and of the
masks after it the mean, the 99th percentile and the largest, with the text before it: milliseconds and
microseconds of the thread's processor time, at every place the least of several rounds, so that what the
machine did meanwhile is not counted.  Exit code 1 where a mask after the first takes more than a millisecond,
or compilation of anything but the enumeration with the first mask more than five.  Needs mistral-common and
tiktoken for the vocabulary.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dev_file import ANY, tekken

import structgen as sg

MOST_FIRST, MOST_LATER = 5e-3, 1e-3  # seconds
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass
class Shape:
    """A schema and values of it."""

    name: str
    schema: dict[str, Any]
    values: list[Any]
    large: bool = False
    """Whether reading the schema alone takes longer than a first mask may."""


def shapes() -> list[Shape]:
    """Return them all, the same every time."""
    rng = random.Random(5)

    def word(shortest: int, longest: int) -> str:
        return "".join(rng.choices(LETTERS, k=rng.randint(shortest, longest)))

    def words(count: int, longest: int) -> str:
        return " ".join(word(1, longest) for _ in range(count))

    many = sorted({word(4, 14) for _ in range(100_000)})
    kinds = {"string": "abc def", "integer": 12, "boolean": True}
    members = {word(10, 10): rng.choice(sorted(kinds)) for _ in range(1000)}
    some = {name: kinds[members[name]] for name in rng.sample(sorted(members), 60)}
    nested: dict[str, Any] = {"type": "integer"}
    value: Any = 1
    for level in range(64):
        nested = {"type": "object", "properties": {f"k{level}": nested}, "required": [f"k{level}"]}
        value = {f"k{level}": value}

    def text(most: int, pattern: str = "") -> dict[str, Any]:
        return {"type": "string", "maxLength": most} | ({"pattern": pattern} if pattern else {})

    label = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
    optional = {name: {"type": kind} for name, kind in members.items()}
    return [
        Shape("maxLength 10,000", text(10_000), [words(1500, 9)]),
        Shape(
            r"(\S+\s+){0,9}\S+, maxLength 100",
            text(100, r"^(\S+\s+){0,9}\S+$"),
            [words(10, 5), "a b c d e f g h i j", words(9, 9)],
        ),
        Shape("words, maxLength 300", text(300, r"^[a-z]+( [a-z]+)*$"), [words(50, 6)[:300].strip()]),
        Shape("label, maxLength 63", text(63, label), ["abc-def-ghi0", "a" * 63, "a-kubernetes-name" * 3]),
        Shape("enum of 100,000 words", {"enum": many}, rng.sample(many, 20), large=True),
        Shape("1,000 optional members", {"type": "object", "properties": optional}, [some]),
        Shape("64 nested objects", nested, [value]),
    ]


def run(
    schema: dict[str, Any], texts: list[list[int]], options: dict[str, str], vocabulary: sg.Vocabulary
) -> np.ndarray:
    """Seconds of compilation and of every mask, in a fresh engine."""
    sg.clear_cache()
    clock = time.thread_time
    row = np.zeros((vocabulary.width + 31) // 32, dtype=np.uint32)
    began = clock()
    matcher = sg.compile(sg.json_schema(schema, **options), vocabulary).matcher()
    times = [clock() - began]
    for tokens in texts:
        matcher.reset()
        for token in tokens:
            before = clock()
            matcher.fill_mask(row)
            times.append(clock() - before)
            matcher.advance(token)
    return np.array(times)


def main() -> int:
    """Measure every shape under both sets of options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, help="a folder for shapes.md")
    options = parser.parse_args()
    tokens, encode = tekken()
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=2)
    lines = [
        "| shape | options | compile ms | first µs | mean µs | p99 µs | largest µs | its place |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    print("\n".join(lines))
    missed = 0
    for shape in shapes():
        for name, chosen in (("any", ANY), ("default", {})):
            written = [json.dumps(v, separators=None if chosen else (",", ":")) for v in shape.values]
            if not chosen and shape.name.startswith("1,000"):  # in the order of the schema
                order = list(shape.schema["properties"])
                ordered = {key: shape.values[0][key] for key in order if key in shape.values[0]}
                written = [json.dumps(ordered, separators=(",", ":"))]
            texts = [encode(text) for text in written]
            rounds = [run(shape.schema, texts, chosen, vocabulary) for _ in range(options.rounds)]
            compiled, first, *later = np.min(rounds, axis=0)
            worst = int(np.argmax(later))
            read = [token for text in texts for token in text][: worst + 1]
            before = b"".join(tokens[token] or b"" for token in read)[-12:].decode("utf-8", "replace")
            missed += max(later) > MOST_LATER or (not shape.large and compiled + first > MOST_FIRST)
            figures = [(first, 0), (np.mean(later), 1), (np.percentile(later, 99), 0), (later[worst], 0)]
            cells = [f"{seconds * 1e6:.{digits}f}" for seconds, digits in figures]
            lines.append(
                f"| {shape.name} | {name} | {compiled * 1e3:.1f} | {' | '.join(cells)} | `{before}` |"
            )
            print(lines[-1], flush=True)
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "shapes.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())
