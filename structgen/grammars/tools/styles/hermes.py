"""Hermes and Qwen: text anywhere, each call a JSON object between two tags on lines of their own.

Let me look.<tool_call>
{"name": "weather", "arguments": {"city": "Oslo"}}
</tool_call>
"""

from __future__ import annotations

from structgen.grammars.composition.parts import optional, repeat, sequence
from structgen.grammars.composition.text import special, text
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolCall, ToolReply, call_schema, make_call, read_json

BEGIN, END = "<tool_call>", "</tool_call>"


class Hermes:
    """The style of Hermes and Qwen."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Names stand in JSON strings: all are fine."""

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text, then any number of calls with text behind each."""
        free = text(stop=(BEGIN, END))
        if most == 0:
            return free
        call = sequence(
            special(BEGIN, or_text=True),
            optional("\n"),
            json_schema(call_schema(tools, "arguments")),
            optional("\n"),
            special(END, or_text=True),
        )
        return sequence(free, repeat(sequence(call, free), least, most))

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """Cut at the tags; the first end tag outside of strings is the end."""
        parts: list[str | ToolCall] = []
        while True:
            before, begin, rest = output.partition(BEGIN)
            parts += [before] if before else []
            if not begin:
                return ToolReply(tuple(parts))
            # An end tag may also stand in a string of the arguments: the call is over at a line's end.
            value, length = read_leading(rest)
            output = rest[length:].lstrip("\n").removeprefix(END)
            parts.append(make_call(value["name"], value["arguments"], tools))


def read_leading(rest: str) -> tuple[dict[str, object], int]:
    """The JSON value at the beginning of a text, and how many characters it takes."""
    import json

    blanks = len(rest) - len(rest.lstrip())
    try:
        value, end = json.JSONDecoder().raw_decode(rest, blanks)
    except json.JSONDecodeError:
        return read_json(rest), len(rest)
    return value, end
