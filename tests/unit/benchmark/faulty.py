"""Engines with one fault each, in schemas titled "trigger" only; elsewhere they are structgen.

Named to the benchmark as ``benchmark.faulty:Class``, so that workers can import them.
"""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np

from jsonschemabench.engines.engine import Mask, Reading
from jsonschemabench.engines.structgen import Structgen


class Faulty(Structgen):
    """Remembers whether the schema at hand is one to fail in."""

    triggered = False

    def compile(self, schema: Any, reading: Reading) -> None:
        super().compile(schema, reading)
        self.triggered = isinstance(schema, dict) and schema.get("title") == "trigger"

    def fill(self) -> Mask:
        row = super().fill()
        if self.triggered:
            self.fail()
        return row

    def fail(self) -> None:
        """What goes wrong."""


class WrongAcceptance(Faulty):
    """Allows every token, and takes them."""

    def fill(self) -> Mask:
        row = super().fill()
        return np.full_like(row, 0xFFFFFFFF) if self.triggered else row

    def advance(self, token: int) -> None:
        if not self.triggered:
            super().advance(token)


class WrongRefusal(Faulty):
    """Never lets an output end."""

    def fill(self) -> Mask:
        row = super().fill()
        if self.triggered:
            row[self.tokens.end >> 5] &= ~np.uint32(1 << (self.tokens.end & 31))
        return row


class Crash(Faulty):
    """Ends the process."""

    def fail(self) -> None:
        os.abort()


class Raises(Faulty):
    """Throws what is no refusal."""

    def fail(self) -> None:
        raise ZeroDivisionError("a defect of the engine")


class Spins(Faulty):
    """Uses processor time for ever."""

    def fail(self) -> None:
        while True:
            pass


class Sleeps(Faulty):
    """Waits for ever."""

    def fail(self) -> None:
        time.sleep(3600)


class Slow(Faulty):
    """Takes its time, so that something can happen meanwhile."""

    def compile(self, schema: Any, reading: Reading) -> None:
        time.sleep(0.5)
        super().compile(schema, reading)


class MemoryBlowUp(Faulty):
    """Takes memory for ever."""

    def fail(self) -> None:
        kept = []
        while True:
            kept.append(
                np.empty(256 << 20, dtype=np.uint8)
            )  # never touched: address space is what is limited


class NeedsMissingPackage(Faulty):
    """Cannot be built, as if its package were not installed."""

    def __init__(self, *_: Any) -> None:
        raise ImportError("No module named 'no_such_package'")
