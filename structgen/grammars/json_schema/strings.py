"""Keywords about strings: lengths in code points, pattern, format."""

from __future__ import annotations

from typing import Any

from .builder import ANYTHING, FALSE, NOTHING, TRUE
from .lowering import Lowering
from .text import excerpt


def string_in(at: Lowering, language: int) -> int:
    """Return: a string is in ``language``; true of other types."""
    if language == ANYTHING:
        return TRUE
    return at.unless("string", FALSE if language == NOTHING else at.store.string(language))


def minLength(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A string has at least this many code points."""
    return string_in(at, at.languages.lengths(at.count(value), None))


def maxLength(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A string has at most this many code points."""
    return string_in(at, at.languages.lengths(0, at.count(value)))


def pattern(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A string holds a match of the regular expression somewhere."""
    return string_in(at, at.pattern(value))


def format(at: Lowering, value: Any, schema: dict[str, Any]) -> int:
    """A string is of this format; unknown formats are annotations, as the specification says."""
    if value.__class__ is not str:
        raise at.invalid(f"format must be a string, got {excerpt(value)}")
    if at.options.formats != "assert":
        at.report.waive(at.pointer(), f"format {excerpt(value)} is an annotation (formats='annotate')")
        at.inert = f"format: {value[:60]}"
        return TRUE
    language = at.languages.format(value)
    if language is None:
        at.report.note(at.pointer(), f"format {excerpt(value)} is not known: an annotation")
        at.inert = f"format: {value[:60]}"
        return TRUE
    return string_in(at, language)
