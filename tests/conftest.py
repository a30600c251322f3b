"""What every test may rely on: fixed seeds, Hypothesis profiles, where shared data lies.

Environment:
  STRUCTGEN_DATA      folder with the shared public data; default ../shared/data beside the repository.
  STRUCTGEN_NO_TORCH  set: importing torch or transformers fails, as where they are not installed.

Hypothesis profiles (`pytest --hypothesis-profile=NAME`): `ci` (default; the same examples every run),
`nightly` (twenty times as many, fresh ones every run), `sanitize` (few: instrumented code is slow).
"""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

REPOSITORY = Path(__file__).resolve().parent.parent

# The models here are tiny: a second thread computes less than the two wait for each other, and on a busy
# machine they wait long. Set before anything can import torch, and inherited by processes that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Without a GPU kernels are interpreted. Triton reads this when it is imported, which torch may do any time.
if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")

if os.environ.get("STRUCTGEN_NO_TORCH"):
    for _name in ("torch", "transformers"):
        sys.modules[_name] = None  # type: ignore[assignment]  # Python's own way to say: not importable

# deadline=None everywhere: a test never judges by the clock, on a shared machine it would lie.
_COMMON = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", max_examples=100, derandomize=True, **_COMMON)
settings.register_profile("nightly", max_examples=2000, **_COMMON)
settings.register_profile("sanitize", max_examples=15, derandomize=True, **_COMMON)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _fixed_seeds() -> None:
    """Every test starts from the same random state, whichever tests ran before it."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002  # for libraries that draw from the global generator
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(0)


@pytest.fixture(scope="session")
def pocket() -> Any:
    """The embedded model and its tokenizer."""
    pytest.importorskip("torch", reason="running a model needs the extra structgen[hf]")
    import structgen

    return structgen.load()


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout the tests run from."""
    return REPOSITORY


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of shared public data; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("STRUCTGEN_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the shared data folder {folder} is absent; set STRUCTGEN_DATA to where it lies")
    return folder
