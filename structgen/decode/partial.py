"""JSON as it grows: pieces of text in; the value so far, and every part that has closed, out.

Reads what a grammar has already found valid, so it looks for ends and not for mistakes.  Iterative:
nesting costs a list entry, not a stack frame.  Knows nothing about models or grammars.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Closed:
    """A part of the value that is complete: where it stands (keys and indices), and what it is.

    Parts come in the order in which they end, so those of an object or array before itself.
    """

    path: Path
    value: Any


@dataclass
class _Open:
    """An object or array that has not ended, and where its next value goes."""

    value: Any
    key: str | int | None = None
    awaits_key: bool = field(default=False)


class PartialJson:
    """The value of a JSON text of which only a beginning is known.

    ``value`` is what has been read so far: containers grow in place, a string that is still open shows
    the characters it has; numbers and words appear when they end.  None before anything is known.

    >>> growing = PartialJson()
    >>> [part.path for part in growing.push('{"name": "Ada", "tags": ["a", "b')]
    [('name',), ('tags', 0)]
    >>> growing.value
    {'name': 'Ada', 'tags': ['a', 'b']}
    >>> [part.path for part in growing.push('c"]}')]
    [('tags', 1), ('tags',), ()]
    """

    def __init__(self) -> None:
        self.value: Any = None
        self._stack: list[_Open] = []
        self._atom: list[str] = []  # the characters of an open string, number or word
        self._in_string = self._escaped = False
        self._closed: list[Closed] = []

    def push(self, text: str, *, final: bool = False) -> list[Closed]:
        """Read on; returns the parts that have closed.  ``final``: nothing follows."""
        self._closed = []
        place = 0
        while place < len(text):
            place = self._string(text, place) if self._in_string else self._structure(text, place)
        if final and self._atom:
            self._end_atom()
        elif self._in_string and not self._is_key():
            self._place(_readable("".join(self._atom)))
        return self._closed

    def _string(self, text: str, place: int) -> int:
        """Characters of an open string, up to its end or that of the text."""
        start = place
        while place < len(text):
            character = text[place]
            place += 1
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._atom.append(text[start:place])
                self._in_string = False
                self._end_atom()
                return place
        self._atom.append(text[start:place])
        return place

    def _structure(self, text: str, place: int) -> int:
        character = text[place]
        if character == '"':
            self._atom = [character]
            self._in_string, self._escaped = True, False
        elif character in "{[":
            self._open(character)
        elif character in "}],: \t\n\r":
            if self._atom:
                self._end_atom()
            if character in "}]":
                self._close(self._stack.pop().value)
            elif character == ",":
                self._next()
        else:
            self._atom.append(character)
        return place + 1

    def _open(self, character: str) -> None:
        value: Any = {} if character == "{" else []
        self._place(value)
        self._stack.append(_Open(value, None if character == "{" else 0, awaits_key=character == "{"))

    def _next(self) -> None:
        top = self._stack[-1]
        if isinstance(top.key, int):
            top.key += 1
        else:
            top.key, top.awaits_key = None, True

    def _is_key(self) -> bool:
        return bool(self._stack) and self._stack[-1].awaits_key

    def _end_atom(self) -> None:
        value = json.loads("".join(self._atom))
        self._atom = []
        if self._is_key():
            self._stack[-1].key, self._stack[-1].awaits_key = value, False
            return
        self._place(value)
        self._close(value)

    def _place(self, value: Any) -> None:
        """Put a value where the next one of the innermost container goes."""
        if not self._stack:
            self.value = value
            return
        top = self._stack[-1]
        if isinstance(top.key, int):
            del top.value[top.key :]
            top.value.append(value)
        else:
            top.value[top.key] = value

    def _close(self, value: Any) -> None:
        path = tuple(part.key for part in self._stack if part.key is not None)
        self._closed.append(Closed(path, value))


def _readable(raw: str) -> str:
    """The characters of a string literal that has not ended, without an escape that is cut in two."""
    for cut in range(min(12, len(raw))):
        kept = raw[: len(raw) - cut]
        try:
            found: str = json.loads(kept + '"')
        except ValueError:
            continue
        if not 0xD800 <= ord(found[-1:] or "a") < 0xDC00:
            return found
    return ""
