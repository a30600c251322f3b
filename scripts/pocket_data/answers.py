"""JSON answers as pieces of text that know which field they are, and the schemas that describe them.

The house style is that of ``json.dumps``: ``", "`` between members, ``": "`` after keys.
This module knows nothing about texts or prompts.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

HOUSE, COMPACT, INDENTED = "house", "compact", "indented"


@dataclass
class Piece:
    """A stretch of an answer: its text, how much it counts in the loss, and the field it fills."""

    text: str
    weight: float
    field: str | None = None


def quoted(text: str) -> str:
    """A JSON string with only the escapes it needs."""
    return json.dumps(text, ensure_ascii=False)


def json_pieces(
    value: Any, style: str = HOUSE, key_weight: float = 1.0, shape_weight: float = 0.5
) -> list[Piece]:
    """``value`` as JSON text in pieces; scalars and arrays of scalars are fields named by their pointer."""
    pieces: list[Piece] = []
    comma, colon = {HOUSE: (", ", ": "), COMPACT: (",", ":"), INDENTED: (",", ": ")}[style]

    def line(depth: int) -> str:
        return "\n" + "  " * depth if style == INDENTED else ""

    def shape(text: str) -> None:
        pieces.append(Piece(text, shape_weight))

    def write(item: Any, pointer: str, depth: int) -> None:
        if isinstance(item, dict) and item:
            shape("{")
            for index, (key, member) in enumerate(item.items()):
                shape((comma if index else "") + line(depth + 1))
                pieces.append(Piece(quoted(key) + colon, key_weight))
                write(member, f"{pointer}/{key}", depth + 1)
            shape(line(depth) + "}")
        elif isinstance(item, list) and any(isinstance(entry, dict | list) for entry in item):
            shape("[")
            for index, entry in enumerate(item):
                shape((comma if index else "") + line(depth + 1))
                write(entry, f"{pointer}/{index}", depth + 1)
            shape(line(depth) + "]")
        elif isinstance(item, list):
            text = f"[{comma.join(map(quoted, item))}]"
            if style == INDENTED and item:
                rows = ("," + line(depth + 1)).join(map(quoted, item))
                text = f"[{line(depth + 1)}{rows}{line(depth)}]"
            pieces.append(Piece(text, 1.0, pointer))
        else:
            pieces.append(Piece(quoted(item) if isinstance(item, str) else json.dumps(item), 1.0, pointer))

    write(value, "", 0)
    return pieces


def text_of(pieces: list[Piece]) -> str:
    """The answer itself."""
    return "".join(piece.text for piece in pieces)


def object_schema(
    properties: dict[str, Any], required: list[str], closed: bool = False, title: str = ""
) -> dict[str, Any]:
    """A JSON Schema for an object, in the order people write it."""
    schema: dict[str, Any] = {"title": title} if title else {}
    schema |= {"type": "object", "properties": properties}
    if required:
        schema["required"] = required
    if closed:
        schema["additionalProperties"] = False
    return schema
