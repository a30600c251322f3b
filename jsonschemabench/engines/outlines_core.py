"""Outlines core from PyPI: schema to regular expression to index."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import outlines_core
from outlines_core.json_schema import build_regex_from_schema

from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading, TokenRefused
from jsonschemabench.tokens import Tokens

__all__ = ["OutlinesCore"]


class OutlinesCore(Engine):
    """One vocabulary, one guide at a time."""

    name = "outlines_core"
    package = "outlines_core"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        ids: dict[bytes, list[int]] = {}
        for token, text in enumerate(tokens.table):
            if text:
                ids.setdefault(text, []).append(token)
        self._vocabulary = outlines_core.Vocabulary(tokens.end, ids)
        self._row: Mask = np.zeros((tokens.width + 31) // 32, dtype=np.uint32)

    def compile(self, schema: Any, reading: Reading) -> None:
        self._index = outlines_core.Index(
            build_regex_from_schema(json.dumps(reading.named(schema))), self._vocabulary
        )
        self.restart()

    def restart(self) -> None:
        self._guide = outlines_core.Guide(self._index)

    def fill(self) -> Mask:
        self._guide.write_mask_into(self._row.ctypes.data, self._row.size, 4)
        return self._row

    def advance(self, token: int) -> None:
        try:
            self._guide.advance(token, return_tokens=False)
        except ValueError as error:
            raise TokenRefused(str(error)[:200]) from error
