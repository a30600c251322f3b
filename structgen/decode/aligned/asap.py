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

import numpy as np

from structgen.decode.aligned.attempts import Asking, pick, reveal
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Target, log_sum_exp
from structgen.decode.aligned.trie import Trie


@dataclass(frozen=True)
class Asap:
    """``max_attempts``: runs may end at the bound of length without an output; how many in all."""

    max_attempts: int = 2_000
    name = "asap"
    law = "global in the limit"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        """One run after the other: each starts from all that those before it learned."""
        return first_accepted(
            target,
            n,
            seed,
            lambda rng: run_once(target, trie, rng),
            max_attempts=self.max_attempts,
            trie=trie,
            together=1,
        )


def run_once(target: Target, trie: Trie, rng: np.random.Generator) -> Asking[Output | None]:
    """One run along p theta; None where the bound of length leaves nothing that could end."""
    matcher, output, node = target.constraint.matcher(), Output(), trie.root
    while True:
        if not node.known:
            yield from reveal(target, trie, node, matcher)
        assert node.ids is not None
        trie.visit(node)
        weights = node.log_weights()
        if math.isinf(log_sum_exp(weights)):
            return None
        token = pick(node.ids, weights, rng)
        output.add(token, node.logprob(token), node.log_z)
        if token in target.end_ids:
            return output
        matcher.advance(token)
        node = trie.child(node, token)
