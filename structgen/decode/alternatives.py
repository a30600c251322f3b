"""What else could have come at a step: the most probable tokens by p, and the entropy of p.

Knows nothing about rows or grammars.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from structgen.decode.result import Alternative


def describe(
    log_p: Tensor, count: int, masked_logprob: Callable[[int], float | None]
) -> tuple[list[Alternative], float]:
    """The ``count`` best tokens of one row of log p (V,), and its entropy in nats.

    ``masked_logprob`` tells log p~ of a token; None stands for a token that is not allowed.
    """
    log_p = log_p.double()
    entropy = float(-(log_p.exp() * log_p.masked_fill(torch.isinf(log_p), 0.0)).sum())
    best = log_p.topk(min(count, log_p.shape[-1]))
    found = []
    for token, logprob in zip(best.indices.tolist(), best.values.tolist(), strict=True):
        masked = masked_logprob(token)
        found.append(Alternative(token, logprob, -math.inf if masked is None else masked))
    return found, entropy
