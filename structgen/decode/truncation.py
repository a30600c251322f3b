"""Narrowing a law: top-k, top-p, min-p and typical, each row of a batch with its own settings.

In the order in which they apply: top-k; top-p (nucleus, Holtzman et al. 2020) keeps the shortest list
of most probable tokens whose mass reaches it; min-p (Nguyen et al. 2024) keeps what has at least that
fraction of the best token's probability; typical (Meister et al. 2023) keeps the tokens whose surprise
is closest to the entropy, until their mass reaches it.  Each looks at what the one before left.

Knows nothing about masks: it narrows whatever weights it is given, and never to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw


def narrow(weights: Tensor, laws: Sequence[SamplingLaw]) -> Tensor:
    """Weights (B, V), not renormalised, with everything that row i's ``laws[i]`` leaves out set to 0.

    Ties are broken towards the lower id.  Cost: one sort of the rows that are narrowed.
    """
    rows = [row for row, law in enumerate(laws) if law.truncates]
    if not rows:
        return weights
    if len(rows) < len(laws):
        narrowed = weights.clone()
        narrowed[rows] = _narrow(weights[rows], [laws[row] for row in rows])
        return narrowed
    return _narrow(weights, laws)


def _narrow(weights: Tensor, laws: Sequence[SamplingLaw]) -> Tensor:
    count = weights.shape[-1]
    largest = max((law.top_k or count) for law in laws)
    if 0 < largest < count:
        values, ids = weights.topk(largest, dim=-1)
    else:
        values, ids = weights.sort(dim=-1, descending=True, stable=True)
    if any(0 < law.top_k < values.shape[-1] for law in laws):
        limit = _column([law.top_k or count for law in laws], values)
        values = values.masked_fill(torch.arange(values.shape[-1], device=values.device) >= limit, 0.0)
    if any(law.top_p < 1 for law in laws):
        values = _until_mass(values, _column([law.top_p for law in laws], values))
    if any(law.min_p > 0 for law in laws):
        least = values[:, :1] * _column([law.min_p for law in laws], values)
        values = values.masked_fill(values < least, 0.0)
    if any(law.typical_p < 1 for law in laws):
        values = _typical(values, _column([law.typical_p for law in laws], values))
    return torch.zeros_like(weights).scatter(-1, ids, values)


def _column(numbers: Sequence[float], like: Tensor) -> Tensor:
    return torch.tensor(numbers, dtype=like.dtype, device=like.device)[:, None]


def _until_mass(values: Tensor, mass: Tensor) -> Tensor:
    """Keep values from the left until their share of the row reaches ``mass`` (B, 1); 1 keeps all."""
    before = values.cumsum(-1) - values
    beyond = (before >= mass * values.sum(-1, keepdim=True)) & (mass < 1)
    return values.masked_fill(beyond, 0.0)


def _typical(values: Tensor, mass: Tensor) -> Tensor:
    p = values / values.sum(-1, keepdim=True)
    surprise = -p.clamp_min(torch.finfo(p.dtype).tiny).log()
    entropy = (p * surprise).sum(-1, keepdim=True)
    distance = (surprise - entropy).abs().masked_fill(values == 0, torch.inf)
    order = distance.sort(dim=-1, stable=True).indices
    kept = _until_mass(values.gather(-1, order), mass)
    return torch.zeros_like(values).scatter(-1, order, kept)
