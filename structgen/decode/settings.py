"""What one row of a call may set for itself, and how a call spreads its settings over rows.

A setting given once holds for every row; given as a list, it has one entry for each prompt.  Knows
nothing about models or grammars.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from structgen.decode.law import SamplingLaw
from structgen.errors import InvalidRequest

FORCED = ("singleton", "canonical", "draft")
LAW = tuple(part.name for part in fields(SamplingLaw))


@dataclass(frozen=True)
class Settings:
    """How one output is decoded; `structgen.generate` says what each setting means.

    Raises InvalidRequest naming the setting that is out of its range.
    """

    law: SamplingLaw = field(default_factory=SamplingLaw)
    max_tokens: int = 256
    max_time: float | None = None
    seed: int = 0
    logprobs: int | None = None
    weights: bool = True
    figures: bool = True
    forced: str = "singleton"
    canonical: bool = False
    heal: bool = False

    def __post_init__(self) -> None:
        _check_integer("max_tokens", self.max_tokens, 0)
        _check_integer("seed", self.seed, 0)
        if self.logprobs is not None:
            _check_integer("logprobs", self.logprobs, 0)
        if self.max_time is not None and not (
            isinstance(self.max_time, (int, float)) and not math.isnan(self.max_time) and self.max_time >= 0
        ):
            raise InvalidRequest(f"max_time must be a number of seconds >= 0, got {self.max_time!r}")
        if not self.figures and self.logprobs is not None:
            raise InvalidRequest(
                "logprobs= asks for figures that figures=False gives up; leave one of them out"
            )
        if self.forced not in FORCED:
            known = ", ".join(map(repr, FORCED))
            raise InvalidRequest(f"forced={self.forced!r} is not known; known: {known}")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """From a flat mapping that names settings and parts of the law."""
        law = SamplingLaw(**{name: value for name, value in values.items() if name in LAW})
        return cls(law=law, **{name: value for name, value in values.items() if name not in LAW})

    @property
    def is_canonical(self) -> bool:
        """Whether masks hold canonical segmentations only."""
        return self.canonical or self.forced == "canonical"

    def for_row(self) -> dict[str, Any]:
        """The settings a `Row` takes under the same names."""
        names = ("law", "max_tokens", "max_time", "seed", "logprobs", "weights", "figures")
        return {name: getattr(self, name) for name in names}


SETTINGS = frozenset(LAW) | {part.name for part in fields(Settings)} - {"law"}
"""Every name that `Settings.of` knows."""


def _check_integer(name: str, value: object, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise InvalidRequest(f"{name} must be an integer >= {least}, got {value!r}")


def spread(values: Mapping[str, Any], prompts: int | None) -> list[dict[str, Any]]:
    """One mapping for each of ``prompts``; None: a single prompt, for which no setting is a list.

    >>> spread({"seed": [1, 2], "max_tokens": 9}, 2)
    [{'seed': 1, 'max_tokens': 9}, {'seed': 2, 'max_tokens': 9}]
    """
    count = 1 if prompts is None else prompts
    rows: list[dict[str, Any]] = [{} for _ in range(count)]
    for name, value in values.items():
        for row, own in zip(rows, per_row(name, value, prompts), strict=True):
            row[name] = own
    return rows


def per_row(name: str, value: Any, prompts: int | None) -> Sequence[Any]:
    """``value`` for each of ``prompts``, where it may be a list of that many."""
    if not isinstance(value, (list, tuple)):
        return [value] * (1 if prompts is None else prompts)
    if prompts is None:
        raise InvalidRequest(f"{name} is a list, one entry for each prompt, but there is a single prompt")
    if len(value) != prompts:
        raise InvalidRequest(f"{name} has {len(value)} entries for {prompts} prompts; give one for each")
    return value
