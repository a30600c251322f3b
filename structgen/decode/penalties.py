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
        if histories is not None and laws[row].looks_back:
            _penalise(logits[row], laws[row], histories[row])
    _add_biases(logits, laws, rows)
    return logits


def _add_biases(logits: Tensor, laws: Sequence[SamplingLaw], rows: Sequence[int]) -> None:
    """Every row's ``logit_bias`` in one addition; ids the model has no logits for are left out."""
    places: list[int] = []
    values: list[float] = []
    width = logits.shape[-1]
    for row in rows:
        for token, value in (laws[row].logit_bias or {}).items():
            if token < width:
                places.append(row * width + token)
                values.append(value)
    if places:
        added = torch.tensor(values, dtype=logits.dtype, device=logits.device)
        logits.view(-1).index_add_(0, torch.tensor(places, device=logits.device), added)


def _penalise(logits: Tensor, law: SamplingLaw, history: History | None) -> None:
    if history is None:
        return
    if law.repetition_penalty != 1:
        seen = torch.tensor(sorted({*history.prompt, *history.tokens}), device=logits.device)
        values = logits[seen]
        factor = law.repetition_penalty
        logits[seen] = torch.where(values > 0, values / factor, values * factor)
    if history.tokens and (law.presence_penalty or law.frequency_penalty):
        ids, counts = np.unique(np.asarray(history.tokens, dtype=np.int64), return_counts=True)
        subtracted = law.presence_penalty + law.frequency_penalty * counts
        logits[torch.from_numpy(ids).to(logits.device)] -= torch.from_numpy(subtracted).to(logits)
