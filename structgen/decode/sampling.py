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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw
from structgen.decode.penalties import History, penalised
from structgen.decode.truncation import narrow

__all__ = ["Draws", "History", "SamplingLaw", "draw", "log_probabilities", "unpack_mask"]

LawsLike = SamplingLaw | Sequence[SamplingLaw]
Histories = Sequence[History | None] | None


def log_probabilities(logits: Tensor, laws: LawsLike, histories: Histories = None) -> Tensor:
    """log p: float32, same shape as ``logits`` (B, V), under one law or one for each row."""
    every = _each(laws, logits.shape[0])
    return _truncated(torch.log_softmax(_scaled(logits, every, histories), dim=-1), every)


def _each(laws: LawsLike, count: int) -> Sequence[SamplingLaw]:
    return [laws] * count if isinstance(laws, SamplingLaw) else laws


def _scaled(logits: Tensor, laws: Sequence[SamplingLaw], histories: Histories) -> Tensor:
    """float32 logits under penalties and temperature, up to a constant in each row."""
    logits = penalised(logits.float(), laws, histories)
    temperatures = [law.temperature or 1.0 for law in laws]
    if all(temperature == 1 for temperature in temperatures):
        return logits
    # Shifted first: a small temperature must not overflow.  Beyond the bounds nothing changes any more.
    divisors = [min(max(temperature, 1e-37), 3e38) for temperature in temperatures]
    shifted = logits - logits.amax(-1, keepdim=True)
    return shifted.div_(torch.tensor(divisors, dtype=torch.float32, device=logits.device)[:, None])


def _truncated(log_p: Tensor, laws: Sequence[SamplingLaw]) -> Tensor:
    """The same, up to a constant in each row, with what truncation before the mask leaves out at -inf."""
    rows = [row for row, law in enumerate(laws) if law.truncates and law.truncate == "model"]
    if not rows:
        return log_p
    some = log_p[rows]
    kept = narrow(torch.softmax(some.double(), dim=-1), [laws[row] for row in rows]) > 0
    narrowed = torch.log_softmax(some.masked_fill(~kept, -math.inf), dim=-1)
    if len(rows) == len(laws):
        return narrowed
    log_p = log_p.clone()
    log_p[rows] = narrowed
    return log_p


def unpack_mask(words: Tensor, width: int) -> Tensor:
    """Packed int32 words (B, ceil(V/32)) as bool (B, ``width``); ids beyond the words are False."""
    return mask_bias(words, width) == 0


def mask_bias(words: Tensor, width: int) -> Tensor:
    """Packed words (B, ceil(V/32)) as what to add to logits: float32 (B, ``width``), 0 or -inf.

    Eight ids a table look-up: several times faster than choosing between two values for each id.
    """
    if words.device.type == "cpu":
        bytes_ = words.contiguous().numpy().view(np.uint8)
        bias = torch.from_numpy(_BIAS_OF_BYTE.take(bytes_, axis=0).reshape(len(bytes_), -1))
    else:
        table = torch.from_numpy(_BIAS_OF_BYTE).to(words.device)
        bias = table[words.contiguous().view(torch.uint8).long()].flatten(-2)
    if bias.shape[-1] < width:
        bias = torch.nn.functional.pad(bias, (0, width - bias.shape[-1]), value=-math.inf)
    return bias[..., :width]


_BIAS_OF_BYTE = np.where(
    np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little"), 0.0, -np.inf
).astype(np.float32)


