"""`structgen mask`: which tokens may follow a prefix of the output, what is forced, how far the end is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from structgen import errors
from structgen.cli import output
from structgen.cli.grammars import read_grammar
from structgen.cli.inputs import existing_path


def command(
    file: Annotated[
        str,
        typer.Argument(
            help="File with a JSON Schema or a grammar (.lark, .gbnf, .ebnf), -, or file.py:name."
        ),
    ],
    prefix: Annotated[str, typer.Argument(help="The output so far.")] = "",
    vocabulary: Annotated[str, typer.Option(help="pocket, or a tokenizer's file or folder.")] = "pocket",
    end: Annotated[list[int] | None, typer.Option(help="Id of an end token, if the file names none.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="List at most this many allowed tokens, by id.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show the token mask after a prefix: allowed tokens, forced text, distance to the end."""
    grammar = read_grammar(file)
    existing_path(vocabulary, "--vocabulary", "pocket")
    with output.progress().status(f"Loading {vocabulary} …"):
        tokens = _vocabulary(vocabulary, end)
    document = inspect(grammar, prefix, tokens, limit=limit)
    if as_json:
        output.print_json(document)
    else:
        _print(document)


def inspect(grammar: Any, prefix: str, vocabulary: Any, *, limit: int = 20) -> dict[str, Any]:
    """The state after `prefix`, as JSON data: counts are exact, `allowed` lists the first `limit` tokens.

    Special tokens that the grammar names are read as such in `prefix`.
    Raises TokenRejected where no output of the grammar begins with `prefix`.
    """
    import structgen

    if not isinstance(grammar, structgen.Grammar):
        grammar = structgen.json_schema(grammar)
    constraint = structgen.compile(grammar, vocabulary)
    matcher = constraint.matcher()
    ids = _encoded(prefix, vocabulary, constraint.named_tokens)
    accepted = matcher.try_advance(ids)
    if accepted < len(ids):
        read = vocabulary.decode(ids[:accepted]).decode("utf-8", errors="replace")
        token = output.token_text(vocabulary.token_bytes(ids[accepted]))
        raise errors.TokenRejected(
            f"no output begins like this: after {output.dumps(read)} the token {token} is not allowed; "
            f"run the command with the prefix {output.dumps(read)} to see what is",
            token=ids[accepted],
        )
    mask = matcher.mask()
    allowed = [token for token in range(vocabulary.width) if mask[token // 32] >> (token % 32) & 1]
    forced = matcher.forced_tokens()
    return {
        "prefix": prefix,
        "prefix_tokens": list(ids),
        "can_stop": bool(matcher.can_stop),
        "distance": matcher.distance(),
        "forced_tokens": list(forced),
        "forced_text": vocabulary.decode(forced).decode("utf-8", errors="replace"),
        "allowed_count": len(allowed),
        "vocabulary_width": vocabulary.width,
        "allowed": [_entry(vocabulary, token) for token in allowed[:limit]],
    }


def _encoded(prefix: str, vocabulary: Any, named: dict[int, str]) -> list[int]:
    """The tokens of a text in which the names of special tokens stand for them."""
    ids: list[int] = []
    pattern = "|".join(map(re.escape, named.values()))
    by_name = {name: token for token, name in named.items()}
    for piece in re.split(f"({pattern})", prefix) if pattern else [prefix]:
        ids += [by_name[piece]] if piece in by_name else vocabulary.encode(piece) if piece else []
    return ids


def _vocabulary(name: str, end: list[int] | None) -> Any:
    """The tokens of the embedded model, or of the tokenizer in a file or folder."""
    import structgen

    if name != "pocket":
        return structgen.Vocabulary.from_tokenizer(name, eos=end or None)
    # From its files: a look at a mask should not wait for torch.
    from structgen import pocket

    folder = Path(pocket.__file__).parent
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    ids = end or config["eos_token_id"]
    return structgen.Vocabulary.from_tokenizer(folder / "tokenizer.json", width=config["vocab_size"], eos=ids)


def _entry(vocabulary: Any, token: int) -> dict[str, Any]:
    raw = vocabulary.token_bytes(token)
    try:
        text = None if raw is None else raw.decode("utf-8")
    except UnicodeDecodeError:
        text = None  # part of a character: the bytes say which
    end = token in vocabulary.eos_ids
    return {"id": token, "text": text, "bytes": None if raw is None else raw.hex(), "end": end}


def _print(document: dict[str, Any]) -> None:
    forced = document["forced_text"]
    output.print_text(
        f"prefix     {output.dumps(document['prefix'])} ({len(document['prefix_tokens'])} tokens)"
    )
    output.print_text(f"allowed    {document['allowed_count']} of {document['vocabulary_width']} tokens")
    output.print_text(f"forced     {output.dumps(forced) if forced else 'nothing'}")
    output.print_text(f"distance   {document['distance']} tokens to the shortest known end")
    output.print_text(f"can stop   {'yes' if document['can_stop'] else 'no'}")
    if not document["allowed"]:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("id", justify="right")
    table.add_column("token")
    for entry in document["allowed"]:
        raw = None if entry["bytes"] is None else bytes.fromhex(entry["bytes"])
        table.add_row(str(entry["id"]), Text("(end)" if entry["end"] else output.token_text(raw)))
    output.results().print(table)
    left = document["allowed_count"] - len(document["allowed"])
    if left:
        output.print_text(f"… and {left} more; --limit {document['allowed_count']} lists all")
