"""Outputs drawn through an engine's masks: what it would let a model write, without a model.

A walk that picks tokens evenly hardly ever ends.  This one follows a valid instance where the mask allows
it, strays from it at random, and closes what is open when it has nothing to follow; every token it takes is
allowed by the mask, so whatever comes out, the engine has let it pass.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from jsonschemabench.engines.engine import Engine, Mask, TokenRefused
from jsonschemabench.protocol import allows
from jsonschemabench.tokens import Tokens

__all__ = ["Draw", "Drawer"]

STRAY = 0.1
LOOK_AHEAD = 24


@dataclass(frozen=True)
class Draw:
    """What came out: a finished output, one that did not end in time, or a mask with nothing in it."""

    output: bytes
    how: Literal["finished", "unfinished", "stuck"]


class Drawer:
    """Draws outputs over one vocabulary."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        texts = [text or b"x" for text in tokens.table]
        self._closing = np.array([not text.strip(b'"}]') for text in texts], dtype=np.bool_)
        self._blank = np.array([not text.strip() for text in texts], dtype=np.bool_)

    def draw(self, engine: Engine, guide: Sequence[int], source: random.Random, limit: int) -> Draw:
        """One output of at most ``limit`` tokens that strays from ``guide``, the tokens of a valid instance.

        Cost: a mask and an advance for every token, and a look at the whole mask where it strays.
        """
        engine.restart()
        taken: list[int] = []
        place = 0
        surely = source.randrange(len(guide)) if guide else 0
        while len(taken) < limit:
            row = engine.fill()
            strays = place < len(guide) and (place == surely or source.random() < STRAY)
            token: int | None = None
            if not strays:
                token, place = self._follow(row, guide, place)
            if token is None and not strays and allows(row, self._tokens.end):
                return self._result(taken, "finished")
            if token is None:
                token = self._choose(row, source, closing=not strays)
                place += strays and source.random() < 0.5
            if token is None:
                how: Literal["finished", "stuck"] = "finished" if allows(row, self._tokens.end) else "stuck"
                return self._result(taken, how)
            try:
                engine.advance(token)
            except TokenRefused:
                return self._result(taken, "stuck")
            taken.append(token)
        ended = allows(engine.fill(), self._tokens.end)
        return self._result(taken, "finished" if ended else "unfinished")

    def _follow(self, row: Mask, guide: Sequence[int], place: int) -> tuple[int | None, int]:
        """The next token of the guide that is allowed, a few may be left out."""
        for ahead in range(place, min(place + LOOK_AHEAD, len(guide))):
            if allows(row, guide[ahead]):
                return guide[ahead], ahead + 1
        return None, place

    def _choose(self, row: Mask, source: random.Random, *, closing: bool) -> int | None:
        """Some allowed token: one that closes what is open if asked for, a blank only if nothing else is."""
        allowed: NDArray[np.bool_] = np.unpackbits(row.view(np.uint8), bitorder="little").astype(np.bool_)
        allowed = allowed[: self._tokens.width]
        if len(allowed) < self._tokens.width:
            allowed = np.pad(allowed, (0, self._tokens.width - len(allowed)))
        allowed[self._tokens.end] = False
        for wanted in ([self._closing] if closing else []) + [~self._blank]:
            ids = np.flatnonzero(allowed & wanted)
            if len(ids):
                return int(ids[source.randrange(len(ids))])
        ids = np.flatnonzero(allowed)
        return int(ids[source.randrange(len(ids))]) if len(ids) else None

    def _result(self, taken: Sequence[int], how: Literal["finished", "unfinished", "stuck"]) -> Draw:
        return Draw(self._tokens.text(taken), how)
