"""Context-free grammars at their limits: deep, long, large, ambiguous.

An answer, or a clear refusal; never a crash.
"""

from __future__ import annotations

import pytest
from unit.byte_texts import BYTES, accepts

import structgen as sg
from structgen.errors import ComplexityLimitExceeded

DEEP = 100_000


def rules(count: int, body: str, last: str) -> str:
    """r0 … of this body, in which I is the number of the rule and J the next."""
    lines = [f"r{i} ::= {body}".replace("I", str(i)).replace("J", str(i + 1)) for i in range(count)]
    return "\n".join(["root ::= r0", *lines, f"r{count} ::= {last}"])


@pytest.mark.parametrize(
    ("grammar", "text"),
    [
        ('root ::= "(" root ")" | "x"', "(" * DEEP + "x" + ")" * DEEP),
        ('root ::= root "x" | "x"', "x" * DEEP),
        ('root ::= "x" root | "x"', "x" * DEEP),
        ('root ::= "x" a | "x"\na ::= b\nb ::= "y" root', "xy" * DEEP + "x"),
        ('root ::= a "x" | "x"\na ::= b\nb ::= root "y"', "x" + "yx" * DEEP),
        ('root ::= "x" root t | "x"\nt ::= ("(" t ")")?', "x" * DEEP),
        ('root ::= "i" root | "i" root "e" root | "x"', "i" * DEEP + "x"),
        ('root ::= root root | "a"', "a" * DEEP),
        ('root ::= root "+" root | "(" root ")" | "x"', "x" + "+x" * DEEP),
        ('root ::= a | "[" root "]"\na ::= b* b*\nb ::= "(" root ")" | "x"?', "[" + "x" * 500 + "(x)]"),
        ('root ::= ((((a*)*)+)*)?\na ::= "(" root ")" | "x"*', "x" * 2000 + "(x)"),
        ('root ::= a{0,100000}\na ::= "(" a ")" | "x"', "x" * 2000 + "((x))"),
        ("root ::= " + "(" * DEEP + '"x" root?' + ")" * DEEP, "xxx"),
        (rules(10_000, '"a" rJ "b" | "c"', '"d"'), "a" * 9_999 + "c" + "b" * 9_999),
        (rules(10_000, 'rJ | "(" r0 ")"', '"d"'), "((d))"),
        (rules(10_000, '"kI(" r0 ")" | "kI" | rJ', '"d"'), "k77(k9999(d))"),
        ('root ::= ("[" root "]") | ' + " | ".join(f'"word {i}"' for i in range(50_000)), "[word 7]"),
    ],
    ids=[
        "nesting", "left recursion", "right recursion", "indirect right", "indirect left", "hidden right",
        "dangling else", "sequences of sequences", "ambiguous operator", "empty parts", "stars of stars",
        "counted rule", "nested groups", "chain of rules", "chain of units", "many rules", "a megabyte",
    ],
)  # fmt: skip
def test_accepts(grammar: str, text: str) -> None:
    assert accepts(sg.gbnf(grammar), text)
    assert not accepts(sg.gbnf(grammar), text + "?")


def test_a_deep_output_is_completed_and_taken_back() -> None:
    matcher = sg.compile(sg.gbnf('root ::= "(" root ")" | "[" root "]" | "x"'), BYTES).matcher()
    assert matcher.try_advance([ord("(")] * DEEP) == DEEP
    assert matcher.distance() == DEEP + 1
    assert {chr(token) for token in matcher.allowed_tokens()} == {"(", "[", "x"}
    matcher.advance(ord("x"))
    assert matcher.completion_text() == b")" * DEEP
    matcher.rollback(DEEP + 1)
    assert matcher.distance() == 1


def test_ambiguity_ends_in_a_clear_refusal() -> None:
    """The matcher stays as it was, and goes on once it is taken back."""
    grammar = "root ::= a{0,50}\na ::= (b{0,50}){0,50}\nb ::= ([(] root [)] | [x]?){0,50}"
    matcher = sg.compile(sg.gbnf(grammar), BYTES).matcher()
    with pytest.raises(ComplexityLimitExceeded):
        matcher.try_advance([ord("x")] * 500)
    assert len(matcher) == 0
    matcher.advance(ord("x"))
    assert matcher.can_stop
