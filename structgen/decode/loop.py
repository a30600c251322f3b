"""The decoding loop: one batch of rows, one pass after another, until every row has ended.

A pass (1) feeds every row what it has not fed yet: the prompt at first, later the drawn token and
the forced tokens behind it, as one chunk; (2) while the device works, fills the masks of the rows
that will draw; (3) scores the forced tokens; (4) draws one token a row; (5) lets rows settle:
append what is now forced, notice the end.  Rows that are done leave the batch.

Rows with the same prompt share the pass over it.  Whatever is said of a row depends on its prompt,
its matcher and its own generator; a neighbour changes only the rounding of the model's arithmetic.

Knows nothing about text, values or grammars.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from structgen.decode.forward import CausalBatch
from structgen.decode.matching import fill_masks, mask_words
from structgen.decode.row import Row
from structgen.decode.sampling import SamplingLaw, draw, log_probabilities

MAX_LOGITS = 1 << 27
"""Logits a pass may return, in numbers: a long run of forced tokens is scored in several passes."""


def decode(model: Any, rows: Sequence[Row], law: SamplingLaw) -> Iterator[list[Row]]:
    """Run all rows to their end; after the start and after each pass, yields the rows that changed.

    A row that no longer wants the model is done when it is yielded for the last time.
    """
    started = time.perf_counter()
    for row in rows:
        row.settle()
        _charge([row], "mask", started)
        started = time.perf_counter()
    yield list(rows)
    active = [row for row in rows if row.wants_model]
    if not active:
        return
    batch = _Batch(model, active, law)
    while batch.rows:
        yield batch.step()


class _Batch:
    """The rows that still want the model, and the model side of them."""

    def __init__(self, model: Any, rows: list[Row], law: SamplingLaw) -> None:
        self.rows = rows
        self._law = law
        self._model = model
        self._forward: CausalBatch | None = None

    @torch.inference_mode()
    def step(self) -> list[Row]:
        """One pass; returns the rows that took part and drops those that are done."""
        rows = self.rows
        started = time.perf_counter()
        logits = self._feed()
        for row in rows:
            row.stats.forward_passes += 1
        started = _charge(rows, "forward", started)
        drawing = [place for place, row in enumerate(rows) if row.draws_next]
        masks = self._masks([rows[place] for place in drawing])
        started = _charge(rows, "mask", started)
        self._score(logits)
        if drawing:
            last = logits[:, -1] if len(drawing) == len(rows) else logits[drawing, -1]
            words = torch.from_numpy(masks.view(np.int32)).to(logits.device)
            uniforms = [float(rows[place].rng.random()) for place in drawing]
            draws = draw(last, words, self._law, uniforms)
            for at, place in enumerate(drawing):
                rows[place].choose(draws, at, self._law)
        started = _charge(rows, "sample", started)
        for place in drawing:
            if rows[place].finish_reason is None:
                rows[place].settle()
        _charge(rows, "mask", started)
        self._drop_done()
        return rows

    def _feed(self) -> Tensor:
        """Feed every row its next chunk; logits (B, keep, V) of the last places."""
        limit = 0
        chunks: list[list[int]] = []
        keep = 1
        for row in self.rows:
            everything = len(row.prompt) + len(row.tokens)
            first_unscored = everything - row.unscored
            if not limit:
                limit = max(8, MAX_LOGITS // (len(self.rows) * max(1, self._width())))
            stop = min(everything, first_unscored - 1 + limit)
            length = len(row.prompt)
            chunk = row.prompt[row.fed : stop] + row.tokens[max(0, row.fed - length) : max(0, stop - length)]
            chunks.append(chunk)
            keep = max(keep, stop - first_unscored + 1)
            row.fed = stop
        if self._forward is not None:
            self._forward.compact_if_worthwhile()
            return self._forward.feed(chunks, keep)
        # The first pass: rows of one prompt are the same row until the first draw.
        slots: dict[tuple[int, ...], int] = {}
        slot_of = [slots.setdefault(tuple(chunk), len(slots)) for chunk in chunks]
        self._forward = CausalBatch(self._model, len(slots))
        logits = self._forward.feed([list(chunk) for chunk in slots], keep)
        self._forward.select(slot_of)
        return logits if len(slots) == len(chunks) else logits[slot_of]

    def _width(self) -> int:
        return mask_words(self.rows[0].vocabulary.width) * 32

    def _masks(self, rows: list[Row]) -> np.ndarray[Any, np.dtype[np.uint32]]:
        """The masks (B, words) of the rows about to draw."""
        if not rows:
            return np.zeros((0, 1), dtype=np.uint32)
        masks = np.zeros((len(rows), mask_words(rows[0].vocabulary.width)), dtype=np.uint32)
        unknown = [place for place, row in enumerate(rows) if row.mask is None]
        if len(unknown) == len(rows):
            fill_masks([row.matcher for row in rows], masks)
            return masks
        for place, row in enumerate(rows):
            if row.mask is not None:
                masks[place] = row.mask
            else:
                row.matcher.fill_mask(masks, place)
        return masks

    def _score(self, logits: Tensor) -> None:
        """Score forced tokens and forced ends whose predecessors have now been fed."""
        places: list[tuple[int, int]] = []
        targets: list[int] = []
        counts: list[tuple[Row, int]] = []
        for at, row in enumerate(self.rows):
            first_unscored = len(row.prompt) + len(row.tokens) - row.unscored
            count = min(row.unscored, row.fed - first_unscored + 1)
            if count <= 0:
                continue
            start = len(row.tokens) - row.unscored
            # The logits of the last place fed predict token number ``fed``.
            offset = logits.shape[1] - 1 - (row.fed - first_unscored)
            places += [(at, offset + number) for number in range(count)]
            targets += row.tokens[start : start + count]
            counts.append((row, count))
        scored = self._log_p_of(logits, places, targets)
        for row, count in counts:
            row.score_forced(scored[:count])
            scored = scored[count:]
        for at, row in enumerate(self.rows):
            if row.end_unscored and row.fed == len(row.prompt) + len(row.tokens):
                ends = log_probabilities(logits[at, -1], self._law)[list(row.vocabulary.eos_ids)]
                row.score_end(float(torch.logsumexp(ends.double(), dim=-1)))

    def _log_p_of(self, logits: Tensor, places: list[tuple[int, int]], targets: list[int]) -> list[float]:
        """log p of a token at each (row, place), a few rows of logits at a time."""
        found: list[float] = []
        for start in range(0, len(places), 32):
            some = places[start : start + 32]
            at, offset = (torch.tensor(list(part), device=logits.device) for part in zip(*some, strict=True))
            log_p = log_probabilities(logits[at, offset], self._law)
            wanted = torch.tensor(targets[start : start + 32], device=logits.device)
            found += log_p.gather(-1, wanted[:, None])[:, 0].tolist()
        return found

    def _drop_done(self) -> None:
        staying = [place for place, row in enumerate(self.rows) if row.wants_model]
        if len(staying) < len(self.rows):
            self.rows = [self.rows[place] for place in staying]
            if self.rows and self._forward is not None:
                self._forward.select(staying)


def _charge(rows: Sequence[Row], phase: str, started: float) -> float:
    """Add the wall time since ``started`` to a phase of every row; returns the time now."""
    now = time.perf_counter()
    for row in rows:
        row.stats.seconds[phase] += now - started
    return now
