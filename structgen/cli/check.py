"""`structgen check`: what a schema or grammar allows, what is enforced and what is not, and an example.

With --instance, also whether a text is valid, and if not where and why.  Needs no model: the constraint is
built over a vocabulary of single bytes, so distances are in bytes.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.text import Text

from structgen import errors
from structgen.cli import output
from structgen.cli.grammars import read_grammar
from structgen.cli.inputs import InputError, read_bytes
from structgen.grammars.json_schema import JsonSchema

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
    file: Annotated[
        str,
        typer.Argument(
            help="File with a JSON Schema or a grammar (.lark, .gbnf, .ebnf), -, or file.py:name."
        ),
    ],
    instance: Annotated[
        str | None, typer.Option("--instance", help="File with a text to validate; - reads standard input.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Explain a schema: what it allows, what is enforced, what is not, and an example instance.

    Exit code 0: every keyword is enforced or listed as an annotation, a value exists, and so the text
    given with --instance is valid. Exit code 1: no value exists, or that text is not valid.
    """
    if file == "-" and instance == "-":
        raise InputError("the schema and the instance cannot both be read from standard input")
    verdict = None
    try:
        grammar = read_grammar(file)
        document = explain(grammar)
        if instance is not None:
            verdict = _verdict(grammar, read_bytes(instance))
    except errors.GrammarError as error:
        if as_json:
            output.print_json({"ok": False, "error": _refusal(error)})
        raise
    ok = verdict is None or verdict.valid
    if as_json:
        output.print_json(
            {"ok": ok, **document, **({} if verdict is None else {"instance": verdict.as_dict()})}
        )
    else:
        _print(file, document)
        if verdict is not None:
            output.print_text(f"instance     {'valid' if ok else f'not valid: {verdict.problem}'}")
    if not ok:
        raise typer.Exit(1)


def _verdict(grammar: Any, data: bytes) -> Any:
    """A schema is judged by what it says, in any spelling; other grammars as they are."""
    import structgen

    if isinstance(grammar, JsonSchema):
        return structgen.validate(grammar.schema, data)
    return structgen.validate(grammar, data)


def explain(grammar: Any) -> dict[str, Any]:
    """What `structgen check` has to say about a schema or grammar, as JSON data.

    Raises GrammarError where the schema is refused.
    """
    import structgen

    width = 257
    vocabulary = structgen.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)
    if not isinstance(grammar, structgen.Grammar):
        grammar = structgen.json_schema(grammar)
    constraint = structgen.compile(grammar, vocabulary, special_as_text=True)
    matcher = constraint.matcher()
    mask = matcher.mask()
    first = [chr(token) for token in range(width - 1) if mask[token // 32] >> (token % 32) & 1]
    example = constraint.example()
    of_json = isinstance(grammar, JsonSchema)
    kinds = (
        {_TYPE_OF_FIRST_BYTE[byte] for byte in first if byte in _TYPE_OF_FIRST_BYTE} if of_json else {"text"}
    )
    return {
        "types": sorted(kinds),
        "example": json.loads(example) if of_json else example,
        "shortest_bytes": matcher.distance(),
        **constraint.report.as_dict(),
    }


def _refusal(error: errors.GrammarError) -> dict[str, Any]:
    named = {
        name: getattr(error, name, None) for name in ("pointer", "keyword", "limit", "rule", "line", "column")
    }
    conflict = getattr(error, "conflict", ())
    return {
        "type": type(error).__name__,
        "message": str(error),
        # The pointer "" is the whole schema.
        **{name: value for name, value in named.items() if value or (name == "pointer" and value == "")},
        **({"conflict": list(conflict)} if conflict else {}),
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
    output.print_text(f"liveness     {document['liveness']}")
    spent = ", ".join(f"{phase} {1000 * seconds:.1f} ms" for phase, seconds in document["seconds"].items())
    counted = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in document["cost"].items())
    output.print_text(f"cost         {spent}; {counted}")
    output.print_text("example")
    output.print_value(document["example"])
