"""Logits and masks become tokens: one draw a row, from the local law.

Notation, per row: p = softmax(logits / temperature), m the mask, Z = sum of p over the mask,
p~ = p m / Z.  The token is drawn from p~, narrowed by top-k and then top-p where they are given.

Two rules that need saying:

* Truncation looks at p~, not at p: an allowed token always remains, and what a user asks with
  ``top_k=50`` is fifty candidates that are possible.  Log-probabilities and log Z are of the
  untruncated p, so that log p - log Z = log p~ holds for every token, truncated or not.
* Temperature 0 takes the most probable allowed token; the figures are those of temperature 1.

A token that may not be taken after all (the budget) is followed by others in the order of
``Draw.order``: the order in which draws without replacement would bring them, so that the law is
p~ given that the token fits.  Randomness is one 64-bit float a draw from the row's own generator:
what a row draws does not depend on its neighbours.

Knows nothing about grammars; everything here runs on the device the logits are on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from structgen.errors import InvalidRequest, StructgenError


@dataclass(frozen=True)
class SamplingLaw:
    """How a token is chosen from the allowed ones.

    ``temperature`` >= 0 (0: the most probable), 0 < ``top_p`` <= 1 (1: off), ``top_k`` >= 0 (0: off).
    Raises InvalidRequest naming the parameter that is out of its range.
    """

    temperature: float = 0.7
    top_p: float = 1.0
    top_k: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature >= 0):
            raise InvalidRequest(f"temperature must be a finite number >= 0, got {self.temperature!r}")
        if not 0 < self.top_p <= 1:
            raise InvalidRequest(f"top_p must be above 0 and at most 1, got {self.top_p!r}")
        if isinstance(self.top_k, float) or self.top_k < 0:
            raise InvalidRequest(f"top_k must be an integer >= 0 (0: off), got {self.top_k!r}")

    @property
    def greedy(self) -> bool:
        return self.temperature == 0

    @property
    def truncates(self) -> bool:
        return self.top_p < 1 or self.top_k > 0


def log_probabilities(logits: Tensor, law: SamplingLaw) -> Tensor:
    """log p: float32, same shape as ``logits`` (..., V)."""
    logits = logits.float()
    if law.temperature not in (0, 1):
        # Shifted first: a small temperature must not overflow.
        logits = (logits - logits.amax(-1, keepdim=True)) / law.temperature
    return torch.log_softmax(logits, dim=-1)


def unpack_mask(words: Tensor, width: int) -> Tensor:
    """Packed int32 words (B, ceil(V/32)) as bool (B, ``width``); ids beyond the words are False."""
    shifts = torch.arange(32, device=words.device, dtype=torch.int32)
    bits = ((words.unsqueeze(-1) >> shifts) & 1).flatten(-2).bool()
    if bits.shape[-1] < width:
        bits = torch.nn.functional.pad(bits, (0, width - bits.shape[-1]))
    return bits[..., :width]


@dataclass
class Draws:
    """What one step drew: a token a row and the figures that go with it, on the host.

    ``tokens``, ``logprobs`` (log p of the token) and ``log_z`` have one entry a row.
    """

    tokens: list[int]
    logprobs: list[float]
    log_z: list[float]
    log_p: Tensor  # (B, V), log p
    allowed: Tensor  # (B, V), bool

    def logprob(self, row: int, token: int) -> float:
        """log p of any token of a row."""
        return float(self.log_p[row, token])

    def log_mass_of(self, row: int, tokens: list[int]) -> float:
        """log of the probability that ``tokens`` have together."""
        return float(torch.logsumexp(self.log_p[row, tokens].double(), dim=-1))

    def order(self, row: int, law: SamplingLaw, rng: np.random.Generator, limit: int) -> list[int]:
        """Up to ``limit`` allowed tokens in the order draws without replacement would bring them.

        An exponential race: with E_x independent and exponential, ordering the tokens by E_x / p~(x)
        is drawing them one after the other without replacement.  Greedy orders by p~.  With
        truncation, the tokens it keeps come first, the others (by the same race) after them.
        """
        ids: npt.NDArray[np.int64] = np.flatnonzero(self.allowed[row].cpu().numpy())
        log_p = self.log_p[row].double().cpu().numpy()[ids]
        peak = log_p.max(initial=-math.inf)
        weights = np.exp(log_p - peak) if math.isfinite(peak) else np.ones(len(ids))
        if law.greedy:
            keys = -weights
        else:
            keys = rng.standard_exponential(len(ids)) / np.maximum(weights, 1e-300)
            if law.truncates:
                kept = _truncate(torch.from_numpy(weights)[None], law)[0].numpy() > 0
                keys = np.where(kept, keys, keys + keys[kept].max(initial=0.0))
        if len(ids) > limit:
            first = np.argpartition(keys, limit - 1)[:limit]
            ids, keys = ids[first], keys[first]
        ordered: list[int] = ids[np.argsort(keys, kind="stable")].tolist()
        return ordered


def draw(logits: Tensor, mask: Tensor, law: SamplingLaw, uniforms: list[float]) -> Draws:
    """Draw one token a row.

    ``logits`` (B, V) of any float type; ``mask`` (B, ceil(width/32)) int32 words on the same device;
    ``uniforms``: one number in [0, 1) a row.  A row whose allowed tokens all have probability 0
    (logits of -inf) is drawn uniformly from them, with log Z = -inf.
    Raises StructgenError when the model returned NaN.  Cost: a few passes over (B, V).
    """
    log_p = log_probabilities(logits, law)
    allowed = unpack_mask(mask, logits.shape[-1])
    log_allowed = log_p.masked_fill(~allowed, -math.inf)
    log_z = torch.logsumexp(log_allowed, dim=-1)
    host_log_z: list[float] = log_z.tolist()
    if any(math.isnan(value) for value in host_log_z):
        raise StructgenError(
            "the model returned NaN instead of logits; check its weights and its floating-point type"
        )
    pick_from = log_allowed
    if -math.inf in host_log_z:
        dead = torch.isinf(log_z)[:, None]
        pick_from = torch.where(dead & allowed, 0.0, log_allowed)
    if law.greedy:
        picked = pick_from.argmax(dim=-1)
    else:
        weights = torch.softmax(pick_from.double(), dim=-1)
        picked = _inverse_cdf(_truncate(weights, law), uniforms)
    logprobs = log_p.gather(-1, picked[:, None])[:, 0]
    return Draws(picked.tolist(), logprobs.tolist(), host_log_z, log_p, allowed)


def _truncate(weights: Tensor, law: SamplingLaw) -> Tensor:
    """Weights (B, V), not renormalised, with everything outside top-k, then top-p, set to 0.

    Top-p keeps the shortest list of most probable tokens whose mass reaches top_p.
    """
    if not law.truncates:
        return weights
    count = weights.shape[-1]
    if 0 < law.top_k < count:
        values, ids = weights.topk(law.top_k, dim=-1)
    else:
        values, ids = weights.sort(dim=-1, descending=True, stable=True)
    if law.top_p < 1:
        before = values.cumsum(-1) - values
        values = values.masked_fill(before >= law.top_p * values.sum(-1, keepdim=True), 0.0)
    return torch.zeros_like(weights).scatter(-1, ids, values)


def truncated(log_p: Tensor, law: SamplingLaw) -> Tensor:
    """log p (B, V) narrowed by top-k, then top-p, and renormalised: truncation as part of p."""
    kept = _truncate(log_p.double().exp(), law)
    return (kept / kept.sum(-1, keepdim=True)).log()


def _inverse_cdf(weights: Tensor, uniforms: list[float]) -> Tensor:
    """One id a row, drawn in proportion to float64 weights (B, V)."""
    cumulative = weights.cumsum(-1)
    total = cumulative[:, -1:].contiguous()
    points = torch.tensor(uniforms, dtype=torch.float64, device=weights.device)[:, None] * total
    picked = torch.searchsorted(cumulative, points, right=True)
    # Rounding may put a point on the total itself: the last id with weight is meant then.
    last = torch.searchsorted(cumulative, total)
    return torch.minimum(picked, last)[:, 0]
