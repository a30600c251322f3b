"""Types whose values are a single JSON string, number, boolean or null: the standard ones and enumerations.

Dates and times are RFC 3339 within what Python can hold; a timedelta is an ISO 8601 duration in weeks,
days, hours, minutes and seconds (a month has no length); bytes are the UTF-8 of the string, as Pydantic
reads them.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import re
import uuid
from typing import Any

from structgen.errors import InvalidSchema

from .part import Mismatch, Part, Path, Reader, name_of, pointer

# What RFC 3339 can write and Python's datetime cannot hold: the year 0000 and leap seconds.
_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
DATE_PATTERNS = {
    "date": f"^{_YEAR}",
    "date-time": f"^{_YEAR}-.{{12}}[0-5]",
    "time": "^.{6}[0-5]",
}
# Every field is bounded, so that the sum stays inside timedelta's 999999999 days.
DURATION = (
    r"^-?P(?=[0-9T])([0-9]{1,6}W|([0-9]{1,6}D)?(T(?=[0-9])([0-9]{1,6}H)?([0-9]{1,6}M)?"
    r"([0-9]{1,6}(\.[0-9]{1,6})?S)?)?)$"
)
INTEGER_KEY = "^(0|-?[1-9][0-9]*)$"


def _duration(text: str) -> datetime.timedelta:
    if not re.search(DURATION, text):
        raise Mismatch(f"{text!r} is no duration")
    units = {"W": "weeks", "D": "days", "H": "hours", "M": "minutes", "S": "seconds"}
    found = {units[unit]: float(count) for count, unit in re.findall(r"([0-9.]+)([WDHMS])", text)}
    length = datetime.timedelta(**found)
    return -length if text.startswith("-") else length


def _utf8(text: str) -> bytes:
    return text.encode()


_SCALARS: dict[Any, tuple[dict[str, Any], tuple[type, ...], Reader]] = {
    str: ({"type": "string"}, (str,), str),
    int: ({"type": "integer"}, (int, float), int),
    float: ({"type": "number"}, (int, float), float),
    bool: ({"type": "boolean"}, (bool,), bool),
    type(None): ({"type": "null"}, (type(None),), lambda value: value),
    bytes: ({"type": "string"}, (str,), _utf8),
    decimal.Decimal: ({"type": "number"}, (int, float), lambda value: decimal.Decimal(str(value))),
    datetime.date: (
        {"type": "string", "format": "date", "pattern": DATE_PATTERNS["date"]},
        (str,),
        datetime.date.fromisoformat,
    ),
    datetime.datetime: (
        {"type": "string", "format": "date-time", "pattern": DATE_PATTERNS["date-time"]},
        (str,),
        lambda text: datetime.datetime.fromisoformat(text.upper()),
    ),
    datetime.time: (
        {"type": "string", "format": "time", "pattern": DATE_PATTERNS["time"]},
        (str,),
        lambda text: datetime.time.fromisoformat(text.upper()),
    ),
    datetime.timedelta: ({"type": "string", "pattern": DURATION}, (str,), _duration),
    uuid.UUID: ({"type": "string", "format": "uuid"}, (str,), uuid.UUID),
}


def is_scalar(tp: Any) -> bool:
    """Whether ``tp`` is one of the standard types with a single JSON value."""
    try:
        return tp in _SCALARS
    except TypeError:  # not hashable
        return False


def scalar(tp: Any) -> Part:
    """The part of a standard type that :func:`is_scalar`."""
    schema, accepted, convert = _SCALARS[tp]

    def read(value: Any) -> Any:
        if not isinstance(value, accepted) or (isinstance(value, bool) and tp is not bool):
            raise Mismatch(f"{value!r} is no {name_of(tp)}")
        number: Any = value
        if tp is int and number != int(number):
            raise Mismatch(f"{value!r} is no integer")
        return convert(value)

    return Part(dict(schema), read)


def literal(values: list[Any], path: Path) -> Part:
    """The part of ``Literal[values]``; members of enumerations stand for their values."""
    members = [member.value if isinstance(member, enum.Enum) else member for member in values]
    return _one_of(members, values, path)


def enumeration(tp: type[enum.Enum], path: Path) -> Part:
    """The part of an Enum: the values of its members."""
    return _one_of([member.value for member in tp], list(tp), (*path, tp.__name__))


def _one_of(json_values: list[Any], results: list[Any], path: Path) -> Part:
    for value in json_values:
        if value is not None and not isinstance(value, (str, int, float)):
            raise InvalidSchema(
                f"the member {value!r} has no JSON form; use strings, numbers, booleans or None",
                pointer=pointer(path),
            )
    if not json_values:
        raise InvalidSchema(
            "an enumeration without members allows nothing; give it one", pointer=pointer(path)
        )
    table = {_key(value): result for value, result in reversed(list(zip(json_values, results, strict=True)))}

    def read(value: Any) -> Any:
        try:
            return table[_key(value)]
        except (KeyError, TypeError):
            raise Mismatch(f"{value!r} is none of {json_values!r}") from None

    # Else 2.0 would be a spelling of 2.
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in json_values)
    return Part({"type": "integer", "enum": json_values} if whole else {"enum": json_values}, read)


def _key(value: Any) -> tuple[str, Any]:
    """JSON tells true from 1 but not 1 from 1.0; Python does it the other way round."""
    return ("number" if isinstance(value, (int, float)) and not isinstance(value, bool) else "", value)


def read_integer_key(key: str) -> int:
    """The integer a member's name spells; Mismatch when it spells none."""
    if not re.fullmatch(INTEGER_KEY, key):
        raise Mismatch(f"the key {key!r} is no integer")
    return int(key)
