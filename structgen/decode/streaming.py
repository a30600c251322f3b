"""Text as it grows: token bytes in, deltas out that never split a character.

Tokens are byte strings and may end inside a UTF-8 character; the rest of it is held back until
the character is whole.  Knows nothing about models or grammars.
"""

from __future__ import annotations

import asyncio
import codecs
from collections.abc import AsyncIterator, Generator, Iterator
from typing import Any

from structgen.decode.partial import Closed
from structgen.decode.result import Generation


class StreamEvent(str):
    """A piece of new text; being a ``str`` it can be printed or joined as it is.

    ``row`` is the output it belongs to (prompt index times n plus sample index), ``tokens`` the tokens
    that brought it, ``generation`` the finished result on the last event of a row, else None.  Where
    the output is JSON, ``closed`` are the parts of its value that this text completes, each with its path
    (every array element and object member, then their container), and ``partial`` is the value so
    far: one object that goes on growing, so copy it to keep a state.  The typed value is the generation's.

    >>> event = StreamEvent("Ad", row=0, tokens=(17,))
    >>> print(event, event.row, event.tokens, event.generation)
    Ad 0 (17,) None
    """

    __slots__ = ("closed", "generation", "partial", "row", "tokens")

    row: int
    tokens: tuple[int, ...]
    generation: Generation | None
    closed: tuple[Closed, ...]
    partial: Any

    def __new__(
        cls,
        text: str,
        *,
        row: int = 0,
        tokens: tuple[int, ...] = (),
        generation: Generation | None = None,
        closed: tuple[Closed, ...] = (),
        partial: Any = None,
    ) -> StreamEvent:
        event = super().__new__(cls, text)
        event.row, event.tokens, event.generation = row, tokens, generation
        event.closed, event.partial = closed, partial
        return event

    def merged(self, later: StreamEvent) -> StreamEvent:
        """One event for this one and the next of the same row."""
        return StreamEvent(
            str(self) + str(later),
            row=self.row,
            tokens=self.tokens + later.tokens,
            generation=later.generation,
            closed=self.closed + later.closed,
            partial=later.partial,
        )


class EventStream(Iterator[StreamEvent], AsyncIterator[StreamEvent]):
    """The events of a call, for ``for`` and ``async for``; the model works when the next one is asked for.

    A reader that stops asking stops the model: nothing runs ahead, nothing piles up.  With ``async for``
    each step runs in a thread of its own, and the event loop stays free meanwhile.
    """

    def __init__(self, events: Generator[StreamEvent, None, None]) -> None:
        self._events = events

    def __iter__(self) -> EventStream:
        return self

    def __next__(self) -> StreamEvent:
        return next(self._events)

    def __aiter__(self) -> EventStream:
        return self

    async def __anext__(self) -> StreamEvent:
        event = await asyncio.to_thread(next, self._events, None)
        if event is None:
            raise StopAsyncIteration
        return event

    def close(self) -> None:
        """Give up the outputs that are not done; the model is left as it was before the call."""
        self._events.close()

    async def aclose(self) -> None:
        """``close`` for asynchronous readers."""
        await asyncio.to_thread(self._events.close)


class TextStream:
    """Bytes in, whole characters out; ``text`` is everything so far.

    >>> stream = TextStream()
    >>> stream.push(b"na\\xc3"), stream.push(b"\\xafve"), stream.text
    ('na', 'ïve', 'naïve')
    """

    def __init__(self) -> None:
        # Grammars hold Unicode text, so a broken byte can only come from a hand-made byte grammar:
        # it shows as U+FFFD instead of ending an output that satisfies what was asked for.
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._pieces: list[str] = []

    def push(self, data: bytes, *, final: bool = False) -> str:
        """The characters that ``data`` completes."""
        piece = self._decoder.decode(data, final)
        if piece:
            self._pieces.append(piece)
        return piece

    @property
    def text(self) -> str:
        """All characters so far."""
        if len(self._pieces) > 1:
            self._pieces = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""
