"""Reasoning and tool calls: what each style allows, and that everything allowed is read back the same.

`tool_parsers` holds parsers that share nothing with the library.  Random walks stand for a model without
any sense; the embedded model writes the conversations.
"""

from __future__ import annotations

import enum
import json
import random
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import jsonschema
import pytest
from unit.tool_parsers import PARSERS

import structgen as sg
from structgen.errors import GrammarError, VocabularyError
from structgen.grammars.tools import Tool, ToolCall, ToolReply, tool_calls
from structgen.grammars.tools.tool import as_tools


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


def weather(city: Annotated[str, {"maxLength": 12}], unit: Unit = Unit.C, days: int | None = None) -> None:
    """Look up the weather.

    Args:
        city: Where.
    """


@dataclass
class Order:
    """Order something."""

    item: Literal["tea", "cake"]
    count: Annotated[int, {"minimum": 1, "maximum": 9}]
    gift: bool = False


CLOCK = {
    "type": "function",
    "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}},
}
CLOCK["function"]["parameters"]["additionalProperties"] = False  # type: ignore[index]
LIST = {
    "name": "notes.add",
    "input_schema": {
        "type": "object",
        "properties": {"tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "uniqueItems": True}},
        "required": ["tags"],
        "additionalProperties": False,
        "$defs": {"tag": {"type": ["string", "boolean", "null"], "maxLength": 5}},
    },
}
TOOLS = [weather, Order, CLOCK, LIST]
STYLES = sorted(PARSERS)
BYTES = [bytes([byte]) for byte in range(256)]
TEXT_ONLY = sg.Vocabulary.from_tokens(
    [*BYTES, b"", b"<tool", b"_call>\n{", b'{"name', b'": "', b"}]", b" [", b"[TO"], eos=256
)
SPECIAL_NAMES = [
    *("<tool_call>", "</tool_call>", "<|python_tag|>", "[TOOL_CALLS]", "[ARGS]", "<think>", "</think>"),
    *(
        "<｜tool▁calls▁begin｜>",
        "<｜tool▁calls▁end｜>",
        "<｜tool▁call▁begin｜>",
        "<｜tool▁call▁end｜>",
        "<｜tool▁sep｜>",
    ),
]
WITH_SPECIAL = sg.Vocabulary.from_tokens(
    [*BYTES, b""], eos=256, special={name: 257 + i for i, name in enumerate(SPECIAL_NAMES)}
)
VOCABULARIES = {"as text": TEXT_ONLY, "as special tokens": WITH_SPECIAL}


def render(constraint: sg.Constraint, tokens: list[int]) -> str:
    data = b""
    for token in tokens:
        name = constraint.named_tokens.get(token)
        data += name.encode() if name is not None else constraint.vocabulary.token_bytes(token) or b""
    return data.decode()


def walk(constraint: sg.Constraint, rng: random.Random, length: int = 60) -> str:
    """A reply by somebody who presses keys at random, with a liking for what opens something."""
    matcher, tokens = constraint.matcher(), list[int]()
    for _ in range(rng.randrange(length)):
        allowed = [token for token in matcher.allowed_tokens() if token != 256]
        if not allowed:
            break
        liked = (
            [token for token in allowed if token > 256 or token in b'<[{}],:"'] if rng.random() < 0.5 else []
        )
        printable = [token for token in allowed if 32 <= token < 127] if rng.random() < 0.9 else []
        tokens.append(rng.choice(liked or printable or allowed))
        matcher.advance(tokens[-1])
    tokens += matcher.completion()
    return render(constraint, tokens)


def check(style: str, reply: str) -> list[tuple[str, dict[str, Any]]]:
    """Parse with the independent parser, validate every call, and compare with the library's own reading."""
    text, calls = PARSERS[style](reply)
    schemas = {tool.name: tool.parameters for tool in as_tools(TOOLS)}
    for name, arguments in calls:
        jsonschema.validate(arguments, schemas[name], cls=jsonschema.Draft202012Validator)
    read = tool_calls(TOOLS, style=style).parse(reply)
    assert read.text == text
    assert [call.name for call in read.calls] == [name for name, _ in calls]
    for call in read.calls:
        expected = {"Order": Order, "weather": dict, "clock": dict, "notes.add": dict}[call.name]
        assert isinstance(call.arguments, expected)
    return list(calls)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
@pytest.mark.parametrize("variant", ["auto", "required", "forbidden", "single", "two"])
def test_whatever_is_allowed_is_read_back(style: str, vocabulary: str, variant: str) -> None:
    options: dict[str, Any] = {
        "auto": {},
        "required": {"required": True},
        "forbidden": {"max_calls": 0},
        "single": {"required": True, "parallel": False},
        "two": {"max_calls": 2},
    }[variant]
    constraint = sg.compile(tool_calls(TOOLS, style=style, **options), VOCABULARIES[vocabulary])
    rng = random.Random(f"{style} {vocabulary} {variant}")
    counts = [len(check(style, walk(constraint, rng))) for _ in range(12)]
    if variant == "required":
        assert min(counts) >= 1
    if variant == "forbidden":
        assert max(counts) == 0
    if variant == "single":
        assert set(counts) == {1}
    if variant == "two":
        assert max(counts) <= 2


# --- Single replies: allowed or not -------------------------------------------------------------

W = {"city": "Oslo", "unit": "celsius"}
ONE = {
    "hermes": 'ok<tool_call>\n{"name": "weather", "arguments": '
    '{"city": "Oslo", "unit": "celsius"}}\n</tool_call>',
    "llama3.1": '{"name": "weather", "parameters": {"city": "Oslo", "unit": "celsius"}}',
    "pythonic": '[weather(city="Oslo", unit="celsius")]',
    "mistral": 'ok[TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo", "unit": "celsius"}}]',
    "mistral-v11": 'ok[TOOL_CALLS]weather[ARGS]{"city": "Oslo", "unit": "celsius"}',
    "deepseek": "ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n"
    '{"city": "Oslo", "unit": "celsius"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    "deepseek-v3.1": "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>weather<｜tool▁sep｜>"
    '{"city": "Oslo", "unit": "celsius"}<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
    "openai": '{"content": null, "tool_calls": [{"type": "function", "function": '
    '{"name": "weather", "arguments": {"city": "Oslo", "unit": "celsius"}}}]}',
}


def accepts(grammar: sg.Grammar, reply: str) -> bool:
    matcher = sg.compile(grammar, TEXT_ONLY).matcher()
    data = list(reply.encode())
    return matcher.try_advance(data) == len(data) and matcher.can_stop


@pytest.mark.parametrize("style", STYLES)
def test_a_call_as_models_write_it_is_allowed_and_wrong_ones_are_not(style: str) -> None:
    good = ONE[style]
    assert accepts(tool_calls(TOOLS, style=style), good)
    assert accepts(tool_calls(TOOLS, style=style, required=True), good)
    assert check(style, good) == [("weather", W)]
    assert not accepts(tool_calls(TOOLS, style=style, max_calls=0), good)
    for wrong in (
        good.replace("weather", "whether"),
        good.replace("celsius", "kelvin"),
        good.replace("Oslo", "O" * 13),
        good[:-1],
    ):
        # Pythonic and Llama replies are text or calls; none of these begins like text.
        assert not accepts(tool_calls(TOOLS, style=style), wrong), wrong
    if style != "openai":
        assert accepts(tool_calls(TOOLS, style=style), "It is < 5 degrees, said [TOM]: {really}.")
        assert not accepts(tool_calls(TOOLS, style=style, required=True), "No call.")


def test_hermes_allows_text_before_between_and_after() -> None:
    call = '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>'
    reply = f"One.{call}Two <tool.{call}\nThree"
    assert accepts(tool_calls(TOOLS), reply)
    assert tool_calls(TOOLS).parse(reply) == ToolReply(
        ("One.", ToolCall("clock", {}), "Two <tool.", ToolCall("clock", {}), "\nThree")
    )
    assert not accepts(tool_calls(TOOLS, max_calls=1), reply)
    assert not accepts(tool_calls(TOOLS), "see <tool_call> there")


def test_triggers_work_across_tokens() -> None:
    vocabulary = sg.Vocabulary.from_tokens(
        [
            *BYTES,
            b"",
            b"a<to",
            b"ol_c",
            b'all>\n{"na',
            b"all>x",
            b"all>",
            b"<tool_call>",
            b"b<tool_call>\n{",
            b"l><",
        ],
        eos=256,
    )
    ids = {vocabulary.token_bytes(token): token for token in range(257, vocabulary.size)}
    matcher = sg.compile(tool_calls(TOOLS), vocabulary).matcher()
    assert matcher.try_advance([ids[b"a<to"], ids[b"ol_c"]]) == 2
    allowed = matcher.allowed_tokens()
    assert ids[b'all>\n{"na'] in allowed and ids[b"all>"] in allowed and ids[b"all>x"] not in allowed
    assert 120 in allowed  # "ol_cx" is text
    assert ids[b"b<tool_call>\n{"] in allowed
    matcher.advance(ids[b'all>\n{"na'])
    assert not matcher.can_stop
    assert matcher.completion_text().startswith(b'me":')


def test_typed_arguments_and_defaults() -> None:
    reply = tool_calls([Order, weather], style="pythonic").parse(
        '[Order(item="tea", count=2, gift=True), weather(city="B")]'
    )
    assert reply.calls[0].arguments == Order("tea", 2, True)
    assert reply.calls[1].arguments == {"city": "B"}
    read = tool_calls([weather]).parse(
        '<tool_call>{"name": "weather", "arguments": {"city": "A", "unit": "celsius"}}</tool_call>'
    )
    assert read.calls[0].arguments == {"city": "A", "unit": Unit.C}


@pytest.mark.parametrize(
    ("reply", "ok"),
    [
        ('[Order(item="tea", count=3)]', True),
        ('[Order(item="tea", count=3, gift=True)]', True),
        ('[Order(item="tea", count=3, gift=true)]', False),
        ('[Order(count=3, item="tea")]', False),
        ('[Order(item="tea")]', False),
        ('[Order(item="tea", count=10)]', False),
        ("[clock()]", True),
        ("[clock(), clock()]", True),
        ("[clock(x=1)]", False),
        ('[notes.add(tags=["a", True, None])]', True),
        ("[notes.add(tags=[True, True])]", False),
        ("[notes.add(tags=[None, true])]", False),
        ('[weather(city="a\'b", days=None)]', True),
        ("[]", False),
        ("  [clock()]", False),
    ],
)
def test_pythonic_calls(reply: str, ok: bool) -> None:
    assert accepts(tool_calls(TOOLS, style="pythonic"), reply) == ok


def test_tools_are_read_from_every_description() -> None:
    tools = as_tools([weather, Order, CLOCK, LIST, Tool("raw", {"type": "object"})])
    assert [tool.name for tool in tools] == ["weather", "Order", "clock", "notes.add", "raw"]
    assert tools[0].description == "Look up the weather."
    assert tools[0].parameters["properties"]["city"]["description"] == "Where."


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: tool_calls([weather, weather]), "two tools"),
        (lambda: tool_calls([weather], style="xml"), "unknown style"),
        (lambda: tool_calls([weather], required=True, max_calls=0), "none is allowed"),
        (lambda: tool_calls([], required=True), "none is allowed"),
        (lambda: tool_calls([weather], max_calls=-1), "max_calls"),
        (lambda: tool_calls([3]), "a tool is"),
        (lambda: tool_calls([{"parameters": {}}]), "needs a name"),
        (lambda: tool_calls([{"name": "f", "parameters": {"type": "array"}}]), "must be an object"),
        (lambda: tool_calls([{"name": "a b"}], style="pythonic"), "no name in Python"),
        (
            lambda: tool_calls([{"name": "f", "parameters": {"minProperties": 1}}], style="pythonic"),
            "minProperties",
        ),
        (lambda: tool_calls([{"name": "a[ARGS]b"}], style="mistral-v11"), "cannot write"),
        (lambda: sg.think(then="x", end=""), "end"),
    ],
)
def test_what_makes_no_sense_is_refused(make: Any, words: str) -> None:
    with pytest.raises(GrammarError, match=words):
        make()


