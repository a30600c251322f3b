"""Tool calls in the formats that models were trained on.

A style says where calls may stand and how they look (styles/); this module says how many.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.composition.composer import Composer, Piece
from structgen.grammars.composition.parts import Composition
from structgen.grammars.grammar import Grammar

from .styles import STYLES
from .tool import Tool, ToolReply, as_tools


class ToolCalls(Composition):
    """A reply with text and calls; made by :func:`tool_calls`.  Its value is a ToolReply."""

    __slots__ = ("least", "most", "style", "tools")

    tools: tuple[Tool, ...]
    style: str
    least: int
    most: int | None

    def __init__(self, tools: tuple[Tool, ...], style: str, least: int, most: int | None) -> None:
        self.tools = tools
        self.style = style
        self.least = least
        self.most = most

    def grammar(self) -> Grammar:
        """The same, made of sequences, free text and schemas."""
        return STYLES[self.style].grammar(self.tools, self.least, self.most)

    def compose(self, composer: Composer) -> Piece:
        """Build what the style says."""
        return self.grammar().compose(composer)

    def identity(self) -> Any:
        """The tools by name and schema, the style and the bounds."""
        return (
            tuple((tool.name, repr(tool.parameters)) for tool in self.tools),
            self.style,
            self.least,
            self.most,
        )

    def parse(self, text: str) -> ToolReply:
        """The texts and calls of an output, arguments as the tools' own types."""
        return STYLES[self.style].parse(text, self.tools)

    def __repr__(self) -> str:
        names = [tool.name for tool in self.tools[:8]] + ["…"] * (len(self.tools) > 8)
        said = [f"[{', '.join(names)}]", f"style={self.style!r}"]
        said += ["required=True"] * bool(self.least)
        said += [] if self.most is None else [f"max_calls={self.most}"]
        return f"tool_calls({', '.join(said)})"


def tool_calls(
    tools: Any,
    *,
    style: str = "hermes",
    required: bool = False,
    parallel: bool = True,
    max_calls: int | None = None,
) -> ToolCalls:
    """Allow free text with calls of ``tools`` in it, exactly in the format of ``style``.

    ``tools`` is a list of functions, classes, or descriptions (dicts with ``name`` and ``parameters``, also
    under ``function``; ``input_schema`` is read as ``parameters``).  ``style`` is "hermes" (also "qwen"),
    "llama3.1", "pythonic", "mistral", "mistral-v11", "deepseek", "deepseek-v3.1" or "openai".

    ``required``: at least one call.  ``parallel=False``: at most one.  ``max_calls`` bounds their number; 0
    forbids calls: then text is free but for what would open one.

    The value is a ToolReply.  Raises GrammarError for what is no tool, an unknown style, or bounds that
    contradict each other; the tools' schemas are checked when the grammar is compiled.

    >>> def add(a: int, b: int) -> int: ...
    >>> tool_calls([add], required=True)
    tool_calls([add], style='hermes', required=True)
    """
    if style not in STYLES:
        raise GrammarError(f"unknown style {style!r} of tool calls; known: {', '.join(sorted(STYLES))}")
    if max_calls is not None and (
        isinstance(max_calls, bool) or not isinstance(max_calls, int) or max_calls < 0
    ):
        raise GrammarError(f"max_calls must be an integer from 0 on, got {max_calls!r}")
    read = as_tools(tools)
    most = max_calls if parallel else min(1, 1 if max_calls is None else max_calls)
    if not read:
        most = 0
    if required and most == 0:
        raise GrammarError("a call is required but none is allowed; give tools, and max_calls of 1 or more")
    STYLES[style].check(read)
    return ToolCalls(read, style, int(required), most)
