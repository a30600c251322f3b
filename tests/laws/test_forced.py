"""Forced text, canonical segmentations and healed prompts: each keeps the law it states.

Legend: BPE is a small byte-pair tokenizer with real merges; its *canonical* tokens of a text are what
it encodes the text to.  Statistical tests: 4.3 standard deviations, once in 100,000 seeds.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")
tokenizers = pytest.importorskip("tokenizers", reason="comes with transformers")

import structgen as sg  # noqa: E402
from structgen.decode.canonical import CanonicalMatcher, pairs_of  # noqa: E402
from structgen.decode.forced import forced_bytes, forced_draft, segment  # noqa: E402
from structgen.decode.healing import HealingMatcher, take_back  # noqa: E402
from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.decode.matching import allowed_tokens  # noqa: E402
from structgen.decode.run import make_row, make_rows, run  # noqa: E402
from structgen.testing import laws  # noqa: E402
from structgen.testing.enumeration import enumerate_outcomes, next_probabilities  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402

STRINGS = ["order: 12", "orderId: 7", "orderId: 77", "orders", "ore", "border"]


def train(texts: list[str], size: int) -> Any:
    bpe = tokenizers.Tokenizer(tokenizers.models.BPE())
    bpe.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=["</s>"],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return bpe


BPE = train([*STRINGS * 20, "http://a.com http://b.org über naïve ☃☃ aaa aaaa"] * 5, 300)
VOCABULARY = sg.Vocabulary.from_tokenizer(BPE, eos=0)
CONSTRAINT = sg.compile(sg.choice(STRINGS), VOCABULARY)
MODELS = {"llama": tiny_llama, "gpt2": tiny_gpt2}


def ask(model: Any, prompt: Any, **asked: Any) -> Any:
    return sg.generate(model, prompt, tokenizer=VOCABULARY, **asked)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("temperature", [0, 1.0])
def test_a_draft_changes_nothing_but_the_passes(kind: str, temperature: float) -> None:
    """Token for token and figure for figure, in batches of prompts of different lengths."""
    model = MODELS[kind](VOCABULARY.width, seed=3, sharpness=5)
    prompts = [[5], [7, 8, 9, 10, 11], [5, 6]]
    common = {"grammar": CONSTRAINT, "n": 5, "temperature": temperature, "max_tokens": 20, "logprobs": 2}
    plain = [g for some in ask(model, prompts, **common) for g in some]
    drafted = [g for some in ask(model, prompts, **common, forced="draft") for g in some]
    mixed = [
        g for some in ask(model, prompts, **common, forced=["draft", "singleton", "draft"]) for g in some
    ]
    for one, two, three in zip(plain, drafted, mixed, strict=True):
        assert one.tokens == two.tokens == three.tokens
        assert one.finish_reason == two.finish_reason
        assert one.logprobs == pytest.approx(two.logprobs, abs=1e-3)
        assert one.masked_logprobs == pytest.approx(two.masked_logprobs, abs=1e-3)
        assert one.log_mass == pytest.approx(two.log_mass, abs=1e-3)
        assert one.entropies == pytest.approx(two.entropies, abs=1e-3)
        assert one.stats.drawn_tokens == two.stats.drawn_tokens
        assert two.stats.forward_passes <= one.stats.forward_passes
        assert two.stats.accepted_tokens <= two.stats.drafted_tokens
    if temperature:
        assert sum(g.stats.drafted_tokens for g in drafted) > 0


def test_a_draft_the_model_agrees_with_saves_passes() -> None:
    """A model that always takes the tokenizer's own tokens: forced text costs no passes of its own."""
    model = tiny_llama(VOCABULARY.width, seed=3)
    usual = {token: 60.0 for text in STRINGS for token in VOCABULARY.encode(text)}
    common = {"regex": "order: 12(345)?67890 orders", "logit_bias": usual, "temperature": 0, "max_tokens": 40}
    plain, drafted = ask(model, [5], **common), ask(model, [5], **common, forced="draft")
    assert plain.tokens == drafted.tokens
    assert drafted.stats.accepted_tokens > 0
    assert drafted.stats.forward_passes < plain.stats.forward_passes