def test_a_reply_with_an_unknown_tool_is_refused() -> None:
    with pytest.raises(GrammarError, match="no tool 'f'"):
        tool_calls([weather]).parse('<tool_call>{"name": "f", "arguments": {}}</tool_call>')


# --- Reasoning -----------------------------------------------------------------------------------


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_reasoning_ends_and_the_constraint_takes_over(vocabulary: str) -> None:
    grammar = sg.think(then=Order)
    constraint = sg.compile(grammar, VOCABULARIES[vocabulary])
    rng = random.Random(1)
    for _ in range(10):
        reply = walk(constraint, rng)
        assert isinstance(grammar.parse(reply), Order)
        thoughts, answer = grammar.split(reply)
        assert "</think>" not in thoughts
        assert json.loads(answer)["item"] in ("tea", "cake")


def test_reasoning_may_be_bounded_and_opened_by_the_prompt() -> None:
    grammar = sg.think(then={"type": "null"}, begin=None, max_tokens=3)
    assert accepts(grammar, "abc</think>\n\nnull")
    assert accepts(grammar, "</think>null")
    assert not accepts(grammar, "abcd</think>null")
    assert not accepts(grammar, "abc</think>\n\n\nnull")
    assert grammar.split("ab</think>\nnull") == ("ab", "null")


