"""International host names (IDNA 2008) as a regular language.

RFC 5890 to 5893: which characters a label may hold, which of them only beside
certain neighbours, and the Bidi rule, which binds every label of a name as soon
as one of them runs from right to left.  The sets are derived from the Unicode
database of the running Python by the rules of RFC 5892, section 2; joining types
come from the presentation forms of Arabic letters.

A subset: a label's length counts in its encoded form, so labels beyond ASCII stay
at 13 characters, which always fit, and names with one at four labels; encoded
labels ("xn--...") hold at most three characters beyond ASCII, without ideographs
and Hangul, or two letters among ASCII ones; characters that need a context are
allowed in its plainest form. No conjunction but lengths, and those reserved labels
are spelled out: masks walk tens of thousands of letters here.

Knows no keyword.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable

from .patterns import Languages

PLAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SEPARATORS = r"[.\u3002\uff0e\uff61]"
# A character costs at most four octets of the 59 beside "xn--"; the test encodes the worst ones. So does a
# name of four labels of at most 62 octets stay below 253.
WIDE_LABEL = 13
WIDE_LABELS = 4
PREFIX = "xn--"
LAST = 0x3FFFF  # planes above 3 hold no letters
ENCODED_LAST = 0x30FF  # of code points in encoded labels, see native/regex/punycode.h

_LETTER_DIGITS = frozenset({"Ll", "Lu", "Lo", "Nd", "Lm", "Mn", "Mc"})
_ALLOWED = (0xDF, 0x3C2, 0x6FD, 0x6FE, 0xF0B, 0x3007)
_DISALLOWED = frozenset({0x640, 0x7FA, 0x302E, 0x302F, *range(0x3031, 0x3036), 0x303B})
_CONTEXT = (0xB7, 0x375, 0x5F3, 0x5F4, 0x200C, 0x200D, 0x30FB, *range(0x660, 0x66A), *range(0x6F0, 0x6FA))
# Default-ignorable letters and marks, marks for symbols, musical symbols, conjoining Hangul.
_IGNORABLE = (
    (0x34F, 0x34F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x20D0, 0x20FF),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFFA0, 0xFFA0), (0x1D100, 0x1D24F), (0xE0000, 0xE0FFF),
    (0x1100, 0x11FF), (0xA960, 0xA97C), (0xD7B0, 0xD7FB),
)  # fmt: skip

_GREEK = r"\u0371\u0373\u0377\u03ac-\u03ce"
_HEBREW = r"\u05d0-\u05ea"
_JAPANESE = r"\u3041-\u3096\u30a1-\u30fa\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff"


def characters(points: Iterable[int]) -> str:
    """Spell ascending code points as the inside of a character class."""
    runs: list[list[int]] = []
    for point in points:
        if runs and runs[-1][1] + 1 == point:
            runs[-1][1] = point
        else:
            runs.append([point, point])
    return "".join(rf"\u{{{a:x}}}" if a == b else rf"\u{{{a:x}}}-\u{{{b:x}}}" for a, b in runs)


@functools.cache
def valid_points(last: int = LAST) -> tuple[int, ...]:
    """Code points beyond ASCII, up to ``last``, that stand anywhere in a label: PVALID of RFC 5892."""
    found: set[int] = set(_ALLOWED)
    # Blocks of 64 that change as a whole or not at all are decided at once.
    for start in range(0x80, last + 1, 64):
        block = [chr(point) for point in range(start, start + 64) if not 0xD800 <= point <= 0xDFFF]
        kept = [one for one in block if unicodedata.category(one) in _LETTER_DIGITS]
        if kept and not _stable("".join(kept)):
            kept = [one for one in kept if _stable(one)]
        found.update(map(ord, kept))
    for first, last in _IGNORABLE:
        found.difference_update(range(first, last + 1))
    return tuple(sorted(found - _DISALLOWED - set(_CONTEXT)))


def _stable(text: str) -> bool:
    plain = unicodedata.normalize("NFKC", text).casefold()
    return unicodedata.normalize("NFKC", plain) == text


@functools.cache
def _classes(last: int) -> dict[str, str]:
    """The sets that labels are made of, each as the inside of a character class."""
    names = ("left", "right", "mark", "accent", "right mark", "right accent", "virama")
    of: dict[str, list[int]] = {name: [] for name in names}
    composing = _composing(last)
    for point in valid_points(last):
        if 0x3400 <= point < 0xA000 or 0xAC00 <= point < 0xD7A4 or point >= 0x20000:
            of["left"].append(point)  # ideographs and Hangul, nine tenths of them all
            continue
        character = chr(point)
        direction = unicodedata.bidirectional(character)
        if unicodedata.category(character) in ("Mn", "Mc"):
            if point in composing:
                continue
            accent = unicodedata.combining(character) != 0
            of["accent" if accent else "mark"].append(point)
            if direction == "NSM":
                of["right accent" if accent else "right mark"].append(point)
            if unicodedata.combining(character) == 9:
                of["virama"].append(point)
        elif direction in ("R", "AL"):
            of["right"].append(point)
        elif direction != "AN":
            of["left"].append(point)
    of["both"], of["after"] = _joining(last)
    return {name: characters(points) for name, points in of.items()}


def _composing(last: int) -> set[int]:
    """What melts into the character before it: labels are in normal form, so it is left out."""
    found = set()
    for point in (*range(0xC0, 0x3400), *range(0x10000, min(last, 0x20000))):
        parts = unicodedata.decomposition(chr(point)).split()
        if len(parts) == 2 and parts[0][0] != "<":
            found.add(int(parts[1], 16))
    return found


def _joining(last: int) -> tuple[list[int], list[int]]:
    """Arabic letters that join on both sides, and all that join to the letter before them."""
    forms: dict[int, set[str]] = {}
    for point in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        form, *letters = unicodedata.decomposition(chr(point)).split() or [""]
        if len(letters) == 1:
            forms.setdefault(int(letters[0], 16), set()).add(form)
    valid = set(valid_points(last))
    both = sorted(point for point, known in forms.items() if "<medial>" in known and point in valid)
    after = sorted(point for point, known in forms.items() if "<final>" in known and point in valid)
    return both, after


def _left_label(last: int) -> str:
    """A label without right-to-left characters, where the Bidi rule does not apply.

    Characters with a context of their own (RFC 5892, appendix A) come with it: the
    middle dot between two l, the Greek numeral sign before a Greek letter, joiners
    behind a virama, the Katakana middle dot beside a Japanese character.
    """
    of = _classes(last)
    letter = rf"[0-9a-km-z\u06f0-\u06f9{of['left']}]"
    first = rf"{letter}|l(?:\u00b7l)*|\u0375[{_GREEK}]|[{_JAPANESE}]\u30fb*|\u30fb+[{_JAPANESE}]"
    # One accent at most behind a letter or vowel sign: two have an order in normal form.
    accent = rf"(?:[{of['accent']}]|[{of['virama']}][\u200c\u200d])?"
    return rf"(?:{first}){accent}(?:(?:-?(?:{first})|[{of['mark']}]){accent})*"


def _right_label(digits: str, last: int) -> str:
    """A label that begins with a right-to-left letter (RFC 5893, rules 1 to 4), its digits of one kind."""
    of = _classes(last)
    first = (
        rf"[{of['right']}]|[{_HEBREW}][\u05f3\u05f4]"
        rf"|[{of['both']}](?:\u200c[{of['both']}])*\u200c[{of['after']}]"
    )
    accent = f"[{of['right accent']}]?"
    return rf"(?:{first}){accent}(?:(?:-?(?:{first}|[{digits}])|[{of['right mark']}]){accent})*"


def _unreserved(longest: int, first: str = "[A-Za-z0-9]") -> str:
    """ASCII labels without "--" at their third and fourth place, which is reserved for encodings."""
    end, inner = "[A-Za-z0-9]", "[A-Za-z0-9-]"
    # Up to four characters the last one is no hyphen; from five on one of those two places has none.
    return rf"{first}(?:{inner}{{0,2}}{end}|{inner}(?:{end}{inner}|-{end}){inner}{{0,{longest - 5}}}{end})?"


def _labels(at: Languages, last: int = LAST) -> tuple[int, int]:
    """Labels in Unicode form, of code points up to ``last``: from left to right, and from right to left."""
    european, arabic = (_right_label(digits, last) for digits in (r"0-9\u06f0-\u06f9", r"\u0660-\u0669"))
    return at.text(_left_label(last)), at.text(f"{european}|{arabic}")


def _encoded(at: Languages, labels: int, longest: int) -> int:
    """Labels in their ASCII form, of at most ``longest`` octets."""
    regex = at.regex
    return int(regex.concat([regex.literal(PREFIX), regex.punycode(labels, longest - len(PREFIX))]))


def _name(at: Languages, separator: int, label: int, most: int | None = None) -> int:
    """One label, or up to ``most`` with a separator between them."""
    regex = at.regex
    more = None if most is None else most - 1
    return int(regex.concat([label, regex.repeat(regex.concat([separator, label]), 0, more)]))


def idn_hostname(at: Languages) -> int:
    """Names of labels in Unicode form, encoded, or in ASCII alone."""
    regex = at.regex
    plain, short = at.text(_unreserved(63)), at.text(_unreserved(62))
    # Where a part of the name runs from right to left, every label begins with a letter (rules 1, 5 and 6).
    lettered = at.text(_unreserved(62, "[A-Za-z]"))
    few = at.lengths(1, WIDE_LABEL)
    left, right = _labels(at)
    lefts = regex.alternate([regex.intersect([left, few]), short, _encoded(at, left, 62)])
    rights = regex.alternate([regex.intersect([right, few]), lettered, _encoded(at, right, 62)])
    separator = at.text(SEPARATORS)
    ascii_name = regex.intersect([_name(at, separator, plain), at.lengths(1, 253)])
    names = [_name(at, separator, label, WIDE_LABELS) for label in (lefts, rights)]
    return int(regex.alternate([ascii_name, *names]))


def hostname(at: Languages, *, encoded: bool) -> int:
    """RFC 1123; where ``encoded``, labels that begin with "xn--" are what they stand for."""
    regex = at.regex
    dot = regex.literal(".")
    plain = _name(at, dot, at.text(_unreserved(63) if encoded else PLAIN_LABEL))
    plain = regex.intersect([plain, at.lengths(1, 253)])
    if not encoded:
        return int(plain)
    left, right = (_encoded(at, labels, 62) for labels in _labels(at, ENCODED_LAST))
    lefts = regex.alternate([at.text(_unreserved(62)), left])
    rights = regex.alternate([at.text(_unreserved(62, "[A-Za-z]")), right])
    return int(regex.alternate([plain, *(_name(at, dot, label, WIDE_LABELS) for label in (lefts, rights))]))
