"""The global law by dynamic programming, for languages that are finite and small.

Asks the model about every prefix of every output once; then the bounds of the trie are no bounds any
more but the probabilities to finish themselves, and drawing in proportion to p theta is the global
law, one run an output.  The sum at the root is P(L, length <= N), exactly.

Knows nothing about sampling with less than everything known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from structgen.decode.aligned.asap import unpaid
from structgen.decode.aligned.attempts import reveal, run, walk
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.target import Target
from structgen.decode.aligned.trie import Node, Trie
from structgen.decode.matching import MatcherLike
from structgen.errors import ComplexityLimitExceeded, SamplingFailed

TOGETHER = 64


@dataclass(frozen=True)
class Exact:
    """``max_prefixes``: how many prefixes the language may have."""

    max_prefixes: int = 20_000
    name = "exact"
    law = "global"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        before = target.passes
        self._ask_all(target, trie)  # which forgets nothing until it is trimmed
        mass = trie.root.log_theta
        if math.isinf(mass):
            raise SamplingFailed(n, 0, 0, mass)
        rngs = [np.random.default_rng([*seed, at]) for at in range(n)]
        ended = run(target, [walk(target, trie, unpaid, rng) for rng in rngs])
        outputs = [output for output in ended if output is not None]  # all of them: every bound is exact
        trie.trim()
        spent = target.passes - before
        passes = [spent // n + (at < spent % n) for at in range(n)]
        return Samples(outputs, passes, n, mass)

    def _ask_all(self, target: Target, trie: Trie) -> None:
        """Make every node known, breadth first."""
        waiting: list[tuple[Node, MatcherLike]] = [(trie.root, target.constraint.matcher())]
        count = 0
        while waiting:
            some, waiting = waiting[:TOGETHER], waiting[TOGETHER:]
            count += len(some)
            if count + len(waiting) > self.max_prefixes:
                raise ComplexityLimitExceeded(
                    f"the outputs of at most {target.max_tokens} tokens have more than {self.max_prefixes} "
                    'prefixes, too many to try; use sampler="cars" or a smaller max_tokens',
                    limit="prefixes",
                )
            run(target, [reveal(target, trie, node, matcher) for node, matcher in some])
            for node, matcher in some:
                assert node.ids is not None and node.log_p is not None
                for token in node.ids[node.log_p > -math.inf].tolist():
                    if token not in target.end_ids:
                        follower = matcher.fork()
                        follower.advance(token)
                        waiting.append((trie.child(node, token), follower))
