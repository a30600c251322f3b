"""Pattern text → expression: calls the native parser and words its errors."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Protocol

from structgen._native import CaseTable
from structgen.errors import ComplexityLimitExceeded, RegexSyntaxError
from structgen.grammars.regex.unicode import Ranges, case_table, property_ranges

DIALECTS = ("ecma", "python")


class RegexStore(Protocol):
    """What `compile_pattern` needs of the native store."""

    def parse(
        self,
        pattern: str,
        dialect: str,
        property: Callable[[str], Ranges | None],
        case_table: Callable[[], CaseTable],
    ) -> tuple[int, list[str]]: ...


def compile_pattern(store: RegexStore, pattern: str, *, dialect: str) -> tuple[int, list[str]]:
    r"""The expression of a pattern in ``store``, and notes on what was read as meant.

    ``dialect="ecma"`` is ECMA-262 with the u flag, unanchored: the texts that
    contain a match, as JSON Schema's ``pattern`` means it.  ``"python"`` is the
    syntax of ``re`` on ``str`` with ``fullmatch``.  Lookarounds are exact.
    Backreferences and conditionals are refused.  In "ecma" what other dialects
    write (``\A \z \h (?i) (?P<n>…) [[:alpha:]]``, possessive quantifiers, atomic
    groups) is read as meant and noted.

    Raises `RegexSyntaxError` with the position, `ComplexityLimitExceeded` for
    nesting beyond 1,000 levels or lookarounds over large counters, and
    `ValueError` for an unknown dialect.  A few microseconds for common patterns;
    Unicode tables are made once a process when a pattern needs them.

    >>> from structgen import _native
    >>> store = _native.RegexStore()
    >>> expression, notes = compile_pattern(store, r"^(?!foo)[a-z]{2,4}$", dialect="ecma")
    >>> store.matches(expression, b"bar"), store.matches(expression, b"foo")
    (True, False)
    """
    if dialect not in DIALECTS:
        raise ValueError(f"unknown dialect {dialect!r}; choose from {', '.join(DIALECTS)}")
    try:
        pattern.encode()
    except UnicodeEncodeError as error:
        raise RegexSyntaxError(
            "a lone surrogate stands in no text; remove it", pattern=pattern, position=error.start
        ) from None
    try:
        return store.parse(pattern, dialect, property_ranges, functools.partial(case_table, dialect))
    except ValueError as error:
        if type(error).__name__ != "PatternError":
            raise
        message, position = error.args
        raise RegexSyntaxError(message, pattern=pattern, position=position) from None
    except ComplexityLimitExceeded as error:
        raise ComplexityLimitExceeded(
            f"the pattern {pattern[:40]!r} is too complex ({error.limit}); write a simpler one",
            limit=error.limit,
        ) from None
