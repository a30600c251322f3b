"""The embedded model: loads offline and fast, its tokenizer is exact, and it fills fields it was not shown.

Every check is a property of the shipped files, not of a training run.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="the pocket model needs torch")
pytest.importorskip("transformers", reason="the pocket model needs transformers")

from structgen import pocket  # noqa: E402

FOLDER = Path(pocket.__file__).parent


@pytest.fixture(scope="module")
def loaded() -> pocket.Pocket:
    return pocket.load()


def test_the_files_fit_in_sixteen_megabytes() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 16_000_000


def test_model_is_a_small_llama_in_evaluation_mode(loaded: pocket.Pocket) -> None:
    assert loaded.model.config.model_type == "llama"
    assert loaded.model.num_parameters() < 5_000_000
    assert not loaded.model.training
    assert {parameter.dtype for parameter in loaded.model.parameters()} == {torch.float32}
    assert loaded.model.config.vocab_size == len(loaded.tokenizer)


def test_every_load_is_independent(loaded: pocket.Pocket) -> None:
    other = pocket.load()
    with torch.no_grad():
        other.model.model.norm.weight.zero_()
    assert loaded.model.model.norm.weight.abs().sum() > 0


def test_every_byte_is_a_token(loaded: pocket.Pocket) -> None:
    vocabulary = loaded.tokenizer.get_vocab()
    singles = {token for token in vocabulary if len(token) == 1}
    assert len(singles) == 256


@pytest.mark.parametrize(
    "text",
    [
        "",
        " two  spaces ",
        "Ada Lovelace, 36, lives in London.\n",
        '{"name": "Ada", "age": 36}',
        "tabs\tand\r\nline ends\n\n",
        "Zoë, Łukasz, 東京, Ελλάδα, 🦊, e\u0301",
        "camelCase snake_case KEBAB-CASE HTTPServer2x",
        "\x00\x01\x7f",
    ],
)
def test_text_survives_the_tokenizer(loaded: pocket.Pocket, text: str) -> None:
    ids = loaded.tokenizer.encode(text, add_special_tokens=False)
    assert loaded.tokenizer.decode(ids) == text
    assert not set(ids) & set(loaded.tokenizer.all_special_ids)


def test_a_prompt_begins_with_the_end_of_the_text_before(loaded: pocket.Pocket) -> None:
    end = loaded.tokenizer.eos_token_id
    assert loaded.tokenizer.encode("Ada")[0] == end
    assert loaded.tokenizer.encode("") == [end]
    chat = loaded.tokenizer.apply_chat_template([{"role": "user", "content": "Ada"}], return_dict=False)
    assert chat[0] == end and chat[1] != end


@pytest.mark.parametrize("word", ["Ada", "Quorbliss", "O’Hara", "36", "ada@mail.org"])
def test_a_word_is_the_same_tokens_wherever_it_stands(loaded: pocket.Pocket, word: str) -> None:
    def tokens(text: str) -> list[int]:
        return list(loaded.tokenizer.encode(text, add_special_tokens=False))

    inside = tokens(word)
    for text in (f"is {word} from", f'"{word}"', f": {word}\n", f"({word})"):
        found = tokens(text)
        assert any(found[i : i + len(inside)] == inside for i in range(len(found))), text


def test_chats_render(loaded: pocket.Pocket) -> None:
    pytest.importorskip("jinja2", reason="chat templates need jinja2")
    messages = [
        {"role": "system", "content": "Be exact."},
        {"role": "user", "content": "Is it so?"},
        {"role": "assistant", "content": "yes"},
        {"role": "user", "content": "Sure?"},
    ]
    text = loaded.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert text == (
        "<|endoftext|><|system|>\nBe exact.\n<|user|>\nIs it so?\n<|assistant|>\nyes<|endoftext|>\n"
        "<|user|>\nSure?\n<|assistant|>\n"
    )


def answer(loaded: pocket.Pocket, prompt: str, limit: int = 96) -> str:
    """The greedy answer without any constraint."""
    ids = loaded.tokenizer(prompt, return_tensors="pt")["input_ids"]
    with torch.no_grad():
        out = loaded.model.generate(
            ids, attention_mask=torch.ones_like(ids), max_new_tokens=limit, do_sample=False
        )
    return str(loaded.tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))


PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
}


def test_it_fills_a_schema_with_names_it_never_saw(loaded: pocket.Pocket) -> None:
    people = [
        ("Tabitha Noether", 36, "Galway"),
        ("Percival Meitner", 52, "Tallinn"),
        ("Ophelia Gauss", 7, "Busan"),
    ]
    right = 0
    for name, age, city in people:
        text = f"{name} is {age} years old and lives in {city}."
        said = answer(loaded, pocket.prompt(text, PERSON))
        got = json.loads(said)
        right += sum(got.get(key) == value for key, value in (("name", name), ("age", age), ("city", city)))
    assert right >= 8, f"{right} of 9 fields right"


def test_it_answers_yes_and_no(loaded: pocket.Pocket) -> None:
    text = (
        "Text: Margot is married. She works from home.\nQuestion: Is Margot married? (yes or no)\nAnswer:\n"
    )
    assert answer(loaded, text, 4) in ("yes", "no")
