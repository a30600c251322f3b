"""Hypothesis strategies of what a constraint lets a model emit: to test the code that reads a model's output.

Needs the package hypothesis.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from structgen.testing.emission import Emission
from structgen.vocabulary import Vocabulary

__all__ = ["schema_strategy"]


def schema_strategy(
    source: Any,
    *,
    as_text: bool = False,
    max_tokens: int = 200,
    vocabulary: Vocabulary | None = None,
    **options: Any,
) -> st.SearchStrategy[Any]:
    """A strategy of values (or texts) that generation under ``source`` can end with.

    ``source`` is what `structgen.compile` takes: a schema, a Pydantic class, a type, a regular expression;
    ``options`` are those of `structgen.json_schema`, and should be the ones the application generates with.
    Every text of the grammar up to ``max_tokens`` tokens can come; failures shrink towards the shortest
    output. With a ``vocabulary`` (default: a token a byte) outputs are spelled in its tokens.

    Values are what ``json.loads`` makes of the text; ``as_text=True`` gives the text, which is the only
    choice for a grammar that is no JSON.

    Law: tests/unit/benchmark/test_testing_strategies.py::test_everything_drawn_validates

    >>> from hypothesis import find
    >>> find(schema_strategy({"type": "array", "items": {"type": "null"}}), lambda value: len(value) >= 2)
    [None, None]
    """
    emission = Emission(source, vocabulary, **options)

    @st.composite
    def texts(draw: Callable[[st.SearchStrategy[int]], int]) -> str:
        return emission.text(lambda count: draw(st.integers(0, count - 1)), max_tokens)

    return texts() if as_text else texts().map(json.loads)
