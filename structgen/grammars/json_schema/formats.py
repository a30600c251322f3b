"""The formats of the specification as regular languages, one table entry each.

Where a format is not regular, the language is a subset of it, so that nothing
ill-formed is ever accepted: encoded labels of host names ("xn--…") are short ones
of small alphabets (hosts.py), and a regular expression nests its groups
at most three deep, names at most one of them and refers to a name of one letter.

RFC 3339 (dates, times, durations), 5321 (mail), 1123 (hosts, hosts.py), 4291 (IPv6),
3986 and 3987 (URI, IRI), 6570 (templates), 4122 (UUID), 6901 (pointers).

Knows no keyword.
"""

from __future__ import annotations

import re
import string
from collections.abc import Callable

from .hosts import PLAIN_LABEL, hostname, idn_hostname
from .patterns import Languages

Build = Callable[[Languages], int]

# --- Dates and times, RFC 3339.

_LEAP_YEAR = r"(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DATE = (
    r"(?:[0-9]{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    rf"|02-(?:0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_HOUR = "(?:[01][0-9]|2[0-3])"
_MINUTE = "[0-5][0-9]"
_FRACTION = r"(?:\.[0-9]+)?"
_TIME = rf"{_HOUR}:{_MINUTE}:{_MINUTE}{_FRACTION}(?:[Zz]|[-+]{_HOUR}:{_MINUTE})"


def _leap_second(at: Languages) -> int:
    """A leap second ends a UTC day: the local time less the offset is 23:59.

    West of Greenwich the hours and the minutes each add up on their own, so the
    language is an intersection of the two relations; east likewise, once for
    offsets of whole hours (no carry) and once for the others.
    """
    regex = at.regex

    def hours(sign: str, shift: int) -> int:
        # local hour = 23 + shift ± offset hours, modulo 24
        pairs = []
        for offset in range(24):
            local = (23 + shift + (offset if sign == "+" else -offset)) % 24
            pairs.append(rf"{local:02}:[0-9]{{2}}:60{_FRACTION}[{sign}]{offset:02}:[0-9]{{2}}")
        return at.text("|".join(pairs))

    def minutes(sign: str, offsets: range) -> int:
        pairs = []
        for offset in offsets:
            local = (59 + (offset if sign == "+" else -offset)) % 60
            pairs.append(rf"[0-9]{{2}}:{local:02}:60{_FRACTION}[{sign}][0-9]{{2}}:{offset:02}")
        return at.text("|".join(pairs))

    return int(
        regex.alternate(
            [
                at.text(rf"23:59:60{_FRACTION}[Zz]"),
                regex.intersect([hours("-", 0), minutes("-", range(60))]),
                regex.intersect([hours("+", 0), minutes("+", range(1))]),
                regex.intersect([hours("+", 1), minutes("+", range(1, 60))]),
            ]
        )
    )


def _time(at: Languages) -> int:
    return int(at.regex.alternate([at.text(_TIME), _leap_second(at)]))


def _date_time(at: Languages) -> int:
    time = at.format("time")
    return int(at.regex.concat([at.text(f"{_DATE}[Tt]"), time]))


_DURATION = (
    r"P(?:[0-9]+W|(?:[0-9]+D|[0-9]+M(?:[0-9]+D)?|[0-9]+Y(?:[0-9]+M(?:[0-9]+D)?)?)(?:T{time})?|T{time})"
).replace("{time}", r"(?:[0-9]+S|[0-9]+M(?:[0-9]+S)?|[0-9]+H(?:[0-9]+M(?:[0-9]+S)?)?)")

# --- Hosts and addresses.

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"(?:{_OCTET}(?:\.{_OCTET}){{3}})"


def _ipv6() -> str:
    """Every RFC 4291 spelling: eight groups, at most one run of them left out, IPv4 at the end."""
    group = "[0-9A-Fa-f]{1,4}"
    tail = f"(?:{group}:{group}|{_IPV4})"
    forms = [f"(?:{group}:){{6}}{tail}"]
    for left in range(8):  # groups before "::"
        head = f"(?:{group}(?::{group}){{{left - 1}}})" if left else ""
        right = 7 - left  # groups "::" may leave after it, standing for one or more
        after = []
        if right >= 2:
            after.append(f"(?:{group}:){{0,{right - 2}}}{tail}")
        if right >= 1:
            after.append(group)
        after.append("")
        forms.append(f"{head}::(?:{'|'.join(after)})")
    return "(?:" + "|".join(forms) + ")"


_IPV6 = _ipv6()

_DOMAIN = rf"{PLAIN_LABEL}(?:\.{PLAIN_LABEL})*"


# --- Mail, RFC 5321.

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_WIDE_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\u0080-\u{10ffff}-]+"
_LITERAL = rf"\[(?:{_IPV4}|IPv6:{_IPV6})\]"
_QUOTED = r'"(?:[ !#-\[\]-~]|\\[ -~])*"'
_WIDE_QUOTED = r'"(?:[ !#-\[\]-~\u0080-\u{10ffff}]|\\[ -~])*"'
_EMAIL = rf"(?:{_ATOM}(?:\.{_ATOM})*|{_QUOTED})@(?:{_DOMAIN}|{_LITERAL})"
_WIDE_LABEL = (
    r"[A-Za-z0-9\u0080-\u{10ffff}](?:[A-Za-z0-9\u0080-\u{10ffff}-]{0,61}[A-Za-z0-9\u0080-\u{10ffff}])?"
)
_IDN_EMAIL = (
    rf"(?:{_WIDE_ATOM}(?:\.{_WIDE_ATOM})*|{_WIDE_QUOTED})@(?:{_WIDE_LABEL}(?:\.{_WIDE_LABEL})*|{_LITERAL})"
)

