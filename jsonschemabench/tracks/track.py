"""What a track is: it measures one schema with one engine, and makes tables of many such results.

Measuring happens in a worker, tables are made by whoever reads the results; the two meet in the records.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from jsonschemabench.engines.engine import Engine, Purpose
from jsonschemabench.records import Record, Results
from jsonschemabench.settings import Settings
from jsonschemabench.tables import Table
from jsonschemabench.tasks import Task
from jsonschemabench.tokens import Tokens, load

__all__ = ["Track"]


class Track(ABC):
    """One kind of measurement; an object of it lives in every worker."""

    name: ClassVar[str]
    title: ClassVar[str]
    purpose: ClassVar[Purpose] = "judge"

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokens = self.read_tokens()

    def read_tokens(self) -> Tokens:
        """The vocabulary that the engines get."""
        return load(self.settings.vocabulary)

    @classmethod
    def note(cls, task: Task) -> Record:
        """What stands in every record of a task, whatever becomes of the engine."""
        return {}

    @abstractmethod
    def measure(self, engine: Engine, task: Task) -> Record:
        """The result of one task: a ``verdict``, a ``reason`` where it is not passing, and figures."""

    @classmethod
    @abstractmethod
    def tables(cls, results: Results) -> list[Table]:
        """The results as tables, for Markdown, the terminal and the page."""
