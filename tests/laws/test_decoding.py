"""The decoding loop against the law it states, on models small enough to enumerate.

Legend: a *world* is a tiny random model, a vocabulary of a few tokens and a finite language, so that
every output and its exact probability are known from passes without a cache.  Statistical tests run
at 4.3 standard deviations with fixed seeds: each would fail wrongly once in 100,000 seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")

from structgen.decode.loop import decode  # noqa: E402
from structgen.decode.result import Generation  # noqa: E402
from structgen.decode.row import Row  # noqa: E402
from structgen.decode.run import make_rows, run  # noqa: E402
from structgen.decode.sampling import SamplingLaw  # noqa: E402
from structgen.errors import BudgetTooSmall, ContextTooSmall  # noqa: E402
from structgen.testing.enumeration import Outcome, enumerate_outcomes, next_probabilities  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama, tiny_sliding  # noqa: E402
from structgen.testing.reference import Language, ReferenceConstraint, TinyVocabulary  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402

# Ambiguous segmentations (ab, a+b), two end tokens, an id without text, logits wider than the vocabulary.
VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", b"c", None, b"ba", b"cc", None, None], eos=(4, 8), width=11)
LANGUAGES = {
    "branching": ["a", "ab", "abc", "abcc", "ba", "bab", "ccc", "abababccab"],
    "forced middle": ["acccca", "accccb", "bccccccccb"],
    "may be empty": ["", "a", "aa", "aaa"],
    "trap": ["c", "ba" * 3, "bab"],
    "one string": ["abcabc"],
}
MODELS: dict[str, Callable[..., Any]] = {"llama": tiny_llama, "gpt2": tiny_gpt2}


def constraint_of(name: str) -> ReferenceConstraint:
    return ReferenceConstraint(Language.of(LANGUAGES[name]), VOCABULARY)


def generations(
    model: Any, constraint: Any, prompts: list[list[int]], law: SamplingLaw | None = None, **options: Any
) -> list[Generation]:
    batch_size = options.pop("batch_size", None)
    rows = make_rows(model, constraint, prompts, law=law or SamplingLaw(1.0), **options)
    events = run(model, rows, constraint.grammar.parse, batch_size=batch_size)
    found = {event.row: event.generation for event in events if event.generation is not None}
    assert sorted(found) == list(range(len(rows)))
    return [found[index] for index in sorted(found)]


def check_figures(generation: Generation, outcome: Outcome) -> None:
    """log-probabilities, masked ones and log_mass against the enumerated law."""
    assert generation.end_logprob is not None
    assert generation.end_masked_logprob is not None
    model = sum(generation.logprobs) + generation.end_logprob
    local = sum(generation.masked_logprobs) + generation.end_masked_logprob
    assert model == pytest.approx(math.log(outcome.model), abs=1e-3)
    assert local == pytest.approx(math.log(outcome.local), abs=1e-3)
    assert generation.log_mass == pytest.approx(model - local, abs=1e-3)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MODELS)
def test_samples_follow_the_local_law_and_say_how_likely_they_are(kind: str, language: str) -> None:
    model, constraint, prompt = MODELS[kind](VOCABULARY.width, seed=2), constraint_of(language), [0, 3, 1]
    law = enumerate_outcomes(model, prompt, constraint, temperature=1.3)
    assert sum(outcome.local for outcome in law.values()) == pytest.approx(1)
    sampled = generations(model, constraint, [prompt], SamplingLaw(1.3), n=10_000, max_tokens=30, seed=4)
    for generation in sampled[:60]:
        check_figures(generation, law[tuple(generation.tokens)])
        assert generation.text in LANGUAGES[language]
        assert generation.value == generation.text
    counts = Counter(tuple(generation.tokens) for generation in sampled)
    assert chi_square_z(counts, {tokens: outcome.local for tokens, outcome in law.items()}) < 4.3


def test_the_statistic_tells_the_local_law_from_the_global_one() -> None:
    """A control that must fail: the same samples judged against the wrong law."""
    model, constraint = tiny_llama(VOCABULARY.width, seed=2), constraint_of("branching")
    law = enumerate_outcomes(model, [0, 3, 1], constraint)
    counts = Counter(
        tuple(g.tokens) for g in generations(model, constraint, [[0, 3, 1]], n=1000, max_tokens=30)
    )
    total = sum(outcome.model for outcome in law.values())
    assert chi_square_z(counts, {tokens: outcome.local for tokens, outcome in law.items()}) < 4.3
    assert chi_square_z(counts, {tokens: outcome.model / total for tokens, outcome in law.items()}) > 10


def test_importance_weights_turn_the_local_law_into_the_global_one() -> None:
    """The mean of exp(log_mass) over local samples is P(L), the model's mass on the language."""
    model, constraint = tiny_llama(VOCABULARY.width, seed=5, sharpness=4), constraint_of("branching")
    law = enumerate_outcomes(model, [0], constraint)
    total = sum(outcome.model for outcome in law.values())
    weights = np.array([g.weight for g in generations(model, constraint, [[0]], n=10_000, max_tokens=30)])
    error = weights.std() / math.sqrt(len(weights))
    assert abs(weights.mean() - total) < 4.3 * error
    assert weights.max() <= 1 + 1e-6


