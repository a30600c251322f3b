"""Best of n: draw n outputs from the local law, keep the one the model finds most probable."""

from __future__ import annotations

import math
from typing import Any, Literal

from structgen.decode.result import Generation
from structgen.decode.search.state import check_count
from structgen.errors import InvalidRequest


def best_of_n(
    model: Any,
    prompt: Any,
    *,
    n: int = 8,
    by: Literal["model", "local", "mean"] = "model",
    **asked: Any,
) -> list[Generation]:
    """n draws of `structgen.generate`, best first.

    ``by``: "model" compares log P of the whole output, "local" log of its probability under the local law,
    "mean" log P over the number of tokens.  ``asked``: what `generate` takes.  Cost: that of n outputs.

    >>> import structgen
    >>> found = best_of_n(structgen.load(), "Is water wet?", choice=["yes", "no"], n=3)
    >>> log_p_of(found[0]) >= log_p_of(found[-1])
    True
    """
    check_count("n", n)
    if by not in ("model", "local", "mean"):
        raise InvalidRequest(f"by must be 'model', 'local' or 'mean', got {by!r}")
    from structgen.decode.generate import generate  # which in turn offers this search

    found = generate(model, prompt, n=n, **asked)
    drawn: list[Generation] = found if n > 1 else [found]

    def score(one: Generation) -> float:
        if by == "local":
            return sum(one.masked_logprobs) + (one.end_masked_logprob or 0.0)
        total = log_p_of(one)
        return total / (len(one.tokens) + 1) if by == "mean" else total

    return sorted(drawn, key=lambda one: -score(one))


def log_p_of(one: Generation) -> float:
    """log P of an output, its end included; needs ``weights=True``."""
    total = sum(one.logprobs) + (one.end_logprob or 0.0)
    return -math.inf if math.isnan(total) else total
