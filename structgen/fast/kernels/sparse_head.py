"""Where few tokens are allowed: only their rows of the output matrix are multiplied.

What it can say, and what not.  The logits of the allowed tokens are exact, so the draw from p~ (local law,
temperature, truncation among what is allowed) and log p~ of every token are, too.  log p and log Z need the
logits of all tokens: where ``log_mass``, log-probabilities of p, or truncation before the mask
(``truncate="model"``) are wanted, the full product has to be taken.

`full_cost` and `sparse_cost` say when it pays: by bytes read, since a product with a handful of rows is
bound by memory.  Knows nothing about rows, masks or grammars: it is given ids.
"""

from __future__ import annotations

import torch
import triton
import triton.language as tl
from torch import Tensor

_BLOCK = 128


def sparse_head(hidden: Tensor, weight: Tensor, ids: Tensor, bias: Tensor | None = None) -> Tensor:
    """Logits (B, K) float32 of the tokens ``ids`` (B, K) int32, -inf where an id is negative.

    ``hidden`` (B, H) and ``weight`` (V, H) of one float type, rows contiguous; ``bias`` (V,) or None.
    """
    rows, count = ids.shape
    out = torch.empty((rows, count), dtype=torch.float32, device=hidden.device)
    _product[(rows, count)](
        hidden,
        weight,
        bias if bias is not None else weight,
        ids,
        out,
        hidden.shape[1],
        hidden.stride(0),
        weight.stride(0),
        ids.stride(0),
        out.stride(0),
        HAS_BIAS=bias is not None,
        BLOCK=_BLOCK,
    )
    return out


def sparse_head_reference(hidden: Tensor, weight: Tensor, ids: Tensor, bias: Tensor | None = None) -> Tensor:
    """The same in torch: gather the rows, multiply."""
    chosen = weight[ids.clamp_min(0).long()]
    logits = torch.einsum("bkh,bh->bk", chosen.float(), hidden.float())
    if bias is not None:
        logits = logits + bias[ids.clamp_min(0).long()].float()
    return logits.masked_fill(ids < 0, -torch.inf)


def full_cost(rows: int, width: int, hidden: int, size: int) -> int:
    """Bytes of the full product: the matrix once, the logits written and read again."""
    return width * hidden * size + 2 * rows * width * 4


def sparse_cost(rows: int, count: int, hidden: int, size: int) -> int:
    """Bytes of the sparse one: a row of the matrix for each allowed token of each row."""
    return rows * count * (hidden * size + 8)


@triton.jit  # type: ignore[untyped-decorator]  # kernels are typed by what they are launched with
def _product(  # type: ignore[no-untyped-def]
    hidden,
    weight,
    bias,
    ids,
    out,
    size,
    hidden_stride,
    weight_stride,
    ids_stride,
    out_stride,
    HAS_BIAS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0)
    column = tl.program_id(1)
    token = tl.load(ids + row * ids_stride + column)
    hidden += row * hidden_stride
    weight += tl.maximum(token, 0).to(tl.int64) * weight_stride
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, size, BLOCK):
        at = start + tl.arange(0, BLOCK)
        x = tl.load(hidden + at, mask=at < size, other=0.0).to(tl.float32)
        y = tl.load(weight + at, mask=at < size, other=0.0).to(tl.float32)
        total += x * y
    value = tl.sum(total, axis=0)
    if HAS_BIAS:
        value += tl.load(bias + tl.maximum(token, 0)).to(tl.float32)
    tl.store(out + row * out_stride + column, tl.where(token >= 0, value, -float("inf")))
