"""What every aligned sampler is: n outputs of a target, from numbered attempts with seeds of their own.

Attempts are numbered from 0 and attempt i draws from the generator (seed, i), so that what is sampled
depends neither on how many rows share a pass nor on who asks.  `first_accepted` runs them in rounds
and takes accepted ones *in the order of their numbers*: taking whoever ends first would favour short
outputs.  How many a round has depends on what was known before it, never on how it goes.  The
stopping rule counts attempts, never time.

Knows nothing about one algorithm or the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np

from structgen.decode.aligned.attempts import Asking, reveal, run
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.target import Target
from structgen.decode.aligned.trie import Trie
from structgen.errors import SamplingFailed

ROUND = 8
"""Attempts of one round; what one learns inside a round the others may use only as `cars` says."""
MANY = 1 << 20
"""Attempts an output that are thought of at most, where almost nothing is accepted."""
PARTICLES = 32
"""Of the estimate that an error message states: few runs beside the attempts that failed."""


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
    """The first ``n`` attempts that are accepted, begun up to ``together`` at a time.

    ``trie``: what the attempts learn; it is trimmed between rounds.  Attempts of the last round
    behind the n-th accepted one are for nothing, and charged to it.
    ``log_mass`` is right for attempts accepted with probability P(L), or P(L) over the bound at the
    root when they began: without the last one, the mean of these bounds over the accepted (Haldane 1945).
    Raises SamplingFailed after ``max_attempts``, or once it is known that none can be accepted, with the
    best estimate of P(L) there is.
    """
    found = Samples([], [], 0)
    spent = 0
    credit = 0.0  # of all accepted but the last
    if trie is not None:
        root = reveal(target, trie, trie.root, target.constraint.matcher())
        before = target.passes
        run(target, [root])
        spent = target.passes - before
    while len(found.outputs) < n:
        impossible = trie is not None and math.isinf(trie.root.log_theta)
        count = min(together, max_attempts - found.attempts, _needed(n, found, trie))
        if count <= 0 or impossible:
            done, tried = len(found.outputs), found.attempts
            raise SamplingFailed(n, done, tried, estimate(target, seed, trie), sum(found.passes) + spent)
        bound = 1.0 if trie is None else math.exp(trie.root.log_theta)
        rngs = [np.random.default_rng([*seed, found.attempts + at]) for at in range(count)]
        passes = [0] * count

        def charge(attempt: int, passes: list[int] = passes) -> None:
            passes[attempt] += 1

        for at, output in enumerate(run(target, [begin(rng) for rng in rngs], charge)):
            if len(found.outputs) == n:
                found.passes[-1] += passes[at]
                continue
            found.attempts += 1
            spent += passes[at]
            if output is not None:
                found.outputs.append(output)
                found.passes.append(spent)
                spent = 0
                credit += bound * (len(found.outputs) < n)
        if trie is not None:
            trie.trim()
    if credit:
        found.log_mass = math.log(credit / (found.attempts - 1))
    return found


def _needed(n: int, found: Samples, trie: Trie | None) -> int:
    """About how many attempts the outputs still missing will take, from what is known before the round."""
    chance = (len(found.outputs) + 1) / (found.attempts + 1)
    if trie is not None:
        chance = min(chance, math.exp(trie.root.log_theta))
    return math.ceil((n - len(found.outputs)) / max(chance, 1 / MANY))


def estimate(target: Target, seed: tuple[int, ...], trie: Trie | None) -> float | None:
    """log of P(L) by a few particles, for an error message; never above the bound that a trie has proved."""
    from structgen.decode.aligned.smc import Smc

    bound = 0.0 if trie is None else trie.root.log_theta
    if math.isinf(bound):
        return bound
    try:
        found = Smc(particles=PARTICLES).sample(target, 1, (*seed, MANY), Trie()).log_mass
    except SamplingFailed:
        found = None
    if found is None:
        return bound if trie is not None else None
    return min(found, bound)
