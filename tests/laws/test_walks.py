"""The law of liveness on real schemas: blind walks always finish, in a valid value.

A walk chooses uniformly among the allowed tokens and knows nothing; only its budget steers: a token after
which no known completion fits in what is left is given back, and the known completion's own next token is
taken.  So every walk ends within its budget, no mask on the way is empty, and what was written is valid for
`jsonschema`.

Schemas are drawn from the development file with a fixed seed: a sample by default, 500 under the profile
``nightly``.  To run the 500 and write docs/results/liveness.md:

    python tests/laws/test_walks.py
"""

from __future__ import annotations

import functools
import gzip
import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import settings

import structgen as sg
from structgen.decode.budget import Budget

REPOSITORY = Path(__file__).resolve().parents[2]
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
SAMPLE, ALL = 40, 500
WALKS = 2
SPARE = 120  # tokens a walk may waste beyond the shortest output


def development_file() -> Path:
    folder = Path(os.environ.get("STRUCTGEN_DATA", REPOSITORY.parent / "shared" / "data"))
    return folder / "maskbench_dev.jsonl.gz"


@functools.cache
def rows(count: int) -> list[dict[str, Any]]:
    with gzip.open(development_file(), "rt") as lines:
        everything = list(lines)
    chosen = random.Random(500).sample(everything, ALL)
    return [json.loads(line) for line in chosen[:count]]


def walk(constraint: sg.Constraint, rng: random.Random) -> tuple[str, Counter[str]]:
    """Walk once; return the text and how often the walk was free, given back, or led."""
    matcher = constraint.matcher()
    budget = Budget(matcher, matcher.distance() + SPARE)
    written: list[int] = []
    seen: Counter[str] = Counter()
    end = BYTES.eos_ids[0]
    while True:
        allowed = matcher.allowed_tokens()
        assert allowed, f"an empty mask after {bytes(written)!r}"
        token = rng.choice(allowed)
        if token == end or (budget.left == 0 and matcher.can_stop):
            assert matcher.can_stop
            return bytes(written).decode(), seen
        assert budget.left > 0, f"out of budget after {bytes(written)!r}"
        seen["free"] += 1
        if not budget.take(token):
            seen["given back"] += 1
            token = budget.plan()[0]
            assert token in allowed, f"the known completion is not allowed after {bytes(written)!r}"
            assert budget.take(token)
        written.append(token)


def validator(schema: Any) -> Any:
    """The validator of the draft a schema names, or of the newest it can be read as."""
    named = jsonschema.validators.validator_for(schema, default=None)
    candidates = (
        [named] if named is not None else [jsonschema.Draft202012Validator, jsonschema.Draft4Validator]
    )
    for candidate in candidates[:-1]:
        try:
            candidate.check_schema(schema)
        except jsonschema.SchemaError:
            continue
        return candidate(schema)
    return candidates[-1](schema)


def judge(schema: Any, value: Any) -> str | None:
    """None if the value is valid, else what the validator says; "unjudged: …" where it cannot say."""
    try:
        error = jsonschema.exceptions.best_match(validator(schema).iter_errors(value))
    except re.error as problem:  # the validator reads patterns as Python's `re`, which lacks \p and others
        return f"unjudged: {problem}"
    except jsonschema.exceptions._WrappedReferencingError as problem:
        return f"unjudged: {problem}"
    except RecursionError:
        return "unjudged: the validator recurses without end"
    return None if error is None else f"{error.json_path}: {error.message[:200]}"


def outcomes(count: int) -> Iterator[tuple[str, str | None, Counter[str]]]:
    """For every walk: the schema's name, the verdict (None: valid), and what the walk met."""
    for number, row in enumerate(rows(count)):
        try:
            constraint = sg.compile(sg.json_schema(row["schema"]), BYTES)
        except sg.GrammarError as error:
            yield row["name"], f"refused: {type(error).__name__}: {error}", Counter()
            continue
        for attempt in range(WALKS):
            text, seen = walk(constraint, random.Random(number * WALKS + attempt))
            yield row["name"], judge(row["schema"], json.loads(text)), seen


def test_blind_walks_end_in_valid_values() -> None:
    if not development_file().exists():
        pytest.skip("the development file is not among the shared data; set STRUCTGEN_DATA to where it lies")
    count = ALL if settings().max_examples > 100 else SAMPLE
    found = list(outcomes(count))
    wrong = [
        (name, verdict)
        for name, verdict, _ in found
        if verdict and not verdict.startswith(("unjudged", "refused"))
    ]
    assert not wrong
    unjudged = sum(verdict is not None for _, verdict, _ in found)
    assert unjudged <= len(found) // 20
    met = sum((seen for _, _, seen in found), Counter())
    assert met["free"] > 50 * len(found) // 2
    assert met["given back"] > 0


PAGE = """# Liveness: blind walks

Written by `python tests/laws/test_walks.py`: {schemas} schemas of the development file drawn with a fixed
seed, {each} walks each; a token a byte; default options. A walk takes an allowed token at random, knows
nothing, and is only kept within its budget (the shortest output and {spare} tokens more). Every finished
value is judged by `jsonschema`.

| | |
|---|---|
| walks that finished within their budget | {walks} of {walks} |
| valid | {valid} |
| invalid | {invalid} |
| not judged (the validator cannot read the schema) | {unjudged} |
| schemas refused | {refused} |
| empty masks | 0 |
| tokens drawn | {free:,} |
| of these given back, and a known completion's token taken | {back:,} |
"""


def main() -> None:
    met: Counter[str] = Counter()
    verdicts: Counter[str] = Counter()
    for name, verdict, seen in outcomes(ALL):
        kind = "valid" if verdict is None else verdict.partition(":")[0]
        verdicts[kind if kind in ("valid", "unjudged", "refused") else "invalid"] += 1
        met += seen
        if verdict:
            print(name, verdict, flush=True)
    page = PAGE.format(
        schemas=ALL,
        each=WALKS,
        spare=SPARE,
        walks=verdicts.total() - verdicts["refused"],
        free=met["free"],
        back=met["given back"],
        **{kind: verdicts[kind] for kind in ("valid", "invalid", "unjudged", "refused")},
    )
    (REPOSITORY / "docs" / "results" / "liveness.md").write_text(page)


if __name__ == "__main__":
    main()
