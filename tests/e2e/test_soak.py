"""A short run of benchmarks/soak.py: nothing lost, nothing crossed, errors only where faults were injected.

The long run (2,000 requests, memory judged) is the script itself.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the engine computes with torch")
pytest.importorskip("transformers", reason="the engine drives transformers models")

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("benchmarks/ is not part of an installed package", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

from soak import Soak  # noqa: E402


def test_an_engine_under_fire_loses_and_crosses_nothing() -> None:
    soak = Soak(requests=120, seed=3, max_batch=8)
    soak.run()
    assert soak.problems == []
    assert soak.outcomes["compared"] > 5
    assert soak.outcomes["complete"] + soak.outcomes["stop"] > 40
    assert any(outcome.startswith("error") for outcome in soak.outcomes)
