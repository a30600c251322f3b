"""Examples in the package's docstrings run."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import jsonschemabench
from structgen.testing import emission, strategies

# Adapters import the package they adapt; test_tracks.py tries those that are installed.
MODULES = [
    name
    for _, name, _ in pkgutil.walk_packages(jsonschemabench.__path__, "jsonschemabench.")
    if not name.endswith("__main__") and ".engines." not in name and not name.endswith(("plots", "page"))
]


@pytest.mark.parametrize("name", [*MODULES, "jsonschemabench.engines.engine"])
def test_examples_run(name: str) -> None:
    if name.endswith("tracks.generate"):
        pytest.importorskip("torch", reason="generating needs the extra structgen[hf]")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_examples_of_the_testing_helpers_run() -> None:
    assert doctest.testmod(emission).failed == doctest.testmod(strategies).failed == 0