def test_reasoning_before_tool_calls() -> None:
    grammar = sg.think(then=tool_calls(TOOLS, required=True))
    constraint = sg.compile(grammar, TEXT_ONLY)
    rng = random.Random(2)
    for _ in range(5):
        assert len(grammar.parse(walk(constraint, rng)).calls) >= 1


def test_grammars_of_tools_are_values() -> None:
    for make in (
        lambda: tool_calls(TOOLS, style="mistral", max_calls=3),
        lambda: sg.think(then=tool_calls([CLOCK])),
    ):
        assert make() == make() and hash(make()) == hash(make()) and repr(make()) == repr(make())
        constraint = sg.compile(make(), TEXT_ONLY)
        back = sg.Constraint.deserialize(constraint.serialize(), TEXT_ONLY)
        assert back.grammar == make()
    assert tool_calls([CLOCK]) != tool_calls([CLOCK], required=True)


def test_a_missing_special_token_is_text() -> None:
    assert sg.compile(tool_calls(TOOLS, style="mistral"), TEXT_ONLY).named_tokens == {}
    assert list(sg.compile(tool_calls(TOOLS, style="mistral"), WITH_SPECIAL).named_tokens.values()) == [
        "[TOOL_CALLS]"
    ]
    with pytest.raises(VocabularyError):
        sg.compile(sg.special("[TOOL_CALLS]"), TEXT_ONLY)


# --- Conversations of the embedded model --------------------------------------------------------


ASKED = ["What is the weather in Oslo?", "Order two cakes.", "What time is it?", "Note down: milk.", "Hello!"]


@pytest.mark.parametrize("style", STYLES)
def test_fifty_conversations_of_the_embedded_model(pocket: Any, style: str) -> None:
    valid = calls = 0
    # The marks of DeepSeek are rare characters: many tokens for the embedded model.
    room = 170 if style.startswith("deepseek") else 90
    for variant, options in enumerate(
        [{}, {"required": True}, {"max_calls": 0}, {"required": True, "parallel": False}, {"max_calls": 2}]
    ):
        grammar = tool_calls(TOOLS, style=style, **options)
        replies = sg.generate(
            pocket, ASKED, grammar=grammar, max_tokens=room, n=2, temperature=1.2, seed=variant
        )
        for out in [one for several in replies for one in several]:
            found = check(style, out.text)
            assert isinstance(out.value, ToolReply)
            assert len(found) >= bool(options.get("required"))
            assert len(found) <= (1 if options.get("parallel") is False else options.get("max_calls", 99))
            valid += 1
            calls += len(found)
    assert valid == 50
    assert calls >= 20
