"""Rows in, events out: the decoding loop with text and typed values around it.

Makes the rows of a call (one for each prompt and sample), runs them in batches the model can take,
and tells what is new: pieces of text as they become whole, and each finished Generation.

Knows matchers and a function that reads finished text, but no grammars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from structgen.decode.forward import context_length, takes_ragged_batches
from structgen.decode.loop import decode
from structgen.decode.matching import ConstraintLike
from structgen.decode.result import Generation
from structgen.decode.row import Row
from structgen.decode.sampling import SamplingLaw
from structgen.decode.streaming import StreamEvent, TextStream
from structgen.errors import BudgetTooSmall, ContextTooSmall

Reader = Callable[[str], Any]


def make_rows(
    model: Any,
    constraint: ConstraintLike,
    prompts: list[list[int]],
    *,
    n: int = 1,
    max_tokens: int = 256,
    seed: int = 0,
    weights: bool = True,
) -> list[Row]:
    """One row for each prompt and sample, or the error that says why there is none."""
    context = context_length(model)
    rows: list[Row] = []
    for prompt in prompts:
        room = max_tokens if context is None else min(max_tokens, max(0, context - len(prompt)))
        for _ in range(n):
            try:
                row = Row(
                    len(rows),
                    prompt,
                    constraint.matcher(),
                    constraint.vocabulary,
                    max_tokens=room,
                    seed=seed,
                    weights=weights,
                    names=getattr(constraint, "named_tokens", None),
                )
            except BudgetTooSmall as error:
                if context is None or error.needed > max_tokens:
                    raise BudgetTooSmall(error.needed, max_tokens) from None
                raise ContextTooSmall(
                    error.needed, room, prompt_tokens=len(prompt), context=context
                ) from None
            rows.append(row)
    return rows


def run(
    model: Any, rows: list[Row], law: SamplingLaw, read: Reader, *, batch_size: int | None = None
) -> Iterator[StreamEvent]:
    """Decode all rows; yields the new text of each, and its Generation with the last piece."""
    together = batch_size or len(rows)
    if len(rows) > 1 and not takes_ragged_batches(model):
        together = 1
    was_training = model.training
    model.eval()
    try:
        for start in range(0, len(rows), together):
            some = rows[start : start + together]
            streams = {row.index: TextStream() for row in some}
            shown = {row.index: 0 for row in some}
            for changed in decode(model, some, law):
                for row in changed:
                    yield from _news(row, streams[row.index], shown, read)
    finally:
        model.train(was_training)


def _news(row: Row, stream: TextStream, shown: dict[int, int], read: Reader) -> Iterator[StreamEvent]:
    """The event that tells what changed in a row, if anything did."""
    tokens = tuple(row.tokens[shown[row.index] :])
    text = stream.push(row.new_bytes(shown[row.index]), final=row.finish_reason is not None)
    shown[row.index] += len(tokens)
    generation = None if row.wants_model else _finished(row, stream.text, read)
    if text or tokens or generation is not None:
        yield StreamEvent(text, row=row.index, tokens=tokens, generation=generation)


def _finished(row: Row, text: str, read: Reader) -> Generation:
    assert row.finish_reason is not None
    return Generation(
        text=text,
        value=read(text),
        tokens=row.tokens,
        logprobs=row.logprobs,
        masked_logprobs=row.masked_logprobs,
        log_mass=float("nan") if row.end_unscored else sum(row.log_z),
        finish_reason=row.finish_reason,
        end_logprob=row.end_logprob,
        end_masked_logprob=row.end_masked_logprob,
        stats=row.stats,
    )
