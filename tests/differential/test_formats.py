"""Formats against definitions written a second time, as procedures: split, count, compare.

Every text is a real one with a few random edits, so it lies close to the border on either side.  The
procedures follow the RFCs' prose (and the standard library for calendars and addresses); the languages under
test are regular expressions, so the two have little in common to be wrong about together.
"""

from __future__ import annotations

import ipaddress
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from structgen import _native
from structgen.grammars.json_schema.patterns import Languages

languages = Languages(_native.RegexStore())
HEX = frozenset(string.hexdigits)
DIGITS = frozenset(string.digits)
LETTERS = frozenset(string.ascii_letters)
ALNUM = LETTERS | DIGITS


def digits(text: str, count: int | None = None) -> bool:
    return bool(text) and DIGITS.issuperset(text) and count in (None, len(text))


# --- RFC 3339 --------------------------------------------------------------------------------------


def is_date(text: str) -> bool:
    parts = text.split("-")
    if len(parts) != 3 or not all(map(digits, parts, (4, 2, 2))):
        return False
    year, month, day = map(int, parts)
    try:
        # RFC 3339 has a year 0, which is a leap year, as 2000 is.
        date(year or 2000, month, day)
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    if text[-1:] in ("Z", "z"):
        clock, offset, sign = text[:-1], "00:00", 1
    else:
        clock, offset, sign = text[:-6], text[-5:], {"+": 1, "-": -1}.get(text[-6:-5], 0)
    h, m = offset[:2], offset[3:]
    if not sign or offset[2:3] != ":" or not (digits(h, 2) and digits(m, 2) and int(h) < 24 and int(m) < 60):
        return False
    clock, point, fraction = clock.partition(".")
    if point and not digits(fraction):
        return False
    parts = clock.split(":")
    if len(parts) != 3 or not all(digits(part, 2) for part in parts):
        return False
    hour, minute, second = map(int, parts)
    if hour > 23 or minute > 59 or second > 60:
        return False
    if second < 60:
        return True
    zone = timezone(sign * timedelta(hours=int(h), minutes=int(m)))
    utc = datetime(2016, 12, 31, hour, minute, tzinfo=zone).astimezone(UTC)
    return (utc.hour, utc.minute) == (23, 59)


def is_date_time(text: str) -> bool:
    return text[10:11] in ("T", "t") and is_date(text[:10]) and is_time(text[11:])


def is_duration(text: str) -> bool:
    """RFC 3339, appendix A: units in order, and none left out between two that are written."""
    if text[:1] != "P":
        return False
    days, time_sign, times = text[1:].partition("T")
    if days.endswith("W"):
        return digits(days[:-1]) and not time_sign
    if time_sign and not times:
        return False

    def runs(part: str, units: str) -> bool:
        number, last = "", -1
        for character in part:
            if character in DIGITS:
                number += character
                continue
            at = units.find(character)
            if not number or at < 0 or (last >= 0 and at != last + 1):
                return False
            number, last = "", at
        return not number

    return runs(days, "YMD") and runs(times, "HMS") and bool(days or times)


# --- Hosts, addresses, mail ------------------------------------------------------------------------


def is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def is_label(text: str) -> bool:
    return 0 < len(text) < 64 and (ALNUM | {"-"}).issuperset(text) and text[0] != "-" != text[-1]


def is_hostname(text: str) -> bool:
    labels = text.split(".")
    return len(text) < 254 and all(is_label(label) and label[2:4] != "--" for label in labels)


ATEXT = ALNUM | set("!#$%&'*+/=?^_`{|}~-")


