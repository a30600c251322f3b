"""Formats against independent definitions: the calendar, leap seconds, addresses, lengths."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from structgen import _native
from structgen.grammars.json_schema import hosts
from structgen.grammars.json_schema.contents import MAX_NESTING
from structgen.grammars.json_schema.formats import FORMATS
from structgen.grammars.json_schema.patterns import Languages

languages = Languages(_native.RegexStore())


def matches(name: str, text: str) -> bool:
    language = languages.format(name)
    assert language is not None
    return bool(languages.regex.matches(language, text))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_members_and_others(name: str) -> None:
    language = FORMATS[name](languages)
    assert not languages.regex.empty(language)
    assert not languages.regex.empty(languages.regex.complement(language))


def test_dates_are_the_calendar() -> None:
    for year in (1600, 1900, 1996, 2000, 2023, 2024, 2100, 2400, 9999):
        for month in range(14):
            for day in range(33):
                try:
                    date(year, month, day)
                    real = True
                except ValueError:
                    real = False
                assert matches("date", f"{year:04}-{month:02}-{day:02}") == real


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59))
def test_leap_seconds_end_a_utc_day(hour: int, minute: int, sign: str, h: int, m: int) -> None:
    offset = timedelta(hours=h, minutes=m) * (1 if sign == "+" else -1)
    utc = datetime(2016, 12, 31, hour, minute, tzinfo=timezone(offset)).astimezone(UTC)
    assert matches("time", f"{hour:02}:{minute:02}:60{sign}{h:02}:{m:02}") == (
        (utc.hour, utc.minute) == (23, 59)
    )


@given(st.sampled_from("+-"), st.integers(0, 23), st.integers(0, 59))
def test_every_offset_has_its_leap_second(sign: str, h: int, m: int) -> None:
    offset = timedelta(hours=h, minutes=m) * (1 if sign == "+" else -1)
    local = datetime(2016, 12, 31, 23, 59, tzinfo=UTC).astimezone(timezone(offset))
    assert matches("date-time", f"2016-12-31T{local:%H:%M}:60.5{sign}{h:02}:{m:02}")


@given(st.binary(min_size=16, max_size=16))
def test_ipv6_spellings(packed: bytes) -> None:
    address = ipaddress.IPv6Address(packed)
    assert matches("ipv6", str(address))
    assert matches("ipv6", address.exploded)
    assert matches("uri", f"http://[{address}]:80/")


@given(st.text(alphabet="01fA:.", max_size=14))
def test_ipv6_is_what_the_library_reads(text: str) -> None:
    try:
        ipaddress.IPv6Address(text)
        real = True
    except ValueError:
        real = False
    assert matches("ipv6", text) == real


def encoded_length(label: str) -> int:
    return len(label) if label.isascii() else 4 + len(label.encode("punycode"))


@given(st.lists(st.sampled_from(hosts.valid_points()), min_size=1, max_size=hosts.WIDE_LABEL))
def test_labels_fit_their_encoded_form(points: list[int]) -> None:
    """Whatever the characters, a label the format allows takes at most 63 octets."""
    assert encoded_length("".join(map(chr, points))) <= 63


def test_the_longest_labels_fit_their_encoded_form() -> None:
    points = hosts.valid_points()
    worst = [points[:: len(points) // hosts.WIDE_LABEL][: hosts.WIDE_LABEL], points[-hosts.WIDE_LABEL :]]
    worst += [points[-1:] * (hosts.WIDE_LABEL - ascii_part) for ascii_part in range(hosts.WIDE_LABEL)]
    for chosen in worst:
        label = "".join(map(chr, chosen)).rjust(hosts.WIDE_LABEL, "a")
        assert encoded_length(label) <= 63


def test_valid_points_are_what_the_rules_derive() -> None:
    valid = set(hosts.valid_points())
    assert {*map(ord, "ßςäéёжאبक한漢々〇")} <= valid
    assert not {*map(ord, "ÄÉЖ··ـ〮ᄀ️½²ﬀＡ①♥‍")} & valid


@given(st.binary(max_size=40))
def test_base_encodings_are_what_the_library_writes(data: bytes) -> None:
    encodings = {
        "base64": base64.b64encode,
        "base64url": base64.urlsafe_b64encode,
        "base32": base64.b32encode,
        "base16": base64.b16encode,
    }
    for name, encode in encodings.items():
        language = languages.content(name, None)
        assert language is not None
        assert languages.regex.matches(language, encode(data).decode())


@given(st.text("AQg/=+ab", max_size=9))
def test_base64_is_what_the_library_reads(text: str) -> None:
    language = languages.content("base64", None)
    try:
        canonical = base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except ValueError:
        canonical = False
    assert languages.regex.matches(language, text) == canonical


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(
    JSON_VALUES, st.sampled_from([None, 1]), st.booleans(), st.integers(0, 200), st.sampled_from('{}[]",:1x ')
)
def test_json_text_is_what_the_library_reads(
    value: Any, indent: int | None, change: bool, at: int, with_: str
) -> None:
    text = json.dumps(value, indent=indent)
    if change:
        text = text[: at % len(text)] + with_ + text[at % len(text) + 1 :]
    assume("NaN" not in text and "Infinity" not in text)
    try:
        json.loads(text)
        real = True
    except ValueError:
        real = False
    language = languages.content(None, "application/json")
    assert languages.regex.matches(language, text) == (real and depth(text) <= MAX_NESTING)


def depth(text: str) -> int:
    """How deep brackets nest outside strings."""
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    deepest = now = 0
    for character in outside:
        now += (character in "[{") - (character in "]}")
        deepest = max(deepest, now)
    return deepest


CASES: list[tuple[str, str, bool]] = [
    ("hostname", ".".join(["a" * 63] * 3 + ["a" * 61]), True),
    ("hostname", ".".join(["a" * 63] * 3 + ["a" * 62]), False),
    ("hostname", "a" * 64, False),
    ("hostname", "a-", False),
    ("hostname", "xn--x", False),
    ("hostname", "xn--strae-oqa.xn--o3cw4h", True),
    ("hostname", "xn--Bcher-kva", False),
    ("hostname", "xn---9uc", False),
    ("hostname", "xn--example-", False),
    ("regex", r"(?<n>a)\k<n>", True),
    ("regex", r"\k<n>(?<n>a)", False),
    ("regex", r"(?<n>a)\k<m>", False),
    ("regex", r"[(?<n>x]\k<n>", False),
    ("regex", r"\(?<n>a\k<n>", False),
    ("regex", r"(?<n>a)[\k<n>]", False),
    ("uuid", "2EB8AA08-aa98-11ea-b4aa-73b441d16380", True),
    ("uuid", "2eb8aa08aa9811eab4aa73b441d16380", False),
    ("uri", "http://a/%zz", False),
    ("uri", "//a/b", False),
    ("uri-reference", "//a/b?c#d", True),
    ("iri", "http://ƒøø.ßår/?q=√#æ", True),
    ("uri", "http://ƒøø.ßår/", False),
    ("duration", "P1Y1D", False),
    ("duration", "P1Y2M3DT4H5M6S", True),
    ("json-pointer", "/a~2", False),
    ("relative-json-pointer", "01", False),
    ("email", "a..b@c.d", False),
    ("email", '"a b"@[IPv6:::1]', True),
    ("regex", "^(a(b|c)*)+[x-]$", True),
    ("regex", "a**", False),
    ("regex", "(", False),
    ("regex", r"(?<year>\d{4})-(?:x|y)", True),
    ("regex", "(?<a>x)(?<a>y)", False),
    ("regex", r"(?<=a+)b(?!c)(?<!d)", True),
    ("regex", "(?=a)*", False),
    ("idn-hostname", "bücher.example", True),
    ("idn-hostname", "Bücher", False),
    ("idn-hostname", "l·l", True),
    ("idn-hostname", "l·l·l", True),
    ("idn-hostname", "é--a", False),
    ("idn-hostname", "é-", False),
    ("idn-hostname", "a.b.c.d.e", True),
    ("idn-hostname", "é.b.c.d", True),
    ("idn-hostname", "l·a", False),
    ("idn-hostname", "אב.גד", True),
    ("idn-hostname", "אבa", False),
    ("idn-hostname", "1a.אב", False),
    ("idn-hostname", "xn--bcher-kva", True),
    ("idn-hostname", "a.xn--4dbc5h", True),
    ("idn-hostname", "1.xn--4dbc5h", False),
    ("idn-hostname", "بي\u200cبي", True),
    ("idn-hostname", "ab\u200cab", False),
    ("date", "٢٠٢٤-01-01", False),
]


@pytest.mark.parametrize(("name", "text", "valid"), CASES, ids=[f"{c[0]} {c[1][:20]}" for c in CASES])
def test_cases(name: str, text: str, valid: Any) -> None:
    assert matches(name, text) == valid
