"""Masks beside the forward pass or just before it: the same whoever fills them, and when."""

from __future__ import annotations

import threading
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="generate computes with torch")
pytest.importorskip("transformers", reason="generate drives transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.forward import CausalBatch  # noqa: E402
from structgen.decode.masks import MaskFiller  # noqa: E402
from structgen.testing.models import tiny_llama  # noqa: E402
from structgen.testing.reference import (  # noqa: E402
    Language,
    ReferenceConstraint,
    ReferenceMatcher,
    TinyVocabulary,
)

VOCABULARY = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256, width=260)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}, "s": {"type": "string"}}}


@pytest.fixture
def _always_beside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("structgen.decode.masks.WORTH_A_THREAD", -1.0)


def outputs(**asked: Any) -> list[Any]:
    model = tiny_llama(260, seed=1, sharpness=2)
    prompts = ["a", "bcd", "e", "fghijk"]
    found = sg.generate(model, prompts, tokenizer=VOCABULARY, max_tokens=40, n=2, seed=3, **asked)
    return [g for some in found for g in some]


def test_outputs_do_not_depend_on_who_fills_the_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = outputs(schema=SCHEMA)
    monkeypatch.setattr("structgen.decode.masks.WORTH_A_THREAD", -1.0)
    beside = outputs(schema=SCHEMA)
    assert [g.tokens for g in plain] == [g.tokens for g in beside]
    assert set(beside[0].stats.seconds) == {"forward", "mask", "sample", "idle"}
    assert all(beside[0].stats.seconds[phase] > 0 for phase in ("forward", "mask", "sample"))


@pytest.mark.usefixtures("_always_beside")
def test_the_masks_of_the_next_draw_are_filled_while_the_model_works() -> None:
    """The model ends its pass only when the mask is there: it would wait in vain if masks came after."""
    filled = threading.Event()
    vocabulary = TinyVocabulary([b"a", b"b", None], eos=2)

    class Watched(ReferenceMatcher):
        def fill_mask(self, out: Any, row: int = 0) -> None:
            super().fill_mask(out, row)
            assert threading.current_thread() is not threading.main_thread()
            filled.set()

    class Source(ReferenceConstraint):
        def matcher(self) -> ReferenceMatcher:
            return Watched(self)

    class Waiting:
        def __init__(self, model: Any) -> None:
            self._model, self.waited = model, 0

        def __getattr__(self, name: str) -> Any:
            return getattr(self._model, name)

        def __call__(self, **arguments: Any) -> Any:
            assert filled.wait(timeout=60)
            filled.clear()
            self.waited += 1
            return self._model(**arguments)

    model = Waiting(tiny_llama(3, seed=1))
    constraint = Source(Language.of(["abab", "baba", "aabb", "bbaa"]), vocabulary)
    found = sg.generate(model, [0], grammar=constraint, tokenizer=vocabulary, weights=False)
    assert model.waited == found.stats.forward_passes >= 2


@pytest.mark.usefixtures("_always_beside")
def test_a_matcher_that_breaks_in_the_other_thread_ends_its_row_only() -> None:
    vocabulary = TinyVocabulary([b"a", b"b", None], eos=2)

    class Broken(ReferenceMatcher):
        def fill_mask(self, out: Any, row: int = 0) -> None:
            raise RuntimeError("broken")

    class Source(ReferenceConstraint):
        def matcher(self) -> ReferenceMatcher:
            return Broken(self)

    language = Language.of(["abab", "baba"])
    good = ReferenceConstraint(language, vocabulary)
    found = sg.generate(
        tiny_llama(3, seed=1),
        [[0], [0, 1]],
        grammar=[Source(language, vocabulary), good],
        tokenizer=vocabulary,
        errors="return",
    )
    assert str(found[0].error) == "broken"
    assert found[1].text in ("abab", "baba")


@pytest.mark.parametrize("accelerator", [True, False])
def test_masks_are_made_where_they_cost_least(monkeypatch: pytest.MonkeyPatch, accelerator: bool) -> None:
    """Beside an accelerator after its pass has begun; else before, while their states are in the caches.

    All a mask could tell before the pass is whether a token is forced: not where two bytes may come.
    """

    def asked() -> int:
        return sg.cache_info()["hits"] + sg.cache_info()["misses"]

    between: list[int] = []
    settled: list[int] = []
    wait = MaskFiller.wait

    def waited(filler: MaskFiller) -> None:
        wait(filler)
        settled.append(asked())

    class Watched:
        def __init__(self, model: Any) -> None:
            self._model = model

        def __getattr__(self, name: str) -> Any:
            return getattr(self._model, name)

        def __call__(self, **arguments: Any) -> Any:
            if settled:
                between.append(asked() - settled[-1])
            return self._model(**arguments)

    monkeypatch.setattr(MaskFiller, "wait", waited)
    monkeypatch.setattr(CausalBatch, "on_accelerator", accelerator)
    model = Watched(tiny_llama(260, seed=1, sharpness=2))
    out = sg.generate(
        model, "a", tokenizer=VOCABULARY, schema={"type": "string", "pattern": "^[a-f]{20,30}$"}
    )
    assert out.stats.forward_passes > 20
    usual = between[1:-2]  # the quotes may be forced
    assert usual == [0] * len(usual) if accelerator else all(usual)
