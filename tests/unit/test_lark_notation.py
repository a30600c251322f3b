"""Our reader of Lark's notation: literals, steps, names and imports, and what is said of mistakes.

That it reads what lark reads is tests/differential/test_lark_notation.py.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from unit.byte_texts import BYTES, accepts, check_language
from unit.test_layers import imported_by, modules

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, GrammarError, GrammarSyntaxError, InvalidGrammar
from structgen.grammars.lark import definitions, literals, notation


@pytest.mark.parametrize(
    ("literal", "pattern"),
    [
        ('"a.b"', r"a\.b"),
        ('"a"i', "(?i:a)"),
        (r'"\n\t\x41\u00e9\U0001F600"', "\\\n\\\tAé😀"),
        (r'"\\d\d\""', r'\\d\\d"'),
        (r"/[\x5d]\n\/\d/", "[]]\n\\/\\d"),
        (r'/\"\\"/', r'"\"'),
        ("/a/sii", "(?is:a)"),
        ("/a\n b # c\n/x", "(?x:a\n b # c\n)"),
    ],
)
def test_literals_are_patterns(literal: str, pattern: str) -> None:
    assert literals.pattern_of(literal)[0] == pattern


@pytest.mark.parametrize(
    ("literal", "message"),
    [
        ('""', "an empty text"),
        ("/a\nb/", "only with the flag x"),
        (r'"\x4"', r"'\\x' is no escape"),
        (r'"\u00g0"', "is no escape"),
        (r'"\U00110000"', "is no escape"),
        ('"\0"', "a NUL character"),
    ],
)
def test_literals_that_are_none(literal: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"escape|empty|flag|NUL") as raised:
        literals.pattern_of(literal)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "pattern",
    ["ab", "[a-z]+", "a{2,3}b*", r"\d\.", "(a|b)+", "(?:a|b)", "(?i:a|b)", "[]|^$]", r"\\(\(|a)", "x{y}z"],
)
def test_patterns_that_mean_the_same_everywhere(pattern: str) -> None:
    assert literals.stands_alone(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        *("a|b", "(?i:a)|b", "^a", "a$", r"\ba", r"a\B", r"\Aa", r"a\Z", "(?=a)a", "(?<!a)b", "a*?", "(a+?)"),
        *(
            "a{2}?",
            "*a",
            "?",
            "{2}",
            "(a",
            "a)",
            r"\1",
            r"\0",
            "(?P<n>a)",
            "(?i)a",
            "(?#c)a",
            "a{",
            "a{2",
            "a{2,",
        ),
    ],
)
def test_patterns_that_their_neighbours_change(pattern: str) -> None:
    assert not literals.stands_alone(pattern)


def test_flags_are_a_group() -> None:
    assert literals.pattern_of("/a|b/i") == ("(?i:a|b)", True)
    assert literals.pattern_of("/a | b/x") == ("(?x:a | b)", False)


def test_steps_are_in_reverse_polish_order() -> None:
    (defined,) = notation.statements_of('a.2: "x" [B] ("y" | c{B, "z".."z"})~2..3 -> d\n  | // all\n')
    assert isinstance(defined, notation.Defined)
    assert [step[:2] for step in defined.steps] == [
        ("text", '"x"'),
        ("terminal", "B"),
        ("repeat", (0, 1)),
        ("text", '"y"'),
        ("terminal", "B"),
        ("range", ('"z"', '"z"')),
        ("template", ("c", 2)),
        ("choice", 2),
        ("repeat", (2, 3)),
        ("sequence", 3),
        ("sequence", 0),
        ("choice", 2),
    ]
    (defined,) = notation.statements_of('A: ~B+ "x" & C | ~~"y"')
    assert isinstance(defined, notation.Defined)
    assert [step[:2] for step in defined.steps] == [
        ("terminal", "B"),
        ("not", None),
        ("repeat", (1, None)),
        ("text", '"x"'),
        ("sequence", 2),
        ("terminal", "C"),
        ("both", 2),
        ("text", '"y"'),
        ("choice", 2),
    ]


@pytest.mark.parametrize(
    ("grammar", "inside", "outside"),
    [
        # Patterns are joined as written, as lark joins them.
        ('start: A\nA: /a|b/ "c"', ["a", "bc"], ["ac", "b"]),
        ('start: A\nA: B "c"\nB: (/a|b/)', ["a", "bc"], ["ac", "b"]),
        ('start: A\nA: /x/ /*y/ "z"', ["yz", "xxyz"], ["xz", "z"]),
        ('start: A\nA: B /(?<!x)y/\nB: "x" | "z"', ["zy"], ["xy"]),
        # There each pattern stands for itself.
        ('start: A\nA: /a|b/ "c" & /[abc]*/', ["ac", "bc"], ["a", "b"]),
        ("start: twice{pair, A}\ntwice{t, x}: t{x} t{x}\npair{x}: x x\nA: /a/", ["aaaa"], ["aa", "aaa"]),
        ('start: a\na: "x"\n%extend a: "y" | "z"\n%override start: a a', ["xy", "zx"], ["x"]),
        ("%import common (INT, NUMBER)\n%override INT: /x/\nstart: NUMBER INT", ["1.5x"], ["x", "1.5"]),
        ('%import common (INT, NUMBER)\n%extend INT: "x"\nstart: NUMBER', ["1", "x.x"], ["y"]),
        ('start: "a" // b\n  // c\n\n  | "d" \\\n "f" # e', ["a", "df"], ["d", "f"]),
        # A schema is not the rule of that name, nor a text's neighbours a range.
        ('start: %json true ";" true\ntrue: "x"', ["1;x"], ["x;x", "1;1"]),
        ('start: l{"y"}\nl{true}: true %json true', ["y1"], ["yy", "11"]),
        (
            'start: "a".."c" %regex {"substring_chunks": ["\\"a\\"", "\\"c\\""]}',
            ['b"a"', 'a"a""c"', "c"],
            ["bb", "ab"],
        ),
        ('start: aB a\na: "x"\nB: "y"', ["xyx"], ["x"]),
        ('start: "b"\n%ignore "x"', ["xb"], ["x"]),
    ],
)
def test_language(grammar: str, inside: list[str], outside: list[str]) -> None:
    check_language(sg.lark(grammar), inside, outside)


@pytest.mark.parametrize(
    ("grammar", "error", "message"),
    [
        ("start: a?b", GrammarSyntaxError, "line 1, column 9: expected a name, a text, a pattern"),
        (
            'start: ("x"\n  | "y"\n  )',
            GrammarSyntaxError,
            "line 2, column 8: expected ')' for the '(' in line 1",
        ),
        (
            "start: l{A B}",
            GrammarSyntaxError,
            "line 1, column 12: expected ',' or '}' after an argument of 'l'",
        ),
        (
            "start: l{(A)}",
            GrammarSyntaxError,
            "line 1, column 10: an argument of 'l' is one name, text or pattern",
        ),
        ("start: l{}", GrammarSyntaxError, "line 1, column 10: expected an argument of 'l'"),
        ('start: "a"+?', GrammarSyntaxError, "column 12: expected parentheses around what is repeated twice"),
        ('start: "a', GrammarSyntaxError, "line 1, column 8: this text in quotes does not end"),
        ("start: /a", GrammarSyntaxError, "line 1, column 8: this pattern does not end"),
        ('start "a"', GrammarSyntaxError, "line 1, column 7: expected ':' and what 'start' is, got '\"a\"'"),
        (
            'start: "a" -> B',
            GrammarSyntaxError,
            "line 1, column 15: expected a name in small letters after '->'",
        ),
        ('start: ("a" -> b)', GrammarSyntaxError, "line 1, column 13: an alias is for a whole alternative"),
        ('_a: "x" -> b\nstart: _a', GrammarSyntaxError, "line 1, column 9: the rule '_a' is inlined"),
        ('?_a: "x"\nstart: _a', GrammarSyntaxError, "line 1, column 1: the rule '_a' is inlined"),
        ('start: "a"~', GrammarSyntaxError, "line 1, column 11: '~' is for terminals"),
        ('start: "a"~-2', GrammarSyntaxError, "line 1, column 11: the count -2 is none"),
        ("start.x: A", GrammarSyntaxError, "line 1, column 7: expected a priority after '.'"),
        (
            'start: "ab".."c"',
            GrammarSyntaxError,
            "line 1, column 8: a terminal: a range goes from one character",
        ),
        ("start: 'a'", GrammarSyntaxError, "line 1, column 8: expected double quotes"),
        ("start: [a-z]", GrammarSyntaxError, "line 1, column 10: expected a class of characters inside of"),
        ("Start: A", GrammarSyntaxError, "line 1, column 1: a rule's name is in small letters"),
        ('start: "a"\n  "b"', GrammarSyntaxError, "line 2, column 3: expected a rule or a terminal"),
        ('start: "a"\n  "b"', GrammarSyntaxError, "goes on in a new line only with '|' at its beginning"),
        (
            '"a": "b"',
            GrammarSyntaxError,
            "line 1, column 1: expected a rule or a terminal, its name before a colon",
        ),
        ("%import common", GrammarSyntaxError, "line 1, column 1: say what is imported from 'common'"),
        ("%import common.INT INT", GrammarSyntaxError, "line 1, column 20: expected the end of the line"),
        ("%declare", GrammarSyntaxError, "line 1, column 9: expected names to declare"),
        ("start: values\nvalue: /a/", InvalidGrammar, "line 1, column 8: the rule 'values' is used here and"),
        ("start: values\nvalue: /a/", InvalidGrammar, "defined nowhere; define it, or was 'value' meant?"),
        ("start: N\n%import common.NOPE -> N", InvalidGrammar, "common.lark has none to import"),
        (
            'start: "a"\nstart: "b"',
            InvalidGrammar,
            "line 2, column 1: the rule 'start' is defined more than once",
        ),
        (
            'start: "a"\n%override strat: "b"',
            InvalidGrammar,
            "'strat' to override yet, or was 'start' meant?",
        ),
        ('%declare a\n%extend a: "x"\nstart: a', InvalidGrammar, "the rule 'a' is only declared; define it"),
        (
            "start: l\nl{x}: x",
            InvalidGrammar,
            "line 2, column 1: the rule 'l' is used here and defined nowhere",
        ),
        ("start: l{/a/, /b/}\nl{x}: x", InvalidGrammar, "line 1, column 8: 'l' takes 1, and 2 are given"),
        ("start: a{/a/}\na: /x/", InvalidGrammar, "line 1, column 8: 'a' is no template, and 1 are given"),
        ("start: l{A, B}\nl{t, x}: t{x}\nA: /a/\nB: /b/", InvalidGrammar, "'t' is given what is no template"),
        ("l{x, x}: x\nstart: /a/", InvalidGrammar, "line 1, column 1: the parameter 'x' of 'l' is"),
        ("l{x}: x\nstart{y}: y", InvalidGrammar, "'start' is a template, so nothing starts from it"),
        (
            "start: n\n%import common.INT -> n",
            InvalidGrammar,
            "line 1, column 8: 'n' is a terminal, in capitals",
        ),
        ("start: A\nA:", InvalidGrammar, "line 2, column 3: the terminal A is empty"),
        ("start: /a/\nB: A\nA: B", InvalidGrammar, "is defined by itself; recursion is for rules"),
        ("start: /a/\n%ignore B", InvalidGrammar, "line 2, column 9: the terminal 'B' is used here"),
        (
            "start: A\nA: /(x/ /y/",
            GrammarSyntaxError,
            "line 2, column 4: the terminal A, written as one pattern: this group",
        ),
        ('%import common.INT\n%import .common.WS\nstart: "a"', GrammarSyntaxError, "choose one"),
    ],
)
def test_mistakes(grammar: str, error: type[GrammarError], message: str) -> None:
    with pytest.raises(error) as raised:
        sg.compile(sg.lark(grammar), BYTES)
    assert message in str(raised.value)


def test_files_beside_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    main = sys.modules["__main__"]
    monkeypatch.setattr(main, "__file__", str(tmp_path / "program.py"), raising=False)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "words.lark").write_text(
        '%import .more.X -> Y\nlist: WORD ("," WORD)* Y\nWORD: /[a-z]+/\n'
    )
    (tmp_path / "parts" / "more.lark").write_text('X: "!"\nz: X\n')
    check_language(sg.lark("%import .parts.words.list\nstart: list"), ["a,b!"], ["a,b", "!"])
    (tmp_path / "parts" / "more.lark").write_text("X: b\n")
    with pytest.raises(GrammarSyntaxError, match=r"^line 2, column 1: more.lark, line 1, column 4: a rule"):
        sg.compile(sg.lark("\n%import .parts.words.list\nstart: list"), BYTES)
    (tmp_path / "parts" / "more.lark").write_text("%import .words.list -> x\nX: /a/")
    with pytest.raises(ComplexityLimitExceeded, match="imports itself"):
        sg.compile(sg.lark("%import .parts.words.list\nstart: list"), BYTES)
    with pytest.raises(
        GrammarSyntaxError, match=r"line 1, column 1: nothing can be imported from 'gone\.lark'"
    ):
        sg.compile(sg.lark("%import .gone.list\nstart: list"), BYTES)


def test_a_library_is_read_once() -> None:
    definitions._library.cache_clear()
    for number in range(3):
        definitions.definitions_of(f"start: WORD{number}\n%import common.WORD -> WORD{number}")
    assert definitions._library.cache_info().misses == 1


def test_lark_itself_is_not_used() -> None:
    """Only the grammars that come with it are; whether another package imports it is not ours to say."""
    for path in modules():
        assert not [name for name in imported_by(path) if name.partition(".")[0] == "lark"], path


def test_terminals_that_use_one_another_twice_stay_small() -> None:
    lines = [f'T{i}: T{i + 1} T{i + 1} | "x"' for i in range(40)]
    grammar = sg.lark("\n".join(["start: T0", *lines, 'T40: "z"']))
    assert accepts(grammar, "x" * 9) and not accepts(grammar, "xz")
    lines = [f"T{i}: T{i + 1} T{i + 1}" for i in range(31)]
    matcher = sg.compile(sg.lark("\n".join(["start: T0", *lines, 'T31: "z"'])), BYTES).matcher()
    assert matcher.try_advance(list(b"z" * 1000)) == 1000 and not matcher.can_stop


@pytest.mark.parametrize("parts", ['T{} "," T{}', "T{} T{} /x*?y/"])
def test_terminals_of_exponential_length_are_refused(parts: str) -> None:
    lines = [f"T{i}: {parts.format(i + 1, i + 1)}" for i in range(40)]
    with pytest.raises(ComplexityLimitExceeded, match="written out"):
        sg.compile(sg.lark("\n".join(["start: T0", *lines, 'T40: "z"'])), BYTES)
