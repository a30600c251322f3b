"""Encoded labels of host names (RFC 3492) against Python's own codec, the language of labels and `idna`.

Sound: whatever a walk over the language ends in decodes to a valid label, and that one encodes to what was
read.  Complete: short labels of letters that need no neighbours are known.  Live: no walk ends in nothing.
"""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import structgen as sg
from structgen import _native
from structgen.grammars.json_schema import hosts
from structgen.grammars.json_schema.patterns import Languages

languages = Languages(_native.RegexStore())
regex = languages.regex
LEFT, RIGHT = hosts._labels(languages)
ENCODED = {"left": regex.punycode(LEFT, 59), "right": regex.punycode(RIGHT, 59)}
BYTES = b"abcdefghijklmnopqrstuvwxyz0123456789-"


def walk(language: int, choose: random.Random) -> bytes:
    """A member, by steps chosen at random; the shortest way on after some of them."""
    text = b""
    for _ in range(choose.randrange(16)):
        ways = [byte for byte in BYTES if regex.step(language, byte)]
        if not ways:
            assert regex.nullable(language), text
            break
        byte = choose.choice(ways)
        language = regex.step(language, byte)
        text += bytes([byte])
    witness = regex.witness(language)
    assert len(witness) == regex.distance(language)
    return text + bytes(witness)


@pytest.mark.parametrize(("side", "labels"), [("left", LEFT), ("right", RIGHT)])
@given(seed=st.integers(0, 2**32 - 1))
def test_walks_end_in_labels(side: str, labels: int, seed: int) -> None:
    text = walk(ENCODED[side], random.Random(seed))
    assert regex.matches(ENCODED[side], text)
    assert len(text) <= 59
    label = text.decode().encode().decode("punycode")
    assert not label.isascii()
    assert label.encode("punycode") == text
    assert regex.matches(labels, label), ascii(label)
    idna = pytest.importorskip("idna", reason="the package idna is the oracle for international labels")
    idna.check_label(label)
    assert idna.encode(label) == b"xn--" + text


@given(st.text("üéßőžαβωџжшあいカ", min_size=1, max_size=3))
def test_letters_from_left_to_right(label: str) -> None:
    assert regex.matches(ENCODED["left"], label.encode("punycode"))


@given(st.text("אבתابي", min_size=1, max_size=3))
def test_letters_from_right_to_left(label: str) -> None:
    assert regex.matches(ENCODED["right"], label.encode("punycode"))


@given(st.from_regex(r"[a-z0-9]{0,6}[üéσж][a-z0-9]{0,6}[ñó]?", fullmatch=True))
def test_letters_beside_ascii(label: str) -> None:
    assert regex.matches(ENCODED["left"], label.encode("punycode"))


@given(st.text("abl0-·üα͵β׳א・あ\u0301\u094d\u200d\u0915٠۰", min_size=1, max_size=6))
def test_nothing_but_labels_is_accepted(label: str) -> None:
    text = label.encode("punycode")
    accepted = {side for side, language in ENCODED.items() if regex.matches(language, text)}
    valid = {side for side, labels in (("left", LEFT), ("right", RIGHT)) if regex.matches(labels, label)}
    assert accepted <= valid, ascii(label)


@pytest.mark.parametrize("name", ["hostname", "idn-hostname"])
def test_masks_lead_to_the_end(name: str) -> None:
    pieces = [bytes([byte]) for byte in range(256)] + [
        b"xn",
        b"--",
        b"ab",
        b"bcd",
        b"zca",
        b"8a",
        b"-k",
        b'va"',
    ]
    vocabulary = sg.Vocabulary.from_tokens([*pieces, None], eos=len(pieces))
    schema = {"type": "string", "format": name}
    matcher = sg.compile(sg.json_schema(schema, formats="assert"), vocabulary).matcher()
    valid = regex_of(name)
    choose = random.Random(7)
    for _ in range(60):
        matcher.reset()
        text = b'"xn--'
        assert matcher.try_advance(list(text)) == len(text)
        for _ in range(choose.randrange(14)):
            allowed = [token for token in matcher.allowed_tokens() if token < len(pieces)]
            if not allowed:
                break
            probe = choose.randrange(len(pieces))
            assert (matcher.fork().try_advance([probe]) == 1) == (probe in allowed)
            token = choose.choice(allowed)
            matcher.advance(token)
            text += pieces[token]
        text += matcher.completion_text()
        assert regex.matches(valid, json.loads(text)), text


def regex_of(name: str) -> int:
    language = languages.format(name)
    assert language is not None
    return language