def is_email(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    if not at:
        return False
    if domain[:1] == "[":
        inside = domain[1:-1]
        literal = is_ipv6(inside[5:]) if inside[:5] == "IPv6:" else is_ipv4(inside)
        if domain[-1:] != "]" or not literal:
            return False
    elif not all(map(is_label, domain.split("."))):
        return False
    if local[:1] != '"':
        return all(atom and ATEXT.issuperset(atom) for atom in local.split("."))
    if len(local) < 2 or local[-1] != '"':
        return False
    inside = iter(local[1:-1])
    for character in inside:
        if character == "\\":
            character = next(inside, "")
            if not character:
                return False
        elif character == '"':
            return False
        if not " " <= character <= "~":
            return False
    return True


# --- RFC 3986, 3987 and 6570 -----------------------------------------------------------------------

SUB = set("!$&'()*+,;=")
PRIVATE = [(0xE000, 0xF8FF), (0xF0000, 0xFFFFD), (0x100000, 0x10FFFD)]
UCS = [(0xA0, 0xD7FF), (0xF900, 0xFDCF), (0xFDF0, 0xFFEF), (0xE1000, 0xEFFFD)]
UCS += [(plane << 16, (plane << 16) + 0xFFFD) for plane in range(1, 14)]


def within(character: str, ranges: list[tuple[int, int]]) -> bool:
    return any(low <= ord(character) <= high for low, high in ranges)


def made_of(text: str, extra: str, *, wide: bool, private: bool = False) -> bool:
    at = 0
    while at < len(text):
        character = text[at]
        if character == "%":
            if len(text) < at + 3 or not HEX.issuperset(text[at + 1 : at + 3]):
                return False
            at += 3
            continue
        known = character in ALNUM or character in "-._~" or character in SUB or character in extra
        international = wide and (within(character, UCS) or (private and within(character, PRIVATE)))
        if not (known or international):
            return False
        at += 1
    return True


def is_reference(text: str, *, wide: bool, absolute: bool) -> bool:
    """The five components, split as appendix B does, each with its characters."""
    rest, _, fragment = text.partition("#")
    rest, _, query = rest.partition("?")
    ahead = rest.partition("/")[0]
    scheme, colon, _ = ahead.partition(":")
    if colon:
        if scheme[:1] not in LETTERS or not scheme or not (ALNUM | set("+.-")).issuperset(scheme):
            return False  # a first segment with a colon is no relative path either
        rest = rest[len(scheme) + 1 :]
    elif absolute:
        return False
    if rest[:2] == "//":
        authority, slash, path = rest[2:].partition("/")
        path = slash + path
        if not is_authority(authority, wide=wide):
            return False
    else:
        path = rest
    return (
        made_of(path, ":@/", wide=wide)
        and made_of(query, ":@/?", wide=wide, private=True)
        and made_of(fragment, ":@/?", wide=wide)
    )


def is_authority(text: str, *, wide: bool) -> bool:
    user, at, place = text.rpartition("@")
    if at and not made_of(user, ":", wide=wide):
        return False
    if place[:1] != "[":
        host, _, port = place.partition(":")
        return made_of(host, "", wide=wide) and (not port or digits(port))
    inside, close, port = place[1:].partition("]")
    if not close or (port and (port[0] != ":" or (port[1:] and not digits(port[1:])))):
        return False
    if inside[:1] not in ("v", "V"):
        return is_ipv6(inside)
    version, dot, name = inside[1:].partition(".")
    return bool(
        dot
        and version
        and HEX.issuperset(version)
        and name
        and "%" not in name
        and made_of(name, ":", wide=False)
    )


def is_uri_template(text: str) -> bool:
    at = 0
    while at < len(text):
        character = text[at]
        if character == "{":
            end = text.find("}", at)
            if end < 0 or not is_expression(text[at + 1 : end]):
                return False
            at = end + 1
        elif character == "%":
            if len(text) < at + 3 or not HEX.issuperset(text[at + 1 : at + 3]):
                return False
            at += 3
        else:
            if character in '"<>\\^`|}' or character <= " " or character == "\x7f":
                return False
            if character > "\x7f" and not (within(character, UCS) or within(character, PRIVATE)):
                return False
            at += 1
    return True


def is_expression(text: str) -> bool:
    if text[:1] in tuple("+#./;?&=,!@|"):
        text = text[1:]
    for variable in text.split(","):
        name, colon, most = variable.partition(":")
        if colon:
            if not digits(most) or most[0] == "0" or len(most) > 4:
                return False
        elif name.endswith("*"):
            name = name[:-1]
        for part in name.split("."):
            if not part or not made_of(part, "_", wide=False) or set(part) & (SUB | set("-~")):
                return False
    return True


# --- Identifiers and pointers ----------------------------------------------------------------------


def is_uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(part) for part in parts] == [8, 4, 4, 4, 12] and HEX.issuperset("".join(parts))


def is_pointer(text: str) -> bool:
    escapes = text.replace("~0", ".").replace("~1", ".")
    return (not text or text[0] == "/") and "~" not in escapes


def is_relative_pointer(text: str) -> bool:
    length = len(text) - len(text.lstrip(string.digits))
    number, rest = text[:length], text[length:]
    return bool(number) and (number == "0" or number[0] != "0") and (rest == "#" or is_pointer(rest))


