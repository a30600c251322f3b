"""The command line: what is asked for becomes plans, plans become results, results a report.

Exit codes: 0 done; 1 `compare --fail-on-worse` found something worse; 2 the request cannot be run; 130
interrupted (what was finished is kept, and `--resume` goes on from there).
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from jsonschemabench import compare as comparison
from jsonschemabench import engines as known
from jsonschemabench import report as reporting
from jsonschemabench import tables, tasks, tokens
from jsonschemabench.errors import BenchError
from jsonschemabench.records import Results, read
from jsonschemabench.runner import Interrupted, Plan, run
from jsonschemabench.settings import Settings
from jsonschemabench.tracks import find_track, suite

__all__ = ["app", "main", "start"]

WRONG_INPUT, INTERRUPTED = 2, 130
OUT = Path("jsonschemabench-results")
# Of a run without a command, which is to end within minutes; `generate` takes all of them.
MOST_WITH_PROMPTS = 40

Data = Annotated[
    str,
    typer.Option(
        help="bundled, hub (JSONSchemaBench; needs datasets), a folder, or a .jsonl or .jsonl.gz file."
    ),
]
Engines = Annotated[
    str,
    typer.Option(
        help=f"Separated by commas; known: {', '.join(known.ENGINES)}, or module:Class of your own."
    ),
]
Sample = Annotated[int | None, typer.Option(min=1, help="Only this many schemas, drawn with --seed.")]
Seed = Annotated[int, typer.Option(help="Seed of the sample and of drawn outputs.")]
Out = Annotated[Path, typer.Option(help="Folder for results and report.")]
Jobs = Annotated[
    int, typer.Option(min=0, help="Schemas at a time; 0: one, or where times do not matter one a core.")
]
TimeLimit = Annotated[float, typer.Option(min=0.1, help="Processor seconds for one schema.")]
MemoryLimit = Annotated[float, typer.Option(min=0.5, help="GiB of address space for one engine.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the results in --out.")]
Vocabulary = Annotated[
    str,
    typer.Option(
        help="tekken, pocket, bytes or a tokenizer's folder; the best that is installed by default."
    ),
]
Model = Annotated[str, typer.Option(help="pocket, or the folder of a transformers model.")]
MaxTokens = Annotated[int, typer.Option(min=1, help="Of one generated output.")]
Draws = Annotated[int, typer.Option(min=0, help="Outputs drawn through the masks of each schema.")]
Ray = Annotated[bool, typer.Option("--ray", help="Run on the Ray cluster of RAY_ADDRESS, or a local one.")]

app = typer.Typer(
    name="jsonschemabench",
    help="The schema benchmark: masks, coverage and generation of every engine, side by side.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@dataclass
class Request:
    """What the tracks of one command line have in common."""

    settings: Settings
    engines: str
    out: Path
    jobs: int
    resume: bool
    ray: bool
    data: str
    sample: str = ""
    most_with_prompts: int | None = None

    def plan(self, track: str, found: Sequence[tasks.Task]) -> Plan:
        """One track of the request."""
        names = [name.strip() for name in self.engines.split(",") if name.strip()] or _default_engines(track)
        for name in names:
            _known(name)
        sample = self.sample
        if track == "generate":
            found = [task for task in found if task.prompts]
            if self.most_with_prompts is not None and self.most_with_prompts < len(found):
                found = tasks.choose(found, self.most_with_prompts, self.settings.seed)
                sample += f", {len(found)} of those with prompts"
        jobs = self.jobs or (os.cpu_count() or 1 if track in ("coverage", "suite") else 1)
        path = self.out / f"{track}.jsonl"
        return Plan(track, found, names, self.settings, path, self.data, sample, jobs, self.resume, self.ray)


def _run(tracks: Sequence[str], found: Sequence[tasks.Task], request: Request) -> None:
    """Run the tracks one after the other, print their tables, write the report."""
    console = Console(stderr=True)
    for track in tracks:
        plan = request.plan(track, found)
        if plan.tasks:
            _print(run(plan, console))
        else:
            console.print(f"{track}: left out, none of the schemas has prompts")
    markdown, html = reporting.write(request.out)
    console.print(f"written: {markdown}" + (f" and {html}" if html else ""))
    if html is None:
        console.print("no HTML page: it needs jinja2 and matplotlib (pip install 'structgen[bench]')")


def _default_engines(track: str) -> list[str]:
    """Of a run without --engines; generating also runs unconstrained, and in structgen's own loop."""
    return [*known.DEFAULT, "structgen.generate", "none"] if track == "generate" else list(known.DEFAULT)


def _known(name: str) -> None:
    """A name nobody knows is an error of the request; a package that is missing is a row of the results."""
    try:
        known.find(name)
    except ImportError as error:
        if name not in known.ENGINES:
            raise BenchError(f"cannot import the engine {name!r}: {error}") from error
    except known.Missing as error:
        if name not in known.ENGINES:
            raise BenchError(f"cannot import the engine {name!r}: no module {error}") from error


