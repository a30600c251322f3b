"""Masks of context-free grammars along real texts, beside llguidance: one run, one thread.

    python benchmarks/grammars.py [--only NAME,…] [--documents 40] [--out docs/results]

For every grammar: compile and fill the first mask; then, before every token of each text, fill the mask into
a preallocated row, look at the token's bit and advance.  Both engines see the same texts and the same
131,072-token vocabulary (tekken).  Times are processor time of the thread, bindings included (and about
0.4 µs for reading that clock); each text is read by both before the next one.  Only the ratios of one run
mean something.

Grammars in GBNF reach llguidance through its own translation.  A grammar that an engine refuses is a row
that says so.  JSON texts are instances of the shared development file, the others are written here or
derived from the grammar.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dev_file import DEFAULT, tekken_encoding

END = 2

ARITHMETIC = """a = 1\nx1 +y_2 *37 = total\n(alpha -beta) /(gamma +12) = ratio
((1 +2) *(3 +4)) /5 = 8\nprice *quantity -discount = net_total
"""
ENGLISH = """The quick brown fox jumps over the lazy dog. Is it true that, of all animals, foxes jump
best? Nobody knows; some say (with good reason) that frogs do. In 1998 a frog jumped 21 feet, 5.75 inches!
"""
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。"
LIST = """- milk, two bottles\n- bread (the dark one)\n- 12 eggs\n- something for the neighbours' cat\n"""
CSV = "# name\tcity\tage\tscore\nAda\tLondon\t36\t9.5\nGrace\tNewYork\t85\t-1.25\nAlan\tWilmslow\t41\t7\n"
PYTHON = """import os, sys
from collections import OrderedDict as Ordered
total = sum(price * count for price, count in items if count > 0) + offset[1:3]
print "found %d of %d" % (found, len(names)), {"a": 1, 'b': [x ** 2 for x in range(10)]}
if total >= limit and not done: raise ValueError("too large", total)
square = lambda x, y=2: x ** y if y else None
assert isinstance(value, (int, float)), repr(value)
while stack: node = stack.pop(); stack.extend(node.children[::-1])
"""
PYTHON_LAYOUT = ("%declare _INDENT _DEDENT", '_INDENT: "<INDENT>"\n_DEDENT: "<DEDENT>"')


@dataclass
class Case:
    """A grammar with texts of its language."""

    name: str
    notation: str
    grammar: str
    texts: list[str]
    start: str = "start"


