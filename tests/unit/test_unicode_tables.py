"""Unicode tables for patterns: the quick ways to them give what asking every code point gives."""

from __future__ import annotations

import re
import string

import pytest

from structgen import _native
from structgen.grammars.regex import unicode

LAST = 0x10FFFF


@pytest.mark.parametrize("name", ["digit", "word", "space"])
def test_classes_are_those_of_re(name: str) -> None:
    text = "".join(map(chr, range(LAST + 1)))
    expected = [(match.start(), match.end() - 1) for match in re.finditer(rf"\{name[0]}+", text)]
    assert unicode.property_ranges(name) == expected


def test_cased_characters_are_all_found() -> None:
    expected: set[int] = set()
    for point in range(LAST + 1):
        folded = chr(point).casefold()
        if folded != chr(point):
            expected |= {point, *([ord(folded)] if len(folded) == 1 else [])}
    assert list(unicode._cased_points()) == sorted(expected)


def test_case_groups_are_what_re_ignores() -> None:
    for group in unicode.case_groups("python"):
        first, *others = map(chr, group)
        assert all(re.fullmatch(re.escape(first), other, re.IGNORECASE) for other in others), group


@pytest.mark.parametrize("dialect", ["ecma", "python"])
def test_patterns_of_ascii_need_no_table(dialect: str) -> None:
    groups = unicode.case_groups(dialect)
    assert not any(chr(point).isdecimal() for group in groups for point in group)
    asked: list[str] = []

    def table() -> _native.CaseTable:
        asked.append(dialect)
        return unicode.case_table(dialect)

    # What both dialects read alike; \d has no case, so it is no reason to ask.
    store = _native.RegexStore()
    for letter in string.ascii_letters:
        pattern = rf"^(?i:[{letter}\d])$" if dialect == "ecma" else rf"(?i:[{letter}\d])"
        one, _ = store.parse(pattern, dialect, unicode.property_ranges, table)
        whole = {letter.lower(), letter.upper()}.union(
            *(map(chr, group) for group in groups if ord(letter) in group)
        )
        cased = {chr(point) for group in groups for point in group}
        read = {text for text in cased | set(string.printable) if store.matches(one, text.encode())}
        assert read == whole | set(string.digits), letter
    assert not asked
    store.parse("^é$", dialect, unicode.property_ranges, table)
    store.parse("(?i:é)", dialect, unicode.property_ranges, table)
    assert asked == [dialect]
