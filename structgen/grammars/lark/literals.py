r"""Texts, patterns and ranges of Lark's notation as patterns in the dialect of Python's ``re``.

    "a\n"i   /[a-z]+\/x/s   "a".."z"

Escapes are read first, as lark reads them: ``\n \t \f \r \x41 \u0041 \U00000041`` are the characters
(in a pattern too, so ``/[\x5d]/`` is ``[]]``), ``\"`` is a quote, any other stays for the reader of the
pattern; in a text ``\\`` is one backslash.  Knows neither names nor where a literal stands.
"""

from __future__ import annotations

import functools
import re

# A backslash pair before a quote loses one of its two: so lark reads it.
_ESCAPE = re.compile(
    r"""\\(?:(?P<pair>\\"?) | (?P<quote>") | x(?P<x>[0-9a-fA-F]{2}) | u(?P<u>[0-9a-fA-F]{4})
    | U(?P<U>[0-9a-fA-F]{8}) | (?P<plain>[nftr]) | (?P<bad>[xuU]|\Z) | (?P<other>.))""",
    re.VERBOSE | re.DOTALL,
)
_PLAIN = {"n": "\n", "f": "\f", "t": "\t", "r": "\r"}
_FLAGS = re.compile(r"[a-z]*\Z")
_CLASS = r"\[\^?\]?(?:\\.|[^\]\\])*\]"
_ALONE = re.compile(
    rf"(?:(?:[^\\^$|?*+()\[\]{{}}]|\\[^\dbBAZ]|{_CLASS})(?:[*+?]|\{{\d+(?:,\d*)?\}})?(?![*+?{{]))+", re.DOTALL
)
_PIECES = re.compile(rf"\\.|{_CLASS}|\(\?[imsu]*:|\(\??|[)|^$]|[*+?}}]\?", re.DOTALL)
_OPEN_END = re.compile(r"\{[\d,]*\Z")


def text_of(literal: str) -> str:
    """The characters of a text in quotes, its flag aside; ValueError says what is wrong."""
    return unescaped(literal[1 : literal.rindex('"')]).replace("\\\\", "\\")


@functools.lru_cache(maxsize=1024)
def pattern_of(literal: str) -> tuple[str, bool]:
    """The pattern of a text or pattern, and whether it means the same wherever it stands.

    ValueError says what is wrong.
    """
    flags = _FLAGS.search(literal)
    assert flags is not None
    own = "".join(sorted(set(flags[0])))
    if literal.startswith('"'):
        pattern, alone = re.escape(text_of(literal)), True
        if not pattern:
            raise ValueError(f"an empty text, {literal}, is no terminal; leave it out or use '?'")
    else:
        if "\n" in literal and "x" not in own:
            raise ValueError("a pattern goes over several lines only with the flag x")
        pattern = unescaped(literal[1 : flags.start() - 1])
        alone = "x" not in own and stands_alone(pattern, grouped=bool(own))
        if not pattern:
            raise ValueError("an empty pattern is no terminal; leave it out or use '?'")
    return (f"(?{own}:{pattern})" if own else pattern), alone


def range_pattern(first: str, last: str) -> str:
    """The class of the characters from one to another, both in quotes; ValueError says what is wrong."""
    ends = first[1:-1], last[1:-1]
    if any(len(unescaped(end)) != 1 for end in ends):
        raise ValueError(f"a range goes from one character to another, and {first}..{last} does not")
    return f"[{ends[0]}-{ends[1]}]"


def unescaped(source: str) -> str:
    """The source with the escapes of lark read; ValueError for those that are none."""
    if "\0" in source:
        raise ValueError(r"a NUL character is written \x00")
    if "\r" in source:
        source = source.replace("\r\n", "\n").replace("\r", "\n")
    return _ESCAPE.sub(_unescaped, source) if "\\" in source else source


def _unescaped(escape: re.Match[str]) -> str:
    kind, value = escape.lastgroup or "", escape[escape.lastgroup or 0]
    if kind == "pair":
        return "\\\\" if value == "\\" else '\\"'
    if kind in ("x", "u", "U"):
        code = int(value, 16)
        if code <= 0x10FFFF:
            return chr(code)
    if kind in ("bad", "x", "u", "U"):
        raise ValueError(rf"{escape[0]!r} is no escape; these are: \n \t \f \r \x41 \u0041 \U00000041")
    return _PLAIN[value] if kind == "plain" else value if kind == "quote" else escape[0]


def stands_alone(pattern: str, *, grouped: bool = False) -> bool:
    """Whether a pattern means the same by itself and between others.

    Not so where it looks around itself, chooses the shortest text, or where its signs reach over its ends.
    """
    if _ALONE.fullmatch(pattern):
        return not _OPEN_END.search(pattern)
    depth = 1 if grouped else 0
    outermost = depth
    for match in _PIECES.finditer(pattern):
        piece = match[0]
        if piece[0] == "\\":
            if piece[1] in "0123456789bBAZ":
                return False
        elif piece in ("(?", "^", "$") or (len(piece) == 2 and piece[1] == "?"):
            return False
        elif piece[0] == "(":
            depth += 1
        elif piece == ")":
            depth -= 1
            if depth < outermost:
                return False
        elif piece == "|" and depth == 0:
            return False
    return depth == outermost and pattern[:1] not in "?*+{" and not _OPEN_END.search(pattern)
