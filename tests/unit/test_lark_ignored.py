"""What may be ignored before a terminal: the short ways to it give what its definition gives."""

from __future__ import annotations

import itertools

import pytest

from structgen import _native
from structgen.grammars.lark.ignored import MORE, Ignored
from structgen.grammars.lark.terminals import language_of

IGNORED = [r"[ \t]+", r" \n", r"#[^\n]*", r" ", r"\n+", r"(?s:/\*.*?\*/)", r"\s*", r"é+"]
LANGUAGES = [
    "a",
    "#a",
    " ",
    "[ a]b",
    "#?a",
    "",
    "(é|a)+",
    r"\n",
    r"[^#]",
    r"#|\n",
    r"(?s:.+)",
    "\U0001f600| b",
]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_stands_before_a_terminal(count: int) -> None:
    compared = 0
    for patterns in itertools.combinations(IGNORED, count):
        regex = _native.RegexStore()
        blank = Ignored(regex, [language_of(regex, pattern)[0] for pattern in patterns])
        for pattern in LANGUAGES:
            language = language_of(regex, pattern)[0]
            behind = [blank.behind(kind, language) for kind in range(len(blank.kinds))]
            pairs = zip(blank.endings, behind, strict=True)
            expected = regex.alternate([language, *map(regex.concat, pairs)])
            found = blank.before(language)
            for one, other in ((expected, found), (found, expected)):
                assert regex.empty(regex.intersect([one, regex.complement(other)])), (patterns, pattern)
            compared += 1
    assert compared > 80


@pytest.mark.parametrize(
    ("patterns", "plain"),
    [
        (["[ ]+", r"\\\n"], True),
        (["[ ]+", "#[^\n]*"], True),  # blanks behind a comment are part of it
        (["[ ]+", " \n"], False),  # a blank before a line's end belongs to the blanks before it
    ],
)
def test_what_is_plain_repetition(patterns: list[str], plain: bool) -> None:
    regex = _native.RegexStore()
    blank = Ignored(regex, [language_of(regex, pattern)[0] for pattern in patterns])
    assert blank.in_any_order(tuple(range(len(blank.kinds)))) is plain


MORE_IGNORED = [*IGNORED, r"[^\r\n]+", r"(?s:.+)", r"#.*|x\t*", r"a{200}\s*", r"ab|a[^\n]*"]


@pytest.mark.parametrize("pattern", MORE_IGNORED)
def test_what_may_be_put_behind_an_ignored_text(pattern: str) -> None:
    """Not every class is asked about; the answer is what asking about each would give."""
    regex = _native.RegexStore()
    piece = regex.intersect(
        [language_of(regex, pattern)[0], regex.repeat(regex.code_points(MORE[0]), 1, None)]
    )
    expected = [
        number
        for number, ranges in enumerate(MORE)
        if regex.empty(
            regex.intersect([regex.concat([piece, regex.code_points(ranges)]), regex.complement(piece)])
        )
    ]
    assert list(Ignored(regex, []).longer(piece)) == expected
