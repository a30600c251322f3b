"""What a generation loop hands back, whoever's loop it is."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Output"]


@dataclass
class Output:
    """What a loop wrote: tokens, passes through the model, when the first token stood, when all did."""

    tokens: list[int] = field(default_factory=list)
    passes: int = 0
    first: float = 0.0
    seconds: float = 0.0
    ended: bool = False