@pytest.mark.parametrize("law", [SamplingLaw(1), SamplingLaw(1, top_p=0.9), SamplingLaw(1, min_p=0.02)])
def test_weighted_counts_are_the_models_own_probabilities(law: SamplingLaw) -> None:
    """E[weight; output = s] = P(s) for every s, and E_global[1 / weight] = 1 / P(L); truncation is in P."""
    model, constraint = tiny_llama(VOCABULARY.width, seed=5, sharpness=4), constraint_of("branching")
    outcomes = enumerate_outcomes(model, [0], constraint, law=law)
    sampled = generations(model, constraint, [[0]], law, n=10_000, max_tokens=30, seed=3)
    weights = np.array([g.weight for g in sampled])
    for tokens, outcome in outcomes.items():
        hits = weights * np.array([tuple(g.tokens) == tokens for g in sampled])
        error = hits.std() / math.sqrt(len(hits))
        assert abs(hits.mean() - outcome.model) < 4.3 * error + 1e-9
    total = sum(outcome.model for outcome in outcomes.values())
    by_global = sum(o.model / total / (o.model / o.local) for o in outcomes.values() if o.model)
    reached = sum(o.local for o in outcomes.values() if o.model)
    assert by_global == pytest.approx(reached / total)


def best_sequence(model: Any, constraint: Any, prompt: list[int], max_tokens: int) -> list[int]:
    """Greedy under a budget by definition: the most probable token after which the output can be finished."""
    matcher, tokens = constraint.matcher(), []
    while True:
        p = next_probabilities(model, [*prompt, *tokens])
        for token in sorted(range(VOCABULARY.size), key=lambda token: -p[token]):
            if not matcher.allows(token):
                continue
            if token in VOCABULARY.eos_ids:
                return tokens
            matcher.advance(token)
            if len(tokens) + 1 + matcher.distance() <= max_tokens:
                tokens.append(token)
                break
            matcher.rollback(1)
        else:
            return tokens  # only at the end of a budget where the output may stop


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MODELS)
def test_greedy_is_the_definition_under_every_budget(kind: str, language: str) -> None:
    constraint = constraint_of(language)
    needed = constraint.matcher().distance()
    for seed in range(2):
        model = MODELS[kind](VOCABULARY.width, seed=seed)
        for max_tokens in range(needed, 14):
            (found,) = generations(model, constraint, [[3, 1]], SamplingLaw(0), max_tokens=max_tokens)
            assert found.tokens == best_sequence(model, constraint, [3, 1], max_tokens)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sufficient_budget_completes_and_one_less_is_refused(language: str) -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=8, sharpness=2), constraint_of(language)
    needed = constraint.matcher().distance()
    if needed:
        with pytest.raises(BudgetTooSmall) as caught:
            generations(model, constraint, [[0]], max_tokens=needed - 1)
        assert (caught.value.needed, caught.value.given) == (needed, needed - 1)
    for max_tokens in range(needed, needed + 6):
        for generation in generations(
            model, constraint, [[0]], SamplingLaw(1.5), n=40, max_tokens=max_tokens
        ):
            assert generation.text in LANGUAGES[language]
            assert len(generation.tokens) <= max_tokens


def test_a_tight_budget_draws_from_what_fits_in_proportion() -> None:
    """One step under a budget: the law is p~ given that the token fits."""
    model, prompt = tiny_llama(VOCABULARY.width, seed=3, sharpness=5), [1]
    constraint = ReferenceConstraint(Language.of(["c", "cc", "bab", "aaaa"]), VOCABULARY)
    p = next_probabilities(model, prompt)
    matcher = constraint.matcher()
    fitting = {}
    for token in range(VOCABULARY.size):
        if token not in VOCABULARY.eos_ids and matcher.allows(token):
            matcher.advance(token)
            if matcher.distance() <= 1:
                fitting[token] = p[token]
            matcher.rollback(1)
    assert len(fitting) < sum(matcher.allows(token) for token in range(VOCABULARY.size))
    total = sum(fitting.values())
    sampled = generations(model, constraint, [prompt], n=10_000, max_tokens=2)
    assert sum(g.stats.budget_bans for g in sampled) > 100
    counts = Counter(g.tokens[0] for g in sampled)
    assert chi_square_z(counts, {token: mass / total for token, mass in fitting.items()}) < 4.3


