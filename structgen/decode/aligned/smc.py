"""Sequential Monte Carlo: many particles, weighted by Z, resampled when few carry the weight.

Particles grow by the local law and gain a factor Z with each token; where the effective number of
particles falls below ``threshold`` of them they are resampled (systematically), which keeps effort
on prefixes the model likes.  The product of mean weights is an unbiased estimate of P(L, length <=
N); the outputs follow the global law only as the number of particles grows.

``critic``: a function from the text so far (bytes) to a log potential, used as a twist: it steers the
particles, and the law becomes P times exp(critic(whole output)), restricted to L.  The estimate stays
one of P(L): particles count for it without their potential, unless the critic excludes some (-inf).

``proposal``: an `Awrs`, whose tokens and estimates of Z need few checks instead of a full mask.

Outputs are drawn from the final particles; each carries the estimate of the law's mass as its weight,
with which it is properly weighted.  Loula et al., ICLR 2025.  Knows nothing about tries.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from structgen.decode.aligned.attempts import pick
from structgen.decode.aligned.awrs import Awrs
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Trie
from structgen.decode.matching import MatcherLike, spelled
from structgen.errors import InvalidRequest, SamplingFailed


@dataclass(eq=False)
class Particle:
    """One output as it grows; ``row`` in the wave while it does."""

    matcher: MatcherLike
    output: Output = field(default_factory=Output)
    log_weight: float = 0.0
    log_potential: float = 0.0
    ended: bool = False

    def copy(self) -> Particle:
        mine = self.output
        output = Output(list(mine.tokens), list(mine.log_p), list(mine.log_z))
        return Particle(self.matcher.fork(), output, 0.0, self.log_potential, self.ended)


@dataclass(frozen=True)
class Smc:
    """``particles`` (default: n, at least 16); ``threshold`` in [0, 1]: 0 never resamples.

    Raises SamplingFailed where no particle comes to an end of weight above 0.
    """

    particles: int | None = None
    threshold: float = 0.5
    critic: Callable[[bytes], float] | None = None
    proposal: Awrs | None = None
    name = "smc"
    law = "global in the limit"

    def __post_init__(self) -> None:
        if self.particles is not None and self.particles < 1:
            raise InvalidRequest(f"particles must be at least 1, got {self.particles!r}")
        if not 0 <= self.threshold <= 1:
            raise InvalidRequest(f"threshold must be from 0 to 1, got {self.threshold!r}")

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        rng = np.random.default_rng([*seed])
        count = self.particles or max(n, 16)
        before = target.passes
        particles = [Particle(target.constraint.matcher()) for _ in range(count)]
        log_mass, excluded = 0.0, False  # of all resamplings so far; whether the critic gave -inf
        growing, log_p = list(range(count)), [target.start()] * count
        wave = target.wave(count)
        while growing:
            for index, answer in zip(growing, log_p, strict=True):
                self._grow(target, particles[index], answer, rng)
                excluded = excluded or particles[index].log_potential == -math.inf
            weights = np.array([particle.log_weight for particle in particles])
            total = log_sum_exp(weights)
            if math.isinf(total):
                raise SamplingFailed(n, 0, count, None)
            # Rows of the wave follow the particles that grow: which of them each now copies.
            origin = {index: row for row, index in enumerate(growing)}
            sources = list(range(count))
            if effective(weights) < self.threshold * count and any(not p.ended for p in particles):
                log_mass += total - math.log(count)
                sources = systematic(weights, count, rng)
                particles = [particles[source].copy() for source in sources]
            growing = [at for at, p in enumerate(particles) if not p.ended and not math.isinf(p.log_weight)]
            wave.keep([origin[sources[at]] for at in growing])
            if growing:
                sequences = [particles[at].output.tokens for at in growing]
                log_p = [answer[0] for answer in wave.log_p(sequences, [1] * len(growing))]
        weights = np.array([particle.log_weight for particle in particles])
        log_mass -= math.log(count)
        potentials = np.array([particle.log_potential for particle in particles])
        language = None if excluded else log_mass + log_sum_exp(weights - potentials)
        log_mass += log_sum_exp(weights)
        if math.isinf(log_mass):
            raise SamplingFailed(n, 0, count, None)
        # In random order: each output for itself, not only all together, is drawn by the weights.
        places = rng.permutation(systematic(weights, n, rng))
        chosen = [particles[place].copy().output for place in places]
        for output in chosen:
            output.log_weight = log_mass
        spent = target.passes - before
        passes = [spent // n + (at < spent % n) for at in range(n)]
        return Samples(chosen, passes, count, language)

    def _grow(self, target: Target, particle: Particle, log_p: Floats, rng: np.random.Generator) -> None:
        """One token by the local law; the weight gains log Z, or -inf where nothing may follow."""
        if self.proposal is None:
            ids = target.allowed(particle.matcher, len(particle.output.tokens))
            log_z = log_sum_exp(log_p[ids])
            token = -1 if math.isinf(log_z) else pick(ids, log_p[ids], rng)
        else:
            depth = len(particle.output.tokens)
            token, log_z = self.proposal.token(target, log_p, particle.matcher, depth, rng)
        particle.log_weight += log_z
        if token < 0:
            particle.ended = True
            return
        particle.output.add(token, float(log_p[token]), log_z)
        particle.ended = token in target.end_ids
        if not particle.ended:
            particle.matcher.advance(token)
        if self.critic is not None:
            constraint = target.constraint
            names = getattr(constraint, "named_tokens", None)
            potential = self.critic(spelled(particle.output.tokens, constraint.vocabulary, names))
            if math.isnan(potential) or potential == math.inf:
                raise InvalidRequest(f"a critic must return a number or -inf, got {potential!r}")
            particle.log_weight += potential - particle.log_potential
            particle.log_potential = potential


def effective(log_weights: Floats) -> float:
    """The effective number of particles: (sum w)^2 / sum w^2."""
    return math.exp(2 * log_sum_exp(log_weights) - log_sum_exp(2 * log_weights))


def systematic(log_weights: Floats, count: int, rng: np.random.Generator) -> list[int]:
    """``count`` indices: each expected in proportion to its weight, with one random number for all."""
    weights = np.exp(log_weights - log_weights.max())
    cumulative = weights.cumsum()
    points = (np.arange(count) + rng.random()) / count * cumulative[-1]
    last = int(np.searchsorted(cumulative, cumulative[-1]))
    chosen = np.minimum(np.searchsorted(cumulative, points, side="right"), last).tolist()
    order: list[int] = sorted(chosen)
    return order
