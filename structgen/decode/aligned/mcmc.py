"""Markov chains over whole outputs: cut, write the rest anew, accept or stay (Metropolis-Hastings).

From an output w a proposal draws a cut i from rho_w and regenerates what follows by the local law.
It is accepted with probability min(1, P(w') Q(w | w') / (P(w) Q(w' | w))), where

    Q(w' | w) = sum over cuts i up to the common prefix of rho_w(i) prod_{j >= i} p~(w'_j | w'_<j):

*every* cut that could have led from w to w' counts, not only the one that did.

* ``prefix``: all cuts alike;  ``priority``: in proportion to exp(entropy of p~) - 1, so that cuts fall
  where there is something to choose;  ``restart``: always from the beginning.

Each output ends a chain of its own of ``steps`` steps that begins with a local sample: independent
of each other, and exact only as ``steps`` grows.  Proposals cut off by the bound of length have
probability 0 and are never accepted.

arXiv 2506.05754.  Scores come from the trie: nothing is passed through the model again to be judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from structgen.decode.aligned.attempts import Asking, pick, reveal, run, survives, walk
from structgen.decode.aligned.output import Output, Samples
from structgen.decode.aligned.sampler import ROUND, first_accepted
from structgen.decode.aligned.target import Floats, Target, log_sum_exp
from structgen.decode.aligned.trie import Node, Trie
from structgen.errors import InvalidRequest

Proposal = Literal["prefix", "priority", "restart"]


@dataclass(frozen=True)
class Mcmc:
    """``steps`` of each chain; ``proposal``: where it is cut.  ``max_attempts``: starts that may fail."""

    steps: int = 10
    proposal: Proposal = "priority"
    max_attempts: int = 2_000
    name = "mcmc"
    law = "global in the limit"

    def __post_init__(self) -> None:
        if self.steps < 0:
            raise InvalidRequest(f"steps must be an integer >= 0, got {self.steps!r}")
        if self.proposal not in ("prefix", "priority", "restart"):
            raise InvalidRequest(f"proposal must be 'prefix', 'priority' or 'restart', got {self.proposal!r}")

    def sample(self, target: Target, n: int, seed: tuple[int, ...], trie: Trie) -> Samples:
        found = first_accepted(
            target,
            n,
            (*seed, 0),
            lambda rng: walk(target, trie, local, rng),
            max_attempts=self.max_attempts,
            trie=trie,
        )
        found.log_mass = None  # how many starts end says nothing about P(L)
        rngs = [np.random.default_rng([*seed, 1, chain]) for chain in range(n)]
        for first in range(0, n, ROUND):  # in groups, between which the trie may forget
            group = range(first, min(first + ROUND, n))

            def charge(place: int, first: int = first) -> None:
                found.passes[first + place] += 1

            for _ in range(self.steps):
                here = [found.outputs[chain] for chain in group]
                # Asked by themselves: what the trie had to forget lies on old ground.
                rho = run(target, [self._cuts(target, trie, output) for output in here], charge)
                moves = [
                    self.move(target, trie, *state, rngs[chain])
                    for chain, state in zip(group, zip(here, rho, strict=True), strict=True)
                ]
                found.outputs[group.start : group.stop] = run(target, moves, charge)
                trie.trim()
        return found

    def move(
        self, target: Target, trie: Trie, here: Output, rho: Floats, rng: np.random.Generator
    ) -> Asking[Output]:
        """One step of a chain: the proposal, or where it was."""
        cut = pick(np.arange(len(rho)), rho, rng)
        begun = Output(here.tokens[:cut], here.log_p[:cut], here.log_z[:cut])
        there = yield from walk(target, trie, local, rng, begun)
        if there is None:
            return here
        back = yield from self._cuts(target, trie, there)
        log_ratio = there.log_model - here.log_model
        log_ratio += log_proposal(there, here, back) - log_proposal(here, there, rho)
        return there if survives(log_ratio, rng) else here

    def _cuts(self, target: Target, trie: Trie, output: Output) -> Asking[Floats]:
        """log rho: for each token of the output, the probability to cut in front of it."""
        count = len(output.tokens)
        if self.proposal == "restart":
            return np.array([0.0] + [-math.inf] * (count - 1))
        if self.proposal == "prefix":
            return np.full(count, -math.log(count))
        entropies = np.empty(count)
        matcher, node = target.constraint.matcher(), trie.root
        for place, token in enumerate(output.tokens):
            yield from reveal(target, trie, node, matcher)
            masked = node.local()
            entropies[place] = -float(np.sum(np.exp(masked) * np.where(np.isinf(masked), 0.0, masked)))
            if token not in target.end_ids:
                matcher.advance(token)
                node = trie.child(node, token)
        weights = np.expm1(np.maximum(entropies, 0.0))
        if not weights.any():
            return np.full(count, -math.log(count))  # nothing to choose anywhere
        with np.errstate(divide="ignore"):
            found: Floats = np.log(weights) - math.log(weights.sum())
        return found


def log_proposal(source: Output, result: Output, rho: Floats) -> float:
    """log Q(result | source), summed over all cuts of the source up to the common prefix."""
    common = 0
    for one, other in zip(source.tokens, result.tokens, strict=False):
        if one != other:
            break
        common += 1
    local = np.array(result.log_p) - np.array(result.log_z)
    suffixes = np.append(local[::-1].cumsum()[::-1], 0.0)
    last = min(common, len(source.tokens) - 1, len(result.tokens) - 1)
    return log_sum_exp(rho[: last + 1] + suffixes[: last + 1])


def local(node: Node, paid: float) -> tuple[Floats, float]:
    """By the masked law; no way on only where the bound of length leaves no end."""
    return node.local(), -math.inf if math.isinf(node.log_z) else 0.0
