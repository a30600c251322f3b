"""Texts that are no grammars, grammars nobody would write, inputs of any size: an answer or a clear refusal.

Nothing here may crash, hang or raise anything but a GrammarError (or, of a matcher at its limits,
ComplexityLimitExceeded).  Run under sanitizers, these tests are what finds a wild read or an overflow.
Seeds are fixed, so a failure comes again.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import settings

import structgen as sg
from structgen.errors import ComplexityLimitExceeded, GrammarError
from structgen.testing.laws import assert_distance_achieved, assert_rollback_inverts_advance

BYTES = sg.Vocabulary.from_tokens(
    [*(bytes([byte]) for byte in range(256)), b"((", b"))", b"ab", b'{"', b'":', b"],", b"1,", None], eos=263
)
NOTATIONS: dict[str, Callable[[str], sg.Grammar]] = {
    "lark": sg.lark,
    "gbnf": lambda text: sg.gbnf(text, undefined="nothing"),
    "ebnf": sg.ebnf,
}
SEEDS: dict[str, list[str]] = {
    "lark": [
        'start: "(" start ")" | INT~1..3\n%import common.INT\n%ignore " "',
        'start: l{A, ","}\nl{x, y}: x (y x)*\nA: "a"i & ~/b+/s | B\nB.2: %regex {"substring_chars": "aba"}',
        'start: ("a" [b])+ | %json {"type": ["integer", "object"], "maxProperties": 1}\nb: "b" start -> c',
        'start: x x\n?x: "1" | x "+" x | "\\u00e9" | "a".."c" | %json {"items": {"maxLength": 2}}',
    ],
    "gbnf": [
        'root ::= "(" root ")" | [0-9]{1,3} # c\n',
        'root ::= a (b | "x"+)* .?\na ::= [^a-z\\n] | root\nb ::= "\\x41\\u00e9"',
        'root ::= root root | "a" | ""',
    ],
    "ebnf": [
        "a ::= '(' a ')' | [0-9]+ /* c */\nb ::= ([a-z]* - 'if') #x41?",
        'a = "x", { ",", a } | 3 * "y" | [ b ]; (* c *) b = ("p" | "q") - "q";',
    ],
}
SIGNS = [
    *"()[]{}|&~*+?\"'/\\:=;,.-%#<> \n\t\0éaAb10\ud800",
    *(
        "::=",
        "%json ",
        "%regex ",
        "%ignore ",
        "%import ",
        "%declare ",
        "root",
        "start",
        "a: ",
        "A: ",
        "..",
        "~2",
    ),
    *(
        '{"type": "array"}',
        "common.INT",
        "(*",
        "*)",
        "//",
        "->",
        "9" * 20,
        "{1,99999}",
        "\\u{",
        "[^",
        "#x10FFFF",
    ),
]


def rounds(few: int) -> int:
    """Twenty times as many in the nightly profile, a few where code is instrumented."""
    chosen = settings().max_examples
    return few * 20 if chosen >= 2000 else few if chosen >= 100 else max(3, few // 3)


def spoiled(text: str, rng: random.Random) -> str:
    """The text after a few edits: pieces lost, doubled, moved, signs put in."""
    for _ in range(rng.randrange(1, 5)):
        at, other = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        text = rng.choice(
            [
                text[:at] + rng.choice(SIGNS) + text[at:],
                text[:at] + text[at + 1 :],
                text[:at] + text[other:],
                text[:other] + text[at:],
                text[:at] + rng.choice(SIGNS) + text[at + 1 :],
            ]
        )
    return text


def exercise(grammar: sg.Grammar, rng: random.Random, steps: int = 12) -> bool:
    """Compile and walk at random; says whether the grammar could be compiled."""
    try:
        constraint = sg.compile(grammar, BYTES)
    except GrammarError:
        return False
    matcher = constraint.matcher()
    try:
        for _ in range(steps):
            allowed = matcher.allowed_tokens()
            assert allowed, "an empty mask before the end"
            assert_rollback_inverts_advance(matcher, rng.choices(allowed, k=2))
            assert_distance_achieved(matcher)
            matcher.try_advance([rng.randrange(BYTES.size)])
            if matcher.is_terminated or not (allowed := matcher.allowed_tokens()):
                break
            matcher.advance(rng.choice(allowed))
            if matcher.is_terminated:
                break
    except ComplexityLimitExceeded:
        pass  # the matcher's own limits: as good an answer as any
    return True


@pytest.mark.parametrize("notation", NOTATIONS)
def test_spoiled_grammars_are_read_or_refused(notation: str) -> None:
    rng = random.Random(f"spoiled {notation}")
    compiled = 0
    total = rounds(150)
    for _ in range(total):
        compiled += exercise(NOTATIONS[notation](spoiled(rng.choice(SEEDS[notation]), rng)), rng, 6)
    assert 0 < compiled < total, "edits neither all harmless nor all fatal"


@pytest.mark.parametrize("notation", NOTATIONS)
def test_noise_is_read_or_refused(notation: str) -> None:
    rng = random.Random(f"noise {notation}")
    for _ in range(rounds(150)):
        text = "".join(rng.choices(SIGNS, k=rng.randrange(30)))
        exercise(NOTATIONS[notation](text), rng, 3)


def random_rules(rng: random.Random, *, leaves: bool) -> str:
    """Rules without any sense, in Lark's notation: every kind of recursion, of emptiness and of ambiguity."""
    names = [f"r{i}" for i in range(rng.randrange(1, 6))]
    parts = [*names, *names, '"a"', '"ab"', '"("', '")"', "/[ab]*/", "/(1|11)+,?/"]
    if leaves:
        parts += [
            '%json {"type": ["integer", "array"], "items": {"type": "string"}}',
            '%json {"additionalProperties": {"enum": [1, "a"]}, "type": "object"}',
            '%json {"type": "string", "pattern": "^a*$"}',
        ]

    def one(depth: int) -> str:
        kind = rng.randrange(8 if depth < 3 else 3)
        if kind == 3:
            return f"({alternatives(depth + 1)})"
        if kind == 4:
            return f"({alternatives(depth + 1)}){rng.choice(['*', '+', '?', '~0..2', '~2', '~1..30'])}"
        return rng.choice(parts)

    def alternatives(depth: int) -> str:
        lists = [" ".join(one(depth) for _ in range(rng.randrange(4))) for _ in range(rng.randrange(1, 4))]
        return " | ".join(lists)

    rules = [f"{name}: {alternatives(0)}" for name in names]
    return "\n".join([f"start: {names[0]} | r0 {names[-1]}", *rules])


