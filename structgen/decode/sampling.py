"""Logits and masks become tokens: one draw a row, from the local law.

Notation, per row: p is the model's law (penalties, temperature and, with ``truncate="model"``,
truncation folded in; see `law`), m the mask, Z = sum of p over the mask, p~ = p m / Z.  The token is
drawn from p~; with ``truncate="allowed"`` from p~ narrowed.

Two rules that need saying:

* Where p gives every allowed token probability 0, log Z is -inf.  If truncation did that, the draw
  is from the allowed tokens by the law before truncation, narrowed among them; if the logits
  themselves are -inf, uniformly from the allowed tokens.
* Temperature 0 takes the most probable allowed token; the figures are those of temperature 1.

A token that may not be taken after all (the budget) is followed by others in the order of
``Draws.order``: the order in which draws without replacement would bring them, so that the law is
p~ given that the token fits.  Randomness is one 64-bit float a draw from the row's own generator:
what a row draws does not depend on its neighbours.

Knows nothing about grammars; everything here runs on the device the logits are on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw
from structgen.decode.penalties import History, penalised
from structgen.decode.truncation import narrow

__all__ = ["Draws", "History", "SamplingLaw", "draw", "log_probabilities", "unpack_mask"]

Laws = SamplingLaw | Sequence[SamplingLaw]
Histories = Sequence[History | None] | None


def log_probabilities(logits: Tensor, laws: Laws, histories: Histories = None) -> Tensor:
    """log p: float32, same shape as ``logits`` (B, V), under one law or one for each row."""
    every = _each(laws, logits.shape[0])
    log_p = _before_truncation(logits, every, histories)
    return _truncated(log_p, every)


def _each(laws: Laws, count: int) -> Sequence[SamplingLaw]:
    return [laws] * count if isinstance(laws, SamplingLaw) else laws


def _before_truncation(logits: Tensor, laws: Sequence[SamplingLaw], histories: Histories) -> Tensor:
    logits = penalised(logits.float(), laws, histories)
    temperatures = [law.temperature or 1.0 for law in laws]
    if any(temperature != 1 for temperature in temperatures):
        # Shifted first: a small temperature must not overflow.
        divisors = torch.tensor(temperatures, dtype=torch.float64, device=logits.device)[:, None]
        logits = ((logits - logits.amax(-1, keepdim=True)).double() / divisors).float()
    return torch.log_softmax(logits, dim=-1)


def _truncated(log_p: Tensor, laws: Sequence[SamplingLaw]) -> Tensor:
    rows = [row for row, law in enumerate(laws) if law.truncates and law.truncate == "model"]
    if not rows:
        return log_p
    some = log_p[rows]
    kept = narrow(some.double().exp(), [laws[row] for row in rows]) > 0
    narrowed = torch.log_softmax(some.masked_fill(~kept, -math.inf), dim=-1)
    if len(rows) == len(laws):
        return narrowed
    log_p = log_p.clone()
    log_p[rows] = narrowed
    return log_p


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

    ``tokens``, ``logprobs`` (log p of the token), ``masked_logprobs`` (log p~) and ``log_z`` have one entry a
    row; ``missed`` says where p had nothing that is allowed.  A row of NaN logits is in ``broken``, and
    its other entries mean nothing.
    """

    tokens: list[int]
    logprobs: list[float]
    masked_logprobs: list[float]
    log_z: list[float]
    missed: list[bool]
    broken: list[bool]
    log_p: Tensor  # (B, V), log p
    allowed: Tensor  # (B, V), bool
    _untruncated: Tensor  # (B, V), log p before truncation
    _pick_from: Tensor  # (B, V): log p over the mask, or what replaces it where that is nothing
    _log_norm: Tensor  # (B,): its logsumexp

    def logprob(self, row: int, token: int) -> float:
        """log p of any token of a row."""
        return float(self.log_p[row, token])

    def masked_logprob(self, row: int, token: int) -> float:
        """log p~ of any token of a row."""
        return float(self._pick_from[row, token] - self._log_norm[row])

    def log_mass_of(self, row: int, tokens: list[int]) -> float:
        """log of the probability that ``tokens`` have together under p."""
        return float(torch.logsumexp(self.log_p[row, tokens].double(), dim=-1))

    def masked_log_mass_of(self, row: int, tokens: list[int]) -> float:
        """log of the probability that ``tokens`` have together under p~."""
        mass = torch.logsumexp(self._pick_from[row, tokens].double(), dim=-1)
        return float(mass - self._log_norm[row])

    def order(self, row: int, law: SamplingLaw, rng: np.random.Generator, limit: int) -> list[int]:
        """Up to ``limit`` allowed tokens in the order draws without replacement would bring them.

        An exponential race: with E_x independent and exponential, ordering the tokens by E_x / p~(x)
        is drawing them one after the other without replacement.  Greedy orders by p~.  Tokens that
        truncation leaves out come (by the same race) after the others.
        """
        ids: npt.NDArray[np.int64] = np.flatnonzero(self.allowed[row].cpu().numpy())
        log_p = self._untruncated[row].double().cpu().numpy()[ids]
        peak = log_p.max(initial=-math.inf)
        weights = np.exp(log_p - peak) if math.isfinite(peak) else np.ones(len(ids))
        if law.greedy:
            keys = -weights
        else:
            keys = rng.standard_exponential(len(ids)) / np.maximum(weights, 1e-300)
            if law.truncates:
                if law.truncate == "allowed" or self.missed[row]:
                    kept = narrow(torch.from_numpy(weights)[None], [law])[0].numpy() > 0
                else:
                    kept = np.isfinite(self.log_p[row].cpu().numpy()[ids])
                keys = np.where(kept, keys, keys + keys[kept].max(initial=0.0))
        if len(ids) > limit:
            first = np.argpartition(keys, limit - 1)[:limit]
            ids, keys = ids[first], keys[first]
        ordered: list[int] = ids[np.argsort(keys, kind="stable")].tolist()
        return ordered


