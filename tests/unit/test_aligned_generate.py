"""`generate(sampler=…)`: aligned samplers end to end, their figures, their memory and their refusals."""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="generate computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")

import structgen as sg
from structgen.decode.aligned import Awrs, Cars, Exact, Mcmc, Reject, Smc
from structgen.decode.aligned.target import Target
from structgen.decode.distortion import from_weights
from structgen.decode.sampling import SamplingLaw
from structgen.testing.enumeration import enumerate_outcomes
from structgen.testing.models import tiny_llama, tiny_sliding
from structgen.testing.statistics import chi_square_z

VOCABULARY = sg.Vocabulary.from_tokens([b"a", b"b", b"ab", b"ba", None], eos=4)
GRAMMAR = sg.regex("(ab){1,2}|b{3}")


@pytest.fixture(scope="module")
def model() -> Any:
    return tiny_llama(VOCABULARY.width, seed=3, sharpness=2.0)


def sample(model: Any, sampler: Any, n: int = 4, **options: Any) -> Any:
    options = {"temperature": 1.0, "max_tokens": 12, "seed": 1} | options
    grammar = sg.regex(options.pop("grammar_of")) if "grammar_of" in options else GRAMMAR
    return sg.generate(model, [0, 1], grammar=grammar, tokenizer=VOCABULARY, n=n, sampler=sampler, **options)


@pytest.mark.parametrize("sampler", ["global", "cars", "reject", "asap", "mcmc", "smc", "awrs", "exact"])
def test_every_sampler_gives_whole_outputs_and_says_what_they_are(model: Any, sampler: str) -> None:
    for one in sample(model, sampler):
        assert one.value == one.text
        assert one.text in ("ab", "abab", "bbb")
        assert one.law in ("global", "global in the limit", "local")
        assert one.stats.forward_passes >= 0
        assert len(one.tokens) == len(one.logprobs) == len(one.masked_logprobs)
        if sampler != "awrs":
            total = sum(one.logprobs) + one.end_logprob - sum(one.masked_logprobs) - one.end_masked_logprob
            assert one.log_mass == pytest.approx(total, abs=1e-4)


@pytest.mark.parametrize("temperature", [1.0, 1.7])
@pytest.mark.parametrize("build", [tiny_llama, tiny_sliding])
def test_global_samples_through_a_real_model_follow_the_enumerated_law(
    build: Any, temperature: float
) -> None:
    model = build(VOCABULARY.width, seed=3, sharpness=2.0)
    constraint = sg.compile(GRAMMAR, VOCABULARY)
    outcomes = enumerate_outcomes(model, [0, 1], constraint, temperature)
    total = sum(outcome.model for outcome in outcomes.values())
    counts = Counter(tuple(one.tokens) for one in sample(model, "global", n=300, temperature=temperature))
    assert chi_square_z(counts, {tokens: o.model / total for tokens, o in outcomes.items()}) < 4.3


def test_truncation_is_part_of_the_law(model: Any) -> None:
    """With top_k=2 the model's own two best tokens are all there is, whatever the mask leaves of them."""
    for one in sample(model, "exact", n=20, top_k=2, temperature=0.5):
        assert all(math.isfinite(value) for value in one.logprobs)


def test_what_is_learned_spares_passes_in_later_calls_and_processes(model: Any, tmp_path: Path) -> None:
    state = sg.AlignedState()
    first = sum(one.stats.forward_passes for one in sample(model, "cars", n=30, state=state))
    again = sum(one.stats.forward_passes for one in sample(model, "cars", n=30, state=state, seed=2))
    assert again < first
    state.save(tmp_path / "state.npz")
    loaded = sg.AlignedState.load(tmp_path / "state.npz")
    assert len(loaded) == len(state) == 1 and loaded.bytes == state.bytes
    one, other = ([o.tokens for o in sample(model, "cars", n=30, state=s, seed=5)] for s in (state, loaded))
    assert one == other


def test_knowledge_of_one_model_or_prompt_is_never_used_for_another(model: Any) -> None:
    state = sg.AlignedState()
    sample(model, "cars", state=state)
    sample(tiny_llama(VOCABULARY.width, seed=4, sharpness=2.0), "cars", state=state)
    sample(model, "cars", state=state, temperature=0.9)
    sample(model, "cars", state=state, max_tokens=11)
    assert len(state) == 4


def test_a_damaged_file_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "state.npz"
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(sg.InvalidRequest, match=r"state\.npz is no file of an AlignedState"):
        sg.AlignedState.load(path)