@pytest.mark.parametrize("leaves", [False, True], ids=["rules", "rules and schemas"])
def test_random_grammars_keep_the_laws(leaves: bool) -> None:
    rng = random.Random(f"grammars {leaves}")
    compiled = sum(exercise(sg.lark(random_rules(rng, leaves=leaves)), rng) for _ in range(rounds(60)))
    assert compiled >= 3


def test_random_compositions_of_random_grammars() -> None:
    rng = random.Random("compositions")
    compiled = 0
    for _ in range(rounds(40)):
        one = sg.lark(random_rules(rng, leaves=True))
        other = sg.gbnf(spoiled(rng.choice(SEEDS["gbnf"]), rng), undefined="nothing")
        schema = sg.json_schema({"type": ["integer", "array"]})
        parts = [one, other, schema, "a", sg.text(stop="(", max_tokens=3), sg.regex("(ab)*")]
        whole = sg.sequence(*rng.choices(parts, k=3)) | sg.repeat(rng.choice(parts), 0, rng.choice([2, None]))
        compiled += exercise(whole, rng, 8)
    assert compiled >= 3


DEEP = 100_000
LARGE: dict[str, tuple[sg.Grammar, str]] = {
    "brackets around a schema": (
        sg.lark('start: "(" start ")" | %json {"type": "array"}'),
        "(" * DEEP + "[" * 1000 + "]" * 1000 + ")" * DEEP,
    ),
    "a schema in a list": (
        sg.lark('start: %json {"type": "integer"} ("," start)?', whitespace="compact"),
        "1," * 20_000 + "1",
    ),
    "nested arrays in a schema": (sg.lark('start: "a" %json true'), "a" + "[" * DEEP + "]" * DEEP),
    "brackets in a composition": (
        sg.sequence("<", sg.gbnf('root ::= "(" root ")" | "x"'), ">"),
        "<" + "(" * DEEP + "x" + ")" * DEEP + ">",
    ),
    "a grammar again and again": (
        sg.repeat(sg.gbnf('root ::= "(" root ")" | "x"')),
        "(x)x((x))" * 5_000,
    ),
    "what follows goes on alike": (
        sg.sequence(sg.gbnf('root ::= "(" root ")" root | "x"*'), sg.text()),
        "(" * 2_000 + ")" * 2_000 + "x" * 2_000,
    ),
}


