"""JSON in and out of text without losing exactness, and snapshots of Python values.

Schemas arrive as text or as Python values.  Text keeps every number exactly (a
float remembers its digits) and may be nested without bound; Python values are
copied once, so that a grammar never changes under its user.

Knows nothing about schemas.
"""

from __future__ import annotations

import json
import marshal
import re
from collections.abc import Callable
from json import decoder
from typing import Any

from structgen.errors import InvalidSchema

# CPython refuses to convert longer integers; no schema means such a number.
MAX_DIGITS = 4300
MAX_EXPONENT = 5000

_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_scan_string: Callable[[str, int, bool], tuple[str, int]] = decoder.scanstring  # type: ignore[attr-defined]
_BLANK = re.compile(r"[ \t\n\r]*")


class ExactFloat(float):
    """A float that remembers the digits it was written with."""

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> ExactFloat:
        self = super().__new__(cls, text)
        self.text = text
        return self


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise InvalidSchema(f"a number of {len(text)} digits; write at most {MAX_DIGITS}")
    return int(text)


def _constant(name: str) -> Any:
    raise InvalidSchema(f"{name} is not a JSON number; leave it out or write a finite number")


def parse_json(text: str | bytes | bytearray) -> Any:
    """Read one JSON document, of any depth, keeping numbers exact.

    Raises InvalidSchema with line and column for malformed JSON.

    >>> parse_json('{"multipleOf": 0.01}')
    {'multipleOf': 0.01}
    """
    if not isinstance(text, str):
        try:
            text = bytes(text).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidSchema(f"the schema is not UTF-8: byte {error.start} cannot be decoded") from None
    elif text.startswith("\ufeff"):
        text = text[1:]
    try:
        return json.loads(text, parse_float=ExactFloat, parse_int=_integer, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise _malformed(text, error.msg, error.pos) from None
    except RecursionError:
        return _parse_deep(text)


def _malformed(text: str, message: str, position: int) -> InvalidSchema:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return InvalidSchema(f"malformed JSON at line {line}, column {column}: {message}")


def _parse_deep(text: str) -> Any:
    """The same as json.loads with an explicit stack, for documents nested too deep for it."""
    blank = _BLANK.match
    stack: list[Any] = []
    keys: list[str] = []  # one per open object on the stack
    position = 0

    def skip(at: int) -> int:
        found = blank(text, at)
        return found.end() if found else at

    def read_key(at: int) -> int:
        at = skip(at)
        if text[at : at + 1] != '"':
            raise _malformed(text, "expected a property name in double quotes", at)
        try:
            key, at = _scan_string(text, at + 1, True)
        except json.JSONDecodeError as error:
            raise _malformed(text, error.msg, error.pos) from None
        at = skip(at)
        if text[at : at + 1] != ":":
            raise _malformed(text, "expected ':' after a property name", at)
        keys.append(key)
        return at + 1

    while True:
        position = skip(position)
        head = text[position : position + 1]
        value: Any
        if head in ("{", "["):
            close = "}" if head == "{" else "]"
            value = {} if head == "{" else []
            position = skip(position + 1)
            if text[position : position + 1] != close:
                stack.append(value)
                if head == "{":
                    position = read_key(position)
                continue
            position += 1
        elif head == '"':
            try:
                value, position = _scan_string(text, position + 1, True)
            except json.JSONDecodeError as error:
                raise _malformed(text, error.msg, error.pos) from None
        else:
            value, position = _scalar(text, position)
        while True:  # hand the finished value to whatever encloses it
            if not stack:
                position = skip(position)
                if position != len(text):
                    raise _malformed(text, "extra text after the document", position)
                return value
            top = stack[-1]
            if top.__class__ is dict:
                top[keys.pop()] = value
            else:
                top.append(value)
            position = skip(position)
            mark = text[position : position + 1]
            position += 1
            if mark == ",":
                if top.__class__ is dict:
                    position = read_key(position)
                break
            if mark != ("}" if top.__class__ is dict else "]"):
                raise _malformed(text, "expected ',' or a closing bracket", position - 1)
            value = stack.pop()


def _scalar(text: str, position: int) -> tuple[Any, int]:
    for word, value in (("true", True), ("false", False), ("null", None)):
        if text.startswith(word, position):
            return value, position + len(word)
    found = _NUMBER.match(text, position)
    if found is None:
        raise _malformed(text, "expected a value", position)
    whole, fraction, exponent = found.groups()
    if fraction or exponent:
        return ExactFloat(found.group()), found.end()
    return _integer(whole), found.end()


def snapshot(value: Any) -> Any:
    """Copy a JSON-like Python value into plain dicts and lists.

    Mappings become dicts, tuples become lists; keys must be strings.  Anything
    else that JSON cannot hold is kept and refused where it is used.  Shared
    parts stay shared; a value that contains itself is an InvalidSchema.

    Cost: linear; the common case is a copy at C speed.
    """
    try:
        return marshal.loads(marshal.dumps(value))
    except ValueError:  # deeper than marshal goes, or a subclass it does not know
        return _copy(value)


def _copy(value: Any) -> Any:
    done: dict[int, Any] = {}
    open_: set[int] = set()
    root: list[Any] = [None]
    # (original, container to put the copy in, its key) or (original,) once its parts are copied
    stack: list[tuple[Any, ...]] = [(value, root, 0)]
    while stack:
        entry = stack.pop()
        source = entry[0]
        if len(entry) == 1:
            open_.discard(id(source))
            continue
        _, container, key = entry
        if isinstance(source, dict):
            target: Any = {}
            # Order is the document's: fill the keys first, their values as the stack unwinds.
            parts: list[tuple[Any, Any]] = list(source.items())
            for name, _ in parts:
                target[name] = None
        elif isinstance(source, (list, tuple)):
            target = [None] * len(source)
            parts = list(enumerate(source))
        else:
            container[key] = source
            continue
        identity = id(source)
        if identity in open_:
            raise InvalidSchema("the schema contains itself as a Python object; use $ref for recursion")
        if identity in done:
            container[key] = done[identity]
            continue
        done[identity] = target
        container[key] = target
        open_.add(identity)
        stack.append((source,))
        stack.extend((part, target, name) for name, part in reversed(parts))
    return root[0]


def number_text(value: Any) -> str | None:
    """Return the exact decimal text of a JSON number, or None when it is not one.

    >>> number_text(0.1), number_text(3), number_text(True), number_text(float("nan"))
    ('0.1', '3', None, None)
    """
    kind = value.__class__
    if kind is int:
        if -(10**18) < value < 10**18:
            return str(value)
        try:
            return str(value)
        except ValueError:  # more digits than the interpreter converts
            return None
    if kind is ExactFloat:
        exponent = value.text.lower().partition("e")[2]
        if len(exponent) > 6 or abs(int(exponent or 0)) > MAX_EXPONENT:
            return None
        return str(value.text)
    if kind is float:
        text = repr(value)
        return None if text in ("inf", "-inf", "nan") else text
    return None


def too_long(value: Any) -> str | None:
    """Say why an integer is not read, or None when its length is not the reason."""
    if value.__class__ is int and number_text(value) is None:
        return f"an integer of more digits than are read; write at most {MAX_DIGITS}"
    return None


def excerpt(value: Any, width: int = 60) -> str:
    """Print a value in at most ``width`` characters, whatever its size or depth."""
    if isinstance(value, str):
        short = value if len(value) <= width else value[: width - 1] + "…"
        return repr(short)
    if isinstance(value, dict):
        names = ", ".join(repr(str(name)[:20]) for name, _ in zip(value, range(3), strict=False))
        return f"an object with {len(value)} members" + (f" ({names}…)" if len(value) > 3 else "")
    if isinstance(value, (list, tuple)):
        return f"a list of {len(value)}"
    if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() > 200:
        return "a very large integer"
    names_of = {None: "null", True: "true", False: "false"}
    text = names_of[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
