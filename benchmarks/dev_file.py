"""The development file through the real engine: every schema, every instance, token by token.

    python benchmarks/dev_file.py [--data FILE] [--options any|default] [--masks] [--limit N] [--out FOLDER]

Each schema is compiled against the tekken vocabulary with property order,
whitespace, numbers and escapes all "any"; every valid instance must be accepted
and every invalid one refused.  With ``--options default`` a valid instance may be written in a way that
the options leave out; then it must be accepted once as few options as possible are set to "any", and
the row says which.  ``--masks`` also demands that each token's bit is
set in the mask before it is advanced.  Schemas run in a pool of at most two
processes with a memory and a time limit each; what kills one is a row that says so.

Results go to ``results.jsonl`` (a run continues where it stopped) and ``dev-file.md``.
Needs mistral-common, for its tokenizer's vocabulary.
"""

from __future__ import annotations

import argparse
import base64
import faulthandler
import gzip
import json
import multiprocessing
import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

ANY = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}
DEFAULT = Path(os.environ.get("STRUCTGEN_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))
MEMORY_BYTES = 6 << 30

_state: dict[str, Any] = {}


class TooSlow(BaseException):
    """One schema used up its time; a BaseException so that no handler below swallows it."""


def tekken() -> tuple[list[bytes | None], Any]:
    """Return the bytes of every token id, and an encoder from text to ids."""
    tokens, encoding = tekken_encoding()
    special = len(tokens) - len(encoding._mergeable_ranks)
    return tokens, lambda text: [rank + special for rank in encoding.encode_ordinary(text)]


def tekken_encoding() -> tuple[list[bytes | None], Any]:
    """Return the bytes of every token id (special ids first), and tiktoken's encoding of the others."""
    import mistral_common
    import tiktoken

    path = Path(mistral_common.__file__).parent / "data" / "tekken_240911.json"
    model = json.loads(path.read_text())
    config = model["config"]
    special = config["default_num_special_tokens"]
    ranks = [base64.b64decode(entry["token_bytes"]) for entry in model["vocab"]]
    ranks = ranks[: config["default_vocab_size"] - special]
    encoding = tiktoken.Encoding(
        "tekken",
        pat_str=config["pattern"],
        mergeable_ranks={token: rank for rank, token in enumerate(ranks)},
        special_tokens={},
    )
    tokens: list[bytes | None] = [*([None] * special), *ranks]
    return tokens, encoding


def _too_slow(number: int, frame: object) -> None:
    raise TooSlow


def start_worker(masks: bool, seconds: int, options: str) -> None:
    """Load the vocabulary once per process and set its limits."""
    import structgen as sg

    tokens, encode = tekken()
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=2)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_slow)
    _state.update(vocabulary=vocabulary, encode=encode, masks=masks, seconds=seconds)
    _state["options"] = ANY if options == "any" else {}


def check(row: dict[str, Any]) -> dict[str, Any]:
    """Compile one schema and try its instances; never raises."""
    result: dict[str, Any] = {"name": row["name"], "verdict": "pass", "reason": ""}
    limit = _state["seconds"]
    # An alarm is only heard between native calls; past twice the limit the process itself ends.
    faulthandler.dump_traceback_later(2 * limit, exit=True)
    try:
        signal.alarm(limit)
        try:
            _check(row, result)
        except MemoryError:
            result.update(verdict="limit", reason=f"more than {MEMORY_BYTES >> 30} GB")
        except Exception as error:  # any other error is a finding, not the end of the run
            result.update(verdict="crash", reason=f"{type(error).__name__}: {error}"[:300])
        signal.alarm(0)
    except TooSlow:
        result.update(verdict="limit", reason=f"more than {limit} s")
    faulthandler.cancel_dump_traceback_later()
    return result


