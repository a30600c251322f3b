"""OpenAI's message as JSON: the whole reply is one object with text and calls.

    {"content": "Let me look.", "tool_calls": [{"type": "function",
     "function": {"name": "weather", "arguments": {"city": "Oslo"}}}]}

Arguments are written as an object; the interface has them as a string of JSON, which `json.dumps` makes.
"""

from __future__ import annotations

from typing import Any

from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolCall, ToolReply, call_schema, make_call, read_json


class OpenAI:
    """The style of a message object."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Names stand in JSON strings: all are fine."""

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """One JSON object."""
        properties: dict[str, Any] = {"content": {"type": ["string", "null"]}}
        if most != 0:
            call = {
                "type": "object",
                "properties": {"type": {"const": "function"}, "function": call_schema(tools, "arguments")},
                "required": ["type", "function"],
                "additionalProperties": False,
            }
            calls: dict[str, Any] = {"type": "array", "minItems": 1, "items": call}
            if most is not None:
                calls["maxItems"] = most
            properties["tool_calls"] = calls
        required = ["content", "tool_calls"] if least else ["content"]
        return json_schema(
            {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": False,
            }
        )

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """The content, then the calls."""
        message = read_json(output)
        parts: list[str | ToolCall] = [message["content"]] if message["content"] else []
        for call in message.get("tool_calls", []):
            parts.append(make_call(call["function"]["name"], call["function"]["arguments"], tools))
        return ToolReply(tuple(parts))
