"""Exact bytes from tekken, tiktoken and SentencePiece.

tekken and SentencePiece models come with mistral-common, so nothing is fetched.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest

from structgen.errors import VocabularyError
from structgen.vocabulary import Vocabulary

mistral_common = pytest.importorskip(
    "mistral_common", reason="mistral-common brings tekken and SentencePiece models"
)
sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece reads its models")
tiktoken = pytest.importorskip("tiktoken", reason="tiktoken encodes for tekken")

MODELS = Path(mistral_common.__file__).parent / "data"
SENTENCEPIECE_MODELS = ("tokenizer.model.v1", "mistral_instruct_tokenizer_240323.model.v3")
TEXTS = (
    "Hello, world!  Two  spaces.",
    '{"clé": [1, 2.50, "日本語", null]}\n\t\r\n',
    " 👩‍👩‍👧 e\u0301 \x00\x7f  ",
    "",
    "x",
)
CORPUS = [
    "the quick brown fox jumps over the lazy dog; der schnelle braune Fuchs springt über den faulen Hund",
    '{"name": "Ada Lovelace", "born": 1815, "tags": ["math", "poetry"]}',
    "def f(x):\n    return x + 1\n",
    "съешь ещё этих мягких французских булок 日本語のテキスト emoji 😀",
] * 20


@pytest.fixture(scope="module")
def tekkenizer() -> Any:
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    return Tekkenizer.from_file(MODELS / "tekken_240911.json")


def check_encodes_exactly(vocabulary: Vocabulary) -> None:
    for text in TEXTS:
        spelled = vocabulary.decode(vocabulary.encode(text))
        expected = {text.encode()}
        if vocabulary.prefix_space and text:
            expected = {b" " + text.encode()} | (expected if text[0] == " " else set())
        assert spelled in expected


# --- tekken and tiktoken ---------------------------------------------------------------------------


def test_tekken_file_object_and_wrappers_agree(tekkenizer: Any) -> None:
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    from_file = Vocabulary.from_tokenizer(MODELS / "tekken_240911.json")
    from_object = Vocabulary.from_tokenizer(tekkenizer)
    wrapped = Vocabulary.from_tokenizer(MistralTokenizer.from_file(str(MODELS / "tekken_240911.json")))
    assert from_file == from_object == wrapped
    assert from_file.special_ids == from_object.special_ids
    assert from_file.encode(CORPUS[1]) == from_object.encode(CORPUS[1])
    assert (from_file.size, from_file.width, from_file.eos_ids) == (131_072, 131_072, (tekkenizer.eos_id,))


def test_tekken_bytes_equal_the_tokenizers_own(tekkenizer: Any) -> None:
    vocabulary = Vocabulary.from_tokenizer(tekkenizer)
    assert all(vocabulary.token_bytes(i) is None for i in range(tekkenizer.num_special_tokens))
    for token_id in range(tekkenizer.num_special_tokens, tekkenizer.n_words):
        assert vocabulary.token_bytes(token_id) == tekkenizer.id_to_byte_piece(token_id)
    alone = [vocabulary.token_bytes(i) or b"" for i in range(vocabulary.size)]
    assert sum(token.decode("utf-8", "ignore").encode() != token for token in alone) > 1000
    assert vocabulary.covers_all_bytes
    assert vocabulary.missing_bytes == ()
    assert vocabulary.special_ids["[INST]"] == tekkenizer.get_special_token("[INST]")
    check_encodes_exactly(vocabulary)


def test_every_tekken_file_layout_is_read_alike(tmp_path: Path) -> None:
    """Indented or not, members in any order, specials named or not: the fast reader never differs."""
    import base64
    import json

    def entry(rank: int, token: bytes, order: int) -> dict[str, Any]:
        text = None if rank % 3 else '"token_bytes": "\\"} ]'
        members = {"rank": rank, "token_bytes": base64.b64encode(token).decode(), "token_str": text}
        return dict(list(members.items())[:: -1 if order else 1])

    ranks = [bytes([byte]) for byte in range(256)] + [b"ab", b"abc", "é]}".encode()]
    pattern = r'[^"\]]+|["\]]'
    seen = set()
    for order in (0, 1):
        for indent in (None, 2):
            for named in (False, True):
                for surplus in ({}, {"nested": {"deep": [1]}}):
                    data: dict[str, Any] = {
                        "config": {
                            "pattern": pattern,
                            "default_vocab_size": 10 + len(ranks) - 1,
                            "default_num_special_tokens": 10,
                        },
                        "vocab": [
                            {**entry(rank, token, order), **surplus} for rank, token in enumerate(ranks)
                        ],
                    }
                    if named:
                        data["special_tokens"] = [
                            {"rank": 0, "token_str": "<unk>", "is_control": True},
                            {"rank": 1, "token_str": "<s>", "is_control": True},
                            {"rank": 2, "token_str": "</s>", "is_control": True},
                        ]
                    path = tmp_path / "tekken.json"
                    path.write_text(json.dumps(data, indent=indent))
                    vocabulary = Vocabulary.from_tokenizer(path)
                    tokens = [vocabulary.token_bytes(i) for i in range(vocabulary.size)]
                    assert tokens == [None] * 10 + ranks[:-1]
                    assert vocabulary.special_ids["</s>"] == 2
                    seen.add((named, vocabulary.fingerprint))
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda text: text.replace('"rank": 7,', '"rank": 8,'), "rank"),
        (lambda text: text.replace('"Bw=="', '"B!=="'), "base64"),
        (lambda text: text.replace('"default_vocab_size": 266', '"default_vocab_size": 900'), "does not fit"),
        (
            lambda text: text.replace('"default_num_special_tokens": 10', '"default_num_special_tokens": -1'),
            "fit",
        ),
        (lambda text: text[:-30], "not a tekken file"),
        (lambda text: text.replace('"config"', '"other"'), "not a tekken file"),
    ],
    ids=["rank twice", "not base64", "too few tokens", "negative specials", "truncated", "no config"],
)
def test_damaged_tekken_files_are_refused(damage: Any, words: str, tmp_path: Path) -> None:
    import base64
    import json

    data = {
        "config": {"pattern": ".", "default_vocab_size": 266, "default_num_special_tokens": 10},
        "vocab": [{"rank": i, "token_bytes": base64.b64encode(bytes([i])).decode()} for i in range(256)],
    }
    path = tmp_path / "tekken.json"
    path.write_text(damage(json.dumps(data)))
    with pytest.raises(VocabularyError, match=words):
        Vocabulary.from_tokenizer(path)


def test_tiktoken_encoding_with_special_tokens() -> None:
    ranks = {bytes([byte]): byte for byte in range(256)} | {b"ab": 256, b" ab": 257}
    encoding = tiktoken.Encoding(
        "small", pat_str=r" ?\w+|\s+|[^\w\s]+", mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 300}
    )
    vocabulary = Vocabulary.from_tokenizer(encoding)
    assert vocabulary.size == 301
    assert vocabulary.eos_ids == (300,)
    assert [vocabulary.token_bytes(i) for i in (97, 257, 299, 300)] == [b"a", b" ab", None, None]
    assert vocabulary.encode("ab<|endoftext|>")[0] == 256
    assert vocabulary.decode(vocabulary.encode("<|endoftext|>")) == b"<|endoftext|>"
    check_encodes_exactly(vocabulary)


# --- SentencePiece ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SENTENCEPIECE_MODELS)
def test_sentencepiece_model_file(name: str) -> None:
    processor = sentencepiece.SentencePieceProcessor(model_file=str(MODELS / name))
    vocabulary = Vocabulary.from_tokenizer(MODELS / name)
    assert vocabulary == Vocabulary.from_tokenizer(processor)
    assert vocabulary.prefix_space
    assert not vocabulary.normalizes
    assert vocabulary.covers_all_bytes
    for token_id in range(processor.get_piece_size()):
        token = vocabulary.token_bytes(token_id)
        if processor.is_control(token_id) or processor.is_unused(token_id) or processor.is_unknown(token_id):
            assert token is None
        elif processor.is_byte(token_id):
            assert token == bytes([int(processor.id_to_piece(token_id)[3:5], 16)])
        else:
            assert token == processor.id_to_piece(token_id).replace("▁", " ").encode()
    # a byte and a character may be spelled by two ids; both stay reachable
    twice = vocabulary.ids_of(b"A")
    assert len(twice) == 2
    assert twice == sorted(twice)
    check_encodes_exactly(vocabulary)


def test_normalizing_sentencepiece_is_read_and_reported() -> None:
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(CORPUS),
        model_writer=model,
        vocab_size=350,
        byte_fallback=True,
        normalization_rule_name="nmt_nfkc_cf",
        user_defined_symbols=["<think>", "two words"],
        minloglevel=2,
        num_threads=1,
    )
    processor = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
    vocabulary = Vocabulary.from_tokenizer(processor)
    assert vocabulary.normalizes
    assert vocabulary.decode(vocabulary.encode("ＡＢＣ  Def")) == b" abc def"
    assert vocabulary.ids_of(b"<think>") == [processor.piece_to_id("<think>")]
    assert vocabulary.ids_of(b"two words") == [processor.piece_to_id("two words")]


def test_what_is_no_sentencepiece_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.model").write_bytes(b"\x00not a model")
    with pytest.raises(VocabularyError, match="not a SentencePiece model"):
        Vocabulary.from_tokenizer(tmp_path / "tokenizer.model")
    with pytest.raises(VocabularyError, match="no pieces"):
        Vocabulary.from_tokenizer(sentencepiece.SentencePieceProcessor())


def test_what_is_no_tokenizer_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VocabularyError, match=r"a dict is not a tokenizer.*tiktoken"):
        Vocabulary.from_tokenizer({})
    with pytest.raises(VocabularyError, match=re.escape(str(tmp_path / "absent.model"))):
        Vocabulary.from_tokenizer(tmp_path / "absent.model")
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(VocabularyError, match=r"neither a tekken file nor a tokenizer\.json"):
        Vocabulary.from_tokenizer(tmp_path / "x.json")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VocabularyError, match="holds none of"):
        Vocabulary.from_tokenizer(tmp_path / "empty")