@dataclass
class Laws:
    """The laws of one step as logarithms, each row up to the constant that its norm takes away."""

    untruncated: Tensor  # (B, V), p before truncation
    narrowed: Tensor  # (B, V), p
    norm: Tensor  # (B,), its logsumexp
    bias: Tensor  # (B, V), 0 where allowed, else -inf
    allowed: Tensor  # (B, V), p over the mask, or what replaces it where that is nothing
    allowed_norm: Tensor  # (B,), its logsumexp
    weights: Tensor  # (B, V), proportional to exp(allowed) in each row


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
    _find_laws: Callable[[], Laws]

    @cached_property
    def _laws(self) -> Laws:
        return self._find_laws()

    def log_p(self, row: int) -> Tensor:
        """log p (V,) of every token."""
        return self._laws.narrowed[row] - self._laws.norm[row]

    def logprob(self, row: int, token: int) -> float:
        """log p of any token of a row."""
        return float(self._laws.narrowed[row, token] - self._laws.norm[row])

    def masked_logprob(self, row: int, token: int) -> float:
        """log p~ of any token of a row."""
        return float(self._laws.allowed[row, token] - self._laws.allowed_norm[row])

    def log_mass_of(self, row: int, tokens: list[int]) -> float:
        """log of the probability that ``tokens`` have together under p."""
        mass = torch.logsumexp(self._laws.narrowed[row, tokens].double(), dim=-1)
        return float(mass - self._laws.norm[row])

    def masked_log_mass_of(self, row: int, tokens: list[int]) -> float:
        """log of the probability that ``tokens`` have together under p~."""
        mass = torch.logsumexp(self._laws.allowed[row, tokens].double(), dim=-1)
        return float(mass - self._laws.allowed_norm[row])

    def order(self, row: int, law: SamplingLaw, rng: np.random.Generator, limit: int) -> list[int]:
        """Up to ``limit`` allowed tokens in the order draws without replacement would bring them.

        An exponential race: with E_x independent and exponential, ordering the tokens by E_x / p~(x)
        is drawing them one after the other without replacement.  Greedy orders by p~.  Tokens that
        truncation leaves out come (by the same race) after the others.
        """
        laws = self._laws
        ids: npt.NDArray[np.int64] = np.flatnonzero(laws.bias[row].cpu().numpy() == 0)
        log_p = laws.untruncated[row].double().cpu().numpy()[ids]
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
                    kept = np.isfinite(laws.narrowed[row].cpu().numpy()[ids])
                keys = np.where(kept, keys, keys + keys[kept].max(initial=0.0))
        if len(ids) > limit:
            first = np.argpartition(keys, limit - 1)[:limit]
            ids, keys = ids[first], keys[first]
        ordered: list[int] = ids[np.argsort(keys, kind="stable")].tolist()
        return ordered


Fused = list[list[float]]
"""Tokens, log p, log p~ and log Z, a list of each: what a fused step answers."""
FusedStep = Callable[[Tensor, Tensor, Sequence[SamplingLaw], Sequence[float]], Fused | None]
_fused: dict[str, FusedStep] = {}


def set_fused(device: str, step: FusedStep | None) -> None:
    """Let ``step`` draw on devices of this kind, where it can (None: nobody but this module does)."""
    if step is None:
        _fused.pop(device, None)
    else:
        _fused[device] = step


def draw(
    logits: Tensor, mask: Tensor, laws: LawsLike, uniforms: list[float], histories: Histories = None
) -> Draws:
    """Draw one token a row.

    ``logits`` (B, V) of any float type; ``mask`` (B, ceil(width/32)) int32 words on the same device or on the
    host; ``laws``: one for all rows or one for each; ``uniforms``: one number in [0, 1) a row; ``histories``:
    where laws penalise.  Cost: a few passes over (B, V), one sort where a row truncates.
    """
    every = _each(laws, logits.shape[0])
    step = _fused.get(logits.device.type)
    if step is not None and mask.device.type == "cpu":
        found = step(penalised(logits, every, histories), mask, every, uniforms)
        if found is not None and all(math.isfinite(log_z) for log_z in found[3]):
            return _draws(found, lambda: _laws_of(logits, mask, every, histories))
    return draw_plainly(logits, mask, every, uniforms, histories)


def draw_plainly(
    logits: Tensor,
    mask: Tensor,
    every: Sequence[SamplingLaw],
    uniforms: list[float],
    histories: Histories = None,
) -> Draws:
    """The same by torch, whatever else could do it; a law for each row."""
    known = _laws_of(logits, mask, every, histories)
    drawn = _drawn(known, every, uniforms, [False] * len(every))
    log_z = drawn[3]
    missed = [value == -math.inf for value in log_z]
    if any(missed) or any(math.isnan(value) for value in log_z):
        drawn = [*_drawn(_replaced(known, missed), every, uniforms, missed)[:3], log_z]
    return _draws(drawn, lambda: known)


def _draws(drawn: Fused, find_laws: Callable[[], Laws]) -> Draws:
    tokens, logprobs, masked, log_z = drawn
    missed = [value == -math.inf for value in log_z]
    broken = [math.isnan(value) for value in log_z]
    return Draws([int(token) for token in tokens], logprobs, masked, log_z, missed, broken, find_laws)


def _laws_of(logits: Tensor, mask: Tensor, laws: Sequence[SamplingLaw], histories: Histories) -> Laws:
    untruncated = _scaled(logits, laws, histories)
    narrowed = _truncated(untruncated, laws)
    bias = mask_bias(mask.to(logits.device), logits.shape[-1])
    allowed = narrowed + bias
    weights, allowed_norm = _weigh(allowed)
    return Laws(untruncated, narrowed, _weigh(narrowed)[1], bias, allowed, allowed_norm, weights)


