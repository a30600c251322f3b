"""EBNF of the W3C and of ISO 14977: what each construct allows, and what is said of other texts."""

from __future__ import annotations

import pytest
from unit.byte_texts import BYTES, accepts, check_language

import structgen as sg
from structgen.errors import GrammarError, GrammarSyntaxError, InvalidGrammar


@pytest.mark.parametrize(
    ("grammar", "inside", "outside"),
    [
        ("a ::= 'x' b? /* a comment */\nb ::= [0-9]+ | \"(\" a ')'", ["x", "x12", "x(x(x3))"], ["x()"]),
        ("[1] a ::= #x41 #xE9*\n[2] b ::= 'y'", ["A", "Aéé"], ["a", "y"]),
        ("a ::= [^#x0-#x20#x7F] [a-c-]", ["éa", "x-"], [" a", "xd"]),
        ("a ::= '<' ([^<>]* - ([^<>]* '--' [^<>]*)) '>'", ["<a-b>", "<>"], ["<a--b>"]),
        ("a ::= ('a' | 'b'+)* [ wfc: anything ]", ["", "abba"], ["c"]),
        ('a = "x", { ",", "x" };', ["x", "x,x,x"], ["x,"]),
        ('a = 2 * "x", [ b ], "y" ; (* two *) b = "(" , a , ")" | "-" ;', ["xxy", "xx(xx-y)y"], ["xy"]),
        ("a = ( 'p' / 'q' ! 'r' ) 's'.", ["ps", "qs", "rs"], ["s"]),
        ('a = ("x" | "y" | "z") - "y", a | "";', ["", "xzx"], ["xy"]),
    ],
)
def test_language(grammar: str, inside: list[str], outside: list[str]) -> None:
    check_language(sg.ebnf(grammar), inside, outside)


def test_the_start_can_be_chosen() -> None:
    grammar = 'a = "x"; b = "y", a;'
    assert accepts(sg.ebnf(grammar), "x") and accepts(sg.ebnf(grammar, start="b"), "yx")


@pytest.mark.parametrize(
    ("grammar", "error", "message"),
    [
        ("'x' a ::= 'y'", GrammarSyntaxError, "line 1, column 1: expected the name of a rule"),
        (
            "a ::= ('x'\nb ::= 'y'",
            GrammarSyntaxError,
            "line 2, column 1: expected ')' for the group opened in line 1",
        ),
        ("a ::= 'x' ) 'y'", GrammarSyntaxError, "')' closes no group in the rule 'a'"),
        ("a ::= * 'x'", GrammarSyntaxError, "expected something to repeat"),
        ("a ::= b - 'x'\nb ::= 'y'", GrammarSyntaxError, "line 1, column 9: both sides of an exception"),
        ("a ::= [z-a]", GrammarSyntaxError, "upside down"),
        ("a ::= 'x", GrammarSyntaxError, "line 1, column 7: expected a rule, a text in quotes or a sign"),
        ('a = "x"', GrammarSyntaxError, "expected ';' at the end of the rule 'a'"),
        ('a = "x" b = "y";', GrammarSyntaxError, "line 1, column 9: expected ';' at the end of the rule 'a'"),
        ('a = "x", b;', InvalidGrammar, "line 1, column 10: the rule 'b' is used here"),
        ('a = "x", a;', InvalidGrammar, "the rule 'a' derives no text"),
        ("", InvalidGrammar, "there is no rule"),
    ],
)
def test_errors_say_where_and_what(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.ebnf(grammar), BYTES)
    assert message in str(raised.value)
