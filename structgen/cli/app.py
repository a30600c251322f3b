"""The Typer application and the border where every failure becomes one line and an exit code.

Exit codes: 0 done; 1 the request was understood and cannot be met (no value satisfies the schema, a
keyword is not built, the token budget is too small, an extra is not installed); 2 the input is wrong
(usage, a missing file, malformed JSON, not a schema); 130 interrupted. A reader that leaves its pipe
ends the process by SIGPIPE, as it does every Unix filter. An exception that is none of these is a defect
of structgen and keeps its traceback.
"""

from __future__ import annotations

import importlib.metadata
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from structgen import errors
from structgen.cli import check, generate, mask
from structgen.cli.inputs import InputError

CANNOT_BE_MET = 1
WRONG_INPUT = 2
INTERRUPTED = 130

_CANNOT_BE_MET = (
    errors.UnsatisfiableSchema,
    errors.UnsupportedKeyword,
    errors.ComplexityLimitExceeded,
    errors.BudgetTooSmall,
    errors.MatcherError,
    errors.IntegrationError,
)

# What running a model imports and the package itself does not depend on.
_HF_EXTRA = {"jinja2", "safetensors", "tokenizers", "torch", "transformers"}

app = typer.Typer(
    name="structgen",
    help="Make a language model's output satisfy a JSON Schema, a regular expression or a list of choices.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command("generate")(generate.command)
app.command("check")(check.command)
app.command("mask")(mask.command)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"structgen {importlib.metadata.version('structgen')}")
        raise typer.Exit()


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Make a language model's output satisfy a JSON Schema, a regular expression or a list of choices."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code; failures are one line on stderr.

    `arguments` leaves out the program's name; None takes the process's own.
    """
    try:
        code = app(args=arguments, prog_name="structgen", standalone_mode=False)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except _CANNOT_BE_MET as error:
        return _fail(error, CANNOT_BE_MET)
    except (errors.StructgenError, InputError) as error:
        return _fail(error, WRONG_INPUT)
    except ModuleNotFoundError as error:
        if error.name not in _HF_EXTRA:
            raise
        advice = "install the extra: pip install 'structgen[hf]'"
        return _fail(f"running a model needs {error.name}; {advice}", CANNOT_BE_MET)
    except typer.TyperException as error:
        return _fail(error.format_message(), error.exit_code)
    except typer.Abort:
        return INTERRUPTED
    return code if isinstance(code, int) else 0


def _fail(message: object, code: int) -> int:
    line = " ".join(str(message).split())
    print(f"error: {line}", file=sys.stderr)
    return code


def main() -> None:
    """The console script."""
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run())
