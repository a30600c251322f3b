"""Why a schema has no value, or why finding one takes too long: the keywords that are to blame.

Keywords are switched off by halves (relax.py) until none of those left can be spared.  Every question is a
search of few steps and their number is bounded, so an explanation costs at most about a second; where that is
not enough there is none, and the plain message has to do.

Knows no vocabulary and no matcher.
"""

from __future__ import annotations

import sys
from typing import Any

from structgen import _native
from structgen.errors import ComplexityLimitExceeded, GrammarError, UnsatisfiableSchema

from .builder import COUNT_LIMIT
from .relax import Exhausted, Relaxation, Site, common_place, leaves, smallest, to_blame
from .schema import JsonSchema
from .text import excerpt

# What one question may cost, and how many may run out of it.
STEPS = 3_000
MAX_UNANSWERED = 40
# A longer list of keywords explains nothing.
MAX_SHOWN = 12

_LEAST = ("minLength", "minItems", "minProperties", "minContains")


class _Questions:
    """Is there a value when only some keywords count?"""

    def __init__(self, grammar: JsonSchema) -> None:
        self.grammar = grammar
        self.store = _native.Store()
        self.relaxation = Relaxation(grammar, self.store)
        self.unanswered = 0

    def answer(self, active: list[Site]) -> bool | None:
        """Return whether there is a value, None when the search takes too long."""
        any_order = self.grammar.property_order == "any"
        any_number = self.grammar.numbers == "any"
        try:
            root = self.relaxation.formula({site.pointer for site in active})
            return self.store.has_value(root, any_order, any_number, STEPS)
        except ComplexityLimitExceeded as error:
            # Budgets about patterns are not ours to lower, and take seconds to run out of.
            self.unanswered += 8 if error.limit.startswith(("regex", "overlapping")) else 1
            if self.unanswered > MAX_UNANSWERED:
                raise Exhausted from None
            return None

    def none(self, active: list[Site]) -> bool:
        return self.answer(active) is False

    def hard(self, active: list[Site]) -> bool:
        return self.answer(active) is None


def why_unsatisfiable(grammar: JsonSchema) -> GrammarError:
    """Return the error for a schema that has no value, naming keywords that exclude each other.

    Where one of them asks for more than any document holds, that is ComplexityLimitExceeded.
    """
    plain = UnsatisfiableSchema("no JSON value satisfies this schema")
    if grammar.schema is False:
        return UnsatisfiableSchema("no JSON value satisfies the schema false")
    try:
        questions = _Questions(grammar)
        core = to_blame(questions.relaxation, questions.none)
        if core is None:
            return plain
    except (Exhausted, GrammarError):
        return plain
    shown = leaves(core)
    for site in shown:
        if site.keyword in _LEAST and isinstance(site.value, int | float) and site.value >= COUNT_LIMIT:
            return ComplexityLimitExceeded(
                f"{site.keyword} asks for {excerpt(site.value)}, more than any output holds; write less",
                limit=f"{COUNT_LIMIT - 1}",
                pointer=site.pointer,
            )
    if not shown or len(shown) > MAX_SHOWN:
        return plain
    return UnsatisfiableSchema(
        _sentence(grammar, core, shown),
        pointer=common_place(shown),
        conflict=tuple(site.pointer for site in shown),
    )


def why_hard(grammar: JsonSchema, error: ComplexityLimitExceeded) -> ComplexityLimitExceeded:
    """Return ``error`` with the pointer of the keywords that make the search long, where it can be found."""
    if error.pointer:
        return error
    smallest_known: list[Site] = []
    try:
        questions = _Questions(grammar)

        def hard(active: list[Site]) -> bool:
            nonlocal smallest_known
            found = questions.hard(active)
            if found and len(active) < len(smallest_known):
                smallest_known = active
            return found

        smallest_known = questions.relaxation.sites
        if not questions.hard(smallest_known):
            return error
        smallest_known = smallest(smallest_known, hard)
    except Exhausted:
        pass
    except GrammarError:
        return error
    shown = leaves(smallest_known)
    counted = [site for site in shown if site.keyword not in ("type", "required")]
    place = common_place(counted or shown)
    if not place:
        return error
    return ComplexityLimitExceeded(error.reason, limit=error.limit, pointer=place)


def _sentence(grammar: JsonSchema, core: list[Site], shown: list[Site]) -> str:
    extra = " with extra_keys='never'" if grammar.extra_keys == "never" else ""
    if len(shown) == 1:
        (site,) = shown
        return f"no JSON value satisfies {_described(site)}{extra}"
    listed = ", ".join(_described(site) for site in shown[:-1])
    sentence = f"no JSON value satisfies {listed} and {_described(shown[-1])} together{extra}"
    if _goes_round(core):
        sentence += "; through $ref every value needs another one inside it, without end"
    if grammar.numbers == "float64" and any(_huge(site.value) for site in shown):
        sentence += "; no 64-bit float is that large, numbers='any' allows longer ones"
    return sentence


def _huge(value: Any) -> bool:
    return isinstance(value, int | float) and not -sys.float_info.max <= value <= sys.float_info.max


def _described(site: Site) -> str:
    value: Any = site.value
    if isinstance(value, dict | list) and not _plain(value):
        return f"{site.keyword} (at {site.pointer})"
    if isinstance(value, list):
        text = ", ".join(excerpt(part, 20) for part in value) or "[]"
    else:
        text = excerpt(value, 40)
    return f"{site.keyword} {text} (at {site.pointer})"


def _plain(value: Any) -> bool:
    return isinstance(value, list) and len(value) <= 5 and not any(isinstance(v, dict | list) for v in value)


def _goes_round(core: list[Site]) -> bool:
    """Whether references in the core lead from one place back to it."""
    references = [site for site in core if site.keyword == "$ref" and isinstance(site.value, str)]
    edges: dict[str, set[str]] = {}
    for site in references:
        target = site.value.removeprefix("#")
        inside = {
            other.value.removeprefix("#") for other in references if other.pointer.startswith(target + "/")
        }
        edges.setdefault(target, set()).update(inside)
    for start in edges:
        waiting, seen = [start], set()
        while waiting:
            for following in edges.get(waiting.pop(), ()):
                if following == start:
                    return True
                if following not in seen:
                    seen.add(following)
                    waiting.append(following)
    return False