def test_tight_budgets_with_drafts() -> None:
    model = tiny_llama(VOCABULARY.width, seed=3, sharpness=5)
    needed = CONSTRAINT.matcher().distance()
    for max_tokens in range(needed, needed + 8):
        common = {"grammar": CONSTRAINT, "n": 20, "temperature": 1.3, "max_tokens": max_tokens}
        plain, drafted = ask(model, [5], **common), ask(model, [5], **common, forced="draft")
        assert [g.tokens for g in plain] == [g.tokens for g in drafted]
        assert all(g.text in STRINGS and len(g.tokens) <= max_tokens for g in drafted)


@pytest.mark.parametrize("forced", ["singleton", "draft", "canonical"])
def test_every_mode_samples_its_law_inside_a_mixed_batch(forced: str) -> None:
    """10,000 samples beside rows in the other modes, against the enumerated law."""
    model, prompt = tiny_llama(VOCABULARY.width, seed=2, sharpness=3), [5, 9]
    others = [mode for mode in ("singleton", "draft", "canonical") if mode != forced]
    modes = [forced, others[0], forced, others[1]]
    asked = {"regex": "a{0,3}b|[ab]c", "n": 5000, "temperature": 1.0, "batch_size": 800}
    found = ask(model, [prompt, [6], prompt, [7, 8]], forced=modes, seed=[1, 2, 3, 4], **asked)
    counts = Counter(tuple(g.tokens) for g in found[0] + found[2])
    inner = sg.compile(sg.regex("a{0,3}b|[ab]c"), VOCABULARY)
    if forced == "canonical":
        law = canonical_law(model, prompt, ["b", "ab", "aab", "aaab", "ac", "bc"])
        assert {g.law for g in found[0]} == {"canonical"}
    else:
        law = {tokens: o.local for tokens, o in enumerate_outcomes(model, prompt, inner).items()}
        assert {g.law for g in found[0]} == {"local"}
    assert sum(law.values()) == pytest.approx(1, abs=1e-4)
    assert chi_square_z(counts, law) < 4.3


def canonical_law(model: Any, prompt: list[int], strings: list[str]) -> dict[tuple[int, ...], float]:
    """By definition: the model restricted, step by step, to prefixes of the tokenizer's segmentations."""
    members = {tuple(VOCABULARY.encode(text)) for text in strings}
    law: dict[tuple[int, ...], float] = {}
    stack: list[tuple[tuple[int, ...], float]] = [((), 1.0)]
    while stack:
        prefix, mass = stack.pop()
        p = next_probabilities(model, [*prompt, *prefix])
        following = {m[len(prefix)] for m in members if len(m) > len(prefix) and m[: len(prefix)] == prefix}
        end = p[0] if prefix in members else 0.0
        z = sum(p[token] for token in following) + end
        if end:
            law[prefix] = mass * end / z
        stack += [((*prefix, token), mass * p[token] / z) for token in following]
    return law


def test_canonical_outputs_are_what_the_tokenizer_makes_of_them() -> None:
    model = tiny_llama(VOCABULARY.width, seed=2, sharpness=3)
    for regex in ("(order|Id|: |[0-9]|ab){1,6}", "[a-h ]{1,12}", "h(ttp)?://[abc]{2,4}", "[ü☃a]{1,5}"):
        for out in ask(model, [5], regex=regex, canonical=True, n=40, temperature=1.2, max_tokens=60):
            assert out.tokens == VOCABULARY.encode(out.text), out.text
            assert out.stats.budget_bans == out.stats.relaxed_tokens == 0


def broken_pairs(tokens: list[int]) -> int:
    return sum(VOCABULARY.encode(VOCABULARY.decode([x, y]).decode()) != [x, y] for x, y in pairwise(tokens))


