"""What a command prints: values for people, one JSON object for machines, token text on one line.

Standard output carries results only; progress and errors go to standard error. Colours and live
updates appear only where the stream is a terminal.
"""

from __future__ import annotations

import dataclasses
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.json import JSON


def results() -> Console:
    """Standard output for people; plain text when it is not a terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=True)


def progress() -> Console:
    """Standard error, for spinners; silent when it is not a terminal."""
    return Console(file=sys.stderr, highlight=False)


def dumps(value: Any, *, indent: int | None = None) -> str:
    """JSON text that standard output can carry: escaped only where its encoding lacks a character."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    try:
        text.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, ensure_ascii=True, indent=indent)
    return text


def print_json(document: Mapping[str, Any]) -> None:
    """One JSON object on one line, for machines."""
    print(dumps(plain(document)))


def print_value(value: Any) -> None:
    """A value for people: text as it is, everything else as indented JSON, coloured on a terminal."""
    if isinstance(value, str):
        print_text(value)
        return
    text = dumps(plain(value), indent=2)
    console = results()
    if console.is_terminal:
        console.print(JSON(text, indent=2, ensure_ascii=text.isascii()))
    else:
        print(text)


def print_text(text: str) -> None:
    """Text as it is, with what the stream cannot carry replaced by escapes."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(text.encode(encoding, errors="backslashreplace").decode(encoding))


def plain(value: Any) -> Any:
    """`value` as JSON data: dataclasses and Pydantic models as objects, arrays and tuples as lists."""
    if isinstance(value, float) and not math.isfinite(value):
        return None  # JSON has no word for it
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    for method in ("model_dump", "tolist"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
    return str(value)


def token_text(raw: bytes | None) -> str:
    """A token's bytes as one readable line: a JSON string, or hexadecimal where they are not UTF-8."""
    if raw is None:
        return "(no text)"
    try:
        return dumps(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return "bytes " + raw.hex(" ")