def _check(row: dict[str, Any], result: dict[str, Any]) -> None:
    import structgen as sg

    began = time.perf_counter()
    try:
        constraint = sg.compile(sg.json_schema(row["schema"], **_state["options"]), _state["vocabulary"])
    except sg.UnsatisfiableSchema as error:
        if any(case["valid"] for case in row["tests"]):
            result.update(verdict="validation error", reason=str(error)[:300])
        return
    except sg.GrammarError as error:
        result.update(verdict="refused", kind=refusal(error), reason=str(error)[:300])
        return
    matcher = constraint.matcher()
    matcher.mask()
    result["seconds"] = time.perf_counter() - began
    for number, case in enumerate(row["tests"]):
        text = json.dumps(case["data"], ensure_ascii=False)
        matcher.reset()
        accepted = accepts(matcher, _state["encode"](text))
        if accepted != case["valid"]:
            needed = "" if accepted else left_out(row["schema"], text)
            if needed:
                result.update(verdict="left out", kind=needed, reason=f"instance {number}")
                continue
            verdict = "invalidation error" if accepted else "validation error"
            result.update(verdict=verdict, reason=f"instance {number}: {text[:200]}")
            return


def left_out(schema: Any, text: str) -> str:
    """Name the options that leave a valid text out: the fewest that accept it when set to "any"."""
    import structgen as sg

    if _state["options"]:
        return ""
    for count in range(1, len(ANY) + 1):
        for names in combinations(ANY, count):
            grammar = sg.json_schema(schema, **{name: ANY[name] for name in names})
            matcher = sg.compile(grammar, _state["vocabulary"]).matcher()
            if accepts(matcher, _state["encode"](text)):
                return ", ".join(names)
    return ""


def accepts(matcher: Any, tokens: list[int]) -> bool:
    """Say whether the whole output is accepted, by advancing or by the masks."""
    if not _state["masks"]:
        return bool(matcher.try_advance(tokens) == len(tokens) and matcher.can_stop)
    for token in tokens:
        allowed = bool(matcher.mask()[token >> 5] >> (token & 31) & 1)
        advanced = matcher.try_advance([token]) == 1
        if allowed != advanced:
            raise RuntimeError(f"the mask and advance disagree about token {token}")
        if not allowed:
            return False
    return bool(matcher.can_stop)


def refusal(error: Exception) -> str:
    """Name what a schema was refused for: the keyword or the kind of error."""
    keyword = getattr(error, "keyword", None)
    if keyword:
        return str(keyword)
    last = str(getattr(error, "pointer", "")).rpartition("/")[2]
    return f"{type(error).__name__} {last}".strip()


