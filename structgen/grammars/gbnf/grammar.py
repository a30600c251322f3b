"""A grammar in GBNF: the value users hold.  parse.py reads it."""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarSyntaxError
from structgen.grammars.context_free import ContextFree, RuleBook
from structgen.grammars.gbnf.parse import read


class Gbnf(ContextFree):
    """The texts a GBNF grammar derives; made by :func:`gbnf`."""

    __slots__ = ()

    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text."""
        read(book)
        return self.start


def gbnf(text: str, *, start: str = "root") -> Gbnf:
    r"""Allow the texts that a grammar in the notation of llama.cpp derives from ``start``.

    Read as llama.cpp does, with two additions: left recursion works, and names may hold
    underscores.  The grammar is read when it is compiled: GrammarSyntaxError then says where it
    goes wrong, InvalidGrammar which rule is undefined or derives nothing.

    >>> gbnf('root ::= "a" root "b" | "ab"')
    gbnf('root ::= "a" root "b" | "ab"')
    """
    if not isinstance(text, str):
        raise GrammarSyntaxError(f"a grammar is a str, got {type(text).__name__}")
    return Gbnf(text, start)
