"""A grammar in the notation of lark: the value users hold.  load.py reads it."""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarSyntaxError
from structgen.grammars.context_free import ContextFree, RuleBook
from structgen.grammars.lark.load import read


class Lark(ContextFree):
    """The texts a Lark grammar derives; made by :func:`lark`."""

    __slots__ = ()

    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text; what of a pattern was read as meant is noted in ``report``."""
        return read(book, self.start, report)


def lark(text: str, *, start: str = "start") -> Lark:
    r"""Allow the texts that a Lark grammar derives from the rule ``start``.

    The language is that of ``Lark(text, parser="earley", lexer="dynamic_complete")``: a terminal may
    match any of its texts, and texts of ``%ignore`` may stand before every terminal and at the end.
    Priorities choose between parse trees, never between texts, so they are not needed.
    ``%declare`` is refused: what a declared terminal matches is not part of the grammar.

    The grammar is read when it is compiled: GrammarSyntaxError then says where it goes wrong,
    InvalidGrammar which rule is undefined or derives nothing.

    >>> lark('start: "a" start "b" | "ab"')
    lark('start: "a" start "b" | "ab"')
    """
    if not isinstance(text, str):
        raise GrammarSyntaxError(f"a grammar is a str, got {type(text).__name__}")
    return Lark(text, start)
