"""Text as it grows: token bytes in, deltas out that never split a character.

Tokens are byte strings and may end inside a UTF-8 character; the rest of it is held back until
the character is whole.  Knows nothing about models or grammars.
"""

from __future__ import annotations

import codecs

from structgen.decode.result import Generation


class StreamEvent(str):
    """A piece of new text; being a ``str`` it can be printed or joined as it is.

    ``row`` is the output it belongs to (prompt index times n plus sample index), ``tokens`` the tokens
    that brought it, ``generation`` the finished result on the last event of a row, else None.

    >>> event = StreamEvent("Ad", row=0, tokens=(17,))
    >>> print(event, event.row, event.tokens, event.generation)
    Ad 0 (17,) None
    """

    __slots__ = ("generation", "row", "tokens")

    row: int
    tokens: tuple[int, ...]
    generation: Generation | None

    def __new__(
        cls, text: str, *, row: int = 0, tokens: tuple[int, ...] = (), generation: Generation | None = None
    ) -> StreamEvent:
        event = super().__new__(cls, text)
        event.row, event.tokens, event.generation = row, tokens, generation
        return event

    def merged(self, later: StreamEvent) -> StreamEvent:
        """One event for this one and the next of the same row."""
        return StreamEvent(
            str(self) + str(later),
            row=self.row,
            tokens=self.tokens + later.tokens,
            generation=later.generation,
        )


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
