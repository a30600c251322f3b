"""The decoding loop: rows wait, have their prompts read, run together, and leave when they are done.

A step does two things.  Every running row takes part in one pass (see `step`).  Beside it one piece of the
prompts that wait is read: short prompts together, a long one in chunks, so that running rows are held up
by no more than a chunk.  A row whose prompt has been read joins the running ones; rows that are done leave.

Whatever is said of a row depends on its prompt, its matcher, its law and its own generator; a
neighbour changes only the rounding of the model's arithmetic.

Knows nothing about text, values or grammars.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from structgen.decode.forward import CausalBatch, takes_ragged_batches
from structgen.decode.masks import MaskFiller
from structgen.decode.row import Row
from structgen.decode.step import charge, guarded, run_pass

READ_AT_ONCE = 8192
"""Prompt tokens, padding included, read in one pass while nothing else runs."""


def decode(model: Any, rows: Sequence[Row], *, max_batch: int | None = None) -> Iterator[list[Row]]:
    """Run all rows to their end, ``max_batch`` at a time; yields the rows that changed, step by step.

    A row that no longer wants the model is done when it is yielded for the last time.
    """
    loop = Loop(model, max_batch=max_batch)
    try:
        for row in rows:
            loop.add(row)
        while loop.busy:
            yield loop.step()
    finally:
        loop.close()


class _Reading:
    """Rows with the same prompt (and forced beginning) while it is read; one cache row stands for all."""

    def __init__(self, row: Row) -> None:
        self.rows = [row]
        self.ids = row.prompt + row.tokens
        self.forward: CausalBatch | None = None
        self.fed = 0

    @property
    def left(self) -> int:
        """Tokens up to the first whose logits are wanted."""
        return len(self.ids) - min(row.unscored for row in self.rows) - self.fed


class Loop:
    """One model, the rows that run on it and those that wait.

    ``max_batch``: how many rows have a place at once (None: all).  ``prefill_tokens``: how much of the
    waiting prompts is read between two passes of running rows.
    """

    def __init__(self, model: Any, *, max_batch: int | None = None, prefill_tokens: int = 512) -> None:
        self._model = model
        self._ragged = takes_ragged_batches(model)
        self._max_batch = max_batch if self._ragged else 1
        self._prefill_tokens = prefill_tokens
        self._waiting: deque[Row] = deque()
        self._reading: list[_Reading] = []
        self._running: list[Row] = []
        self._forward: CausalBatch | None = None
        self._read_singly = False
        self._filler = MaskFiller()

    def add(self, row: Row) -> None:
        """Let a row wait for its turn."""
        self._waiting.append(row)

    @property
    def busy(self) -> bool:
        """Whether any row is not done."""
        return bool(self._waiting or self._reading or self._running)

    @property
    def places(self) -> int:
        """How many rows have a place: running, or with a prompt being read."""
        return len(self._running) + sum(len(reading.rows) for reading in self._reading)

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """Admit rows, one pass for the running ones, one piece of prompts; returns what changed."""
        self._drop_failed()
        changed = self._admit()
        if self._running:
            assert self._forward is not None
            changed += self._running
            self._running = run_pass(self._forward, self._running, self._filler)
            if not self._running:
                self._forward = None
        if self._reading:
            changed += self._read()
        changed = list(dict.fromkeys(changed))  # a row may be admitted and read in one step
        for row in changed:
            if not row.wants_model:
                row.close()
        return changed

    def abandon(self, error: Exception) -> list[Row]:
        """End every row with ``error``, and return them; the loop can take new ones."""
        rows = [*self._waiting, *self._running, *(row for part in self._reading for row in part.rows)]
        for row in rows:
            row.fail(error)
            row.close()
        self._waiting.clear()
        self._reading, self._running, self._forward = [], [], None
        return rows

    def close(self) -> None:
        """End the thread that fills masks; rows that are not done stay as they are."""
        self._filler.close()

    def _admit(self) -> list[Row]:
        """Give places to waiting rows; those that end without the model are done at once."""
        changed: list[Row] = []
        known = {tuple(reading.ids): reading for reading in self._reading if not reading.fed}
        places = self.places
        while self._waiting and (self._max_batch is None or places < self._max_batch):
            row = self._waiting.popleft()
            started = time.perf_counter()
            if row.finish_reason is None:
                guarded(row, row.settle)
            if not self._ragged:
                row.draft = []
            charge([row], "mask", started)
            changed.append(row)
            if not row.wants_model:
                continue
            places += 1
            reading = known.get(tuple(row.prompt + row.tokens))
            if reading is not None:
                reading.rows.append(row)
            else:
                reading = known[tuple(row.prompt + row.tokens)] = _Reading(row)
                self._reading.append(reading)
        return changed

    def _read(self) -> list[Row]:
        """One piece of what is to be read; returns the rows whose prompt is finished."""
        limit = self._prefill_tokens if self._running else READ_AT_ONCE
        first = self._reading[0]
        if first.left > limit:
            self._read_chunk(first, limit)
            return []
        together = [first]
        if first.forward is None and not self._read_singly:
            longest = len(first.ids)
            for other in self._reading[1:]:
                longest = max(longest, len(other.ids))
                if other.forward is not None or longest * (len(together) + 1) > limit:
                    break
                together.append(other)
        forward = first.forward or CausalBatch(self._model, len(together))
        rows = [row for reading in together for row in reading.rows]
        slot_of = [slot for slot, reading in enumerate(together) for _ in reading.rows]
        try:
            staying = run_pass(forward, rows, self._filler, slot_of)
        except torch.OutOfMemoryError as error:
            return self._out_of_memory(together, error)
        del self._reading[: len(together)]
        self._read_singly = self._read_singly and bool(self._reading)
        if staying and self._forward is not None:
            self._forward.join(forward)
        elif staying:
            self._forward = forward
        self._running += staying
        return rows

    def _read_chunk(self, reading: _Reading, limit: int) -> None:
        started = time.perf_counter()
        reading.forward = reading.forward or CausalBatch(self._model, 1)
        reading.forward.feed([reading.ids[reading.fed : reading.fed + limit]], 1)
        reading.fed += limit
        for row in reading.rows:
            row.fed = reading.fed
            row.stats.forward_passes += 1
        charge(reading.rows, "forward", started)

    def _out_of_memory(self, together: list[_Reading], error: Exception) -> list[Row]:
        """Prompts that do not fit together are read one by one; one that does not fit alone fails."""
        if len(together) > 1:
            self._read_singly = True
            return []
        del self._reading[0]
        for row in together[0].rows:
            row.fail(error)
        return together[0].rows

    def _drop_failed(self) -> None:
        """Let go of rows that were ended from outside (cancelled) since the last step."""
        for reading in self._reading:
            reading.rows = [row for row in reading.rows if row.error is None]
        self._reading = [reading for reading in self._reading if reading.rows]
        staying = [place for place, row in enumerate(self._running) if row.error is None]
        if len(staying) < len(self._running):
            self._running = [self._running[place] for place in staying]
            if not staying:
                self._forward = None
            elif self._forward is not None:
                self._forward.select(staying)
