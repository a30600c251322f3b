"""A plain-Python store: records what keyword functions build, prints it, and evaluates it.

The same interface as the native store, in the shortest code that is obviously
right, so that lowering can be tested through printing and every keyword against
a validator, without compiling anything.  Knows no keyword and no masks.

Notation of the printed form:

    ⊤ ⊥              true, false            a ∧ b, a ∨ b, ¬a   the connectives
    one(a, b)        exactly one holds      type(object)       of that JSON type
    string(L)        a string in L          members(K, S, n)   ≥ n members, key in K, value S
    items(i..j,S,n)  ≥ n items at i..j, S   number(≥ 3)        a number with that property
    declare(a, b)    ⊤, naming members      #3                 a reference; printed once below
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from structgen.errors import RegexSyntaxError

SPACE = "\\t\\n\\v\\f\\r \\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"


class RecordingRegex:
    """Languages as predicates; 0 is nothing, 1 the empty string, 2 every string."""

    def __init__(self) -> None:
        self.nodes: list[tuple[Any, ...]] = [("words", frozenset()), ("words", frozenset({""})), ("any",)]
        self._ids: dict[tuple[Any, ...], int] = {node: index for index, node in enumerate(self.nodes)}
        self._compiled: dict[int, re.Pattern[str]] = {}

    def _node(self, *node: Any) -> int:
        found = self._ids.get(node)
        if found is None:
            found = self._ids[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def words(self, words: list[str]) -> int:
        return self._node("words", frozenset(words))

    def literal(self, text: str) -> int:
        return self.words([text])

    def alternate(self, parts: list[int]) -> int:
        parts = [part for part in dict.fromkeys(parts) if part != 0]
        if 2 in parts:
            return 2
        if all(self.nodes[part][0] == "words" for part in parts):
            return self.words([word for part in parts for word in self.nodes[part][1]])
        return parts[0] if len(parts) == 1 else self._node("or", tuple(parts))

    def intersect(self, parts: list[int]) -> int:
        parts = [part for part in dict.fromkeys(parts) if part != 2]
        for part in parts:
            if self.nodes[part][0] == "words":
                rest = [other for other in parts if other != part]
                return self.words([w for w in self.nodes[part][1] if all(self.matches(o, w) for o in rest)])
        if len(parts) < 2:
            return parts[0] if parts else 2
        return self._node("and", tuple(parts))

    def concat(self, parts: list[int]) -> int:
        return self._node("concat", tuple(parts))

    def complement(self, part: int) -> int:
        if part in (0, 2):
            return 2 - part
        return self.nodes[part][1] if self.nodes[part][0] == "not" else self._node("not", part)

    def repeat(self, part: int, least: int, most: int | None) -> int:
        return self._node("repeat", part, least, most)

    def pattern(self, pattern: str) -> int:
        try:
            compiled = re.compile(ecma(pattern), re.ASCII)
        except (re.error, OverflowError, RecursionError) as error:
            raise RegexSyntaxError(str(error), pattern=pattern) from None
        node = self._node("pattern", pattern)
        self._compiled[node] = compiled
        return node

    def empty(self, part: int) -> bool:
        return part == 0 or self.nodes[part] == ("words", frozenset())

    def matches(self, part: int, text: str) -> bool:
        node = self.nodes[part]
        kind = node[0]
        if kind == "any":
            return True
        if kind == "words":
            return text in node[1]
        if kind == "pattern":
            return self._compiled[part].search(text) is not None
        if kind == "not":
            return not self.matches(node[1], text)
        if kind == "and":
            return all(self.matches(inner, text) for inner in node[1])
        if kind == "or":
            return any(self.matches(inner, text) for inner in node[1])
        if kind == "concat":
            ends = {0}
            for inner in node[1]:
                ends = {e for s in ends for e in range(s, len(text) + 1) if self.matches(inner, text[s:e])}
            return len(text) in ends
        _, inner, least, most = node
        if self.nodes[inner] == ("pattern", r"^[\s\S]$"):
            return least <= len(text) and (most is None or len(text) <= most)
        counts: dict[int, set[int]] = {0: {0}}  # position: how many repetitions end there
        for end in range(1, len(text) + 1):
            for start in list(counts):
                if self.matches(inner, text[start:end]):
                    counts.setdefault(end, set()).update(count + 1 for count in counts[start])
        reached = counts.get(len(text), set())
        if self.matches(inner, ""):
            reached = reached | set(range(min(reached, default=0), least + 1))
        return any(least <= count and (most is None or count <= most) for count in reached)

    def print(self, part: int) -> str:
        node = self.nodes[part]
        if node[0] == "any":
            return "Σ*"
        if node[0] == "words":
            words = sorted(node[1])
            shown = ", ".join(repr(word) for word in words[:4]) + (
                f", … {len(words)}" if len(words) > 4 else ""
            )
            return "{" + shown + "}"
        if node[0] == "pattern":
            return f"/{node[1]}/"
        if node[0] == "not":
            return "~" + self.print(node[1])
        if node[0] == "repeat":
            return f"{self.print(node[1])}{{{node[2]},{'' if node[3] is None else node[3]}}}"
        mark = {"and": " & ", "or": " | ", "concat": " "}[node[0]]
        return "(" + mark.join(self.print(inner) for inner in node[1]) + ")"


def compile_pattern(regex: RecordingRegex, pattern: str) -> tuple[int, list[str]]:
    """Stand in for the native pattern reader."""
    return regex.pattern(pattern), []


def ecma(pattern: str) -> str:
    """Rewrite an ECMA-262 pattern for Python's re."""
    out: list[str] = []
    at, inside = 0, False
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "\\":
            char = pattern[at : at + 1]
            at += 1
            if char in "sS":
                if inside:
                    out.append(SPACE if char == "s" else "\\S")
                else:
                    out.append(f"[{'^' if char == 'S' else ''}{SPACE}]")
            elif char == "u" and (
                found := re.compile(r"\{([0-9a-fA-F]+)\}|([0-9a-fA-F]{4})").match(pattern, at)
            ):
                at = found.end()
                code = int(found.group(1) or found.group(2), 16)
                low = re.compile(r"\\u([dD][c-fC-F][0-9a-fA-F]{2})").match(pattern, at)
                if 0xD800 <= code < 0xDC00 and low:
                    at = low.end()
                    code = 0x10000 + ((code - 0xD800) << 10) + int(low.group(1), 16) - 0xDC00
                out.append(re.escape(chr(code)))
            elif char == "c" and pattern[at : at + 1].isalpha():
                out.append(re.escape(chr(ord(pattern[at]) & 31)))
                at += 1
            elif char in "zZ" and not inside:
                out.append("\\Z")
            elif char in "pPk":
                raise RegexSyntaxError(
                    "a property or backreference, which this stand-in lacks", pattern=pattern
                )
            elif char.isalnum() or char in "\\":
                out.append("\\" + char)
            else:
                out.append(re.escape(char))
        elif inside:
            if char == "]":
                inside = False
            out.append("\\[" if char == "[" else "\\" + char if char in "&|~" else char)
        elif char == "[":
            if pattern.startswith("]", at):
                at += 1
                out.append("(?!)")
            elif pattern.startswith("^]", at):
                at += 2
                out.append("[\\s\\S]")
            else:
                inside = True
                out.append("[")
                if pattern.startswith("^", at):
                    at += 1
                    out.append("^")
        elif char == "$":
            out.append("\\Z")
        elif char == ".":
            out.append("[^\\n\\r\\u2028\\u2029]")
        elif char == "(" and pattern.startswith("?<", at) and pattern[at + 2 : at + 3] not in ("=", "!"):
            out.append("(?P<")
            at += 2
        else:
            out.append(char)
    return "".join(out)


