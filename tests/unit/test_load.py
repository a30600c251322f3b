"""`load` by name and by folder, and what it says about folders that hold no model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import structgen
from structgen.cli import app
from structgen.errors import InvalidRequest

torch = pytest.importorskip("torch", reason="loading a model needs the extra structgen[hf]")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The embedded model, saved as any transformers model is."""
    path = tmp_path_factory.mktemp("model")
    pocket: Any = structgen.load()
    pocket.model.save_pretrained(path)
    pocket.tokenizer.save_pretrained(path)
    return path


def test_a_saved_model_answers_as_the_embedded_one(folder: Path) -> None:
    options: dict[str, Any] = {"choice": ["yes", "no", "maybe"], "temperature": 0}
    answers = [
        structgen.generate(structgen.load(name), "Is the sky blue?\n", **options)
        for name in ("pocket", folder)
    ]
    assert answers[0].tokens == answers[1].tokens
    assert answers[0].logprobs == pytest.approx(answers[1].logprobs, abs=1e-4)


def test_the_command_line_takes_the_folder(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.run(["generate", "--model", str(folder), "--choice", "a", "--choice", "b", "Which?"]) == 0
    assert capsys.readouterr().out.strip() in ("a", "b")
    schema = folder / "schema.json"
    schema.write_text('{"const": 1}', encoding="utf-8")
    assert app.run(["mask", "--vocabulary", str(folder), str(schema)]) == 0
    assert "distance" in capsys.readouterr().out


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="no model at"):
        structgen.load(tmp_path / "nowhere")


@pytest.mark.parametrize("config", ["{}", "not JSON", '{"model_type": "llama"}'])
def test_a_damaged_folder_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], config: str
) -> None:
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    with pytest.raises(InvalidRequest, match="transformers cannot load the model"):
        structgen.load(tmp_path)
    capsys.readouterr()
    assert app.run(["generate", "--model", str(tmp_path), "--choice", "a", "p"]) == 2
    assert capsys.readouterr().err.count("error: ") == 1
