"""The exact law of a tiny model under a constraint, by trying every output.

The model is asked without a cache, one whole prefix at a time: an independent way to the numbers
the decoding loop must reproduce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from structgen.decode.matching import ConstraintLike, allowed_tokens


@dataclass(frozen=True)
class Outcome:
    """One complete output: its probability under the model (end included) and under the local law."""

    model: float
    local: float


@torch.inference_mode()
def next_probabilities(model: Any, ids: Sequence[int], temperature: float = 1.0) -> list[float]:
    """p(. | ids) in float64, from one pass without a cache."""
    logits = model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0, -1].double()
    found: list[float] = torch.softmax(logits / temperature, dim=-1).tolist()
    return found


def enumerate_outcomes(
    model: Any, prompt: Sequence[int], constraint: ConstraintLike, temperature: float = 1.0
) -> dict[tuple[int, ...], Outcome]:
    """Every output (end token left out) of a finite constraint, with its probabilities.

    Local probabilities sum to 1.  Cost: one pass through the model for every prefix.
    """
    ends = set(constraint.vocabulary.eos_ids)
    found: dict[tuple[int, ...], Outcome] = {}
    stack: list[tuple[tuple[int, ...], float, float, Any]] = [((), 1.0, 1.0, constraint.matcher())]
    while stack:
        tokens, p_model, p_local, matcher = stack.pop()
        allowed = allowed_tokens(matcher.mask())
        p = next_probabilities(model, [*prompt, *tokens], temperature)
        z = sum(p[token] for token in allowed)
        end = sum(p[token] for token in allowed if token in ends)
        if end:
            found[tokens] = Outcome(p_model * end, p_local * end / z)
        for token in allowed:
            if token not in ends:
                follower = matcher.fork()
                follower.advance(token)
                stack.append(((*tokens, token), p_model * p[token], p_local * p[token] / z, follower))
    return found
