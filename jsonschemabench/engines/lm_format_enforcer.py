"""lm-format-enforcer from PyPI, with bit masks.

It builds its parser as it goes, so a schema it cannot take often shows only in a mask: that
output may then only end.  What it logs about such places is left out.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from lmformatenforcer import JsonSchemaParser
from lmformatenforcer.tokenenforcer import TokenEnforcer, TokenEnforcerTokenizerData

from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading
from jsonschemabench.tokens import Tokens

__all__ = ["LMFormatEnforcer"]


class LMFormatEnforcer(Engine):
    """One enforcer a schema; it keeps every prefix it has seen."""

    name = "lm-format-enforcer"
    package = "lm-format-enforcer"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        logging.disable(logging.CRITICAL)

        def decode(ids: list[int]) -> str:
            return tokens.text(ids).decode("utf-8", "replace").rstrip("\ufffd")

        # As its own integration does: a token that is half a character reads as U+FFFD.
        regular = [
            (token, text.decode("utf-8", "replace"), False) for token, text in enumerate(tokens.table) if text
        ]
        self._data = TokenEnforcerTokenizerData(regular, decode, tokens.end, True, tokens.width)
        self._taken: list[int] = []

    def compile(self, schema: Any, reading: Reading) -> None:
        self._enforcer = TokenEnforcer(self._data, JsonSchemaParser(reading.named(schema)))
        self.restart()

    def restart(self) -> None:
        self._taken = []

    def fill(self) -> Mask:
        row: Mask = self._enforcer.get_allowed_tokens(self._taken).allowed_tokens.numpy().view(np.uint32)
        return row

    def advance(self, token: int) -> None:
        self._taken.append(token)
