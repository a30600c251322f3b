"""Terminals as languages, built from the languages of the terminals they mention.

Lark joins the patterns of a terminal as they are written, and a part of it may look at its neighbours
(``/(?<!x)/``), be lazy, or reach over its end (``/a|b/ "c"`` is ``/a|bc/``): such a terminal is read as one
pattern here as well, of bounded length.  The languages of all others are joined, so that terminals which use
one another twice stay as small as they are written.  What ``&``, ``~`` or ``%regex`` make is no pattern, so
there each pattern stands for itself.

A lazy quantifier says that the text ends as soon as it can: of such a pattern those texts are meant that
do not begin with another of its texts.  Knows no rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any, TypeVar

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError, RegexSyntaxError
from structgen.grammars.lark.bodies import Step
from structgen.grammars.lark.definitions import Definition, Scope, undefined
from structgen.grammars.lark.literals import pattern_of, range_pattern, text_of
from structgen.grammars.regex.compile import compile_pattern

# Characters of a terminal that is read as one pattern; parts of one whose languages are put in a row.
_LONGEST = 100_000
_MOST_PARTS = 1_000_000
# A quantifier followed by "?", with what could be taken for one around it.
_LAZY = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<lazy>[*+?}]\?)", re.DOTALL)

_Value = TypeVar("_Value", int, str)
# What joins parts: how many, where that is not part of the step.
_JOINS = {"sequence": None, "choice": None, "both": None, "repeat": 1, "not": 1}


def language_of(regex: Any, pattern: str) -> tuple[int, list[str]]:
    """The texts of a whole pattern in Python's dialect, and notes on what was read as meant.

    Raises what compile_pattern raises.
    """
    language, notes = compile_pattern(regex, pattern, dialect="python")
    if "?" in pattern and any(match["lazy"] for match in _LAZY.finditer(pattern)):
        more = regex.repeat(regex.code_points([(0, 0x10FFFF)]), 1, None)
        longer = regex.concat([language, more])
        language = regex.intersect([language, regex.complement(longer)])
    return language, notes


class Terminals:
    """Reads terminals as expressions of ``regex``, each once; notes go into ``report``."""

    def __init__(self, regex: Any, report: Any = None) -> None:
        self.regex = regex
        self.report = report
        self._languages: dict[Definition, int] = {}
        self._patterns: dict[Definition, str] = {}
        self._as_one: dict[Definition, bool] = {}
        self._no_pattern: dict[Definition, bool] = {}
        self._rows: dict[int, int] = {}  # by language: how many parts stand in a row in it, where not one

    def language(self, definition: Definition) -> int:
        """The texts of a terminal; InvalidGrammar where it needs itself or what is not defined."""
        known = self._languages.get(definition)
        if known is not None:
            return known
        for one, mentioned in self._ordered(definition, self._languages):
            steps = [step for body, _ in one.bodies for step in body]
            self._no_pattern[one] = any(self._no_pattern[other] for other in mentioned) or any(
                step[0] in ("both", "not", "chunks") for step in steps
            )
            self._as_one[one] = not self._no_pattern[one] and (
                any(self._as_one[other] for other in mentioned) or not all(map(_stands_alone, steps))
            )
            self._languages[one] = self._read(one, len(steps) == 1 and not mentioned)
        return self._languages[definition]

    def part(self, step: Step, scope: Scope, name: str = "") -> int:
        """The texts of one literal, in a rule or the terminal of that name."""
        what, value, position = step
        called = f"the terminal {name}" if name else "a terminal"
        try:
            if what == "text" and value[-1] == '"':
                text = text_of(value)
                if not text:
                    raise ValueError("an empty text is no terminal; leave it out or use '?'")
                language: int = self.regex.literal(text)
                self._rows[language] = 1 + len(text) // 12
                return language
            if what == "chunks":
                return self._substring(value)
            pattern = range_pattern(*value) if what == "range" else pattern_of(value)[0]
            language, notes = language_of(self.regex, pattern)
            self._rows.setdefault(language, len(pattern))
        except RegexSyntaxError as error:
            shown = f"{error.reason} (at character {error.position} of {error.pattern!r})"
            scope.fail(f"{called}: {shown}", position)
        except UnicodeEncodeError:
            scope.fail(f"{called}: a lone surrogate stands in no text; remove it", position)
        except ValueError as error:
            scope.fail(f"{called}: {error}", position)
        if notes and self.report is not None:
            self.report.notes.extend(f"{called}: {note}" for note in notes)
        return language

    def _read(self, one: Definition, literal: bool) -> int:
        if self._as_one[one] and not literal:
            return self._one_pattern(one)
        try:
            return self._evaluated(
                one,
                lambda step, scope: self.part(step, scope, one.name),
                lambda other: self._languages[other],
                self._joined,
            )
        except GrammarSyntaxError as error:
            # What is no pattern by itself may be one together with its neighbours.
            if literal or self._no_pattern[one] or not isinstance(error.__context__, RegexSyntaxError):
                raise
            self._as_one[one] = True
            try:
                return self._one_pattern(one)
            except GrammarSyntaxError:
                raise error from None

    def _ordered(
        self, definition: Definition, done: dict[Definition, Any]
    ) -> Iterator[tuple[Definition, list[Definition]]]:
        """The terminals that are needed and not done, each after those it mentions, and with them."""
        work = [definition]
        open_ones: set[Definition] = set()
        while work:
            one = work[-1]
            if one in done:
                work.pop()
                continue
            mentioned = _mentioned(one)
            missing = [other for other, *_ in mentioned if other not in done]
            if not missing:
                work.pop()
                open_ones.discard(one)
                yield one, [other for other, *_ in mentioned]
                continue
            open_ones.add(one)
            for other, name, position, scope in mentioned:
                if other in open_ones:
                    scope.fail(
                        f"the terminal {name} is defined by itself; recursion is for rules", position, name
                    )
            work += missing

    def _evaluated(
        self,
        definition: Definition,
        part: Callable[[Step, Scope], _Value],
        known: Callable[[Definition], _Value],
        joined: Callable[[str, Any, list[_Value]], _Value],
    ) -> _Value:
        """What the bodies of a terminal come to; the readers are given literals, terminals and joins."""
        bodies: list[_Value] = []
        for steps, scope in definition.bodies:
            stack: list[_Value] = []
            for step in steps:
                what, value, _ = step
                if what == "terminal":
                    stack.append(known(scope.definitions[scope.renamed(value)]))
                elif what in _JOINS:
                    count = value if _JOINS[what] is None else 1
                    parts = stack[len(stack) - count :]
                    del stack[len(stack) - count :]
                    stack.append(joined(what, value, parts))
                else:
                    stack.append(part(step, scope))
            bodies += stack
        return bodies[0] if len(bodies) == 1 else joined("choice", len(bodies), bodies)

    def _joined(self, what: str, value: Any, parts: list[int]) -> int:
        regex = self.regex
        language: int
        if what == "sequence":
            total = sum(self._rows.get(part, 1) for part in parts)
            if total > _MOST_PARTS:
                raise ComplexityLimitExceeded(
                    f"a terminal is {total} texts in a row when the terminals it mentions are written out; "
                    "use repetition or rules",
                    limit=f"lark: {_MOST_PARTS} parts of a terminal",
                )
            counted = [(part, sum(1 for _ in same)) for part, same in groupby(parts)]
            once = [regex.repeat(part, count, count) if count > 1 else part for part, count in counted]
            language = regex.concat(once)
            self._rows[language] = sum(
                self._rows.get(part, 1) if count == 1 else 1 for part, count in counted
            )
        elif what == "choice":
            language = regex.alternate(parts)
        elif what == "repeat":
            language = regex.repeat(parts[0], *value)
        else:
            language = regex.intersect(parts) if what == "both" else regex.complement(parts[0])
        return language

    def _one_pattern(self, one: Definition) -> int:
        try:
            for other, _ in self._ordered(one, self._patterns):
                self._patterns[other] = self._evaluated(
                    other, _pattern, self._patterns.__getitem__, self._joined_patterns
                )
            language, notes = language_of(self.regex, self._patterns[one])
        except RegexSyntaxError as error:
            scope = one.bodies[0][1]
            shown = f"{error.reason} (at character {error.position} of {error.pattern!r})"
            scope.fail(f"the terminal {one.name}, written as one pattern: {shown}", one.bodies[0][0][0][2])
        if notes and self.report is not None:
            self.report.notes.extend(f"the terminal {one.name}: {note}" for note in notes)
        return language

    def _joined_patterns(self, what: str, value: Any, parts: list[str]) -> str:
        if sum(map(len, parts)) > _LONGEST:
            raise ComplexityLimitExceeded(
                f"a terminal with lookarounds or lazy quantifiers has more than {_LONGEST} characters when "
                "the terminals it mentions are written out; use rules",
                limit=f"lark: {_LONGEST} characters of a pattern",
            )
        if what == "sequence":
            return "".join(parts)
        if what == "choice":
            for part in parts:  # each is a pattern, and so no sign of it reaches over its end
                compile_pattern(self.regex, part, dialect="python")
            return f"(?:{'|'.join(parts)})"
        least, most = value
        return f"(?:{parts[0]}){{{least},{'' if most is None else most}}}"

    def _substring(self, chunks: tuple[str, ...]) -> int:
        """Some neighbours among these, or none."""
        regex = self.regex
        empty = regex.literal("")
        rest, starts = empty, [empty]
        for chunk in reversed(chunks):
            starts.append(regex.concat([regex.literal(chunk), rest]))
            rest = regex.alternate([empty, starts[-1]])
        whole: int = regex.alternate(starts)
        return whole


def _mentioned(definition: Definition) -> list[tuple[Definition, str, int, Scope]]:
    """The terminals that a terminal mentions, and where."""
    found = []
    for steps, scope in definition.bodies:
        for what, name, position in steps:
            if what == "terminal":
                other = scope.definitions.get(scope.renamed(name))
                if other is None:
                    undefined(scope, scope.definitions, name, position)
                if not other.bodies:
                    scope.fail(f"the terminal {name} is only declared; define it", position, name)
                found.append((other, name, position, scope))
    return found


def _pattern(step: Step, scope: Scope) -> str:
    what, value, position = step
    try:
        return range_pattern(*value) if what == "range" else pattern_of(value)[0]
    except ValueError as error:
        scope.fail(str(error), position)


def _stands_alone(step: Step) -> bool:
    try:
        return step[0] != "pattern" or pattern_of(step[1])[1]
    except ValueError:
        return True  # refused where it is read
