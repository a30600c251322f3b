"""Is a text a valid output, and if not: where, what was expected there, and which keywords refuse it.

The text is read by the same automaton that masks are made from; it stops at the first byte after which no
valid text can follow.  Which keywords are to blame is asked of the schema with keywords switched off
(grammars/json_schema/relax.py), a bounded number of times.

Knows no tokenizer and no model.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from structgen import _native
from structgen.byte_walk import END, TERMINATORS, JsonPosition, byte_vocabulary, pointer
from structgen.constraint import Constraint, compile
from structgen.errors import ComplexityLimitExceeded, GrammarError, UnsatisfiableSchema
from structgen.examples import grammar_of
from structgen.expectation import expected_in_json, expected_in_text
from structgen.grammars.grammar import Grammar
from structgen.grammars.json_schema import JsonSchema
from structgen.grammars.json_schema.conflict import STEPS
from structgen.grammars.json_schema.relax import Exhausted, Relaxation, Site, leaves, to_blame
from structgen.grammars.json_schema.text import excerpt, parse_json
from structgen.matcher import Matcher

_CHUNK = 1 << 16
# What finding the keywords to blame may cost: bytes read again, in all questions together.
MAX_REREAD = 2_000_000
MAX_UNANSWERED = 20
# The specification's own reading: every text of a valid value is valid.
_DEFAULTS = {"property_order": "any", "whitespace": "any", "numbers": "any", "escapes": "any"}


@dataclass(frozen=True)
class Problem:
    """Why a text is not valid.

    ``offset`` counts the characters before the place (``line`` and ``column`` count from 1), ``pointer``
    is the JSON pointer of the part of the instance that was being read.  ``found`` is the character
    there, empty at the end of the text.  ``expected`` says in words what could have come, and
    ``completion`` is a short text that would have made the output valid.  ``keywords`` are pointers into
    the schema: the keywords that refuse the text, none of which can be left out; empty where no schema
    allows it (then ``reason`` says why) or they could not be found in bounded work.

    ``str(problem)`` is all of it in one sentence.
    """

    offset: int
    line: int
    column: int
    pointer: str
    found: str
    expected: tuple[str, ...]
    completion: str
    keywords: tuple[str, ...]
    reason: str = ""

    def __str__(self) -> str:
        what = f"{self.found!r} is not allowed here" if self.found else "the text may not end here"
        parts = [f"line {self.line}, column {self.column} (at {self.pointer or '/'} of the instance): {what}"]
        if self.reason:
            parts.append(self.reason)
        if self.expected:
            parts.append("expected " + " or ".join(self.expected))
        if self.keywords:
            parts.append("because of " + ", ".join(self.keywords))
        return "; ".join(parts)


@dataclass(frozen=True)
class Validation:
    """What :func:`validate` found: ``valid``, the ``value`` when it is, the ``problem`` when it is not.

    True in a condition exactly when the text is valid.
    """

    valid: bool
    value: Any = None
    problem: Problem | None = None

    def __bool__(self) -> bool:
        return self.valid

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict and the problem as plain JSON values."""
        problem = None
        if self.problem is not None:
            problem = {**vars(self.problem), "message": str(self.problem)}
            problem |= {name: list(problem[name]) for name in ("expected", "keywords")}
        return {"valid": self.valid, "problem": problem}


def validate(what: Any, text: str | bytes, **options: Any) -> Validation:
    """Say whether ``text`` is an output of a grammar, and if not where and why.

    ``what`` is what :func:`compile` takes: a schema, a Grammar, a list of choices or a
    type.  A schema or type is read with the options of :func:`json_schema`, which
    default to "any" here (order, whitespace, numbers, escapes): every text of a valid
    value is valid.  A finished Grammar keeps its own.  A key that stands twice in one
    object is refused.

    Raises what :func:`compile` raises for the schema, but never for a text; a schema
    that no value satisfies makes every text invalid.  Cost: linear in the text, and
    for an invalid one a bounded search for the keywords to blame.

    >>> import structgen as sg
    >>> schema = {"type": "object", "properties": {"age": {"type": "integer", "minimum": 18}}}
    >>> sg.validate(schema, '{"age": 36}').value
    {'age': 36}
    >>> problem = sg.validate(schema, '{"age": 6}').problem
    >>> problem.column, problem.pointer, problem.keywords
    (10, '/age', ('/properties/age/minimum',))
    """
    grammar = grammar_of(what, _DEFAULTS, options)
    data = text if isinstance(text, bytes | bytearray) else text.encode("utf-8", "surrogatepass")
    data = bytes(data)
    try:
        constraint = compile(grammar, byte_vocabulary(), special_as_text=True)
    except UnsatisfiableSchema as error:
        return Validation(False, problem=_problem(data, 0, "", (), b"", error.conflict, error.reason))
    matcher = constraint.matcher()
    accepted = 0
    while accepted < len(data):
        chunk = data[accepted : accepted + _CHUNK]
        count = matcher.try_advance(list(chunk))
        accepted += count
        if count < len(chunk):
            break
    if accepted == len(data) and matcher.can_stop:
        return Validation(True, value=_value(grammar, data))
    completion = matcher.completion_text()
    if not isinstance(grammar, JsonSchema):
        expected = expected_in_text(matcher)
        return Validation(False, problem=_problem(data, accepted, "", expected, completion, ()))
    position = JsonPosition()
    position.feed(data[:accepted])
    expected = expected_in_json(constraint, matcher, grammar, data[:accepted], position)
    keywords, reason = _blame(constraint, grammar, data, accepted, position)
    place = pointer(_place(position, data[accepted : accepted + 1], matcher))
    return Validation(False, problem=_problem(data, accepted, place, expected, completion, keywords, reason))


