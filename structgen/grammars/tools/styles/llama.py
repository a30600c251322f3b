"""Llama 3.1: a reply is text, or calls as JSON objects separated by semicolons; never both.

    {"name": "weather", "parameters": {"city": "Oslo"}}; {"name": "time", "parameters": {}}

A reply that begins with a brace, or that contains <|python_tag|>, would be taken for a call, so text does
neither.
"""

from __future__ import annotations

from structgen.grammars.composition.composer import Composer, Piece
from structgen.grammars.composition.parts import Composition, one_of, optional, sequence
from structgen.grammars.composition.text import free_text, special
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolCall, ToolReply, call_schema, make_call
from .hermes import read_leading
from .style import separated

TAG = "<|python_tag|>"


class Llama:
    """The style of Llama 3.1 with JSON."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Names stand in JSON strings: all are fine."""

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text that is no call, or calls."""
        if most == 0:
            return TextUnlike((TAG,), "{")
        call = json_schema(call_schema(tools, "parameters"))
        calls = sequence(optional(special(TAG, or_text=True)), separated(call, "; ", most))
        return calls if least else one_of(TextUnlike((TAG,), "{"), calls)

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """A reply that begins as a call is made of calls."""
        rest = output.removeprefix(TAG)
        if rest == output and not output.startswith("{"):
            return ToolReply((output,) if output else ())
        parts: list[str | ToolCall] = []
        while rest:
            value, length = read_leading(rest)
            parts.append(make_call(value["name"], value["parameters"], tools))
            rest = rest[length:].lstrip("; ")
        return ToolReply(tuple(parts))


class TextUnlike(Composition):
    """Text without markers that does not begin, blanks aside, with a character that opens a call."""

    __slots__ = ("opening", "stop")

    def __init__(self, stop: tuple[str, ...], opening: str) -> None:
        self.stop = stop
        self.opening = opening

    def compose(self, composer: Composer) -> Piece:
        """A regular language."""
        regex = composer.store.regex
        blanks = regex.repeat(regex.words([" ", "\t", "\n", "\r"]), 0, None)
        anything = free_text(regex, ())
        opened = regex.concat([blanks, regex.literal(self.opening), anything])
        return composer.regular(regex.intersect([free_text(regex, self.stop), regex.complement(opened)]))

    def identity(self) -> tuple[tuple[str, ...], str]:
        """The markers and the character."""
        return (self.stop, self.opening)

    def __repr__(self) -> str:
        return f"text_unlike({list(self.stop)!r}, {self.opening!r})"
