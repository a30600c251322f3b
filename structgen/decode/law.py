"""How a token is chosen: the settings of one output, checked when they are made.

They say two things.  What the model's law p is: penalties and bias on the logits, then the
temperature, then truncation.  And where truncation looks:

* ``truncate="model"`` (default): top-k, top-p, min-p and typical narrow p *before* the mask, as if
  the model had been sampled freely.  They are part of p: log-probabilities and log Z are those of the
  narrowed law, and exp(log_mass) is an exact weight towards it.  Where no token that survives is allowed,
  log Z is -inf and the draw is narrowed among the allowed tokens instead (``stats.truncation_misses``).
* ``truncate="allowed"``: they narrow what the mask leaves, so ``top_k=50`` is fifty candidates that are
  possible.  Log-probabilities and log Z stay those of the p that is not narrowed.

Knows nothing about tensors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from structgen.errors import InvalidRequest

Truncate = Literal["model", "allowed"]


@dataclass(frozen=True)
class SamplingLaw:
    """The law of one output's draws.

    ``temperature`` >= 0; 0 takes the most probable allowed token, ignores truncation, and its figures are
    those of temperature 1.  ``top_k`` >= 0 (0: off), 0 < ``top_p`` <= 1 (1: off), 0 <= ``min_p`` <= 1
    (0: off; keeps tokens of at least that fraction of the best one's probability), 0 < ``typical_p`` <= 1
    (1: off; keeps the tokens whose surprise is closest to the entropy).  ``repetition_penalty`` > 0
    divides the positive logits of every token of prompt and output and multiplies the negative ones;
    ``presence_penalty`` and ``frequency_penalty`` are subtracted from the logits of the output's tokens,
    once and once an occurrence.  ``logit_bias``: token id to what is added to its logit.
    Raises InvalidRequest naming the parameter that is out of its range.

    >>> SamplingLaw(top_p=0)
    Traceback (most recent call last):
    structgen.errors.InvalidRequest: top_p must be above 0 and at most 1, got 0
    """

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] | None = None
    truncate: Truncate = "model"

    def __post_init__(self) -> None:
        if not _finite(self.temperature) or self.temperature < 0:
            raise InvalidRequest(f"temperature must be a finite number >= 0, got {self.temperature!r}")
        for name in ("top_p", "typical_p"):
            value = getattr(self, name)
            if not _finite(value) or not 0 < value <= 1:
                raise InvalidRequest(f"{name} must be above 0 and at most 1, got {value!r}")
        if isinstance(self.top_k, (bool, float)) or not isinstance(self.top_k, int) or self.top_k < 0:
            raise InvalidRequest(f"top_k must be an integer >= 0 (0: off), got {self.top_k!r}")
        if not _finite(self.min_p) or not 0 <= self.min_p <= 1:
            raise InvalidRequest(f"min_p must be between 0 and 1, got {self.min_p!r}")
        if not _finite(self.repetition_penalty) or self.repetition_penalty <= 0:
            raise InvalidRequest(f"repetition_penalty must be above 0, got {self.repetition_penalty!r}")
        for name in ("presence_penalty", "frequency_penalty"):
            if not _finite(getattr(self, name)):
                raise InvalidRequest(f"{name} must be a finite number, got {getattr(self, name)!r}")
        if self.truncate not in ("model", "allowed"):
            raise InvalidRequest(f"truncate must be 'model' or 'allowed', got {self.truncate!r}")
        for token, bias in (self.logit_bias or {}).items():
            if isinstance(token, bool) or not isinstance(token, int) or token < 0:
                raise InvalidRequest(f"logit_bias names tokens by their ids, got {token!r}")
            if not isinstance(bias, (int, float)) or math.isnan(bias) or bias == math.inf:
                raise InvalidRequest(f"logit_bias[{token}] must be a number or -inf, got {bias!r}")

    @property
    def greedy(self) -> bool:
        return self.temperature == 0

    @property
    def truncates(self) -> bool:
        """Whether some truncation is on; never when greedy."""
        narrows = self.top_p < 1 or self.top_k > 0 or self.min_p > 0 or self.typical_p < 1
        return narrows and not self.greedy

    @property
    def penalises(self) -> bool:
        """Whether logits depend on what came before, or are biased."""
        return bool(self.looks_back or self.logit_bias)

    @property
    def looks_back(self) -> bool:
        """Whether logits depend on what came before."""
        return bool(self.repetition_penalty != 1 or self.presence_penalty or self.frequency_penalty)


def _finite(value: object) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
