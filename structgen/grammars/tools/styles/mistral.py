"""Mistral: text, then one special token that opens the calls, which end the reply.

    [TOOL_CALLS][{"name": "weather", "arguments": {"city": "Oslo"}}]
    [TOOL_CALLS]weather[ARGS]{"city": "Oslo"}[TOOL_CALLS]time[ARGS]{}

The first form is a JSON array; the second, of the tokenizers from version 11 on, repeats the token.
"""

from __future__ import annotations

from typing import Any

from structgen.grammars.composition.parts import one_of, repeat, sequence
from structgen.grammars.composition.text import special
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolCall, ToolReply, call_schema, make_call, read_json
from .hermes import read_leading
from .style import arguments_of, check_names, text_then

BEGIN, ARGUMENTS = "[TOOL_CALLS]", "[ARGS]"


class Mistral:
    """The style with an array."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Names stand in JSON strings: all are fine."""

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text, then the token and an array of calls."""
        calls: dict[str, Any] = {"type": "array", "minItems": 1, "items": call_schema(tools, "arguments")}
        if most is not None:
            calls["maxItems"] = most
        block = sequence(special(BEGIN, or_text=True), json_schema(calls)) if tools and most != 0 else None
        return text_then(block or sequence(""), (BEGIN,), least, 0 if block is None else most)

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """Everything behind the token is the array."""
        before, begin, after = output.partition(BEGIN)
        parts: list[str | ToolCall] = [before] if before else []
        if begin:
            parts += [make_call(call["name"], call["arguments"], tools) for call in read_json(after)]
        return ToolReply(tuple(parts))


class MistralNamed:
    """The style with a token for each call."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """A name ends where its arguments begin."""
        check_names(tools, (ARGUMENTS, BEGIN))

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text, then calls one behind the other."""
        if most == 0:
            return text_then(sequence(""), (BEGIN, ARGUMENTS), least, 0)
        begin, split = special(BEGIN, or_text=True), special(ARGUMENTS, or_text=True)
        call = one_of(*(sequence(begin, tool.name, split, arguments_of(tool)) for tool in tools))
        return text_then(repeat(call, 1, most), (BEGIN, ARGUMENTS), least, most)

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """A call begins with the token; its arguments end where their JSON does."""
        before, begin, rest = output.partition(BEGIN)
        parts: list[str | ToolCall] = [before] if before else []
        while begin:
            name, _, rest = rest.partition(ARGUMENTS)
            arguments, length = read_leading(rest)
            parts.append(make_call(name, arguments, tools))
            _, begin, rest = rest[length:].partition(BEGIN)
        return ToolReply(tuple(parts))
