"""Pythonic calls (Llama 3.2, Llama 4 and others): a reply is text, or a list of calls as Python writes it.

    [weather(city="Oslo", days=2), time()]

Values are Python literals: True, False and None, strings in double quotes.  Arguments stand in the order
of the tool's properties, each at most once.  A reply that begins with a bracket would be taken for calls;
text does not.
"""

from __future__ import annotations

import ast
import keyword
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.composition.parts import one_of, optional, sequence
from structgen.grammars.composition.text import special
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import json_schema

from ..tool import Tool, ToolCall, ToolReply, make_call
from .llama import TAG, TextUnlike
from .style import separated

# Keywords of an object that a list of arguments can keep, and those that say nothing about it.
_KEPT = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "$defs",
    "definitions",
    "$id",
    "$schema",
    "$ref",
}
_SILENT = {"title", "description", "examples", "default", "$comment", "deprecated", "strict"}


class Pythonic:
    """The style of a list of calls."""

    def check(self, tools: tuple[Tool, ...]) -> None:
        """Names are identifiers, and arguments do not depend on each other."""
        for tool in tools:
            parameters = _resolved(tool)
            for name in (*tool.name.split("."), *parameters.get("properties", {})):
                if not name.isidentifier() or keyword.iskeyword(name):
                    raise GrammarError(
                        f"{tool.name}: {name!r} is no name in Python; rename it or take another style"
                    )
            for word in parameters:
                if word not in _KEPT | _SILENT:
                    raise GrammarError(
                        f"{tool.name}: {word!r} relates arguments to each other, which the style "
                        "'pythonic' cannot write; leave it out or take another style"
                    )
            undeclared = set(parameters.get("required", [])) - set(parameters.get("properties", {}))
            if undeclared:
                raise GrammarError(
                    f"{tool.name}: the required {sorted(undeclared)} are no properties; declare them"
                )

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text that is no call, or a list of calls."""
        plain = TextUnlike((TAG,), "[")
        if most == 0:
            return plain
        call = one_of(*(sequence(f"{tool.name}(", _arguments(tool), ")") for tool in tools))
        calls = sequence(optional(special(TAG, or_text=True)), "[", separated(call, ", ", most), "]")
        return calls if least else one_of(plain, calls)

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """Python's own parser reads the list; nothing is evaluated but literals."""
        source = output.removeprefix(TAG)
        if source == output and not output.startswith("["):
            return ToolReply((output,) if output else ())
        tree = ast.parse(source, mode="eval").body
        if not isinstance(tree, ast.List):
            raise GrammarError(f"{source[:60]!r} is no list of calls")
        parts: list[str | ToolCall] = []
        for call in tree.elts:
            if not isinstance(call, ast.Call):
                raise GrammarError(f"{ast.unparse(call)[:60]!r} is no call")
            arguments = {str(one.arg): ast.literal_eval(one.value) for one in call.keywords}
            parts.append(make_call(ast.unparse(call.func), arguments, tools))
        return ToolReply(tuple(parts))


def _arguments(tool: Tool) -> Grammar:
    """``a=1, b=2`` in the order of the properties; those that are not required may be missing."""
    parameters = _resolved(tool)
    required = set(parameters.get("required", []))
    given = [(name, name in required) for name in parameters.get("properties", {})]
    pairs = [sequence(f"{name}=", _value(tool, name)) for name, _ in given]

    def behind(place: int) -> list[Grammar]:
        return [
            sequence(", ", pair) if needed else optional(sequence(", ", pair))
            for pair, (_, needed) in zip(pairs[place:], given[place:], strict=True)
        ]

    firsts: list[Grammar] = []
    for place, (_, needed) in enumerate(given):
        firsts.append(sequence(pairs[place], *behind(place + 1)))
        if needed:
            return one_of(*firsts)
    return one_of("", *firsts)


def _value(tool: Tool, name: str) -> Grammar:
    pointer = _escaped(name)
    base = tool.parameters.get("$ref", "#")
    schema: dict[str, Any] = {
        "$ref": f"{tool.uri}{base}/properties/{pointer}",
        "$defs": {"tool": tool.schema()},
    }
    return json_schema(schema, words="python")


def _resolved(tool: Tool) -> dict[str, Any]:
    """The parameters, where they are a reference what it refers to inside them."""
    parameters = tool.parameters
    reference = parameters.get("$ref")
    if not isinstance(reference, str):
        return parameters
    at: Any = parameters
    for step in reference.removeprefix("#/").split("/"):
        at = at.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(at, dict) else {}
    if not isinstance(at, dict) or not at:
        raise GrammarError(f"{tool.name}: the reference {reference!r} leads nowhere inside its parameters")
    return at


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
