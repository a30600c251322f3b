"""The masks of the next draw, filled while the model works or just before.

A mask depends on tokens only, and those are known before the pass over them begins.  So the masks of
all rows that will draw can be filled beside it: where an accelerator runs the model, by the thread that
waits for it.  Where the processor itself runs it, that thread fills them in front of the pass: right after
the tokens were taken the states they ask for are in its caches, and a pass later they are not, which takes
half as long again.  Many masks that nobody met before go to another thread, which holds no lock of Python.
That costs some tens of microseconds where processors are free, and a millisecond where they are not; so a
batch is handed over only where recent ones were much slower.  Where they are filled changes nothing else.

Knows matchers, and nothing about models.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

import numpy as np
import torch
from torch import Tensor

from structgen.decode.matching import MaskArray, fill_masks, mask_words
from structgen.decode.row import Row

WORTH_A_THREAD = 500e-6
"""Seconds of mask filling from which it is handed to another thread."""


class MaskFiller:
    """Fills masks for one loop after another pass; ``close`` ends its thread.

    Use: ``with filler.begin(rows): <the model works>``, then ``wait()``, then ``words``.
    """

    def __init__(self, threads: int | None = None) -> None:
        self._threads = threads or max(1, len(os.sched_getaffinity(0)) - 1)
        self._pool: ThreadPoolExecutor | None = None
        self._rows: Sequence[Row] = ()
        self._make(0, 1)
        self._beside = False
        self._due = False  # whether masks are still to be filled, by whoever waits for them
        self._running: Future[None] | None = None
        self._pace = 0.0

    def _make(self, rows: int, words: int) -> None:
        self._masks: MaskArray = np.zeros((rows, words), dtype=np.uint32)
        self._words = torch.from_numpy(self._masks.view(np.int32))

    def begin(self, rows: Sequence[Row], *, beside: bool) -> MaskFiller:
        """Name the rows whose masks are wanted; filling starts when the context is entered.

        ``beside``: whether the model works meanwhile without this thread, on an accelerator.
        """
        self._rows, self._beside = rows, beside
        return self

    def __enter__(self) -> MaskFiller:
        if self._rows:
            words = mask_words(self._rows[0].vocabulary.width)
            if self._masks.shape[0] < len(self._rows) or self._masks.shape[1] != words:
                self._make(len(self._rows), words)
        self._due = False
        if self._rows and self._pace > WORTH_A_THREAD:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(1, thread_name_prefix="structgen-masks")
            self._running = self._pool.submit(self._fill)
        elif self._beside:
            self._due = True
        else:
            self._fill()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None and self._running is not None:
            self._running.exception()  # nobody may touch the matchers any more
            self._running = None

    def wait(self) -> None:
        """Return once every mask is there; a matcher that raised has failed its row."""
        running, self._running = self._running, None
        if running is not None:
            running.result()
        elif self._due:
            self._fill()
        self._due = False

    @property
    def words(self) -> Tensor:
        """The masks (rows, words) as int32, not copied; valid until the next ``begin``."""
        return self._words[: len(self._rows)]

    def _fill(self) -> None:
        started = time.perf_counter()
        unknown = [place for place, row in enumerate(self._rows) if row.mask is None]
        if len(unknown) == len(self._rows):
            try:
                fill_masks([row.matcher for row in self._rows], self._masks, self._threads)
                unknown = []
            except Exception:  # one of them: each is asked on its own below, and fails alone
                pass
        for place, row in enumerate(self._rows):
            if row.mask is not None:
                self._masks[place] = row.mask
        for place in unknown:
            try:
                self._rows[place].matcher.fill_mask(self._masks, place)
            except Exception as error:
                self._rows[place].fail(error)
        self._pace += 0.2 * (time.perf_counter() - started - self._pace)

    def close(self) -> None:
        """End the thread, if there is one."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None
