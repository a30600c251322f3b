r"""What stands behind ``%json`` and ``%regex``, additions of this library to Lark's notation.

    call: "call(" %json {"type": "object"} ")"         a JSON text that satisfies the schema
    WORDS: %regex {"substring_words": "to be or not"}  some neighbouring words of a text, or none

Knows no other token of the notation.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError
from structgen.grammars.context_free import place_in

_PATTERN = re.compile(r"/(?!/)[^/\\]*(?:\\[\s\S][^/\\]*)*/[imslux]*")
_SPACE = re.compile(r"\s*")
_SUBSTRINGS = ("substring_chunks", "substring_words", "substring_chars")
# Each is a level of nesting to the engine of regular expressions.
_MOST_CHUNKS = 3000


def embedded(text: str, head: str, position: int, end: int) -> tuple[tuple[str, Any, int], int]:
    """The token that ``head``, ``%json`` or ``%regex``, begins at ``position``, and the place behind it."""
    space = _SPACE.match(text, end)
    begin = space.end() if space else end
    if head == "%regex" and (pattern := _PATTERN.match(text, begin)):
        return ("pattern", pattern[0], position), pattern.end()
    try:
        value, end = json.JSONDecoder().raw_decode(text, begin)
    except json.JSONDecodeError as error:
        _fail(text, error.pos, f"{head} needs a JSON value, and this is malformed: {error.msg}")
    except RecursionError:
        raise ComplexityLimitExceeded(
            f"the value of {head} is nested too deeply; use $defs and $ref", limit="lark: nesting"
        ) from None
    if head == "%regex":
        return ("chunks", _chunks(text, begin, value), position), end
    if not isinstance(value, dict | bool):
        _fail(text, begin, "%json needs a JSON Schema: an object, true or false")
    return ("json", text[begin:end], position), end


def _chunks(text: str, position: int, value: Any) -> tuple[str, ...]:
    known = isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _SUBSTRINGS
    if not known:
        _fail(text, position, f"%regex needs /a pattern/ or an object with one of {', '.join(_SUBSTRINGS)}")
    kind, given = next(iter(value.items()))
    if kind == "substring_chunks":
        if not isinstance(given, list) or not all(isinstance(chunk, str) for chunk in given):
            _fail(text, position, "substring_chunks needs a list of texts")
        chunks = tuple(chunk for chunk in given if chunk)
    else:
        if not isinstance(given, str):
            _fail(text, position, f"{kind} needs a text")
        chunks = tuple(given if kind == "substring_chars" else re.findall(r"\s+|\w+|[^\w\s]+", given))
    if len(chunks) > _MOST_CHUNKS:
        raise ComplexityLimitExceeded(
            f"{kind} has {len(chunks)} pieces, and {_MOST_CHUNKS} are possible; for a long text put "
            "sg.substring_of() beside the grammar in a composition",
            limit=f"{kind}: {_MOST_CHUNKS} pieces",
        )
    return chunks


def _fail(text: str, position: int, message: str) -> NoReturn:
    raise GrammarSyntaxError(message, **place_in(text, position))
