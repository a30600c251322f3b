"""The exact law of a tiny model under a constraint, by trying every output.

The model is asked without a cache, one whole prefix at a time: an independent way to the numbers
the decoding loop must reproduce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

from structgen.decode.law import SamplingLaw
from structgen.decode.matching import ConstraintLike, allowed_tokens
from structgen.decode.sampling import History, log_probabilities
from structgen.decode.truncation import narrow


@dataclass(frozen=True)
class Outcome:
    """One complete output: its probability under the model (end included) and under the local law."""

    model: float
    local: float


@torch.inference_mode()
def next_probabilities(
    model: Any,
    ids: Sequence[int],
    temperature: float = 1.0,
    law: SamplingLaw | None = None,
    written: int = 0,
) -> list[float]:
    """p(. | ids) in float64, from one pass without a cache.

    ``law`` replaces ``temperature``; its penalties see the last ``written`` ids as the output.
    """
    logits = model(input_ids=torch.tensor([list(ids)]), use_cache=False).logits[0, -1]
    if law is None:
        found: list[float] = torch.softmax(logits.double() / temperature, dim=-1).tolist()
        return found
    cut = len(ids) - written
    history = History(list(ids[:cut]), list(ids[cut:]))
    p: list[float] = log_probabilities(logits[None], law, [history])[0].double().exp().tolist()
    return p


def enumerate_outcomes(
    model: Any,
    prompt: Sequence[int],
    constraint: ConstraintLike,
    temperature: float = 1.0,
    law: SamplingLaw | None = None,
) -> dict[tuple[int, ...], Outcome]:
    """Every output (end token left out) of a finite constraint, with its probabilities.

    ``law`` replaces ``temperature``; where its truncation leaves nothing that is allowed, the local law is
    that of the allowed tokens truncated among themselves.  Local probabilities sum to 1.  Cost: one
    pass through the model for every prefix.
    """
    ends = set(constraint.vocabulary.eos_ids)
    found: dict[tuple[int, ...], Outcome] = {}
    stack: list[tuple[tuple[int, ...], float, float, Any]] = [((), 1.0, 1.0, constraint.matcher())]
    while stack:
        tokens, p_model, p_local, matcher = stack.pop()
        allowed = allowed_tokens(matcher.mask())
        p = next_probabilities(model, [*prompt, *tokens], temperature, law, len(tokens))
        local = _restricted(p, allowed)
        if local is None:
            assert law is not None
            wide = next_probabilities(
                model, [*prompt, *tokens], law=_without_truncation(law), written=len(tokens)
            )
            weights = torch.zeros(1, len(p), dtype=torch.float64)
            weights[0, allowed] = torch.tensor(wide, dtype=torch.float64)[allowed]
            local = _restricted(narrow(weights, [law])[0].tolist(), allowed)
            assert local is not None
        end = sum(p[token] for token in allowed if token in ends)
        local_end = sum(local[token] for token in allowed if token in ends)
        if local_end:
            found[tokens] = Outcome(p_model * end, p_local * local_end)
        for token in allowed:
            if token not in ends and local[token]:
                follower = matcher.fork()
                follower.advance(token)
                stack.append(((*tokens, token), p_model * p[token], p_local * local[token], follower))
    return found


def _restricted(p: Sequence[float], allowed: Sequence[int]) -> dict[int, float] | None:
    """p over the allowed tokens, renormalised; None where it has nothing there."""
    z = sum(p[token] for token in allowed)
    return {token: p[token] / z for token in allowed} if z else None


def _without_truncation(law: SamplingLaw) -> SamplingLaw:
    return replace(law, top_p=1.0, top_k=0, min_p=0.0, typical_p=1.0)
