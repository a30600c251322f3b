"""XGrammar from PyPI, its cache included: as it comes, and as the specification reads.

Its default, ``strict_mode``, forbids members and items that a schema does not mention.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
import xgrammar

from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading, TokenRefused
from jsonschemabench.tokens import Tokens

__all__ = ["XGrammar", "XGrammarSpecification"]


class XGrammar(Engine):
    """One compiler with one thread, one matcher at a time."""

    name = "xgrammar"
    package = "xgrammar"
    strict = True

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        info = xgrammar.TokenizerInfo(
            [b"" if text is None else text for text in tokens.table],
            vocab_type=xgrammar.VocabType.RAW,
            vocab_size=tokens.width,
            stop_token_ids=[tokens.end],
        )
        self._compiler = xgrammar.GrammarCompiler(info, max_threads=1)
        self._rows = np.zeros((1, (tokens.width + 31) // 32), dtype=np.int32)
        self._tensor = torch.from_numpy(self._rows)
        self.options = "defaults (strict_mode=True)" if self.strict else "strict_mode=False"

    def compile(self, schema: Any, reading: Reading) -> None:
        text = json.dumps(reading.named(schema))
        compiled = self._compiler.compile_json_schema(text, strict_mode=self.strict)
        self._matcher = xgrammar.GrammarMatcher(compiled)

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> Mask:
        if not self._matcher.fill_next_token_bitmask(self._tensor, 0):
            self._rows.fill(-1)  # "all allowed" leaves the row as it is
        row: Mask = self._rows[0].view(np.uint32)
        return row

    def advance(self, token: int) -> None:
        if not self._matcher.accept_token(token):
            raise TokenRefused(f"accept_token({token}) returned False")


class XGrammarSpecification(XGrammar):
    """With what a schema does not mention allowed."""

    name = "xgrammar_spec"
    strict = False
