"""Laws of Vocabulary on generated vocabularies and texts.

1. The trie is the sorted set of all prefixes, each id at the node that spells it.
2. What is saved loads again; what is altered does not load.
3. Ids are bytes: decode is concatenation, and encode is its inverse where bytes suffice.
4. With a real tokenizer, decode(encode(text)) is the text under the prefix-space rule.
"""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from structgen._native import TokenTrie
from structgen.errors import VocabularyError
from structgen.vocabulary import Vocabulary
from structgen.vocabulary.byte_level import pack_pieces, piece_bytes
from structgen.vocabulary.sentencepiece import pieces_bytes
from structgen.vocabulary.table import TokenTable, pack

NO_TOKEN = 0xFFFFFFFF
# Few letters, so that prefixes and duplicates are common; 0x00 and 0xFF, so that signs and ends matter.
TOKEN = st.text("ab\x00ÿ", max_size=5).map(lambda s: s.encode("latin-1"))
TOKENS = st.lists(st.none() | TOKEN, max_size=25)
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="▁"), max_size=40)


def trie_of(tokens: list[bytes | None]) -> TokenTrie:
    return TokenTrie.build(*pack([token or b"" for token in tokens]))


@given(TOKENS)
def test_trie_is_the_sorted_set_of_prefixes(tokens: list[bytes | None]) -> None:
    nodes = trie_of(tokens).nodes()
    spelled: list[bytes] = [b""]
    for _, _, depth, byte in nodes[1:]:
        spelled.append(spelled[-1][: depth - 1] + bytes([byte]))
    assert spelled == sorted({b""} | {t[:n] for t in tokens if t for n in range(1, len(t) + 1)})
    for index, (subtree_end, token, _, _) in enumerate(nodes):
        below = [i for i, other in enumerate(spelled) if other.startswith(spelled[index])]
        assert list(range(index, subtree_end)) == below
        ids = [i for i, other in enumerate(tokens) if other and other == spelled[index]]
        assert token == (ids[0] if ids else NO_TOKEN)
        assert trie_of(tokens).ids_of(spelled[index]) == ids


@given(TOKENS, TOKENS)
def test_saved_tries_load_for_their_own_text_only(
    tokens: list[bytes | None], others: list[bytes | None]
) -> None:
    text, offsets = pack([token or b"" for token in tokens])
    saved = TokenTrie.build(text, offsets).save()
    loaded = TokenTrie.load(saved, text, offsets)
    assert loaded is not None
    assert loaded.save() == saved
    assert loaded.single_bytes() == TokenTrie.build(text, offsets).single_bytes()
    other = pack([token or b"" for token in others])
    same = other[0] == text and np.array_equal(other[1], offsets)
    assert (TokenTrie.load(saved, *other) is not None) == same


@given(TOKENS, st.data())
def test_altered_tries_do_not_load(tokens: list[bytes | None], data: st.DataObject) -> None:
    text, offsets = pack([token or b"" for token in tokens])
    saved = bytearray(TokenTrie.build(text, offsets).save())
    position = data.draw(st.integers(0, len(saved) - 1))
    saved[position] ^= data.draw(st.integers(1, 255))
    assert TokenTrie.load(bytes(saved), text, offsets) is None


@given(TOKENS, st.lists(st.integers(0, 30), max_size=20))
def test_decode_is_concatenation(tokens: list[bytes | None], ids: list[int]) -> None:
    try:
        vocabulary = Vocabulary.from_tokens([*tokens, b"x", None], eos=len(tokens) + 1)
    except VocabularyError:
        pytest.fail("a vocabulary with a token was refused")
    padded = [*tokens, b"x", None, *[None] * 30]
    assert vocabulary.decode(ids) == b"".join(padded[i] or b"" for i in ids)


@given(TOKENS, TEXTS)
def test_greedy_encoding_is_exact_when_all_bytes_are_there(tokens: list[bytes | None], text: str) -> None:
    alphabet = [bytes([byte]) for byte in range(256)]
    vocabulary = Vocabulary.from_tokens([*tokens, *alphabet, None], eos=len(tokens) + 256)
    assert vocabulary.covers_all_bytes
    assert vocabulary.decode(vocabulary.encode(text)) == text.encode()


