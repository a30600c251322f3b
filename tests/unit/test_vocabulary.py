"""Vocabulary from plain tokens: what it answers, and what it refuses and in which words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from structgen._native import TokenTrie, read_rank_entries
from structgen.errors import VocabularyError
from structgen.vocabulary import Vocabulary

TOKENS = [b"a", b"b", b"ab", None, b"a", b"\xff", b"", b"</s>"]


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary.from_tokens(TOKENS, eos=7, width=10)


def test_bytes_of_every_id(vocabulary: Vocabulary) -> None:
    assert [vocabulary.token_bytes(i) for i in range(10)] == [
        b"a", b"b", b"ab", None, b"a", b"\xff", None, None, None, None,
    ]  # fmt: skip
    assert vocabulary.token_bytes(-1) is None
    assert vocabulary.token_bytes(2**40) is None
    assert vocabulary.token_bytes(np.int64(2)) == b"ab"


def test_sizes_and_names(vocabulary: Vocabulary) -> None:
    assert (vocabulary.size, len(vocabulary), vocabulary.width) == (8, 8, 10)
    assert vocabulary.eos_ids == (7,)
    assert vocabulary.special_ids == {}
    assert vocabulary.tokenizer is None
    assert not vocabulary.prefix_space
    assert not vocabulary.normalizes
    assert repr(vocabulary) == "Vocabulary(8 tokens of tokens, width 10, eos 7, 0 special, 253 bytes missing)"


def test_duplicates_are_all_kept(vocabulary: Vocabulary) -> None:
    assert vocabulary.ids_of(b"a") == [0, 4]
    assert vocabulary.ids_of(b"") == []
    assert vocabulary.ids_of(b"</s>") == []
    assert vocabulary.ids_of(b"abc") == []


def test_bytes_that_are_missing(vocabulary: Vocabulary) -> None:
    assert set(range(256)) - set(vocabulary.missing_bytes) == {ord("a"), ord("b"), 0xFF}
    assert not vocabulary.covers_all_bytes
    full = Vocabulary.from_tokens([bytes([byte]) for byte in range(256)] + [None], eos=256)
    assert full.covers_all_bytes
    assert full.missing_bytes == ()


def test_decode_and_encode(vocabulary: Vocabulary) -> None:
    assert vocabulary.decode([2, 3, 0, 7, 5, 100]) == b"aba\xff"
    assert vocabulary.encode("abba") == [2, 1, 0]
    assert vocabulary.encode("") == []
    with pytest.raises(VocabularyError, match=r"at byte 2 \(b'cb'\)"):
        vocabulary.encode("abcb")
    with pytest.raises(VocabularyError, match="surrogate"):
        vocabulary.encode("a\ud800")


def test_special_names_are_never_text() -> None:
    vocabulary = Vocabulary.from_tokens(
        [b"a", b"<|x|>", b"</s>"], eos=2, special={"<|x|>": 1, "</s>": 2, "pad": 5}
    )
    assert vocabulary.special_ids == {"<|x|>": 1, "</s>": 2, "pad": 5}
    assert [vocabulary.token_bytes(i) for i in (1, 2, 5)] == [None, None, None]
    assert vocabulary.size == vocabulary.width == 6
    vocabulary.special_ids.clear()
    assert vocabulary.special_ids["pad"] == 5
    assert "eos 2 '</s>'" in repr(vocabulary)


def test_mapping_from_bytes_to_id() -> None:
    vocabulary = Vocabulary.from_tokens({b"x": 3, b"\xff\x00": 1}, eos=0)
    assert [vocabulary.token_bytes(i) for i in range(4)] == [None, b"\xff\x00", None, b"x"]


def test_several_end_ids() -> None:
    assert Vocabulary.from_tokens([b"a", None, None], eos=[2, 1]).eos_ids == (2, 1)
    assert Vocabulary.from_tokens([b"a", None], eos=np.int32(1)).eos_ids == (1,)
    assert Vocabulary.from_tokens([b"a"], eos=5, width=8).eos_ids == (5,)


@pytest.mark.parametrize(
    ("tokens", "options", "words"),
    [
        ([], {"eos": 0}, "empty"),
        ([None, b""], {"eos": 0}, "empty: none of its 2 ids is text"),
        ([b"a"], {"eos": 0}, "empty"),
        ([b"a", "b"], {"eos": 0}, r"token 1 must be bytes or None, got str; .*'b'\.encode\(\)"),
        ([b"a", 7], {"eos": 0}, "token 1 must be bytes or None, got int"),
        (b"abc", {"eos": 0}, "must be a list of bytes"),
        (7, {"eos": 0}, "must be a list of bytes"),
        ({b"a": 1, b"b": 1}, {"eos": 0}, "id 1 is given twice, to 'a' and to 'b'"),
        ({b"a": -1}, {"eos": 0}, "negative id -1"),
        ({"a": 1}, {"eos": 0}, "the token of id 1 must be bytes"),
        (
            [b"a", b"bc"],
            {"eos": 0, "width": 1},
            r"width=1 is.* largest id is 1 \(token b'bc'\).*at least 2",
        ),
        ([b"a", None], {"eos": 0, "width": 1}, r"largest id is 1 \(no text\)"),
        ([b"a"], {"eos": 0, "width": 2, "special": {"<s>": 2}}, r"largest id is 2 \(special token '<s>'\)"),
        ([b"a", b"b"], {"eos": 0, "width": 2.0}, "width must be an integer, got 2.0"),
        ([b"a", b"b"], {"eos": 2}, "eos=2 is out of range: ids go from 0 to 1"),
        ([b"a", b"b"], {"eos": -1}, "eos=-1 is out of range"),
        ([b"a", b"b"], {"eos": [1, 1]}, "eos=1 is given twice"),
        ([b"a", b"b"], {"eos": []}, "no end token"),
        ([b"a", b"b"], {"eos": "1"}, "eos must be an integer, got '1'"),
        ([b"a", b"b"], {"eos": True}, "eos must be an integer, got True"),
        ([b"a", b"b"], {"eos": 1, "special": {"x": -3}}, r"special\['x'\] is negative"),
        ([b"a", b"b" * 70_000], {"eos": 0}, "token 1 has 70,000 bytes; at most 65,535"),
    ],
)
def test_bad_input_is_named(tokens: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(VocabularyError, match=words):
        Vocabulary.from_tokens(tokens, **options)


def test_a_vocabulary_is_no_tokenizer(vocabulary: Vocabulary) -> None:
    with pytest.raises(VocabularyError, match="already"):
        Vocabulary.from_tokenizer(vocabulary)


def test_fingerprint_tells_contents_apart(vocabulary: Vocabulary) -> None:
    same = Vocabulary.from_tokens(list(TOKENS), eos=7, width=10)
    assert same == vocabulary
    assert hash(same) == hash(vocabulary)
    assert same.fingerprint == vocabulary.fingerprint
    others = [
        Vocabulary.from_tokens(TOKENS, eos=7, width=11),
        Vocabulary.from_tokens(TOKENS, eos=6, width=10),
        Vocabulary.from_tokens(TOKENS, eos=[7, 6], width=10),
        Vocabulary.from_tokens(TOKENS, eos=7, width=10, special={"x": 3}),
        Vocabulary.from_tokens([*TOKENS[:2], b"a", b"b", *TOKENS[4:]], eos=7, width=10),
        Vocabulary.from_tokens([b"ab", *TOKENS[1:]], eos=7, width=10),
    ]
    assert len({other.fingerprint for other in [vocabulary, *others]}) == 7
    assert vocabulary != "Vocabulary"


def test_fingerprint_is_stable_across_processes_and_releases(vocabulary: Vocabulary) -> None:
    assert vocabulary.fingerprint == "cd258c54bf3abd96c6648393b5f8a6900c536fc5fa48917a68a634fbef2803ed"


def test_native_trie_refuses_offsets_that_do_not_fit() -> None:
    for offsets in ([0, 4], [1, 3], [0, 2, 1, 3], []):
        with pytest.raises(ValueError, match="offsets"):
            TokenTrie.build(b"abc", np.asarray(offsets, dtype=np.uint32))
    with pytest.raises(TypeError):
        TokenTrie.build(b"abc", np.asarray([0, 3], dtype=np.int64))


@pytest.mark.parametrize(
    "text",
    [
        b"", b"[", b"[{}]", b"[{]", b'[{"rank": 0}]', b'[{"rank": 0, "token_bytes": "QQ="}]',
        b'[{"rank": 0, "token_bytes": "QQ==", "rank": 0}]', b'[{"rank": 1, "token_bytes": "QQ=="}]',
        b'[{"rank": 00, "token_bytes": "QQ=="}]', b'[{"rank": 0, "token_bytes": "QQ=="},]',
        b'[{"rank": 0, "token_bytes": "QQ==", "x": []}]', b'[{"rank": 0, "token_bytes": "\\u0041Q=="}]',
        b'[{"rank": 0, "token_bytes": "QQ==", "x": "]', b'[{"rank": 0, "token_bytes": "QQ==", "x": "\\',
        b'[{"rank": 0, "token_bytes": "=Q=="}]', b'[{"rank": 0, "token_bytes": "QQ==QUJD"}]',
    ],
)  # fmt: skip
def test_rank_reader_leaves_other_shapes_alone(text: bytes) -> None:
    assert read_rank_entries(text, 1) is None
    assert read_rank_entries(text, len(text) + 5) is None


def test_rank_reader() -> None:
    second = b'{ "s":"}]\\"", "token_bytes" : "" , "rank" : 1,"n":-1.5e3}'
    text = b'{"vocab":[ {"rank":0,"token_bytes":"QUI="},' + second + b" ], 7"
    data, offsets, end = read_rank_entries(text, 10) or (b"", [], 0)
    assert (data, offsets, text[end:]) == (b"AB", [0, 2, 2], b"], 7")