# --- URIs, RFC 3986; IRIs, RFC 3987, add characters to three of its classes.

_UCS = (
    r"\u00a0-\ud7ff\uf900-\ufdcf\ufdf0-\uffef"
    + "".join(rf"\u{{{plane:x}0000}}-\u{{{plane:x}fffd}}" for plane in range(1, 14))
    + r"\u{e1000}-\u{efffd}"
)
_PRIVATE = r"\ue000-\uf8ff\u{f0000}-\u{ffffd}\u{100000}-\u{10fffd}"


def _uri(ucs: str, private: str) -> tuple[str, str]:
    """Return the patterns of absolute identifiers and of references."""
    escaped = "%[0-9A-Fa-f]{2}"
    unreserved = rf"A-Za-z0-9._~{ucs}"
    sub = r"!$&'()*+,;="
    segment_char = rf"(?:[{unreserved}{sub}:@-]|{escaped})"
    no_colon = rf"(?:[{unreserved}{sub}@-]|{escaped})"
    future = rf"[Vv][0-9A-Fa-f]+\.[A-Za-z0-9._~{sub}:-]+"
    host = rf"(?:\[(?:{_IPV6}|{future})\]|(?:[{unreserved}{sub}-]|{escaped})*)"
    authority = rf"(?:(?:[{unreserved}{sub}:-]|{escaped})*@)?{host}(?::[0-9]*)?"
    rest = rf"(?:/{segment_char}*)*"
    absolute = rf"/(?:{segment_char}+{rest})?"
    suffix = rf"(?:\?(?:{segment_char}|[/?{private}])*)?(?:#(?:{segment_char}|[/?])*)?"
    rootless = rf"{segment_char}+{rest}"
    full = rf"[A-Za-z][A-Za-z0-9+.-]*:(?://{authority}{rest}|{absolute}|{rootless}|){suffix}"
    relative = rf"(?://{authority}{rest}|{absolute}|{no_colon}+{rest}|){suffix}"
    return full, rf"(?:{full}|{relative})"


_URI, _URI_REFERENCE = _uri("", "")
_IRI, _IRI_REFERENCE = _uri(_UCS, _PRIVATE)

_VARNAME = r"(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})(?:\.?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2}))*"
_VARIABLE = rf"{_VARNAME}(?::[1-9][0-9]{{0,3}}|\*)?"
_URI_TEMPLATE = (
    rf"(?:[!#-$&-;=?-\[\]_a-z~'{_UCS}{_PRIVATE}]|%[0-9A-Fa-f]{{2}}"
    rf"|\{{[+#./;?&=,!@|]?{_VARIABLE}(?:,{_VARIABLE})*\}})*"
)