Definition = Callable[[str], bool]
DEFINITIONS: dict[str, tuple[Definition, list[str]]] = {
    "date": (is_date, ["2024-02-29", "1900-02-28", "0000-02-29", "2023-12-31", "2000-11-30"]),
    "time": (is_time, ["23:59:60Z", "00:29:60.5+00:30", "12:00:00.123-08:00", "08:59:60+09:00", "00:00:00z"]),
    "date-time": (is_date_time, ["2024-02-29T23:59:60Z", "1985-04-12t23:20:50.52+01:30"]),
    "duration": (is_duration, ["P1Y2M3DT4H5M6S", "P4W", "PT1H", "P1M2D", "PT36S", "P1YT1M1S"]),
    "ipv4": (is_ipv4, ["192.168.0.255", "0.0.0.0", "10.1.25.99"]),
    "ipv6": (is_ipv6, ["2001:db8::ff00:42:8329", "::1", "::", "1:2:3:4:5:6:7:8",
                        "::ffff:1.2.3.4", "1::2:3:4:5:6:7"]),
    "hostname": (is_hostname, ["example.com", "a-b.c1.d", "x" * 63 + ".y", ".".join(["ab" * 31] * 4)]),
    "email": (is_email, ["joe.bloggs@example.com", '"a b\\"c"@x.y', "a@[127.0.0.1]",
                          "a+b@[IPv6:::1]", "te~st@d-e.f"]),
    "uri": (
        lambda text: is_reference(text, wide=False, absolute=True),
        ["http://u:p@h.ost:80/a/b;c?d=e/f#g?h", "urn:x:y", "ftp://[::1]/", "a://[v1.x:y]:1", "z:/a//b"],
    ),
    "uri-reference": (
        lambda text: is_reference(text, wide=False, absolute=False),
        ["/a/b?c#d", "//h:1/p", "../x:y", "#f", "", "?q", "a%20b", "http://x"],
    ),
    "iri": (
        lambda text: is_reference(text, wide=True, absolute=True),
        ["http://ƒøø.ßår/?q=√\ue000#æ", "x:é/中", "a://é@[::1]:1/"],
    ),
    "iri-reference": (
        lambda text: is_reference(text, wide=True, absolute=False),
        ["//ƒøø/å", "#ƒ", "é/x:y?\uf8ff", "中"],
    ),
    "uri-template": (
        is_uri_template,
        ["http://x/{a,b:3}/{?c*,d.e}", "{+p}{/x%20y}", "a{;z}%41", "{&q:9999}é"],
    ),
    "uuid": (is_uuid, ["2eb8aa08-AA98-11ea-b4aa-73b441d16380"]),
    "json-pointer": (is_pointer, ["/foo/a~1b/0", "", "/~0~1/é", "//"]),
    "relative-json-pointer": (is_relative_pointer, ["0#", "12/a~0", "1", "0/0#"]),
}  # fmt: skip

EDITS = "019ae fZzTt+-.,:/?#[]@%!$&'*~{}|\\\"<>;=_P\nWYMDHSéﬃ中\u00a0\ue000\ufdd0\U0001fffe٣"


@st.composite
def edited(draw: st.DrawFn, samples: list[str]) -> str:
    """A sample with up to three characters taken out, put in, changed, doubled or swapped."""
    text = draw(st.sampled_from(samples))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(text)))
        kind = draw(st.sampled_from(["cut", "put", "change", "double", "swap"]))
        new = draw(st.sampled_from(EDITS)) if draw(st.booleans()) or not text else draw(st.sampled_from(text))
        here, after = text[at : at + 1], text[at + 1 :]
        middle = {"cut": "", "put": new + here, "change": new, "double": here * 2, "swap": after[:1] + here}[
            kind
        ]
        text = text[:at] + middle + (after[1:] if kind == "swap" else after)
    return text


@pytest.mark.parametrize("name", DEFINITIONS)
def test_formats_are_what_their_definitions_say(name: str) -> None:
    definition, samples = DEFINITIONS[name]
    language = languages.format(name)
    assert language is not None
    seen = set()

    @given(edited(samples))
    def compare(text: str) -> None:
        expected = definition(text)
        seen.add(expected)
        event(f"{name} {expected}")
        assert languages.regex.matches(language, text) == expected, text

    compare()
    assert seen == {True, False}


def test_international_names_are_what_a_library_encodes() -> None:
    idna = pytest.importorskip("idna", reason="the package idna is the oracle for international host names")
    language = languages.format("idn-hostname")
    assert language is not None
    samples = ["bücher.example", "l·l", "אבג.דה", "παρά", "カタ・カナ", "اب١٢", "بي\u200cبي", "क्\u200dष"]
    samples += ["中文.テスト", "ß-ö"]
    simple = set("abcxyz019.-ßüéאבגαβδ中文カ")  # letters and digits alone: here nothing is left out
    letters = "abz09-.·ßüéאבגاب٠١۰۱αβ͵׳ガカ・中क्\u200c\u200d\u0301"

    def encodes(text: str) -> bool:
        try:
            # Labels within ASCII are those of RFC 1123, where capitals mean nothing.
            labels = [label.lower() if label.isascii() else label for label in text.split(".")]
            for label in labels:
                idna.check_label(label)
            idna.encode(".".join(labels))
        except (idna.IDNAError, UnicodeError):
            return False
        return True

    @given(edited(samples) | st.text(letters, max_size=8))
    def compare(text: str) -> None:
        labels = text.replace("-", ".").split(".")
        if languages.regex.matches(language, text):
            assert encodes(text), ascii(text)
            event("accepted")
        elif simple.issuperset(text) and "--" not in text and len(labels) < 5 and max(map(len, labels)) < 7:
            assert not encodes(text) or text.endswith("."), ascii(text)
            event("refused by both")

    compare()
