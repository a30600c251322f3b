"""Searches under constraints against their definitions, on models small enough to enumerate."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.search.adadec import adadec  # noqa: E402
from structgen.decode.search.beam import beam_search  # noqa: E402
from structgen.decode.search.best_of_n import best_of_n, log_p_of  # noqa: E402
from structgen.decode.search.call import SEARCHES, Beam  # noqa: E402
from structgen.decode.search.cntp import cautious  # noqa: E402
from structgen.decode.search.diverse_beam import diverse_beam_search  # noqa: E402
from structgen.decode.search.first_finish import first_finish  # noqa: E402
from structgen.testing.enumeration import enumerate_outcomes  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama  # noqa: E402
from structgen.testing.reference import Language, ReferenceConstraint, TinyVocabulary  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402

VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", b"c", None, b"ba", b"cc", None, None], eos=(4, 8), width=11)
STRINGS = ["a", "ab", "abc", "abcc", "ba", "bab", "ccc", "abababccab"]
CONSTRAINT = ReferenceConstraint(Language.of(STRINGS), VOCABULARY)
PROMPT = [0, 3, 1]
MODELS = {"llama": tiny_llama, "gpt2": tiny_gpt2}


def common(**asked: Any) -> dict[str, Any]:
    return {"tokenizer": VOCABULARY, "max_tokens": 14, **asked}


def log_local(one: Any) -> float:
    return sum(one.masked_logprobs) + (one.end_masked_logprob or 0.0)


def greedy(model: Any, **asked: Any) -> Any:
    settings = common(temperature=0, **asked)
    return sg.generate(model, PROMPT, grammar=CONSTRAINT, **settings)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("by", ["local", "model"])
def test_a_wide_beam_finds_the_most_probable_texts(kind: str, by: Any) -> None:
    for seed in range(4):
        model = MODELS[kind](VOCABULARY.width, seed=seed, sharpness=4)
        best: dict[str, float] = {}
        for tokens, outcome in enumerate_outcomes(model, PROMPT, CONSTRAINT).items():
            text = VOCABULARY.decode(tokens).decode()
            best[text] = max(best.get(text, 0.0), outcome.local if by == "local" else outcome.model)
        expected = sorted(best, key=lambda text: -best[text])[:3]
        found = beam_search(model, PROMPT, CONSTRAINT, beams=60, returned=3, by=by, **common())
        assert [one.text for one in found] == expected
        for one in found:
            total = log_local(one) if by == "local" else log_p_of(one)
            assert total == pytest.approx(math.log(best[one.text]), abs=1e-3)
            assert one.law == "beam"


def test_narrow_beams_and_budgets() -> None:
    for seed in range(4):
        model = tiny_llama(VOCABULARY.width, seed=seed, sharpness=4)
        scores = [
            log_local(beam_search(model, PROMPT, CONSTRAINT, beams=beams, **common())[0]) for beams in (1, 60)
        ]
        assert scores[0] <= scores[1] + 1e-4
        for max_tokens in range(1, 8):
            for one in beam_search(model, PROMPT, CONSTRAINT, returned=4, **common(max_tokens=max_tokens)):
                assert one.text in STRINGS and len(one.tokens) <= max_tokens


def test_the_length_penalty_ranks_by_the_mean() -> None:
    model = tiny_llama(VOCABULARY.width, seed=1, sharpness=2)
    settings = common(beams=60, returned=8, length_penalty=1.0)
    found = beam_search(model, PROMPT, CONSTRAINT, **settings)
    means = [log_local(one) / (len(one.tokens) + 1) for one in found]
    assert means == sorted(means, reverse=True)


def test_groups_of_beams_avoid_each_other() -> None:
    differ = 0
    for seed in range(6):
        model = tiny_llama(VOCABULARY.width, seed=seed, sharpness=4)
        alike = diverse_beam_search(model, PROMPT, CONSTRAINT, diversity=0.0, **common())
        apart = diverse_beam_search(model, PROMPT, CONSTRAINT, diversity=5.0, **common())
        assert len({tuple(one.tokens) for one in alike}) == 1
        assert apart[0].tokens == alike[0].tokens, "the first group is not steered"
        assert all(one.text in STRINGS for one in apart)
        differ += len({tuple(one.tokens) for one in apart}) > 1
    assert differ >= 5


def test_best_of_n_is_the_best_of_the_draws() -> None:
    model = tiny_llama(VOCABULARY.width, seed=2, sharpness=4)
    asked = common(grammar=CONSTRAINT, temperature=1.0)
    drawn = sg.generate(model, PROMPT, n=6, **asked)
    found = best_of_n(model, PROMPT, n=6, **asked)
    assert [log_p_of(one) for one in found] == sorted(map(log_p_of, drawn), reverse=True)
    by_mean = best_of_n(model, PROMPT, n=6, by="mean", **asked)
    assert sorted(one.tokens for one in by_mean) == sorted(one.tokens for one in drawn)


def test_first_finish_returns_the_ones_that_ended_first() -> None:
    model = tiny_llama(VOCABULARY.width, seed=2, sharpness=2)
    asked = common(grammar=CONSTRAINT, temperature=1.0, weights=False)
    drawn = sg.generate(model, PROMPT, n=8, **asked)
    found = first_finish(model, PROMPT, n=8, wanted=3, **asked)
    assert len(found) == 3
    assert all(one.law == "first finish" for one in found)
    passes = sorted(one.stats.forward_passes for one in drawn)
    assert [one.stats.forward_passes for one in found] == passes[:3]


@pytest.mark.parametrize("kind", MODELS)
def test_without_uncertainty_lookahead_is_greedy(kind: str) -> None:
    for seed in range(4):
        model = MODELS[kind](VOCABULARY.width, seed=seed, sharpness=4)
        one = adadec(model, PROMPT, CONSTRAINT, threshold=math.inf, **common())
        assert one.tokens == greedy(model).tokens


@pytest.mark.parametrize("kind", MODELS)
def test_lookahead_takes_the_choice_that_goes_on_best(kind: str) -> None:
    """With a lookahead beyond the end and every token a choice: by definition, token by token."""
    for seed in range(4):
        model = MODELS[kind](VOCABULARY.width, seed=seed, sharpness=3)
        one = adadec(model, PROMPT, CONSTRAINT, threshold=-1.0, k=3, lookahead=4, **common())
        assert one.text in STRINGS
        assert one.tokens == by_definition(model, k=3, lookahead=4)


def by_definition(model: Any, k: int, lookahead: int) -> list[int]:
    tokens: list[int] = []
    while True:
        scored = []
        for token in best(model, tokens)[:k]:
            path, total = [*tokens], 0.0
            following: int | None = token
            for count in range(1, lookahead + 2):  # noqa: B007  # the count is the mean's divisor
                total += masked(model, path)[following]
                if following == 4:
                    break
                path.append(following)
                following = best(model, path)[0]
            scored.append((total / count, -len(scored), token))
        token = max(scored)[2]
        if token == 4:
            return tokens
        tokens.append(token)


def masked(model: Any, tokens: list[int]) -> dict[int, float]:
    """log p~ of every allowed token; both end tokens are one event, named 4."""
    matcher = CONSTRAINT.matcher()
    assert matcher.try_advance(tokens) == len(tokens)
    logits = model(input_ids=torch.tensor([PROMPT + tokens])).logits[0, -1].detach().double()
    p = torch.softmax(logits, -1)
    weights = {t: float(p[t]) for t in range(9) if t not in (4, 8) and matcher.allows(t)}
    if matcher.can_stop:
        weights[4] = float(p[4] + p[8])
    total = sum(weights.values())
    return {t: math.log(w / total) for t, w in weights.items()}


def best(model: Any, tokens: list[int]) -> list[int]:
    """Allowed tokens by p; the end stands where its better token does."""
    matcher = CONSTRAINT.matcher()
    assert matcher.try_advance(tokens) == len(tokens)
    logits = model(input_ids=torch.tensor([PROMPT + tokens])).logits[0, -1]
    order = [t for t in logits.argsort(descending=True).tolist() if t < 9 and matcher.allows(t)]
    return list(dict.fromkeys(4 if t == 8 else t for t in order))


def test_without_uncertainty_caution_is_sampling() -> None:
    """600 draws against the enumerated local law; wrong once in 100,000 seeds."""
    model = tiny_llama(VOCABULARY.width, seed=2, sharpness=4)
    law = enumerate_outcomes(model, PROMPT, CONSTRAINT)
    counts = Counter(
        tuple(cautious(model, PROMPT, CONSTRAINT, threshold=math.inf, seed=s, **common()).tokens)
        for s in range(600)
    )
    assert chi_square_z(counts, {tokens: outcome.local for tokens, outcome in law.items()}) < 4.3


@pytest.mark.parametrize("kind", MODELS)
def test_caution_prefers_probable_ways_and_says_so_rightly(kind: str) -> None:
    model = MODELS[kind](VOCABULARY.width, seed=2, sharpness=4)
    law = enumerate_outcomes(model, PROMPT, CONSTRAINT)
    plain, careful = [], []
    for seed in range(30):
        one = cautious(model, PROMPT, CONSTRAINT, threshold=math.inf, seed=seed, **common())
        plain.append(log_local(one) / (len(one.tokens) + 1))
        one = cautious(model, PROMPT, CONSTRAINT, threshold=0.05, trials=6, span=20, seed=seed, **common())
        careful.append(log_local(one) / (len(one.tokens) + 1))
        assert one.text in STRINGS
        outcome = law[tuple(one.tokens)]
        assert log_local(one) == pytest.approx(math.log(outcome.local), abs=1e-3)
        assert log_p_of(one) == pytest.approx(math.log(outcome.model), abs=1e-3)
    assert sum(careful) > sum(plain)  # perplexities: means over tokens


def test_every_search_refuses_what_cannot_be() -> None:
    model = tiny_llama(VOCABULARY.width, seed=2)
    for search in (beam_search, diverse_beam_search, adadec, cautious):
        with pytest.raises(sg.BudgetTooSmall):
            search(model, PROMPT, CONSTRAINT, tokenizer=VOCABULARY, max_tokens=0)  # type: ignore[operator]
    for call in (
        lambda: beam_search(model, PROMPT, CONSTRAINT, beams=0, **common()),
        lambda: adadec(model, PROMPT, CONSTRAINT, k=0, **common()),
        lambda: cautious(model, PROMPT, CONSTRAINT, trials=True, **common()),
        lambda: best_of_n(model, PROMPT, n=0, grammar=CONSTRAINT, **common()),
    ):
        with pytest.raises(sg.InvalidRequest):
            call()


@pytest.fixture(scope="module")
def pocket() -> Any:
    return sg.load()


@pytest.mark.parametrize("more", [0, 3, 27])
@pytest.mark.parametrize("sampler", SEARCHES)
def test_searches_finish_where_the_known_completion_changes(pocket: Any, sampler: Any, more: int) -> None:
    """Inside a key a shortest text may take more tokens than what is left of the one known before."""
    strings = {"type": "array", "items": {"type": "string", "maxLength": 6}, "maxItems": 2}
    members = {"a": {"type": "integer"}, "b": strings}
    schema = {"type": "object", "properties": members, "required": ["a", "b"]}
    with pytest.raises(sg.BudgetTooSmall) as refused:
        sg.generate(pocket, "X ", schema=schema, max_tokens=1, sampler=sampler)
    found = sg.generate(
        pocket, "X ", schema=schema, max_tokens=refused.value.needed + more, sampler=sampler, seed=5
    )
    assert sg.validate(schema, found.text)
    assert len(found.tokens) <= refused.value.needed + more


class TestThroughGenerate:
    """`generate(sampler=…)` gives what the searches themselves give."""

    MODEL = tiny_llama(VOCABULARY.width, seed=2, sharpness=4)

    def ask(self, sampler: Any, prompt: Any = PROMPT, **asked: Any) -> Any:
        return sg.generate(self.MODEL, prompt, grammar=CONSTRAINT, sampler=sampler, **common(**asked))

    def test_every_name(self) -> None:
        for name in SEARCHES:
            found = self.ask(name, temperature=1.0)
            assert found.text in STRINGS
            assert found.value == found.text
            assert found.law == name
            assert len(found.tokens) <= 14

    def test_each_is_the_search_itself(self) -> None:
        model, given = self.MODEL, (PROMPT, CONSTRAINT)
        plain = common(temperature=1.0)
        several = {
            "beam": beam_search(model, *given, beams=4, returned=3, **plain),
            "diverse beam": diverse_beam_search(model, *given, groups=3, **plain),
            "best of n": best_of_n(model, PROMPT, n=8, grammar=CONSTRAINT, **plain)[:3],
            "first finish": first_finish(model, PROMPT, n=4, wanted=3, grammar=CONSTRAINT, **plain),
            "cautious": [cautious(model, *given, seed=seed, **plain) for seed in range(3)],
        }
        for name, expected in several.items():
            found = self.ask(name, temperature=1.0, n=3)
            assert [one.tokens for one in found] == [one.tokens for one in expected], name
        assert self.ask("adadec", temperature=1.0).tokens == adadec(model, *given, **plain).tokens

    def test_options_and_batches(self) -> None:
        wide = self.ask(Beam(beams=30, by="model"), [PROMPT, [1]], temperature=1.0, n=2)
        for prompt, found in zip((PROMPT, [1]), wide, strict=True):
            expected = beam_search(
                self.MODEL, prompt, CONSTRAINT, beams=30, by="model", returned=2, **common()
            )
            assert [one.tokens for one in found] == [one.tokens for one in expected]

    def test_fewer_outputs_than_asked_for(self) -> None:
        two = ReferenceConstraint(Language.of(["a", "b"]), VOCABULARY)
        found = sg.generate(self.MODEL, PROMPT, grammar=two, sampler="beam", n=5, **common())
        assert sorted(one.text for one in found) == ["a", "b"]

    def test_typed_values(self) -> None:
        vocabulary = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)
        model = tiny_llama(257, seed=1)
        for name in SEARCHES:
            found = sg.generate(model, "p", type=bool, sampler=name, tokenizer=vocabulary, max_tokens=9)
            assert found.value in (True, False)

    def test_settings_that_mean_nothing_are_refused(self) -> None:
        for sampler, asked in (
            ("beam", {"top_p": 0.9}),
            ("diverse beam", {"logprobs": 2}),
            ("adadec", {"n": 2}),
            ("cautious", {"max_time": 1.0}),
            ("beams", {}),
        ):
            with pytest.raises(sg.InvalidRequest, match=sampler):
                self.ask(sampler, **asked)
