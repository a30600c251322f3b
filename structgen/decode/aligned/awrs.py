"""Adaptive weighted rejection: a token of the local law without a full mask, and what Z is about.

Draw tokens from p and check each against the grammar until one is accepted: that one follows the
local law p m / Z.  Going on until a *second* draw is accepted, at draw number k, gives 1 / (k - 1): an
unbiased estimate of Z (inverse binomial sampling, Haldane 1945) that does not depend on which token was
accepted first, so that the token with this weight is properly weighted towards p m.  A token drawn
again is not checked again.

After ``max_checks`` tokens the mask itself is asked for.  The weight is then what the estimate would have
become *on average* from here on, given the exact Z; Z itself would be too much, because runs that come
this far are those whose estimate would have been small.

Outputs follow the local law; their weights are unbiased for P.  As the ``proposal`` of `smc` it brings a
population to the global law.  After arXiv 2504.05410, with an estimator of two acceptances in place
of its own.  Knows nothing about tries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from structgen.decode.aligned.attempts import Asking, Question, pick
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.sampler import first_accepted
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Trie
from structgen.decode.matching import MatcherLike
from structgen.errors import InvalidRequest

DRAWS_PER_CHECK = 16


@dataclass(frozen=True)
class Awrs:
    """``max_checks`` different tokens at one place are tried before the whole mask is asked for."""

    max_checks: int = 64
    max_attempts: int = 20_000
    name = "awrs"
    law = "local"

    def __post_init__(self) -> None:
        if self.max_checks < 1:
            raise InvalidRequest(f"max_checks must be at least 1, got {self.max_checks!r}")

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        """``n`` outputs with weights; runs cut off by the bound of length have weight 0 and are repeated.

        With k runs the weights carry the factor (n - 1) / (k - 1), the chance not to be cut off (for n = 1 a
        run that was repeated makes them right up to a factor only).
        """
        found = first_accepted(
            target, n, seed, lambda rng: self._attempt(target, rng), max_attempts=self.max_attempts
        )
        log_chance = found.log_mass  # not to be cut off
        if log_chance is not None:
            for output in found.outputs:
                output.log_weight += log_chance
        if n > 1 or found.attempts == 1:
            weights = np.array([output.log_weight for output in found.outputs])
            found.log_mass = log_sum_exp(weights) - math.log(n)
        return found

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
        cumulative = np.exp(log_p).cumsum()
        accepts: dict[int, bool] = {}
        first, draws = -1, 0  # the token accepted first
        while len(accepts) < self.max_checks and draws < DRAWS_PER_CHECK * self.max_checks:
            point = rng.random() * cumulative[-1]
            token = int(np.searchsorted(cumulative, point, side="right"))
            draws += 1
            if token not in accepts:
                accepts[token] = _accepts(target, matcher, token, depth)
            if accepts[token]:
                if first >= 0:
                    return first, -math.log(draws - 1)
                first = token
        ids = target.allowed(matcher, depth)
        log_z = log_sum_exp(log_p[ids])
        if math.isinf(log_z):
            return -1, -math.inf
        z = math.exp(min(log_z, 0.0))
        if first >= 0:
            return first, math.log(expected_after_one(z, draws))
        token = pick(ids, log_p[ids], rng)
        # So small a z is what the estimate would have been on average, whatever was refused before.
        return token, log_z if z < 1e-200 else math.log(expected_after_none(z, draws))


def expected_after_one(z: float, draws: int) -> float:
    """E[1 / (draws + T - 1)], T geometric with chance ``z``: what the estimate will be when one was accepted.

    = z int_0^inf e^(-draws u) / (1 - (1 - z) e^-u) du, by the trapezoid rule over log u.

    >>> round(expected_after_one(1.0, 4), 9)
    0.25
    """
    step = 0.05
    log_u = np.arange(math.log(z / draws) - 40.0, math.log(50.0 / draws), step)
    u = np.exp(log_u)
    return float(z * np.sum(u * np.exp(-draws * u) / (z - (1 - z) * np.expm1(-u))) * step)


def expected_after_none(z: float, draws: int) -> float:
    """E[1 / (draws + T - 1)], T the second success in trials of chance ``z``: when none was accepted yet.

    >>> expected_after_none(0.3, 0)
    0.3
    """
    return z - draws * z * expected_after_one(z, draws + 1) if draws else z


def _accepts(target: Target, matcher: MatcherLike, token: int, depth: int) -> bool:
    """Whether the grammar takes this one token here; the matcher is left as it was."""
    if token in target.end_ids:
        return matcher.can_stop
    if depth >= target.max_tokens or matcher.try_advance([token]) == 0:
        return False
    matcher.rollback(1)
    return True