def draw(
    logits: Tensor, mask: Tensor, laws: Laws, uniforms: list[float], histories: Histories = None
) -> Draws:
    """Draw one token a row.

    ``logits`` (B, V) of any float type; ``mask`` (B, ceil(width/32)) int32 words on the same device;
    ``laws``: one for all rows or one for each; ``uniforms``: one number in [0, 1) a row; ``histories``:
    where laws penalise.  Cost: a few passes over (B, V), one sort where a row truncates.
    """
    every = _each(laws, logits.shape[0])
    untruncated = _before_truncation(logits, every, histories)
    log_p = _truncated(untruncated, every)
    allowed = unpack_mask(mask, logits.shape[-1])
    pick_from = log_p.masked_fill(~allowed, -math.inf)
    log_norm = log_z = torch.logsumexp(pick_from, dim=-1)
    host_log_z: list[float] = log_z.tolist()
    broken = [math.isnan(value) for value in host_log_z]
    missed = [value == -math.inf for value in host_log_z]
    if any(missed):
        empty = torch.tensor(missed, device=logits.device)[:, None]
        pick_from = torch.where(empty, untruncated.masked_fill(~allowed, -math.inf), pick_from)
        impossible = empty & ~torch.isfinite(pick_from).any(-1, keepdim=True)
        pick_from = torch.where(impossible & allowed, 0.0, pick_from)
        log_norm = torch.logsumexp(pick_from, dim=-1)
    if any(broken):
        pick_from = pick_from.nan_to_num(nan=0.0, neginf=-math.inf)
    picked = _pick(pick_from, every, uniforms, missed)
    at = picked[:, None]
    logprobs = log_p.gather(-1, at)[:, 0].tolist()
    masked = (pick_from.gather(-1, at)[:, 0] - log_norm).tolist()
    return Draws(
        picked.tolist(),
        logprobs,
        masked,
        host_log_z,
        missed,
        broken,
        log_p,
        allowed,
        untruncated,
        pick_from,
        log_norm,
    )


def _pick(
    pick_from: Tensor, laws: Sequence[SamplingLaw], uniforms: list[float], missed: list[bool]
) -> Tensor:
    """One id a row: the best where the law is greedy, drawn elsewhere."""
    greedy = [law.greedy for law in laws]
    if all(greedy):
        return pick_from.argmax(dim=-1)
    weights = torch.softmax(pick_from.double(), dim=-1)
    late = [
        law.truncates and (law.truncate == "allowed" or lost) for law, lost in zip(laws, missed, strict=True)
    ]
    if any(late):
        rows = [row for row, wanted in enumerate(late) if wanted]
        weights[rows] = narrow(weights[rows], [laws[row] for row in rows])
    drawn = _inverse_cdf(weights, uniforms)
    if not any(greedy):
        return drawn
    return torch.where(torch.tensor(greedy, device=pick_from.device), pick_from.argmax(dim=-1), drawn)


def _inverse_cdf(weights: Tensor, uniforms: list[float]) -> Tensor:
    """One id a row, drawn in proportion to float64 weights (B, V)."""
    cumulative = weights.cumsum(-1)
    total = cumulative[:, -1:].contiguous()
    points = torch.tensor(uniforms, dtype=torch.float64, device=weights.device)[:, None] * total
    picked = torch.searchsorted(cumulative, points, right=True)
    # Rounding may put a point on the total itself: the last id with weight is meant then.
    last = torch.searchsorted(cumulative, total)
    return torch.minimum(picked, last)[:, 0]
