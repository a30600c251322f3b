"""Constrained adaptive rejection sampling (CARS): exact from the first sample, cheaper with each.

A trie bounds from above the chance to finish behind every prefix met so far.  An attempt draws the
next token in proportion to p theta, so it avoids what is known to fail, and is abandoned with
exactly the probability that keeps the law right.

The rule of survival.  An attempt that steps to a child *pays* the child's bound of that moment, since
it was drawn in proportion to it.  On entry the bound may be lower: the node is asked for the first
time (1 becomes Z), or another attempt of the round has learned something below.  Surviving with
probability bound now / bound paid makes up for it: whatever happened in between, the probability of
a whole output is P(w) / theta(root at the start), the same factor for all.  An attempt that used what
it learned itself without paying would be ASAp, which is biased.

Parys et al. 2025 (arXiv 2510.01902), with a coin in place of invalid draws.  Knows nothing about how
attempts share passes.
"""

from __future__ import annotations

from dataclasses import dataclass

from structgen.decode.aligned.attempts import walk
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Node, Trie


@dataclass(frozen=True)
class Cars:
    """``max_attempts``: how many may fail or succeed before the call gives up."""

    max_attempts: int = 2_000
    name = "cars"
    law = "global"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        return first_accepted(
            target,
            n,
            seed,
            lambda rng: walk(target, trie, pays, rng),
            max_attempts=self.max_attempts,
            trie=trie,
        )


def pays(node: Node, paid: float) -> tuple[Floats, float]:
    """Along p theta, surviving with probability bound now / bound paid."""
    weights = node.log_weights()
    return weights, log_sum_exp(weights) - paid
