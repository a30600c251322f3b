"""Penalties and truncation against their definitions, written out for one row at a time."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="sampling computes with torch")

from structgen.decode.alternatives import describe  # noqa: E402
from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.decode.matching import token_bits  # noqa: E402
from structgen.decode.penalties import History, penalised  # noqa: E402
from structgen.decode.sampling import draw, log_probabilities  # noqa: E402
from structgen.decode.truncation import narrow  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402


def kept_by_definition(p: list[float], law: SamplingLaw) -> set[int]:
    """One truncation after the other, each on what the one before left."""
    order = sorted(range(len(p)), key=lambda token: (-p[token], token))
    if law.top_k:
        order = order[: law.top_k]
    if law.top_p < 1:
        total, reached, kept = sum(p[t] for t in order), 0.0, []
        for token in order:
            if reached >= law.top_p * total:
                break
            kept.append(token)
            reached += p[token]
        order = kept
    order = [token for token in order if p[token] >= law.min_p * p[order[0]]]
    if law.typical_p < 1:
        total = sum(p[t] for t in order)
        q = {token: p[token] / total for token in order}
        entropy = -sum(x * math.log(x) for x in q.values())
        by_surprise = sorted(order, key=lambda t: abs(-math.log(q[t]) - entropy))
        reached, kept = 0.0, []
        for token in by_surprise:
            if reached >= law.typical_p:
                break
            kept.append(token)
            reached += q[token]
        order = kept
    return set(order)


LAWS = [
    SamplingLaw(1, top_k=3),
    SamplingLaw(1, top_p=0.6),
    SamplingLaw(1, min_p=0.2),
    SamplingLaw(1, typical_p=0.5),
    SamplingLaw(1, top_k=7, top_p=0.9, min_p=0.1, typical_p=0.8),
    SamplingLaw(1),
    SamplingLaw(0, top_k=1),
]


def test_each_row_is_narrowed_by_its_own_law() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        p = torch.from_numpy(rng.dirichlet(np.full(12, 0.7), size=len(LAWS)))
        narrowed = narrow(p, LAWS)
        for row, law in enumerate(LAWS):
            plain = SamplingLaw(1) if law.greedy else law
            assert set(narrowed[row].nonzero()[:, 0].tolist()) == kept_by_definition(p[row].tolist(), plain)
            alone = narrow(p[row : row + 1], [law])[0]
            assert torch.equal(alone, narrowed[row])


def test_truncation_of_the_model_is_part_of_p() -> None:
    """Figures are of the narrowed law; its mass on the mask is Z."""
    p = np.array([0.5, 0.2, 0.15, 0.1, 0.05])
    law, logits = SamplingLaw(1, top_k=3), torch.tensor(np.log(p))[None]
    mask = torch.from_numpy(token_bits([1, 2, 4], 5).view(np.int32))[None]
    result = draw(logits, mask, law, [0.1])
    assert result.log_z[0] == pytest.approx(math.log(0.35 / 0.85))
    assert result.tokens[0] in (1, 2)
    assert result.logprob(0, 1) == pytest.approx(math.log(0.2 / 0.85))
    assert result.masked_logprob(0, 1) == pytest.approx(math.log(0.2 / 0.35))
    assert result.logprob(0, 4) == -math.inf
    assert result.missed == [False]


def test_where_truncation_leaves_nothing_that_is_allowed() -> None:
    """log Z is -inf, and the draw is narrowed among what is allowed."""
    p = np.array([0.6, 0.2, 0.1, 0.06, 0.04])
    law, logits = SamplingLaw(1, top_k=2), torch.tensor(np.log(p))[None]
    mask = torch.from_numpy(token_bits([2, 3, 4], 5).view(np.int32))[None]
    rng = np.random.default_rng(3)
    many = draw(logits.expand(5000, -1), mask.expand(5000, -1), law, rng.random(5000).tolist())
    assert all(many.missed)
    assert set(many.log_z) == {-math.inf}
    counts = Counter(many.tokens)
    assert set(counts) == {2, 3}
    assert chi_square_z(counts, {2: 0.1 / 0.16, 3: 0.06 / 0.16}) < 4.3
    assert many.masked_logprob(0, 2) == pytest.approx(math.log(0.1 / 0.2))


def test_penalties_are_those_of_their_definitions() -> None:
    logits = torch.tensor([[2.0, -1.0, 0.5, 3.0, -2.0]] * 4)
    laws = [
        SamplingLaw(1, repetition_penalty=2.0),
        SamplingLaw(1, presence_penalty=0.5, frequency_penalty=0.25),
        SamplingLaw(1, logit_bias={1: 4.0, 3: -math.inf, 99: 1.0}),
        SamplingLaw(1),
    ]
    found = penalised(logits, laws, [History([0, 1], [4, 4, 0])] * 4)
    assert found[0].tolist() == [1.0, -2.0, 0.5, 3.0, -4.0]
    assert found[1].tolist() == [1.25, -1.0, 0.5, 3.0, -3.0]
    assert found[2].tolist() == [2.0, 3.0, 0.5, -math.inf, -2.0]
    assert found[3].tolist() == logits[3].tolist()
    assert logits[0].tolist() == [2.0, -1.0, 0.5, 3.0, -2.0], "the model's own logits are left alone"


def test_mixed_temperatures_give_each_row_its_own() -> None:
    logits = torch.randn(4, 9)
    temperatures = [0, 0.3, 1.0, 2.5]
    found = log_probabilities(logits, [SamplingLaw(t) for t in temperatures])
    for row, temperature in enumerate(temperatures):
        alone = log_probabilities(logits[row : row + 1], SamplingLaw(temperature))
        assert torch.equal(found[row], alone[0])


def test_alternatives_and_entropy() -> None:
    p = torch.tensor([0.5, 0.25, 0.125, 0.125, 0.0])
    found, entropy = describe(p.log(), 2, {0: -0.1}.get)
    assert entropy == pytest.approx(1.75 * math.log(2))
    assert [a.token for a in found] == [0, 1]
    assert found[0].masked_logprob == -0.1
    assert found[1].masked_logprob == -math.inf
