"""Aligned samplers against the enumerated global law: exact ones pass, biased ones are seen to fail.

Worlds are random tables over a handful of tokens, small enough to enumerate; P(L) goes from a half to
a hundredth, tables are flat or peaked, languages have traps (prefixes that almost never finish), the empty
string and ambiguous segmentations.  A persistent trie hides bias once it knows everything, so adaptive
samplers begin anew every K outputs.

Laws are judged by 10^4 outputs and Pearson's chi-square.  A statistic passes below 4.3 standard
deviations, which a right sampler misses for one seed in 100,000; the thirty judgements of the exact samplers
together for one in 3,000.  Controls that must fail reach at least 8.  Means are judged alike.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="targets use transformers caches")

from structgen.decode.aligned import Asap, Awrs, Cars, Exact, Mcmc, Reject, Smc
from structgen.decode.aligned import cars as cars_module
from structgen.decode.aligned import mcmc as mcmc_module
from structgen.decode.aligned.asap import unpaid
from structgen.decode.aligned.attempts import walk
from structgen.decode.aligned.cars import pays
from structgen.decode.aligned.output import Samples
from structgen.decode.aligned.target import Floats, Target
from structgen.decode.aligned.trie import NODE_BYTES, Node, Trie
from structgen.decode.matching import allowed_tokens
from structgen.decode.sampling import SamplingLaw
from structgen.errors import SamplingFailed
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
# Seed and concentration of the random table, so chosen that masking is far from the global law: total
# variation 0.55 to 0.97.  P(L) is about a half, a tenth and a hundredth.
TABLES = {
    "branching, flat": (153, 1.0),
    "branching, peaked": (67, 0.3),
    "trap, flat": (59, 1.0),
    "trap, peaked": (120, 0.3),
    "thin, flat": (247, 1.0),
    "thin, peaked": (153, 0.3),
}
DRAWS = 10_000


class TableTarget(Target):
    """A target whose model is a random table: Dirichlet rows, flat (1.0) or peaked (0.3)."""

    def __init__(self, name: str, max_tokens: int = 20, batch_size: int = 16) -> None:
        self.name, self.constraint, self.max_tokens = name, constraint_of(name), max_tokens
        self.passes, self.batch_size = 0, batch_size
        self.end_ids, self._ends = frozenset([END]), np.array([END])

    def start(self) -> Floats:
        return table(self.name, ())

    def batch(self) -> TableBatch:
        return TableBatch(self.name)

    def log_p_of(self, logits: Any) -> Floats:
        found: Floats = logits
        return found


class TableBatch:
    """Keeps the contract of `CausalBatch`: what a row was fed is all it knows."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.fed: list[tuple[int, ...]] = [()]

    @property
    def rows(self) -> int:
        return len(self.fed)

    def feed(self, chunks: list[list[int]], keep: int) -> Floats:
        assert len(chunks) == self.rows and all(chunks)
        self.fed = [(*before, *chunk) for before, chunk in zip(self.fed, chunks, strict=True)]
        found = np.full((self.rows, keep, VOCABULARY.width), np.nan)
        for row, (tokens, chunk) in enumerate(zip(self.fed, chunks, strict=True)):
            for back in range(min(keep, len(chunk))):
                found[row, keep - 1 - back] = table(self.name, tokens[: len(tokens) - back])
        return found

    def select(self, rows: list[int]) -> None:
        self.fed = [self.fed[row] for row in rows]

    def fork(self) -> TableBatch:
        found = TableBatch(self.name)
        found.fed = list(self.fed)
        return found

    def join(self, other: TableBatch) -> None:
        self.fed += other.fed


@cache
def table(name: str, prefix: tuple[int, ...]) -> Floats:
    """log p after a prefix."""
    seed, concentration = TABLES[name]
    row = np.random.default_rng([seed, *prefix]).dirichlet([concentration] * VOCABULARY.width)
    found: Floats = np.log(np.maximum(row, 1e-12))
    return found


