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

arXiv 2510.01902; the coin in place of invalid draws as in sampling without replacement.  Knows
nothing about how attempts share passes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from structgen.decode.aligned.attempts import Asking, pick, reveal, survives
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Target, log_sum_exp
from structgen.decode.aligned.trie import Trie


@dataclass(frozen=True)
class Cars:
    """``max_attempts``: how many may fail or succeed before the call gives up."""

    max_attempts: int = 2_000
    name = "cars"
    law = "global"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        return first_accepted(
            target, n, seed, lambda rng: attempt(target, trie, rng), max_attempts=self.max_attempts, trie=trie
        )


def attempt(target: Target, trie: Trie, rng: np.random.Generator) -> Asking[Output | None]:
    """One run along p theta, abandoned where the bounds fall below what it paid."""
    matcher, output = target.constraint.matcher(), Output()
    node, paid = trie.root, trie.root.log_theta
    while True:
        if not node.known:
            yield from reveal(target, trie, node, matcher)
        assert node.ids is not None
        trie.visit(node)
        weights = node.log_weights()
        if not survives(log_sum_exp(weights) - paid, rng):
            return None
        token = pick(node.ids, weights, rng)
        output.add(token, node.logprob(token), node.log_z)
        if token in target.end_ids:
            return output
        matcher.advance(token)
        node = trie.child(node, token)
        paid = node.log_theta
