"""International host names (IDNA 2008) as a regular language.

RFC 5890 to 5893: which characters a label may hold, which of them only beside
certain neighbours, and the Bidi rule, which binds every label of a name as soon
as one of them runs from right to left.  The sets are derived from the Unicode
database of the running Python by the rules of RFC 5892, section 2; joining types
come from the presentation forms of Arabic letters.

A subset where the definition is not regular: a label's length counts in its
encoded form, so labels beyond ASCII stay at 14 characters, which always fit;
encoded labels ("xn--...") are refused, because decoding them is arithmetic.

Knows no keyword.
"""

from __future__ import annotations

import functools
import unicodedata
from collections.abc import Iterable

from .patterns import Languages

PLAIN_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
SEPARATORS = r"[.\u3002\uff0e\uff61]"
# A character costs at most four octets of the 59 beside "xn--"; the test encodes the worst ones.
WIDE_LABEL = 14
WIDE_NAME = 60

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

_GREEK = r"\u0370-\u0373\u0375-\u0377\u037b-\u037d\u0386\u0388-\u03e1\u03f0-\u03ff\u1f00-\u1fff"
_HEBREW = r"\u0591-\u05f4"
_JAPANESE = (
    r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fd-\u30ff\u31f0-\u31ff\u3005\u3007\u3021-\u3029"
    r"\u3038-\u303a\u3400-\u4dbf\u4e00-\u9fff\u{20000}-\u{2a6df}\u{2a700}-\u{2ebe0}\u{30000}-\u{3134a}"
)
_ANY = r"[\s\S]*"


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
def valid_points() -> tuple[int, ...]:
    """Code points beyond ASCII that stand anywhere in a label: PVALID of RFC 5892."""
    found: set[int] = set(_ALLOWED)
    # Blocks of 64 that change as a whole or not at all are decided at once; planes above 3 hold none.
    for start in range(0x80, 0x40000, 64):
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
def _letters() -> tuple[int, ...]:
    """Everything a label beyond ASCII may hold somewhere, ASCII included."""
    return tuple(sorted({*map(ord, "abcdefghijklmnopqrstuvwxyz0123456789-"), *valid_points(), *_CONTEXT}))


@functools.cache
def _bidi() -> dict[str, list[int]]:
    """The same by bidirectional class, capitals of ASCII included."""
    classes: dict[str, list[int]] = {}
    for point in sorted({*_letters(), *range(0x41, 0x5B)}):
        classes.setdefault(unicodedata.bidirectional(chr(point)), []).append(point)
    return classes


@functools.cache
def _of(*names: str) -> str:
    return characters(sorted(point for name in names for point in _bidi().get(name, ())))


@functools.cache
def _joining() -> tuple[str, str, str]:
    """Letters that join on both sides or to the right, those that join to the left, and transparent ones."""
    forms: dict[int, set[str]] = {}
    for point in (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD)):
        form, *letters = unicodedata.decomposition(chr(point)).split() or [""]
        if len(letters) == 1:
            forms.setdefault(int(letters[0], 16), set()).add(form)
    both = {point for point, known in forms.items() if "<medial>" in known}
    right = {point for point, known in forms.items() if "<final>" in known}
    marks = [point for point in valid_points() if unicodedata.category(chr(point)) == "Mn"]
    return characters(sorted(both)), characters(sorted(both | right)), characters(marks)


