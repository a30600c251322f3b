"""llguidance from PyPI, with its defaults for JSON Schema."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import llguidance
import llguidance.numpy
import llguidance.tiktoken
import numpy as np

from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading, TokenRefused
from jsonschemabench.tokens import Tokens

__all__ = ["LLGuidance"]


class LLGuidance(Engine):
    """One tokenizer, one LLMatcher at a time."""

    name = "llguidance"
    package = "llguidance"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        if tokens.encoding is not None:
            self._tokenizer = llguidance.tiktoken.lltokenizer_from_encoding(
                tokens.encoding, n_vocab=tokens.width, eos_token=tokens.end
            )
        else:
            self._tokenizer = llguidance.LLTokenizer(_wrapped(tokens), n_vocab=tokens.width)
        self._rows = llguidance.numpy.allocate_token_bitmask(1, self._tokenizer.vocab_size)

    def compile(self, schema: Any, reading: Reading) -> None:
        grammar = llguidance.LLMatcher.grammar_from_json_schema(reading.named(schema))
        self._matcher = llguidance.LLMatcher(self._tokenizer, grammar)
        if self._matcher.is_error():
            raise ValueError(self._matcher.get_error())

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> Mask:
        llguidance.numpy.fill_next_token_bitmask(self._matcher, self._rows, 0)
        row: Mask = self._rows[0].view(np.uint32)
        return row

    def advance(self, token: int) -> None:
        if not self._matcher.consume_token(token):
            raise TokenRefused(self._matcher.get_error()[:200])

    def forced(self) -> list[int]:
        return list(self._matcher.compute_ff_tokens())


def _wrapped(tokens: Tokens) -> Any:
    """The vocabulary as llguidance's own wrapper wants it; special ids get names that no text has."""
    special = [token for token, text in enumerate(tokens.table) if text is None]
    names = [b"\xff<%d>" % token if text is None else text for token, text in enumerate(tokens.table)]

    class Wrapped(SimpleNamespace):
        def __call__(self, text: str | bytes) -> list[int]:
            return tokens.encode(text if isinstance(text, str) else text.decode("utf-8", "ignore"))

    return llguidance.TokenizerWrapper(
        Wrapped(eos_token_id=tokens.end, bos_token_id=None, tokens=names, special_token_ids=special)
    )
