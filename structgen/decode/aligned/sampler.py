"""What every aligned sampler is: n outputs of a target, from numbered attempts with seeds of their own.

Attempts are numbered from 0 and attempt i draws from the generator (seed, i), so that what is sampled
depends neither on how many rows share a pass nor on who asks.  `first_accepted` runs them in rounds
of a fixed size and takes accepted ones *in the order of their numbers*: taking whoever ends first
would favour short outputs.  The stopping rule counts attempts, never time.

Knows nothing about one algorithm or the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from structgen.decode.aligned.attempts import Asking, run
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.target import Target
from structgen.decode.aligned.trie import Trie
from structgen.errors import SamplingFailed

ROUND = 8
"""Attempts of one round; what one learns inside a round the others may use only as `cars` says."""


class Sampler(Protocol):
    """``law``: which law the outputs follow ("local", "global", "global in the limit")."""

    name: str
    law: str

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        """Return ``n`` outputs; ``trie`` holds what earlier calls learned about this target."""
        ...


Begin = Callable[[np.random.Generator], Asking[Output | None]]


def first_accepted(
    target: Target,
    n: int,
    seed: tuple[int, ...],
    begin: Begin,
    *,
    max_attempts: int,
    trie: Trie | None = None,
    together: int = ROUND,
) -> Samples:
    """The first ``n`` attempts that are accepted, begun ``together`` at a time.

    Raises SamplingFailed after ``max_attempts`` with the best estimate of P(L) there is.
    """
    found = Samples([], [], 0)
    spent = accepted = 0
    while len(found.outputs) < n:
        count = min(together, max_attempts - found.attempts)
        if count <= 0:
            raise SamplingFailed(
                n, len(found.outputs), found.attempts, _estimate(accepted, found.attempts, trie)
            )
        rngs = [np.random.default_rng([*seed, found.attempts + at]) for at in range(count)]
        passes = [0] * count

        def charge(attempt: int, passes: list[int] = passes) -> None:
            passes[attempt] += 1

        for at, output in enumerate(run(target, [begin(rng) for rng in rngs], charge)):
            if len(found.outputs) == n:
                break
            found.attempts += 1
            spent += passes[at]
            if output is not None:
                accepted += 1
                found.outputs.append(output)
                found.passes.append(spent)
                spent = 0
        if trie is not None:
            trie.trim()
    return found


def _estimate(accepted: int, attempts: int, trie: Trie | None) -> float | None:
    """log of what P(L) is at most (a trie knows), or about, or None."""
    if trie is not None:
        return trie.root.log_theta
    return float(np.log(accepted / attempts)) if accepted else None