def _weigh(log_weights: Tensor) -> tuple[Tensor, Tensor]:
    """Weights (B, V) relative to the largest of each row, and the logsumexp (B,).

    By exp2: on CPUs torch's exp and logsumexp take several times as long where many values are -inf,
    that is, under masks.
    """
    peak = log_weights.amax(-1, keepdim=True).clamp_(min=torch.finfo(log_weights.dtype).min)
    weights = (log_weights - peak).mul_(_LOG2_E).exp2_()
    return weights, weights.sum(-1).log_().add_(peak[:, 0])


_LOG2_E = 1 / math.log(2)


def _replaced(laws: Laws, missed: list[bool]) -> Laws:
    """In place: where the law leaves nothing that is allowed, what is drawn from instead; no NaN."""
    empty = torch.tensor(missed, device=laws.bias.device)[:, None]
    allowed = torch.where(empty, laws.untruncated + laws.bias, laws.allowed)
    impossible = empty & ~torch.isfinite(allowed).any(-1, keepdim=True)
    laws.allowed = torch.where(impossible, laws.bias, allowed).nan_to_num(nan=0.0, neginf=-math.inf)
    laws.weights, laws.allowed_norm = _weigh(laws.allowed)
    return laws


def _drawn(found: Laws, laws: Sequence[SamplingLaw], uniforms: list[float], missed: list[bool]) -> Fused:
    """Token, log p, log p~ and log Z of each row; one transfer to the host."""
    picked = _pick(found, laws, uniforms, missed)
    at = picked[:, None]
    # A norm that is not a number, or infinite, means logits that are: NaN then, whatever Z is.
    norm = torch.where(torch.isfinite(found.norm), found.norm, math.nan)
    figures = [
        picked,
        found.narrowed.gather(-1, at)[:, 0] - norm,
        found.allowed.gather(-1, at)[:, 0] - found.allowed_norm,
        found.allowed_norm - norm,
    ]
    rows: Fused = torch.stack([figure.double() for figure in figures]).tolist()
    return rows


def _pick(found: Laws, laws: Sequence[SamplingLaw], uniforms: list[float], missed: list[bool]) -> Tensor:
    """One id a row: the best where the law is greedy, drawn elsewhere."""
    greedy = [law.greedy for law in laws]
    if all(greedy):
        return found.allowed.argmax(dim=-1)
    weights = found.weights
    late = [
        law.truncates and (law.truncate == "allowed" or lost) for law, lost in zip(laws, missed, strict=True)
    ]
    if any(late):
        rows = [row for row, wanted in enumerate(late) if wanted]
        narrowed = narrow(weights[rows].double(), [laws[row] for row in rows])
        weights = weights.double()
        weights[rows] = narrowed
    drawn = _inverse_cdf(weights, uniforms)
    if not any(greedy):
        return drawn
    return torch.where(torch.tensor(greedy, device=weights.device), found.allowed.argmax(dim=-1), drawn)


def _inverse_cdf(weights: Tensor, uniforms: list[float]) -> Tensor:
    """One id a row, drawn in proportion to weights (B, V); sums are of float64.

    First a block of ids, then one of them: cumulative sums of blocks are short.
    """
    rows, width = weights.shape
    missing = -width % _BLOCK
    if missing:
        weights = torch.nn.functional.pad(weights, (0, missing))
    blocks = weights.view(rows, -1, _BLOCK)
    reached = blocks.sum(-1, dtype=torch.float64).cumsum(-1)
    points = torch.tensor(uniforms, dtype=torch.float64, device=weights.device)[:, None] * reached[:, -1:]
    block = _first_beyond(reached, points)
    before = torch.where(block > 0, reached.gather(-1, (block - 1).clamp_min(0)), 0.0)
    inside = blocks.gather(1, block[:, :, None].expand(-1, 1, _BLOCK))[:, 0]
    place = _first_beyond(inside.cumsum(-1, dtype=torch.float64), points - before)
    return (block * _BLOCK + place)[:, 0].clamp_(max=width - 1)  # NaN is beyond all


_BLOCK = 256


def _first_beyond(reached: Tensor, points: Tensor) -> Tensor:
    """The first place of each row whose cumulative weight exceeds the row's point."""
    found = torch.searchsorted(reached, points, right=True)
    # Rounding may put a point on the total itself: the last place with weight is meant then.
    last = torch.searchsorted(reached, reached[:, -1:].contiguous())
    return torch.minimum(found, last).clamp_(max=reached.shape[-1] - 1)
