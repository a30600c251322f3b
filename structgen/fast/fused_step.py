"""The fused step in the decoding loop: masks in a pool on the device, kernels instead of a dozen operations.

`enable` hands draws on a kind of device to the kernels.  They serve laws with penalties, temperature, top-k
and top-p among what is allowed; for every other law (``truncate="model"``, min-p, typical), for rows that are
NaN or miss every allowed token, and for figures of tokens that were not drawn, the loop's own path in torch
stands in, from the same logits: outputs mean the same either way.  Uniform numbers are rounded to float32.

Off unless enabled: `benchmarks/fused_step.py` says on a device what it is worth there.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw
from structgen.decode.sampling import Fused, set_fused
from structgen.fast.kernels.masked_sample import masked_sample
from structgen.fast.kernels.split_sample import split_sample
from structgen.fast.mask_pool import MaskPool

_LARGEST_BELOW_ONE = 1 - 2.0**-24


def enable(device: str = "cuda", *, capacity: int = 4096) -> FusedStep:
    """Let draws on devices of this kind run fused; returns the step, whose figures tell of the pool.

    ``capacity``: masks kept on the device (of V/8 bytes each).
    """
    step = FusedStep(capacity)
    set_fused(device, step)
    return step


def disable(device: str = "cuda") -> None:
    """Back to the loop's own path."""
    set_fused(device, None)


def serves(law: SamplingLaw) -> bool:
    """Whether the kernels draw by this law."""
    if law.min_p > 0 or law.typical_p < 1:
        return False
    return not law.truncates or law.truncate == "allowed"


class FusedStep:
    """One draw a row by the kernels; keeps a pool of masks for every device and width."""

    def __init__(self, capacity: int = 4096) -> None:
        self._capacity = capacity
        self._pools: dict[tuple[torch.device, int], MaskPool] = {}
        self.steps = 0

    @property
    def uploads(self) -> int:
        """Masks that were copied to a device."""
        return sum(pool.uploads for pool in self._pools.values())

    @property
    def hits(self) -> int:
        """Masks that were there already."""
        return sum(pool.hits for pool in self._pools.values())

    def __call__(
        self, logits: Tensor, masks: Tensor, laws: Sequence[SamplingLaw], uniforms: Sequence[float]
    ) -> Fused | None:
        """Tokens, log p, log p~ and log Z of penalised logits (B, V); None where the laws are not served.

        ``masks`` (B, words) int32 lie on the host.  A row that is broken or misses has NaN or -inf as log Z.
        """
        if not all(serves(law) for law in laws) or len(laws) > self._capacity:
            return None
        device = logits.device
        key = (device, masks.shape[1])
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = MaskPool(masks.shape[1], self._capacity, device)
        index = pool.index(masks.numpy())
        if logits.stride(-1) != 1:
            logits = logits.contiguous()
        numbers = [[law.temperature for law in laws], [min(u, _LARGEST_BELOW_ONE) for u in uniforms]]
        temperature, points = torch.tensor(numbers, dtype=torch.float32).to(device)
        if any(law.truncates for law in laws):
            settings = [(0, 1.0) if law.greedy else (law.top_k, law.top_p) for law in laws]
            top_k = torch.tensor([k for k, _ in settings], dtype=torch.int32).to(device)
            top_p = torch.tensor([p for _, p in settings], dtype=torch.float32).to(device)
            rows = pool.rows[index.long()]
            tokens, log_p, log_z = masked_sample(logits, rows, temperature, top_k, top_p, points)
        else:
            tokens, log_p, log_z = split_sample(logits, pool.rows, index, temperature, points)
        self.steps += 1
        figures = torch.stack([tokens.double(), log_p.double(), (log_p - log_z).double(), log_z.double()])
        found: Fused = figures.tolist()
        return found
