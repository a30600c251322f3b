"""DeepSeek: text, then a block of calls between special tokens, which ends the reply.

    <｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather
    ```json
    {"city": "Oslo"}
    ```<｜tool▁call▁end｜><｜tool▁calls▁end｜>

That is V3 and R1; from V3.1 on a call is the name, a separator and the arguments, without the fence.
"""

from __future__ import annotations

from structgen.grammars.composition.parts import one_of, sequence
from structgen.grammars.composition.text import special
from structgen.grammars.grammar import Grammar

from ..tool import Tool, ToolCall, ToolReply, make_call
from .hermes import read_leading
from .style import arguments_of, check_names, separated, text_then

ALL_BEGIN, ALL_END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"
BEGIN, END, SEPARATOR = "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>", "<｜tool▁sep｜>"
MARKS = (ALL_BEGIN, ALL_END, BEGIN, END, SEPARATOR)


class DeepSeek:
    """The style of DeepSeek; ``fenced``: V3 and R1."""

    def __init__(self, *, fenced: bool) -> None:
        self._fenced = fenced

    def check(self, tools: tuple[Tool, ...]) -> None:
        """A name ends with its line, or where the separator stands."""
        check_names(tools, (*MARKS, "\n"))

    def grammar(self, tools: tuple[Tool, ...], least: int, most: int | None) -> Grammar:
        """Text, then the block."""
        if most == 0:
            return text_then(sequence(""), MARKS, least, 0)
        begin, end, separator = (special(mark, or_text=True) for mark in (BEGIN, END, SEPARATOR))
        calls = []
        for tool in tools:
            if self._fenced:
                head = ("function", separator, f"{tool.name}\n```json\n")
                calls.append(sequence(begin, *head, arguments_of(tool), "\n```", end))
            else:
                calls.append(sequence(begin, tool.name, separator, arguments_of(tool), end))
        every = separated(one_of(*calls), "\n" if self._fenced else "", most)
        block = sequence(special(ALL_BEGIN, or_text=True), every, special(ALL_END, or_text=True))
        return text_then(block, MARKS, least, most)

    def parse(self, output: str, tools: tuple[Tool, ...]) -> ToolReply:
        """Calls end where the JSON of their arguments does."""
        before, begin, rest = output.partition(ALL_BEGIN)
        parts: list[str | ToolCall] = [before] if before else []
        _, begin, rest = rest.partition(BEGIN)
        while begin:
            kind, _, rest = rest.partition(SEPARATOR)
            name = kind
            if self._fenced:
                name, _, rest = rest.partition("\n```json\n")
            arguments, length = read_leading(rest)
            parts.append(make_call(name, arguments, tools))
            _, begin, rest = rest[length:].partition(BEGIN)
        return ToolReply(tuple(parts))
