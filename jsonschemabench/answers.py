"""How much of an expected answer an output has right."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["first_value", "matching"]

_NOTHING = object()


def first_value(text: str) -> Any:
    """The first JSON object or array in a text, as people who do not constrain take it out; None without one.

    >>> first_value('Sure! {"a": 1} Anything else?')
    {'a': 1}
    """
    decoder = json.JSONDecoder()
    stripped = text.strip()
    try:
        return json.loads(stripped)
    except (ValueError, RecursionError):
        pass
    for place, character in enumerate(stripped):
        if character in "{[":
            try:
                return decoder.raw_decode(stripped, place)[0]
            except (ValueError, RecursionError):
                continue
    return None


def matching(expected: Any, found: Any) -> tuple[int, int]:
    """How many scalars of ``expected`` stand at the same place in ``found``, and how many there are.

    An empty object or array counts as one; strings are compared without surrounding blanks.

    >>> matching({"name": "Ada", "tags": ["x", "y"]}, {"name": "Ada", "tags": ["x"], "age": 3})
    (2, 3)
    """
    right = whole = 0
    pending = [(expected, found)]
    while pending:
        want, have = pending.pop()
        if isinstance(want, dict) and want:
            members = have if isinstance(have, dict) else {}
            pending.extend((value, members.get(key, _NOTHING)) for key, value in want.items())
        elif isinstance(want, list) and want:
            items = have if isinstance(have, list) else []
            pending.extend(
                (value, items[index] if index < len(items) else _NOTHING) for index, value in enumerate(want)
            )
        else:
            whole += 1
            right += _same(want, have)
    return right, whole


def _same(want: Any, have: Any) -> bool:
    if isinstance(want, str) and isinstance(have, str):
        return want.strip() == have.strip()
    if isinstance(want, bool) or isinstance(have, bool):
        return want is have
    return bool(want == have)
