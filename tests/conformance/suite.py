"""The official JSON Schema test suite through the real engine: one verdict for every case.

Verdicts: ``pass``; ``refused`` (the schema is refused with a reason);
``wrong_rejection`` (a valid instance is refused); ``wrong_acceptance`` (an
invalid one is accepted, the worst).  verdicts.json keeps every verdict that is
not ``pass``, with a sentence why.  To write it anew after a deliberate change:

    python tests/conformance/suite.py PATH_TO_SUITE

Sentences come from REASONS below, by verdict and file; an entry without one says
"unexplained", which the tests refuse.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import structgen as sg

DIALECTS = {
    "draft4": "draft4",
    "draft6": "draft6",
    "draft7": "draft7",
    "draft2019-09": "2019-09",
    "draft2020-12": "2020-12",
}
VERDICTS = Path(__file__).with_name("verdicts.json")
OPTIONS = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}

ENCODED = "encoded labels (xn--) need Punycode, which is not regular: refused, so that nothing wrong passes"
_UNIQUE = "uniqueItems is refused by name until the engine compares items"
REASONS = {
    ("refused", "uniqueItems"): _UNIQUE,
    ("refused", "ref"): "the metaschema referred to uses uniqueItems, which is refused by name",
    ("refused", "defs"): "the metaschema referred to uses uniqueItems, which is refused by name",
    ("refused", "definitions"): "the metaschema referred to uses uniqueItems, which is refused by name",
    ("wrong_rejection", "optional/format/hostname"): ENCODED,
    ("wrong_rejection", "optional/format/idn-hostname"): (
        "encoded labels, and characters allowed only beside certain others, are left out of the format"
    ),
    ("wrong_rejection", "optional/format/ecmascript-regex"): (
        "the format is a regular subset of regular expressions: named groups and lookbehind are left out"
    ),
    ("wrong_acceptance", "optional/zeroTerminatedFloats"): (
        "the engine compares numbers by value: in draft 4 alone 1.0 is no integer"
    ),
    ("wrong_acceptance", "optional/content"): "contentEncoding and contentMediaType are annotations here",
}

Verdict = tuple[str, str]  # the case's name, its verdict


def vocabulary() -> sg.Vocabulary:
    """One token a byte: what is tested is the language, not the tokenizer."""
    return sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)


def registry(suite: Path) -> dict[str, Any]:
    """The suite's remote documents, by the addresses it gives them."""
    folder = suite / "remotes"
    return {
        f"http://localhost:1234/{path.relative_to(folder).as_posix()}": json.loads(path.read_text())
        for path in folder.rglob("*.json")
    }


def verdicts(suite: Path, folder: str) -> Iterator[Verdict]:
    """Run every case of one draft, required and optional."""
    tokens = vocabulary()
    documents = registry(suite)
    root = suite / "tests" / folder
    for path in sorted(root.rglob("*.json")):
        name = path.relative_to(root).with_suffix("").as_posix()
        formats = "assert" if name.startswith("optional/format") else "annotate"
        for group in json.loads(path.read_text()):
            schema = group["schema"]
            dialect = None if isinstance(schema, dict) and "$schema" in schema else DIALECTS[folder]
            cases = [
                (f"{folder}/{name}: {group['description']}: {c['description']}", c) for c in group["tests"]
            ]
            try:
                grammar = sg.json_schema(
                    schema, dialect=dialect, registry=documents, formats=formats, **OPTIONS
                )
                matcher = sg.compile(grammar, tokens).matcher()
            except sg.UnsatisfiableSchema:
                for case_name, case in cases:  # refusing to compile is right when nothing is valid
                    yield case_name, "wrong_rejection" if case["valid"] else "pass"
                continue
            except sg.GrammarError:
                for case_name, _ in cases:
                    yield case_name, "refused"
                continue
            for case_name, case in cases:
                text = json.dumps(case["data"], ensure_ascii=False).encode("utf-8", "surrogatepass")
                matcher.reset()
                accepted = matcher.try_advance(list(text)) == len(text) and matcher.can_stop
                if accepted == case["valid"]:
                    yield case_name, "pass"
                else:
                    yield case_name, "wrong_acceptance" if accepted else "wrong_rejection"


def main() -> None:
    suite = Path(sys.argv[1])
    found: dict[str, Any] = {}
    for folder in DIALECTS:
        counts: dict[str, int] = {}
        for name, verdict in verdicts(suite, folder):
            counts[verdict] = counts.get(verdict, 0) + 1
            if verdict != "pass":
                path = name.split(":")[0].partition("/")[2]
                why = REASONS.get((verdict, path), "unexplained")
                found[name] = {"verdict": verdict, "why": why}
        print(folder, counts)
    VERDICTS.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
