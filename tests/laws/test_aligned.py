"""Aligned samplers against the enumerated global law: exact ones pass, biased ones are seen to fail.

Worlds are random tables over a handful of tokens, small enough to enumerate; P(L) goes from a half to
a hundredth, languages have traps (prefixes that almost never finish), the empty string and ambiguous
segmentations.  A persistent trie hides bias once it knows everything, so adaptive samplers begin
anew every K outputs.  Statistics at 4.3 standard deviations with fixed seeds: each would fail
wrongly once in 100,000 seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="targets use transformers caches")

from structgen.decode.aligned import Asap, Awrs, Cars, Exact, Mcmc, Reject, Smc
from structgen.decode.aligned import cars as cars_module
from structgen.decode.aligned import mcmc as mcmc_module
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.target import Floats, Target
from structgen.decode.aligned.trie import Trie
from structgen.decode.matching import allowed_tokens
from structgen.decode.sampling import SamplingLaw
from structgen.testing.enumeration import Outcome
from structgen.testing.models import tiny_llama
from structgen.testing.reference import Language, ReferenceConstraint, TinyVocabulary
from structgen.testing.statistics import chi_square_z

# Tokens: ambiguous segmentations (ab = a + b), one end token.
END = 3
VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", None], eos=END)
LANGUAGES = {
    "branching": ["", "ab", "abab", "ba", "bab", "aabb"],
    "trap": ["aab", "bbbbbb", "bab"],
    "thin": ["ab", "ba", "aabb"],
}
# Seed and concentration of the random table: P(L) is 0.41, 0.11 and 0.013.
TABLES = {"branching": (45, 0.3), "trap": (47, 0.6), "thin": (10, 0.6)}
DRAWS = {"branching": 1500, "trap": 1000, "thin": 400}


class TableTarget(Target):
    """A target whose model is a random table: Dirichlet rows, flat (1.0) or peaked (0.3)."""

    def __init__(self, name: str, max_tokens: int = 20) -> None:
        self.name, self.constraint, self.max_tokens = name, constraint_of(name), max_tokens
        self.passes, self.end_ids, self._ends = 0, frozenset([END]), np.array([END])

    def start(self) -> Floats:
        return table(self.name, ())

    def wave(self, rows: int) -> Any:
        return TableWave(self, rows)


class TableWave:
    """Keeps the contract of `Wave`, and checks that its callers keep theirs."""

    def __init__(self, target: TableTarget, rows: int) -> None:
        self._target, self._fed = target, [0] * rows

    def log_p(self, sequences: list[list[int]], counts: list[int]) -> list[Floats]:
        found = []
        for row, (tokens, count) in enumerate(zip(sequences, counts, strict=True)):
            assert len(tokens) > self._fed[row] and count <= len(tokens) - self._fed[row] + (
                not self._fed[row]
            )
            self._fed[row] = len(tokens)
            places = range(len(tokens) - count + 1, len(tokens) + 1)
            found.append(np.stack([table(self._target.name, tuple(tokens[:place])) for place in places]))
        self._target.passes += len(sequences)
        return found

    def keep(self, rows: list[int]) -> None:
        assert rows == sorted(rows)
        self._fed = [self._fed[row] for row in rows]


@cache
def table(name: str, prefix: tuple[int, ...]) -> Floats:
    """log p after a prefix."""
    seed, concentration = TABLES[name]
    row = np.random.default_rng([seed, *prefix]).dirichlet([concentration] * VOCABULARY.width)
    found: Floats = np.log(np.maximum(row, 1e-12))
    return found


@cache
def constraint_of(name: str) -> ReferenceConstraint:
    return ReferenceConstraint(Language.of(LANGUAGES[name]), VOCABULARY)


@cache
def outcomes_of(name: str) -> dict[tuple[int, ...], Outcome]:
    """Every output with its probability under the table and under plain masking."""
    found: dict[tuple[int, ...], Outcome] = {}
    stack: list[tuple[tuple[int, ...], float, float, Any]] = [((), 1.0, 1.0, constraint_of(name).matcher())]
    while stack:
        tokens, p_model, p_local, matcher = stack.pop()
        p = np.exp(table(name, tokens))
        allowed = allowed_tokens(matcher.mask())
        z = sum(p[token] for token in allowed)
        for token in allowed:
            if token == END:
                found[tokens] = Outcome(p_model * p[END], p_local * p[END] / z)
            else:
                follower = matcher.fork()
                follower.advance(token)
                stack.append(((*tokens, token), p_model * p[token], p_local * p[token] / z, follower))
    return found


def mass_of(name: str) -> float:
    return sum(outcome.model for outcome in outcomes_of(name).values())


def global_law(name: str) -> dict[tuple[int, ...], float]:
    outcomes = outcomes_of(name)
    total = sum(outcome.model for outcome in outcomes.values())
    return {tokens: outcome.model / total for tokens, outcome in outcomes.items()}


def texts(samples: Samples) -> list[tuple[int, ...]]:
    return [tuple(output.tokens[:-1]) for output in samples.outputs]


def draws(sampler: Any, name: str, count: int, reset: int, seed: int = 1) -> list[tuple[int, ...]]:
    """``count`` outputs; what is learned is forgotten every ``reset`` outputs."""
    target, found = TableTarget(name), []
    for start in range(0, count, reset):
        found += texts(sampler.sample(target, min(reset, count - start), (seed, start), Trie()))
    return found


@pytest.mark.parametrize("name", LANGUAGES)
@pytest.mark.parametrize(
    ("sampler", "reset"),
    [(Reject(max_attempts=100_000), 500), (Cars(), 1), (Cars(), 3), (Cars(), 20), (Exact(), 500)],
)
def test_exact_samplers_follow_the_global_law(sampler: Any, reset: int, name: str) -> None:
    counts = Counter(draws(sampler, name, DRAWS[name], reset))
    assert chi_square_z(counts, global_law(name)) < 4.3


def test_first_and_second_output_of_a_trie_are_independent() -> None:
    target, law = TableTarget("trap"), global_law("trap")
    pairs = Counter(tuple(texts(Cars().sample(target, 2, (5, at), Trie()))) for at in range(1000))
    joint = {(one, two): law[one] * law[two] for one in law for two in law}
    assert chi_square_z(pairs, joint) < 4.3


def test_asap_is_seen_to_be_biased() -> None:
    """A control that must fail; its first output is a local one."""
    local = {tokens: outcome.local for tokens, outcome in outcomes_of("trap").items()}
    first = Counter(draws(Asap(), "trap", 1000, 1))
    assert chi_square_z(first, local) < 4.3
    assert chi_square_z(first, global_law("trap")) > 8


def test_using_fresh_knowledge_without_paying_is_seen_to_be_biased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cars_module, "survives", lambda chance, rng: chance > -math.inf)
    assert chi_square_z(Counter(draws(Cars(), "trap", 1000, 3)), global_law("trap")) > 8


def total_variation(counts: Counter[tuple[int, ...]], law: dict[tuple[int, ...], float]) -> float:
    total = sum(counts.values())
    return 0.5 * sum(abs(counts[tokens] / total - p) for tokens, p in law.items())


def noise_floor(law: dict[tuple[int, ...], float], count: int) -> float:
    """The total variation that many true samples show on average."""
    return 0.5 * sum(math.sqrt(2 * p * (1 - p) / (math.pi * count)) for p in law.values())


@pytest.mark.parametrize("proposal", ["prefix", "priority", "restart"])
def test_chains_come_to_the_global_law(proposal: Any) -> None:
    law = global_law("branching")
    found = texts(Mcmc(steps=25, proposal=proposal).sample(TableTarget("branching"), 600, (2,), Trie()))
    assert total_variation(Counter(found), law) < 2.5 * noise_floor(law, 600)


def test_chains_that_count_one_cut_only_are_seen_to_be_biased(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_cut(source: Any, result: Any, rho: Any) -> float:
        local = np.array(result.log_p) - np.array(result.log_z)
        return float(local.sum())

    monkeypatch.setattr(mcmc_module, "log_proposal", one_cut)
    law = global_law("branching")
    found = texts(Mcmc(steps=25, proposal="prefix").sample(TableTarget("branching"), 600, (2,), Trie()))
    assert total_variation(Counter(found), law) > 4 * noise_floor(law, 600)


def test_asap_comes_to_the_global_law_when_it_has_seen_everything() -> None:
    target, trie, law = TableTarget("branching"), Trie(), global_law("branching")
    Asap().sample(target, 400, (3,), trie)
    assert trie.root.log_theta == pytest.approx(math.log(mass_of("branching")), abs=0.02)
    assert chi_square_z(Counter(texts(Asap().sample(target, 1500, (4,), trie))), law) < 4.3


@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_the_mass_smc_estimates_is_unbiased(threshold: float) -> None:
    mass = mass_of("trap")
    target = TableTarget("trap")
    found = []
    for at in range(400):
        samples = Smc(particles=6, threshold=threshold).sample(target, 1, (at,), Trie())
        assert samples.log_mass is not None
        found.append(math.exp(samples.log_mass))
    estimates = np.array(found)
    assert abs(estimates.mean() - mass) < 4.3 * estimates.std() / math.sqrt(len(estimates))


def test_smc_comes_nearer_with_more_particles() -> None:
    law = global_law("trap")
    errors = []
    for particles, runs in ((2, 600), (32, 60)):
        found: Counter[tuple[int, ...]] = Counter()
        for at in range(runs):
            found.update(
                texts(Smc(particles=particles).sample(TableTarget("trap"), particles, (at,), Trie()))
            )
        errors.append(total_variation(found, law))
    assert errors[1] < 0.5 * errors[0]


def test_rejection_estimates_the_mass_without_bias() -> None:
    mass = mass_of("branching")
    found = []
    for at in range(300):
        samples = Reject().sample(TableTarget("branching"), 4, (at,), Trie())
        assert samples.log_mass is not None
        found.append(math.exp(samples.log_mass))
    estimates = np.array(found)
    assert abs(estimates.mean() - mass) < 4.3 * estimates.std() / math.sqrt(len(estimates))


@pytest.mark.parametrize("name", ["trap", "branching"])
def test_adaptive_rejection_follows_the_local_law_with_unbiased_weights(name: str) -> None:
    outcomes = outcomes_of(name)
    samples = Awrs().sample(TableTarget(name), 3000, (1,), Trie())
    counts = Counter(texts(samples))
    assert chi_square_z(counts, {tokens: outcome.local for tokens, outcome in outcomes.items()}) < 4.3
    for tokens, outcome in outcomes.items():
        weights = np.array(
            [
                math.exp(output.log_weight) * (text == tokens)
                for output, text in zip(samples.outputs, texts(samples), strict=True)
            ]
        )
        error = weights.std() / math.sqrt(len(weights))
        assert abs(weights.mean() - outcome.model) < 4.3 * error + 1e-9, tokens


@pytest.mark.parametrize("sampler", [Reject(), Cars(), Exact()])
def test_a_bound_on_the_length_is_part_of_the_law(sampler: Any) -> None:
    """With max_tokens = N the target is P(. | L, length <= N), not what is left when outputs are cut off."""
    outcomes = {tokens: o.model for tokens, o in outcomes_of("branching").items() if len(tokens) <= 2}
    law = {tokens: p / sum(outcomes.values()) for tokens, p in outcomes.items()}
    found = texts(sampler.sample(TableTarget("branching", max_tokens=2), 1200, (9,), Trie()))
    assert chi_square_z(Counter(found), law) < 4.3


def test_a_trie_that_must_forget_stays_exact() -> None:
    target, law = TableTarget("trap"), global_law("trap")
    found: list[tuple[int, ...]] = []
    trie = Trie(limit=1200)  # three nodes
    for at in range(300):
        found += texts(Cars().sample(target, 4, (11, at), trie))
        assert trie.bytes <= 1200
    assert chi_square_z(Counter(found), law) < 4.3


@pytest.mark.parametrize("sampler", [Reject(), Cars(), Mcmc(steps=3), Smc(), Awrs(), Exact()])
def test_figures_of_an_output_are_those_of_the_model(sampler: Any) -> None:
    outcomes = outcomes_of("branching")
    for output in sampler.sample(TableTarget("branching"), 20, (1,), Trie()).outputs:
        outcome = outcomes[tuple(output.tokens[:-1])]
        assert output.log_model == pytest.approx(math.log(outcome.model), abs=1e-3)
        if not isinstance(sampler, Awrs):  # whose Z are estimates
            assert output.log_local == pytest.approx(math.log(outcome.local), abs=1e-3)


@pytest.mark.parametrize("sampler", [Reject(), Cars(), Asap(), Mcmc(steps=3), Smc(), Awrs(), Exact()])
def test_the_same_seed_gives_the_same_outputs_whatever_shares_a_pass(sampler: Any) -> None:
    model = tiny_llama(VOCABULARY.width, seed=7, sharpness=2.0)
    found = [
        texts(
            sampler.sample(
                Target(model, [0, 1], constraint_of("branching"), SamplingLaw(1.0), 20, size), 6, (6,), Trie()
            )
        )
        for size in (1, 3, 16)
    ]
    assert found[0] == found[1] == found[2]


def test_learning_spares_passes() -> None:
    target, trie = TableTarget("trap"), Trie()
    first = sum(Cars().sample(target, 50, (1,), trie).passes)
    again = sum(Cars().sample(target, 50, (2,), trie).passes)
    without = sum(Reject().sample(target, 50, (1,), Trie()).passes)
    assert again < first < without
