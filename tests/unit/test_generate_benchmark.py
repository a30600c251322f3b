"""The judge of ``benchmarks/generate_dev.py``: it sees what is wrong, and believes no budget untried.

Generations here are made up, so no model is needed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest

import structgen as sg

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"
if not BENCHMARKS.is_dir():
    pytest.skip("benchmarks/ is not part of an installed package", allow_module_level=True)
sys.path.insert(0, str(BENCHMARKS))

from generate_dev import SETTINGS, attempt, complaint, report, validator  # noqa: E402

CHECK = validator({"type": "array", "items": {"type": "integer"}})


def output(text: str, tokens: int) -> Any:
    return SimpleNamespace(text=text, tokens=[0] * tokens, finish_reason="stop")


def generator(needed: int, text: str = "[1]", claimed: int | None = None) -> Callable[..., Any]:
    """Refuses less than ``needed`` tokens, but names ``claimed``."""

    def generate(max_tokens: int) -> Any:
        if max_tokens < needed:
            raise sg.BudgetTooSmall(claimed or needed, max_tokens)
        return output(text, needed)

    return generate


@pytest.mark.parametrize(
    ("text", "tokens", "wrong"),
    [("[1, 2]", 4, ""), ("[1, 2]", 5, "5 tokens"), ("[1, ", 3, "no JSON"), ('["a"]', 3, "$[0]: type")],
)
def test_outputs_are_judged(text: str, tokens: int, wrong: str) -> None:
    said = complaint(output(text, tokens), 4, CHECK)
    assert said.startswith(wrong) if wrong else said == ""


@pytest.mark.parametrize(
    ("generate", "verdict"),
    [
        (generator(3), "valid"),
        (generator(3, text='["a"]'), "invalid"),
        (generator(9), "budget"),
        (generator(9, claimed=8), "false budget"),  # the number is not enough
        (generator(9, claimed=10), "false budget"),  # one less is enough, too
        (generator(9, claimed=2), "false budget"),  # the budget was above the number
        (generator(9, text='["a"]'), "false budget"),  # the number yields nothing valid
    ],
    ids=[
        "fits",
        "invalid",
        "truthful",
        "too low",
        "too high",
        "below what was given",
        "invalid at the number",
    ],
)
def test_budgets_are_tried(generate: Callable[..., Any], verdict: str) -> None:
    assert attempt(generate, CHECK, 4)["verdict"] == verdict


@pytest.mark.parametrize(
    ("schema", "draft"),
    [
        ({}, jsonschema.Draft202012Validator),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, jsonschema.Draft4Validator),
        ({"minimum": 1, "exclusiveMinimum": True}, jsonschema.Draft4Validator),
        ({"items": [{"type": "string"}]}, jsonschema.Draft7Validator),
    ],
)
def test_the_draft_is_the_one_the_schema_is_written_in(schema: Any, draft: Any) -> None:
    assert type(validator(schema)) is draft


def test_the_page_counts_every_result_and_names_failures() -> None:
    results = [
        {"name": "good", "max_tokens": b, "temperature": t, "verdict": "valid", "tokens": b, "reason": ""}
        for b, t in SETTINGS
    ]
    results += [{"name": "bad", "max_tokens": 64, "temperature": 0.0, "verdict": "invalid", "reason": "a|b"}]
    page = report(results, "command")
    assert "| 64 | 0 | 1 | 0 | 1 | 64 | 64 |" in page
    assert "| all | | 9 | 0 | 1 | | |" in page
    assert "| bad | 1 | invalid | a\\|b |" in page
