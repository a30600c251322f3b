"""`figures=False`: the same tokens from fewer logits; what needs all of them is nan.

Where few tokens are allowed, the model's output matrix is not multiplied as a whole (`decode/few.py`).
"""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="generate computes with torch")
pytest.importorskip("transformers", reason="generate drives transformers models")

import structgen as sg  # noqa: E402
from structgen.decode.head import Logits, last_layer  # noqa: E402
from structgen.errors import InvalidRequest  # noqa: E402
from structgen.testing.models import tiny_gpt2, tiny_llama, tiny_sliding  # noqa: E402

WORDS = [b"true", b"false", b'":', b'{"', b'",', b"12", b"abc"]
WIDTH = 4200
FILLER = [
    bytes([97 + number % 26, 97 + number // 26 % 26, 97 + number // 676 % 26, 120]) for number in range(3900)
]
TOKENS = [*(bytes([byte]) for byte in range(256)), *WORDS, *FILLER]
VOCABULARY = sg.Vocabulary.from_tokens([*TOKENS, None], eos=len(TOKENS), width=WIDTH)
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 9},
        "kind": {"enum": ["aa", "ab", "c"]},
        "n": {"type": "integer", "maximum": 500},
        "open": {"type": "boolean"},
    },
    "required": ["name", "kind", "n", "open"],
    "additionalProperties": False,
}
LAWS: dict[str, dict[str, Any]] = {
    "greedy": {"temperature": 0},
    "drawn": {"temperature": 1.0},
    "hot and narrowed": {"temperature": 1.7, "top_p": 0.7, "truncate": "allowed"},
    "narrowed before the mask": {"temperature": 1.0, "top_k": 50},
    "with penalties": {"temperature": 1.0, "repetition_penalty": 1.3},
    "each its own": {
        "temperature": [0, 1.0, 0.5],
        "top_k": [0, 3, 5],
        "truncate": ["model", "allowed", "model"],
    },
}


def both(model: Any, prompts: Any = (0, 1, 2), **asked: Any) -> tuple[list[Any], list[Any]]:
    """The outputs with figures and without."""
    asked = {"schema": SCHEMA, "tokenizer": VOCABULARY, "max_tokens": 60, "seed": 3, **asked}
    prompts = [[65] * (1 + number) for number in prompts]
    return sg.generate(model, prompts, **asked), sg.generate(model, prompts, **{**asked, "figures": False})


def agree(full: list[Any], fewer: list[Any]) -> None:
    for one, other in zip(full, fewer, strict=True):
        assert one.tokens == other.tokens and one.text == other.text
        assert other.masked_logprobs == pytest.approx(one.masked_logprobs, abs=1e-4)
        for known, value in zip(one.logprobs, other.logprobs, strict=True):
            assert math.isnan(value) or value == pytest.approx(known, abs=1e-4)


@pytest.mark.parametrize("build", [tiny_llama, tiny_gpt2, tiny_sliding])
@pytest.mark.parametrize("law", LAWS)
def test_the_tokens_are_the_same(law: str, build: Any) -> None:
    model = build(WIDTH, seed=2, sharpness=2.0)
    for seed in range(3):
        agree(*both(model, **LAWS[law], seed=seed))


@pytest.mark.parametrize("forced", ["draft", "canonical"])
def test_however_forced_text_is_treated(forced: str) -> None:
    agree(*both(tiny_llama(WIDTH, seed=2, sharpness=2.0), forced=forced))


def test_a_tight_budget_bans_the_same_tokens() -> None:
    model = tiny_llama(WIDTH, seed=4, sharpness=1.0)
    least = sg.compile(SCHEMA, VOCABULARY).matcher().distance()
    bans = 0
    for spare in range(4):
        full, fewer = both(model, max_tokens=least + spare, temperature=1.5)
        agree(full, fewer)
        assert [one.stats.budget_bans for one in full] == [one.stats.budget_bans for one in fewer]
        bans += sum(one.stats.budget_bans for one in full)
    assert bans > 0


