"""A batch of tokens taken in one call is each of them taken alone.

`take_tokens` is compared with `advance_within` and `outlook`, at random places of random outputs, under
constraints of several kinds and engines at once; tokens are allowed ones, any others, and no ids at all.
"""

from __future__ import annotations

import random

import pytest

import structgen as sg
from structgen.errors import MatcherError
from structgen.matcher import NOT_TAKEN, OPEN, TAKEN, Matcher, take_tokens

EVERY_BYTE = [bytes([byte]) for byte in range(256)]
PAIRS = [b'":', b'",', b'"}', b"[]", b"{}", b"ab", b"12", b"true", b'"a":']
END = 256 + len(PAIRS)
VOCABULARY = sg.Vocabulary.from_tokens([*EVERY_BYTE, *PAIRS, None], eos=END, width=END + 8)
FEW = sg.Vocabulary.from_tokens([b"a", b"bb", b"abb", b"<end>"], eos=3)
SCHEMA = {
    "type": "object",
    "properties": {"a": {"enum": ["red", "green"]}, "n": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": {"type": ["string", "array"]},
}
LARK = 'start: "(" start ")" | /[a-c]+/'


def sources() -> list[sg.Constraint]:
    return [
        sg.compile(sg.json_schema(SCHEMA, whitespace="compact"), VOCABULARY),
        sg.compile(sg.json_schema(SCHEMA), VOCABULARY),
        sg.compile(sg.json_schema(True), VOCABULARY),
        sg.compile(sg.regex("[a-c]{2}(12|true)*"), VOCABULARY),
        sg.compile(sg.lark(LARK), VOCABULARY),
        sg.compile(sg.regex("(a|bb)*a"), FEW),
    ]


def alone(matcher: Matcher, token: int, left: int) -> int:
    """What should become of the token, said by the calls for one matcher."""
    try:
        if not matcher.advance_within(token, left):
            return NOT_TAKEN
    except MatcherError:
        return NOT_TAKEN
    ended, can_stop, forced = matcher.outlook()
    return TAKEN if ended or can_stop or forced else OPEN


@pytest.mark.parametrize("seed", range(6))
def test_together_is_as_each_alone(seed: int) -> None:
    rng = random.Random(seed)
    rows = [source.matcher() for source in sources() for _ in range(4)]
    seen = {OPEN: 0, TAKEN: 0, NOT_TAKEN: 0}
    for _ in range(40):
        tokens = []
        for matcher in rows:
            allowed = matcher.allowed_tokens()
            width = matcher.constraint.vocabulary.width
            usual = allowed and rng.random() < 0.9
            tokens.append(rng.choice(allowed) if usual else rng.choice([rng.randrange(width), width, 2**40]))
        left = [rng.choice([0, 1, 3, 8, 40, 200]) for _ in rows]
        expected = [matcher.fork() for matcher in rows]
        wanted = [alone(*asked) for asked in zip(expected, tokens, left, strict=True)]
        found = take_tokens(rows, tokens, left)
        for one, other, said, should in zip(rows, expected, found, wanted, strict=True):
            assert said == should or (said, should) == (TAKEN, OPEN)  # that more may come need not be plain
            assert len(one) == len(other)
            assert one.outlook() == other.outlook()
            assert (one.mask() == other.mask()).all()
            seen[said] += 1
    assert all(count > 50 for count in seen.values()), seen


def test_nothing_is_offered_to_nobody() -> None:
    assert take_tokens([], [], []) == []


def test_each_matcher_needs_a_token_and_a_number() -> None:
    matcher = sources()[0].matcher()
    for tokens, left in (([], [1]), ([97], []), ([97, 98], [1, 1])):
        with pytest.raises(ValueError, match="one token and one number"):
            take_tokens([matcher], tokens, left)
    assert len(matcher) == 0


def test_what_is_no_token_changes_nobody() -> None:
    rows = [source.matcher() for source in sources()[:2]]
    with pytest.raises(TypeError):
        take_tokens(rows, [ord("{"), "x"], [99, 99])  # type: ignore[list-item]
    assert [len(matcher) for matcher in rows] == [0, 0]


def test_open_is_said_where_it_nearly_always_is() -> None:
    """Inside a string and before a member anything may come: the answer is there without a mask."""
    matcher = sources()[1].matcher()
    for byte in b'{"key": "va':
        said = take_tokens([matcher], [byte], [100])
        assert said == [OPEN], byte