def test_the_bound_in_bytes_is_kept(model: Any) -> None:
    state = sg.AlignedState(limit=1 << 16)
    for prompt in range(40):
        sg.generate(
            model,
            [0, prompt % 4, prompt // 4 % 4, prompt // 16],
            grammar=sg.regex("[ab]{6}"),
            tokenizer=VOCABULARY,
            n=4,
            sampler="cars",
            state=state,
            temperature=1.0,
            max_tokens=8,
        )
    assert state.bytes <= 1 << 16


def test_an_improbable_grammar_ends_in_one_clear_error(model: Any) -> None:
    with pytest.raises(sg.SamplingFailed, match="attempts") as caught:
        sg.generate(
            tiny_llama(VOCABULARY.width, seed=3, sharpness=60.0),
            [0, 1],
            grammar=sg.regex("(ab){6}"),
            tokenizer=VOCABULARY,
            n=2,
            sampler=Reject(max_attempts=40),
            temperature=0.2,
            max_tokens=12,
        )
    assert caught.value.attempts == 40
    assert caught.value.passes <= 40 * 13


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sampler": "best"}, "known: 'masked', 'global'"),
        ({"sampler": "cars", "temperature": 0.0}, "temperature=0 has no law"),
        ({"sampler": "cars", "n": 0}, "n must be an integer >= 1"),
    ],
)
def test_what_makes_no_sense_is_refused(model: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(sg.InvalidRequest, match=message):
        sample(model, **options)


@pytest.mark.parametrize(
    "make", [lambda: Mcmc(steps=-1), lambda: Mcmc(proposal="x"), lambda: Smc(particles=0)]
)
def test_options_out_of_range_are_refused(make: Any) -> None:
    with pytest.raises(sg.InvalidRequest):
        make()


def test_a_critic_steers_particles(model: Any) -> None:
    liked = Smc(particles=64, critic=lambda text: 6.0 * text.endswith(b"bbb"))
    plain = Counter(one.text for one in sample(model, Smc(particles=64), n=64))
    steered = Counter(one.text for one in sample(model, liked, n=64))
    assert steered["bbb"] > plain["bbb"]


def test_distortion_finds_the_enumerated_distance(model: Any) -> None:
    constraint = sg.compile(GRAMMAR, VOCABULARY)
    outcomes = enumerate_outcomes(model, [0, 1], constraint).values()
    mass = sum(o.model for o in outcomes)
    tv = 0.5 * sum(abs(o.local - o.model / mass) for o in outcomes)
    kl = sum(o.local * math.log(o.local * mass / o.model) for o in outcomes)
    found = sg.distortion(model, [0, 1], constraint, n=800, max_tokens=12, seed=2)
    assert found.tv.low - 0.02 < tv < found.tv.high + 0.02
    assert found.kl.low - 0.02 < kl < found.kl.high + 0.02
    assert found.log_language_mass.low - 0.05 < math.log(mass) < found.log_language_mass.high + 0.05


def test_distortion_draws_a_plot(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the plot needs matplotlib")
    from_weights(np.log([0.5, 0.1, 0.2]).tolist()).plot(tmp_path / "weights.png")
    assert (tmp_path / "weights.png").stat().st_size > 1000


def test_cars_is_the_global_sampler(model: Any) -> None:
    assert [o.tokens for o in sample(model, "global")] == [o.tokens for o in sample(model, Cars())]


def test_a_target_shares_the_model_with_its_rows(model: Any) -> None:
    """A copy for every wave would double the weights each time."""
    target = Target(model, [0, 1], sg.compile(GRAMMAR, VOCABULARY), SamplingLaw(1.0), 12)
    assert target.batch()._model is model


@pytest.mark.parametrize("sampler", ["cars", "exact", "awrs", "smc"])
def test_several_end_tokens_are_one_event(model: Any, sampler: str) -> None:
    vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b"ab", None, None], eos=[3, 4])
    grammar = sg.regex("(ab)*")
    outcomes = enumerate_outcomes(model, [0, 1], sg.compile(sg.regex("(ab){0,3}"), vocabulary))
    made = sg.generate(
        model,
        [0, 1],
        grammar=grammar,
        tokenizer=vocabulary,
        n=100,
        sampler=sampler,
        temperature=1.0,
        max_tokens=3,
        seed=1,
    )
    for one in made:
        assert one.log_probability == pytest.approx(math.log(outcomes[tuple(one.tokens)].model), abs=1e-4)
    mass = math.log(sum(o.model for tokens, o in outcomes.items() if len(tokens) <= 3))
    assert made[0].log_language_mass == pytest.approx(mass, abs=0.5)


GRAMMARS = {
    "regex": (sg.regex("[a-c]{1,3}"), r"[a-c]{1,3}"),
    "schema": (sg.json_schema({"type": "array", "items": {"enum": [1, 2]}, "maxItems": 2}), r"\[.*\]"),
    "lark": (sg.lark('start: "(" start? ")"'), r"[(]+[)]+"),
    "composition": (sg.special("<|user|>") + sg.choice(["yes", "no"]), r"<\|user\|>(yes|no)"),
}


@pytest.mark.parametrize("sampler", ["cars", "mcmc", "smc", "awrs"])
@pytest.mark.parametrize("kind", GRAMMARS)
def test_grammars_of_every_kind_can_be_sampled(loaded: Any, kind: str, sampler: str) -> None:
    grammar, pattern = GRAMMARS[kind]
    made = sg.generate(
        loaded, "List: ", grammar=grammar, n=2, sampler=FEW[sampler], temperature=2.0, max_tokens=16, seed=3
    )
    for one in made:
        assert re.fullmatch(pattern, one.text, re.DOTALL)
        assert one.log_probability <= one.log_local + 1e-6 or sampler == "awrs"


