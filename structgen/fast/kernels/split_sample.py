"""The fused step for laws without truncation: packed mask, temperature and one draw; logits are read once.

`masked_sample` gives a row to one program, so a small batch leaves a device idle.  Here a row is split among
many: the first kernel reads each part once and leaves five numbers of it (peak and sum of all; peak, place
and sum of what is allowed); the second combines them, chooses a part by its share of the mass, and reads
only that part again to find the token.  Bytes moved: logits and masks once, and 1/splits of them again.

Masks are rows of a pool, addressed by index (`structgen.fast.mask_pool`): equal masks are on the device once.

Sums are of float32 in blocks: where a uniform number falls within rounding of a boundary between two tokens,
the neighbour may be drawn.  Knows nothing about rows, budgets or grammars.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

from structgen.fast.kernels.masked_sample import masked_sample_reference

_BLOCK = 1024
_PROGRAMS = 1024
"""How many programs a step is split into: enough for every multiprocessor of a large device to have some."""
_MOST_SPLITS = 128


def split_sample(
    logits: Tensor, pool: Tensor, index: Tensor, temperature: Tensor, uniforms: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Token (int64), log p of it and log Z, one a row.

    ``logits`` (B, V) float, rows contiguous; ``pool`` (N, words) int32 and ``index`` (B,) int32: row i has
    the mask ``pool[index[i]]``; ``temperature`` (B,) float32, 0: the most probable allowed token, with the
    figures of temperature 1; ``uniforms`` (B,) float32 in [0, 1).  A row whose mask is empty, or whose
    allowed tokens all have probability 0, gives token -1 and log Z = -inf; NaN logits give NaN figures.
    """
    rows, width = logits.shape
    blocks = triton.cdiv(width, _BLOCK)
    splits = triton.next_power_of_2(max(1, min(_MOST_SPLITS, blocks, _PROGRAMS // max(1, rows))))
    span = triton.cdiv(blocks, splits) * _BLOCK
    device = logits.device
    partial = torch.empty((4, rows, splits), dtype=torch.float32, device=device)
    place = torch.empty((rows, splits), dtype=torch.int32, device=device)
    tokens = torch.empty(rows, dtype=torch.int64, device=device)
    figures = torch.empty((2, rows), dtype=torch.float32, device=device)
    shape = (width, pool.shape[1], logits.stride(0), pool.stride(0), rows * splits)
    _parts[(rows, splits)](logits, pool, index, temperature, partial, place, *shape, SPAN=span, BLOCK=_BLOCK)
    _choice[(rows,)](
        logits,
        pool,
        index,
        temperature,
        uniforms,
        partial,
        place,
        tokens,
        figures,
        *shape,
        rows,
        SPAN=span,
        BLOCK=_BLOCK,
        SPLITS=splits,
    )
    return tokens, figures[0], figures[1]


def split_sample_reference(
    logits: Tensor, pool: Tensor, index: Tensor, temperature: Tensor, uniforms: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """The same in torch, in float64."""
    none = torch.zeros(len(logits), dtype=torch.int32, device=logits.device)
    every = torch.ones(len(logits), dtype=torch.float32, device=logits.device)
    return masked_sample_reference(logits, pool[index.long()], temperature, none, every, uniforms)


@triton.jit  # type: ignore[untyped-decorator]  # kernels are typed by what they are launched with
def _block(logits, mask, start, width, words, inverse, BLOCK: tl.constexpr):  # type: ignore[no-untyped-def]
    """Scaled logits of one block, and which of them are allowed."""
    place = start + tl.arange(0, BLOCK)
    z = tl.load(logits + place, mask=place < width, other=-float("inf")).to(tl.float32) * inverse
    word = tl.load(mask + place // 32, mask=(place < width) & (place // 32 < words), other=0)
    return z, (((word >> (place % 32)) & 1) != 0) & (z > -float("inf"))


@triton.jit  # type: ignore[untyped-decorator]
def _parts(  # type: ignore[no-untyped-def]
    logits,
    pool,
    index,
    temperature,
    partial,
    place,
    width,
    words,
    logits_stride,
    pool_stride,
    size,
    SPAN: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0)
    part = tl.program_id(1)
    at = row * tl.num_programs(1) + part
    logits += row.to(tl.int64) * logits_stride
    pool += tl.load(index + row).to(tl.int64) * pool_stride
    heat = tl.load(temperature + row)
    inverse = 1.0 / tl.where(heat == 0.0, 1.0, heat)
    peak_all = -float("inf")
    peak = -float("inf")
    total = 0.0
    mass = 0.0
    best = -1
    # Sums are kept relative to the peak so far, and scaled where it rises.
    for start in range(part * SPAN, part * SPAN + SPAN, BLOCK):
        if start < width:
            z, allowed = _block(logits, pool, start, width, words, inverse, BLOCK)
            higher = tl.maximum(peak_all, tl.max(z, axis=0))
            base = tl.where(higher > -float("inf"), higher, 0.0)
            total = total * tl.exp(peak_all - base) + tl.sum(tl.exp(z - base), axis=0)
            peak_all = higher
            inside = tl.where(allowed, z, -float("inf"))
            here = tl.max(inside, axis=0)
            found = start + tl.argmax(inside, axis=0)
            best = tl.where(here > peak, found, best)
            higher = tl.maximum(peak, here)
            base = tl.where(higher > -float("inf"), higher, 0.0)
            mass = mass * tl.exp(peak - base) + tl.sum(tl.exp(inside - base), axis=0)
            peak = higher
    tl.store(partial + at, peak_all)
    tl.store(partial + size + at, total)
    tl.store(partial + 2 * size + at, peak)
    tl.store(partial + 3 * size + at, mass)
    tl.store(place + at, best)


@triton.jit  # type: ignore[untyped-decorator]
def _choice(  # type: ignore[no-untyped-def]
    logits,
    pool,
    index,
    temperature,
    uniforms,
    partial,
    place,
    tokens,
    figures,
    width,
    words,
    logits_stride,
    pool_stride,
    size,
    rows,
    SPAN: tl.constexpr,
    BLOCK: tl.constexpr,
    SPLITS: tl.constexpr,
):
    row = tl.program_id(0)
    logits += row.to(tl.int64) * logits_stride
    pool += tl.load(index + row).to(tl.int64) * pool_stride
    heat = tl.load(temperature + row)
    inverse = 1.0 / tl.where(heat == 0.0, 1.0, heat)
    parts = tl.arange(0, SPLITS)
    at = row * SPLITS + parts
    peaks_all = tl.load(partial + at)
    totals = tl.load(partial + size + at)
    peaks = tl.load(partial + 2 * size + at)
    masses = tl.load(partial + 3 * size + at)
    peak_all = tl.max(peaks_all, axis=0)
    peak = tl.max(peaks, axis=0)
    log_norm = peak_all + tl.log(tl.sum(totals * tl.exp(peaks_all - peak_all), axis=0))
    base = tl.where(peak > -float("inf"), peak, 0.0)
    shares = masses * tl.exp(peaks - base)
    mass = tl.sum(shares, axis=0)
    token = tl.load(place + row * SPLITS + tl.argmax(peaks, axis=0))

    if (heat > 0.0) & (mass > 0.0):
        # The part in which the cumulative mass passes the target, then the token in it.
        target = tl.load(uniforms + row) * mass
        reached = tl.cumsum(shares, axis=0)
        over = (reached > target) & (shares > 0.0)
        part = tl.min(tl.where(over, parts, SPLITS), axis=0)
        if part < SPLITS:
            left = target - tl.sum(tl.where(parts < part, shares, 0.0), axis=0)
            run = 0.0
            chosen = -1
            last = -1
            for start in range(part * SPAN, part * SPAN + SPAN, BLOCK):
                if start < width:
                    z, allowed = _block(logits, pool, start, width, words, inverse, BLOCK)
                    weight = tl.where(allowed, tl.exp(z - base), 0.0)
                    spot = start + tl.arange(0, BLOCK)
                    passed = (run + tl.cumsum(weight, axis=0) > left) & (weight > 0.0)
                    first = tl.min(tl.where(passed, spot, width), axis=0)
                    chosen = tl.where((chosen < 0) & (first < width), first, chosen)
                    last = tl.maximum(last, tl.max(tl.where(weight > 0.0, spot, -1), axis=0))
                    run += tl.sum(weight, axis=0)
            # Rounding may put the target behind the part's last token: that one is meant then.
            token = tl.where(chosen >= 0, chosen, last)

    nothing = log_norm - log_norm - float("inf")  # -inf, or NaN where the logits are
    own = tl.load(logits + tl.maximum(token, 0)).to(tl.float32) * inverse
    tl.store(tokens + row, token)
    tl.store(figures + row, tl.where(token >= 0, own - log_norm, nothing))
    tl.store(figures + rows + row, tl.where(mass > 0.0, peak + tl.log(mass) - log_norm, nothing))
