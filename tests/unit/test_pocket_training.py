"""The parts of the pocket model's trainer: weights that start near copying, Muon, and token batches.

The trainer lives in ``scripts``; nothing here runs a training.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="training needs torch")
transformers = pytest.importorskip("transformers", reason="training needs transformers")
tokenizers = pytest.importorskip("tokenizers", reason="training needs tokenizers")

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
if not SCRIPTS.is_dir():
    pytest.skip("scripts/ is not part of an installed package", allow_module_level=True)
sys.path.insert(0, str(SCRIPTS))

from average_pocket import average  # noqa: E402
from evaluate_pocket import score  # noqa: E402
from pocket_data.answers import json_pieces  # noqa: E402
from pocket_data.extraction import Example  # noqa: E402
from pocket_training.batches import collate, encode  # noqa: E402
from pocket_training.deepen import deepen  # noqa: E402
from pocket_training.muon import Muon, orthogonalize  # noqa: E402
from pocket_training.start import start_near_copying  # noqa: E402
from pocket_training.tokenizer import END, PAD, train_tokenizer  # noqa: E402


def small_llama() -> Any:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=600,
        hidden_size=128,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=4,
        tie_word_embeddings=True,
        rope_theta=1e6,
    )
    return transformers.LlamaForCausalLM(config)


def copied(model: Any) -> float:
    """How often the likeliest next token repeats what followed the same token before."""
    generator = torch.Generator().manual_seed(1)
    first = torch.stack([torch.randperm(600, generator=generator)[:20] for _ in range(16)])
    ids = torch.cat([first, first], dim=1)
    with torch.no_grad():
        best = model(input_ids=ids).logits.argmax(-1)
    return float((best[:, 20:-1] == ids[:, 21:]).float().mean())


def test_weights_start_near_copying() -> None:
    model = small_llama()
    assert copied(model) < 0.05
    start_near_copying(model, seed=0)
    assert copied(model) > 0.4
    again = small_llama()
    start_near_copying(again, seed=0)
    for one, other in zip(model.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("layers", [2, 3, 4])
def test_a_deeper_model_says_what_the_shallower_one_said(layers: int) -> None:
    model = small_llama()
    ids = torch.arange(24).reshape(2, 12) * 7
    with torch.no_grad():
        before = model(input_ids=ids).logits
        deeper = deepen(model, layers)
        assert torch.allclose(deeper(input_ids=ids).logits, before, atol=1e-5)
        assert deeper.config.num_hidden_layers == len(deeper.model.layers) == layers
        assert deeper.lm_head.weight is deeper.model.embed_tokens.weight
        if layers > 2:  # the new layers are there and can be trained
            deeper.model.layers[-1].mlp.down_proj.weight.fill_(0.5)
            assert not torch.allclose(deeper(input_ids=ids).logits, before, atol=1e-5)


def test_depth_has_bounds() -> None:
    for layers in (1, 5):
        with pytest.raises(ValueError, match="2 to 4 deep"):
            deepen(small_llama(), layers)


@pytest.mark.parametrize("shape", [(3, 8, 20), (2, 20, 8), (1, 16, 16)])
def test_orthogonalized_matrices_have_singular_values_near_one(shape: tuple[int, int, int]) -> None:
    stack = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    values = torch.linalg.svdvals(orthogonalize(stack))
    assert values.min() > 0.3
    assert values.max() < 1.3


def test_muon_descends() -> None:
    generator = torch.Generator().manual_seed(3)
    target = torch.randn(6, 4, generator=generator)
    weight = torch.zeros(6, 4, requires_grad=True)
    optimizer = Muon([weight], lr=0.05)
    losses = []
    for _ in range(120):
        loss = (weight - target).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.1 * losses[0]


def test_fields_and_weights_stand_on_their_tokens() -> None:
    value = {"name": "Ada King", "age": 36, "tags": ["a", "b"]}
    made = Example("flat", "Text: Ada King is 36.\nJSON:\n", json_pieces(value, key_weight=0.02), value)
    tokenizer = train_tokenizer(iter([made.prompt, made.answer] * 20), 300)
    encoded = encode(tokenizer, made)

    def text(start: int, end: int) -> str:
        return str(tokenizer.decode(encoded.ids[start:end], skip_special_tokens=False))

    assert encoded.ids[-1] == tokenizer.token_to_id(END)
    assert text(0, len(encoded.ids)) == END + made.prompt + made.answer + END
    spans = {field: text(*span) for field, span in encoded.fields.items()}
    assert list(spans) == ["/name", "/age", "/tags"]
    # each span holds the value and begins the token that ends it
    assert spans["/name"].startswith('"Ada King"')
    assert spans["/age"].startswith("36,")
    assert '"a"' in spans["/tags"]
    assert spans["/tags"].endswith("}")
    prompt_tokens = len(tokenizer.encode(made.prompt).ids)
    assert not any(encoded.weights[:prompt_tokens])
    batch = collate([encoded, encoded], tokenizer.token_to_id(PAD))
    assert torch.equal(batch.ids[batch.rows, batch.columns + 1], batch.targets)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a": 1, "b": {"c": ["x", "y"]}}', (2, 1, 1)),
        ('{"b": {"c": ["x", "y"]}, "a": 1.0}', (2, 1, 1)),  # the order of keys and 1.0 for 1 are no errors
        ('{"a": "1", "b": {"c": ["x"]}}', (0, 0, 1)),
        ('{"a": true, "b": {"c": ["x", "y"]}}', (1, 0, 1)),
        ('{"a": 1, "b": {"c": ["x", "y"]}, "d": 2}', (2, 0, 1)),  # all fields right, and one too many
        ('{"a": 1, "b": {"c": ["x", "y"]}', (0, 0, 0)),
    ],
)
def test_answers_are_scored_by_field(text: str, found: tuple[int, int, int]) -> None:
    assert score({"a": 1, "b": {"c": ["x", "y"]}}, text) == found


def test_weights_are_averaged(tmp_path: Path) -> None:
    model = small_llama()
    model.save_pretrained(tmp_path / "a")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(2.0)
    model.save_pretrained(tmp_path / "b")
    average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
    mean = transformers.LlamaForCausalLM.from_pretrained(tmp_path / "mean")
    for parameter, expected in zip(mean.parameters(), model.parameters(), strict=True):
        assert torch.allclose(parameter, expected - 1.0, atol=1e-5)


def test_only_models_of_one_shape_are_averaged(tmp_path: Path) -> None:
    model = small_llama()
    model.save_pretrained(tmp_path / "a")
    deepen(model, 4).save_pretrained(tmp_path / "b")
    with pytest.raises(ValueError, match="different shapes"):
        average([tmp_path / "a", tmp_path / "b"], tmp_path / "mean")
