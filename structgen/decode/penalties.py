"""Logits that depend on what was written already: repetition, presence, frequency; and plain bias.

The repetition penalty looks at prompt and output, as in CTRL (Keskar et al. 2019); presence and
frequency look at the output only.  Which tokens an output repeats does not depend on its neighbours,
and rows without penalties are left as they are.

Knows nothing about masks or draws.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw


@dataclass(frozen=True)
class History:
    """What one output has behind it: the prompt's tokens, and its own."""

    prompt: Sequence[int]
    tokens: Sequence[int]


def penalised(
    logits: Tensor, laws: Sequence[SamplingLaw], histories: Sequence[History | None] | None
) -> Tensor:
    """Logits (B, V) under row i's penalties; the same tensor where no row has any.

    Cost: for a row that has some, a pass over its tokens.
    """
    rows = [row for row, law in enumerate(laws) if law.penalises]
    if not rows:
        return logits
    logits = logits.clone()
    for row in rows:
        _penalise(logits[row], laws[row], histories[row] if histories else None)
    return logits


def _penalise(logits: Tensor, law: SamplingLaw, history: History | None) -> None:
    width = logits.shape[-1]
    if history is not None and law.repetition_penalty != 1:
        seen = torch.tensor(sorted({*history.prompt, *history.tokens}), device=logits.device)
        values = logits[seen]
        factor = law.repetition_penalty
        logits[seen] = torch.where(values > 0, values / factor, values * factor)
    if history is not None and history.tokens and (law.presence_penalty or law.frequency_penalty):
        ids, counts = np.unique(np.asarray(history.tokens, dtype=np.int64), return_counts=True)
        subtracted = law.presence_penalty + law.frequency_penalty * counts
        logits[torch.from_numpy(ids).to(logits.device)] -= torch.from_numpy(subtracted).to(logits)
    bias = {token: value for token, value in (law.logit_bias or {}).items() if token < width}
    if bias:
        logits[torch.tensor(list(bias), device=logits.device)] += torch.tensor(
            list(bias.values()), dtype=logits.dtype, device=logits.device
        )
