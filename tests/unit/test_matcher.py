"""What callers may hand to a matcher: arrays and tensors for masks, tokens of any kind, misuse.

The laws of matchers are in tests/laws; here are the borders of the API, one by one.
"""

from __future__ import annotations

import array
import json
from typing import Any

import jsonschema
import numpy as np
import pytest

import structgen as sg
from structgen.errors import MatcherError, MatcherTerminated, TokenRejected

WIDTH = 300
END = 256
VOCABULARY = sg.Vocabulary.from_tokens(
    [*(bytes([byte]) for byte in range(256)), None, b"ab", None], eos=END, width=WIDTH
)
WORDS = 10  # ceil(300 / 32)


@pytest.fixture
def matcher() -> sg.Matcher:
    return sg.compile(sg.regex("ab?c"), VOCABULARY).matcher()


def expected_row() -> np.ndarray[Any, Any]:
    row = np.zeros(WORDS, dtype=np.uint32)
    for token in (ord("a"), 257):
        row[token >> 5] |= np.uint32(1 << (token & 31))
    return row


# --- Where a mask may be written -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.uint32, np.int32])
def test_fill_mask_writes_one_row_of_an_array(matcher: sg.Matcher, dtype: Any) -> None:
    out = np.full((3, WORDS), -1, dtype=np.int32).astype(dtype)
    matcher.fill_mask(out, 1)
    assert np.array_equal(out[1].view(np.uint32), expected_row())
    assert (out[[0, 2]].view(np.uint32) == 0xFFFFFFFF).all()


def test_fill_mask_takes_one_dimension(matcher: sg.Matcher) -> None:
    out = np.empty(WORDS, dtype=np.uint32)
    matcher.fill_mask(out)
    assert np.array_equal(out, expected_row())
    assert np.array_equal(matcher.mask(), expected_row())


def test_words_beyond_the_width_become_zero(matcher: sg.Matcher) -> None:
    out = np.full((2, WORDS + 3), 0xFFFFFFFF, dtype=np.uint32)
    matcher.fill_mask(out, 0)
    assert np.array_equal(out[0, :WORDS], expected_row())
    assert not out[0, WORDS:].any()
    assert (out[1] == 0xFFFFFFFF).all()


def test_fill_mask_writes_into_a_tensor(matcher: sg.Matcher) -> None:
    torch = pytest.importorskip("torch", reason="masks are written into torch tensors")
    out = torch.full((2, WORDS), -1, dtype=torch.int32)
    matcher.fill_mask(out, 1)
    assert np.array_equal(out[1].numpy().view(np.uint32), expected_row())
    assert (out[0] == -1).all()
    sg.fill_masks([matcher, matcher.fork()], out, threads=2)
    assert np.array_equal(out[0].numpy().view(np.uint32), expected_row())


