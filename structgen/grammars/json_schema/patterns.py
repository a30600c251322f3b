"""Regular languages that keywords ask for: patterns, lengths and formats, built once per store.

Knows how to ask the regular-expression front end; knows no keyword.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

from structgen.errors import RegexSyntaxError

from .builder import ANYTHING, COUNT_LIMIT, NOTHING

# Patterns kept per store: far more than any one schema has, and a bound for long-lived stores.
MAX_CACHED = 100_000


def compile_pattern(regex: Any, pattern: str) -> tuple[int, list[str]]:
    """Compile an ECMA-262 pattern; its language holds every string with a match anywhere."""
    from structgen.grammars import regex as front_end

    language, notes = front_end.compile_pattern(regex, pattern, dialect="ecma")
    return int(language), list(notes)


class Languages:
    """The languages one store has been asked for."""

    def __init__(self, regex: Any) -> None:
        self.regex = regex
        self._patterns: dict[str, tuple[int, list[str]]] = {}
        self._formats: dict[tuple[str, bool], int] = {}
        self._contents: dict[tuple[str | None, str | None], int | None] = {}
        self._character: int | None = None

    def pattern(self, pattern: str) -> tuple[int, list[str]]:
        """Return the language of ``pattern`` and what its reader remarks; RegexSyntaxError if unreadable."""
        found = self._patterns.get(pattern)
        if found is None:
            if not encodable(pattern):
                raise RegexSyntaxError("a lone surrogate is not a character", pattern=pattern)
            if len(self._patterns) >= MAX_CACHED:
                self._patterns.clear()
            found = self._patterns[pattern] = compile_pattern(self.regex, pattern)
        return found

    def lengths(self, least: int, most: int | None) -> int:
        """Return the strings of ``least`` to ``most`` characters (code points)."""
        if most is not None and (most < least or most < 0):
            return NOTHING
        if least >= COUNT_LIMIT:
            return NOTHING
        if most is not None and most >= COUNT_LIMIT:
            most = None
        if least == 0 and most is None:
            return ANYTHING
        if self._character is None:
            self._character = self.pattern(r"^[\s\S]$")[0]
        return int(self.regex.repeat(self._character, least, most))

    def format(self, name: str, *, older: bool = False) -> int | None:
        """Return the language of a format, or None when the format is unknown.

        ``older``: as drafts 4 and 6 mean it.
        """
        found = self._formats.get((name, older))
        if found is not None:
            return found
        from .formats import FORMATS, OLDER_FORMATS

        build = (OLDER_FORMATS.get(name) if older else None) or FORMATS.get(name)
        if build is None:
            return None
        language = self._formats[name, older] = int(build(self))
        return language

    def content(self, encoding: str | None, media_type: str | None) -> int | None:
        """Return the strings of an encoding and a media type, or None when they are not known."""
        key = encoding, media_type
        found = self._contents.get(key)
        if found is None:
            from .contents import content

            found = self._contents[key] = content(self, encoding, media_type)
        return found

    def text(self, pattern: str) -> int:
        """Return the language of a whole-string pattern that needs no remarks."""
        return self.pattern(f"^(?:{pattern})$")[0]


_cache: WeakKeyDictionary[Any, Languages] = WeakKeyDictionary()


def languages_of(store: Any) -> Languages:
    """Return the languages of ``store``, shared by every schema lowered into it."""
    try:
        found = _cache.get(store)
        if found is None:
            found = _cache[store] = Languages(store.regex)
    except TypeError:  # the store cannot be referred to weakly: keep nothing between schemas
        return Languages(store.regex)
    return found


def encodable(text: str) -> bool:
    """Say whether ``text`` is Unicode text: a lone surrogate never appears in UTF-8 output."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
