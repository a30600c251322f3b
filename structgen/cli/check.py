"""`structgen check`: what a schema allows, what is enforced and what is not, and an example instance.

Needs no model: the constraint is built over a vocabulary of single bytes, so distances are in bytes.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from structgen import errors
from structgen.cli import output
from structgen.cli.inputs import read_schema

# Which JSON types an output may have, told from the bytes it may begin with.
_TYPE_OF_FIRST_BYTE = {
    "{": "object",
    "[": "array",
    '"': "string",
    "t": "boolean",
    "f": "boolean",
    "n": "null",
}
_TYPE_OF_FIRST_BYTE |= dict.fromkeys("-0123456789", "number")

# Keywords with how often each stands in the schema, then sentences about single places.
_REPORTED = ("enforced", "annotations", "waived", "notes")


def command(
    file: Annotated[str, typer.Argument(help="File with a JSON Schema; - reads standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain a schema: what it allows, what is enforced, what is not, and an example instance.

    Exit code 0: every keyword is enforced or listed as an annotation, and a value exists.
    """
    try:
        document = explain(read_schema(file))
    except errors.GrammarError as error:
        if as_json:
            output.print_json({"ok": False, "error": _refusal(error)})
        raise
    if as_json:
        output.print_json({"ok": True, **document})
    else:
        _print(file, document)


def explain(schema: Any) -> dict[str, Any]:
    """What `structgen check` has to say about a schema, as JSON data.

    Raises GrammarError where the schema is refused.
    """
    import structgen

    width = 257
    vocabulary = structgen.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
    constraint = structgen.compile(structgen.json_schema(schema), vocabulary)
    matcher = constraint.matcher()
    mask = matcher.mask()
    first = [chr(token) for token in range(width - 1) if mask[token // 32] >> (token % 32) & 1]
    example = constraint.example()
    return {
        "types": sorted({_TYPE_OF_FIRST_BYTE[byte] for byte in first if byte in _TYPE_OF_FIRST_BYTE}),
        "example": json.loads(example),
        "shortest_bytes": matcher.distance(),
        **constraint.report.as_dict(),
    }


def _refusal(error: errors.GrammarError) -> dict[str, str]:
    named = {name: getattr(error, name, None) for name in ("pointer", "keyword", "limit")}
    return {
        "type": type(error).__name__,
        "message": str(error),
        **{name: value for name, value in named.items() if isinstance(value, str)},
    }


def _print(file: str, document: dict[str, Any]) -> None:
    output.results().print(Text("standard input" if file == "-" else file, style="bold"))
    output.print_text(
        f"allows       {', '.join(document['types'])}; shortest {document['shortest_bytes']} bytes"
    )
    for name in _REPORTED:
        entries = document[name]
        if isinstance(entries, dict):
            entries = [", ".join(f"{keyword} ({count})" for keyword, count in entries.items())]
        for entry in filter(None, entries):
            output.print_text(f"{name:<12} {entry}")
    if document["liveness"] != "proven":
        output.print_text(f"liveness     {document['liveness']}")
    output.print_text("example")
    output.print_value(document["example"])
