"""Lark's notation: what its constructs and our additions allow, and what is said where they are mistaken."""

from __future__ import annotations

import pytest
from unit.byte_texts import BYTES, accepts, check_language

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, GrammarError, GrammarSyntaxError, InvalidGrammar


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
        ("start: A\nA: /a b/x | /^q$/m | /\\w/u", ["ab", "q", "é"], ["a b", "-"]),
        ('start: pair{A, B} | pair{B, A}\npair{x, y}: x y\nA: "a"\nB: "b"', ["ab", "ba"], ["aa", "bb"]),
        ('start: a -> first | "b" -> second\na: "a" -> third', ["a", "b"], ["ab"]),
        ('start: _list\n_list: "x" | _list "," "x"', ["x,x"], ["x,"]),
        ("%import common.WORD\n%import common.WS_INLINE\n%ignore WS_INLINE\nstart: WORD+", ["ab cd"], ["1"]),
        ("%import common (DIGIT, LETTER)\nstart: LETTER DIGIT*", ["a12"], ["12"]),
        ('start: A\nA: "x"\n%extend A: "y"', ["x", "y"], ["z"]),
        ('%import common.INT\n%override INT: "7"\nstart: INT', ["7"], ["8"]),
        (
            'start: S "."?\n%import common.ESCAPED_STRING -> S',
            ['""', '"a\\\\".', '"\\""'],
            ['""a"', '"a" "', '"\\"'],
        ),
        (
            'start: "a" "b"\n%ignore /#[^\\n]*/\n%ignore /[ \\n]/\n%ignore /\\/\\*.*?\\*\\//',
            ["a#x\nb", "a # b\n # b\n b # c", "a/* # */b#", "ab", "a/**/ #\n/* */b"],
            ["a#b", "a #  b", "a#\n#b", "a/* */ */b"],
        ),
        (
            'start: "[" %json {"const": 1} "]"\n%ignore /#.*/\n%ignore /\\s+/',
            ["[ #1\n 1#\n]"],
            ["[#1]", "[#\n#1]"],
        ),
        ('start: /<.*?>/ "x"', ["<>x", "<a<>x"], ["<>>x", "<a>b>x"]),
        ("start: /[*?]+a\\??/", ["*a?", "?*a"], ["a"]),
        ('start: %json {"type": "null"} | "(" start ")"', ["null", "((null))"], ["(null", "nul"]),
        (
            'start: "a" %json {\n  "const": [1]\n} "b"\n  | "c"',
            ["a[1]b", "a[ 1 ]b", "c"],
            ["a[1]", "a[2]b"],
        ),
        ('start: %json true "," %json {"maxLength": 1, "type": "string"}', ['{"a":[]},"b"'], ['{},"bb"']),
        ('start: %json {"const": 1} %json {"const": "x"}\n%ignore " "', ['1"x"', ' 1  "x" '], ['1 " x"']),
        ('start: A\nA: /[a-z]+/ & ~(KEY) // not a key\nKEY: "if" | "else"', ["ifs", "i"], ["if", "else"]),
        ("start: INT X\n%import common.INT\nX: ~INT & /[0-9a]*/", ["1a", "11", "1"], ["a"]),
        (
            'start: W ";"\nW.2: %regex {"substring_words": "to be, or"}',
            ["be, or;", ";", " ;"],
            ["b;", "to or;"],
        ),
        ('start: %regex /a+/i "b"', ["aAb"], ["b"]),
        ('start: l{%json {"const": 1}, ","}\nl{x, y}: x (y x)*', ["1,1"], ["1,"]),
    ],
)
def test_language(grammar: str, inside: list[str], outside: list[str]) -> None:
    check_language(sg.lark(grammar), inside, outside)


def test_groups_are_not_multiplied_out() -> None:
    """Lark's own loader would write 4 ** 40 alternatives."""
    grammar = sg.lark("start: " + '("a" | "b" start "d" | "c" | e)' * 40 + "\ne: ")
    assert accepts(grammar, "ac") and not accepts(grammar, "a" * 41)


def test_options_of_embedded_schemas() -> None:
    grammar = sg.lark('start: "<" %json {"const": [1, 2]} ">"', whitespace="compact")
    assert accepts(grammar, "<[1,2]>") and not accepts(grammar, "<[1, 2]>")
    assert repr(grammar) == 'lark(\'start: "<" %json {"const": [1, 2]} ">"\', whitespace=\'compact\')'
    assert grammar == sg.lark(grammar.text, whitespace="compact") != sg.lark(grammar.text)
    assert hash(grammar) == hash(sg.lark(grammar.text, whitespace="compact"))
    constraint = sg.compile(grammar, BYTES)
    assert sg.Constraint.deserialize(constraint.serialize(), BYTES).grammar == grammar
    assert constraint.report.enforced == {"const": 1}
    with pytest.raises(GrammarError, match="whitespace is one of compact, bounded, any"):
        sg.lark("start: %json true", whitespace="none")
    with pytest.raises(GrammarError, match="unknown option 'spaces'"):
        sg.lark("start: %json true", spaces="none")