def rows(path: Path, limit: int | None, done: set[str]) -> Iterator[dict[str, Any]]:
    """Read the schemas still to do."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            if limit is not None and number >= limit:
                return
            row = json.loads(line)
            if row["name"] not in done:
                yield row


def report(results: list[dict[str, Any]], masks: bool, options: str) -> str:
    """Write the Markdown page: counts, refusals by kind, every schema that does not pass."""
    counts = Counter(result["verdict"] for result in results)
    how = "each token's bit in the mask, then advance" if masks else "advance, token by token"
    lines = [
        "# The development file",
        "",
        f"{len(results)} schemas; 131,072-token vocabulary; checked by {how}.",
        f"Options: {'the defaults' if options == 'default' else 'all `any`'}.",
        f"Written by `python benchmarks/dev_file.py{' --options default' if options == 'default' else ''}`.",
        "",
        "| verdict | schemas |",
        "|---|---|",
    ]
    order = ("pass", "left out", "refused", "validation error", "invalidation error", "limit", "crash")
    lines += [f"| {verdict} | {counts[verdict]} |" for verdict in order]
    kinds = Counter(result["kind"] for result in results if result["verdict"] == "refused")
    if kinds:
        lines += ["", "| refused for | schemas |", "|---|---|"]
        lines += [f"| {kind} | {count} |" for kind, count in kinds.most_common()]
    options_needed = Counter(result["kind"] for result in results if result["verdict"] == "left out")
    if options_needed:
        lines += ["", "| a valid instance needs `any` for | schemas |", "|---|---|"]
        lines += [f"| {names} | {count} |" for names, count in options_needed.most_common()]
    seconds = sorted(result["seconds"] for result in results if "seconds" in result)
    if seconds:
        p50, p99 = seconds[len(seconds) // 2] * 1e3, seconds[len(seconds) * 99 // 100] * 1e3
        lines += [
            "",
            f"Compile and first mask: {p50:.2f} ms at the median, {p99:.1f} ms at the 99th percentile,",
        ]
        lines += [f"{seconds[-1] * 1e3:.0f} ms at most."]
    failing = [result for result in results if result["verdict"] not in ("pass", "left out")]
    if failing:
        lines += ["", "| schema | verdict | reason |", "|---|---|---|"]
        for result in sorted(failing, key=lambda result: (result["verdict"], result["name"])):
            reason = result["reason"].replace("|", "\\|").replace("\n", " ")
            lines.append(f"| {result['name']} | {result['verdict']} | {reason} |")
    return "\n".join(lines) + "\n"


def run(
    path: Path, log: Path, masks: bool, options: str, limit: int | None, workers: int, seconds: int
) -> None:
    """Check every schema not in ``log`` yet, appending one line each."""
    from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
    from concurrent.futures.process import BrokenProcessPool

    from rich.progress import Progress

    done = {json.loads(line)["name"] for line in log.read_text().splitlines()} if log.exists() else set()
    waiting = list(rows(path, limit, done))
    context = multiprocessing.get_context("spawn")
    with log.open("a", encoding="utf-8") as out, Progress() as progress:
        task = progress.add_task("schemas", total=len(waiting) + len(done), completed=len(done))

        def write(result: dict[str, Any]) -> None:
            out.write(json.dumps(result, ensure_ascii=False) + "\n")
            out.flush()
            progress.advance(task)

        waiting.reverse()
        suspects: list[dict[str, Any]] = []  # ran when a process died: one at a time from now on
        while waiting or suspects:
            alone = bool(suspects)
            queue = [suspects.pop()] if alone else waiting
            running: dict[Future[dict[str, Any]], dict[str, Any]] = {}
            size = 1 if alone else workers
            with ProcessPoolExecutor(size, context, start_worker, (masks, seconds, options)) as pool:
                try:
                    while queue or running:
                        while queue and len(running) < size * 2:
                            running[pool.submit(check, queue[-1])] = queue[-1]
                            queue.pop()  # only now: a broken pool refuses what is submitted
                        for future in wait(running, return_when=FIRST_COMPLETED).done:
                            result = future.result()
                            del running[future]
                            write(result)
                except BrokenProcessPool:
                    if alone:
                        row = [*queue, *running.values()][0]
                        write({"name": row["name"], "verdict": "crash", "reason": "the process died"})
                    else:
                        suspects += running.values()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=DEFAULT / "maskbench_dev.jsonl.gz")
    parser.add_argument("--out", type=Path, default=Path("build/dev-file"))
    parser.add_argument("--options", choices=("any", "default"), default="any")
    parser.add_argument("--masks", action="store_true", help="check every token's bit in the mask too")
    parser.add_argument("--limit", type=int, help="only the first N schemas")
    parser.add_argument("--workers", type=int, default=2, choices=(1, 2))
    parser.add_argument("--seconds", type=int, default=30, help="time limit of one schema")
    arguments = parser.parse_args()
    if not arguments.data.exists():
        parser.error(f"{arguments.data} is absent; set STRUCTGEN_DATA or give --data")
    arguments.out.mkdir(parents=True, exist_ok=True)
    log = arguments.out / "results.jsonl"
    run(
        arguments.data,
        log,
        arguments.masks,
        arguments.options,
        arguments.limit,
        arguments.workers,
        arguments.seconds,
    )
    results = [json.loads(line) for line in log.read_text().splitlines()]
    page = report(results, arguments.masks, arguments.options)
    (arguments.out / "dev-file.md").write_text(page, encoding="utf-8")
    print(page.split("\n| schema |")[0])


if __name__ == "__main__":
    main()