class Structgen:
    """This project."""

    def __init__(self, tokens: list[bytes | None], encoding: Any) -> None:
        import structgen as sg

        self._sg = sg
        self._vocabulary = sg.Vocabulary.from_tokens(tokens, eos=END)
        self._row = np.zeros(len(tokens) // 32, dtype=np.uint32)
        self.shift, self.end = len(tokens) - len(encoding._mergeable_ranks), END

    def compile(self, case: Case) -> None:
        sg = self._sg
        grammar = (
            sg.gbnf(case.grammar) if case.notation == "gbnf" else sg.lark(case.grammar, start=case.start)
        )
        self._matcher = sg.compile(grammar, self._vocabulary).matcher()

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> np.ndarray:
        self._matcher.fill_mask(self._row)
        return self._row

    def advance(self, token: int) -> None:
        self._matcher.advance(token)


class LLGuidance:
    """llguidance from PyPI with its defaults."""

    def __init__(self, tokens: list[bytes | None], encoding: Any) -> None:
        import llguidance
        import llguidance.numpy
        import llguidance.tiktoken

        self._module = llguidance
        self._fill = llguidance.numpy.fill_next_token_bitmask
        self.shift, self.end = 0, len(encoding._mergeable_ranks)
        self._tokenizer = llguidance.tiktoken.lltokenizer_from_encoding(
            encoding, n_vocab=self.end + 1, eos_token=self.end
        )
        self._rows = llguidance.numpy.allocate_token_bitmask(1, self._tokenizer.vocab_size)

    def compile(self, case: Case) -> None:
        from llguidance.gbnf_to_lark import gbnf_to_lark

        text = case.grammar
        if case.notation == "gbnf":
            text = gbnf_to_lark(text)
        elif case.start != "start":
            text += f"\nstart: {case.start}\n"
        grammar = self._module.LLMatcher.grammar_from_lark(text)
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


def cases(documents: int) -> list[Case]:
    """The grammars of the shared data, with texts."""
    import structgen as sg

    with gzip.open(DEFAULT / "maskbench_dev.jsonl.gz", "rt") as lines:
        rows = [json.loads(line) for line in lines]
    instances = [test["data"] for row in rows for test in row["tests"] if test["valid"]]
    objects = [data for data in instances if isinstance(data, dict) and 20 < len(json.dumps(data)) < 3000]
    sample = random.Random(0).sample(objects, documents)
    plain = [json.dumps(data, ensure_ascii=False) for data in sample]
    pretty = [json.dumps(data, ensure_ascii=False, indent=2) for data in sample]
    # What json.gbnf has no numbers for: exponents of a capricious form, blanks beyond one.
    plain = [text for text in plain if sg.validate(sg.gbnf(_read("gbnf/json.gbnf")), text)]
    python = _read("lark/python2.lark").replace(*PYTHON_LAYOUT)
    found = [
        Case("json.gbnf", "gbnf", _read("gbnf/json.gbnf"), plain),
        Case("json.lark", "lark", _read("lark/json.lark"), pretty),
        Case("arithmetic.gbnf", "gbnf", _read("gbnf/arithmetic.gbnf"), [ARITHMETIC]),
        Case("english.gbnf", "gbnf", _read("gbnf/english.gbnf"), [ENGLISH.strip()]),
        Case("japanese.gbnf", "gbnf", _read("gbnf/japanese.gbnf"), [JAPANESE]),
        Case("list.gbnf", "gbnf", _read("gbnf/list.gbnf"), [LIST]),
        Case("csv.lark", "lark", _read("lark/csv.lark"), [CSV]),
        Case("python2.lark", "lark", python, [PYTHON], "file_input"),
    ]
    for path in ("BV4/find_inv_bvugt_bvneg_4bit", "SLIA/phone-3-long", "SLIA/univ_2_short"):
        grammar = (DEFAULT / "aligned" / f"{path}.gbnf").read_text()
        texts = [sg.example(sg.gbnf(grammar), seed=seed, as_text=True) for seed in range(10)]
        found.append(Case(path.split("/")[1] + ".gbnf", "gbnf", grammar, texts))
    return found


def _read(name: str) -> str:
    return (DEFAULT / "grammars" / name).read_text()


def measure(case: Case, engines: dict[str, Any], encoding: Any) -> dict[str, dict[str, Any]]:
    """Microseconds of the first mask, of each mask and of each advance, by engine; what went wrong."""
    clock = time.thread_time
    results: dict[str, dict[str, Any]] = {name: {"masks": [], "advances": []} for name in engines}
    ready = dict(engines)
    for name, engine in engines.items():
        began = clock()
        try:
            engine.compile(case)
            engine.fill()
        except Exception as error:
            results[name]["problem"] = f"refused: {type(error).__name__}: {str(error)[:120]}"
            del ready[name]
            continue
        results[name]["first"] = (clock() - began) * 1e6
    for text in case.texts:
        ranks = encoding.encode(text, disallowed_special=())
        for name, engine in list(ready.items()):
            engine.restart()
            for token in [*(rank + engine.shift for rank in ranks), engine.end]:
                began = clock()
                row = engine.fill()
                results[name]["masks"].append((clock() - began) * 1e6)
                if not row[token >> 5] >> (token & 31) & 1:
                    results[name]["problem"] = f"refuses a token of {text[:40]!r}"
                    break
                if token != engine.end:
                    began = clock()
                    engine.advance(token)
                    results[name]["advances"].append((clock() - began) * 1e6)
    return results


def _cell(values: list[float], figure: Callable[[Any], float]) -> str:
    return f"{figure(np.array(values)):,.1f}" if values else "—"


FIGURES: list[tuple[str, Callable[[Any], float]]] = [
    ("mean", np.mean),
    ("p50", np.median),
    ("p99", lambda values: float(np.percentile(values, 99))),
    ("max", np.max),
]


def table(found: dict[str, dict[str, dict[str, Any]]], command: str) -> str:
    """The figures as Markdown."""
    titles = [name for name, _ in FIGURES]
    lines = [
        f"# Masks of context-free grammars\n\nWritten by `{command}`: one run, one thread.  Microseconds.\n",
        f"| grammar | engine | masks | {' | '.join(titles)} | compile + first mask | advance p50 | |",
        "|---" * (len(titles) + 6) + "|",
    ]
    for grammar, results in found.items():
        for name, result in results.items():
            cells = [_cell(result["masks"], figure) for _, figure in FIGURES]
            first = f"{result['first']:,.0f}" if "first" in result else "—"
            advance = _cell(result["advances"], np.median)
            lines.append(
                f"| {grammar} | {name} | {len(result['masks'])} | {' | '.join(cells)} | {first} "
                f"| {advance} | {result.get('problem', '')} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure both engines on every grammar and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help="names of grammars, separated by commas")
    parser.add_argument("--documents", type=int, default=40, help="JSON documents")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    tokens, encoding = tekken_encoding()
    engines: dict[str, Any] = {"structgen": Structgen(tokens, encoding)}
    try:
        engines["llguidance"] = LLGuidance(tokens, encoding)
    except ImportError as missing:
        print(f"llguidance is not measured: {missing.name} is not installed")
    wanted = set(filter(None, options.only.split(",")))
    chosen = [case for case in cases(options.documents) if not wanted or case.name in wanted]
    found = {case.name: measure(case, engines, encoding) for case in chosen}
    text = table(found, "python benchmarks/grammars.py")
    print(text)
    if options.out:
        (options.out / "grammars.md").write_text(text)


if __name__ == "__main__":
    main()
