"""Keywords about strings: lengths in code points, pattern, format, content."""

from __future__ import annotations

from typing import Any

from structgen.errors import UnsupportedKeyword

from .builder import ANYTHING, FALSE, NOTHING, TRUE
from .contents import is_json, is_text
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


def format(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """A string is of this format; unknown formats are annotations, as the specification says."""
    if value.__class__ is not str:
        raise at.invalid(f"format must be a string, got {excerpt(value)}")
    if at.options.formats != "assert":
        at.report.waive(at.pointer(), f"format {excerpt(value)} is an annotation (formats='annotate')")
        at.annotated_as = f"format: {value[:60]}"
        return None
    language = at.languages.format(value, older=not at.resource.dialect.encoded_hosts)
    if language is None:
        at.report.note(at.pointer(), f"format {excerpt(value)} is not known: an annotation")
        at.annotated_as = f"format: {value[:60]}"
        return None
    return string_in(at, language)


def contentEncoding(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """A string is binary data in this encoding; with a media type beside it, read there."""
    if value.__class__ is not str:
        raise at.invalid(f"contentEncoding must be a string, got {excerpt(value)}")
    if at.options.content != "assert":
        return None
    encoding = value.lower()
    if is_text(encoding):
        return None
    language = at.languages.content(encoding, None)
    if language is None:
        raise UnsupportedKeyword(
            "contentEncoding", pointer=at.pointer(), hint="write base64, or leave content at 'annotate'"
        )
    return string_in(at, language)


def contentMediaType(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """A string holds a document of this type: JSON is enforced where it stands as it is."""
    if value.__class__ is not str:
        raise at.invalid(f"contentMediaType must be a string, got {excerpt(value)}")
    if at.options.content != "assert":
        return None
    if not is_json(value):
        at.report.note(at.pointer(), f"content of type {excerpt(value)} is not checked: an annotation")
        return None
    encoding = schema.get("contentEncoding")
    if isinstance(encoding, str) and not is_text(encoding.lower()):
        raise UnsupportedKeyword(
            "contentMediaType",
            pointer=at.pointer(),
            hint="encoded JSON is only checked with content='annotate'",
        )
    language = at.languages.content(None, "application/json")
    return None if language is None else string_in(at, language)


def contentSchema(at: Lowering, value: Any, schema: dict[str, Any]) -> int | None:
    """What the document in a string looks like: an annotation, refused where content is asserted."""
    if at.options.content == "assert" and is_json(schema.get("contentMediaType")):
        raise UnsupportedKeyword(
            "contentSchema",
            pointer=at.pointer(),
            hint="check the text in the string after parsing the output",
        )
    return None
