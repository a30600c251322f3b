"""Constraints as bytes: what comes back allows the same, and nothing else is ever read as one."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

import structgen as sg
from structgen.errors import GrammarError, VocabularyError

BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b'{"', b'":'], eos=258, width=259)
OTHER = sg.Vocabulary.from_tokens([bytes([byte]) for byte in range(256)], eos=256, width=257)

GRAMMARS: dict[str, tuple[Any, str]] = {
    "choice": (sg.choice(["yes", "né", "😀"]), "né"),
    "regex": (sg.regex(r"[a-c]+\d{2}"), "ab12"),
    "pattern": (sg.regex("b", dialect="ecma"), "abc"),
    "gbnf": (sg.gbnf('top ::= "(" top ")" | gone | "é"', start="top", undefined="nothing"), "((é))"),
    "ebnf": (sg.ebnf('top = "(", top, ")" | "é";'), "((é))"),
    "lark": (sg.lark('top: "(" top ")" | "é"\n%ignore " "', start="top"), "( (é))"),
    "schema": (sg.json_schema({"properties": {"é": {"minimum": 10**30}}}, whitespace="any"), '{ "é":1e31}'),
    "draft": (sg.json_schema({"items": [{"const": 1}]}, dialect="draft7", property_order="any"), "[1,2]"),
    "registry": (
        sg.json_schema({"$ref": "http://x/y"}, registry={"http://x/y": {"type": "boolean"}}, numbers="any"),
        "true",
    ),
}


@pytest.mark.parametrize("name", GRAMMARS)
def test_what_comes_back_allows_the_same(name: str) -> None:
    grammar, text = GRAMMARS[name]
    constraint = sg.compile(grammar, BYTES)
    back = sg.Constraint.deserialize(constraint.serialize(), BYTES)
    assert repr(back.grammar) == repr(grammar)
    assert back.serialize() == constraint.serialize()
    matcher, other = constraint.matcher(), back.matcher()
    for byte in text.encode():
        assert matcher.allowed_tokens() == other.allowed_tokens()
        matcher.advance(byte)
        other.advance(byte)
    assert other.allowed_tokens() == matcher.allowed_tokens() and other.can_stop == matcher.can_stop


def test_another_vocabulary_is_refused() -> None:
    saved = sg.compile(sg.choice(["a"]), BYTES).serialize()
    with pytest.raises(VocabularyError, match="another vocabulary"):
        sg.Constraint.deserialize(saved, OTHER)


def test_every_damaged_byte_is_noticed() -> None:
    saved = sg.compile(sg.json_schema({"type": "integer"}), BYTES).serialize()
    for at in range(len(saved)):
        damaged = bytearray(saved)
        damaged[at] ^= 1
        with pytest.raises(GrammarError):
            sg.Constraint.deserialize(bytes(damaged), BYTES)
    for end in range(len(saved)):
        with pytest.raises(GrammarError):
            sg.Constraint.deserialize(saved[:end], BYTES)


def signed(body: bytes, version: bytes = b"1") -> bytes:
    return (
        b"structgen constraint " + version + b"\n" + hashlib.sha256(body).hexdigest().encode() + b"\n" + body
    )


FOREIGN: dict[str, tuple[Any, str]] = {
    "text": ("structgen constraint 1", "bytes, got str"),
    "pickle": (b"\x80\x04N.", "no serialized constraint"),
    "a later version": (signed(b"{}", b"2"), "version '2'"),
    "no JSON": (signed(b"{"), "unexpected shape"),
    "no grammar": (signed(b'{"vocabulary": "x"}'), "unexpected shape"),
    "unknown kind": (signed(b'{"vocabulary": "x", "grammar": {"kind": "exec"}}'), "unknown kind"),
    "unknown option": (
        signed(
            b'{"vocabulary": "x", "grammar": {"kind": "json_schema", "schema": {}, "dialect": null, '
            b'"registry": null, "options": {"hook": "x"}}}'
        ),
        "unexpected shape",
    ),
    "deep": (signed(b"[" * 100_000), "unexpected shape"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_bytes_are_refused_in_words(name: str) -> None:
    data, words = FOREIGN[name]
    with pytest.raises(GrammarError, match=words):
        sg.Constraint.deserialize(data, BYTES)


def test_what_cannot_be_written_says_so() -> None:
    referencing = pytest.importorskip("referencing", reason="a registry of its own class")
    grammar = sg.json_schema({"type": "null"}, registry=referencing.Registry())
    with pytest.raises(GrammarError, match="plain mapping"):
        sg.compile(grammar, BYTES).serialize()