FEW = {
    "cars": Cars(max_attempts=20_000),
    "mcmc": Mcmc(steps=2),
    "smc": Smc(particles=32),
    "awrs": Awrs(),
}


@pytest.fixture(scope="module")
def loaded() -> Any:
    return sg.load()


@pytest.mark.parametrize(
    "options",
    [{"top_k": 3}, {"top_p": 0.9}, {"logit_bias": {0: 1.5, 4: -1.0}}, {"min_p": 0.05, "temperature": 1.3}],
)
def test_what_bends_the_model_bends_the_target(model: Any, options: dict[str, Any]) -> None:
    """Truncation and bias are part of p, in front of the mask."""
    law = SamplingLaw(**{"temperature": 1.0} | options)
    outcomes = enumerate_outcomes(model, [0, 1], sg.compile(GRAMMAR, VOCABULARY), law=law)
    total = sum(outcome.model for outcome in outcomes.values())
    made = sample(model, "global", n=300, **options)
    counts = Counter(tuple(one.tokens) for one in made)
    assert chi_square_z(counts, {tokens: o.model / total for tokens, o in outcomes.items()}) < 4.3
    exact = sample(model, "exact", n=1, **options)
    assert exact.log_language_mass == pytest.approx(math.log(total), abs=1e-4)


def test_narrowing_behind_the_mask_is_refused(model: Any) -> None:
    with pytest.raises(sg.InvalidRequest, match="truncate"):
        sample(model, "global", top_k=3, truncate="allowed")
    with pytest.raises(sg.InvalidRequest, match="penalties"):
        sample(model, "global", presence_penalty=1.0)


@pytest.mark.parametrize(
    "sampler", [Reject(max_attempts=200), Cars(max_attempts=30), Smc(particles=64), Exact()]
)
def test_the_estimate_of_a_tiny_probability_is_about_right(sampler: Any) -> None:
    """P(L) is 10^-9: what gives up says so within a factor of a hundred, as do the others."""
    model = tiny_llama(VOCABULARY.width, seed=5, sharpness=11.5)
    grammar = sg.regex("(ab){4}")
    constraint = sg.compile(grammar, VOCABULARY)
    truth = math.log(sum(o.model for o in enumerate_outcomes(model, [0, 1], constraint).values()))
    assert -10 < truth / math.log(10) < -8
    said = ""
    try:
        log_mass = sg.generate(
            model,
            [0, 1],
            grammar=grammar,
            tokenizer=VOCABULARY,
            n=4,
            sampler=sampler,
            temperature=1.0,
            max_tokens=12,
            seed=0,
        )[0].log_language_mass
    except sg.SamplingFailed as error:
        said, log_mass = str(error), error.log_mass
    gives_up = isinstance(sampler, Reject)
    assert ("10^-" in said) >= gives_up
    assert abs(log_mass - truth) < math.log(100)


def test_a_language_without_probability_ends_at_once(model: Any) -> None:
    """Truncation leaves nothing of the grammar: known after one pass, not after thousands of attempts."""
    with pytest.raises(sg.SamplingFailed, match="probability of about 0") as caught:
        sample(model, "cars", top_k=1, max_tokens=6, grammar_of="b{3}")
    assert caught.value.attempts < 20


@pytest.mark.parametrize("sampler", ["cars", "reject", "smc", "mcmc", "awrs", "exact"])
def test_seeds_give_the_same_outputs_for_every_size_of_a_batch(model: Any, sampler: str) -> None:
    found = [[o.tokens for o in sample(model, sampler, n=6, batch_size=size)] for size in (1, 4, 16)]
    assert found[0] == found[1] == found[2]


def test_what_exact_asked_is_kept(model: Any) -> None:
    state = sg.AlignedState()
    first = sum(one.stats.forward_passes for one in sample(model, "exact", n=5, state=state))
    again = sum(one.stats.forward_passes for one in sample(model, "exact", n=5, state=state, seed=2))
    assert again == 0 < first
    assert sum(one.stats.forward_passes for one in sample(model, "cars", n=5, state=state)) == 0


def test_outputs_share_rows_until_they_part(model: Any) -> None:
    """Eight particles that say the same cost one."""
    made = sg.generate(
        model,
        [0, 1],
        grammar=sg.choice(["abab"]),
        tokenizer=VOCABULARY,
        n=8,
        sampler=Smc(particles=8, threshold=0),
        temperature=1.0,
        max_tokens=12,
        canonical=True,
    )
    assert sum(one.stats.forward_passes for one in made) <= 5


def test_canonical_and_plain_outputs_have_tries_of_their_own(model: Any) -> None:
    state = sg.AlignedState()
    for canonical in (False, True, False, True):
        sample(model, "cars", state=state, canonical=canonical)
    assert len(state) == 2


def test_a_critic_must_return_a_number(model: Any) -> None:
    with pytest.raises(sg.InvalidRequest, match="critic must return a number"):
        sample(model, Smc(critic=lambda text: math.nan))