def test_what_is_not_canonical_is_counted() -> None:
    """The count is by the definition: a token and its predecessor that the tokenizer would not return."""
    single = [VOCABULARY.encode(letter)[0] for letter in "order"]
    assert len(VOCABULARY.encode("order")) < len(single)
    matcher = CanonicalMatcher(CONSTRAINT.matcher(), VOCABULARY)
    assert matcher.try_advance(single) == len(single)
    assert matcher.relaxed == broken_pairs(single) > 0
    assert matcher.fork().relaxed == matcher.relaxed
    matcher.rollback(len(single))
    assert matcher.relaxed == 0

    class Only(CanonicalMatcher):
        """Nothing canonical can follow, whatever came."""

        def _candidates(self, mask: Any, last: int | None) -> tuple[list[int], list[int]]:
            return [], []

    constraint = sg.compile(sg.choice(["order"]), VOCABULARY)
    model = tiny_llama(VOCABULARY.width, seed=3, sharpness=2)
    rows = make_rows(model, constraint, [[5]], n=8, max_tokens=20)
    for row in rows:
        row.matcher = row.budget._matcher = Only(constraint.matcher(), VOCABULARY)
    for event in run(model, rows, str):
        if event.generation is not None:
            tokens = event.generation.tokens
            text = [
                VOCABULARY.encode(VOCABULARY.decode([x, y]).decode()) != [x, y] for x, y in pairwise(tokens)
            ]
            assert event.generation.stats.relaxed_tokens == sum(text)
    assert any(row.stats.relaxed_tokens for row in rows)