@cache
def constraint_of(name: str) -> ReferenceConstraint:
    return ReferenceConstraint(Language.of(LANGUAGES[name.split(",")[0]]), VOCABULARY)


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


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize(
    ("sampler", "reset"),
    [(Reject(max_attempts=100_000), 500), (Cars(), 1), (Cars(), 3), (Cars(), 20), (Exact(), 500)],
    ids=["reject", "cars, K=1", "cars, K=3", "cars, K=20", "exact"],
)
def test_exact_samplers_follow_the_global_law(sampler: Any, reset: int, name: str) -> None:
    # Plain rejection where P(L) is a hundredth takes a million attempts for 10^4 outputs: nightly only.
    rare = isinstance(sampler, Reject) and "thin" in name
    count = 1_500 if rare and not nightly() else DRAWS
    assert chi_square_z(Counter(draws(sampler, name, count, reset)), global_law(name)) < 4.3


def nightly() -> bool:
    return settings.default is not None and settings.default.max_examples >= 1000


def test_first_and_second_output_of_a_trie_are_independent() -> None:
    target, law = TableTarget("trap, flat"), global_law("trap, flat")
    pairs = Counter(tuple(texts(Cars().sample(target, 2, (5, at), Trie()))) for at in range(DRAWS // 2))
    joint = {(one, two): law[one] * law[two] for one in law for two in law}
    assert chi_square_z(pairs, joint) < 4.3


def test_the_law_does_not_depend_on_how_many_share_a_pass() -> None:
    """Rows that outputs share, parts that split and join: the same outputs for every size of a pass."""
    found = [
        texts(Cars().sample(TableTarget("branching, flat", batch_size=size), 200, (8,), Trie()))
        for size in (1, 2, 3, 16)
    ]
    assert all(outputs == found[0] for outputs in found)


def test_asap_is_seen_to_be_biased() -> None:
    """A control that must fail; its first output is a local one."""
    name = "trap, flat"
    local = {tokens: outcome.local for tokens, outcome in outcomes_of(name).items()}
    first = Counter(draws(Asap(), name, 2000, 1))
    assert chi_square_z(first, local) < 4.3
    assert chi_square_z(first, global_law(name)) > 8


@pytest.mark.parametrize("name", ["trap, flat", "thin, peaked"])
def test_knowledge_that_is_not_paid_for_is_seen_to_be_biased(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cars_module, "pays", unpaid)
    assert chi_square_z(Counter(draws(Cars(), name, 2000, 3)), global_law(name)) > 8


def interleaved(rule: Any, name: str, rounds: int, together: int = 6) -> Counter[tuple[int, ...]]:
    """Attempts over one trie that wait for their answers as long as chance has it; a new trie each round."""
    target, found = TableTarget(name), Counter[tuple[int, ...]]()
    for number in range(rounds):
        trie, order = Trie(), np.random.default_rng([7, number])
        attempts = [
            walk(target, trie, rule, np.random.default_rng([8, number, at])) for at in range(together)
        ]
        answers: dict[Any, Any] = dict.fromkeys(attempts)
        while answers:
            attempt = list(answers)[order.integers(len(answers))]
            try:
                asked = attempt.send(answers[attempt])
                places = range(len(asked.tokens) - asked.count + 1, len(asked.tokens) + 1)
                answers[attempt] = np.stack([table(name, tuple(asked.tokens[:place])) for place in places])
            except StopIteration as stop:
                del answers[attempt]
                if stop.value is not None:
                    found[tuple(stop.value.tokens[:-1])] += 1
    return found


def stale(node: Node, paid: float) -> tuple[Floats, float]:
    """The coin Z where a node was unknown when it was stepped to; others may have learned below it since."""
    return node.log_weights(), node.log_z if paid == 0 else 0.0


@pytest.mark.parametrize("name", ["trap, flat", "branching, peaked"])
def test_attempts_that_learn_from_each_other_at_any_time_follow_the_global_law(name: str) -> None:
    law = global_law(name)
    assert chi_square_z(interleaved(pays, name, 3000), law) < 4.3
    assert chi_square_z(interleaved(stale, name, 3000), law) > 8


def total_variation(counts: Counter[tuple[int, ...]], law: dict[tuple[int, ...], float]) -> float:
    total = sum(counts.values())
    return 0.5 * sum(abs(counts[tokens] / total - p) for tokens, p in law.items())


def noise_floor(law: dict[tuple[int, ...], float], count: int) -> float:
    """The total variation that many true samples show on average."""
    return 0.5 * sum(math.sqrt(2 * p * (1 - p) / (math.pi * count)) for p in law.values())


@pytest.mark.parametrize("proposal", ["prefix", "priority", "restart"])
def test_chains_come_to_the_global_law(proposal: Any) -> None:
    """Far from it without a step, at the noise floor of 1,000 outputs after 60 steps."""
    name, count = "branching, flat", 1000
    law = global_law(name)
    floor = noise_floor(law, count)
    distances = [
        total_variation(
            Counter(texts(Mcmc(steps, proposal).sample(TableTarget(name), count, (2,), Trie()))), law
        )
        for steps in (0, 60)
    ]
    assert distances[0] > 5 * floor
    assert distances[1] < 1.5 * floor


def test_chains_that_count_one_cut_only_are_seen_to_be_biased(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_cut(source: Any, result: Any, rho: Any) -> float:
        local = np.array(result.log_p) - np.array(result.log_z)
        return float(local.sum())

    monkeypatch.setattr(mcmc_module, "log_proposal", one_cut)
    law = global_law("branching, flat")
    found = texts(Mcmc(30, "prefix").sample(TableTarget("branching, flat"), 1000, (2,), Trie()))
    assert total_variation(Counter(found), law) > 3 * noise_floor(law, 1000)


@pytest.mark.parametrize("name", ["branching, flat", "trap, peaked"])
def test_asap_comes_to_the_global_law_when_it_has_seen_everything(name: str) -> None:
    """500 runs find all there is to know about these worlds; from there on it is exact."""
    target, trie = TableTarget(name), Trie()
    Asap().sample(target, 500, (3,), trie)
    assert trie.root.log_theta == pytest.approx(math.log(mass_of(name)), abs=0.01)
    later = Counter(texts(Asap(max_attempts=DRAWS).sample(target, DRAWS, (4,), trie)))
    law = global_law(name)
    assert total_variation(later, law) < 2 * noise_floor(law, DRAWS)
    assert chi_square_z(later, law) < 4.3


def masses(sampler: Any, name: str, runs: int) -> Floats:
    """The estimate of P(L) of each run; a run that fails estimates 0."""
    found = []
    for at in range(runs):
        try:
            found.append(math.exp(sampler.sample(TableTarget(name), 1, (at,), Trie()).log_mass))
        except SamplingFailed:
            found.append(0.0)
    return np.array(found)


def assert_mean(values: Floats, mean: float, error: float) -> None:
    """The mean of ``values`` is ``mean``, as far as a relative standard error below ``error`` can tell."""
    spread = values.std() / math.sqrt(len(values))
    assert spread < error * mean
    assert abs(values.mean() - mean) < 4.3 * spread


@pytest.mark.parametrize(
    ("sampler", "runs"),
    [
        (Smc(particles=4, threshold=0.5), 10_000),
        (Smc(particles=4, threshold=0.0), 2_500),
        (Smc(particles=4, threshold=1.0), 2_500),
        (Smc(particles=4, proposal=Awrs()), 2_500),
        (Smc(particles=4, critic=lambda text: 0.7 * len(text)), 2_500),
    ],
    ids=["resampling at a half", "never", "always", "proposals by rejection", "a critic"],
)
def test_the_mass_smc_estimates_is_unbiased(sampler: Smc, runs: int) -> None:
    """To 1 % at 10^4 runs, 2.5 % elsewhere (one standard error)."""
    name = "trap, flat"
    assert_mean(masses(sampler, name, runs), mass_of(name), 0.01 if runs == 10_000 else 0.025)


def test_the_error_of_smc_falls_with_the_root_of_the_particles() -> None:
    """Sixteen times the particles, a quarter of the error of the mass."""
    name = "trap, flat"
    few, many = (masses(Smc(particles=count), name, 300).std() for count in (8, 128))
    assert 3.0 < few / many < 5.3


def test_outputs_of_smc_come_nearer_with_more_particles() -> None:
    name = "trap, flat"
    law = global_law(name)
    errors = []
    for particles, runs in ((2, 1200), (32, 75)):
        found: Counter[tuple[int, ...]] = Counter()
        for at in range(runs):
            found.update(texts(Smc(particles).sample(TableTarget(name), particles, (at,), Trie())))
        errors.append(total_variation(found, law))
    assert errors[1] < 0.5 * errors[0]


def test_every_output_of_smc_for_itself_follows_the_weights() -> None:
    """The first of many is not one of the first particles."""
    name, first, last = "branching, flat", Counter[tuple[int, ...]](), Counter[tuple[int, ...]]()
    for at in range(300):
        found = texts(Smc(particles=64, threshold=0).sample(TableTarget(name), 16, (at,), Trie()))
        first[found[0]] += 1
        last[found[-1]] += 1
    law = global_law(name)
    assert total_variation(first, law) < 3 * noise_floor(law, 300)
    assert total_variation(last, law) < 3 * noise_floor(law, 300)


def test_a_critic_is_part_of_the_law() -> None:
    """Outputs are properly weighted for P exp(critic) on L; a critic of -inf excludes."""
    name = "branching, flat"
    outcomes = {tokens: o.model for tokens, o in outcomes_of(name).items()}

    def critic(text: bytes) -> float:
        return -math.inf if text.startswith(b"ba") else 0.8 * text.count(b"b")

    found: dict[tuple[int, ...], list[float]] = {tokens: [] for tokens in outcomes}
    runs = 3000
    for at in range(runs):
        samples = Smc(particles=6, critic=critic).sample(TableTarget(name), 1, (at,), Trie())
        found[texts(samples)[0]].append(math.exp(samples.outputs[0].log_weight))
    for tokens, weights in found.items():
        each = np.array(weights + [0.0] * (runs - len(weights)))
        expected = outcomes[tokens] * math.exp(critic(VOCABULARY.decode(tokens)))
        assert abs(each.mean() - expected) < 4.3 * each.std() / math.sqrt(runs) + 1e-4, tokens


@pytest.mark.parametrize("sampler", [Reject(), Cars()])
def test_rejection_estimates_the_mass_without_bias(sampler: Any) -> None:
    """`cars` too, as far as 1,500 runs can tell; exactly so only where its bound at the root stands still."""
    name = "branching, flat"
    found = [sampler.sample(TableTarget(name), 4, (at,), Trie()).log_mass for at in range(1500)]
    assert_mean(np.exp(found), mass_of(name), 0.02)


@pytest.mark.parametrize("max_checks", [1, 2, 64])
@pytest.mark.parametrize("name", ["trap, flat", "branching, peaked"])
def test_adaptive_rejection_follows_the_local_law_with_unbiased_weights(name: str, max_checks: int) -> None:
    outcomes = outcomes_of(name)
    samples = Awrs(max_checks).sample(TableTarget(name), DRAWS, (1,), Trie())
    assert chi_square_z(Counter(texts(samples)), {t: o.local for t, o in outcomes.items()}) < 4.3
    weights = np.exp([output.log_weight for output in samples.outputs])
    is_it = np.array([[text == tokens for tokens in outcomes] for text in texts(samples)])
    for column, outcome in enumerate(outcomes.values()):
        mine = weights * is_it[:, column]
        assert abs(mine.mean() - outcome.model) < 4.3 * mine.std() / math.sqrt(DRAWS) + 1e-9
    assert samples.log_mass == pytest.approx(math.log(weights.mean()))


@pytest.mark.parametrize("max_checks", [1, 3, 100])
@pytest.mark.parametrize("chance", [0.9, 0.2, 0.004])
def test_one_token_of_adaptive_rejection_is_properly_weighted(chance: float, max_checks: int) -> None:
    """The token follows p m / Z and its weight is Z on average, whoever was asked: tokens or the mask."""
    rng = np.random.default_rng(3)
    p = rng.dirichlet([0.5] * 40)
    p[:8] *= chance / p[:8].sum()
    p[8:] *= (1 - chance) / p[8:].sum()
    vocabulary = TinyVocabulary(
        [*(bytes([97 + i]) for i in range(8)), *(b"%d" % i for i in range(32)), None], eos=40
    )
    constraint = ReferenceConstraint(Language.of([bytes([97 + i]) for i in range(8)]), vocabulary)
    target = TableTarget("trap, flat")
    target.constraint, target.end_ids, target._ends = constraint, frozenset([40]), np.array([40])
    log_p, matcher = np.log(np.append(p, 1e-300)), constraint.matcher()
    made = [Awrs(max_checks).token(target, log_p, matcher, 0, rng) for _ in range(4000)]
    local = {token: p[token] / chance for token in range(8)}
    assert chi_square_z(Counter(token for token, _ in made), local) < 4.3
    estimates = np.exp([log_z for _, log_z in made])
    assert abs(estimates.mean() - chance) < 4.3 * estimates.std() / math.sqrt(len(made)) + 1e-9
    for token in range(4):  # whichever it is
        mine = estimates * [one == token for one, _ in made]
        assert abs(mine.mean() - p[token]) < 4.3 * mine.std() / math.sqrt(len(made)) + 1e-9


@pytest.mark.parametrize("sampler", [Reject(), Cars(20_000), Exact(), Mcmc(30, max_attempts=20_000)])
def test_a_bound_on_the_length_is_part_of_the_law(sampler: Any) -> None:
    """With max_tokens = N the target is P(. | L, length <= N), not what is left when outputs are cut off."""
    name = "branching, flat"
    outcomes = {tokens: o.model for tokens, o in outcomes_of(name).items() if len(tokens) <= 2}
    law = {tokens: p / sum(outcomes.values()) for tokens, p in outcomes.items()}
    found = texts(sampler.sample(TableTarget(name, max_tokens=2), 3000, (9,), Trie()))
    assert chi_square_z(Counter(found), law) < 4.3


@pytest.mark.parametrize("sampler", [Smc(particles=8), Reject(), Awrs()])
def test_a_bound_on_the_length_is_part_of_the_mass(sampler: Any) -> None:
    name = "branching, flat"
    mass = sum(o.model for tokens, o in outcomes_of(name).items() if len(tokens) <= 2)
    target = TableTarget(name, max_tokens=2)
    found = [sampler.sample(target, 8, (at,), Trie()).log_mass for at in range(300)]
    assert_mean(np.exp(found), mass, 0.05)


@pytest.mark.parametrize("limit", [1200, 2400])
@pytest.mark.parametrize("name", ["trap, flat", "branching, peaked"])
def test_a_trie_that_must_forget_stays_exact(name: str, limit: int) -> None:
    """Room for three nodes or six."""
    target, law = TableTarget(name), global_law(name)
    found: list[tuple[int, ...]] = []
    trie = Trie(limit=limit)
    for at in range(1000):
        found += texts(Cars().sample(target, 4, (11, at), trie))
        assert trie.bytes <= limit
    assert chi_square_z(Counter(found), law) < 4.3


def test_chains_over_a_trie_that_must_forget_come_to_the_global_law() -> None:
    law = global_law("branching, flat")
    found = texts(Mcmc(30).sample(TableTarget("branching, flat"), 1000, (2,), Trie(limit=2400)))
    assert total_variation(Counter(found), law) < 1.5 * noise_floor(law, 1000)


@pytest.mark.parametrize("name", TABLES)
def test_bounds_stay_above_the_truth_and_forgetting_keeps_the_dead_ends(name: str) -> None:
    """Every bound is at least the probability to finish, and that of the root is low for long."""
    target, trie = TableTarget(name), Trie()
    Exact().sample(target, 1, (0,), trie)
    known = trie.bytes
    best = mass = mass_of(name)
    while trie.bytes > 3 * NODE_BYTES:
        trie.limit = trie.bytes - NODE_BYTES
        trie.trim()
        for node in trie.nodes():
            prefix = tuple(node.path())
            above = math.exp(path_log_p(name, prefix) + node.log_theta)
            behind = sum(
                o.model for tokens, o in outcomes_of(name).items() if tokens[: len(prefix)] == prefix
            )
            assert above >= behind * (1 - 1e-6)
        bound = math.exp(trie.root.log_theta)
        assert bound >= best * (1 - 1e-6)  # knowing less, it can only rise
        best = bound
        if trie.bytes > known / 2:
            assert bound < mass + 0.1  # half of the bytes hold nearly all there is to know


def path_log_p(name: str, prefix: tuple[int, ...]) -> float:
    return float(sum(table(name, prefix[:at])[token] for at, token in enumerate(prefix)))


@pytest.mark.parametrize("sampler", [Reject(), Cars(), Mcmc(steps=3), Smc(), Awrs(), Exact()])
def test_figures_of_an_output_are_those_of_the_model(sampler: Any) -> None:
    outcomes = outcomes_of("branching, flat")
    for output in sampler.sample(TableTarget("branching, flat"), 20, (1,), Trie()).outputs:
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
    target, trie = TableTarget("trap, flat"), Trie()
    first = sum(Cars().sample(target, 50, (1,), trie).passes)
    again = sum(Cars().sample(target, 50, (2,), trie).passes)
    without = sum(Reject().sample(target, 50, (1,), Trie()).passes)
    assert again < first < without