# --- Identifiers and pointers.

_UUID = "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_JSON_POINTER = r"(?:/(?:[^~/]|~[01])*)*"
_RELATIVE_POINTER = rf"(?:0|[1-9][0-9]*)(?:#|{_JSON_POINTER})"


_COUNTER = r"(?:(?:[*+?]|\{[0-9]{1,3},?\})\??)"
_LETTERS = "(?:L|Lu|Ll|Lt|Lm|Lo|M|N|Nd|Nl|No|P|S|Z|Letter|Script=(?:Latin|Greek|Cyrillic|Han))"


def _regex(at: Languages) -> int:
    """Regular expressions with groups nested at most three deep, one of them named.

    That two groups have different names, and that a reference names one of them,
    is not regular: so there is one name at most, and a reference to it stands
    behind the opening of its group, whose name is then a single letter.
    """
    escape = (
        r"\\(?:[dDsSwWtnvfr0^$\\.*+?()\[\]{}|/]|[xX][0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]"
        rf"|[pP]\{{{_LETTERS}\}})"
    )
    inner = rf"(?:[^\\\]\[-]|{escape}|\\-)"
    # A range is refused unless it runs upwards among digits, capitals or small letters.
    char_class = rf"\[\^?-?(?:{inner}|0-9|a-z|A-Z|a-f|A-F)*-?\]"
    reference = r"\\k<[A-Za-z_$]>"
    atom = rf"(?:[^\\^$.*+?()\[\]{{}}|]|\.|{escape}|{char_class}|{reference})"
    body = rf"(?:{atom}{_COUNTER}?|\^|\$|\\[bB]|\|)*"
    for _ in range(3):
        group = rf"\((?:\?:|\?<[A-Za-z_$][A-Za-z0-9_$]*>)?{body}\)"
        look = rf"\(\?<?[=!]{body}\)"
        body = rf"(?:(?:{atom}|{group}){_COUNTER}?|{look}|\^|\$|\\[bB]|\|)*"
    named = r"\(\?<[A-Za-z_$]"
    twice = at.text(rf"[\s\S]*{named}[\s\S]*{named}[\s\S]*")
    # Read by tokens: what looks like a group inside a class or behind a backslash is none.
    token = r"(?:[^\\\[]|\\[^k]|\[(?:[^\\\]]|\\[\s\S])*\])"
    letters = string.ascii_letters + "_$"
    referred = "|".join(rf"{re.escape(letter)}>(?:{token}|\\k<{re.escape(letter)}>)*" for letter in letters)
    references = at.text(rf"{token}*(?:\(\?<(?:{referred}))?")
    return int(at.regex.intersect([at.text(body), at.regex.complement(twice), references]))


def _text(pattern: str) -> Build:
    return lambda at: at.text(pattern)


FORMATS: dict[str, Build] = {
    "date-time": _date_time,
    "date": _text(_DATE),
    "time": _time,
    "duration": _text(_DURATION),
    "email": _text(_EMAIL),
    "idn-email": _text(_IDN_EMAIL),
    "hostname": lambda at: hostname(at, encoded=True),
    "idn-hostname": idn_hostname,
    "ipv4": _text(_IPV4),
    "ipv6": _text(_IPV6),
    "uri": _text(_URI),
    "uri-reference": _text(_URI_REFERENCE),
    "iri": _text(_IRI),
    "iri-reference": _text(_IRI_REFERENCE),
    "uri-template": _text(_URI_TEMPLATE),
    "uuid": _text(_UUID),
    "json-pointer": _text(_JSON_POINTER),
    "relative-json-pointer": _text(_RELATIVE_POINTER),
    "regex": _regex,
}

# Drafts 4 and 6, where host names are those of RFC 1034 and hyphens mean nothing.
OLDER_FORMATS: dict[str, Build] = {"hostname": lambda at: hostname(at, encoded=False)}
