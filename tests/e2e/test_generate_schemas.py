"""Real schemas, the embedded model, every budget and temperature: outputs validate or are refused truthfully.

Forty schemas of the shared development file, drawn with a fixed seed.  An output must satisfy the
`jsonschema` package, which shares no code with the engine.
"""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
import pytest

torch = pytest.importorskip("torch", reason="generation computes with torch")
pytest.importorskip("transformers", reason="the embedded model is a transformers model")

import structgen as sg  # noqa: E402

SETTINGS = [(64, 0.0), (64, 1.0), (64, 1.5), (256, 0.0), (256, 1.0), (256, 1.5), (1024, 0.0), (1024, 1.0)]
SETTINGS += [(1024, 1.5)]
PROMPT = "Write an example.\nJSON:"


@pytest.fixture(scope="module")
def schemas(data_dir: Path) -> list[dict[str, Any]]:
    path = data_dir / "maskbench_dev.jsonl.gz"
    if not path.is_file():
        pytest.skip("maskbench_dev.jsonl.gz is absent from the shared data folder")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        entries = [json.loads(line) for line in lines]
    return random.Random(20).sample(entries, 40)


def validate(value: Any, schema: Any) -> None:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind(schema, format_checker=kind.FORMAT_CHECKER).validate(value)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(40))
def test_outputs_satisfy_real_schemas(number: int, pocket: Any, schemas: list[dict[str, Any]]) -> None:
    schema = schemas[number]["schema"]
    # One of the nine settings each, all of them equally often.
    max_tokens, temperature = SETTINGS[number % 9]
    options: dict[str, Any] = {"schema": schema, "temperature": temperature, "seed": number}
    needed = shortest_output(pocket, schema)
    if needed > max_tokens:
        with pytest.raises(sg.BudgetTooSmall) as caught:
            sg.generate(pocket, PROMPT, max_tokens=max_tokens, **options)
        assert (caught.value.needed, caught.value.given) == (needed, max_tokens)
        max_tokens = needed
    out = sg.generate(pocket, PROMPT, max_tokens=max_tokens, **options)
    assert len(out.tokens) <= max_tokens
    assert json.loads(out.text) == out.value
    validate(out.value, schema)


def shortest_output(pocket: Any, schema: Any) -> int:
    """Tokens of the shortest known output; skips where a keyword is refused by name."""
    width = pocket.model.config.vocab_size
    try:
        constraint = sg.compile(schema, sg.Vocabulary.from_tokenizer(pocket.tokenizer, width=width))
    except sg.UnsupportedKeyword as refused:
        pytest.skip(f"the schema uses {refused.keyword!r}, which is refused by name")
    return constraint.matcher().distance()


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}, "maxItems": 3},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("temperature", [0.0, 1.5])
def test_every_budget_from_the_smallest_on_completes(pocket: Any, temperature: float) -> None:
    with pytest.raises(sg.BudgetTooSmall) as caught:
        sg.generate(pocket, "Person:", schema=PERSON, max_tokens=1)
    needed = caught.value.needed
    with pytest.raises(sg.BudgetTooSmall):
        sg.generate(pocket, "Person:", schema=PERSON, max_tokens=needed - 1)
    for max_tokens in range(needed, needed + 12):
        for out in sg.generate(
            pocket,
            "Person:",
            schema=PERSON,
            max_tokens=max_tokens,
            temperature=temperature,
            n=4,
            seed=max_tokens,
        ):
            assert len(out.tokens) <= max_tokens
            validate(out.value, PERSON)


def test_a_batch_of_real_prompts_is_the_same_row_by_row(pocket: Any) -> None:
    prompts = ["Ada Lovelace is 36.", "Person: Grace Hopper, 85 years old, lives in Arlington.\nJSON:", "x"]
    together = sg.generate(pocket, prompts, schema=PERSON, temperature=0, max_tokens=64)
    for prompt, out in zip(prompts, together, strict=True):
        alone = sg.generate(pocket, prompt, schema=PERSON, temperature=0, max_tokens=64)
        assert alone.tokens == out.tokens
        assert alone.log_mass == pytest.approx(out.log_mass, abs=1e-2)


def test_figures_agree_with_a_pass_over_the_whole_output(pocket: Any) -> None:
    """log p of every token, forced ones included, against one pass without a cache."""
    ids = pocket.tokenizer("Person: Ada, 36.\nJSON:")["input_ids"]
    out = sg.generate(pocket, ids, schema=PERSON, temperature=1.0, max_tokens=64, seed=4)
    with torch.inference_mode():
        logits = pocket.model(torch.tensor([ids + out.tokens])).logits[0].float()
    log_p = torch.log_softmax(logits, -1)
    for place, token in enumerate(out.tokens):
        assert out.logprobs[place] == pytest.approx(float(log_p[len(ids) + place - 1, token]), abs=1e-3)
    matcher = sg.compile(
        PERSON, sg.Vocabulary.from_tokenizer(pocket.tokenizer, width=logits.shape[-1])
    ).matcher()
    log_mass = 0.0
    for place, token in enumerate([*out.tokens, None]):
        log_mass += float(torch.logsumexp(log_p[len(ids) + place - 1, matcher.allowed_tokens()], -1))
        if token is not None:
            matcher.advance(token)
    assert out.log_mass == pytest.approx(log_mass, abs=1e-2)
    assert matcher.can_stop