@given(TOKENS, st.text("ab", max_size=12))
def test_greedy_encoding_takes_the_longest_token(tokens: list[bytes | None], text: str) -> None:
    vocabulary = Vocabulary.from_tokens([*tokens, b"a", b"b", None], eos=len(tokens) + 2)
    rest = text.encode()
    for token_id in vocabulary.encode(text):
        token = vocabulary.token_bytes(token_id)
        assert token is not None
        assert rest.startswith(token)
        assert token_id == vocabulary.ids_of(token)[0]
        assert not any(t and len(t) > len(token) and rest.startswith(t) for t in tokens)
        rest = rest[len(token) :]
    assert rest == b""


@given(st.lists(st.text(st.characters(max_codepoint=0x150), max_size=8), max_size=12))
def test_byte_level_pieces_in_bulk_and_one_by_one(pieces: list[str]) -> None:
    text, offsets = pack_pieces(pieces)
    expected, expected_offsets = pack([piece_bytes(piece) for piece in pieces])
    assert (text, offsets.tolist()) == (expected, expected_offsets.tolist())


@given(st.lists(st.text("▁ab\udfffé", max_size=6), max_size=12))
def test_sentencepiece_pieces_in_bulk_and_one_by_one(pieces: list[str]) -> None:
    expected = [piece.replace("▁", " ").encode("utf-8", "surrogatepass") for piece in pieces]
    assert pieces_bytes(pieces) == expected


@functools.cache
def real(name: str) -> Vocabulary:
    mistral_common = pytest.importorskip("mistral_common", reason="mistral-common brings real tokenizers")
    pytest.importorskip("sentencepiece", reason="sentencepiece reads its models")
    pytest.importorskip("tiktoken", reason="tiktoken encodes for tekken")
    return Vocabulary.from_tokenizer(Path(mistral_common.__file__).parent / "data" / name)


@functools.cache
def trained(add_prefix_space: bool) -> Vocabulary:
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers trains the tokenizer under test")
    byte_level = tokenizers.pre_tokenizers.ByteLevel
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.pre_tokenizer = byte_level(add_prefix_space=add_prefix_space)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=500,
        initial_alphabet=byte_level.alphabet(),
        special_tokens=["<|end|>"],
        show_progress=False,
    )
    tokenizer.train_from_iterator(["the cat sat on the mat, naïve café 日本語 {}[]:\"',  \n"] * 9, trainer)
    return Vocabulary.from_tokenizer(tokenizer, eos=0)


FAMILIES = ["tekken_240911.json", "tokenizer.model.v1", "byte level", "byte level, prefix space"]


@pytest.mark.parametrize("family", FAMILIES)
@given(text=TEXTS)
def test_real_tokenizers_are_exact(family: str, text: str) -> None:
    vocabulary = trained(family.endswith("space")) if family.startswith("byte") else real(family)
    spelled = vocabulary.decode(vocabulary.encode(text))
    plain = text.encode()
    if not vocabulary.prefix_space or not text:
        assert spelled == plain
    else:
        assert spelled == b" " + plain or (text[0].isspace() and spelled == plain)
    assert vocabulary.covers_all_bytes


@given(TOKENS, st.dictionaries(st.integers(0, 30), TOKEN, max_size=6))
def test_replaced_tables_hold_the_new_bytes(tokens: list[bytes | None], changes: dict[int, bytes]) -> None:
    text, offsets = pack([token or b"" for token in tokens])
    table = TokenTable(text=text, offsets=offsets, special_ids={}, eos_ids=(), family="")
    expected = [token or b"" for token in tokens]
    expected += [b""] * (max([-1, *changes]) + 1 - len(expected))
    for token_id, token in changes.items():
        expected[token_id] = token
    assert table.replaced(changes).tokens() == expected
    assert table.tokens() == [token or b"" for token in tokens]
