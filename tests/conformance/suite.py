"""The official JSON Schema test suite through the real engine: one verdict for every case.

Verdicts: ``pass``; ``refused`` (the schema is refused with a reason);
``wrong_rejection`` (a valid instance is refused); ``wrong_acceptance`` (an
invalid one is accepted, the worst).  verdicts.json keeps every verdict that is
not ``pass``, with a sentence why.  To write it and docs/results/conformance.md
anew after a deliberate change:

    python tests/conformance/suite.py PATH_TO_SUITE

Formats are asserted in the cases about formats (v1 keeps them among the required
ones) and content in draft 7's optional cases about content, the only draft where
it is more than an annotation.  Sentences come from REASONS below, by verdict and
file; an entry without one says "unexplained", which the tests refuse.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structgen as sg
from jsonschemabench.tasks import Task
from jsonschemabench.tracks.suite import DIALECTS, documents, tasks

VERDICTS = Path(__file__).with_name("verdicts.json")
OPTIONS = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}

ENCODED = (
    "of encoded labels (xn--) short ones of small alphabets are known: masks could not walk all that Punycode"
    " decodes to something, so the others are refused and nothing wrong passes"
)
LENGTH = "a label's length counts encoded, which is not regular: beyond ASCII labels stay at 13 characters"
REASONS = {
    ("wrong_rejection", "hostname"): ENCODED,
    ("wrong_rejection", "idn-hostname"): ENCODED,
    ("refused", "content"): "JSON inside base64 is refused by name with content='assert'",
}
# What is written in a case's name, before the reason of its file.
REASONS_BY_NAME = {"label too long if separator ignored": LENGTH}

Verdict = tuple[str, str]  # the case's name, its verdict


def vocabulary() -> sg.Vocabulary:
    """One token a byte: what is tested is the language, not the tokenizer."""
    return sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)


def verdicts(suite: Path, folder: str) -> Iterator[Verdict]:
    """Run every case of one draft, required and optional."""
    tokens = vocabulary()
    remotes = documents(suite)
    for group in tasks(suite, [folder]):
        names = list(_cases(group))
        readings = {"formats": group.about["formats"], "content": group.about["content"]}
        try:
            grammar = sg.json_schema(
                group.schema, dialect=group.dialect, registry=remotes, **readings, **OPTIONS
            )
            matcher = sg.compile(grammar, tokens).matcher()
        except sg.UnsatisfiableSchema:
            for name, case in zip(names, group.instances, strict=True):
                # Refusing to compile is right when nothing is valid.
                yield name, "wrong_rejection" if case.valid else "pass"
            continue
        except sg.GrammarError:
            yield from ((name, "refused") for name in names)
            continue
        for name, case in zip(names, group.instances, strict=True):
            text = json.dumps(case.data, ensure_ascii=False).encode("utf-8", "surrogatepass")
            matcher.reset()
            accepted = matcher.try_advance(list(text)) == len(text) and matcher.can_stop
            if accepted == case.valid:
                yield name, "pass"
            else:
                yield name, "wrong_acceptance" if accepted else "wrong_rejection"


def cases(suite: Path, folder: str) -> Iterator[str]:
    """The name of every case of one draft."""
    for group in tasks(suite, [folder]):
        yield from _cases(group)


def _cases(group: Task) -> Iterator[str]:
    for test in group.about["tests"]:
        yield f"{group.family}/{group.about['file']}: {group.about['group']}: {test}"


def category(name: str) -> str:
    """Which column of the table a case belongs to."""
    path = name.split(":")[0].partition("/")[2]
    if "format/" in path:
        return "formats"
    if path == "optional/ecmascript-regex":
        return "ecmascript-regex"
    if path.startswith("optional/"):
        return "other optional"
    return "proposals" if path.startswith("proposals/") else "required"


def reason(name: str, verdict: str) -> str:
    """The sentence that goes with a case that does not pass."""
    for words, sentence in REASONS_BY_NAME.items():
        if words in name:
            return sentence
    return REASONS.get((verdict, name.split(":")[0].rpartition("/")[2]), "unexplained")


def table(counts: dict[tuple[str, str, str], int]) -> str:
    """The page docs/results/conformance.md."""
    columns = ["required", "formats", "ecmascript-regex", "other optional", "proposals"]
    rows = []
    for folder in DIALECTS:
        cells = []
        for column in columns:
            by = {v: n for (f, c, v), n in counts.items() if f == folder and c == column}
            total = sum(by.values())
            passed = by.get("pass", 0)
            share = f" ({100 * passed / total:.1f} %)" if passed != total else ""
            cells.append(f"{passed} of {total}{share}" if total else "none")
        rows.append(f"| {folder} | {' | '.join(cells)} |")
    verdicts = sorted({verdict for _, _, verdict in counts} - {"pass"})
    rest = [
        f"| {v.replace('_', ' ')} | {sum(n for (*_, w), n in counts.items() if w == v)} |" for v in verdicts
    ]
    wrong = sum(n for (*_, v), n in counts.items() if v == "wrong_acceptance")
    return PAGE.format(
        head=" | ".join(columns),
        rule="---|" * len(columns),
        rows="\n".join(rows),
        rest="\n".join(rest),
        wrong=wrong,
        v1=_together(counts, "v1"),
    )


def _together(counts: dict[tuple[str, str, str], int], folder: str) -> str:
    by = {v: 0 for _, _, v in counts}
    for (where, column, verdict), number in counts.items():
        if where == folder and column in ("required", "formats"):
            by[verdict] += number
    return f"{by['pass']} of {sum(by.values())} ({100 * by['pass'] / sum(by.values()):.1f} %)"


PAGE = """# The official JSON Schema test suite

Written by `python tests/conformance/suite.py PATH_TO_SUITE` (the suite as in `STRUCTGEN_DATA`), which
compiles every schema of the suite and feeds every instance byte by byte; options all `"any"`.
`tests/conformance/` runs the same and fails where a verdict differs from the recorded one.

| draft | {head} |
|---|{rule}
{rows}

In v1 formats are not optional: required cases and formats together are {v1}.
Invalid instances that are accepted, in all drafts and all columns: {wrong}.

| what does not pass | cases |
|---|---|
{rest}

Each of them stands in `tests/conformance/verdicts.json` with a sentence. They are of three
kinds: encoded host labels (`xn--...`) of more than three characters beyond ASCII, of ideographs or Hangul, or
with signs among ASCII letters; international labels of more than 13 characters, whose length counts encoded;
and JSON inside base64.
"""
RESULTS = Path(__file__).parents[2] / "docs" / "results" / "conformance.md"


def main() -> None:
    suite = Path(sys.argv[1])
    found: dict[str, Any] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for folder in DIALECTS:
        for name, verdict in verdicts(suite, folder):
            key = folder, category(name), verdict
            counts[key] = counts.get(key, 0) + 1
            if verdict != "pass":
                found[name] = {"verdict": verdict, "why": reason(name, verdict)}
        print(folder, {key[1:]: n for key, n in counts.items() if key[0] == folder})
    VERDICTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    RESULTS.write_text(table(counts))


if __name__ == "__main__":
    main()
