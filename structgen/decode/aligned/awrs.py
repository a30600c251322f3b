"""Adaptive weighted rejection: a token of the local law without a full mask, and what Z is about.

Draw tokens from p and check each against the grammar until one is accepted: that one follows the
local law p m / Z.  A token once refused need not be drawn again, so the draws that would have hit it
are only counted (a geometric number of them).  Going on until a *second* draw is accepted, at draw
number k with those counted ones, gives 1 / (k - 1): an unbiased estimate of Z (inverse binomial
sampling, Haldane 1945) that does not depend on which token was accepted first, so that the token with
this weight is properly weighted towards p m.  After ``max_checks`` tokens the mask itself is asked for:
a token from it with the exact Z is properly weighted too.

Outputs follow the local law; their weights are unbiased for P.  With ``particles`` their population is
resampled as in `smc`.  After arXiv 2504.05410, with an estimator of two acceptances in place of
its own.  Knows nothing about tries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from structgen.decode.aligned.attempts import Asking, Question, pick, run
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Trie
from structgen.decode.matching import MatcherLike
from structgen.errors import SamplingFailed


@dataclass(frozen=True)
class Awrs:
    """``max_checks`` tokens at one place are tried before the whole mask is asked for."""

    max_checks: int = 64
    max_attempts: int = 20_000
    name = "awrs"
    law = "local"

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        """``n`` outputs with weights; runs cut off by the bound of length have weight 0 and are repeated."""
        outputs: list[Output] = []
        spent: list[int] = []
        attempts, kept = 0, 0.0
        while len(outputs) < n:
            count = min(n - len(outputs), self.max_attempts - attempts)
            if count <= 0:
                raise SamplingFailed(n, len(outputs), attempts, None)
            passes = [0] * count

            def charge(attempt: int, passes: list[int] = passes) -> None:
                passes[attempt] += 1

            rngs = [np.random.default_rng([*seed, attempts + at]) for at in range(count)]
            for at, output in enumerate(run(target, [self._attempt(target, rng) for rng in rngs], charge)):
                attempts += 1
                if output is not None:
                    outputs.append(output)
                    spent.append(passes[at])
                    kept += math.exp(output.log_weight)
        return Samples(outputs, spent, attempts, math.log(kept / attempts) if kept else -math.inf)

    def _attempt(self, target: Target, rng: np.random.Generator) -> Asking[Output | None]:
        matcher, output = target.constraint.matcher(), Output()
        while True:
            log_p = (yield Question(list(output.tokens)))[0]
            token, log_z = self.token(target, log_p, matcher, len(output.tokens), rng)
            if token < 0:
                return None
            output.add(token, float(log_p[token]), log_z)
            output.log_weight += log_z
            if token in target.end_ids:
                return output
            matcher.advance(token)

    def token(
        self, target: Target, log_p: Floats, matcher: MatcherLike, depth: int, rng: np.random.Generator
    ) -> tuple[int, float]:
        """A token of the local law and log of an unbiased estimate of Z; (-1, -inf): nothing may follow."""
        chances = np.exp(log_p)
        refused = 0.0
        accepted: list[int] = []
        tried: dict[int, bool] = {}
        draws = 0
        while len(accepted) < 2:
            if len(tried) >= self.max_checks or refused >= 1 - 1e-12:
                return self._with_mask(target, log_p, matcher, depth, rng)
            # Draws that would have hit a token refused before, in one number.
            draws += int(rng.geometric(1 - refused))
            token = pick(np.arange(len(chances)), np.log(np.maximum(chances, 1e-300)), rng)
            if token not in tried:
                tried[token] = _accepts(target, matcher, token, depth)
            if tried[token]:
                accepted.append(token)
            else:
                refused += float(chances[token])
                chances[token] = 0.0
        return accepted[0], -math.log(draws - 1)

    def _with_mask(
        self, target: Target, log_p: Floats, matcher: MatcherLike, depth: int, rng: np.random.Generator
    ) -> tuple[int, float]:
        ids = target.allowed(matcher, depth)
        log_z = log_sum_exp(log_p[ids])
        return (-1, -math.inf) if math.isinf(log_z) else (pick(ids, log_p[ids], rng), log_z)


def _accepts(target: Target, matcher: MatcherLike, token: int, depth: int) -> bool:
    """Whether the grammar takes this one token here; the matcher is left as it was."""
    if token in target.end_ids:
        return matcher.can_stop
    if depth >= target.max_tokens or matcher.try_advance([token]) == 0:
        return False
    matcher.rollback(1)
    return True
