"""A regular expression as a grammar: the value users hold.

Knows no tokens; compile.py reads the pattern.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from structgen.errors import RegexSyntaxError
from structgen.grammars.grammar import Grammar
from structgen.grammars.regex.compile import DIALECTS, compile_pattern

if TYPE_CHECKING:
    from structgen.grammars.composition.composer import Composer, Piece


class Regex(Grammar):
    """The texts a pattern matches as a whole; made by :func:`regex`."""

    __slots__ = ("dialect", "pattern")

    pattern: str
    dialect: str

    def __init__(self, pattern: str, dialect: str) -> None:
        self.pattern = pattern
        self.dialect = dialect

    def lower(self, store: Any, report: Any = None) -> int:
        """Build the expression in ``store``; what was read as meant is noted in ``report``."""
        language, notes = compile_pattern(store.regex, self.pattern, dialect=self.dialect)
        if report is not None:
            report.notes.extend(notes)
        return language

    def compose(self, composer: Composer) -> Piece:
        """A regular language."""
        return composer.regular(self.lower(composer.store, composer.report))

    def identity(self) -> Any:
        """The pattern as written."""
        return (self.pattern, self.dialect)

    def parse(self, text: str) -> str:
        """Return the text itself."""
        return text

    def __repr__(self) -> str:
        shown = self.pattern if len(self.pattern) <= 60 else self.pattern[:57] + "…"
        return (
            f"regex({shown!r})" if self.dialect == "python" else f"regex({shown!r}, dialect={self.dialect!r})"
        )


def regex(pattern: str, *, dialect: str = "python") -> Regex:
    r"""Allow the texts that ``pattern`` matches.

    ``dialect="python"`` is the syntax of ``re`` with ``fullmatch``; ``"ecma"`` is
    what JSON Schema calls a pattern (a match anywhere).  The pattern is read when
    the grammar is compiled; RegexSyntaxError says where it goes wrong.

    >>> regex(r"[a-z]+\d{2,4}")
    regex('[a-z]+\\d{2,4}')
    """
    if not isinstance(pattern, str):
        raise RegexSyntaxError(f"a pattern is a str, got {type(pattern).__name__}", pattern=repr(pattern))
    if dialect not in DIALECTS:
        raise RegexSyntaxError(
            f"unknown dialect {dialect!r}; choose from {', '.join(DIALECTS)}", pattern=pattern
        )
    return Regex(pattern, dialect)
