"""A grammar in EBNF: the value users hold.  parse.py reads it."""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarSyntaxError
from structgen.grammars.context_free import ContextFree, RuleBook
from structgen.grammars.ebnf.parse import read


class Ebnf(ContextFree):
    """The texts an EBNF grammar derives; made by :func:`ebnf`."""

    __slots__ = ()

    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text."""
        return read(book, self.start)

    def _said(self) -> list[tuple[str, str]]:
        return [("start", self.start)] if self.start else []


def ebnf(text: str, *, start: str = "") -> Ebnf:
    r"""Allow the texts that an EBNF grammar derives from ``start``, its first rule unless told.

    Two notations are read, told apart by the sign that defines a rule.  ``::=`` is that of the W3C's
    specifications (``x* x+ x?``, ``[a-z]``, ``#xA``, ``A - B``, ``/* … */``); ``=`` is ISO 14977
    (``{x}``, ``[x]``, ``3 * x``, ``A - B``, ``(* … *)``, rules ended by ``;``, commas optional).

    The grammar is read when it is compiled: GrammarSyntaxError then says where it goes wrong,
    InvalidGrammar which rule is undefined or derives nothing.

    >>> ebnf("list ::= 'x' (',' list)?")
    ebnf("list ::= 'x' (',' list)?")
    >>> ebnf('list = "x", { ",", "x" };')
    ebnf('list = "x", { ",", "x" };')
    """
    if not isinstance(text, str):
        raise GrammarSyntaxError(f"a grammar is a str, got {type(text).__name__}")
    return Ebnf(text, start)
