"""Compositions as values, and what single ones allow."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, GrammarError, TokenRejected, VocabularyError

NAMES = {"<|call|>": 257, "[TOOL]": 258}
BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b""], eos=256, special=NAMES)


@dataclasses.dataclass
class Point:
    x: int


def accepts(grammar: Any, text: str | list[int]) -> bool:
    matcher = sg.compile(grammar, BYTES).matcher()
    ids = list(text.encode()) if isinstance(text, str) else text
    return matcher.try_advance(ids) == len(ids) and matcher.can_stop


def allowed(grammar: Any, text: str) -> str:
    """The bytes and ids that may follow; the end is $."""
    matcher = sg.compile(grammar, BYTES).matcher()
    assert matcher.try_advance(list(text.encode())) == len(text.encode())
    return "".join("$" if t == 256 else chr(t) if t < 256 else f"<{t}>" for t in matcher.allowed_tokens())


# Grammars made twice are equal, print as the code that makes them, and hash alike.
PRINTED: dict[str, Any] = {
    "sequence('a', regex('[0-9]+'))": lambda: sg.sequence("a", sg.regex("[0-9]+")),
    "sequence('a', 'b', 'c')": lambda: "a" + (sg.sequence("b", "c")),
    'one_of(\'x\', json_schema({"type": "null"}))': lambda: "x" | sg.json_schema({"type": "null"}),
    "optional('a')": lambda: sg.optional("a"),
    "repeat(choice(['a', 'b']), 2, None)": lambda: sg.repeat(sg.choice(["a", "b"]), 2),
    "text()": sg.text,
    "text(stop='</a>', max_tokens=5)": lambda: sg.text("</a>", max_tokens=5),
    "text(stop=['\\n', 'x'])": lambda: sg.text(["\n", "x"]),
    "special('<s>')": lambda: sg.special("<s>"),
    "special(5)": lambda: sg.special(5),
    "special('<s>', or_text=True)": lambda: sg.special("<s>", or_text=True),
    "sequence('<b>', text(stop='</b>'), '</b>')": lambda: sg.tag("<b>", sg.text(), "</b>"),
    "substring_of('abc')": lambda: sg.substring_of("abc"),
    "json_schema(true)": sg.json,
}


@pytest.mark.parametrize("printed", PRINTED)
def test_compositions_print_compare_and_hash(printed: str) -> None:
    make = PRINTED[printed]
    assert repr(make()) == printed
    assert make() == make()
    assert hash(make()) == hash(make())
    assert make() != sg.choice(["something else"])
    assert len({make(), make()}) == 1


@pytest.mark.parametrize("printed", PRINTED)
def test_compositions_are_serialized(printed: str) -> None:
    grammar = PRINTED[printed]()
    vocabulary = sg.Vocabulary.from_tokens(
        [*(bytes([byte]) for byte in range(256)), b""], eos=256, special={"<s>": 257}
    )
    constraint = sg.compile(grammar, vocabulary)
    back = sg.Constraint.deserialize(constraint.serialize(), vocabulary)
    assert back.grammar == grammar
    assert back.matcher().allowed_tokens() == constraint.matcher().allowed_tokens()


def test_equal_alternatives_in_another_order_are_equal() -> None:
    assert sg.one_of("a", "b") == sg.one_of("b", "a")
    assert sg.choice(["a", "b"]) == sg.choice(["b", "a"])
    assert sg.sequence("a", "b") != sg.sequence("b", "a")
    assert sg.json_schema({"enum": [1]}) != sg.json_schema({"enum": [1]}, whitespace="any")
    # The order of properties is that of the output.
    one, other = {"properties": {"a": True, "b": True}}, {"properties": {"b": True, "a": True}}
    assert sg.json_schema(one) != sg.json_schema(other)


def test_long_compositions_print_briefly() -> None:
    assert len(repr(sg.sequence(*["x" * 500] * 1000))) < 1000


def test_parts_may_be_texts_schemas_and_types() -> None:
    grammar = sg.sequence("p=", Point, ";", {"const": "y"}, "|", int | None)
    assert accepts(grammar, 'p={"x":3};"y"|null')
    assert not accepts(grammar, 'p={"x":3};"z"|null')


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: sg.sequence(b"a"), "bytes"),
        (lambda: sg.repeat("a", 2, 1), "less than"),
        (lambda: sg.repeat("a", -1), "min"),
        (lambda: sg.repeat("a", 0, 1.5), "max"),
        (sg.one_of, "at least one"),
        (lambda: sg.text(stop=""), "not empty"),
        (lambda: sg.text(max_tokens=-1), "max_tokens"),
        (lambda: sg.special(""), "special"),
        (lambda: sg.special(True), "special"),
        (lambda: sg.substring_of(""), "not empty"),
        (lambda: sg.substring_of("\ud800"), "surrogate"),
        (lambda: sg.sequence(3), "no JSON form"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(make: Any, words: str) -> None:
    with pytest.raises(GrammarError, match=words):
        make()


# --- What is regular is one expression -----------------------------------------------------------


def test_regular_compositions_cost_one_automaton() -> None:
    grammar = sg.repeat(sg.sequence("<", sg.regex("[a-z]+") | "1", ">", sg.optional(",")), 1, 3)
    composer_free = sg.compile(grammar, BYTES)
    assert accepts(grammar, "<a>,<1><z>,")
    assert not accepts(grammar, "<a><a><a><a>")
    assert composer_free.example() in ("<1>", "<a>")


def test_alternatives_of_json_are_one_formula() -> None:
    grammar = sg.json_schema({"type": "integer"}) | sg.json_schema(
        {"type": "array", "items": {"const": None}}
    )
    matcher = sg.compile(grammar, BYTES).matcher()
    assert matcher.try_advance(b"[null") == 5
    assert bytes(token for token in matcher.allowed_tokens() if token < 256) == b"\t\n ,]"


# --- Where one part ends and the next begins ----------------------------------------------------


def test_a_number_may_end_or_go_on() -> None:
    grammar = sg.sequence(sg.json_schema({"type": "integer"}), sg.regex("[0-9]x"))
    assert allowed(grammar, "1") == "0123456789"
    assert allowed(grammar, "12") == "0123456789x"
    assert accepts(grammar, "12345x")
    assert not accepts(grammar, "1x")


def test_an_object_or_free_text() -> None:
    grammar = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"]} | sg.text(stop="!")
    assert accepts(grammar, '{"a":1}')
    assert accepts(grammar, '{"b"')
    assert not accepts(grammar, "{!")


def test_whitespace_after_json_may_be_read_by_either_part() -> None:
    grammar = sg.sequence(sg.json_schema({"const": "a"}, whitespace="any"), " b")
    for blanks in (" ", "   ", "\n "):
        assert accepts(grammar, f'"a"{blanks}b')
    assert not accepts(grammar, '"a"b')


def test_many_readings_at_once_are_a_budget_not_a_hang() -> None:
    grammar = sg.repeat(sg.json_schema({"type": "integer"}, numbers="any"))
    matcher = sg.compile(grammar, BYTES).matcher()
    with pytest.raises(ComplexityLimitExceeded, match="readings of one output"):
        matcher.try_advance(b"1" * 300)
    assert len(matcher) == 0  # a failed call changes nothing


# --- Free text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marker", "text", "ok"),
    [
        ("</a>", "b < a </ a", True),
        ("</a>", "</</a", True),
        ("</a>", "x</a>", False),
        ("aa", "a", False),  # behind it the marker would begin one character early
        ("aa", "b", True),
        ("aba", "ab", False),
        ("aba", "aab", False),
        ("aba", "a", True),
    ],
)
def test_the_marker_behind_free_text_is_the_first(marker: str, text: str, ok: bool) -> None:
    grammar = sg.sequence(sg.text(stop=marker), marker)
    assert accepts(grammar, text + marker) == ok
    assert ok == ((text + marker).find(marker) == len(text))


def test_tokens_of_free_text_are_counted() -> None:
    grammar = sg.tag("<", sg.text(max_tokens=2), ">")
    vocabulary = sg.Vocabulary.from_tokens(
        [*(bytes([byte]) for byte in range(256)), b"", b"abc", b"x>", b"<a", b"\xe6\x97"], eos=256
    )
    constraint = sg.compile(grammar, vocabulary)

    def run(*tokens: int) -> bool:
        matcher = constraint.matcher()
        return matcher.try_advance(list(tokens)) == len(tokens) and matcher.can_stop

    less, more, abc, end, begin, half = 60, 62, 257, 258, 259, 260
    assert run(less, abc, abc, more)
    assert not run(less, abc, abc, abc, more)
    assert run(less, abc, end)
    assert run(begin, abc, more)
    assert not run(begin, abc, abc, more)
    assert run(less, more)
    # The last token may leave a character unfinished, which is finished and nothing more.
    matcher = constraint.matcher()
    assert matcher.try_advance([less, abc, half]) == 3
    assert all(0x80 <= token < 0xC0 for token in matcher.allowed_tokens())
    matcher.advance(0xA5)
    assert matcher.allowed_tokens() == [more]
    assert run(less, 65, 66, more)
    assert not run(less, 65, 66, 67, more)


# --- Special tokens ------------------------------------------------------------------------------


def test_special_tokens_are_reached_by_id_only() -> None:
    grammar = sg.sequence(sg.text(stop="<|call|>"), sg.special("<|call|>"), sg.json_schema({"const": True}))
    constraint = sg.compile(grammar, BYTES)
    assert constraint.named_tokens == {257: "<|call|>"}
    assert accepts(grammar, [*b"hello", 257, *b"true"])
    assert not accepts(grammar, "hello<|call|>true")
    matcher = constraint.matcher()
    assert matcher.completion() == [257, *b"true"] and matcher.distance() == 5
    assert matcher.completes_within(5) and not matcher.completes_within(4)
    matcher.advance(104)
    assert 257 in matcher.allowed_tokens() and 258 not in matcher.allowed_tokens()
    matcher.advance(257)
    assert bytes(matcher.allowed_tokens()) == b"t"
    matcher.rollback(1)
    matcher.advance(105)
    with pytest.raises(TokenRejected):
        matcher.advance(258)
    assert sg.compile(sg.special("[TOOL]"), BYTES).matcher().forced_tokens() == [258]


def test_special_tokens_by_id_or_as_text() -> None:
    assert accepts(sg.sequence("a", sg.special(258), "b"), [97, 258, 98])
    assert accepts(sg.special("<|none|>", or_text=True), "<|none|>")
    assert accepts(sg.special("[TOOL]", or_text=True), [258])
    assert not accepts(sg.special("[TOOL]", or_text=True), "[TOOL]")


def test_an_unknown_special_token_names_its_neighbours() -> None:
    with pytest.raises(VocabularyError, match=r"\[TOOL\]"):
        sg.compile(sg.special("[TOOLS]"), BYTES)


def test_an_end_token_may_stand_last_only() -> None:
    tokens = [bytes([byte]) for byte in range(256)]
    vocabulary = sg.Vocabulary.from_tokens([*tokens, b""], eos=256, special={"<|im_end|>": 256})
    end = sg.special("<|im_end|>")
    matcher = sg.compile(sg.sequence("ok", end), vocabulary).matcher()
    assert matcher.try_advance([*b"ok", 256]) == 3 and matcher.is_terminated
    for wrong in (sg.sequence(end, "ok"), sg.repeat(end), sg.sequence(sg.optional(end), sg.json())):
        with pytest.raises(GrammarError, match="end token"):
            sg.compile(wrong, vocabulary)


def test_special_tokens_with_a_vocabulary_that_lacks_bytes() -> None:
    vocabulary = sg.Vocabulary.from_tokens([b"a", b"b", b""], eos=2, special={"<s>": 3})
    matcher = sg.compile(sg.sequence("a", sg.special("<s>"), sg.regex("[bc]")), vocabulary).matcher()
    assert matcher.allowed_tokens() == [0]
    assert matcher.try_advance([0, 3, 1, 2]) == 4
    dead = sg.one_of(sg.sequence("a", sg.special("<s>"), "c"), "b")
    assert sg.compile(dead, vocabulary).matcher().allowed_tokens() == [1]
