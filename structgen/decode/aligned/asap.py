"""Adaptive sampling with approximate expected futures (ASAp): never rejects, right in the limit only.

Draws in proportion to p theta with the trie of `cars` and uses at once what it learns, without
paying for it.  The first sample is a local one; the law comes near the global one as the bounds
come near the truth, which takes as many runs as the language has traps.  Kept for comparison and
for where every run must give an output.

Park et al., NeurIPS 2024 (arXiv 2405.21047).  Knows nothing about how attempts share passes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from structgen.decode.aligned.attempts import walk
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Node, Trie


@dataclass(frozen=True)
class Asap:
    """``max_attempts``: runs may end at the bound of length without an output; how many in all."""

    max_attempts: int = 2_000
    name = "asap"
    law = "global in the limit"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        """One run after the other: each starts from all that those before it learned."""
        found = first_accepted(
            target,
            n,
            seed,
            lambda rng: walk(target, trie, unpaid, rng),
            max_attempts=self.max_attempts,
            trie=trie,
            together=1,
        )
        found.log_mass = None  # how many end says nothing about P(L)
        return found


def unpaid(node: Node, paid: float) -> tuple[Floats, float]:
    """Along p theta, whatever was paid; no way on only where the bound of length leaves no end."""
    weights = node.log_weights()
    return weights, -math.inf if math.isinf(log_sum_exp(weights)) else 0.0
