"""Lark's notation: what its constructs allow, and how its loader's complaints are passed on."""

from __future__ import annotations

import pytest

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, GrammarError, GrammarSyntaxError, InvalidGrammar

BYTES = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), None], eos=256)


def accepts(grammar: sg.Grammar, text: str) -> bool:
    matcher = sg.compile(grammar, BYTES).matcher()
    data = text.encode()
    return matcher.try_advance(list(data)) == len(data) and matcher.can_stop


@pytest.mark.parametrize(
    ("grammar", "inside", "outside"),
    [
        ('start: "a" [b] c\nb: "b"+\nc: "c"~2', ["acc", "abbcc"], ["ac", "accc"]),
        ('start: A~2..4\nA: "a" | "b"~3', ["ab" + "bb", "aaaa"], ["a", "aaaaa"]),
        ('start: A~0..70\nA: "a"', ["", "a" * 70], ["a" * 71]),
        ('start: "select"i X\nX: /[a-z]+/i', ["SELECTx", "selectY"], ["sElect", "selec1"]),
        ('start: A "b"\nA: /a.c/s', ["a\ncb"], ["acb"]),
        ('start: list{NUMBER, ","}\nlist{x, y}: x (y x)*\n%import common.INT -> NUMBER', ["1,22"], ["1,"]),
        ('?start: sum\n?sum: NUM | sum "+" NUM -> add\n%import common.INT -> NUM', ["1+2+3"], ["1+"]),
        ('start: _x x\n_x: "a"\n!x: "b"', ["ab"], ["a"]),
        ('start: A B\nA.2: "a"+\nB.1: "a"', ["aa", "aaa"], ["a"]),
        ('start: "a" "b"\n%ignore " "', ["ab", " a  b "], ["a b c", "a_b"]),
        ('start: AB "!"\nAB: "a" "b"\n%ignore /[ \\n]+/', ["ab\n!"], ["a b!"]),
        ('start: a\na: "x" b | "y"\nb: "(" a ")"', ["x(x(y))"], ["x(y"]),
        ('start: /(?<!x)a+(?!b)/ "c"', ["aac"], ["abc"]),
        ('start: e\ne: "ß" | /[α-ω]+/', ["ß", "λόγος".replace("ό", "ο")], ["s"]),
    ],
)
def test_language(grammar: str, inside: list[str], outside: list[str]) -> None:
    for text in inside:
        assert accepts(sg.lark(grammar), text), text
    for text in outside:
        assert not accepts(sg.lark(grammar), text), text


def test_the_start_can_be_chosen_and_used_again() -> None:
    grammar = sg.lark('a: "(" a ")" | b\nb: "x"\n%ignore " "', start="a")
    assert accepts(grammar, "( (x) ) ")
    assert accepts(sg.lark(grammar.text, start="b"), " x")


@pytest.mark.parametrize(
    ("grammar", "error", "message"),
    [
        ('start "a"', GrammarSyntaxError, "line 1, column 7"),
        ('start: ("a"', GrammarSyntaxError, "line 1, column 12"),
        ('x: "a"', InvalidGrammar, "there is no rule 'start' to start from; the rules are: x"),
        ('start: "a"\n  | b', InvalidGrammar, "line 2, column 5: Rule 'b' used but not defined"),
        (
            "start: A\nA: /[b/",
            GrammarSyntaxError,
            "line 2, column 1: the terminal A: the class is not closed",
        ),
        ("start: /(a)\\1/", GrammarSyntaxError, "backreference"),
        ('start: "a" x\nx: "b" x', InvalidGrammar, "line 2, column 1: the rule 'x' derives no text"),
        ("start: A\n%declare A", InvalidGrammar, "line 2, column 1: the terminal A is only declared"),
        ("start: N\n%import common.NOPE -> N", InvalidGrammar, "line 1, column 8: Rule 'N' used but not"),
        ("start: N\n%import nowhere.N", GrammarSyntaxError, "nothing can be imported"),
        ("start: " + "(" * 5000 + '"a"' + ")" * 5000, ComplexityLimitExceeded, "nested too deeply"),
    ],
)
def test_errors_say_where_and_what(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.lark(grammar), BYTES)
    assert message in str(raised.value)


def test_a_grammar_is_a_text() -> None:
    with pytest.raises(GrammarSyntaxError, match="a grammar is a str, got NoneType"):
        sg.lark(None)  # type: ignore[arg-type]
