"""Reading an output byte by byte: a vocabulary of single bytes, and where in a JSON text one stands.

What examples and validation have in common.  Knows no schema; what may come next is for a matcher to say.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from structgen.vocabulary import Vocabulary

END = 256
TERMINATORS = frozenset(b",]}")  # what may follow a number, which does not say itself where it ends
_BLANK = b" \t\n\r"


@cache
def byte_vocabulary() -> Vocabulary:
    """Return the vocabulary whose token t is the byte t; 256 ends the output."""
    return Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=END)


@dataclass
class Frame:
    """An object or array that is open: the member or item that is being read, and the keys so far."""

    is_object: bool
    key: str | None = None
    index: int = 0
    keys: set[str] = field(default_factory=set)


class JsonPosition:
    """Where one stands in a JSON text; it must be the beginning of a valid one.

    ``state`` says what is being read: a "value" is awaited, a "key" is awaited, inside a "name",
    before the "colon", inside a "string", "number" or "word", or "after" a value.

    >>> position = JsonPosition()
    >>> position.feed(b'{"a": [true, "x')
    >>> position.path(), position.state
    (['a', 1], 'string')
    """

    def __init__(self) -> None:
        self.stack: list[Frame] = []
        self.state = "value"
        self.token = bytearray()  # the name or scalar that is being read, quotes included
        self.started = 0  # how many bytes were read before it
        self.length = 0
        self._escaped = False

    def path(self) -> list[Any]:
        """Return the keys and indexes that lead to the value being read."""
        if self.state in ("key", "name"):
            return self._steps(self.stack[:-1])
        return self._steps(self.stack)

    def _steps(self, frames: list[Frame]) -> list[Any]:
        return [frame.key if frame.is_object else frame.index for frame in frames]

    def feed(self, data: bytes) -> None:
        """Read on."""
        for byte in data:
            self._read(byte)
            self.length += 1

    def _read(self, byte: int) -> None:
        state = self.state
        if state in ("string", "name"):
            self._read_text(byte)
            return
        if state in ("number", "word"):
            if byte not in b" \t\n\r,]}":
                self.token.append(byte)
                return
            self.state = "after"
        if byte in _BLANK:
            return
        if byte == ord('"'):
            self._start("name" if self.state == "key" else "string", byte)
        elif byte in b"{[":
            self.stack.append(Frame(byte == ord("{")))
            self.state = "key" if byte == ord("{") else "value"
        elif byte in b"}]":
            self.stack.pop()
            self.state = "after"
        elif byte == ord(":"):
            self.state = "value"
        elif byte == ord(","):
            top = self.stack[-1]
            self.state = "key" if top.is_object else "value"
            top.index += not top.is_object
        else:
            self._start("number" if byte in b"-0123456789" else "word", byte)

    def _start(self, state: str, byte: int) -> None:
        self.state = state
        self.token = bytearray([byte])
        self.started = self.length
        self._escaped = False

    def _read_text(self, byte: int) -> None:
        self.token.append(byte)
        if self._escaped:
            self._escaped = False
        elif byte == ord("\\"):
            self._escaped = True
        elif byte == ord('"'):
            if self.state == "name":
                top = self.stack[-1]
                top.key = json.loads(self.token.decode("utf-8", "replace"))
                top.keys.add(top.key or "")
                self.state = "colon"
            else:
                self.state = "after"


def pointer(path: list[Any]) -> str:
    """Return the JSON pointer of a path.

    >>> pointer(["a/b", 0])
    '/a~1b/0'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)
