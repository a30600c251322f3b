"""Generation end to end: real schemas, the embedded model, every budget and temperature.

    python benchmarks/generate_dev.py [--data FILE] [--sample 200] [--seed 20] [--out FOLDER]

Every schema of a seeded sample of the development file is generated for with
`max_tokens` 64, 256 and 1024 and temperatures 0, 1 and 1.5.  An output must be JSON, fit
its budget and satisfy the `jsonschema` package, which shares no code with the engine.
Where `BudgetTooSmall` is raised, it must be true: generation with the number it names
must yield a valid output, and one token less must be refused with the same number.

Results go to ``results.jsonl``, one line a schema and setting (a run continues where it
stopped; what killed the process becomes a line that says so), and ``generate.md``.
One thread, one process; ``--together`` schemas share the batches of one call.  Says nothing
about the model's skill: the text of the prompt has little to do with the schemas.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import signal
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

DEFAULT = Path(os.environ.get("STRUCTGEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
PROMPT = (
    "Text: Ada Lovelace is 36 years old and lives in London. She ordered 3 copper kettles for $34.95 on "
    "2026-03-14.\nJSON:\n"
)
BUDGETS, TEMPERATURES = (64, 256, 1024), (0.0, 1.0, 1.5)
SETTINGS = [(budget, temperature) for budget in BUDGETS for temperature in TEMPERATURES]
VERDICTS = ("valid", "budget", "refused", "invalid", "false budget", "limit", "crash")
MEANS = {
    "valid": "output in budget, valid",
    "budget": "BudgetTooSmall, truthful",
    "refused": "schema refused by name",
    "invalid": "output not valid",
    "false budget": "BudgetTooSmall, untrue",
    "limit": "over the time limit",
    "crash": "another error",
}


class TooSlow(BaseException):
    """One generation used up its time; a BaseException so that no handler swallows it."""


def _too_slow(number: int, frame: object) -> None:
    raise TooSlow


def validator(schema: Any) -> Any:
    """The validator of the draft that ``$schema`` names, or of the newest one the schema is written in."""
    import jsonschema

    drafts = (
        jsonschema.Draft202012Validator,
        jsonschema.Draft7Validator,
        jsonschema.Draft4Validator,
    )
    kind = jsonschema.validators.validator_for(schema, default=None)
    if kind is None:
        fitting = [draft for draft in drafts if draft(draft.META_SCHEMA).is_valid(schema)]
        kind = fitting[0] if fitting else drafts[0]
    return kind(schema, format_checker=kind.FORMAT_CHECKER)


def complaint(out: Any, max_tokens: int, check: Any) -> str:
    """What is wrong with an output; empty when nothing is."""
    if len(out.tokens) > max_tokens:
        return f"{len(out.tokens)} tokens in a budget of {max_tokens}"
    try:
        value = json.loads(out.text)
    except ValueError as error:
        return f"no JSON: {error}"
    error = next(check.iter_errors(value), None)
    return "" if error is None else f"{error.json_path}: {error.validator}: {error.message}"[:300]


def attempt(generate: Any, check: Any, max_tokens: int, **how: Any) -> dict[str, Any]:
    """Generate once and judge what comes."""
    import structgen as sg

    try:
        out = generate(max_tokens=max_tokens, **how)
    except sg.BudgetTooSmall as small:
        return {"needed": small.needed, **budget_truth(generate, check, small.needed, max_tokens, **how)}
    wrong = complaint(out, max_tokens, check)
    result = {
        "verdict": "invalid" if wrong else "valid",
        "tokens": len(out.tokens),
        "ended": out.finish_reason,
    }
    return {**result, "reason": wrong, "text": out.text[:2000]} if wrong else result


def budget_truth(generate: Any, check: Any, needed: int, given: int, **how: Any) -> dict[str, Any]:
    """Whether the number in BudgetTooSmall is enough, and one less is not."""
    import structgen as sg

    if needed <= given:
        return {"verdict": "false budget", "reason": f"needs {needed}, was given {given}"}
    try:
        wrong = complaint(generate(max_tokens=needed, **how), needed, check)
    except sg.ContextTooSmall:
        wrong = ""  # beyond what the model can hold: nothing to try
    except sg.BudgetTooSmall as again:
        wrong = f"with max_tokens={needed}: {again}"
    if wrong:
        return {"verdict": "false budget", "reason": wrong}
    try:
        generate(max_tokens=needed - 1, **how)
    except sg.BudgetTooSmall as again:
        same = again.needed == needed
        return (
            {"verdict": "budget"} if same else {"verdict": "false budget", "reason": f"then {again.needed}"}
        )
    return {"verdict": "false budget", "reason": f"max_tokens={needed - 1} is enough, too"}


def check_schema(
    pocket: Any, vocabulary: Any, row: dict[str, Any], seconds: int, settings: Any = None
) -> list[dict[str, Any]]:
    """All nine settings of one schema, or some with their numbers; never raises."""
    settings = list(enumerate(SETTINGS)) if settings is None else settings
    import structgen as sg

    results = []
    grammar: Any = None
    refused = ""
    for number, (max_tokens, temperature) in settings:
        result = {"name": row["name"], "max_tokens": max_tokens, "temperature": temperature}
        signal.alarm(seconds)
        try:
            if grammar is None and not refused:
                try:
                    grammar = sg.compile(row["schema"], vocabulary)
                except sg.GrammarError as error:
                    refused = f"{type(error).__name__}: {error}"[:300]
            if refused:
                result |= {"verdict": "refused", "reason": refused}
            else:
                ask = partial(sg.generate, pocket, PROMPT, grammar=grammar, weights=False)
                judge = validator(row["schema"])
                result |= attempt(ask, judge, max_tokens, temperature=temperature, seed=number)
        except TooSlow:
            result |= {"verdict": "limit", "reason": f"more than {seconds} s"}
        except Exception as error:  # a finding, not the end of the run
            result |= {"verdict": "crash", "reason": f"{type(error).__name__}: {error}"[:300]}
        finally:
            signal.alarm(0)
        results.append(result)
    return results


def check_together(
    pocket: Any, vocabulary: Any, rows: list[dict[str, Any]], seconds: int
) -> list[dict[str, Any]]:
    """The same for several schemas: what fits its budget in one batch, the rest one by one; never raises."""
    import structgen as sg

    batch: list[tuple[dict[str, Any], int, Any]] = []
    results = []
    for row in rows:
        alone = list(enumerate(SETTINGS))
        try:
            grammar = sg.compile(row["schema"], vocabulary)
            needed = grammar.matcher().distance()
            batch += [(row, n, grammar) for n, (budget, _) in alone if needed <= budget]
            alone = [(n, setting) for n, setting in alone if needed > setting[0]]
        except Exception:  # named where it is met alone
            grammar = None
        results += check_schema(pocket, vocabulary, row, seconds, alone)
    if not batch:
        return results
    signal.alarm(seconds * len(rows))
    try:
        made = sg.generate(
            pocket,
            [PROMPT] * len(batch),
            grammar=[grammar for _, _, grammar in batch],
            max_tokens=[SETTINGS[n][0] for _, n, _ in batch],
            temperature=[SETTINGS[n][1] for _, n, _ in batch],
            seed=[n for _, n, _ in batch],
            weights=False,
            errors="return",
        )
    except (TooSlow, Exception):  # whose fault it is shows when each is met alone
        signal.alarm(0)
        for row in rows:
            own = [(n, SETTINGS[n]) for of, n, _ in batch if of is row]
            results += check_schema(pocket, vocabulary, row, seconds, own)
        return results
    signal.alarm(0)
    for (row, n, _), out in zip(batch, made, strict=True):
        result = {"name": row["name"], "max_tokens": SETTINGS[n][0], "temperature": SETTINGS[n][1]}
        if out.error is not None:
            results.append(
                result | {"verdict": "crash", "reason": f"{type(out.error).__name__}: {out.error}"[:300]}
            )
            continue
        wrong = complaint(out, SETTINGS[n][0], validator(row["schema"]))
        result |= {
            "verdict": "invalid" if wrong else "valid",
            "tokens": len(out.tokens),
            "ended": out.finish_reason,
        }
        results.append(result | ({"reason": wrong, "text": out.text[:2000]} if wrong else {}))
    return results


def run(path: Path, log: Path, sample: int, seed: int, seconds: int, together: int = 1) -> None:
    """Check every schema of the sample that is not in ``log`` yet."""
    import torch
    from rich.progress import Progress

    import structgen as sg

    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, _too_slow)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = random.Random(seed).sample([json.loads(line) for line in lines], sample)
    known = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    begun = {entry["name"] for entry in known if entry.get("begun")}
    begun -= {entry["name"] for entry in known if entry.get("interrupted")}
    done = {entry["name"] for entry in known if "verdict" in entry}
    pocket = sg.load()
    vocabulary = sg.Vocabulary.from_tokenizer(pocket.tokenizer, width=pocket.model.config.vocab_size)
    with log.open("a", encoding="utf-8") as out, Progress() as progress:

        def write(entries: list[dict[str, Any]]) -> None:
            out.writelines(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)
            out.flush()

        waiting: list[dict[str, Any]] = []
        for row in progress.track(rows, description="schemas"):
            name = row["name"]
            if name in done:
                continue
            if name in begun:
                reason = "the process died"
                write(
                    [
                        {
                            "name": name,
                            "max_tokens": b,
                            "temperature": t,
                            "verdict": "crash",
                            "reason": reason,
                        }
                        for b, t in SETTINGS
                    ]
                )
                continue
            waiting.append(row)
            if len(waiting) < together and row is not rows[-1]:
                continue
            write([{"name": one["name"], "begun": True} for one in waiting])
            try:
                if together > 1:
                    write(check_together(pocket, vocabulary, waiting, seconds))
                else:
                    write(check_schema(pocket, vocabulary, row, seconds))
            except KeyboardInterrupt:
                write([{"name": one["name"], "interrupted": True} for one in waiting])
                raise
            waiting = []
        if waiting:
            write(check_together(pocket, vocabulary, waiting, seconds))


def report(results: list[dict[str, Any]], command: str) -> str:
    """The Markdown page: verdicts by setting, then every result that is neither valid nor truthful."""
    import jsonschema

    formats = sorted(jsonschema.Draft202012Validator.FORMAT_CHECKER.checkers)
    names = {result["name"] for result in results}
    shown = [v for v in VERDICTS if v in VERDICTS[:2] or any(r["verdict"] == v for r in results)]
    lines = [
        "# Generation end to end",
        "",
        f"Written by `{command}`: {len(names)} schemas of the development file, {len(results)} calls of",
        "`sg.generate` with the embedded model. Judged by `jsonschema` with the draft that the schema names,",
        f"with these formats asserted: {', '.join(formats)}.",
        "",
        "| `max_tokens` | temperature | "
        + " | ".join(MEANS[v] for v in shown)
        + " | tokens, median | largest |",
        "|---|---|" + "---|" * (len(shown) + 2),
    ]
    for budget, temperature in SETTINGS:
        here = [r for r in results if (r["max_tokens"], r["temperature"]) == (budget, temperature)]
        counts = Counter(r["verdict"] for r in here)
        sizes = sorted(r["tokens"] for r in here if "tokens" in r) or [0]
        cells = " | ".join(str(counts[v]) for v in shown)
        lines.append(f"| {budget} | {temperature:g} | {cells} | {sizes[len(sizes) // 2]} | {sizes[-1]} |")
    counts = Counter(r["verdict"] for r in results)
    lines.append("| all | | " + " | ".join(str(counts[v]) for v in shown) + " | | |")
    other = [r for r in results if r["verdict"] not in ("valid", "budget")]
    if other:
        lines += ["", "| schema | settings | verdict | reason |", "|---|---|---|---|"]
        groups = Counter((r["name"], r["verdict"], r["reason"]) for r in other)
        for (name, verdict, reason), count in sorted(groups.items()):
            reason = reason.replace("|", "\\|").replace("\n", " ")
            lines.append(f"| {name} | {count} | {verdict} | {reason} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    parser.add_argument("--sample", type=int, default=200, help="schemas")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--out", type=Path, default=Path("build/generate-dev"))
    parser.add_argument("--seconds", type=int, default=120, help="time limit of one call and its judgement")
    parser.add_argument("--together", type=int, default=1, help="schemas that share batches")
    arguments = parser.parse_args()
    if not arguments.data.exists():
        parser.error(f"{arguments.data} is absent; set STRUCTGEN_DATA or give --data")
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = arguments.out / "results.jsonl"
    run(arguments.data, log, arguments.sample, arguments.seed, arguments.seconds, arguments.together)
    entries = [json.loads(line) for line in log.read_text().splitlines()]
    command = f"python benchmarks/generate_dev.py --sample {arguments.sample} --seed {arguments.seed}"
    if arguments.together > 1:
        command += f" --together {arguments.together}"
    page = report([entry for entry in entries if "verdict" in entry], command)
    (arguments.out / "generate.md").write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
