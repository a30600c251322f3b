"""A tool, a call of it, and what a model replied: text and calls.

A tool is given as a function, a class (Pydantic model, dataclass, TypedDict, NamedTuple), or the dict that
OpenAI's, Anthropic's or plain descriptions use.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.types import type_spec
from structgen.grammars.types.docstrings import describe


@dataclass(frozen=True)
class Tool:
    """A name, a JSON Schema of the arguments, and how arguments are read."""

    name: str
    parameters: dict[str, Any]
    description: str = ""
    read: Callable[[Any], Any] = field(default=lambda arguments: arguments, compare=False, repr=False)

    @property
    def uri(self) -> str:
        """The base of references inside ``parameters``, where these are part of a larger schema."""
        return f"urn:structgen:tool:{self.name.encode().hex()}"

    def schema(self) -> dict[str, Any]:
        """``parameters`` as a schema of its own inside another one; they are an object."""
        return {"$id": self.uri, **self.parameters}


@dataclass(frozen=True)
class ToolCall:
    """One call: which tool, with which arguments (as the tool's own types, where it has any)."""

    name: str
    arguments: Any


@dataclass(frozen=True)
class ToolReply:
    """What a model said, in order: ``parts`` are texts and calls.

    >>> reply = ToolReply(("One moment.", ToolCall("f", {"x": 1})))
    >>> reply.text, [call.name for call in reply.calls]
    ('One moment.', ['f'])
    """

    parts: tuple[str | ToolCall, ...]

    @property
    def text(self) -> str:
        """The text without the calls."""
        return "".join(part for part in self.parts if isinstance(part, str))

    @property
    def calls(self) -> list[ToolCall]:
        """The calls, in order."""
        return [part for part in self.parts if isinstance(part, ToolCall)]


def as_tools(tools: Any) -> tuple[Tool, ...]:
    """Read tools; GrammarError for what is none, and for a name given twice."""
    if isinstance(tools, Mapping | str) or not isinstance(tools, Iterable):
        tools = [tools]
    read = tuple(map(as_tool, tools))
    names = [tool.name for tool in read]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise GrammarError(f"two tools are called {twice!r}; give each a name of its own")
    return read


def as_tool(what: Any) -> Tool:
    """Read one tool.

    >>> def add(a: int, b: int = 0) -> int: ...
    >>> as_tool(add).parameters["required"]
    ['a']
    """
    if isinstance(what, Tool):
        return what
    if isinstance(what, Mapping):
        return _described(what)
    if not isinstance(what, type) and not callable(what):
        raise GrammarError(
            f"a tool is a function, a class or a dict with a name and parameters, got {what!r:.80}"
        )
    name = getattr(what, "__name__", type(what).__name__)
    spec = type_spec(what)
    return Tool(name, _object(spec.schema, name), describe(what)[0], spec.read)


def _described(what: Mapping[str, Any]) -> Tool:
    inner = what.get("function", what)
    name = inner.get("name") if isinstance(inner, Mapping) else None
    if not isinstance(name, str) or not name:
        raise GrammarError(f"a tool's description needs a name; got the keys {sorted(map(str, what))}")
    schemas = [inner[key] for key in ("parameters", "input_schema", "inputSchema") if key in inner]
    parameters = (
        schemas[0] if schemas else {"type": "object", "properties": {}, "additionalProperties": False}
    )
    if not isinstance(parameters, Mapping):
        raise GrammarError(
            f"the parameters of {name!r} must be a JSON Schema (a dict), got {parameters!r:.80}"
        )
    return Tool(name, _object(dict(parameters), name), str(inner.get("description") or ""))


def _object(schema: dict[str, Any], name: str) -> dict[str, Any]:
    kind = schema.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        raise GrammarError(f"the arguments of {name!r} must be an object, its schema says {kind!r}")
    return {**schema, "type": "object"}


def make_call(name: Any, arguments: Any, tools: tuple[Tool, ...]) -> ToolCall:
    """The call of a tool that is known, its arguments read; GrammarError for another."""
    for tool in tools:
        if tool.name == name:
            return ToolCall(tool.name, tool.read(arguments))
    raise GrammarError(f"there is no tool {name!r}; known: {', '.join(tool.name for tool in tools)}")


def call_schema(tools: tuple[Tool, ...], arguments: str) -> dict[str, Any]:
    """An object with the name of a tool and, under the key ``arguments``, what it takes."""
    return {"anyOf": [_call(tool, arguments) for tool in tools]}


def _call(tool: Tool, arguments: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"name": {"const": tool.name}, arguments: tool.schema()},
        "required": ["name", arguments],
        "additionalProperties": False,
    }


def read_json(text: str) -> Any:
    """A JSON value; GrammarError where the text is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise GrammarError(f"{inspect.cleandoc(text)[:60]!r} is no JSON: {error}") from error