@pytest.mark.parametrize("name", LARGE)
def test_large_inputs(name: str) -> None:
    grammar, text = LARGE[name]
    matcher = sg.compile(grammar, BYTES).matcher()
    data = list(text.encode())
    half = len(data) // 2
    assert matcher.try_advance(data[:half]) == half
    assert matcher.allowed_tokens()
    assert_distance_achieved(matcher)
    assert matcher.try_advance(data[half:]) == len(data) - half
    assert matcher.can_stop
    matcher.rollback(len(data))
    assert matcher.try_advance(data[:10]) == 10


@pytest.mark.parametrize(
    ("notation", "text"),
    [
        ("gbnf", "root ::= " + "(" * DEEP + '"x"' + ")" * DEEP),
        ("gbnf", "root ::= " + '"x"' + "?" * DEEP),
        ("gbnf", "root ::= " + " | ".join(['"ab"'] * DEEP)),
        ("gbnf", 'root ::= "' + "x" * 100_000 + '"'),
        (
            "gbnf",
            "".join(f"r{i} ::= r{i + 1} | [a]\n" for i in range(20_000)) + 'root ::= r0\nr20000 ::= "x"',
        ),
        ("ebnf", "a ::= " + "(" * DEEP + "'x'" + ")" * DEEP),
        ("ebnf", "a = " + "{" * DEEP + "'x'" + "}" * DEEP + ";"),
        ("lark", "start: " + "(" * DEEP + '"x"' + ")?" * DEEP),
        ("lark", "start: " + "[" * DEEP + '"x"' + "]" * DEEP),
        ("lark", "start: T\nT: " + "(" * DEEP + '"x"' + ' | "y")+' * DEEP),
        ("lark", "start: T\nT: " + "(" * DEEP + "/x*?/" + ")?" * DEEP),
        ("lark", "start: " + "l{" * DEEP + '"x"' + "}" * DEEP + "\nl{a}: a a"),
        ("lark", 'start: "' + '\\"' * DEEP),
        ("lark", 'start: "a"' + " " * DEEP + "$"),
        ("lark", 'start: "a"\n' + '%extend start: "b"\n' * 10_000),
        ("lark", "".join(f'T{i}: "a" T{i + 1} | "b"\n' for i in range(10_000)) + 'T10000: "c"\nstart: T0'),
        (
            "lark",
            'start: r0\nr10000: "z"\nX: /x/\n'
            + "".join(
                f'r{i}: "text {i}" r{i + 1}? | X r{i * 7 % 10_000} // {"-" * 60}\n' for i in range(10_000)
            ),
        ),
        ("lark", "start: T\nT: " + "(" * DEEP + '"x" & "x"' + ")" * DEEP),
        ("lark", "start: T\nT: " + "~" * DEEP + '"x"'),
        ("lark", "start: T\nT: " + "&".join(['"x"'] * 2_000)),
        ("lark", 'start: %json {"anyOf": [' + '{"allOf": [' * 2_000 + "true" + "]}" * 2_000 + "]}"),
    ],
)
def test_large_grammars(notation: str, text: str) -> None:
    exercise(NOTATIONS[notation](text), random.Random(0), 3)