def test_pairs_are_exact_for_this_tokenizer() -> None:
    """Pairs of segmentations are canonical; sequences whose pairs all are, are segmentations."""
    pairs = pairs_of(VOCABULARY)
    rng = random.Random(3)
    alphabet = "orderId: 127bsht/.ü☃ aA\n\"'{}"
    for _ in range(300):
        tokens = VOCABULARY.encode("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 40))))
        for last, token in zip([None, *tokens], tokens, strict=False):
            assert pairs.after(last, [token])[0]
    texts = [t for t in range(1, VOCABULARY.size) if (VOCABULARY.token_bytes(t) or b"\xff").isascii()]
    for _ in range(200):
        walk: list[int] = []
        for _ in range(12):
            options = rng.sample(texts, 40)
            fitting = pairs.after(walk[-1] if walk else None, options)
            walk += [option for option, fits in zip(options, fitting, strict=True) if fits][:1]
        text = VOCABULARY.decode(walk).decode()
        assert VOCABULARY.encode(text) == walk


def test_the_canonical_matcher_keeps_the_laws_of_matchers() -> None:
    matcher = CanonicalMatcher(CONSTRAINT.matcher(), VOCABULARY)
    for tokens in ([], VOCABULARY.encode("order"), VOCABULARY.encode("orderId: 7")):
        matcher.reset()
        assert matcher.try_advance(tokens) == len(tokens)
        laws.assert_mask_is_live(matcher, VOCABULARY)
        laws.assert_rollback_inverts_advance(matcher, matcher.completion())
        laws.assert_forks_are_independent(matcher, matcher.completion())
        laws.assert_distance_achieved(matcher)
        laws.assert_forced_tokens_are_singletons(matcher, VOCABULARY)


def test_forced_bytes_are_those_every_member_goes_on_with() -> None:
    matcher = sg.compile(sg.choice(["abcd", "abce"]), VOCABULARY).matcher()
    assert forced_bytes(matcher, VOCABULARY) == b"abc"
    assert matcher.allowed_tokens(), "the matcher is left where it was"
    assert forced_bytes(sg.compile(sg.choice(["ab", "abc"]), VOCABULARY).matcher(), VOCABULARY) == b"ab"
    assert forced_bytes(CONSTRAINT.matcher(), VOCABULARY) == b""
    assert segment(VOCABULARY, "ü".encode()[:1]) == []
    assert VOCABULARY.decode(segment(VOCABULARY, "orders ü".encode()[:-1])) == b"orders "


def test_a_draft_of_a_row_is_forced_text_only() -> None:
    row = make_row(0, [5], sg.compile(sg.choice(["abcd", "abce"]), VOCABULARY), None, max_tokens=9)
    assert VOCABULARY.decode(forced_draft(row)) == b"abc"


class TestHealing:
    PROMPT = VOCABULARY.encode("orders http") + VOCABULARY.encode(":")

    def test_what_is_taken_back(self) -> None:
        assert any(VOCABULARY.token_bytes(t) == b"://" for t in range(VOCABULARY.size))
        kept, owed = take_back(self.PROMPT, VOCABULARY)
        assert owed.endswith(b":")
        assert VOCABULARY.decode(kept) + owed == b"orders http:"
        assert take_back([0], VOCABULARY) == ([0], b"")
        snow = VOCABULARY.encode("☃")
        assert take_back([*snow, *snow], VOCABULARY)[1] in (b"", "☃".encode())

    def test_the_text_goes_on_where_the_prompt_ended(self) -> None:
        model = tiny_llama(VOCABULARY.width, seed=2, sharpness=3)
        for out in ask(model, self.PROMPT, regex="//[ab]{2}", heal=True, n=20, temperature=1.3):
            assert out.value == out.text
            assert out.text[:2] == "//" and len(out.text) == 4
            assert VOCABULARY.decode(out.tokens).endswith(out.text.encode())

    def test_the_first_token_is_drawn_from_those_that_begin_so(self) -> None:
        """Against the definition: p behind the shortened prompt, on tokens that spell ``owed`` and go on."""
        model = tiny_llama(VOCABULARY.width, seed=2, sharpness=3)
        kept, owed = take_back(self.PROMPT, VOCABULARY)
        p = next_probabilities(model, kept)
        fitting = {}
        for token in range(VOCABULARY.size):
            piece = VOCABULARY.token_bytes(token)
            if piece and piece.startswith(owed) and b"//ab".startswith(piece[len(owed) :][:4]):
                fitting[token] = p[token]
        total = sum(fitting.values())
        assert len(fitting) > 1
        found = ask(model, self.PROMPT, regex="//ab", heal=True, n=10_000, temperature=1.0, max_tokens=12)
        counts = Counter(g.tokens[0] for g in found)
        assert chi_square_z(counts, {token: mass / total for token, mass in fitting.items()}) < 4.3

    def test_the_matcher_keeps_the_laws_of_matchers(self) -> None:
        inner = sg.compile(sg.regex("//[ab]{2}"), VOCABULARY)
        matcher = HealingMatcher(inner.matcher(), VOCABULARY, b":")
        for _ in range(3):
            laws.assert_mask_is_live(matcher, VOCABULARY)
            laws.assert_mask_agrees_with_advance(matcher, range(VOCABULARY.size))
            laws.assert_rollback_inverts_advance(matcher, matcher.completion())
            laws.assert_forks_are_independent(matcher, matcher.completion())
            laws.assert_distance_achieved(matcher)
            laws.assert_forced_tokens_are_singletons(matcher, VOCABULARY)
            matcher.advance(allowed_tokens(matcher.mask())[-1])

    def test_healing_and_canonical_and_streams_together(self) -> None:
        model = tiny_llama(VOCABULARY.width, seed=2, sharpness=3)
        events = list(ask(model, self.PROMPT, regex="//[ab]{2}", heal=True, canonical=True, stream=True))
        final = events[-1].generation
        assert "".join(events) == final.text
        assert len(final.text) == 4


def test_free_text_can_be_canonical() -> None:
    model = tiny_llama(VOCABULARY.width, seed=2, sharpness=2)
    row = make_row(0, [5], sg.compile(sg.regex("[a-z ]*"), VOCABULARY), None, max_tokens=9)
    assert next(iter(run(model, [row], str))) is not None
    for out in ask(model, [5], stop=["e"], canonical=True, n=10, max_tokens=10, temperature=1.0):
        if out.text.isascii() and out.finish_reason != "stop":
            assert VOCABULARY.encode(VOCABULARY.decode(out.tokens).decode()) == out.tokens


@pytest.mark.parametrize("asked", [{"forced": "bytes"}, {"forced": 1}], ids=str)
def test_unknown_modes_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(sg.InvalidRequest, match="forced"):
        ask(tiny_llama(VOCABULARY.width), [5], regex="a", **asked)
    assert math.isfinite(SamplingLaw().temperature)
