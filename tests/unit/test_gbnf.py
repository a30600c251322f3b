"""GBNF: what each construct allows, and what the reader says about a text it cannot read."""

from __future__ import annotations

import pytest
from unit.byte_texts import BYTES, check_language

import structgen as sg
from structgen.errors import GrammarError, GrammarSyntaxError, InvalidGrammar


@pytest.mark.parametrize(
    ("grammar", "inside", "outside"),
    [
        ('root ::= "a" | "bc"', ["a", "bc"], ["", "b", "abc"]),
        ('root ::= "a" "b"? "c"*', ["a", "abcc", "ac"], ["b", "abb"]),
        ('root ::= ("a" | "b")+ # comment\n', ["abba"], [""]),
        ('root ::= "ab"{2}', ["abab"], ["ab", "ababab", "abb"]),
        ('root ::= "a"{2,} "b"{,}'.replace("{,}", "{0,1}"), ["aa", "aaab"], ["a", "aabb"]),
        ("root ::= [a-c_] [^a-c] .", ["ax\n", "_d🙂"], ["aax", "dxx"]),
        (r'root ::= "\n\t\"\\\x41\u00e9\U0001F600"', ['\n\t"\\Aé😀'], ["nt"]),
        (r"root ::= [\]\[\\-] [-a]", ["]-", "[a", "\\-", "--"], ["x-"]),
        ('root ::= item\nitem ::= "a" |\n  "b"\n', ["a", "b"], ["ab"]),
        ('root ::= (\n "a" # one\n | "b"\n) "c"', ["ac", "bc"], ["c"]),
        ('root ::= "a"\nroot ::= "b"', ["b"], ["a"]),
        ('root ::= ""', [""], ["a"]),
        ("root ::= | [x]", ["", "x"], ["xx"]),
        ("a-b ::= [0]\nroot ::= a-b x_y\nx_y ::= [1]", ["01"], ["0"]),
        ('root ::= root "," root | "x"', ["x", "x,x,x"], ["x,", ",x"]),
    ],
)
def test_language(grammar: str, inside: list[str], outside: list[str]) -> None:
    check_language(sg.gbnf(grammar), inside, outside)


@pytest.mark.parametrize(
    ("grammar", "error", "message"),
    [
        ('root "a"', GrammarSyntaxError, "line 1, column 6: expected '::=' after 'root'"),
        ("::= [a]", GrammarSyntaxError, "line 1, column 1: expected the name of a rule"),
        ('root ::= ("a"\n "b"', GrammarSyntaxError, "expected ')' for the group opened in line 1"),
        ('root ::= "a', GrammarSyntaxError, "line 1, column 10: this text in quotes does not end"),
        ("root ::= [a", GrammarSyntaxError, "line 1, column 10: this class does not end"),
        ("root ::= [b-a]", GrammarSyntaxError, "the range 'b' to 'a' is upside down"),
        (r'root ::= "\q"', GrammarSyntaxError, "line 1, column 11: expected an escape"),
        (
            "root ::= *",
            GrammarSyntaxError,
            "expected something to repeat before this sign in the rule 'root'",
        ),
        ("root ::= [a]{x}", GrammarSyntaxError, "expected a count"),
        ("root ::= [a]{3,2}", GrammarSyntaxError, "upside down"),
        ("root ::= [a] )", GrammarSyntaxError, "in the rule 'root', got ')'"),
        ("root ::= [a]\n | [b]", GrammarSyntaxError, "line 2, column 2"),
        ("root ::= <[12]>", GrammarSyntaxError, "tokens in angle brackets are not supported"),
        ("root ::= \ud800", GrammarSyntaxError, "a lone surrogate"),
        ("a ::= [a]", InvalidGrammar, "there is no rule 'root' to start from; the rules are: a"),
        ("root ::= a |\n  gone", InvalidGrammar, "line 1, column 10: the rule 'a' is used here and defined"),
        ("root ::= [a] b\nb ::= [c] b", InvalidGrammar, "line 2, column 1: the rule 'b' derives no text"),
        ("root ::= []", InvalidGrammar, "the rule 'root' derives no text"),
    ],
)
def test_errors_say_where_and_what(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.gbnf(grammar), BYTES)
    assert message in str(raised.value)


def test_the_rule_of_an_invalid_grammar_is_named() -> None:
    with pytest.raises(InvalidGrammar) as raised:
        sg.compile(sg.gbnf('root ::= "x"\n  b ::= c'.replace("\n  ", "\n") + '\nroot ::= "x" | b'), BYTES)
    assert (raised.value.rule, raised.value.line, raised.value.column) == ("c", 2, 7)


def test_undefined_rules_may_derive_nothing() -> None:
    grammar = sg.gbnf('root ::= "x" | a "y"\na ::= "z" gone', undefined="nothing")
    constraint = sg.compile(grammar, BYTES)
    assert constraint.matcher().allowed_tokens() == [ord("x")]
    assert any("'a'" in note for note in constraint.report.notes)
    with pytest.raises(InvalidGrammar, match="'root' derives no text"):
        sg.compile(sg.gbnf("root ::= gone", undefined="nothing"), BYTES)
    with pytest.raises(GrammarError, match="undefined"):
        sg.gbnf("root ::= [a]", undefined="maybe")


def test_a_grammar_is_a_text() -> None:
    with pytest.raises(GrammarSyntaxError, match="a grammar is a str, got int"):
        sg.gbnf(3)  # type: ignore[arg-type]
