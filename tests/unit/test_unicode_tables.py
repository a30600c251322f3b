"""Unicode tables for patterns: the quick ways to them give what asking every code point gives."""

from __future__ import annotations

import re

import pytest

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
