"""Kernels against their torch references: interpreted without a GPU (see conftest), compiled with one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="kernels work on torch tensors")
pytest.importorskip("triton", reason="Triton is not installed here; the kernels are optional")

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

import structgen as sg  # noqa: E402
from structgen.decode.law import SamplingLaw  # noqa: E402
from structgen.decode.matching import token_bits  # noqa: E402
from structgen.decode.sampling import Draws, draw  # noqa: E402
from structgen.fast import fused_step  # noqa: E402
from structgen.fast.kernels.masked_sample import masked_sample, masked_sample_reference  # noqa: E402
from structgen.fast.kernels.sparse_head import sparse_head, sparse_head_reference  # noqa: E402
from structgen.fast.kernels.split_sample import split_sample, split_sample_reference  # noqa: E402
from structgen.fast.mask_pool import MaskPool  # noqa: E402
from structgen.testing.models import tiny_llama  # noqa: E402
from structgen.testing.statistics import chi_square_z  # noqa: E402


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


def pooled(given: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """The same case with its masks in a pool, in another order and beside others."""
    order = np.random.default_rng(seed).permutation(len(given["mask"]) + 3)[: len(given["mask"])]
    pool = torch.full((len(given["mask"]) + 3, given["mask"].shape[1]), -1, dtype=torch.int32, device=DEVICE)
    index = torch.from_numpy(order.astype(np.int32)).to(DEVICE)
    pool[index.long()] = given["mask"]
    return {
        "logits": given["logits"],
        "pool": pool,
        "index": index,
        **{name: given[name] for name in ("temperature", "uniforms")},
    }


class TestSplitRows:
    """One row among many programs: parts, their combination, the draw in one part."""

    @pytest.mark.parametrize("width", [5, 1003, 5000])
    @pytest.mark.parametrize("allowed", [0.002, 0.6])
    @pytest.mark.parametrize("programs", [1, 16, 1024])
    def test_it_equals_its_reference(
        self, width: int, allowed: float, programs: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("structgen.fast.kernels.split_sample._PROGRAMS", programs)
        given = pooled(case(4, width, seed=width, allowed=allowed))
        tokens, logprobs, log_z = split_sample(**given)
        wanted = split_sample_reference(**given)
        assert tokens.tolist() == wanted[0].tolist()
        assert torch.allclose(logprobs, wanted[1], atol=1e-4)
        assert torch.allclose(log_z, wanted[2], atol=1e-4)

    def test_rows_without_anything_to_draw(self) -> None:
        given = pooled(case(4, 2100, seed=1, allowed=0.5))
        given["temperature"][:] = torch.tensor([1.0, 0.0, 1.0, 1.0])
        given["pool"][given["index"][0].long()] = 0
        given["logits"][1] = -torch.inf
        given["logits"][2, 1500] = torch.nan
        tokens, logprobs, log_z = split_sample(**given)
        assert (tokens[0], log_z[0]) == (-1, -torch.inf)
        assert log_z[1].isnan()
        assert log_z[2].isnan()
        assert torch.isfinite(logprobs[3])
        assert torch.isfinite(log_z[3])

    @pytest.mark.parametrize("uniform", [0.0, 1 - 2.0**-24])
    def test_the_ends_of_the_unit_interval(self, uniform: float) -> None:
        given = pooled(case(4, 3000, seed=2, allowed=0.01))
        given["uniforms"][:] = uniform
        given["temperature"][:] = 1.0
        tokens, _, _ = split_sample(**given)
        words = given["pool"][given["index"].long()].cpu()
        for row, token in enumerate(tokens.tolist()):
            assert int(words[row, token // 32]) >> (token % 32) & 1


@pytest.mark.parametrize("bias", [False, True])
def test_the_sparse_head_equals_the_rows_of_the_full_product(bias: bool) -> None:
    generator = torch.Generator().manual_seed(1)
    hidden, weight = torch.randn(3, 200, generator=generator), torch.randn(50, 200, generator=generator)
    extra = torch.randn(50, generator=generator) if bias else None
    ids = torch.tensor([[0, 7, 49, -1], [3, -1, -1, -1], [1, 2, 3, 4]], dtype=torch.int32)
    hidden, weight, ids = hidden.to(DEVICE), weight.to(DEVICE), ids.to(DEVICE)
    extra = None if extra is None else extra.to(DEVICE)
    full = torch.nn.functional.linear(hidden, weight, extra)
    wanted = full.gather(1, ids.clamp_min(0).long()).masked_fill(ids < 0, -torch.inf)
    assert torch.allclose(sparse_head(hidden, weight, ids, extra), wanted, atol=1e-4)
    assert torch.allclose(sparse_head_reference(hidden, weight, ids, extra), wanted, atol=1e-4)


class TestPool:
    def test_places_hold_what_their_index_says_whatever_came_before(self) -> None:
        rng = np.random.default_rng(5)
        masks = rng.integers(-(2**31), 2**31, size=(12, 4)).astype(np.int32)
        pool = MaskPool(words=4, capacity=6, device=DEVICE)
        for _ in range(60):
            some = masks[rng.integers(0, 12, size=5)]
            assert torch.equal(pool.rows[pool.index(some).long()].cpu(), torch.from_numpy(some))
        assert pool.hits > 0
        assert pool.uploads > 12

    def test_too_many_different_masks_are_refused(self) -> None:
        pool = MaskPool(words=1, capacity=2, device=DEVICE)
        with pytest.raises(ValueError, match="3 different masks for 2 places"):
            pool.index(np.array([[1], [2], [3]], dtype=np.int32))


class TestInTheLoop:
    """The fused step in the place of the loop's own draw."""

    LAWS = (SamplingLaw(1.0), SamplingLaw(0), SamplingLaw(0.7, top_k=3, truncate="allowed"))

    @pytest.fixture(autouse=True)
    def _enabled(self) -> Any:
        self.step = fused_step.enable(DEVICE, capacity=64)
        yield
        fused_step.disable(DEVICE)

    def drawn(self, rows: int, law: SamplingLaw | list[SamplingLaw], **given: Any) -> Draws:
        found = case(rows, 300, seed=7, allowed=0.2)
        arguments = {**found, **given}
        return draw(arguments["logits"], arguments["mask"].cpu(), law, found["uniforms"].tolist())

    def test_figures_are_those_of_the_plain_path(self) -> None:
        laws = [self.LAWS[place % 3] for place in range(6)]
        fused = self.drawn(6, laws)
        assert self.step.steps == 1
        fused_step.disable(DEVICE)
        plain = self.drawn(6, laws)
        assert fused.tokens == plain.tokens
        for name in ("logprobs", "masked_logprobs", "log_z"):
            assert getattr(fused, name) == pytest.approx(getattr(plain, name), abs=1e-4)
        other = (plain.tokens[0] + 1) % 300
        assert fused.logprob(0, other) == pytest.approx(plain.logprob(0, other), abs=1e-4)
        rngs = [np.random.default_rng(1) for _ in range(2)]
        assert fused.order(0, laws[0], rngs[0], 9) == plain.order(0, laws[0], rngs[1], 9)

    def test_what_it_does_not_serve_goes_the_plain_way(self) -> None:
        for law in (SamplingLaw(1, top_p=0.5), SamplingLaw(1, min_p=0.1, truncate="allowed")):
            assert not fused_step.serves(law)
            self.drawn(2, law)
        assert self.step.steps == 0

    def test_rows_that_are_broken_or_miss_are_named(self) -> None:
        logits = case(3, 300, seed=7, allowed=0.2)["logits"]
        logits[0, 3] = torch.nan
        logits[1] = torch.where(torch.arange(300, device=DEVICE) == 299, 0.0, -torch.inf)
        mask = case(3, 300, seed=7, allowed=0.2)["mask"]
        mask[1] = 0
        mask[1, 0] = 6
        found = self.drawn(3, SamplingLaw(1), logits=logits, mask=mask)
        assert found.broken == [True, False, False]
        assert found.missed == [False, True, False]
        assert found.tokens[1] in (1, 2)

    def test_whole_outputs_are_the_same(self) -> None:
        vocabulary = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)
        model = tiny_llama(257, seed=1, sharpness=2).to(DEVICE)
        asked: dict[str, Any] = {"schema": {"type": "array", "items": {"type": "boolean"}, "maxItems": 2}}
        asked |= {"tokenizer": vocabulary, "n": 3, "max_tokens": 24, "temperature": 1.0}
        fused = sg.generate(model, "p", **asked)
        assert self.step.steps > 0
        assert min(self.step.hits, self.step.uploads) > 0
        fused_step.disable(DEVICE)
        for one, two in zip(fused, sg.generate(model, "p", **asked), strict=True):
            assert one.tokens == two.tokens
            assert one.log_mass == pytest.approx(two.log_mass, abs=1e-3)

    def test_draws_follow_the_law(self) -> None:
        width, count = 40, 2000
        logits = torch.randn(1, width, generator=torch.Generator().manual_seed(3)).to(DEVICE) * 2
        allowed = [1, 5, 6, 17, 33, 39]
        words = torch.from_numpy(token_bits(allowed, width).view(np.int32))
        mask = words[None].expand(count, -1).contiguous()
        uniforms = np.random.default_rng(4).random(count).tolist()
        found = draw(logits.expand(count, -1), mask, SamplingLaw(0.8), uniforms)
        weights = torch.softmax(logits[0, allowed].double() / 0.8, -1).tolist()
        assert chi_square_z(Counter(found.tokens), dict(zip(allowed, weights, strict=True))) < 4.3
