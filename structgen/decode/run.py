"""Rows in, events out: the decoding loop with text and typed values around it.

An `Output` is a row with what its reader sees: pieces of text as they become whole, and at the end the
finished Generation.  `run` drives the outputs of one call.

Knows matchers and a function that reads finished text, but no grammars.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any

from structgen.decode.forward import context_length
from structgen.decode.loop import decode
from structgen.decode.matching import ConstraintLike
from structgen.decode.partial import PartialJson
from structgen.decode.result import Generation
from structgen.decode.row import Row
from structgen.decode.streaming import StreamEvent, TextStream
from structgen.errors import BudgetTooSmall, ContextTooSmall

Reader = Callable[[str], Any]


def make_row(
    index: int, prompt: list[int], constraint: ConstraintLike, context: int | None, **options: Any
) -> Row:
    """The row of one output, or the error that says why there is none.

    ``context``: how many tokens prompt and output may take together; ``options``: those of `Row`.
    """
    max_tokens = options.pop("max_tokens")
    options.setdefault("names", getattr(constraint, "named_tokens", None))
    room = max_tokens if context is None else min(max_tokens, max(0, context - len(prompt)))
    try:
        return Row(index, prompt, constraint.matcher(), constraint.vocabulary, max_tokens=room, **options)
    except BudgetTooSmall as error:
        if context is None or error.needed > max_tokens:
            raise BudgetTooSmall(error.needed, max_tokens) from None
        raise ContextTooSmall(error.needed, room, prompt_tokens=len(prompt), context=context) from None


def make_rows(
    model: Any, constraint: ConstraintLike, prompts: list[list[int]], *, n: int = 1, **options: Any
) -> list[Row]:
    """One row for each prompt and sample under one constraint and one set of options."""
    context = context_length(model)
    options.setdefault("max_tokens", 256)
    places = [prompt for prompt in prompts for _ in range(n)]
    return [make_row(index, prompt, constraint, context, **options) for index, prompt in enumerate(places)]


class Output:
    """A row and what has been told of it; ``news()`` tells what is new."""

    def __init__(self, row: Row, read: Reader, *, json: bool = False) -> None:
        self.row = row
        self._json = PartialJson() if json else None
        self._watched = False
        self._awaited = False
        self._read = read
        self._text = TextStream()
        self._data = bytearray()
        self._told = 0  # tokens
        self._pushed = self._skip = getattr(row.matcher, "skip", 0)  # bytes told, and those of the prompt

    def watch(self) -> None:
        """Tell the parts of a JSON value as they close, too; somebody looks at every event."""
        self._watched = self._json is not None

    def wait(self) -> None:
        """Tell nothing before the end; nobody looks at the events before."""
        self._awaited = True

    def news(self) -> StreamEvent | None:
        """The event that tells what changed since the last one; None where nothing did."""
        row = self.row
        done = not row.wants_model
        if self._awaited and not done:
            return None
        tokens = tuple(row.tokens[self._told :])
        self._data += row.new_bytes(self._told)
        self._told += len(tokens)
        upto = len(self._data)
        if hasattr(row.matcher, "shown"):  # free text holds back what may be a stop string
            upto = self._skip + row.matcher.shown(final=done)
        text = self._text.push(bytes(self._data[self._pushed : upto]), final=done)
        self._pushed = max(upto, self._pushed)
        generation = self._finished() if done else None
        if not (text or tokens or generation is not None):
            return None
        if not self._watched or self._json is None:
            return StreamEvent(text, row=row.index, tokens=tokens, generation=generation)
        whole = done and row.error is None
        closed = tuple(self._json.push(text, final=whole))
        return StreamEvent(
            text,
            row=row.index,
            tokens=tokens,
            generation=generation,
            closed=closed,
            partial=self._json.value,
        )

    def _finished(self) -> Generation:
        """The result; what the reader refuses (a validator written in Python) is the row's error."""
        row, text, value = self.row, self._text.text, None
        if row.error is None:
            try:
                value = self._read(text)
            except Exception as error:
                row.fail(error)
        assert row.finish_reason is not None
        return Generation(
            text=text,
            value=value,
            tokens=row.tokens,
            logprobs=row.logprobs,
            masked_logprobs=row.masked_logprobs,
            log_mass=float("nan") if row.end_unscored or row.error else sum(row.log_z),
            finish_reason=row.finish_reason,
            law=row.law_name,
            end_logprob=row.end_logprob,
            end_masked_logprob=row.end_masked_logprob,
            alternatives=row.alternatives,
            entropies=row.entropies,
            error=row.error,
            stats=row.stats,
        )


def run(
    model: Any, rows: Sequence[Row], read: Reader | Sequence[Reader], *, batch_size: int | None = None
) -> Generator[StreamEvent, None, None]:
    """Decode all rows; yields the new text of each, and its Generation with the last piece.

    ``read`` turns finished text into a value: one function for all rows, or one for each.
    """
    readers = [read] * len(rows) if callable(read) else read
    outputs = [Output(row, reader) for row, reader in zip(rows, readers, strict=True)]
    return run_outputs(model, outputs, batch_size=batch_size)


def run_outputs(
    model: Any, outputs: Sequence[Output], *, batch_size: int | None = None
) -> Generator[StreamEvent, None, None]:
    """The same for outputs that are made already."""
    of_row = {output.row: output for output in outputs}
    was_training = model.training
    model.eval()
    try:
        for changed in decode(model, list(of_row), max_batch=batch_size):
            for row in changed:
                event = of_row[row].news()
                if event is not None:
                    yield event
    finally:
        if was_training:
            model.train()
