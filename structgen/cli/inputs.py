"""What a command reads: schemas, prompts, models and vocabularies named on the command line.

Knows files and streams; whether a schema means anything is for the grammar to say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from structgen.errors import InvalidSchema


class InputError(Exception):
    """A file, stream or option cannot be used as given; the message is ready for the user."""


def read_schema(source: str) -> Any:
    """The JSON Schema in a file, or on standard input for `-`.

    Raises InputError naming the file and, for malformed JSON, line and column; InvalidSchema for JSON
    that cannot be a schema.
    """
    text = read_text(source)
    name = _name(source)

    def refuse_constant(literal: str) -> NoReturn:
        raise InputError(f"{name}: {literal} is not JSON; leave the bound out or give a finite number")

    def finite(literal: str) -> float:
        number = float(literal)
        if number in (float("inf"), float("-inf")):
            raise InputError(f"{name}: the number {literal} does not fit a 64-bit float; give a smaller one")
        return number

    try:
        schema = json.loads(text, parse_constant=refuse_constant, parse_float=finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise InputError(f"{name}: malformed JSON at {where}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{name}: nested too deeply to read; flatten it with $defs and $ref") from None
    except ValueError as error:
        # Python limits the digits of an integer literal; that limit's message says what to change.
        raise InputError(f"{name}: {error}") from None
    if not isinstance(schema, (dict, bool)):
        kind = {list: "an array", str: "a string", type(None): "null"}.get(type(schema), "a number")
        raise InvalidSchema(f"a JSON Schema is an object, true or false; {name} holds {kind}")
    return schema


def read_text(source: str) -> str:
    """The UTF-8 text of a file, or of standard input for `-`; a byte order mark is dropped."""
    name = _name(source)
    raw = read_bytes(source)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{name}: not UTF-8 text (byte 0x{raw[error.start]:02x} at {error.start})") from None


def read_bytes(source: str) -> bytes:
    """The bytes of a file, or of standard input for `-`, whatever they are."""
    name = _name(source)
    try:
        return sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise InputError(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from None
    except ValueError:
        raise InputError(f"cannot read {name!r}: not a file name") from None


def existing_path(value: str, option: str, known: str) -> str:
    """`value` when it is the built-in name `known` or a path that exists."""
    if value == known:
        return value
    try:
        if Path(value).exists():
            return value
    except (OSError, ValueError):
        pass  # a name no file can have: too long, or with a null byte
    raise InputError(f"{option} {value!r}: no such file or folder; give a local path or {known!r}")


def _name(source: str) -> str:
    return "standard input" if source == "-" else source
