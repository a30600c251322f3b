"""Exact bytes from Hugging Face tokenizers: byte-level, SentencePiece style, and transformers' wrappers.

The tokenizers are trained on the spot or made from the models that come with
mistral-common, so nothing is fetched.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from structgen.errors import VocabularyError
from structgen.vocabulary import Vocabulary
from structgen.vocabulary.byte_level import byte_alphabet

pytest.importorskip("tokenizers", reason="tokenizers trains the tokenizers under test")
mistral_common = pytest.importorskip("mistral_common", reason="mistral-common brings real models")
sentencepiece = pytest.importorskip("sentencepiece", reason="sentencepiece reads its models")
tiktoken = pytest.importorskip("tiktoken", reason="tiktoken is the reference for tekken")
from tokenizers import (  # noqa: E402
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    trainers,
)

MODELS = Path(mistral_common.__file__).parent / "data"
MODEL = MODELS / "tokenizer.model.v1"
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


def check_encodes_exactly(vocabulary: Vocabulary) -> None:
    for text in TEXTS:
        spelled = vocabulary.decode(vocabulary.encode(text))
        expected = {text.encode()}
        if vocabulary.prefix_space and text:
            expected = {b" " + text.encode()} | (expected if text[0] == " " else set())
        assert spelled in expected


def byte_level(add_prefix_space: bool = False, size: int = 600) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    tokenizer.decoder = decoders.ByteLevel()  # its own add_prefix_space is True and must not matter
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|end|>", "<|pad|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def sentencepiece_style(kind: str) -> Tokenizer:
    """BPE with byte fallback, taught by a real SentencePiece model; three ways to write spaces."""
    processor = sentencepiece.SentencePieceProcessor(model_file=str(MODEL))
    vocab = {processor.id_to_piece(i): i for i in range(processor.get_piece_size())}
    merges = []
    for piece, token_id in sorted(vocab.items(), key=lambda item: -processor.get_score(item[1])):
        if processor.is_byte(token_id) or processor.is_control(token_id) or processor.is_unknown(token_id):
            continue
        splits = [(piece[:i], piece[i:]) for i in range(1, len(piece))]
        merges += sorted(
            (s for s in splits if s[0] in vocab and s[1] in vocab), key=lambda s: (vocab[s[0]], vocab[s[1]])
        )
    tokenizer = Tokenizer(models.BPE(vocab, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    replace = normalizers.Replace(" ", "▁")
    if kind == "prepend":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace])
    elif kind == "none":
        tokenizer.normalizer = replace
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind, split=False)
    strip = [] if kind == "none" else [decoders.Strip(" ", 1, 0)]
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip]
    )
    tokenizer.add_special_tokens([AddedToken(name, special=True) for name in ("<unk>", "<s>", "</s>")])
    return tokenizer


@pytest.mark.parametrize("add_prefix_space", [False, True])
def test_byte_level_spells_its_bytes(add_prefix_space: bool) -> None:
    tokenizer = byte_level(add_prefix_space)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=0)
    alphabet = byte_alphabet()
    for piece, token_id in tokenizer.get_vocab().items():
        expected = None if token_id < 2 else bytes(alphabet[character] for character in piece)
        assert vocabulary.token_bytes(token_id) == expected
    assert vocabulary.prefix_space is add_prefix_space
    assert vocabulary.special_ids == {"<|end|>": 0, "<|pad|>": 1}
    assert vocabulary.covers_all_bytes
    check_encodes_exactly(vocabulary)


def test_byte_alphabet_is_the_libraries_own() -> None:
    assert set(byte_alphabet()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_alphabet().values()) == list(range(256))
    encoded = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(
        "\x00é \n\xad"
    )
    assert bytes(byte_alphabet()[character] for character in encoded[0][0]) == "\x00é \n\xad".encode()


@pytest.mark.parametrize("kind", ["prepend", "none", "first", "always", "never"])
def test_sentencepiece_style_spells_its_bytes(kind: str) -> None:
    vocabulary = Vocabulary.from_tokenizer(sentencepiece_style(kind), eos=2)
    original = Vocabulary.from_tokenizer(MODEL)
    assert [vocabulary.token_bytes(i) for i in range(32_000)] == [
        original.token_bytes(i) for i in range(32_000)
    ]
    assert vocabulary.special_ids == original.special_ids
    assert vocabulary.prefix_space is (kind in ("prepend", "first", "always"))
    check_encodes_exactly(vocabulary)


def test_byte_pieces_without_byte_fallback_are_text() -> None:
    """<0x41> means a byte only where the model says so."""
    vocab = {"<0x41>": 0, "</s>": 1, "▁": 2, **{chr(c): c for c in range(0x21, 0x7F)}}
    for byte_fallback, expected in ((True, b"A"), (False, b"<0x41>")):
        tokenizer = Tokenizer(models.BPE(vocab, [], byte_fallback=byte_fallback))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        assert Vocabulary.from_tokenizer(tokenizer, eos=1).token_bytes(0) == expected


def test_added_tokens_are_raw_text_and_special_ones_none() -> None:
    tokenizer = byte_level()
    base = tokenizer.get_vocab_size()
    tokenizer.add_tokens([AddedToken("<think>"), AddedToken("é ü"), AddedToken("   ")])
    tokenizer.add_special_tokens([AddedToken("<|im_end|>", special=True)])
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=base + 3)
    assert [vocabulary.token_bytes(i) for i in range(base, base + 4)] == [
        b"<think>", "é ü".encode(), b"   ", None,
    ]  # fmt: skip
    assert vocabulary.special_ids["<|im_end|>"] == base + 3
    for text in ("a <think> b", "é üé ü", "x   y"):
        assert vocabulary.decode(vocabulary.encode(text)) == text.encode()


@pytest.mark.parametrize("normalized", [False, True])
def test_added_tokens_that_are_pieces_keep_the_pieces_bytes(normalized: bool) -> None:
    tokenizer = sentencepiece_style("prepend")
    pieces = ["▁▁", "▁▁▁▁", "<0x0A>"]
    ids = [tokenizer.token_to_id(piece) for piece in pieces]
    tokenizer.add_tokens([AddedToken(piece, normalized=normalized) for piece in pieces])
    new = AddedToken("▁new▁word", normalized=normalized)
    tokenizer.add_tokens([new])
    assert [tokenizer.token_to_id(piece) for piece in pieces] == ids
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=2)
    assert [vocabulary.token_bytes(i) for i in ids] == [b"  ", b"    ", b"\n"]
    # a new one is looked for before or after the normalizer has replaced the spaces
    expected = " new word" if normalized else "▁new▁word"
    assert vocabulary.token_bytes(tokenizer.token_to_id("▁new▁word")) == expected.encode()
    assert vocabulary.decode(vocabulary.encode(f"see{expected} ")) in (
        f" see{expected} ".encode(),
        f" see{expected}  ".encode(),  # the text after an added token gains a space of its own
    )


def test_pieces_outside_the_byte_alphabet_are_their_own_text() -> None:
    vocab = {character: i for i, character in enumerate(byte_alphabet())} | {
        "日本": 256,
        "a b": 257,
        "<e>": 258,
    }
    tokenizer = Tokenizer(models.BPE(vocab, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=258)
    assert [vocabulary.token_bytes(i) for i in (256, 257)] == ["日本".encode(), b"a b"]
    assert vocabulary.covers_all_bytes


def test_encoding_ignores_what_callers_set_on_the_tokenizer() -> None:
    tokenizer = byte_level()
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=0)
    plain = vocabulary.encode(CORPUS[0])
    tokenizer.enable_truncation(3)
    tokenizer.enable_padding(length=500)
    assert vocabulary.encode(CORPUS[0]) == plain
    assert vocabulary == Vocabulary.from_tokenizer(tokenizer, eos=0)
    spelled = vocabulary.encode("a<|end|>b")
    assert 0 not in spelled
    assert vocabulary.decode(spelled) == b"a<|end|>b"
    assert tokenizer.truncation["max_length"] == 3  # and leaves it as it was


def test_tokenizer_that_folds_case_is_read_and_reported() -> None:
    tokenizer = byte_level()
    tokenizer.normalizer = normalizers.Lowercase()
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=0)
    assert vocabulary.normalizes
    assert vocabulary.decode(vocabulary.encode("ABC")) == b"abc"
    assert not Vocabulary.from_tokenizer(byte_level(), eos=0).normalizes


def test_unigram_without_byte_fallback_names_the_missing_bytes() -> None:
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=300, special_tokens=["<unk>", "</s>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    vocabulary = Vocabulary.from_tokenizer(tokenizer, eos=1)
    assert not vocabulary.covers_all_bytes
    assert {0x00, 0xFF} <= set(vocabulary.missing_bytes)
    assert vocabulary.token_bytes(0) is None
    assert vocabulary.prefix_space
    assert vocabulary.decode(vocabulary.encode("quick fox")) == b" quick fox"


def test_self_test_names_text_and_tokens() -> None:
    tokenizer = Tokenizer(models.BPE({chr(c): c for c in range(128)}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()  # drops spaces, and nothing restores them
    with pytest.raises(VocabularyError, match=r"self-test.*Hello, world!.*departs.* at 6 .*id 119 = b'w'"):
        Vocabulary.from_tokenizer(tokenizer, eos=0)


@pytest.mark.parametrize(
    ("tokenizer", "words"),
    [
        (Tokenizer(models.WordPiece({"a": 0, "[UNK]": 1}, unk_token="[UNK]")), "WordPiece"),
        (Tokenizer(models.BPE({"a</w>": 0}, [], end_of_word_suffix="</w>")), "end_of_word_suffix"),
    ],
)
def test_tokenizers_without_exact_bytes_are_refused(tokenizer: Tokenizer, words: str) -> None:
    with pytest.raises(VocabularyError, match=words):
        Vocabulary.from_tokenizer(tokenizer, eos=0)


def test_unknown_decoder_is_refused() -> None:
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 1}, unk_token="a"))
    tokenizer.decoder = decoders.CTC()
    with pytest.raises(VocabularyError, match="decoder CTC"):
        Vocabulary.from_tokenizer(tokenizer, eos=0)


def test_tokenizer_json_names_its_end_token_beside_it(tmp_path: Path) -> None:
    byte_level().save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(VocabularyError, match="eos="):
        Vocabulary.from_tokenizer(tmp_path / "tokenizer.json")
    for config in ('{"eos_token": "<|end|>"}', '{"eos_token": {"content": "<|end|>"}}'):
        (tmp_path / "tokenizer_config.json").write_text(config)
        assert Vocabulary.from_tokenizer(tmp_path).eos_ids == (0,)
    (tmp_path / "tokenizer_config.json").write_text("[1]")
    assert Vocabulary.from_tokenizer(str(tmp_path), eos=[1, 0]).eos_ids == (1, 0)


# --- transformers wrappers -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wrap() -> Any:
    transformers = pytest.importorskip("transformers", reason="transformers wraps the tokenizers under test")
    return transformers.PreTrainedTokenizerFast


def test_wrapped_byte_level(wrap: Any) -> None:
    tokenizer = byte_level()
    wrapped = wrap(tokenizer_object=tokenizer, eos_token="<|end|>", pad_token="<|pad|>")
    vocabulary = Vocabulary.from_tokenizer(wrapped, width=1024)
    assert vocabulary.eos_ids == (0,)
    assert vocabulary.width == 1024
    assert vocabulary.tokenizer is wrapped
    assert vocabulary == Vocabulary.from_tokenizer(tokenizer, eos=0, width=1024)
    wrapped("some long text " * 50, truncation=True, max_length=5)
    check_encodes_exactly(vocabulary)


def test_wrapped_tokenizer_gains_special_tokens(wrap: Any) -> None:
    wrapped = wrap(tokenizer_object=byte_level(), eos_token="<|end|>")
    wrapped.add_special_tokens({"additional_special_tokens": ["<|tool|>"]})
    wrapped.add_tokens(["<think>"])
    vocabulary = Vocabulary.from_tokenizer(wrapped)
    tool, think = wrapped.convert_tokens_to_ids(["<|tool|>", "<think>"])
    assert vocabulary.token_bytes(tool) is None
    assert vocabulary.special_ids["<|tool|>"] == tool
    assert vocabulary.token_bytes(think) == b"<think>"
    assert vocabulary.size == len(wrapped)


@pytest.mark.parametrize("kind", ["prepend", "first"])
def test_wrapped_sentencepiece_style(wrap: Any, kind: str) -> None:
    wrapped = wrap(
        tokenizer_object=sentencepiece_style(kind), eos_token="</s>", unk_token="<unk>", bos_token="<s>"
    )
    vocabulary = Vocabulary.from_tokenizer(wrapped)
    assert vocabulary == Vocabulary.from_tokenizer(MODEL)
    check_encodes_exactly(vocabulary)


def test_wrapped_tekken(wrap: Any) -> None:
    """The first 8,000 ranks as a Hugging Face tokenizer, byte-level, with the same bytes."""
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    tekkenizer = Tekkenizer.from_file(MODELS / "tekken_240911.json")
    ranks = [tekkenizer.id_to_byte_piece(1000 + rank) for rank in range(8000)]
    rank_of = {token: rank for rank, token in enumerate(ranks)}
    spell = {byte: character for character, byte in byte_alphabet().items()}
    merges = []
    for token in ranks[256:]:
        parts = [bytes([byte]) for byte in token]
        while len(parts) > 2:
            merged = [rank_of.get(a + b, len(ranks)) for a, b in itertools.pairwise(parts)]
            best = int(np.argmin(merged))
            parts[best : best + 2] = [parts[best] + parts[best + 1]]
        merges.append(tuple("".join(spell[byte] for byte in part) for part in parts))
    vocab = {"".join(spell[byte] for byte in token): rank for rank, token in enumerate(ranks)}
    tokenizer = Tokenizer(models.BPE(vocab, merges, ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(tekkenizer._model._pat_str), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    vocabulary = Vocabulary.from_tokenizer(wrap(tokenizer_object=tokenizer, eos_token="</s>"))
    assert [vocabulary.token_bytes(i) for i in range(8000)] == ranks
    for text in TEXTS:
        reference = tiktoken.Encoding(
            "cut", pat_str=tekkenizer._model._pat_str, mergeable_ranks=rank_of, special_tokens={}
        )
        assert vocabulary.encode(text) == reference.encode_ordinary(text)


def test_slow_tokenizer_around_a_sentencepiece_model() -> None:
    pytest.importorskip("transformers", reason="transformers wraps the tokenizer under test")
    from transformers.tokenization_utils_sentencepiece import SentencePieceBackend

    options = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    slow = SentencePieceBackend(vocab_file=str(MODEL), **options)
    slow.add_tokens(["<think>"])
    vocabulary = Vocabulary.from_tokenizer(slow)
    original = Vocabulary.from_tokenizer(MODEL)
    assert [vocabulary.token_bytes(i) for i in range(32_000)] == [
        original.token_bytes(i) for i in range(32_000)
    ]
    assert vocabulary.token_bytes(32_000) == b"<think>"
    assert (vocabulary.eos_ids, vocabulary.special_ids) == (original.eos_ids, original.special_ids)

    class Shifted(SentencePieceBackend):
        def _convert_id_to_token(self, index: int) -> str:
            return str(super()._convert_id_to_token(index - 1 if index else 0))

    with pytest.raises(VocabularyError, match="numbers its tokens differently"):
        Vocabulary.from_tokenizer(Shifted(vocab_file=str(MODEL), **options))