WRONG: dict[str, Any] = {
    "too narrow": (np.zeros(WORDS - 1, dtype=np.uint32), 0),
    "64-bit words": (np.zeros(WORDS, dtype=np.uint64), 0),
    "bytes": (np.zeros(WIDTH, dtype=np.uint8), 0),
    "three dimensions": (np.zeros((2, 2, WORDS), dtype=np.uint32), 0),
    "no dimension": (np.zeros((), dtype=np.uint32), 0),
    "row past the end": (np.zeros((2, WORDS), dtype=np.uint32), 2),
    "negative row": (np.zeros((2, WORDS), dtype=np.uint32), -1),
    "row of one dimension": (np.zeros(WORDS, dtype=np.uint32), 1),
    "a list": ([0] * WORDS, 0),
    "nothing": (None, 0),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_target_is_one_error_and_changes_nothing(matcher: sg.Matcher, case: str) -> None:
    out, row = WRONG[case]
    before = np.array(out, dtype=object)
    with pytest.raises((TypeError, ValueError, IndexError)):
        matcher.fill_mask(out, row)
    assert (np.array(out, dtype=object) == before).all()
    assert np.array_equal(matcher.mask(), expected_row())


def test_a_read_only_array_is_refused(matcher: sg.Matcher) -> None:
    out = np.zeros(WORDS, dtype=np.uint32)
    out.flags.writeable = False
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(out)
    assert not out.any()


STRIDED: dict[str, Any] = {
    "every second word": np.zeros(2 * WORDS, dtype=np.uint32)[::2],
    "a transposed matrix": np.zeros((WORDS, 4), dtype=np.uint32).T,
    "columns of a matrix": np.zeros((4, 2 * WORDS), dtype=np.uint32)[:, :WORDS],
}


@pytest.mark.parametrize("case", STRIDED)
def test_an_array_with_gaps_is_refused(matcher: sg.Matcher, case: str) -> None:
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(STRIDED[case])


def test_floats_are_refused(matcher: sg.Matcher) -> None:
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(np.zeros(WORDS, dtype=np.float32))


def test_read_only_and_strided_arrays_are_refused_and_left_alone(matcher: sg.Matcher) -> None:
    whole = np.zeros((4, WORDS), dtype=np.uint32)
    whole.flags.writeable = False
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(whole, 0)
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(np.zeros((WORDS, 4), dtype=np.uint32).T, 0)
    for width in (np.uint16, np.uint64):
        with pytest.raises((TypeError, ValueError)):
            matcher.fill_mask(np.zeros((4, WORDS), dtype=width), 0)
    assert not whole.any()


def test_anything_with_a_buffer_of_words_will_do(matcher: sg.Matcher) -> None:
    out = array.array("I", [0xFFFFFFFF] * WORDS)
    matcher.fill_mask(memoryview(out))
    assert np.array_equal(np.asarray(out), expected_row())
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(bytearray(4 * WORDS))
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(None)


def test_floating_tensors_are_refused(matcher: sg.Matcher) -> None:
    torch = pytest.importorskip("torch", reason="masks are written into torch tensors")
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(torch.zeros(WORDS))
    with pytest.raises((TypeError, ValueError)):
        matcher.fill_mask(torch.zeros((WORDS, 2), dtype=torch.int32).T)


@pytest.mark.parametrize("threads", [1, 3])
def test_fill_masks_refuses_an_array_with_too_few_rows(matcher: sg.Matcher, threads: int) -> None:
    with pytest.raises(IndexError):
        sg.fill_masks([matcher.fork() for _ in range(3)], np.zeros((2, WORDS), dtype=np.uint32), threads)


# --- Tokens ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", [ord("b"), -1, 258, 259, WIDTH - 1, WIDTH, 2**31, 2**32 - 1, END])
def test_a_token_that_does_not_fit_is_rejected_by_name(matcher: sg.Matcher, token: int) -> None:
    with pytest.raises(TokenRejected) as caught:
        matcher.advance(token)
    assert caught.value.token == token
    assert str(token) in str(caught.value)
    assert matcher.try_advance([token]) == 0
    assert len(matcher) == 0 and np.array_equal(matcher.mask(), expected_row())


def test_rejections_say_what_would_fit(matcher: sg.Matcher) -> None:
    with pytest.raises(TokenRejected, match="b'ac' could"):
        matcher.advance(ord("x"))
    with pytest.raises(TokenRejected, match="came too early"):
        matcher.advance(END)
    with pytest.raises(TokenRejected, match="special or unused"):
        matcher.advance(258)
    with pytest.raises(TokenRejected, match="outside the vocabulary"):
        matcher.advance(WIDTH)


def test_numpy_and_torch_integers_are_tokens(matcher: sg.Matcher) -> None:
    matcher.advance(np.int64(97))
    assert matcher.try_advance(np.array([98, 99], dtype=np.int32)) == 2
    torch = pytest.importorskip("torch", reason="tokens come out of torch tensors")
    matcher.reset()
    assert matcher.try_advance(torch.tensor([97, 98, 99]).tolist()) == 3
    assert matcher.can_stop


@pytest.mark.parametrize("token", [1.5, "a", None, b"a"])
def test_what_is_no_token_is_a_type_error(matcher: sg.Matcher, token: Any) -> None:
    with pytest.raises(TypeError):
        matcher.advance(token)
    assert len(matcher) == 0


def test_tokens_past_32_bits_are_rejected(matcher: sg.Matcher) -> None:
    with pytest.raises(TokenRejected):
        matcher.advance(2**40)
    assert matcher.try_advance([97, 2**40]) == 1


# --- Rollback, reset, the end ----------------------------------------------------------------------


def test_rollback_past_the_start_takes_back_nothing(matcher: sg.Matcher) -> None:
    assert matcher.try_advance([97, 98]) == 2
    for count in (3, -1):
        with pytest.raises(MatcherError, match="2 were accepted"):
            matcher.rollback(count)
    assert len(matcher) == 2
    matcher.rollback(0)
    matcher.rollback(2)
    assert len(matcher) == 0 and np.array_equal(matcher.mask(), expected_row())


def test_several_end_tokens_end_alike() -> None:
    vocabulary = sg.Vocabulary.from_tokens([b"a", None, None, b"b"], eos=[1, 2])
    for end in (1, 2):
        matcher = sg.compile(sg.regex("a+"), vocabulary).matcher()
        assert matcher.allowed_tokens() == [0]
        matcher.advance(0)
        assert matcher.allowed_tokens() == [0, 1, 2]
        matcher.advance(end)
        assert matcher.is_terminated and matcher.allowed_tokens() == []
        with pytest.raises(MatcherTerminated):
            matcher.advance(0)
        matcher.rollback(1)
        assert matcher.allowed_tokens() == [0, 1, 2]


def test_copies_of_a_token_are_allowed_together() -> None:
    vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b"a", None, b"a"], eos=3)
    matcher = sg.compile(sg.regex("ab"), vocabulary).matcher()
    assert matcher.allowed_tokens() == [0, 2, 4]
    assert matcher.forced_tokens() == []
    matcher.advance(4)
    assert matcher.forced_tokens() == [1]


