"""A grammar in GBNF: the value users hold.  parse.py reads it."""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError, GrammarSyntaxError
from structgen.grammars.context_free import ContextFree, RuleBook
from structgen.grammars.gbnf.parse import read


class Gbnf(ContextFree):
    """The texts a GBNF grammar derives; made by :func:`gbnf`."""

    __slots__ = ("undefined",)

    undefined: str

    def __init__(self, text: str, start: str, undefined: str) -> None:
        super().__init__(text, start)
        self.undefined = undefined

    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text; rules that stay undefined are noted in ``report`` or refused."""
        read(book)
        if self.undefined == "nothing":
            book.drop_undefined(self.start, report)
        return self.start

    def identity(self) -> Any:
        """The text as written, where it starts, and what an undefined rule means."""
        return (self.text, self.start, self.undefined)

    def _said(self) -> list[tuple[str, str]]:
        start = [] if self.start == "root" else [("start", self.start)]
        return start + ([] if self.undefined == "error" else [("undefined", self.undefined)])


def gbnf(text: str, *, start: str = "root", undefined: str = "error") -> Gbnf:
    r"""Allow the texts that a grammar in the notation of llama.cpp derives from ``start``.

    Read as llama.cpp does, with two additions: left recursion works, and names may hold
    underscores.  The grammar is read when it is compiled: GrammarSyntaxError then says where it
    goes wrong, InvalidGrammar which rule is undefined or derives nothing.  With
    ``undefined="nothing"`` a rule without a definition derives nothing instead, and alternatives
    that need it are left out; ``constraint.report`` lists them.

    >>> gbnf('root ::= "a" root "b" | "ab"')
    gbnf('root ::= "a" root "b" | "ab"')
    """
    if not isinstance(text, str):
        raise GrammarSyntaxError(f"a grammar is a str, got {type(text).__name__}")
    if undefined not in ("error", "nothing"):
        raise GrammarError(f"undefined is 'error' or 'nothing', got {undefined!r}")
    return Gbnf(text, start, undefined)
