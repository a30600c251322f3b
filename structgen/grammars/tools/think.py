"""Reasoning before the answer: free text up to an end tag, then the constraint."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.composition.composer import Composer, Piece
from structgen.grammars.composition.parts import Composition, as_part, sequence
from structgen.grammars.composition.text import special, text
from structgen.grammars.grammar import Grammar
from structgen.grammars.regex import regex

# What chat models put between the end tag and the answer.
_GAP = regex(r"\n{0,2}")


class Think(Composition):
    """Free text between two tags, then another grammar; made by :func:`think`."""

    __slots__ = ("_read", "begin", "end", "max_tokens", "then")

    then: Grammar
    begin: str | None
    end: str
    max_tokens: int | None

    def __init__(
        self,
        then: Grammar,
        begin: str | None,
        end: str,
        max_tokens: int | None,
        read: Callable[[Any], Any] | None = None,
    ) -> None:
        self.then = then
        self.begin = begin
        self.end = end
        self.max_tokens = max_tokens
        self._read = read

    def grammar(self) -> Grammar:
        """The same as a sequence."""
        opening = [] if self.begin is None else [special(self.begin, or_text=True)]
        thoughts = text(stop=self.end, max_tokens=self.max_tokens)
        return sequence(*opening, thoughts, special(self.end, or_text=True), _GAP, self.then)

    def compose(self, composer: Composer) -> Piece:
        """Build the sequence."""
        return self.grammar().compose(composer)

    def identity(self) -> Any:
        """The tags, the bound and what follows."""
        return (self.then, self.begin, self.end, self.max_tokens)

    def split(self, output: str) -> tuple[str, str]:
        """The reasoning and the answer of an output, both as text.

        >>> think(then="yes").split("<think>hm</think>yes")
        ('hm', 'yes')
        """
        before, end, after = output.partition(self.end)
        if not end:
            raise GrammarError(f"this output has no {self.end!r}; it is not complete")
        if self.begin is not None:
            before = before.removeprefix(self.begin)
        gap = len(after) - len(after.lstrip("\n"))
        return before, after[min(gap, 2) :]

    def parse(self, text: str) -> Any:
        """The value of what follows the reasoning."""
        value = self.then.parse(self.split(text)[1])
        return value if self._read is None else self._read(value)

    def __repr__(self) -> str:
        said = [f"then={self.then!r}"]
        said += [] if self.begin == "<think>" else [f"begin={self.begin!r}"]
        said += [] if self.end == "</think>" else [f"end={self.end!r}"]
        said += [] if self.max_tokens is None else [f"max_tokens={self.max_tokens}"]
        return f"think({', '.join(said)})"


def think(
    then: Any,
    *,
    begin: str | None = "<think>",
    end: str = "</think>",
    max_tokens: int | None = None,
) -> Think:
    """Allow free text up to ``end``, then what ``then`` allows.

    ``then`` is a Grammar, a ``str``, a schema or a type; its value is the value of the output, and
    ``split`` gives the reasoning.  ``begin`` opens the text; None where the prompt has opened it already, as
    some chat templates do.  Either tag is the special token of this name where the vocabulary has one.
    ``max_tokens`` bounds the reasoning: then its end comes, in the middle of a sentence if need be.

    >>> think(then={"type": "integer"})
    think(then=json_schema({"type": "integer"}))
    """
    for name, tag in (("begin", begin), ("end", end)):
        if not (tag is None and name == "begin") and (not isinstance(tag, str) or not tag):
            raise GrammarError(f"think: {name} must be a text that is not empty, got {tag!r}")
    text(max_tokens=max_tokens)  # checks the bound
    if isinstance(then, Grammar | str | Mapping | bool):
        return Think(as_part(then), begin, end, max_tokens)
    from structgen.grammars.types import type_spec

    return Think(as_part(then), begin, end, max_tokens, type_spec(then).read)
