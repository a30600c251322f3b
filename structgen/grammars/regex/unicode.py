"""Unicode tables for the pattern parser, made on demand and kept for the process.

The native parser asks for a table only when a pattern needs it: ``\\p{…}``, the
Unicode meaning of ``\\d \\w \\s``, case that is ignored.  Classes come from the
standard library's ``re`` (so they are what ``re`` does), general categories
from ``unicodedata``; scripts and binary properties from the ``regex`` package,
which is imported only then.  This module knows nothing about expressions.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator

import numpy as np

from structgen._native import CaseTable
from structgen.errors import GrammarError

Ranges = list[tuple[int, int]]

_LAST = 0x10FFFF
_BLOCK = 128  # characters looked at together, before each by itself

# Long names of the general categories as ECMA-262 lists them; short names are the values.
_CATEGORIES = {
    "Cased_Letter": "LC",
    "Close_Punctuation": "Pe",
    "Connector_Punctuation": "Pc",
    "Control": "Cc",
    "cntrl": "Cc",
    "Currency_Symbol": "Sc",
    "Dash_Punctuation": "Pd",
    "Decimal_Number": "Nd",
    "digit": "Nd",
    "Enclosing_Mark": "Me",
    "Final_Punctuation": "Pf",
    "Format": "Cf",
    "Initial_Punctuation": "Pi",
    "Letter": "L",
    "Letter_Number": "Nl",
    "Line_Separator": "Zl",
    "Lowercase_Letter": "Ll",
    "Mark": "M",
    "Combining_Mark": "M",
    "Math_Symbol": "Sm",
    "Modifier_Letter": "Lm",
    "Modifier_Symbol": "Sk",
    "Nonspacing_Mark": "Mn",
    "Number": "N",
    "Open_Punctuation": "Ps",
    "Other": "C",
    "Other_Letter": "Lo",
    "Other_Number": "No",
    "Other_Punctuation": "Po",
    "Other_Symbol": "So",
    "Paragraph_Separator": "Zp",
    "Private_Use": "Co",
    "Punctuation": "P",
    "punct": "P",
    "Separator": "Z",
    "Space_Separator": "Zs",
    "Spacing_Mark": "Mc",
    "Surrogate": "Cs",
    "Symbol": "S",
    "Titlecase_Letter": "Lt",
    "Unassigned": "Cn",
    "Uppercase_Letter": "Lu",
}
_SHORT_CATEGORIES = frozenset(_CATEGORIES.values())

# Binary properties of ECMA-262 that the regex package also knows, by long name and by alias.
_BINARY = {
    "ASCII_Hex_Digit": "AHex",
    "Alphabetic": "Alpha",
    "Bidi_Control": "Bidi_C",
    "Bidi_Mirrored": "Bidi_M",
    "Case_Ignorable": "CI",
    "Cased": "",
    "Changes_When_Casefolded": "CWCF",
    "Changes_When_Casemapped": "CWCM",
    "Changes_When_Lowercased": "CWL",
    "Changes_When_Titlecased": "CWT",
    "Changes_When_Uppercased": "CWU",
    "Dash": "",
    "Default_Ignorable_Code_Point": "DI",
    "Deprecated": "Dep",
    "Diacritic": "Dia",
    "Emoji": "",
    "Emoji_Component": "EComp",
    "Emoji_Modifier": "EMod",
    "Emoji_Modifier_Base": "EBase",
    "Emoji_Presentation": "EPres",
    "Extended_Pictographic": "ExtPict",
    "Extender": "Ext",
    "Grapheme_Base": "Gr_Base",
    "Grapheme_Extend": "Gr_Ext",
    "Hex_Digit": "Hex",
    "IDS_Binary_Operator": "IDSB",
    "IDS_Trinary_Operator": "IDST",
    "ID_Continue": "IDC",
    "ID_Start": "IDS",
    "Ideographic": "Ideo",
    "Join_Control": "Join_C",
    "Logical_Order_Exception": "LOE",
    "Lowercase": "Lower",
    "Math": "",
    "Noncharacter_Code_Point": "NChar",
    "Pattern_Syntax": "Pat_Syn",
    "Pattern_White_Space": "Pat_WS",
    "Quotation_Mark": "QMark",
    "Radical": "",
    "Regional_Indicator": "RI",
    "Sentence_Terminal": "STerm",
    "Soft_Dotted": "SD",
    "Terminal_Punctuation": "Term",
    "Unified_Ideograph": "UIdeo",
    "Uppercase": "Upper",
    "Variation_Selector": "VS",
    "White_Space": "space",
    "XID_Continue": "XIDC",
    "XID_Start": "XIDS",
}
_BINARY_BY_NAME = {
    spelling: name for name, alias in _BINARY.items() for spelling in (name, alias) if spelling
}


@functools.cache
def property_ranges(name: str) -> Ranges | None:
    """The code points of a property, as inclusive ranges; None for an unknown name.

    ``name`` is what stands inside ``\\p{…}`` (``L``, ``Script=Greek``,
    ``Alphabetic``), or ``digit``, ``word``, ``space`` for the classes of ``re``.
    Some 30 ms on first use of a name, free afterwards.

    >>> property_ranges("Nl")[:2]
    [(5870, 5872), (8544, 8578)]
    >>> property_ranges("Klingon") is None
    True
    """
    if name in ("digit", "word", "space"):
        return _digits() if name == "digit" else _class_ranges(name[0])
    if name == "Any":
        return [(0, _LAST)]
    if name == "ASCII":
        return [(0, 0x7F)]
    if name == "Assigned":
        return _categories("Cn", inverted=True)
    key, equals, value = name.partition("=")
    if equals:
        if key in ("General_Category", "gc"):
            return _general_category(value)
        if key in ("Script", "sc", "Script_Extensions", "scx") and re.fullmatch(r"\w+", value):
            return _from_regex_package(f"{'sc' if key in ('Script', 'sc') else 'scx'}={value}", name)
        return None
    found = _general_category(name)
    if found is None and name in _BINARY_BY_NAME:
        found = _from_regex_package(_BINARY_BY_NAME[name], name)
    return found


@functools.cache
def case_groups(dialect: str) -> list[list[int]]:
    """Sets of two or more code points that are one when case is ignored.

    ``dialect`` is ``"ecma"`` (simple case folding) or ``"python"`` (what ``re``
    does; it also ties the dotted and the dotless i to i).

    >>> [ord("K"), ord("k"), 0x212A] in case_groups("ecma")
    True
    """
    groups: dict[str, list[int]] = {}
    for point in _cased_points():
        text = chr(point)
        groups.setdefault(text.casefold(), []).append(point)
    if dialect == "python":
        groups["i"] = sorted({*groups["i"], 0x130, 0x131})
        groups.pop("ı", None)
    return sorted(sorted(group) for group in groups.values() if len(group) > 1)


@functools.cache
def case_table(dialect: str) -> CaseTable:
    """The same for the native parser, made once a process."""
    return CaseTable(case_groups(dialect))


def _cased_points() -> Iterable[int]:
    """Every code point that folds to something, or that something folds to."""
    points: set[int] = set()
    for first, block in _blocks((0, 0xD7FF), (0xE000, 0x1FFFF)):
        if block.casefold() == block:  # most are
            continue
        for point, text in enumerate(block, first):
            folded = text.casefold()
            if folded != text:
                points.add(point)
                if len(folded) == 1:
                    points.add(ord(folded))
    return sorted(points)


def _text(first: int, last: int, step: int = 1) -> str:
    """All characters of a range in order, surrogates included, or one in so many."""
    points = np.arange(first, last + 1, step, dtype="<u4")
    return str(points.view(f"<U{len(points)}")[0])


def _blocks(*ranges: tuple[int, int]) -> Iterator[tuple[int, str]]:
    """The characters of the ranges in blocks, each with its first code point.  Surrogates take long."""
    for first, last in ranges:
        text = _text(first, last)
        for at in range(0, len(text), _BLOCK):
            yield first + at, text[at : at + _BLOCK]


def _class_ranges(letter: str) -> Ranges:
    ranges: Ranges = []
    # Planes 4 to 13 are unassigned, 15 and 16 private use: none of them is in a class of re.
    for first, last in ((0, 0xD7FF), (0xE000, 0x3FFFF), (0xE0000, 0xEFFFF)):
        text = _text(first, last)
        ranges += [(first + low, first + high - 1) for low, high in _runs(letter, text)]
    return ranges


def _runs(letter: str, text: str) -> Iterator[tuple[int, int]]:
    """Where characters of a class of ``re`` stand in the text, one behind the other.

    What stands between them is matched as well: searching looks at each character much longer.
    """
    for run in re.finditer(rf"(\{letter}+)|\{letter.upper()}+", text):
        if run.lastindex:
            yield run.span()


def _digits() -> Ranges:
    r"""What ``\d`` matches.  Unicode promises digits from 0 to 9 in a row, so one of each ten tells where."""
    ranges: Ranges = []
    # Between these are ideographs, syllables and characters for private use.
    for first, last in ((0, 0x33FF), (0xA000, 0xABFF), (0xF900, 0x1FFFF)):
        text = _text(first, last, step=10)
        for begin, end in _runs("d", text):
            for at in range(begin, end):
                low = first + 10 * at - int(text[at])
                if ranges and ranges[-1][1] + 1 == low:
                    low, _ = ranges.pop()
                ranges.append((low, first + 10 * at - int(text[at]) + 9))
    return ranges


def _general_category(value: str) -> Ranges | None:
    short = _CATEGORIES.get(value, value)
    if short in _SHORT_CATEGORIES:
        return _categories(short, inverted=False)
    return None


def _categories(short: str, *, inverted: bool) -> Ranges:
    wanted = {"Lu", "Ll", "Lt"} if short == "LC" else None
    ranges: Ranges = []
    for category, first, last in _category_runs():
        inside = category in wanted if wanted is not None else category.startswith(short)
        if inside == inverted:
            continue
        if ranges and ranges[-1][1] + 1 == first:
            ranges[-1] = (ranges[-1][0], last)
        else:
            ranges.append((first, last))
    return ranges


@functools.cache
def _category_runs() -> list[tuple[str, int, int]]:
    runs: list[tuple[str, int, int]] = []
    category_of = unicodedata.category
    current, start = category_of("\0"), 0
    for point, text in enumerate(_text(0, _LAST)):
        category = category_of(text)
        if category != current:
            runs.append((current, start, point - 1))
            current, start = category, point
    runs.append((current, start, _LAST))
    return runs


def _from_regex_package(query: str, name: str) -> Ranges | None:
    try:
        import regex
    except ImportError:
        raise GrammarError(
            f"the Unicode property {name!r} needs the package 'regex'; install it, "
            "or spell the characters out"
        ) from None
    try:
        compiled = regex.compile(rf"\p{{{query}}}+")
    except regex.error:
        return None
    return [(match.start(), match.end() - 1) for match in compiled.finditer(_text(0, _LAST))]
