"""A pytest marker: run a test on outputs that a schema lets a model emit.

    @pytest.mark.structgen(Person, examples=50)
    def test_whatever_comes_can_be_read(emitted):
        Person.model_validate_json(emitted)

``emitted`` is the text of one output, ``emitted_value`` what ``json.loads`` makes of it; each is a test of
its own, the shortest output first. The marker takes what `emission.emitted` takes: examples, seed,
max_tokens, vocabulary and the options of `structgen.json_schema`. Loaded by pytest itself (entry point
``pytest11``), so nothing heavy is imported until a test asks for it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

__all__ = ["pytest_configure", "pytest_generate_tests"]

_MARKER = "structgen(source, examples=20, seed=0, max_tokens=200, vocabulary=None, **options)"


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    words = (
        "run the test on outputs that the schema lets a model emit (argument `emitted` or `emitted_value`)"
    )
    config.addinivalue_line("markers", f"{_MARKER}: {words}")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a marked test one output after the other."""
    marker = metafunc.definition.get_closest_marker("structgen")
    if marker is None:
        return
    import pytest

    from structgen.errors import StructgenError
    from structgen.testing.emission import emitted

    wanted = [name for name in ("emitted", "emitted_value") if name in metafunc.fixturenames]
    if len(wanted) != 1:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid}: mark structgen gives the argument emitted or emitted_value"
        )
    try:
        texts = emitted(*marker.args, **marker.kwargs)
    except (StructgenError, TypeError) as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: mark structgen: {error}") from error
    values = texts if wanted[0] == "emitted" else [json.loads(text) for text in texts]
    metafunc.parametrize(wanted[0], values, ids=[f"output{number}" for number in range(len(values))])