def test_the_matrix_is_multiplied_as_a_whole_only_where_many_tokens_are_allowed() -> None:
    model = tiny_llama(WIDTH, seed=2, sharpness=2.0)
    assert last_layer(model) is not None
    wholes = 0

    def count(*_: Any) -> None:
        nonlocal wholes
        wholes += 1

    model.get_output_embeddings().register_forward_hook(count)
    closed = {**SCHEMA, "properties": {**SCHEMA["properties"], "name": {"enum": ["x", "yy"]}}}
    (full, fewer) = both(model, prompts=[1], schema=closed)
    assert wholes == full[0].stats.forward_passes  # of the one with figures
    assert math.isnan(fewer[0].log_mass) and all(math.isnan(value) for value in fewer[0].logprobs)
    assert fewer[0].stats.forward_passes <= full[0].stats.forward_passes


def test_rows_with_figures_keep_them_beside_rows_without() -> None:
    model = tiny_llama(WIDTH, seed=2, sharpness=2.0)
    full, _ = both(model)
    mixed, _ = both(model, figures=[True, False, True])
    agree(full, mixed)
    assert [math.isnan(one.log_mass) for one in mixed] == [False, True, False]
    assert mixed[0].log_mass == pytest.approx(full[0].log_mass, abs=1e-3)


def test_a_model_that_does_more_with_its_logits_is_asked_for_all() -> None:
    """A soft cap is no product with the matrix any more."""
    model = tiny_llama(WIDTH, seed=2, sharpness=2.0)
    plain = model.forward

    @functools.wraps(plain)
    def capped(*arguments: Any, **named: Any) -> Any:
        output = plain(*arguments, **named)
        output.logits = 3 * torch.tanh(output.logits / 3)
        return output

    model.forward = capped
    assert last_layer(model) is None
    full, fewer = both(model)
    agree(full, fewer)
    for one in fewer:
        assert sum(math.isnan(value) for value in one.logprobs) == one.stats.forced_tokens


def test_logits_that_rule_out_what_is_allowed() -> None:
    """All allowed logits -inf: the full logits say so, and the draw is from the allowed tokens alike."""
    model = tiny_llama(WIDTH, seed=2, sharpness=2.0)
    head = model.get_output_embeddings()
    bias = torch.zeros(WIDTH)
    bias[[ord("t"), ord("f"), TOKENS.index(b"true"), TOKENS.index(b"false")]] = -math.inf
    head.bias = torch.nn.Parameter(bias, requires_grad=False)
    assert last_layer(model) is not None
    full, fewer = both(model, whitespace="compact")
    agree(full, fewer)
    assert all(one.error is None for one in fewer)
    assert full[0].log_mass == -math.inf
    assert any(value == -math.inf for value in fewer[0].logprobs)


def test_logits_of_nan_end_the_row() -> None:
    model = tiny_llama(WIDTH, seed=2)
    with torch.no_grad():
        model.get_output_embeddings().weight[ord('"')] = math.nan
        model.get_output_embeddings().weight[TOKENS.index(b'{"')] = math.nan
    full, fewer = both(model, errors="return")
    assert [type(one.error) for one in full] == [type(one.error) for one in fewer]
    assert all("NaN" in str(one.error) for one in fewer)


def test_logits_on_demand_are_those_of_the_product() -> None:
    torch.manual_seed(1)
    hidden, head = torch.randn(3, 2, 8), torch.nn.Linear(8, 50)
    logits, wanted = Logits(hidden, head), head(hidden)
    assert logits.shape == tuple(wanted.shape)
    assert torch.allclose(logits[:, -1], wanted[:, -1], atol=1e-6)
    assert torch.allclose(logits[[0, 2], [1, 0]], wanted[[0, 2], [1, 0]], atol=1e-6)
    assert torch.allclose(logits.rows([2, 2, 0])[:, -1], wanted[[2, 2, 0], -1], atol=1e-6)
    (one, other) = logits.of([0, 2], [1, 0], [[3, 4, 49], [7]])
    assert torch.allclose(one, wanted[0, 1, [3, 4, 49]], atol=1e-6)
    assert torch.allclose(other, wanted[2, 0, [7]], atol=1e-6)


def test_what_contradicts_it_is_refused() -> None:
    model = tiny_llama(WIDTH)
    with pytest.raises(InvalidRequest, match="logprobs"):
        sg.generate(model, [65], schema=SCHEMA, tokenizer=VOCABULARY, figures=False, logprobs=2)
    with pytest.raises(InvalidRequest, match="figures"):
        sg.generate(model, [65], schema=SCHEMA, tokenizer=VOCABULARY, figures=False, sampler="global")
