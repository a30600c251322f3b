"""The fused step: packed mask, temperature, truncation among what is allowed, and one draw a row.

One program a row reads the logits a few times and writes three numbers; the plain path (`decode.sampling`)
unpacks the mask and writes several tensors of the logits' size.  Without truncation that is four
readings: peaks; sums; the draw, by the inverse of the cumulative distribution.  A truncation adds a bisection
for the threshold: ``_STEPS`` readings each.

Truncation is by a threshold on the probability, so tokens that tie at the boundary are all kept, where
the plain path keeps those of lower ids.  Sums are of float32 in blocks: where a uniform number falls within
rounding of a boundary between two tokens, the neighbour may be drawn.

Knows nothing about rows, budgets or grammars.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_BLOCK = 1024
_STEPS = 30
_FLOOR = -80.0  # log of a fraction of the best token's probability below which nothing is told apart


def masked_sample(
    logits: Tensor, mask: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor, uniforms: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Token (int64), log p of it and log Z, one a row.

    ``logits`` (B, V) float, rows contiguous; ``mask`` (B, words) int32 on the same device; ``temperature``
    (B,) float32, 0: the most probable allowed token, with the figures of temperature 1; ``top_k`` (B,)
    int32, 0: off; ``top_p`` (B,) float32, 1: off; ``uniforms`` (B,) float32 in [0, 1).  A row whose mask
    is empty, or whose allowed tokens all have probability 0, gives token -1 and log Z = -inf.
    """
    rows, width = logits.shape
    tokens = torch.empty(rows, dtype=torch.int64, device=logits.device)
    logprobs = torch.empty(rows, dtype=torch.float32, device=logits.device)
    log_z = torch.empty(rows, dtype=torch.float32, device=logits.device)
    _kernel[(rows,)](
        logits,
        mask,
        temperature,
        top_k,
        top_p,
        uniforms,
        tokens,
        logprobs,
        log_z,
        width,
        mask.shape[1],
        logits.stride(0),
        mask.stride(0),
        BLOCK=_BLOCK,
        STEPS=_STEPS,
        FLOOR=_FLOOR,
    )
    return tokens, logprobs, log_z


