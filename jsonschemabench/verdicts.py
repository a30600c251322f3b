"""How a schema can come out, from best to worst; the same words in every track, table and file."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = [
    "CRASH",
    "INVALIDATION",
    "MEANS",
    "MEMORY",
    "MISSING",
    "ORDER",
    "PASSING",
    "REFUSED",
    "TIMEOUT",
    "UNFINISHED",
    "VALIDATION",
    "worst",
]

PASSING = "passing"
MISSING = "missing"
REFUSED = "refused"
UNFINISHED = "unfinished"
VALIDATION = "validation error"
TIMEOUT = "timeout"
MEMORY = "out of memory"
CRASH = "crash"
INVALIDATION = "invalidation error"

ORDER = (PASSING, MISSING, REFUSED, UNFINISHED, VALIDATION, TIMEOUT, MEMORY, CRASH, INVALIDATION)
"""Worse towards the end: to accept what a schema forbids is worst, because nobody notices."""

MEANS = {
    PASSING: "compiled, and right about everything that was tried",
    MISSING: "the engine is not installed",
    REFUSED: "the schema was not compiled",
    UNFINISHED: "the output did not end within the tokens it was given",
    VALIDATION: "something valid was refused",
    TIMEOUT: "took longer than the time limit",
    MEMORY: "took more memory than the limit",
    CRASH: "an error that is no refusal, or the end of the process",
    INVALIDATION: "something invalid was accepted",
}


def worst(verdicts: Iterable[str]) -> str:
    """The worst of several verdicts; passing where there are none.

    >>> worst([VALIDATION, INVALIDATION, PASSING])
    'invalidation error'
    """
    return max(verdicts, key=ORDER.index, default=PASSING)
