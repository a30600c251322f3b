"""Rejection sampling that gives up early: exact, independent, and nothing is remembered.

Drawing from the model until an output lies in L is exact.  The same law without ever drawing an
invalid token: draw from the masked law and survive each step with probability Z, since
p m = Z (p m / Z).  An attempt ends whole with probability P(L) either way, but here it is abandoned
at the first step that plain rejection would have spoiled.

With a accepted of k attempts (the last one accepted), (a - 1) / (k - 1) is an unbiased estimate of
P(L) (inverse binomial sampling, Haldane 1945).  Knows nothing about tries beyond one path.
"""

from __future__ import annotations

from dataclasses import dataclass

from structgen.decode.aligned.attempts import walk
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Floats, Target
from structgen.decode.aligned.trie import Node, Trie


@dataclass(frozen=True)
class Reject:
    """``max_attempts``: how many may fail or succeed before the call gives up."""

    max_attempts: int = 20_000
    name = "reject"
    law = "global"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        return first_accepted(
            target, n, seed, lambda rng: walk(target, Trie(), coin, rng), max_attempts=self.max_attempts
        )


def coin(node: Node, paid: float) -> tuple[Floats, float]:
    """By the masked law, surviving with probability Z."""
    return node.local(), node.log_z