def test_the_empty_text_may_be_all_there_is() -> None:
    matcher = sg.compile(sg.choice([""]), VOCABULARY).matcher()
    assert matcher.can_stop and matcher.allowed_tokens() == [END]
    assert matcher.distance() == 0 and matcher.forced_tokens() == []


def test_a_matcher_outlives_its_constraint() -> None:
    matcher = sg.compile({"type": "array", "items": {"type": "integer"}}, VOCABULARY).matcher()
    fork = matcher.fork()
    del matcher
    assert fork.try_advance(list(b"[1,2]")) == 5
    assert fork.can_stop


# --- Completions that are long ----------------------------------------------------------------------

LONG: dict[str, Any] = {
    "a string": {"type": "string", "minLength": 1_000_000},
    "between bounds": {"type": "string", "minLength": 9000, "maxLength": 9001},
    "a pattern beside": {"type": "string", "minLength": 9000, "pattern": "a.*b"},
    "a pattern inside": {"type": "string", "pattern": "^x{9000}(yz){9000}$"},
    "escapes": {"type": "string", "pattern": '^["\n]{9000}$'},
    "an item": {"type": "array", "items": {"type": "string", "minLength": 9000}, "minItems": 2},
    "a member": {
        "type": "object",
        "properties": {
            "a": {"type": "string", "minLength": 9000},
            "b": {"type": "string", "minLength": 9000},
        },
        "required": ["a", "b"],
    },
    "a key": {"type": "object", "propertyNames": {"minLength": 9000}, "minProperties": 2},
    "a watched string": {
        "type": "object",
        "properties": {"a": {"type": "string", "minLength": 9000}},
        "required": ["a"],
        "if": {"properties": {"a": {"maxLength": 9000}}},
        "then": {"required": ["b"]},
        "else": {"required": ["c"]},
    },
    "different strings": {
        "type": "array",
        "items": {"minLength": 9000, "type": "string"},
        "uniqueItems": True,
        "minItems": 2,
    },
}


@pytest.mark.parametrize("schema", LONG.values(), ids=LONG)
def test_long_completions_are_valid(schema: Any) -> None:
    constraint = sg.compile(sg.json_schema(schema), VOCABULARY)
    matcher = constraint.matcher()
    for _ in range(3):
        rest = matcher.completion_text()
        assert len(rest) > 8000
        ahead = matcher.fork()
        if len(rest) < 100_000:
            assert ahead.try_advance(list(rest)) == len(rest) and ahead.can_stop
        assert matcher.try_advance(list(rest[:3])) == 3
    jsonschema.validate(json.loads(constraint.matcher().completion_text()), schema)


def test_a_long_expression_is_completed() -> None:
    matcher = sg.compile(sg.regex("[a-z]{1000000}(ab){5,}"), VOCABULARY).matcher()
    rest = matcher.completion_text()
    assert len(rest) == 1_000_010
    assert matcher.distance() == 1_000_010 - 5  # "ab" is one token here
    assert matcher.try_advance(list(rest[:5])) == 5
    assert matcher.completion_text() == rest[5:]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "not": {"pattern": r"\.(png|json) *$"}},
        {"type": "string", "not": {"pattern": "a$"}, "maxLength": 3},
        {"type": "string", "not": {"pattern": "a$"}, "minLength": 2, "maxLength": 2},
        {"type": "string", "not": {"pattern": "[^]$"}},
        {"type": "string", "not": {"pattern": r"[\x00-\x7f]$"}, "maxLength": 2},
        {"type": "string", "not": {"pattern": "a.*b"}, "maxLength": 4},
        {"type": "string", "not": {"pattern": "x$"}, "allOf": [{"not": {"pattern": "y *$"}}]},
    ],
)
def test_masks_of_left_out_endings_are_exact(schema: Any) -> None:
    tokens = [*(bytes([byte]) for byte in range(256)), None]
    tokens += [b"ab", b"ba", b"aab", b"xy", b'a"', b'b"', b'ya"', b"aaaa", "é".encode(), 'aé"'.encode()]
    vocabulary = sg.Vocabulary.from_tokens(tokens, eos=256)
    constraint = sg.compile(sg.json_schema(schema), vocabulary)
    for begun in ("", "a", "b", "x", "ab", "ba", ".png", "y ", "bb"):
        matcher = constraint.matcher()
        if matcher.try_advance(list(f'"{begun}'.encode())) < len(begun) + 1:
            continue
        mask = matcher.mask()
        for token, text in enumerate(tokens):
            if text is not None:
                allowed = matcher.fork().try_advance(list(text)) == len(text)
                assert bool(mask[token >> 5] >> (token & 31) & 1) == allowed, (begun, text)
