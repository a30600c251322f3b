"""Draws where few tokens are allowed, from the logits of these alone.

The law is the one of `sampling`, and so is the code: the allowed tokens are numbered, one of the numbers is
drawn.  p~ needs no more.  log p and log Z need all logits: here they are nan.  So this is for outputs whose
reader asked for no figures, under laws without truncation before the mask, which needs the norm of p too.

Knows nothing about grammars or models.
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
from structgen.decode.sampling import Draws, draw_plainly

FEW = 2048
"""Up to so many allowed tokens are few: their part of the product takes a twentieth of the whole at most."""


def is_for(law: SamplingLaw) -> bool:
    """Whether draws by this law can do without the logits of what is not allowed."""
    return not law.penalises and not (law.truncates and law.truncate == "model")


def few_allowed(masks: Tensor, rows: Sequence[int]) -> dict[int, npt.NDArray[np.int64]]:
    """The allowed tokens of those ``rows`` of packed masks that allow few, but any."""
    found: dict[int, npt.NDArray[np.int64]] = {}
    for row in rows:
        words = masks[row].numpy()
        some = np.flatnonzero(words)  # words: where they are many, so are the tokens
        if 0 < len(some) <= FEW:
            bits = np.unpackbits(words[some].view(np.uint8), bitorder="little").reshape(len(some), 32)
            which, bit = bits.nonzero()
            if len(bit) <= FEW:
                found[row] = some[which] * 32 + bit
    return found


@dataclass
class FewDraws(Draws):
    """Draws among ``allowed[row]``; whatever needs the other tokens' logits is nan."""

    allowed: Sequence[npt.NDArray[np.int64]] = ()

    def log_p(self, row: int) -> Tensor:
        raise ValueError("the other tokens' logits were not computed")

    def logprob(self, row: int, token: int) -> float:
        return math.nan

    def masked_logprob(self, row: int, token: int) -> float:
        return super().masked_logprob(row, int(np.searchsorted(self.allowed[row], token)))

    def log_mass_of(self, row: int, tokens: list[int]) -> float:
        return math.nan

    def masked_log_mass_of(self, row: int, tokens: list[int]) -> float:
        return super().masked_log_mass_of(row, np.flatnonzero(np.isin(self.allowed[row], tokens)).tolist())

    def order(self, row: int, law: SamplingLaw, rng: np.random.Generator, limit: int) -> list[int]:
        found: list[int] = self.allowed[row][super().order(row, law, rng, limit)].tolist()
        return found


def draw_few(
    logits: Sequence[Tensor],
    allowed: Sequence[npt.NDArray[np.int64]],
    laws: Sequence[SamplingLaw],
    uniforms: list[float],
) -> FewDraws:
    """One token a row; ``logits[i]`` are those of the tokens ``allowed[i]``, ascending.

    A row whose allowed logits are all -inf, or NaN, is in ``broken``: only the others can tell which it is.
    """
    width = max(len(ids) for ids in allowed)
    together = torch.full((len(logits), width), -math.inf, dtype=torch.float32, device=logits[0].device)
    bits = np.zeros((len(logits), (width + 31) // 32 * 32), dtype=bool)
    for row, part in enumerate(logits):
        together[row, : len(part)] = part.float()
        bits[row, : len(part)] = True
    words = torch.from_numpy(np.packbits(bits, axis=1, bitorder="little").view(np.int32))
    found = draw_plainly(together, words, laws, uniforms)
    unknown = [math.nan] * len(logits)
    tokens = [int(ids[min(at, len(ids) - 1)]) for ids, at in zip(allowed, found.tokens, strict=True)]
    return FewDraws(
        tokens, unknown, found.masked_logprobs, unknown, found.missed, found.broken, found._find_laws, allowed
    )