def _print(results: Results) -> None:
    """The tables that fit a terminal; the long ones stand in the report."""
    short = [table for table in find_track(results.track).tables(results) if 0 < len(table.rows) <= 40]
    tables.to_terminal(short, Console())


def _measure(track: str | None, help_text: str) -> None:
    """Define the command of one track, or with None what runs without a command."""

    def command(
        context: typer.Context,
        data: Data = "bundled",
        engines: Engines = "",
        sample: Sample = None,
        seed: Seed = 0,
        out: Out = OUT,
        jobs: Jobs = 0,
        time_limit: TimeLimit = 20.0,
        memory_limit: MemoryLimit = 6.0,
        resume: Resume = False,
        vocabulary: Vocabulary = "",
        model: Model = "pocket",
        max_tokens: MaxTokens = 256,
        draws: Draws = 2,
        ray: Ray = False,
    ) -> None:
        if context.invoked_subcommand is not None:
            given = [name for name in context.params if not _is_default(context, name)]
            if given:
                raise BenchError(
                    f"options go behind the command {context.invoked_subcommand!r}: {', '.join(given)}"
                )
            return
        settings = Settings(
            vocabulary=vocabulary or tokens.best_available(),
            seed=seed,
            time_limit=time_limit,
            memory_limit=memory_limit,
            draws=draws,
            model=model,
            max_tokens=max_tokens,
        )
        words = f", {sample} of them with seed {seed}" if sample else ""
        request = Request(settings, engines, out, jobs, resume, ray, data, words)
        if track is None:
            request.most_with_prompts = MOST_WITH_PROMPTS
        found = tasks.choose(tasks.load(data), sample, seed)
        _run([track] if track else ["masks", "coverage", "generate"], found, request)

    command.__doc__ = help_text
    if track is None:
        app.callback(invoke_without_command=True)(command)
    else:
        app.command(track)(command)


def _is_default(context: typer.Context, name: str) -> bool:
    source = context.get_parameter_source(name)
    return source is None or source.name == "DEFAULT"


_measure(None, "Measure masks, coverage and generation, print tables and write a report.")
_measure("masks", "Times of token masks, of compilation and of advancing, and whether they are right.")
_measure("coverage", "Which schemas are taken and obeyed, by family and by keyword.")
_measure("generate", "A model answering prompts with and without a constraint.")


@app.command("suite")
def _suite(
    path: Annotated[Path, typer.Argument(help="The folder of the official JSON Schema test suite.")],
    engines: Engines = "structgen",
    sample: Sample = None,
    seed: Seed = 0,
    out: Out = OUT,
    jobs: Jobs = 0,
    time_limit: TimeLimit = 20.0,
    memory_limit: MemoryLimit = 6.0,
    resume: Resume = False,
    ray: Ray = False,
) -> None:
    """The official test suite, by draft and file."""
    settings = Settings(
        vocabulary="bytes",
        seed=seed,
        time_limit=time_limit,
        memory_limit=memory_limit,
        suite=str(path.resolve()),
    )
    found = tasks.choose(suite.tasks(path), sample, seed)
    words = f", {sample} groups with seed {seed}" if sample else ""
    _run(["suite"], found, Request(settings, engines, out, jobs, resume, ray, str(path), words))


@app.command("report")
def _report(folder: Annotated[Path, typer.Argument(help="A folder of results.")] = OUT) -> None:
    """Write the report of finished or interrupted runs anew."""
    for results in reporting.find_results(folder):
        _print(results)
    markdown, html = reporting.write(folder)
    print(f"written: {markdown}" + (f" and {html}" if html else ""))


@app.command("compare")
def _compare(
    before: Annotated[Path, typer.Argument(help="A file of results.")],
    after: Annotated[Path, typer.Argument(help="Another one of the same track.")],
    fail_on_worse: Annotated[
        bool, typer.Option("--fail-on-worse", help="Exit with 1 if anything got worse.")
    ] = False,
) -> None:
    """What is better, worse or changed from one run to another."""
    found = comparison.compare(read(before), read(after))
    tables.to_terminal(found.tables(), Console())
    if fail_on_worse and found.worse:
        raise typer.Exit(1)


def start(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code; a failure is one line on standard error."""
    try:
        code = app(args=arguments, prog_name="python -m jsonschemabench", standalone_mode=False)
    except BenchError as error:
        print(f"error: {error}", file=sys.stderr)
        return WRONG_INPUT
    except Interrupted as stopped:
        print(f"interrupted; {stopped} has what was finished, --resume goes on from there", file=sys.stderr)
        return INTERRUPTED
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except typer.TyperException as error:
        print(f"error: {error.format_message()}", file=sys.stderr)
        return error.exit_code
    return code if isinstance(code, int) else 0


def main() -> None:
    """What ``python -m jsonschemabench`` calls; being asked to end is an interruption like the keyboard's."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(start())