class RecordingStore:
    """Formulas as tuples; the oracle for what a formula means."""

    def __init__(self, regex: Any = None) -> None:
        self.regex = RecordingRegex() if regex is None else regex
        self.nodes: list[tuple[Any, ...]] = [("false",), ("true",)]
        self._ids: dict[tuple[Any, ...], int] = {("false",): 0, ("true",): 1}
        self.resolvers: list[Callable[[], int]] = []

    def _node(self, *node: Any) -> int:
        found = self._ids.get(node)
        if found is None:
            found = self._ids[node] = len(self.nodes)
            self.nodes.append(node)
        return found

    def type_(self, name: str) -> int:
        assert name in ("null", "boolean", "number", "string", "array", "object"), name
        return self._node("type", name)

    def boolean(self, value: bool) -> int:
        return self._node("boolean", value)

    def string(self, language: int) -> int:
        return self._node("string", language)

    def at_least(self, number: str) -> int:
        return self._node("number", "≥", number)

    def more_than(self, number: str) -> int:
        return self._node("number", ">", number)

    def integer(self) -> int:
        return self._node("number", "integer", "1")

    def integer_written(self) -> int:
        return self._node("number", "written as integer", "1")

    def multiple_of(self, number: str) -> int:
        return self._node("number", "multiple of", number)

    def number_equals(self, number: str) -> int:
        return self._node("number", "=", number)

    def members(self, keys: int, schema: int, count: int) -> int:
        return self._node("members", keys, schema, count)

    def items(self, start: int, stop: int | None, schema: int, count: int) -> int:
        return self._node("items", start, stop, schema, count)

    def distinct(self) -> int:
        return self._node("distinct")

    def all_of(self, parts: list[int]) -> int:
        return self._node("and", *parts)

    def any_of(self, parts: list[int]) -> int:
        return self._node("or", *parts)

    def exactly_one(self, parts: list[int]) -> int:
        return self._node("one", *parts)

    def not_(self, part: int) -> int:
        return self._node("not", part)

    def declare(self, names: list[str]) -> int:
        return self._node("declare", *names)

    def properties(self, names: list[str], schemas: list[int]) -> int:
        parts = [
            self.not_(self.members(self.regex.literal(name), self.not_(schema), 1))
            for name, schema in zip(names, schemas, strict=True)
            if schema != 1
        ]
        return self.all_of([self.declare(names), *parts]) if parts else self.declare(names)

    def requires(self, names: list[str]) -> int:
        parts = [self.members(self.regex.literal(name), 1, 1) for name in names]
        return parts[0] if len(parts) == 1 else self.all_of(parts)

    def reference(self, resolver: Callable[[], int]) -> int:
        self.resolvers.append(resolver)
        return self._node("reference", len(self.resolvers) - 1)

    # --- Meaning.

    def holds(self, formula: int, value: Any) -> bool:
        """Say whether ``value`` satisfies ``formula``: the definition, literal by literal."""
        node = self.nodes[formula]
        kind = node[0]
        if kind in ("true", "declare"):
            return True
        if kind == "false":
            return False
        if kind == "not":
            return not self.holds(node[1], value)
        if kind == "and":
            return all(self.holds(part, value) for part in node[1:])
        if kind == "or":
            return any(self.holds(part, value) for part in node[1:])
        if kind == "one":
            return sum(self.holds(part, value) for part in node[1:]) == 1
        if kind == "reference":
            return self.holds(self.resolvers[node[1]](), value)
        if kind == "type":
            return type_of(value) == node[1]
        if kind == "boolean":
            return value is node[1]
        if kind == "string":
            return isinstance(value, str) and self.regex.matches(node[1], value)
        if kind == "number":
            if node[1] == "written as integer":
                return isinstance(value, int) and not isinstance(value, bool)
            return type_of(value) == "number" and compare(node[1], exact(value), exact(node[2]))
        if kind == "members":
            _, keys, schema, count = node
            if not isinstance(value, dict):
                return False
            return (
                sum(self.regex.matches(keys, k) and self.holds(schema, v) for k, v in value.items()) >= count
            )
        if kind == "distinct":
            return isinstance(value, list) and len({canonical(item) for item in value}) == len(value)
        _, start, stop, schema, count = node
        if not isinstance(value, list):
            return False
        part = value[start:] if stop is None else value[start : stop + 1]
        return sum(self.holds(schema, item) for item in part) >= count

    # --- Printing.

    def print(self, formula: int) -> str:
        """Print a formula, then each reference it reaches on a line of its own."""
        queue: list[int] = []
        lines = [self._print(formula, queue)]
        done = 0
        while done < len(queue):
            lines.append(f"#{queue[done]} = {self._print(self.resolvers[queue[done]](), queue)}")
            done += 1
        return "\n".join(lines)

    def _print(self, formula: int, queue: list[int]) -> str:
        node = self.nodes[formula]
        kind = node[0]

        def inner(part: int) -> str:
            return self._print(part, queue)

        if kind in ("true", "false"):
            return "⊤" if kind == "true" else "⊥"
        if kind == "not":
            return "¬" + inner(node[1])
        if kind in ("and", "or"):
            return "(" + (" ∧ " if kind == "and" else " ∨ ").join(inner(part) for part in node[1:]) + ")"
        if kind == "one":
            return "one(" + ", ".join(inner(part) for part in node[1:]) + ")"
        if kind == "reference":
            if node[1] not in queue:
                queue.append(node[1])
            return f"#{node[1]}"
        if kind == "string":
            return f"string({self.regex.print(node[1])})"
        if kind == "number":
            return f"number({node[1]})" if "integer" in node[1] else f"number({node[1]} {node[2]})"
        if kind == "members":
            return f"members({self.regex.print(node[1])}, {inner(node[2])}, {node[3]})"
        if kind == "items":
            stop = "" if node[2] is None else node[2]
            return f"items({node[1]}..{stop}, {inner(node[3])}, {node[4]})"
        if kind == "boolean":
            return "true" if node[1] else "false"
        return kind + ("(" + ", ".join(map(str, node[1:])) + ")" if len(node) > 1 else "")


def type_of(value: Any) -> str:
    """Return the JSON type of a Python value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {int: "number", float: "number", str: "string", list: "array", dict: "object"}
    return next(name for kind, name in names.items() if isinstance(value, kind))


def exact(value: Any) -> Fraction:
    """Return a number, or its text, exactly."""
    return Fraction(value if isinstance(value, (int, str)) else repr(value))


def compare(relation: str, value: Fraction, bound: Fraction) -> bool:
    if relation == "≥":
        return value >= bound
    if relation == ">":
        return value > bound
    if relation == "=":
        return value == bound
    return (value / bound).denominator == 1


def canonical(value: Any) -> Any:
    """Return a hashable form in which JSON-equal values are equal."""
    kind = type_of(value)
    if kind == "number":
        return kind, exact(value)
    if kind == "array":
        return kind, tuple(canonical(item) for item in value)
    if kind == "object":
        return kind, frozenset((key, canonical(item)) for key, item in value.items())
    return kind, value
