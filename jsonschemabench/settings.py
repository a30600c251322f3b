"""What a run was asked for, as plain data: it goes to workers and into the head of every file of results."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

__all__ = ["Settings"]


@dataclass(frozen=True)
class Settings:
    """Everything that decides a result, apart from engine and task."""

    vocabulary: str = "tekken"
    seed: int = 0
    time_limit: float = 20.0
    """Processor seconds for one schema with all its instances."""
    memory_limit: float = 6.0
    """GiB of address space for one worker."""
    draws: int = 2
    """Outputs drawn through the masks of each schema, in the coverage track."""
    model: str = "pocket"
    max_tokens: int = 256
    """Of one generated output."""
    suite: str = ""
    """The folder of the official test suite."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for a result file."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """The settings in the head of a result file; what this version does not know is left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in values.items() if key in known})
