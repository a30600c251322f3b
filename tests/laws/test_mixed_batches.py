"""Rows of one batch that have nothing in common: each is what it would be alone, and fails alone.

Legend: a *job* is everything one row asks for (prompt, language or free text, law, seed, budget).  Its
tokens must not depend on how many rows run beside it, when they joined, how prompts are cut into chunks
or what happens to the others.  Statistical tests: 4.3 standard deviations, once in 100,000 seeds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="decoding computes with torch")
pytest.importorskip("transformers", reason="the models are transformers models")

from structgen.decode.forward import CausalBatch  # noqa: E402
from structgen.decode.free import FreeText  # noqa: E402
from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.decode.loop import Loop, decode  # noqa: E402
from structgen.decode.result import Generation  # noqa: E402
from structgen.decode.row import Row  # noqa: E402
from structgen.decode.run import Output, make_row, run  # noqa: E402
from structgen.testing.enumeration import enumerate_outcomes  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama, tiny_sliding  # noqa: E402
from structgen.testing.reference import (  # noqa: E402
    Language,
    ReferenceConstraint,
    ReferenceMatcher,
    TinyVocabulary,
)
from structgen.testing.statistics import chi_square_z  # noqa: E402

VOCABULARY = TinyVocabulary([b"a", b"b", b"ab", b"c", None, b"ba", b"cc", None, None], eos=(4, 8), width=11)
LANGUAGES = [
    ["a", "ab", "abc", "abcc", "ba", "bab", "ccc", "abababccab"],
    ["acccca", "accccb", "bccccccccb"],
    ["", "a", "aa", "aaa"],
    ["abcabc"],
]
LAWS = [
    SamplingLaw(1.0),
    SamplingLaw(0),
    SamplingLaw(0.7, top_p=0.8),
    SamplingLaw(1.5, top_k=3, truncate="allowed"),
    SamplingLaw(1.2, min_p=0.05, repetition_penalty=1.3, frequency_penalty=0.2),
    SamplingLaw(0.9, typical_p=0.7, logit_bias={0: 1.5, 3: -2.0}),
]


class Adapted(torch.nn.Module):
    """As adapters wrap a model: arguments that ``forward`` does not name are passed on."""

    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner, self.config = inner, inner.config
        self.get_input_embeddings = inner.get_input_embeddings
        self.get_output_embeddings = inner.get_output_embeddings

    def forward(self, input_ids: Any = None, attention_mask: Any = None, **others: Any) -> Any:
        return self.inner(input_ids=input_ids, attention_mask=attention_mask, **others)

    def get_base_model(self) -> Any:
        return self.inner


def adapted(width: int, **options: Any) -> Any:
    return Adapted(tiny_gpt2(width, **options)).eval()


MODELS: dict[str, Callable[..., Any]] = {"llama": tiny_llama, "gpt2": tiny_gpt2, "adapted": adapted}


def constraint(number: int) -> Any:
    """A language, or free text for numbers beyond."""
    if number < len(LANGUAGES):
        return ReferenceConstraint(Language.of(LANGUAGES[number]), VOCABULARY)
    return FreeText(VOCABULARY, stop=["cc"] if number % 2 else [])


def jobs(count: int, seed: int = 0) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    return [
        {
            "prompt": rng.integers(0, 7, size=int(rng.integers(1, 13))).tolist(),
            "language": int(rng.integers(0, len(LANGUAGES) + 2)),
            "law": LAWS[int(rng.integers(0, len(LAWS)))],
            "seed": int(rng.integers(0, 1000)),
            "max_tokens": int(rng.integers(10, 20)),
            "weights": bool(rng.integers(0, 2)),
            "logprobs": 2 if rng.integers(0, 2) else None,
        }
        for _ in range(count)
    ]


def row_of(job: dict[str, Any], index: int = 0) -> Row:
    options = {name: job[name] for name in ("law", "seed", "max_tokens", "weights", "logprobs")}
    return make_row(index, job["prompt"], constraint(job["language"]), None, stream=0, **options)


def finish(model: Any, rows: Sequence[Row], **options: Any) -> list[Generation]:
    found = {e.row: e.generation for e in run(model, rows, str, **options) if e.generation is not None}
    assert sorted(found) == sorted(row.index for row in rows)
    return [found[index] for index in sorted(found)]


def assert_same(one: Generation, other: Generation) -> None:
    assert one.tokens == other.tokens
    assert (one.text, one.finish_reason) == (other.text, other.finish_reason)
    assert one.logprobs == pytest.approx(other.logprobs, abs=1e-3, nan_ok=True)
    assert one.masked_logprobs == pytest.approx(other.masked_logprobs, abs=1e-3)
    assert one.log_mass == pytest.approx(other.log_mass, abs=1e-3, nan_ok=True)
    assert one.entropies == pytest.approx(other.entropies, abs=1e-3, nan_ok=True)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 16])
def test_each_row_is_what_it_is_alone(kind: str, size: int) -> None:
    model = MODELS[kind](VOCABULARY.width, seed=size, sharpness=6)
    asked = jobs(size, seed=size)
    together = finish(model, [row_of(job, index) for index, job in enumerate(asked)])
    for job, found in zip(asked, together, strict=True):
        assert_same(found, finish(model, [row_of(job)])[0])


@pytest.mark.parametrize("kind", MODELS)
def test_places_that_are_fewer_than_rows_are_taken_in_turn(kind: str) -> None:
    model, asked = MODELS[kind](VOCABULARY.width, seed=3, sharpness=6), jobs(24, seed=5)
    together = finish(model, [row_of(job, index) for index, job in enumerate(asked)])
    for places in (1, 4, 7):
        fewer = finish(model, [row_of(job, index) for index, job in enumerate(asked)], batch_size=places)
        for one, other in zip(together, fewer, strict=True):
            assert_same(one, other)


def drive(loop: Loop, rows: Sequence[Row], arrivals: Sequence[int]) -> list[Generation]:
    """Add row i before step ``arrivals[i]`` and go on until all are done."""
    outputs = {row: Output(row, str) for row in rows}
    found: dict[int, Generation] = {}
    step = 0
    while loop.busy or step <= max(arrivals):
        for row, when in zip(rows, arrivals, strict=True):
            if when == step:
                loop.add(row)
        for row in loop.step():
            event = outputs[row].news()
            if event is not None and event.generation is not None:
                assert row.index not in found
                found[row.index] = event.generation
        step += 1
    loop.close()
    return [found[index] for index in sorted(found)]


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("prefill_tokens", [1, 3, 512])
def test_rows_join_and_leave_while_others_run(kind: str, prefill_tokens: int) -> None:
    """Arrivals at any step, prompts read in chunks of 1, 3 or whole: the same outputs."""
    model = MODELS[kind](VOCABULARY.width, seed=2, sharpness=6)
    asked = jobs(20, seed=9)
    asked[7]["prompt"] = asked[3]["prompt"] = [1, 2, 3, 5, 6, 0, 0, 1, 2, 2, 1] * 3  # long, and shared
    arrivals = np.random.default_rng(1).integers(0, 25, size=20).tolist()
    arrivals[7] = arrivals[3]
    loop = Loop(model, max_batch=6, prefill_tokens=prefill_tokens)
    found = drive(loop, [row_of(job, index) for index, job in enumerate(asked)], arrivals)
    for job, one in zip(asked, found, strict=True):
        assert_same(one, finish(model, [row_of(job)])[0])


def test_a_long_prompt_does_not_hold_up_what_runs() -> None:
    """While a prompt of 200 tokens is read 8 at a time, the running row gets a token every step."""
    model = tiny_llama(VOCABULARY.width, seed=2)
    running = make_row(0, [0], FreeText(VOCABULARY), None, max_tokens=60, law=SamplingLaw(1))
    long = make_row(1, [1, 2] * 100, FreeText(VOCABULARY), None, max_tokens=5, law=SamplingLaw(1))
    running.law = SamplingLaw(1, logit_bias={4: -math.inf, 8: -math.inf})  # it does not end by itself
    loop = Loop(model, prefill_tokens=8)
    loop.add(running)
    loop.step()
    loop.add(long)
    for step in range(24):
        before = len(running.tokens)
        loop.step()
        assert len(running.tokens) == before + 1
        assert long.fed == 8 * (step + 1)
        assert not long.tokens
    loop.step()
    assert long.tokens
    loop.close()


def test_a_model_without_ragged_caches_takes_rows_in_turn() -> None:
    model, asked = tiny_sliding(VOCABULARY.width, seed=2, sharpness=6), jobs(6, seed=2)
    together = finish(model, [row_of(job, index) for index, job in enumerate(asked)])
    for job, found in zip(asked, together, strict=True):
        assert_same(found, finish(model, [row_of(job)])[0])


@pytest.mark.parametrize("law", [SamplingLaw(1.3), SamplingLaw(1, top_p=0.6), SamplingLaw(1, min_p=0.2)])
def test_samples_inside_a_mixed_batch_follow_their_own_law(law: SamplingLaw) -> None:
    """10,000 samples of one constraint, every fourth row something else, against the enumerated law."""
    model, asked = tiny_llama(VOCABULARY.width, seed=2), constraint(0)
    prompt, count = [0, 3, 1], 10_000
    rows, others = [], jobs(100, seed=4)
    for index in range(count + count // 3):
        if index % 4 == 3:
            job = others[index % len(others)]
            rows.append(
                make_row(
                    index, job["prompt"], constraint(job["language"]), None, max_tokens=12, law=job["law"]
                )
            )
        else:
            rows.append(make_row(index, prompt, asked, None, max_tokens=30, law=law, seed=11))
    found = finish(model, rows, batch_size=1000)
    counts = Counter(tuple(g.tokens) for row, g in zip(rows, found, strict=True) if row.index % 4 != 3)
    outcomes = enumerate_outcomes(model, prompt, asked, law=law)
    assert sum(outcome.local for outcome in outcomes.values()) == pytest.approx(1)
    assert chi_square_z(counts, {tokens: outcome.local for tokens, outcome in outcomes.items()}) < 4.3


class Faulty(ReferenceMatcher):
    """A plug-in that breaks after so many tokens, in the way asked for."""

    def __init__(self, source: Any, breaks: str, after: int) -> None:
        super().__init__(source)
        self.breaks, self.after = breaks, after

    def _maybe(self, what: str) -> None:
        if what == self.breaks and len(self._tokens) >= self.after:
            raise RuntimeError(f"broken in {what}")

    def advance(self, token: int) -> None:
        self._maybe("advance")
        super().advance(token)

    def mask(self) -> Any:
        self._maybe("mask")
        return super().mask()

    def forced_tokens(self) -> list[int]:
        self._maybe("forced_tokens")
        return super().forced_tokens()


class FaultyConstraint(ReferenceConstraint):
    def __init__(self, breaks: str, after: int) -> None:
        super().__init__(Language.of(LANGUAGES[0]), VOCABULARY)
        self.breaks, self.after = breaks, after

    def matcher(self) -> ReferenceMatcher:
        return Faulty(self, self.breaks, self.after)


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize("breaks", ["advance", "mask", "forced_tokens"])
def test_a_faulty_matcher_ends_its_own_row_only(breaks: str, after: int) -> None:
    model, asked = tiny_llama(VOCABULARY.width, seed=5, sharpness=2), jobs(6, seed=3)
    rows = [row_of(job, index) for index, job in enumerate(asked)]
    rows.insert(2, make_row(6, [1, 2], FaultyConstraint(breaks, after), None, max_tokens=12))
    found = finish(model, rows)
    assert found[6].finish_reason == "error"
    assert isinstance(found[6].error, RuntimeError)
    assert found[6].value is None
    for job, one in zip(asked, found, strict=False):
        assert_same(one, finish(model, [row_of(job)])[0])


def test_a_matcher_that_rejects_what_its_mask_allows_is_an_error_of_its_row() -> None:
    class Lies(ReferenceMatcher):
        def mask(self) -> Any:
            return super().mask() | np.uint32(0b1001111)

    class Source(ReferenceConstraint):
        def matcher(self) -> ReferenceMatcher:
            return Lies(self)

    model, asked = tiny_llama(VOCABULARY.width, seed=5, sharpness=1), jobs(3, seed=3)
    rows = [row_of(job, index) for index, job in enumerate(asked)]
    liars = [
        make_row(3 + i, [1, 2], Source(Language.of(["ab"]), VOCABULARY), None, max_tokens=9) for i in range(9)
    ]
    found = finish(model, [*rows, *liars])
    assert any(g.finish_reason == "error" for g in found[3:])
    assert all(g.finish_reason == "error" or g.text == "ab" for g in found[3:])
    for job, one in zip(asked, found, strict=False):
        assert_same(one, finish(model, [row_of(job)])[0])


class Wrapped:
    """A model whose pass does something else now and then."""

    def __init__(self, model: Any, spoil: Callable[[Any, Any], Any]) -> None:
        self._model, self._spoil, self.passes = model, spoil, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, **arguments: Any) -> Any:
        self.passes += 1
        return self._spoil(self, arguments)


def test_a_row_of_nan_logits_is_that_rows_error() -> None:
    def spoil(wrapped: Wrapped, arguments: Any) -> Any:
        output = wrapped._model(**arguments)
        if wrapped.passes == 2:
            output.logits[0] = math.nan
        return output

    model, asked = tiny_llama(VOCABULARY.width, seed=5, sharpness=2), jobs(5, seed=8)
    asked[0] |= {"language": 4, "law": SamplingLaw(1, logit_bias={4: -math.inf, 8: -math.inf})}
    found = finish(Wrapped(model, spoil), [row_of(job, index) for index, job in enumerate(asked)])
    assert "NaN" in str(found[0].error)
    good = [(job, g) for job, g in zip(asked, found, strict=True) if g.error is None]
    assert good
    for job, one in good:
        assert_same(one, finish(model, [row_of(job)])[0])


def test_running_out_of_memory_costs_the_longest_row_only() -> None:
    """The pass fails half-way through the layers; the cache is put right and the others go on."""

    def spoil(wrapped: Wrapped, arguments: Any) -> Any:
        if wrapped.passes == 4:
            layer = arguments["past_key_values"].layers[0]  # one layer has the pass already
            rows, heads, _, width = layer.keys.shape
            more = torch.zeros(rows, heads, arguments["input_ids"].shape[1], width)
            layer.update(more, more)
            raise torch.OutOfMemoryError("no memory left")
        return wrapped._model(**arguments)

    model, asked = tiny_gpt2(VOCABULARY.width, seed=5, sharpness=2), jobs(5, seed=21)
    for job in asked:
        job |= {"language": 4, "law": SamplingLaw(1, logit_bias={4: -math.inf, 8: -math.inf})}
    asked[3]["prompt"] = [1, 2, 3] * 7
    found = finish(Wrapped(model, spoil), [row_of(job, index) for index, job in enumerate(asked)])
    assert [g.finish_reason for g in found] == ["length"] * 3 + ["error"] + ["length"]
    assert isinstance(found[3].error, torch.OutOfMemoryError)
    for index in (0, 1, 2, 4):
        assert_same(found[index], finish(model, [row_of(asked[index])])[0])


def test_prompts_that_do_not_fit_together_are_read_one_by_one() -> None:
    def spoil(wrapped: Wrapped, arguments: Any) -> Any:
        if arguments["input_ids"].shape[0] > 1 and arguments["input_ids"].shape[1] > 1:
            raise torch.OutOfMemoryError("no memory left")
        if arguments["input_ids"].shape[1] > 20:
            raise torch.OutOfMemoryError("not even for one")
        return wrapped._model(**arguments)

    model, asked = tiny_llama(VOCABULARY.width, seed=5, sharpness=2), jobs(4, seed=3)
    for job in asked:
        job |= {"language": 2}
    asked[1]["prompt"] = [1, 2, 3] * 9
    found = finish(Wrapped(model, spoil), [row_of(job, index) for index, job in enumerate(asked)])
    assert [g.error is None for g in found] == [True, False, True, True]
    for index in (0, 2, 3):
        assert_same(found[index], finish(model, [row_of(asked[index])])[0])


def test_free_text_ends_at_its_first_stop_string_and_shows_nothing_of_it() -> None:
    model = tiny_llama(VOCABULARY.width, seed=4, sharpness=1)
    texts = set()
    for seed in range(60):
        row = make_row(0, [1], FreeText(VOCABULARY, ["bc", "ca"]), None, max_tokens=40, seed=seed)
        events = list(run(model, [row], str))
        found = events[-1].generation
        assert found is not None
        assert "".join(events) == found.text
        written = VOCABULARY.decode(found.tokens).decode()
        assert not any(stop in found.text for stop in ("bc", "ca"))
        if found.finish_reason == "stop" and found.end_logprob is None:
            assert any(written.startswith(found.text + stop) for stop in ("bc", "ca"))
            texts.add(found.text)
        else:
            assert written == found.text
    assert len(texts) > 5


def test_time_that_is_over_finishes_by_the_known_completion() -> None:
    """No time at all: the shortest output, without the model; plenty of it: as if nothing had been said."""
    model, asked = tiny_llama(VOCABULARY.width, seed=4, sharpness=1), constraint(1)
    late = make_row(0, [1], asked, None, max_tokens=40, max_time=0.0)
    early = make_row(1, [1], asked, None, max_tokens=40, max_time=1e6, stream=0)
    plain = make_row(2, [1], asked, None, max_tokens=40, stream=0)
    text = make_row(3, [1], FreeText(VOCABULARY), None, max_tokens=40, max_time=0.0)
    found = finish(model, [late, early, plain, text])
    assert (found[0].finish_reason, found[0].stats.forward_passes) == ("time", 0)
    assert found[0].text in LANGUAGES[1]
    assert found[0].stats.planned_tokens == len(found[0].tokens)
    assert math.isnan(found[0].log_mass)
    assert_same(found[1], found[2])
    assert (found[3].text, found[3].finish_reason) == ("", "time")


def test_a_forced_run_of_one_row_does_not_widen_the_passes_of_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fed one by one or as one chunk, outputs are the same; only the shape of the passes differs."""
    model = tiny_llama(VOCABULARY.width, seed=3, sharpness=2)
    forcing = ReferenceConstraint(Language.of(["abababccab", "ccabccab"]), VOCABULARY)
    open_ended = ReferenceConstraint(Language.of(["a", "ab", "abc", "ba", "bab", "ccc"] * 2), VOCABULARY)
    widths: dict[float, set[int]] = {}
    found = {}
    for fill in (0.0, 0.5):
        monkeypatch.setattr("structgen.decode.forward.FILL_ON_CPU", fill)
        rows = [
            make_row(place, [0, 3], forcing if place == 2 else open_ended, None, max_tokens=20, seed=place)
            for place in range(8)
        ]
        seen = widths[fill] = set()
        feed = CausalBatch.feed

        def watched(self: Any, chunks: Any, keep: int, seen: set[int] = seen, feed: Any = feed) -> Any:
            if len(chunks) > 2:
                seen.add(max(map(len, chunks)))
            return feed(self, chunks, keep)

        with monkeypatch.context() as patched:
            patched.setattr(CausalBatch, "feed", watched)
            found[fill] = finish(model, rows)
    assert [one.tokens for one in found[0.0]] == [one.tokens for one in found[0.5]]
    for one, two in zip(found[0.0], found[0.5], strict=True):
        assert one.logprobs == pytest.approx(two.logprobs, abs=1e-4)
        assert one.log_mass == pytest.approx(two.log_mass, abs=1e-4)
    assert max(widths[0.0]) > 1
    assert widths[0.5] == {1}


def test_an_output_nobody_watches_tells_its_end_only() -> None:
    model = tiny_llama(VOCABULARY.width, seed=3)
    endless = SamplingLaw(1, logit_bias={4: -1e9, 8: -1e9})
    quiet, told = (
        Output(make_row(0, [0], FreeText(VOCABULARY), None, max_tokens=12, law=endless), str)
        for _ in range(2)
    )
    quiet.wait()
    events: dict[Output, list[Any]] = {quiet: [], told: []}
    for output, found in events.items():
        for _ in decode(model, [output.row]):
            event = output.news()
            if event is not None:
                found.append(event)
    assert len(events[told]) > 1
    (last,) = events[quiet]
    assert last.generation is not None
    assert last == "".join(events[told])
    assert last.tokens == tuple(events[told][-1].generation.tokens)
