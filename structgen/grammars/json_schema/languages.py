"""Reading a subschema as a language of strings: what propertyNames needs.

A member's name is a string, so of a schema about names only its meaning for
strings matters, and that is a regular language.  The same keyword functions
build it: here is a store in which a formula *is* a language, conjunction is
intersection, and every literal about another type is empty.

Knows no keyword.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .builder import ANYTHING, FALSE, NOTHING, TRUE

if TYPE_CHECKING:
    from .lowering import Lowering


def _formula(language: int) -> int:
    """Number a language so that ∅ is FALSE and every string is TRUE."""
    if language == ANYTHING:
        return TRUE
    return FALSE if language == NOTHING else language + 1


def _language(formula: int) -> int:
    if formula == TRUE:
        return ANYTHING
    return NOTHING if formula == FALSE else formula - 1


class StringLanguages:
    """The store interface, read over strings only."""

    def __init__(self, regex: Any) -> None:
        self.regex = regex

    def type_(self, name: str) -> int:
        return TRUE if name == "string" else FALSE

    def string(self, language: int) -> int:
        return _formula(language)

    def boolean(self, value: bool) -> int:
        return FALSE

    def at_least(self, number: str) -> int:
        return FALSE

    more_than = multiple_of = number_equals = at_least

    def integer(self) -> int:
        return FALSE

    integer_written = integer

    def distinct(self) -> int:
        return FALSE

    def members(self, keys: int, schema: int, count: int) -> int:
        return FALSE

    def items(self, start: int, stop: int | None, schema: int, count: int) -> int:
        return FALSE

    def declare(self, names: list[str]) -> int:
        return TRUE

    def properties(self, names: list[str], schemas: list[int]) -> int:
        return TRUE

    def requires(self, names: list[str]) -> int:
        return FALSE if names else TRUE

    def all_of(self, parts: Sequence[int]) -> int:
        kept = [_language(part) for part in parts if part != TRUE]
        if not kept:
            return TRUE
        return _formula(kept[0] if len(kept) == 1 else self.regex.intersect(kept))

    def any_of(self, parts: Sequence[int]) -> int:
        kept = [_language(part) for part in parts if part != FALSE]
        if not kept:
            return FALSE
        return _formula(kept[0] if len(kept) == 1 else self.regex.alternate(kept))

    def not_(self, part: int) -> int:
        if part < 2:
            return 1 - part
        return _formula(self.regex.complement(_language(part)))

    def exactly_one(self, parts: Sequence[int]) -> int:
        # Two running languages: in none of the parts so far, in exactly one of them.
        none, one = TRUE, FALSE
        for part in parts:
            other = self.not_(part)
            one = self.any_of([self.all_of([one, other]), self.all_of([none, part])])
            none = self.all_of([none, other])
        return one

    def reference(self, resolver: Callable[[], int]) -> int:
        return resolver()


def string_language(at: Lowering, schema: Any) -> int:
    """Return the language of the strings that satisfy ``schema``, written at the current place."""
    with at.reading_strings(StringLanguages(at.store.regex)):
        return _language(at.branch(schema))
