"""Rejection sampling that gives up early: exact, independent, and nothing is remembered.

Drawing from the model until an output lies in L is exact.  The same law without ever drawing an
invalid token: draw from the masked law and survive each step with probability Z, since
p m = Z (p m / Z).  An attempt ends whole with probability P(L) either way, but here it is abandoned
at the first step that plain rejection would have spoiled.

With a accepted of k attempts (the last one accepted), (a - 1) / (k - 1) is an unbiased estimate of
P(L) (inverse binomial sampling, Haldane 1945).  Knows nothing about tries beyond one path.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from structgen.decode.aligned.attempts import Asking, pick, reveal, survives
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Target
from structgen.decode.aligned.trie import Trie


@dataclass(frozen=True)
class Reject:
    """``max_attempts``: how many may fail or succeed before the call gives up."""

    max_attempts: int = 20_000
    name = "reject"
    law = "global"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        found = first_accepted(
            target, n, seed, lambda rng: attempt(target, rng), max_attempts=self.max_attempts
        )
        if n > 1:
            found.log_mass = math.log((n - 1) / (found.attempts - 1))
        return found


def attempt(target: Target, rng: np.random.Generator) -> Asking[Output | None]:
    """One masked run that survives every step with probability Z."""
    path, matcher, output = Trie(), target.constraint.matcher(), Output()
    node = path.root
    while True:
        if not node.known:
            yield from reveal(target, path, node, matcher)
        assert node.ids is not None
        if not survives(node.log_z, rng):
            return None
        token = pick(node.ids, node.local(), rng)
        output.add(token, node.logprob(token), node.log_z)
        if token in target.end_ids:
            return output
        matcher.advance(token)
        node = path.child(node, token)
