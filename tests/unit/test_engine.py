"""The engine: many callers, one batch; each gets what `generate` would have given, or its own error."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError, wait
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="generate computes with torch")
pytest.importorskip("transformers", reason="generate drives transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.engine import Engine  # noqa: E402
from structgen.errors import InvalidRequest  # noqa: E402
from structgen.testing.models import tiny_llama  # noqa: E402

VOCABULARY = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256, width=260)
MODEL = tiny_llama(260, seed=1, sharpness=2)
ENDLESS = {"stop": [], "logit_bias": {256: -1e9}, "max_tokens": 400}


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(MODEL, VOCABULARY, max_batch=4, prefill_tokens=16) as engine:
        yield engine


def asked(number: int) -> dict[str, Any]:
    kinds: list[dict[str, Any]] = [
        {"schema": {"type": "integer"}, "max_tokens": 9},
        {"regex": "[a-f]{3,9}", "temperature": 1.0},
        {"choice": ["yes", "no"]},
        {"stop": ["e"], "max_tokens": 12, "top_k": 40},
    ]
    return {**kinds[number % 4], "seed": number}


def test_outputs_are_those_of_generate(engine: Engine) -> None:
    prompts = ["a" * (1 + 7 * number % 50) for number in range(20)]
    pending = [engine.submit(prompt, **asked(number)) for number, prompt in enumerate(prompts)]
    for number, (prompt, one) in enumerate(zip(prompts, pending, strict=True)):
        alone = sg.generate(MODEL, prompt, tokenizer=VOCABULARY, **asked(number))
        assert (one.result().tokens, one.result().value) == (alone.tokens, alone.value)
    assert engine.stats["open"] == 0
    assert engine.stats["finished"] == 20


def test_requests_come_from_many_threads(engine: Engine) -> None:
    found: dict[int, str] = {}

    def call(number: int) -> None:
        found[number] = engine.submit("hello", **asked(number)).result().text

    threads = [threading.Thread(target=call, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, text in found.items():
        assert text == sg.generate(MODEL, "hello", tokenizer=VOCABULARY, **asked(number)).text


def test_a_stream_joins_to_the_text(engine: Engine) -> None:
    stream = engine.submit("a", regex="[é☃😀ab]{12}", stream=True, seed=4)
    events = list(stream)
    assert events[-1].generation is stream.result()
    assert "".join(events) == stream.result().text
    assert [token for event in events for token in event.tokens] == stream.result().tokens
    assert list(stream) == []


def test_a_reader_that_comes_late_finds_one_event(engine: Engine) -> None:
    stream = engine.submit("a", regex="[a-z]{30}", stream=True)
    wait([stream.future])
    (event,) = list(stream)
    assert event == stream.result().text
    assert event.generation is stream.result()
    assert event.tokens == tuple(stream.result().tokens)


def test_asyncio_awaits_and_iterates(engine: Engine) -> None:
    async def talk() -> tuple[str, str]:
        stream = engine.submit("a", regex="[a-z]{30}", stream=True, seed=3)
        pieces = [str(event) async for event in stream]
        return "".join(pieces), (await engine.submit("a", regex="[a-z]{30}", seed=3)).text

    streamed, awaited = asyncio.run(talk())
    assert streamed == awaited


def test_cancelling_leaves_the_engine_healthy(engine: Engine) -> None:
    running = [engine.submit("a", **ENDLESS, seed=seed) for seed in range(3)]
    stream = engine.submit("b", **ENDLESS, stream=True)
    waiting = engine.submit("c", choice=["yes"])
    next(stream)
    assert running[1].cancel()
    assert stream.cancel()
    with pytest.raises(CancelledError):
        running[1].result()
    with pytest.raises(CancelledError):
        list(stream)
    assert waiting.result().text == "yes"
    assert not waiting.cancel()
    alone = sg.generate(MODEL, "a", tokenizer=VOCABULARY, **ENDLESS, seed=2)
    assert running[2].result().tokens == alone.tokens
    assert running[0].result().finish_reason == "length"


def test_what_is_wrong_with_a_request_is_raised_at_once(engine: Engine) -> None:
    with pytest.raises(InvalidRequest, match="did you mean"):
        engine.submit("a", regex="a", max_token=3)
    with pytest.raises(InvalidRequest, match="temperature"):
        engine.submit("a", regex="a", temperature=-1)
    with pytest.raises(sg.BudgetTooSmall):
        engine.submit("a", regex="abc", max_tokens=2)
    with pytest.raises(sg.RegexSyntaxError):
        engine.submit("a", regex="(")
    assert engine.submit("a", choice=["x"]).result().text == "x"


class Failing:
    """A model whose passes fail while it is told to."""

    def __init__(self, model: Any) -> None:
        self._model, self.fails = model, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, **arguments: Any) -> Any:
        if self.fails:
            raise ConnectionError("the device is gone")
        return self._model(**arguments)


def test_a_model_that_fails_fails_its_outputs_and_serves_the_next() -> None:
    model = Failing(MODEL)
    with Engine(model, VOCABULARY) as engine:
        good = engine.submit("a", choice=["yes"]).result()
        model.fails = True
        broken = [engine.submit("a", **ENDLESS, seed=seed) for seed in range(3)]
        stream = engine.submit("a", **ENDLESS, stream=True)
        for one in broken:
            with pytest.raises(ConnectionError):
                one.result()
        with pytest.raises(ConnectionError):
            list(stream)
        model.fails = False
        assert engine.submit("a", choice=["yes"]).result().text == good.text


def test_close_finishes_or_gives_up_what_is_open() -> None:
    engine = Engine(MODEL, VOCABULARY, max_batch=2)
    pending = [engine.submit("a", regex="[a-z]{20}", seed=seed) for seed in range(5)]
    engine.close()
    assert all(len(one.result().text) == 20 for one in pending)
    with pytest.raises(sg.StructgenError, match="closed"):
        engine.submit("a", choice=["yes"])
    engine = Engine(MODEL, VOCABULARY, max_batch=2)
    pending = [engine.submit("a", **ENDLESS, seed=seed) for seed in range(5)]
    engine.close(cancel=True)
    assert all(one.done() for one in pending)
    assert any(one.cancelled() for one in pending)


def test_leaving_with_an_error_gives_up_what_is_open() -> None:
    def leave() -> None:
        with Engine(MODEL, VOCABULARY) as engine:
            pending.append(engine.submit("a", **{**ENDLESS, "max_tokens": 4000}))
            raise KeyError

    pending: list[Any] = []
    with pytest.raises(KeyError):
        leave()
    assert pending[0].cancelled()


def test_the_model_is_left_in_the_mode_it_was_in() -> None:
    MODEL.train()
    try:
        with Engine(MODEL, VOCABULARY) as engine:
            assert not MODEL.training
            engine.submit("a", choice=["yes"]).result()
        assert MODEL.training
    finally:
        MODEL.eval()


@pytest.mark.parametrize("options", [{"max_batch": 0}, {"prefill_tokens": 1.5}], ids=str)
def test_engines_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=next(iter(options))):
        Engine(MODEL, VOCABULARY, **options)
