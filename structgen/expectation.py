"""What may come next, in words: from the bytes a matcher allows and where in a text one stands.

Names and constants are proposed by the schema (places.py) and listed only where the matcher allows them.
Knows no tokenizer and no model.
"""

from __future__ import annotations

import json
from typing import Any

from structgen.byte_walk import END, JsonPosition
from structgen.constraint import Constraint
from structgen.grammars.json_schema import JsonSchema
from structgen.grammars.json_schema.places import Places
from structgen.grammars.json_schema.text import excerpt
from structgen.matcher import Matcher

# Names, constants or characters listed before the rest is only counted.
MAX_LISTED = 8
MAX_TRIED = 200

_STARTS = {"{": "an object", "[": "an array", '"': "a string", "t": "true", "f": "false", "n": "null"}
_CLOSES = {"}": "the end of the object", "]": "the end of the array", ",": "a comma", ":": "a colon"}


def expected_in_text(matcher: Matcher) -> tuple[str, ...]:
    """Return what may come next in a text that is no JSON: characters, or its end."""
    allowed = matcher.allowed_tokens()
    found = [_characters([token for token in allowed if token != END])] if allowed != [END] else []
    if matcher.can_stop:
        found.append("the end of the text")
    return tuple(filter(None, found))


def expected_in_json(
    constraint: Constraint, matcher: Matcher, grammar: JsonSchema, read: bytes, position: JsonPosition
) -> tuple[str, ...]:
    """Return what may come after ``read``, the longest beginning of the text that a valid one has."""
    allowed = [token for token in matcher.allowed_tokens() if token != END]
    signs = {chr(token) for token in allowed if token < 128}
    places = Places(grammar).at(position.path())
    found: list[str] = []
    state = position.state
    if state == "value":
        found += _listed("one of", _constants(places), matcher) or _kinds(signs)
        if "]" in signs:
            found.append("the end of the array")
    elif state == "name":
        # The names possible here are those possible where this one began.
        start = constraint.matcher()
        start.try_advance(list(read[: position.started]))
        found += _names(places, position, start) or [_characters(allowed)]
        if "}" in _ascii(start):
            found.append("the end of the object")
    elif state == "key":
        found += _members(places, position, matcher, signs)
    elif state == "string":
        start = constraint.matcher()
        start.try_advance(list(read[: position.started]))
        texts = [text for text in _constants(places) if text.startswith('"')]
        found += _listed("one of", texts, start)
        if not found:
            # An escape can stand for any character: named only where nothing else is possible.
            more = [token for token in allowed if token not in b'"\\'] or [
                t for t in allowed if t != ord('"')
            ]
            found += ["the end of the string"] if '"' in signs else []
            found.append(_characters(more))
    else:
        if state in ("number", "word"):
            more = [token for token in allowed if chr(token) not in " \t\n\r,]}"]
            any_digit = state == "number" and set(b"0123456789") <= set(more)
            found += ["another digit"] if any_digit else [_characters(more)]
        if "," in signs:
            branch = matcher.fork()
            branch.try_advance([ord(",")])
            inside = bool(position.stack) and position.stack[-1].is_object
            container = Places(grammar).at(position.path()[:-1]) if inside else []
            names = _names(container, position, branch) if inside else []
            found += [f"a comma and {name}" for name in names] or ["a comma"]
        found += [_CLOSES[sign] for sign in "}]:" if sign in signs]
    if matcher.can_stop:
        found.append("the end of the text")
    return tuple(filter(None, dict.fromkeys(found)))


def _ascii(matcher: Matcher) -> set[str]:
    return {chr(token) for token in matcher.allowed_tokens() if token < 128}


def _kinds(signs: set[str]) -> list[str]:
    kinds = [name for sign, name in _STARTS.items() if sign in signs]
    if signs & set("-0123456789"):
        kinds.append(
            "a number" if signs & set("123456789") else _characters([ord(s) for s in signs & set("-0")])
        )
    return kinds


def _members(
    places: list[dict[str, Any]], position: JsonPosition, matcher: Matcher, signs: set[str]
) -> list[str]:
    found = _names(places, position, matcher) if '"' in signs else []
    if '"' in signs and not found:
        found.append("a key")
    if "}" in signs:
        found.append("the end of the object")
    return found


def _names(places: list[dict[str, Any]], position: JsonPosition, matcher: Matcher) -> list[str]:
    names: dict[str, None] = {}
    for schema in places:
        for keyword in ("properties", "required"):
            declared = schema.get(keyword)
            if declared.__class__ in (dict, list) and declared is not None:
                names.update(dict.fromkeys(name for name in declared if isinstance(name, str)))
    used = position.stack[-1].keys if position.stack else set()
    texts = [json.dumps(name, ensure_ascii=False) for name in names if name not in used]
    return _listed("the key", texts, matcher) or _listed("one of the keys", texts, matcher)


def _constants(places: list[dict[str, Any]]) -> list[str]:
    """The texts of constants that the schema allows at a place."""
    values: list[Any] = []
    for schema in places:
        if schema.get("enum").__class__ is list:
            values += schema["enum"][:MAX_TRIED]
        if "const" in schema:
            values.append(schema["const"])
    texts = []
    for value in values[:MAX_TRIED]:
        try:
            texts.append(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
        except (RecursionError, ValueError):
            continue
    return list(dict.fromkeys(texts))


def _listed(words: str, texts: list[str], matcher: Matcher) -> list[str]:
    """Say which of these texts the matcher allows, in one phrase; nothing where it allows none."""
    possible = [text for text in texts[:MAX_TRIED] if _accepts(matcher, text)]
    if not possible or (words == "the key" and len(possible) > 1):
        return []
    shown = ", ".join(excerpt_text(text) for text in possible[:MAX_LISTED])
    rest = len(possible) - MAX_LISTED
    if len(possible) == 1 and words == "one of":
        return [shown]
    return [f"{words} {shown}" + (f" and {rest} more" if rest > 0 else "")]


def excerpt_text(text: str) -> str:
    """Shorten a JSON text for a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"


def _accepts(matcher: Matcher, text: str) -> bool:
    try:
        data = list(text.encode())
    except UnicodeEncodeError:
        return False
    return matcher.fork().try_advance(data) == len(data)


def _characters(allowed: list[int]) -> str:
    """Name the characters that begin with these bytes."""
    plain = [chr(token) for token in allowed if 32 <= token < 127]
    if not allowed:
        return ""
    if len(allowed) > MAX_LISTED or len(plain) < len(allowed):
        few = ", ".join(excerpt(sign) for sign in plain[:MAX_LISTED])
        return "another character" if len(plain) > MAX_LISTED or not plain else f"another character, as {few}"
    return " or ".join(excerpt(sign) for sign in plain)
