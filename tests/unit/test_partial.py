"""JSON as it grows, cut anywhere: the same parts close in the same order, and the value is right."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from structgen.decode.partial import PartialJson

VALUES: list[Any] = [
    None,
    -1.5e10,
    "",
    'a"b\\c\u2603\U0001f600\n',
    [],
    {},
    [[], [[]], {"a": {}}],
    {"name": "Ada", "tags": ["a", 2, None, {"x": [True]}], "n": 12, "": {'k"ey': [1, [2, 3]]}},
]


def parts_of(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """By definition: the parts inside first, then the value itself."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inside:
        yield from parts_of(part, (*path, key))
    yield path, value


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "style", [{}, {"indent": 1}, {"ensure_ascii": False, "separators": (",", ":")}], ids=str
)
def test_every_cut_closes_the_same_parts(value: Any, style: dict[str, Any]) -> None:
    text = json.dumps(value, **style)
    rng = random.Random(1)
    for step in [1, 2, 3, len(text), 0]:
        growing, closed, place = PartialJson(), [], 0
        while place < len(text):
            size = step or rng.randint(1, 7)
            closed += growing.push(text[place : place + size], final=place + size >= len(text))
            place += size
            json.dumps(growing.value)  # always a JSON value
        assert [(part.path, part.value) for part in closed] == list(parts_of(value))
        assert growing.value == value


def test_an_open_string_shows_what_it_has_and_no_half_escape() -> None:
    growing, seen = PartialJson(), []
    for piece in ['["a', "\\", "n", "\\u26", "03", "\\ud83d", "\\ude00", "z"]:
        growing.push(piece)
        seen.append(growing.value[0])
    assert seen == ["a", "a", "a\n", "a\n", "a\n☃", "a\n☃", "a\n☃😀", "a\n☃😀z"]


def test_keys_are_not_values_until_theirs_begins() -> None:
    growing = PartialJson()
    assert growing.push('{"key') == []
    assert growing.value == {}
    growing.push('": {"in')
    assert growing.value == {"key": {}}


def test_nesting_a_hundred_thousand_deep_is_no_special_case() -> None:
    growing = PartialJson()
    depth = 100_000
    assert len(growing.push("[" * depth)) == 0


class TestThroughGenerate:
    SCHEMA = {  # noqa: RUF012  # read only
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"enum": ["a", "bc"]}, "minItems": 2, "maxItems": 3}
        },
        "required": ["tags"],
        "additionalProperties": False,
    }

    @pytest.fixture
    def ask(self) -> Any:
        pytest.importorskip("torch", reason="generate computes with torch")
        pytest.importorskip("transformers", reason="generate drives transformers models")
        import structgen as sg
        from structgen.testing.models import tiny_llama

        tokens = [bytes([byte]) for byte in range(256)]
        vocabulary = sg.Vocabulary.from_tokens([*tokens, b'["', b'","', None], eos=258)
        model = tiny_llama(259, seed=1, sharpness=2)
        return lambda **asked: sg.generate(model, "x", tokenizer=vocabulary, max_tokens=60, **asked)

    def test_events_carry_parts_and_the_growing_value(self, ask: Any) -> None:
        for seed in range(4):
            events = list(ask(schema=self.SCHEMA, stream=True, seed=seed))
            final = events[-1].generation
            closed = [(part.path, part.value) for event in events for part in event.closed]
            assert closed == list(parts_of(final.value))
            assert events[-1].partial == final.value

    def test_free_text_has_no_parts(self, ask: Any) -> None:
        assert all(
            event.closed == () and event.partial is None for event in ask(regex="[0-9]{4}", stream=True)
        )

    def test_async_iteration_gives_the_same_events(self, ask: Any) -> None:
        async def read() -> list[Any]:
            return [event async for event in ask(schema=self.SCHEMA, stream=True)]

        assert asyncio.run(read()) == list(ask(schema=self.SCHEMA, stream=True))

    def test_an_async_reader_may_stop(self, ask: Any) -> None:
        async def read() -> str:
            events = ask(schema=self.SCHEMA, stream=True)
            async for event in events:
                await events.aclose()
                return str(event)
            return ""

        assert asyncio.run(read()) == str(next(ask(schema=self.SCHEMA, stream=True)))
