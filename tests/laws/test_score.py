"""`score` against the enumerated law, and against what a sampled output says of itself."""

from __future__ import annotations

import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.testing.enumeration import enumerate_outcomes  # noqa: E402
from structgen.testing.models import tiny_llama  # noqa: E402

TOKENS = [b"a", b"b", b"ab", b"c", None, b"ba", b"cc"]
VOCABULARY = sg.Vocabulary.from_tokens(TOKENS, eos=4, width=11)
STRINGS = ["a", "ab", "abc", "abcc", "ba", "bab", "ccc"]
CONSTRAINT = sg.compile(sg.choice(STRINGS), VOCABULARY)
SETTINGS: list[dict[str, Any]] = [
    {},
    {"temperature": 1.7},
    {"top_k": 4},
    {"repetition_penalty": 1.4, "frequency_penalty": 0.3, "logit_bias": {3: 1.0}},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_scores_are_the_enumerated_probabilities(settings: dict[str, Any]) -> None:
    model, prompt = tiny_llama(11, seed=2, sharpness=4), [0, 3, 1]
    law = SamplingLaw(**{"temperature": 1.0, **settings})
    total_local = 0.0
    for tokens, outcome in enumerate_outcomes(model, prompt, CONSTRAINT, law=law).items():
        found = sg.score(model, prompt, list(tokens), CONSTRAINT, tokenizer=VOCABULARY, **settings)
        if outcome.model == 0:  # possible only where truncation missed
            assert found.log_p == -math.inf
            continue
        assert found.log_p == pytest.approx(math.log(outcome.model), abs=1e-3)
        assert found.log_local == pytest.approx(math.log(outcome.local), abs=1e-3)
        assert found.log_mass == pytest.approx(found.log_p - found.log_local, abs=1e-3)
        assert len(found.log_z) == len(tokens) + 1
        total_local += math.exp(found.log_local)
    if "top_k" not in settings:
        assert total_local == pytest.approx(1, abs=1e-3)


def test_a_sampled_output_scores_as_it_says() -> None:
    model = tiny_llama(11, seed=2, sharpness=4)
    settings: dict[str, Any] = {"temperature": 1.2, "presence_penalty": 0.4}
    for out in sg.generate(model, [1, 2], grammar=CONSTRAINT, tokenizer=VOCABULARY, n=40, **settings):
        found = sg.score(model, [1, 2], out.tokens, CONSTRAINT, tokenizer=VOCABULARY, **settings)
        assert found.logprobs == pytest.approx(out.logprobs, abs=1e-3)
        assert found.masked_logprobs == pytest.approx(out.masked_logprobs, abs=1e-3)
        assert found.log_mass == pytest.approx(out.log_mass, abs=1e-3)
        assert found.end_logprob == pytest.approx(out.end_logprob, abs=1e-3)


def test_the_global_law_by_an_estimate_of_the_language() -> None:
    """Within 4.3 standard errors of the model's enumerated mass on the language."""
    model = tiny_llama(11, seed=5, sharpness=4)
    outcomes = enumerate_outcomes(model, [0], CONSTRAINT)
    total = sum(outcome.model for outcome in outcomes.values())
    found = sg.score(model, [0], "ab", CONSTRAINT, tokenizer=VOCABULARY, samples=2000)
    assert found.log_language is not None and found.relative_error is not None
    assert abs(math.exp(found.log_language) / total - 1) < 4.3 * found.relative_error
    assert found.log_global == pytest.approx(found.log_p - found.log_language)
    assert sg.score(model, [0], "ab", CONSTRAINT, tokenizer=VOCABULARY).log_global is None


def test_a_text_outside_the_constraint_says_where_it_leaves() -> None:
    model = tiny_llama(11, seed=5)
    with pytest.raises(sg.TokenRejected):
        sg.score(model, [0], "cb", CONSTRAINT, tokenizer=VOCABULARY)
    with pytest.raises(sg.TokenRejected, match="too early"):
        sg.score(model, [0], "c", CONSTRAINT, tokenizer=VOCABULARY)
    with pytest.raises(sg.TokenRejected, match="leave the end out"):
        sg.score(model, [0], [0, 4], CONSTRAINT, tokenizer=VOCABULARY)


def test_what_may_be_scored_against() -> None:
    model = tiny_llama(11, seed=5)
    for constraint in (STRINGS, sg.choice(STRINGS), CONSTRAINT):
        assert sg.score(model, [0], "ba", constraint, tokenizer=VOCABULARY).log_local <= 0