def _contexts(at: Languages) -> list[int]:
    """What a label must not be: one language per rule of RFC 5892, appendix A."""
    regex = at.regex
    virama = characters(point for point in valid_points() if unicodedata.combining(chr(point)) == 9)
    before, after, through = _joining()
    unsupported = at.text(rf"(?:{_ANY}[^{virama}])?")
    non_joiner = at.text(r"\u200c")
    left = regex.intersect([unsupported, regex.complement(at.text(rf"{_ANY}[{before}][{through}]*"))])
    right = regex.complement(at.text(rf"[{through}]*[{after}]{_ANY}"))
    anything = at.text(_ANY)
    japanese = at.text(f"{_ANY}[{_JAPANESE}]{_ANY}")
    return [
        at.text(rf"(?:{_ANY}[^l])?\u00b7{_ANY}|{_ANY}\u00b7(?:[^l]{_ANY})?"),
        at.text(rf"{_ANY}\u0375(?:[^{_GREEK}]{_ANY})?"),
        at.text(rf"(?:{_ANY}[^{_HEBREW}])?[\u05f3\u05f4]{_ANY}"),
        regex.intersect([at.text(rf"{_ANY}\u30fb{_ANY}"), regex.complement(japanese)]),
        regex.intersect([at.text(rf"{_ANY}[\u0660-\u0669]{_ANY}"), at.text(rf"{_ANY}[\u06f0-\u06f9]{_ANY}")]),
        at.text(rf"(?:{_ANY}[^{virama}])?\u200d{_ANY}"),
        regex.concat([left, non_joiner, anything]),
        regex.concat([unsupported, non_joiner, right]),
    ]  # fmt: skip


def _wide_label(at: Languages) -> int:
    """A label beyond ASCII, its characters composed and small as NFC and the tables want them."""
    regex = at.regex
    letter = characters(_letters())
    marks = characters(p for p in valid_points() if unicodedata.category(chr(p)) in ("Mn", "Mc"))
    bad = [at.text(rf"(?:-|[{marks}]){_ANY}|{_ANY}-|..--{_ANY}"), *_contexts(at)]
    return int(
        regex.intersect([at.text(f"[{letter}]{{1,{WIDE_LABEL}}}"), *(regex.complement(part) for part in bad)])
    )


def _name(at: Languages, label: int) -> int:
    regex = at.regex
    return int(regex.concat([label, regex.repeat(regex.concat([at.text(SEPARATORS), label]), 0, None)]))


def _bidi_label(at: Languages) -> int:
    """RFC 5893, section 2: how a label of a name with right-to-left parts begins, goes on and ends."""
    regex = at.regex
    neutral = _of("EN", "ES", "CS", "ET", "ON", "BN", "NSM")
    rtl, end, trail = _of("R", "AL"), _of("R", "AL", "EN", "AN"), _of("NSM")
    right = rf"(?=[{rtl}])[{rtl}{_of('AN')}{neutral}]*[{end}][{trail}]*"
    left = rf"(?=[{_of('L')}])[{_of('L')}{neutral}]*[{_of('L', 'EN')}][{trail}]*"
    mixed = [at.text(f"{_ANY}[{_of(kind)}]{_ANY}") for kind in ("EN", "AN")]
    return int(
        regex.alternate(
            [at.text(left), regex.intersect([at.text(right), regex.complement(regex.intersect(mixed))])]
        )
    )


def idn_hostname(at: Languages) -> int:
    """Names of labels in Unicode form, or in ASCII."""
    regex = at.regex
    plain = regex.intersect([at.text(PLAIN_LABEL), regex.complement(at.text(r"..--[\s\S]*"))])
    label = regex.alternate([_wide_label(at), plain])
    right = at.text(f"{_ANY}[{_of('R', 'AL', 'AN')}]{_ANY}")
    one_way = regex.intersect([_name(at, label), regex.complement(right)])
    both_ways = _name(at, regex.intersect([label, _bidi_label(at)]))
    # In octets of the encoded name: ASCII names may use all 253, others stay well below.
    ascii_only = regex.intersect([at.text(r"[\u0000-\u007f]*"), at.lengths(1, 253)])
    short = regex.alternate([ascii_only, at.lengths(1, WIDE_NAME)])
    return int(regex.intersect([regex.alternate([one_way, both_ways]), short]))


def hostname(at: Languages, *, encoded: bool) -> int:
    """RFC 1123; where ``encoded`` labels have a meaning, those that look like one are refused."""
    regex = at.regex
    label = at.text(PLAIN_LABEL)
    if encoded:
        label = regex.intersect([label, regex.complement(at.text("[A-Za-z0-9-]{2}--[A-Za-z0-9-]*"))])
    more = regex.repeat(regex.concat([regex.literal("."), label]), 0, None)
    return int(regex.intersect([regex.concat([label, more]), at.lengths(1, 253)]))