def masked_sample_reference(
    logits: Tensor, mask: Tensor, temperature: Tensor, top_k: Tensor, top_p: Tensor, uniforms: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The same in torch, in float64."""
    width = logits.shape[-1]
    bits = (mask.unsqueeze(-1) >> torch.arange(32, device=mask.device)) & 1
    allowed = torch.nn.functional.pad(bits.flatten(-2), (0, max(0, width - bits[0].numel())))[
        :, :width
    ].bool()
    scale = torch.where(temperature == 0, 1.0, temperature).double()[:, None]
    log_p = torch.log_softmax(logits.double() / scale, dim=-1)
    inside = log_p.masked_fill(~allowed, -torch.inf)
    log_z = torch.logsumexp(inside, dim=-1)
    weights = (inside - inside.amax(-1, keepdim=True)).exp().nan_to_num(0.0)
    tokens = torch.full((len(logits),), -1, dtype=torch.int64, device=logits.device)
    for row in range(len(logits)):
        kept = weights[row]
        if not kept.sum():
            continue
        if temperature[row] == 0:
            tokens[row] = kept.argmax()
            continue
        if top_k[row]:
            least = kept.topk(min(int(top_k[row]), width)).values[-1]
            kept = kept.where(kept >= least, 0.0)
        if top_p[row] < 1:
            ranked = kept.sort(descending=True).values
            before = ranked.cumsum(0) - ranked
            least = ranked[before < float(top_p[row]) * ranked.sum()][-1]
            kept = kept.where(kept >= least, 0.0)
        reached = kept.cumsum(0)
        tokens[row] = torch.searchsorted(reached, float(uniforms[row]) * reached[-1:], right=True)[0]
    found = log_p.gather(-1, tokens.clamp_min(0)[:, None])[:, 0]
    return tokens, found.where(tokens >= 0, -torch.inf).float(), log_z.float()


@triton.jit  # type: ignore[untyped-decorator]  # kernels are typed by what they are launched with
def _load(logits, mask, start, width, words, inverse, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """Scaled logits of one block, and which of them are allowed."""
    place = start + tl.arange(0, BLOCK)
    z = tl.load(logits + place, mask=place < width, other=-float("inf")).to(tl.float32) * inverse
    word = tl.load(mask + place // 32, mask=(place < width) & (place // 32 < words), other=0)
    return z, ((word >> (place % 32)) & 1) != 0


@triton.jit  # type: ignore[untyped-decorator]
def _kernel(  # type: ignore[no-untyped-def]
    logits,
    mask,
    temperature,
    top_k,
    top_p,
    uniforms,
    tokens,
    logprobs,
    log_z,
    width,
    words,
    logits_stride,
    mask_stride,
    BLOCK: tl.constexpr,
    STEPS: tl.constexpr,
    FLOOR: tl.constexpr,
):
    row = tl.program_id(0)
    logits += row * logits_stride
    mask += row * mask_stride
    heat = tl.load(temperature + row)
    inverse = 1.0 / tl.where(heat == 0.0, 1.0, heat)

    # 1. The largest logit of all, and the largest allowed one with its place.
    peak_all = -float("inf")
    peak = -float("inf")
    best = -1
    for start in range(0, width, BLOCK):
        z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
        peak_all = tl.maximum(peak_all, tl.max(z, axis=0))
        inside = tl.where(allowed, z, -float("inf"))
        here = tl.max(inside, axis=0)
        if here > peak:
            peak = here
            best = start + tl.argmax(inside, axis=0)

    # 2. Sums relative to these: the normaliser of p, and the mass of what is allowed.
    total = 0.0
    mass = 0.0
    for start in range(0, width, BLOCK):
        z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
        total += tl.sum(tl.exp(z - peak_all), axis=0)
        mass += tl.sum(tl.where(allowed & (best >= 0), tl.exp(z - peak), 0.0), axis=0)
    log_norm = peak_all + tl.log(total)

    # 3. Thresholds, as distances below the peak: the highest that keeps k tokens, then the mass asked for.
    threshold = -float("inf")
    count_wanted = tl.load(top_k + row)
    if (count_wanted > 0) & (best >= 0):
        low = FLOOR
        high = 0.000001
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            count = 0
            for start in range(0, width, BLOCK):
                z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
                count += tl.sum((allowed & (z - peak >= middle)).to(tl.int32), axis=0)
            enough = count >= count_wanted
            low = tl.where(enough, middle, low)
            high = tl.where(enough, high, middle)
        threshold = tl.where(low > FLOOR, low, -float("inf"))
    share = tl.load(top_p + row)
    if (share < 1.0) & (best >= 0):
        reference = 0.0
        for start in range(0, width, BLOCK):
            z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
            reference += tl.sum(tl.where(allowed & (z - peak >= threshold), tl.exp(z - peak), 0.0), axis=0)
        low = tl.maximum(threshold, FLOOR)
        high = 0.000001
        for _ in range(STEPS):
            middle = 0.5 * (low + high)
            above = 0.0
            for start in range(0, width, BLOCK):
                z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
                above += tl.sum(tl.where(allowed & (z - peak >= middle), tl.exp(z - peak), 0.0), axis=0)
            enough = above >= share * reference
            low = tl.where(enough, middle, low)
            high = tl.where(enough, high, middle)
        threshold = tl.where(low > FLOOR, low, threshold)

    # 4. The draw: the first token whose cumulative weight exceeds the uniform share of what is kept.
    token = best
    if (heat > 0.0) & (best >= 0):
        kept = 0.0
        for start in range(0, width, BLOCK):
            z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
            kept += tl.sum(tl.where(allowed & (z - peak >= threshold), tl.exp(z - peak), 0.0), axis=0)
        target = tl.load(uniforms + row) * kept
        reached = 0.0
        found = -1
        for start in range(0, width, BLOCK):
            z, allowed = _load(logits, mask, start, width, words, inverse, BLOCK)
            weight = tl.where(allowed & (z - peak >= threshold), tl.exp(z - peak), 0.0)
            cumulative = reached + tl.cumsum(weight, axis=0)
            over = (cumulative > target) & (weight > 0.0)
            first = tl.min(tl.where(over, start + tl.arange(0, BLOCK), width), axis=0)
            found = tl.where((found < 0) & (first < width), first, found)
            reached += tl.sum(weight, axis=0)
        token = tl.where(found >= 0, found, best)  # rounding may put the target on the total itself

    chosen = tl.load(logits + tl.maximum(token, 0)).to(tl.float32) * inverse
    tl.store(tokens + row, token)
    tl.store(logprobs + row, tl.where(token >= 0, chosen - log_norm, -float("inf")))
    tl.store(log_z + row, tl.where(best >= 0, peak + tl.log(mass) - log_norm, -float("inf")))
