"""One output of an aligned sampler, and the figures that say where it came from.

Knows nothing about models or algorithms.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Output:
    """A whole output: its tokens, the end last, each with log p and log Z at its place.

    ``log_weight``: what a weighted sampler multiplies it by towards the unnormalised law P restricted
    to L; 0 for samplers whose outputs stand for themselves.
    """

    tokens: list[int] = field(default_factory=list)
    log_p: list[float] = field(default_factory=list)
    log_z: list[float] = field(default_factory=list)
    log_weight: float = 0.0

    def add(self, token: int, log_p: float, log_z: float) -> None:
        self.tokens.append(token)
        self.log_p.append(log_p)
        self.log_z.append(log_z)

    @property
    def log_model(self) -> float:
        """log P of the whole output, its end included."""
        return sum(self.log_p)

    @property
    def log_local(self) -> float:
        """log of the probability that plain masking gives it."""
        return sum(self.log_p) - sum(self.log_z)


@dataclass
class Samples:
    """What one call of a sampler found.

    ``passes[i]`` rows went through the model for output i, the failed attempts before it included.
    ``log_mass``: log of an estimate of P(L, length <= N) where the sampler has one: exact for `exact`,
    unbiased for `smc`, `awrs` and `reject` (where a run that fails counts as 0), about right for `cars`.
    """

    outputs: list[Output]
    passes: list[int]
    attempts: int
    log_mass: float | None = None
