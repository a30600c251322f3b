"""structgen, this project.

Judging texts, every option is "any": the instances are written by json.dumps, in any order of members.
Writing, the options are the library's defaults.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np

import structgen as sg
from jsonschemabench.engines.engine import Engine, Mask, Purpose, Reading, TokenRefused, Unsatisfiable
from jsonschemabench.outputs import Output
from jsonschemabench.tokens import Tokens

__all__ = ["Structgen", "StructgenGenerate"]

ANY = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}


class Structgen(Engine):
    """One vocabulary, one matcher at a time."""

    name = "structgen"
    package = "structgen"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        super().__init__(tokens, purpose)
        self._vocabulary = sg.Vocabulary.from_tokens(list(tokens.table), eos=tokens.end)
        self._row: Mask = np.zeros((tokens.width + 31) // 32, dtype=np.uint32)
        self._options: dict[str, Any] = dict(ANY) if purpose == "judge" else {}
        self.options = ", ".join(f"{key}={value!r}" for key, value in self._options.items()) or "defaults"

    @classmethod
    def version(cls) -> str:
        return sg.__version__

    def compile(self, schema: Any, reading: Reading) -> None:
        given = {
            "dialect": reading.dialect,
            "formats": reading.formats,
            "content": reading.content,
            "registry": reading.documents,
        }
        options = self._options | {key: value for key, value in given.items() if value is not None}
        try:
            self._constraint = sg.compile(sg.json_schema(schema, **options), self._vocabulary)
        except sg.UnsatisfiableSchema as error:
            raise Unsatisfiable(str(error)) from error
        self._matcher = self._constraint.matcher()

    def restart(self) -> None:
        self._matcher.reset()

    def fill(self) -> Mask:
        self._matcher.fill_mask(self._row)
        return self._row

    def advance(self, token: int) -> None:
        try:
            self._matcher.advance(token)
        except sg.TokenRejected as error:
            raise TokenRefused(str(error)) from error

    def forced(self) -> list[int]:
        return list(self._matcher.forced_tokens())


class StructgenGenerate(Structgen):
    """With the library's own loop in the generation track; elsewhere the same."""

    name = "structgen.generate"

    def generate(self, loaded: Any, prompt: list[int], limit: int) -> Output:
        """One greedy output of `structgen.generate`, by the clock."""
        output, began = Output(), time.perf_counter()

        def note(event: sg.StreamEvent) -> None:
            output.first = output.first or time.perf_counter() - began

        try:
            found = sg.generate(
                loaded,
                prompt,
                grammar=self._constraint,
                max_tokens=limit,
                temperature=0.0,
                weights=False,
                on_token=note,
            )
        except sg.BudgetTooSmall:
            output.seconds = time.perf_counter() - began
        else:
            output.seconds = time.perf_counter() - began
            output.tokens, output.passes, output.ended = found.tokens, found.stats.forward_passes, True
        output.first = output.first or output.seconds
        return output
