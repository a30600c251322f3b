"""Kernels against their torch references: interpreted without a GPU (see conftest), compiled with one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="kernels work on torch tensors")
pytest.importorskip("triton", reason="Triton is not installed here; the kernels are optional")

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.decode.matching import token_bits  # noqa: E402
from structgen.decode.sampling import draw  # noqa: E402
from structgen.fast.kernels.masked_sample import masked_sample, masked_sample_reference  # noqa: E402


def case(rows: int, width: int, seed: int, allowed: float) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    masks = [
        token_bits(np.flatnonzero(rng.random(width) < allowed).tolist() or [width // 2], width)
        for _ in range(rows)
    ]
    return {
        "logits": torch.from_numpy(rng.normal(size=(rows, width)) * 3).float().to(DEVICE),
        "mask": torch.from_numpy(np.stack(masks).view(np.int32)).to(DEVICE),
        "temperature": torch.tensor(rng.choice([0.0, 0.5, 1.0, 2.0], size=rows), dtype=torch.float32).to(
            DEVICE
        ),
        "top_k": torch.tensor(rng.choice([0, 1, 5, 50], size=rows), dtype=torch.int32).to(DEVICE),
        "top_p": torch.tensor(rng.choice([1.0, 0.9, 0.4], size=rows), dtype=torch.float32).to(DEVICE),
        "uniforms": torch.tensor(rng.random(rows), dtype=torch.float32).to(DEVICE),
    }


@pytest.mark.parametrize("width", [5, 1003])
@pytest.mark.parametrize("allowed", [0.01, 0.6])
def test_the_fused_step_equals_its_reference(width: int, allowed: float) -> None:
    given = case(4, width, seed=width, allowed=allowed)
    tokens, logprobs, log_z = masked_sample(**given)
    wanted = masked_sample_reference(**given)
    assert tokens.tolist() == wanted[0].tolist()
    assert torch.allclose(logprobs, wanted[1], atol=1e-4)
    assert torch.allclose(log_z, wanted[2], atol=1e-4)


def test_the_reference_equals_the_plain_path() -> None:
    """Distinct probabilities, so the rule about ties makes no difference."""
    given = case(8, 300, seed=3, allowed=0.3)
    laws = [
        SamplingLaw(float(t), top_k=int(k), top_p=float(p), truncate="allowed")
        for t, k, p in zip(
            given["temperature"].tolist(), given["top_k"], given["top_p"].double(), strict=True
        )
    ]
    plain = draw(given["logits"], given["mask"], laws, given["uniforms"].tolist())
    tokens, logprobs, log_z = masked_sample_reference(**given)
    assert plain.tokens == tokens.tolist()
    assert plain.logprobs == pytest.approx(logprobs.tolist(), abs=1e-4)
    assert plain.log_z == pytest.approx(log_z.tolist(), abs=1e-4)


def test_an_empty_mask_gives_no_token() -> None:
    given = case(2, 70, seed=1, allowed=0.5)
    given["mask"][0] = 0
    given["temperature"][:] = torch.tensor([1.0, 0.0])
    tokens, _, log_z = masked_sample(**given)
    assert tokens.tolist()[0] == -1
    assert log_z[0] == -torch.inf
    assert tokens.tolist()[1] == masked_sample_reference(**given)[0].tolist()[1]


def test_ids_beyond_the_mask_are_never_drawn() -> None:
    given = case(4, 64, seed=1, allowed=1.0)
    given["logits"] = torch.nn.functional.pad(given["logits"], (0, 40), value=9.0)
    tokens, _, _ = masked_sample(**given)
    assert max(tokens.tolist()) < 64