def _place(position: JsonPosition, found: bytes, matcher: Matcher) -> list[Any]:
    """The part of the instance that is wrong: what holds the value just read, once that is complete."""
    path = position.path()
    complete = position.state == "after"
    if position.state in ("number", "word") and found and found in b" \t\n\r,]}":
        complete = not TERMINATORS.isdisjoint(matcher.allowed_tokens())
    if position.state == "value" and found == b"]":
        complete = True  # an array that may not be empty, or may not end with a comma
    return path[:-1] if complete and position.stack else path


def _value(grammar: Grammar, data: bytes) -> Any:
    text = data.decode()
    try:
        return grammar.parse(text)
    except RecursionError:
        return parse_json(text)
    except ValueError:  # an integer longer than the interpreter converts: nearly the value
        return json.loads(text, parse_int=float)


def _problem(
    data: bytes,
    accepted: int,
    place: str,
    expected: tuple[str, ...],
    completion: bytes,
    keywords: tuple[str, ...],
    reason: str = "",
) -> Problem:
    # Inside a character the place is that character's.
    start = accepted
    while start > 0 and start < len(data) and data[start] & 0xC0 == 0x80 and accepted - start < 3:
        start -= 1
    before = data[:start].decode("utf-8", "replace")
    found = ""
    if accepted < len(data):
        found = data[start : start + 4].decode("utf-8", "replace")[:1]
    return Problem(
        offset=len(before),
        line=before.count("\n") + 1,
        column=len(before) - before.rfind("\n"),
        pointer=place,
        found=found,
        expected=expected,
        completion=completion.decode("utf-8", "ignore")[:200],
        keywords=keywords,
        reason=reason,
    )


def _blame(
    constraint: Constraint, grammar: JsonSchema, data: bytes, accepted: int, position: JsonPosition
) -> tuple[tuple[str, ...], str]:
    """Return the keywords that refuse the text at ``accepted``, or why there are none."""
    try:
        questions = _Questions(constraint, grammar, data, accepted)
        core = to_blame(questions.relaxation, questions.refused)
        if core is None:
            return (), ""
    except (Exhausted, GrammarError):
        return (), ""
    if core:
        return tuple(site.pointer for site in leaves(core)), ""
    # No schema at all allows this text, with the options given.
    if position.state == "name" and position.stack:
        name = _name_being_read(data, accepted, position)
        if name is not None and name in position.stack[-1].keys:
            return (), f"the key {excerpt(name)} stands twice in this object"
    return (), "this is not JSON" if _broken(data) else "not written as the options say"


def _name_being_read(data: bytes, accepted: int, position: JsonPosition) -> str | None:
    end = data.find(b'"', accepted)
    try:
        name = json.loads(data[position.started : end + 1].decode())
    except ValueError:
        return None
    return name if isinstance(name, str) else None


def _broken(data: bytes) -> bool:
    def refuse(name: str) -> None:
        raise ValueError(name)

    try:
        json.loads(data.decode(), parse_constant=refuse)
    except ValueError:
        return True
    except RecursionError:
        return False
    return False


class _Questions:
    """Is the text refused when only some keywords count?"""

    def __init__(self, constraint: Constraint, grammar: JsonSchema, data: bytes, accepted: int) -> None:
        self.grammar = grammar
        self.vocabulary = constraint.vocabulary
        self.ends = accepted == len(data)
        self.tokens = list(data[: accepted + 1])
        self.store = _native.Store()
        self.relaxation = Relaxation(grammar, self.store)
        self.reread = 0
        self.unanswered = 0

    def refused(self, active: list[Site]) -> bool:
        self.reread += len(self.tokens)
        if self.reread > MAX_REREAD:
            raise Exhausted
        grammar = self.grammar
        try:
            root = self.relaxation.formula({site.pointer for site in active})
            # The search for a first value must be short: it is asked for many times.
            if not self.store.has_value(
                root, grammar.property_order == "any", grammar.numbers == "any", STEPS
            ):
                return True
            native = _native.Constraint.from_formula(
                self.store,
                root,
                grammar.property_order,
                grammar.whitespace,
                grammar.numbers,
                grammar.escapes,
                grammar.words,
                self.vocabulary.trie,
                self.vocabulary.width,
                [END],
            )
            if native is None:
                return True
            matcher = native.matcher()
            if matcher.try_advance(self.tokens) < len(self.tokens):
                return True
            return self.ends and not matcher.can_stop
        except ComplexityLimitExceeded:
            self.unanswered += 1
            if self.unanswered > MAX_UNANSWERED:
                raise Exhausted from None
            return False