def test_when_repeated_draws_run_out_the_plan_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model that all but refuses what fits: the known completion finishes the output all the same."""
    monkeypatch.setattr("structgen.decode.row.MAX_REDRAWS", 1)
    model = tiny_llama(VOCABULARY.width, seed=3, sharpness=5)
    members = ["c", "aaaaa", "abaaaa", "baaaaa", "ccccccc"]
    constraint = ReferenceConstraint(Language.of(members), VOCABULARY)
    for max_tokens in range(1, 6):
        sampled = generations(model, constraint, [[1]], n=100, max_tokens=max_tokens)
        assert all(g.text in members and len(g.tokens) <= max_tokens for g in sampled)
    assert any(g.stats.budget_bans for g in generations(model, constraint, [[1]], n=100, max_tokens=1))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("temperature", [0, 1.0])
def test_rows_do_not_depend_on_their_neighbours(kind: str, temperature: float) -> None:
    """Ragged prompts in one batch, in batches of two, alone: the same tokens and figures."""
    model, law = MODELS[kind](VOCABULARY.width, seed=6), SamplingLaw(temperature)
    prompts = [[0], [1, 2, 3, 5, 6, 0, 0, 1], [2, 2], [3, 1, 4, 1, 5], [0]]
    constraint = constraint_of("forced middle")
    together = generations(model, constraint, prompts, law, max_tokens=12, n=3, seed=9)
    for batch_size in (1, 2, 7):
        apart = generations(
            model, constraint, prompts, law, max_tokens=12, n=3, seed=9, batch_size=batch_size
        )
        for one, other in zip(together, apart, strict=True):
            assert one.tokens == other.tokens
            assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
            assert one.log_mass == pytest.approx(other.log_mass, abs=1e-4)
            assert one.finish_reason == other.finish_reason


def test_a_neighbour_that_changes_leaves_a_row_as_it_was() -> None:
    model, constraint = tiny_gpt2(VOCABULARY.width, seed=1), constraint_of("branching")
    first = generations(model, constraint, [[1, 2, 3], [5, 5]], max_tokens=12, seed=3)[1]
    other = generations(model, constraint, [[0] * 20, [5, 5]], max_tokens=12, seed=3)[1]
    assert first.tokens == other.tokens
    assert first.log_mass == pytest.approx(other.log_mass, abs=1e-4)


def test_same_seed_same_tokens_another_seed_others() -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=1, sharpness=1), constraint_of("branching")

    def run_with(seed: int) -> list[list[int]]:
        return [g.tokens for g in generations(model, constraint, [[0]], n=30, max_tokens=12, seed=seed)]

    assert run_with(3) == run_with(3)
    assert run_with(3) != run_with(4)


def test_forced_tokens_cost_no_pass_of_their_own() -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=1), constraint_of("one string")
    # abcabc has several segmentations over these tokens, so nothing is forced but the c's.
    (plain,) = generations(model, constraint, [[0]], SamplingLaw(0))
    assert plain.stats.drawn_tokens + plain.stats.forced_tokens == len(plain.tokens)
    assert plain.stats.forced_tokens >= 2
    assert plain.stats.forward_passes == plain.stats.drawn_tokens + 1  # the last one scores the forced end
    (spared,) = generations(model, constraint, [[0]], SamplingLaw(0), weights=False)
    assert spared.tokens == plain.tokens
    assert spared.stats.forward_passes == spared.stats.drawn_tokens
    assert math.isnan(spared.log_mass)
    assert plain.finish_reason == "complete"


def test_what_is_forced_from_the_start_needs_no_model_at_all() -> None:
    vocabulary = TinyVocabulary([b"x", b"y", None], eos=2)
    constraint = ReferenceConstraint(Language.of(["xyxy"]), vocabulary)
    model = tiny_llama(3, seed=0)
    (spared,) = generations(model, constraint, [[0]], weights=False)
    assert (spared.text, spared.stats.forward_passes, spared.stats.forced_tokens) == ("xyxy", 0, 4)
    (scored,) = generations(model, constraint, [[0]])
    assert (scored.text, scored.stats.forward_passes) == ("xyxy", 1)
    check_figures(scored, enumerate_outcomes(model, [0], constraint)[tuple(scored.tokens)])


def test_a_long_forced_run_is_scored_in_several_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = TinyVocabulary([b"x", b"y", b"z", None], eos=3)
    constraint = ReferenceConstraint(Language.of(["xy" * 15, "z"]), vocabulary)
    model = tiny_gpt2(4, seed=2)
    whole = generations(model, constraint, [[0, 1], [2]], n=4, max_tokens=40)
    monkeypatch.setattr("structgen.decode.step.MAX_LOGITS", 1)
    pieces = generations(model, constraint, [[0, 1], [2]], n=4, max_tokens=40)
    assert any(len(g.tokens) == 30 for g in whole)
    for one, other in zip(whole, pieces, strict=True):
        assert one.tokens == other.tokens
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)
        assert one.log_mass == pytest.approx(other.log_mass, abs=1e-4)


def test_holes_in_the_cache_are_closed_without_changing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    model, constraint = tiny_gpt2(VOCABULARY.width, seed=4), constraint_of("forced middle")
    prompts = [[0], [1, 2, 3, 5, 6, 0, 0, 1], [2, 2]]
    plain = generations(model, constraint, prompts, n=4, max_tokens=12, seed=1)
    monkeypatch.setattr("structgen.decode.forward._MIN_HOLES", -10_000)
    closed = generations(model, constraint, prompts, n=4, max_tokens=12, seed=1)
    assert [g.tokens for g in plain] == [g.tokens for g in closed]
    for one, other in zip(plain, closed, strict=True):
        assert one.logprobs == pytest.approx(other.logprobs, abs=1e-4)


def test_a_cache_that_drops_keys_runs_one_row_at_a_time() -> None:
    model, constraint = tiny_sliding(VOCABULARY.width, seed=2), constraint_of("forced middle")
    prompts = [[1, 2, 3, 5, 6, 0, 0, 1, 2, 3], [2, 2]]
    for prompt, generation in zip(
        prompts, generations(model, constraint, prompts, max_tokens=12), strict=True
    ):
        check_figures(generation, enumerate_outcomes(model, prompt, constraint)[tuple(generation.tokens)])


def test_top_k_of_one_is_greedy() -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=7), constraint_of("branching")
    for max_tokens in (2, 4, 12):
        (greedy,) = generations(model, constraint, [[0]], SamplingLaw(0), max_tokens=max_tokens)
        (narrow,) = generations(model, constraint, [[0]], SamplingLaw(1, top_k=1), max_tokens=max_tokens)
        assert greedy.tokens == narrow.tokens


def test_an_unbounded_language_finishes_at_every_budget() -> None:
    """Whitespace and digits cannot run away: (ab)*c over a model that would rather go on."""

    def is_prefix(text: bytes) -> bool:
        body = text[:-1] if text.endswith(b"c") else text
        return len(text) < 60 and (b"ab" * 30).startswith(body) and (body == text or len(body) % 2 == 0)

    def contains(text: bytes) -> bool:
        return text.endswith(b"c") and is_prefix(text)

    constraint = ReferenceConstraint(Language(is_prefix, contains), VOCABULARY)
    model = tiny_llama(VOCABULARY.width, seed=1, sharpness=1)
    for max_tokens in range(1, 25):
        for generation in generations(model, constraint, [[0]], n=5, max_tokens=max_tokens, seed=max_tokens):
            assert contains(generation.text.encode())
            assert len(generation.tokens) <= max_tokens


def test_the_model_choosing_to_end_is_told_from_nothing_being_left() -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=2, sharpness=1), constraint_of("may be empty")
    reasons = {(g.text, g.finish_reason) for g in generations(model, constraint, [[0]], n=100, max_tokens=9)}
    assert ("aaa", "complete") in reasons
    assert {reason for text, reason in reasons if text != "aaa"} == {"stop"}
    (empty,) = generations(model, constraint, [[0]], max_tokens=0)
    assert (empty.text, empty.finish_reason, empty.end_logprob) == ("", "complete", None)
    assert empty.log_mass == 0


def test_the_context_of_the_model_is_a_budget_too() -> None:
    model, constraint = tiny_gpt2(VOCABULARY.width, seed=2), constraint_of("one string")
    context = model.config.n_positions
    (generation,) = generations(model, constraint, [[0] * (context - 4)], max_tokens=30)
    assert len(generation.tokens) <= 4
    with pytest.raises(ContextTooSmall, match="shorten the prompt"):
        generations(model, constraint, [[0] * (context - 1)], max_tokens=30)


def test_the_model_is_left_in_the_mode_it_was_in() -> None:
    model, constraint = tiny_gpt2(VOCABULARY.width, seed=2).train(), constraint_of("branching")
    one = generations(model, constraint, [[0]], n=20, max_tokens=12)
    assert model.training
    assert [g.tokens for g in one] == [
        g.tokens for g in generations(model.eval(), constraint, [[0]], n=20, max_tokens=12)
    ]
    assert not model.training


def test_decode_yields_each_row_done_exactly_when_it_is() -> None:
    model, constraint = tiny_llama(VOCABULARY.width, seed=2), constraint_of("branching")
    rows = make_rows(model, constraint, [[0], [1, 2]], n=5, max_tokens=12, law=SamplingLaw(1))
    finished: list[Row] = []
    for changed in decode(model, rows):
        assert not set(map(id, changed)) & set(map(id, finished))
        finished += [row for row in changed if not row.wants_model]
    assert len(finished) == len(rows)
