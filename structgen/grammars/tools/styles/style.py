"""What every style offers, and what several share."""

from __future__ import annotations

from typing import Any, Protocol

from structgen.errors import GrammarError
from structgen.grammars.composition.parts import one_of, repeat, sequence
from structgen.grammars.composition.text import text
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolReply


class Style(Protocol):
    """Where calls may stand in a reply, and how they look."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Raise GrammarError for a tool that this style cannot write."""

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Replies with at least and at most so many calls (None: no bound)."""

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """The texts and calls of a finished reply."""


def check_names(tools: tuple[Tool, ...], forbidden: tuple[str, ...]) -> None:
    """Raise GrammarError for a name that contains what ends a name in a style."""
    for tool in tools:
        for mark in forbidden:
            if mark in tool.name:
                raise GrammarError(f"the name {tool.name!r} contains {mark!r}, which this style cannot write")


def arguments_of(tool: Tool, **options: Any) -> Grammar:
    """The arguments of a tool as a JSON object."""
    return json_schema(tool.schema(), **options)


def separated(item: Grammar, separator: str, most: int | None) -> Grammar:
    """One or more items, at most so many, with something between them."""
    return sequence(item, repeat(sequence(separator, item), 0, None if most is None else most - 1))


def text_then(block: Grammar, stop: tuple[str, ...], least: int, most: int | None) -> Grammar:
    """Text without markers, then a block of calls, which a reply without calls lacks."""
    free = text(stop=stop)
    if most == 0:
        return free
    return sequence(free, block) if least else one_of(free, sequence(free, block))
