"""Formats against independent definitions: the calendar, leap seconds, addresses, lengths."""

from __future__ import annotations

import ipaddress
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from structgen import _native
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


CASES: list[tuple[str, str, bool]] = [
    ("hostname", ".".join(["a" * 63] * 3 + ["a" * 61]), True),
    ("hostname", ".".join(["a" * 63] * 3 + ["a" * 62]), False),
    ("hostname", "a" * 64, False),
    ("hostname", "a-", False),
    ("hostname", "xn--x", False),
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
    ("date", "٢٠٢٤-01-01", False),
]


@pytest.mark.parametrize(("name", "text", "valid"), CASES, ids=[f"{c[0]} {c[1][:20]}" for c in CASES])
def test_cases(name: str, text: str, valid: Any) -> None:
    assert matches(name, text) == valid
