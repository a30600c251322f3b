"""Masks of context-free grammars along real texts, beside llguidance and XGrammar: one run, one thread.

    python benchmarks/grammars.py [--only NAME,…] [--documents 40] [--out docs/results]

For every grammar: compile and fill the first mask; then, before every token of each text, fill the mask into
a preallocated row, look at the token's bit and advance.  All engines see the same texts and the same
131,072-token vocabulary (tekken).  Times are processor time of the thread, bindings included (and about
0.4 µs for reading that clock); each text is read by all before the next one.  Only the ratios of one run
mean something.

Grammars in GBNF reach llguidance through its own translation; XGrammar reads no other notation.  A grammar
that an engine refuses is a row that says so.  Before anything is measured each engine has compiled one small
grammar: what every first grammar of a process pays for is in no row.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from grammar_cases import Case, cases

from jsonschemabench.engines import Missing, find
from jsonschemabench.tokens import Tokens, load

FIRST = Case("first", "lark", "start: WORD\n%import common.WORD\n", [])


def structgen() -> Any:
    """This project."""
    import structgen as sg

    base: Any = find("structgen")

    class Structgen(base):  # type: ignore[misc]
        def compile(self, case: Case, reading: Any = None) -> None:
            grammar = (
                sg.gbnf(case.grammar) if case.notation == "gbnf" else sg.lark(case.grammar, start=case.start)
            )
            self._matcher = sg.compile(grammar, self._vocabulary).matcher()

    return Structgen


def llguidance() -> Any:
    """llguidance from PyPI with its defaults."""
    base: Any = find("llguidance")
    from llguidance import LLMatcher
    from llguidance.gbnf_to_lark import gbnf_to_lark

    class LLGuidance(base):  # type: ignore[misc]
        def compile(self, case: Case, reading: Any = None) -> None:
            text = case.grammar
            if case.notation == "gbnf":
                text = gbnf_to_lark(text)
            elif case.start != "start":
                text += f"\nstart: {case.start}\n"
            self._matcher = LLMatcher(self._tokenizer, LLMatcher.grammar_from_lark(text))
            if self._matcher.is_error():
                raise ValueError(self._matcher.get_error())

    return LLGuidance


def xgrammar() -> Any:
    """XGrammar from PyPI with its defaults, its cache included."""
    base: Any = find("xgrammar")
    import xgrammar as module

    class XGrammar(base):  # type: ignore[misc]
        def compile(self, case: Case, reading: Any = None) -> None:
            if case.notation != "gbnf":
                raise ValueError(f"no notation {case.notation}")
            self._matcher = module.GrammarMatcher(self._compiler.compile_grammar(case.grammar))

    return XGrammar


ENGINES: dict[str, Callable[[], Any]] = {
    "structgen": structgen,
    "llguidance": llguidance,
    "xgrammar": xgrammar,
}


def measure(case: Case, engines: dict[str, Any], tokens: Tokens) -> dict[str, dict[str, Any]]:
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
        ids = tokens.encode(text)
        for name, engine in ready.items():
            engine.restart()
            for token in [*ids, tokens.end]:
                began = clock()
                row = engine.fill()
                results[name]["masks"].append((clock() - began) * 1e6)
                if not row[token >> 5] >> (token & 31) & 1:
                    results[name]["problem"] = f"refuses a token of {text[:40]!r}"
                    break
                if token != tokens.end:
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
        f"Written by `{command}`: one run, one thread.  Microseconds of processor time.\n",
        f"| grammar | engine | masks | {' | '.join(titles)} | compile + first mask | advance p50 | |",
        "|---" * (len(titles) + 6) + "|",
    ]
    for grammar, results in found.items():
        for name, result in results.items():
            cells = [_cell(result["masks"], figure) for _, figure in FIGURES]
            first = f"{result['first']:,.0f}" if "first" in result else "—"
            advance = _cell(result["advances"], np.median)
            problem = " ".join(result.get("problem", "").split()).replace("|", "\\|")
            lines.append(
                f"| {grammar} | {name} | {len(result['masks'])} | {' | '.join(cells)} | {first} "
                f"| {advance} | {problem} |"
            )
    return "\n".join(lines) + "\n"


def write(path: Path, text: str) -> None:
    """Put the table where the page has the last one; what people wrote above it stays."""
    title = "# Masks of context-free grammars\n\n"
    head = path.read_text().partition("Written by `")[0] if path.exists() else title
    path.write_text(head + text)


def main() -> None:
    """Measure the engines on every grammar and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--only", default="", help="names of grammars, separated by commas")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--documents", type=int, default=40, help="JSON documents")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    tokens = load("tekken")
    engines: dict[str, Any] = {}
    for name in options.engines.split(","):
        try:
            engines[name] = ENGINES[name]()(tokens, "judge")
        except (Missing, ImportError) as missing:
            print(f"{name} is not measured: {missing}")
    measure(FIRST, engines, tokens)
    wanted = set(filter(None, options.only.split(",")))
    chosen = [case for case in cases(options.documents) if not wanted or case.name in wanted]
    gc.collect()
    gc.freeze()  # a collection would walk the vocabulary and all documents in the middle of what is measured
    found = {case.name: measure(case, engines, tokens) for case in chosen}
    text = table(found, "python benchmarks/grammars.py")
    print(text)
    if options.out:
        write(options.out / "grammars.md", text)


if __name__ == "__main__":
    main()
