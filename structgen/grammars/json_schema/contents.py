"""What a string may carry: binary encodings and JSON text, as regular languages.

RFC 4648 for the encodings, with the padding it requires and unused bits zero, as
canonical encoders write them.  JSON text (RFC 8259) nests without bound, which is
not regular: the language holds documents at most MAX_NESTING deep, so nothing
ill-formed passes.

Knows no keyword.
"""

from __future__ import annotations

from typing import Any

from .patterns import Languages

MAX_NESTING = 5

# Encodings under which a string is the text itself (RFC 2045).
_TEXT = frozenset({"7bit", "8bit", "binary"})

_ENCODINGS = {
    "base64": r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?",
    "base64url": r"(?:[A-Za-z0-9_-]{4})*(?:[A-Za-z0-9_-]{2}[AEIMQUYcgkosw048]=?|[A-Za-z0-9_-][AQgw](?:==)?)?",
    "base32": (
        r"(?:[A-Z2-7]{8})*(?:[A-Z2-7]{6}[AIQY]=|[A-Z2-7]{4}[ACEGIKMOQSUWY246]={3}"
        r"|[A-Z2-7]{3}[AQ]={4}|[A-Z2-7][AEIMQUY4]={6})?"
    ),
    "base16": "(?:[0-9A-Fa-f]{2})*",
}

_BLANK = r"[ \t\n\r]*"
_STRING = r'"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"'
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"


def is_text(encoding: str) -> bool:
    """Say whether a string in this encoding is the text itself."""
    return encoding in _TEXT


def is_json(media_type: Any) -> bool:
    """Say whether a media type is JSON, whatever its parameters."""
    if not isinstance(media_type, str):
        return False
    name = media_type.partition(";")[0].strip().lower()
    return name in ("application/json", "text/json") or name.endswith("+json")


def content(at: Languages, encoding: str | None, media_type: str | None) -> int | None:
    """Return the strings in an encoding, or the texts of a media type; None when it is not known."""
    if media_type is not None:
        return _json(at) if is_json(media_type) else None
    pattern = _ENCODINGS.get(encoding or "")
    return None if pattern is None else at.text(pattern)


def _json(at: Languages) -> int:
    regex = at.regex
    scalar = at.text(f"{_STRING}|{_NUMBER}|true|false|null")
    blank = at.text(_BLANK)
    name = at.text(f"{_BLANK}{_STRING}{_BLANK}:{_BLANK}")
    comma = at.text(f"{_BLANK},{_BLANK}")
    value = scalar

    def listed(opening: str, part: int, closing: str) -> int:
        more = regex.repeat(regex.concat([comma, part]), 0, None)
        inside = regex.alternate([blank, regex.concat([blank, part, more, blank])])
        return int(regex.concat([regex.literal(opening), inside, regex.literal(closing)]))

    for _ in range(MAX_NESTING):
        member = regex.concat([name, value])
        value = regex.alternate([scalar, listed("[", value, "]"), listed("{", member, "}")])
    return int(regex.concat([blank, value, blank]))
