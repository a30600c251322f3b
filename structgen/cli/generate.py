"""`structgen generate`: a prompt and a constraint in, a valid typed answer out.

On a terminal the text streams in while it is written and is then replaced by the value, pretty-printed;
into a pipe goes the value alone, or one JSON object with --json.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.text import Text

from structgen.cli import output
from structgen.cli.inputs import InputError, existing_path, read_schema, read_text


def command(
    prompt: Annotated[
        str, typer.Argument(help="The prompt; - reads it from standard input.", show_default=False)
    ],
    schema: Annotated[
        str | None, typer.Option(help="File with a JSON Schema; - reads standard input.")
    ] = None,
    regex: Annotated[
        str | None, typer.Option(help="A regular expression (Python syntax) to match in full.")
    ] = None,
    choice: Annotated[list[str] | None, typer.Option(help="One allowed answer; repeat for each.")] = None,
    model: Annotated[
        str, typer.Option(help="pocket, or the folder of a transformers causal model.")
    ] = "pocket",
    max_tokens: Annotated[
        int, typer.Option(min=1, help="The output is complete within this many tokens.")
    ] = 256,
    temperature: Annotated[
        float, typer.Option(min=0.0, help="0 takes the likeliest token every time.")
    ] = 0.0,
    top_p: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Sample from the likeliest tokens of this mass.")
    ] = 1.0,
    top_k: Annotated[
        int, typer.Option(min=0, help="Sample from this many likeliest tokens; 0: from all.")
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Same inputs and seed, same output.")] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: value, text, statistics.")
    ] = False,
) -> None:
    """Generate an answer that satisfies a schema, a regular expression or a list of choices."""
    if prompt == "-" and schema == "-":
        raise InputError("the schema and the prompt cannot both come from standard input")
    constraint = _constraint(schema, regex, choice)
    existing_path(model, "--model", "pocket")
    if model != "pocket" and not Path(model, "config.json").is_file():
        raise InputError(f"--model {model!r}: no config.json there; give the folder of a transformers model")
    text = read_text("-") if prompt == "-" else prompt

    if model == "pocket":
        # Too small for a second thread to pay: the two would mostly wait for each other.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    status = output.progress().status(f"Loading {model} …")
    with status:
        import structgen

        loaded = structgen.load(model)
    live, show = _live_text(enabled=not as_json)
    with live:
        result = structgen.generate(
            loaded,
            text,
            **constraint,
            max_tokens=max_tokens,
            temperature=temperature,
            top_p=top_p,
            top_k=top_k,
            seed=seed,
            on_token=show,
        )
    if as_json:
        output.print_json(_report(result))
    else:
        output.print_value(result.value)


def _constraint(schema: str | None, regex: str | None, choice: list[str] | None) -> dict[str, Any]:
    """The one keyword argument that says what is allowed."""
    given: dict[str, Any] = {"schema": schema, "regex": regex, "choice": choice or None}
    given = {name: value for name, value in given.items() if value is not None}
    if len(given) != 1:
        named = " and ".join(f"--{name}" for name in given) or "none of them"
        raise InputError(f"give exactly one of --schema, --regex and --choice; got {named}")
    if schema is not None:
        given["schema"] = read_schema(schema)
    return given


def _live_text(*, enabled: bool) -> tuple[Any, Callable[[str], None] | None]:
    """A context that shows growing text on a terminal, then clears it, and the function to feed it."""
    console = output.results()
    if not enabled or not console.is_terminal:
        return nullcontext(), None
    shown = Text(style="dim")
    live = Live(shown, console=console, transient=True, refresh_per_second=15, vertical_overflow="visible")
    return live, lambda delta: live.update(shown.append(delta))


def _report(result: Any) -> dict[str, Any]:
    return {
        "value": result.value,
        "text": result.text,
        "finish_reason": result.finish_reason,
        "law": result.law,
        "tokens": list(result.tokens),
        "log_mass": result.log_mass,
        "stats": result.stats,
    }
