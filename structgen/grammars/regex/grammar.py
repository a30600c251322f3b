"""A regular expression as a grammar: the whole output is a member of its language.

Knows no tokens; the native store holds the language.
"""

from __future__ import annotations

from typing import Any

from structgen.errors import GrammarError
from structgen.grammars.grammar import Grammar
from structgen.grammars.regex.compile import DIALECTS, compile_pattern

_SHOWN = 80


class Regex(Grammar):
    """Texts of a regular language; made by :func:`regex`."""

    __slots__ = ("dialect", "pattern")

    pattern: str
    dialect: str

    def __init__(self, pattern: str, dialect: str) -> None:
        self.pattern = pattern
        self.dialect = dialect

    def lower(self, store: Any, report: Any = None) -> int:
        """Build the expression in ``store``; what was read as meant is noted in ``report``."""
        expression, notes = compile_pattern(store.regex, self.pattern, dialect=self.dialect)
        if report is not None:
            for note in notes:
                report.note("", note)
        return expression

    def parse(self, text: str) -> str:
        """Return the text itself."""
        return text

    def __repr__(self) -> str:
        shown = self.pattern if len(self.pattern) <= _SHOWN else self.pattern[:_SHOWN] + "…"
        suffix = "" if self.dialect == "python" else f", dialect={self.dialect!r}"
        return f"regex({shown!r}{suffix})"


def regex(pattern: str, *, dialect: str = "python") -> Regex:
    r"""Allow exactly the texts of a regular language.

    ``dialect="python"`` reads ``pattern`` as ``re.fullmatch`` does; ``"ecma"``
    as JSON Schema's ``pattern`` (the output only has to contain a match).
    Syntax is checked when the grammar is compiled.  Raises GrammarError for
    anything but a str, or an unknown dialect.

    >>> regex(r"[a-z]+\d{2,4}")
    regex('[a-z]+\\d{2,4}')
    """
    if not isinstance(pattern, str):
        raise GrammarError(f"regex takes the pattern as a str, got {pattern!r}")
    if dialect not in DIALECTS:
        raise GrammarError(f"unknown dialect {dialect!r}; choose from {', '.join(DIALECTS)}")
    return Regex(pattern, dialect)
