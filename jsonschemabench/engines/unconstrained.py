"""No constraint: everything is allowed at every step.  The floor of the times and of the verdicts."""

from __future__ import annotations

from typing import Any

import numpy as np

import structgen
from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading
from jsonschemabench.tokens import Tokens

__all__ = ["Unconstrained"]


class Unconstrained(Engine):
    """Copies a row of ones, as cheap as a mask can be."""

    name = "none"
    package = "structgen"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        words = (tokens.width + 31) // 32
        self._ones: Mask = np.full(words, 0xFFFFFFFF, dtype=np.uint32)
        self._row: Mask = np.zeros(words, dtype=np.uint32)
        self.options = "no constraint"

    @classmethod
    def version(cls) -> str:
        return structgen.__version__

    def compile(self, schema: Any, reading: Reading) -> None:
        pass

    def restart(self) -> None:
        pass

    def fill(self) -> Mask:
        self._row[:] = self._ones
        return self._row

    def advance(self, token: int) -> None:
        pass
