"""Logits and masks become tokens. Legend: V ids, rows of logits, masks as packed words."""

from __future__ import annotations

import math
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="sampling computes with torch")

from structgen.decode.matching import allowed_tokens, mask_words, token_bits  # noqa: E402
from structgen.decode.sampling import SamplingLaw, draw, log_probabilities, unpack_mask  # noqa: E402
from structgen.errors import InvalidRequest  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402


def packed(*rows: list[int], width: int) -> torch.Tensor:
    return torch.from_numpy(np.stack([token_bits(row, width) for row in rows]).view(np.int32))


@pytest.mark.parametrize("width", [1, 31, 32, 33, 64, 100])
def test_packed_words_and_bits_agree(width: int) -> None:
    tokens = sorted({0, width - 1, width // 2, width // 3})
    row = token_bits(tokens, width)
    assert len(row) == mask_words(width)
    assert allowed_tokens(row) == tokens
    bits = unpack_mask(torch.from_numpy(row.view(np.int32))[None], width)
    assert bits.shape == (1, width)
    assert bits[0].nonzero()[:, 0].tolist() == tokens


def test_logits_beyond_the_mask_are_never_allowed() -> None:
    assert unpack_mask(packed([3], width=8), 70)[0].nonzero()[:, 0].tolist() == [3]


def test_figures_are_those_of_the_formulas() -> None:
    torch.manual_seed(3)
    logits, law = torch.randn(2, 9), SamplingLaw(temperature=0.5)
    result = draw(logits, packed([1, 4], [0, 7, 8], width=9), law, [0.3, 0.9])
    p = torch.softmax(logits.double() / 0.5, -1)
    for row, allowed in enumerate(([1, 4], [0, 7, 8])):
        token = result.tokens[row]
        assert token in allowed
        assert result.log_z[row] == pytest.approx(math.log(p[row, allowed].sum()), abs=1e-5)
        assert result.logprobs[row] == pytest.approx(math.log(p[row, token]), abs=1e-5)
        assert result.logprob(row, token) == pytest.approx(result.logprobs[row])
        assert result.log_mass_of(row, allowed) == pytest.approx(result.log_z[row], abs=1e-5)


def test_greedy_takes_the_best_allowed_token_and_reports_temperature_one() -> None:
    logits = torch.tensor([[5.0, 1.0, 3.0, 2.0]])
    result = draw(logits, packed([1, 3, 2], width=4), SamplingLaw(temperature=0), [0.0])
    assert result.tokens == [2]
    assert result.logprobs[0] == pytest.approx(float(torch.log_softmax(logits, -1)[0, 2]))


@pytest.mark.parametrize("temperature", [1e-30, 1e-6, 1e6, 3e38])
def test_extreme_temperatures_stay_finite_where_they_should(temperature: float) -> None:
    logits = torch.tensor([[50.0, -50.0, 0.0, 49.0]])
    log_p = log_probabilities(logits, SamplingLaw(temperature=temperature))
    assert not log_p.isnan().any()
    assert float(log_p.exp().sum()) == pytest.approx(1, abs=1e-5)
    assert draw(logits, packed([1, 2], width=4), SamplingLaw(temperature), [0.5]).tokens[0] in (1, 2)


def drawn(law: SamplingLaw, logits: torch.Tensor, mask: list[int], count: int = 20_000) -> Counter[int]:
    rng = np.random.default_rng(7)
    width = logits.shape[-1]
    result = draw(
        logits.expand(count, -1), packed(mask, width=width).expand(count, -1), law, rng.random(count).tolist()
    )
    return Counter(result.tokens)


def test_draws_follow_the_masked_law() -> None:
    # One test at 4.3 standard deviations: it fails wrongly once in 100,000 seeds.
    torch.manual_seed(0)
    logits, mask = torch.randn(1, 12) * 2, [0, 2, 3, 5, 8, 11]
    weights = torch.softmax(logits[0, mask].double() / 0.8, -1).tolist()
    counts = drawn(SamplingLaw(0.8), logits, mask)
    assert chi_square_z(counts, dict(zip(mask, weights, strict=True))) < 4.3


@pytest.mark.parametrize(
    ("law", "kept"),
    [
        (SamplingLaw(1, top_k=2, truncate="allowed"), [1, 2]),
        (SamplingLaw(1, top_k=1, truncate="allowed"), [1]),
        (SamplingLaw(1, top_p=0.5, truncate="allowed"), [1]),
        (SamplingLaw(1, top_p=0.7, truncate="allowed"), [1, 2]),
        (SamplingLaw(1, top_p=1e-9, truncate="allowed"), [1]),
        (SamplingLaw(1, top_k=3, top_p=0.95, truncate="allowed"), [1, 2, 3]),
    ],
    ids=lambda value: str(value),
)
def test_truncation_looks_at_allowed_tokens_only(law: SamplingLaw, kept: list[int]) -> None:
    # Token 0 is by far the likeliest and not allowed; the others have masses 0.6, 0.2, 0.15, 0.05.
    logits = torch.tensor([[20.0, *np.log([0.6, 0.2, 0.15, 0.05])]])
    mass = dict(zip([1, 2, 3, 4], [0.6, 0.2, 0.15, 0.05], strict=True))
    total = sum(mass[token] for token in kept)
    counts = drawn(law, logits, [1, 2, 3, 4], count=5000)
    assert set(counts) == set(kept)
    assert chi_square_z(counts, {token: mass[token] / total for token in kept}) < 4.3


def test_allowed_tokens_of_probability_zero_are_drawn_uniformly() -> None:
    logits = torch.tensor([[0.0, -math.inf, -math.inf, 1.0]])
    counts = drawn(SamplingLaw(1), logits, [1, 2], count=4000)
    assert chi_square_z(counts, {1: 0.5, 2: 0.5}) < 4.3
    result = draw(logits, packed([1, 2], width=4), SamplingLaw(0), [0.0])
    assert result.log_z == [-math.inf]
    assert result.tokens[0] in (1, 2)
    assert sorted(result.order(0, SamplingLaw(1), np.random.default_rng(0), 9)) == [1, 2]


def test_a_row_of_nan_is_named_and_leaves_its_neighbour_alone() -> None:
    logits = torch.tensor([[0.0, math.nan]])
    both = torch.cat([logits, torch.zeros(1, 2)])
    result = draw(both, packed([0], [1], width=2), SamplingLaw(1), [0.5, 0.5])
    assert result.broken == [True, False]
    assert result.tokens[1] == 1


@pytest.mark.parametrize("uniform", [0.0, 0.5, 1 - 2**-53])
def test_the_ends_of_the_unit_interval_draw_allowed_tokens(uniform: float) -> None:
    logits = torch.zeros(1, 40)
    assert draw(logits, packed([5, 6], width=40), SamplingLaw(1), [uniform]).tokens[0] in (5, 6)


def test_order_is_drawing_without_replacement() -> None:
    """The first two of ``order`` against P(x) P(y) / (1 - P(x))."""
    p = np.array([0.5, 0.3, 0.15, 0.05])
    result = draw(torch.tensor(np.log(p))[None], packed([0, 1, 2, 3], width=4), SamplingLaw(1), [0.1])
    rng = np.random.default_rng(11)
    counts = Counter(tuple(result.order(0, SamplingLaw(1), rng, 2)) for _ in range(20_000))
    law = {(x, y): p[x] * p[y] / (1 - p[x]) for x in range(4) for y in range(4) if x != y}
    assert chi_square_z(counts, law) < 4.3


def test_order_when_greedy_and_when_truncated() -> None:
    p = np.array([0.1, 0.5, 0.05, 0.35])
    result = draw(torch.tensor(np.log(p))[None], packed([0, 1, 2, 3], width=4), SamplingLaw(1), [0.1])
    rng = np.random.default_rng(1)
    assert result.order(0, SamplingLaw(0), rng, 9) == [1, 3, 0, 2]
    for law in (SamplingLaw(1, top_k=2), SamplingLaw(1, top_k=2, truncate="allowed")):
        result = draw(torch.tensor(np.log(p))[None], packed([0, 1, 2, 3], width=4), law, [0.1])
        for _ in range(50):
            order = result.order(0, law, rng, 9)
            assert set(order[:2]) == {1, 3}
            assert set(order[2:]) == {0, 2}


def test_low_precision_logits_are_widened_first() -> None:
    logits = torch.randn(1, 50).to(torch.bfloat16)
    assert log_probabilities(logits, SamplingLaw(1)).dtype == torch.float32
    assert all(a <= b for a, b in pairwise(sorted(log_probabilities(logits, SamplingLaw(1))[0].tolist())))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"temperature": -1}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"temperature": math.inf}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.1}, "top_p"),
        ({"top_p": math.nan}, "top_p"),
        ({"top_k": -1}, "top_k"),
        ({"top_k": 1.5}, "top_k"),
    ],
    ids=str,
)
def test_parameters_out_of_range_are_named(arguments: dict[str, float], name: str) -> None:
    with pytest.raises(InvalidRequest, match=name):
        SamplingLaw(**arguments)  # type: ignore[arg-type]