@pytest.mark.parametrize(
    ("grammar", "error", "message"),
    [
        ('start: A & "b"\nA: "a"', GrammarSyntaxError, "line 1, column 10: '&' is for terminals"),
        ('start: ~A\nA: "a"', GrammarSyntaxError, "line 1, column 8: '~' is for terminals"),
        ('start: A\nA: "a" &\n', GrammarSyntaxError, "line 2, column 9: expected a text, a pattern or a"),
        (
            'start: A\nA: ("a" & "b"',
            GrammarSyntaxError,
            "line 2, column 14: expected ')' for the '(' in line 2, column 4",
        ),
        ('start: A\nA: "a") & "b"', GrammarSyntaxError, "line 2, column 7: ')' closes no group"),
        ('start: A\nA: * & "b"', GrammarSyntaxError, "line 2, column 4: expected something to repeat"),
        (
            'start: A\nA: b & "b"',
            GrammarSyntaxError,
            "line 2, column 4: a rule cannot stand in a terminal, and 'b' is one",
        ),
        ('start: A\nA: "b"~3..2 & "c"', GrammarSyntaxError, "line 2, column 7: the count 3..2 is upside"),
        ('start: A\nA: "b" & /[/', GrammarSyntaxError, "line 2, column 10: the terminal A: the class is not"),
        (
            'start: A\nA: ~B\nB: "x" A',
            InvalidGrammar,
            "line 3, column 8: the terminal A is defined by itself",
        ),
        ("start: A\nA: ~GONE", InvalidGrammar, "line 2, column 5: the terminal 'GONE' is used here and"),
        ("start: A\nA: %json {}", GrammarSyntaxError, "line 2, column 4: %json stands in rules"),
        ("start: %json [1]", GrammarSyntaxError, "line 1, column 14: %json needs a JSON Schema"),
        ('start: %json {"a": }', GrammarSyntaxError, "line 1, column 20: %json needs a JSON value"),
        ('start: "x"\n | %json {"type": 3}', GrammarSyntaxError, "line 2, column 4: %json: at /type: type"),
        ('start: "x"\n | %json {"type": []}', GrammarSyntaxError, "line 2, column 4: %json: at /type"),
        (
            'start: "x" | %json {"enum": [1], "type": "null"}',
            InvalidGrammar,
            "line 1, column 14: %json: no value",
        ),
        ("start: %regex 3", GrammarSyntaxError, "line 1, column 15: %regex needs /a pattern/ or an object"),
        ('start: %regex {"substring_words": 3}', GrammarSyntaxError, "substring_words needs a text"),
        (
            'start: %regex {"substring_chars": "' + "x" * 3001 + '"}',
            ComplexityLimitExceeded,
            "3001 pieces, and 3000 are possible",
        ),
        ("start: %json " + "[" * 100_000, ComplexityLimitExceeded, "nested too deeply"),
        (
            'start: "a" %json {"x": 1}\n%json',
            GrammarSyntaxError,
            "line 2, column 6: %json needs a JSON value",
        ),
        (
            'start: "a"\nb: %json true %json',
            GrammarSyntaxError,
            "line 2, column 20: %json needs a JSON value",
        ),
        ('start: "a" )\nb: %json true', GrammarSyntaxError, "line 1, column 12"),
        ("start: A\n%declare A\nB: ~A", InvalidGrammar, "the terminal A is only declared"),
    ],
)
def test_errors_of_what_is_added(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.lark(grammar), BYTES)
    assert message in str(raised.value)


def test_the_notation_of_lark_stays_as_it_is() -> None:
    """Signs of ours inside of texts, patterns and comments are none."""
    grammar = sg.lark('start: "%json" A~2 // & ~B %json {\nA: /&~%regex/ | "~" "&" # ~\n')
    assert accepts(grammar, "%json~&&~%regex")
    assert not accepts(grammar, "%json")


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
        ('start: "a"\n  | b', InvalidGrammar, "line 2, column 5: the rule 'b' is used here and defined"),
        (
            "start: A\nA: /[b/",
            GrammarSyntaxError,
            "line 2, column 4: the terminal A: the class is not closed",
        ),
        ("start: /(a)\\1/", GrammarSyntaxError, "line 1, column 8: a terminal: backreference"),
        ('start: "b"\n  | "a" "" ', GrammarSyntaxError, "line 2, column 9: a terminal: an empty text is no"),
        (
            'start: b\n  | "b"~3..2\nb: "b"',
            GrammarSyntaxError,
            "line 2, column 8: the count 3..2 is upside down",
        ),
        (
            'start: l{"a"}\nl{x}: x | l{m{x}}\nm{x}: "b" x',
            ComplexityLimitExceeded,
            "the template 'l' calls itself with ever more arguments",
        ),
        ('start: "a" x\nx: "b" x', InvalidGrammar, "line 2, column 1: the rule 'x' derives no text"),
        ("start: A\n%declare A", InvalidGrammar, "line 2, column 10: the terminal A is only declared"),
        (
            "start: N\n%import common.NOPE -> N",
            InvalidGrammar,
            "line 1, column 8: the terminal 'N' is used here and",
        ),
        (
            'start: l{A, ","}\nl{x, y}: x (y x)*\nA: "a"ix {"s": "aba"}',
            GrammarSyntaxError,
            "line 3, column 8: a rule cannot stand in a terminal, and 'x' is",
        ),
        ('start: A\nA: "a" & "b"', InvalidGrammar, "line 1, column 1: the rule 'start' derives no text"),
        ("start: \ud800", GrammarSyntaxError, "line 1, column 8: a lone surrogate"),
        ("start: N\n%import nowhere.N", GrammarSyntaxError, "nothing can be imported"),
    ],
)
def test_errors_say_where_and_what(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.lark(grammar), BYTES)
    assert message in str(raised.value)


def test_a_grammar_is_a_text() -> None:
    with pytest.raises(GrammarSyntaxError, match="a grammar is a str, got NoneType"):
        sg.lark(None)  # type: ignore[arg-type]
