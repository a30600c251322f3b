"""The steps that every track takes with an engine: compile a schema, look at a bit, read a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jsonschemabench import verdicts
from jsonschemabench.engines.engine import Engine, Mask, Reading, TokenRefused, Unsatisfiable
from jsonschemabench.records import Record
from jsonschemabench.tasks import Task

__all__ = ["allows", "compile_schema", "judged", "reading_of", "reads"]


def reading_of(task: Task, documents: Mapping[str, Any] | None = None) -> Reading:
    """The dialect, formats and other documents that belong to a task."""
    return Reading(
        dialect=task.dialect,
        formats=task.about.get("formats"),
        content=task.about.get("content"),
        documents=documents,
    )


def compile_schema(engine: Engine, schema: Any, reading: Reading) -> Record | None:
    """Compile; None where that went well, else the record of a refusal.

    Running out of memory is no refusal and passes through.
    """
    try:
        engine.compile(schema, reading)
    except MemoryError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return {"verdict": verdicts.REFUSED, "reason": reason[:300]}
    return None


def judged(refusal: Record, task: Task) -> Record:
    """A refusal; where an engine says that no text is valid, that is an answer, right if no instance is."""
    if not refusal["reason"].startswith(Unsatisfiable.__name__):
        return refusal
    wrong = any(instance.valid for instance in task.instances)
    return refusal | {"verdict": verdicts.VALIDATION if wrong else verdicts.PASSING}


def allows(row: Mask, token: int) -> bool:
    """Whether a mask has the bit of a token; a token beyond the row is not allowed."""
    word = token >> 5
    return word < len(row) and bool(int(row[word]) >> (token & 31) & 1)


def reads(engine: Engine, tokens: Sequence[int]) -> bool:
    """Whether the engine lets a model write these tokens and then end; from the start of an output."""
    engine.restart()
    for token in tokens:
        if not allows(engine.fill(), token):
            return False
        try:
            engine.advance(token)
        except TokenRefused:
            return False
    return allows(engine.fill(), engine.tokens.end)
