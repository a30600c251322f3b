"""Our reader of Lark's notation against lark's own loader: the same rules, terminals and ignored terminals.

Every grammar at hand, and thousands of grammars with pieces lost, moved or put in: what lark refuses is
refused, what it reads is read alike.  Known differences: names that stay only declared (%declare) and
negative counts are refused; lark alone refuses what collides once it has multiplied it out ("Rules defined
twice").  The profile ``nightly`` takes twenty times as many.
"""

from __future__ import annotations

import contextlib
import importlib.util
import random
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from differential.test_cfg_lark import FILES, to_lark
from hypothesis import settings

from structgen import _native
from structgen.errors import ComplexityLimitExceeded, GrammarError, RegexSyntaxError
from structgen.grammars.context_free import RuleBook
from structgen.grammars.lark.definitions import Definition, Definitions, Scope, definitions_of
from structgen.grammars.lark.load import read
from structgen.grammars.lark.terminals import Terminals, language_of

SEEDS = [
    'start: "(" start ")" | INT~1..3 -> numbers\n%import common.INT\n%ignore " "',
    'start: l{A, ","}\nl{x, y}: x (y x)*\nA: "a"i /b+/s | B\nB.2: ("c" | "d")+ "\\x41" [B2]\nB2: "x".."z"',
    'start: ("a" [b])+ // 1\n  | c  # 2\n\n | "d"?\n!b.3: "b" start -> c\n?c: /[a-z]\\/"/im _d\n_d: "\\\\"',
    "%import common (INT, WORD, ESCAPED_STRING)\n%import common.NUMBER -> N\n"
    "start: INT N WORD ESCAPED_STRING\n"
    '%extend INT: "x" | "y"\n%override WORD: /w+/\n%ignore INT WORD\n%ignore WORD',
    'start: apply{pair, A}\napply{t, x}: t{x, "y"} | [x]\npair{x, y}: x y~2 y ~ 0..3\nA: B "b" | B\nB: /a|b/',
    'start: X Y\nX: /a*?/ Z\nY: Z ("q" | Z)~2..3 [Z]\nZ: /(?<!x)y/ | "z"\n%ignore /[ \\t]+/ | "#"',
    '%import lark.rule -> r\n%import lark (expansions, _NL)\nstart: r+ _NL expansions\n%extend r: "!"',
    'a: b\nb: \\\n "x" | \\  \n c\nc:\n | d -> e\n | ()\nd: (("x" | [a]) c)* "é" "\\u00e9"i',
]
PIECES = [
    *"()[]{}|~*+?\"'/\\:,.-!%#\n\r\t aAbB_1",
    *('"a"', "/b/", "/(c|d)/i", '"e".."g"', "->", "..", "~2", "~1..3", "~-1", "| ", "\n| ", "\n\n", "\r\n"),
    *(
        "%ignore ",
        "%import common.INT",
        "%import ",
        "%override ",
        "%extend ",
        "%declare ",
        "common",
        "//",
        "/*",
    ),
    *(
        "start",
        "INT",
        "a",
        "b: ",
        "B: ",
        "l{a}",
        "{x}",
        "{x, y}",
        "?",
        "!",
        "_a",
        "__a",
        ".2",
        "\\\n",
        "\\",
        '""',
    ),
    *(
        '"\\x4"',
        '"\\\\"',
        '"\\""',
        '/\\\\"/',
        "/a|b/",
        "/x*?/",
        "/^y/",
        "/z/x",
        "[",
        "(a -> b)",
        "\0",
        "\u00a0",
    ),
]
# What lark's loader does not see, and lark sees later.
LATER = ("Rules defined twice",)


class Refused(Exception):
    pass


def loaded(text: str) -> tuple[dict[str, str], dict[str, Any], list[str]]:
    """Patterns of terminals, trees of rules and ignored terminals, as lark reads them; Refused."""
    from lark.exceptions import LarkError
    from lark.load_grammar import load_grammar

    try:
        grammar, _ = load_grammar(text, "<string>", [], False)
        if any(tree is None for _, (tree, _) in grammar.term_defs):
            raise Refused("declared")
        patterns, _, ignored = grammar.compile(["start"], "*")
        rules = {str(name): (parameters, tree) for name, parameters, tree, _ in grammar.rule_defs}
        found = {one.name: str(one.pattern.to_regexp()) for one in patterns}
    except LarkError as error:
        if any(later in str(error) for later in LATER):
            raise Later(str(error)) from error
        raise Refused(f"{type(error).__name__}: {error}") from error
    except (
        AssertionError,
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        FileNotFoundError,
    ) as error:
        raise Refused(repr(error)) from error
    return found, rules, list(ignored)


class Later(Exception):
    """Lark reads the text and refuses what it makes of it."""


def tree_of_lark(tree: Any) -> Any:
    """Lark's tree of a rule as nested tuples; groups of one are what is in them."""
    kind = getattr(tree, "data", None)
    if kind is None:
        return ("terminal" if tree.is_term else "rule", str(tree.name))
    if kind in ("expansions", "expansion"):
        parts = [tree_of_lark(part) for part in tree.children]
        return parts[0] if len(parts) == 1 else ({"expansions": "choice"}.get(kind, "sequence"), *parts)
    if kind in ("value", "alias"):
        return tree_of_lark(tree.children[0])
    if kind == "maybe":
        return ("repeat", (0, 1), tree_of_lark(tree.children[0]))
    if kind == "template_usage":
        name, *arguments = tree.children
        return ("template", str(name.name), *map(tree_of_lark, arguments))
    if kind == "expr":
        part, sign, *counts = tree.children
        many: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        rounds = many[str(sign)] if str(sign) in many else (int(counts[0]), int(counts[-1]))
        return ("repeat", rounds, tree_of_lark(part))
    if kind == "range":
        return ("range", tuple(map(str, tree.children)))
    assert kind == "literal", kind
    return ("literal", str(tree.children[0]))


def tree_of(definition: Definition) -> Any:
    """What we read of a rule, likewise."""
    bodies = [_tree_of_steps(steps, scope) for steps, scope in definition.bodies]
    return bodies[0] if len(bodies) == 1 else ("choice", *bodies)


def _tree_of_steps(steps: Any, scope: Scope) -> Any:
    stack: list[Any] = []
    for what, value, _ in steps:
        count = value if what in ("sequence", "choice") else 1 if what == "repeat" else 0
        count = value[1] if what == "template" else count
        parts = stack[len(stack) - count :]
        del stack[len(stack) - count :]
        if what in ("rule", "terminal"):
            stack.append((what, scope.renamed(value)))
        elif what == "template":
            stack.append((what, scope.renamed(value[0]), *parts))
        elif what == "repeat":
            stack.append((what, value, *parts))
        elif what in ("sequence", "choice"):
            stack.append((what, *parts))
        else:
            stack.append(("range" if what == "range" else "literal", value))
    return stack[0]


def flat(tree: Any) -> Any:
    """Alternatives inside of alternatives are one list: so lark writes what extends a rule."""
    if not isinstance(tree, tuple) or not tree or tree[0] not in ("choice", "sequence", "repeat", "template"):
        return tree
    parts = tuple(flat(part) for part in tree[1:])
    if tree[0] == "choice":
        parts = tuple(one for part in parts for one in (part[1:] if part[:1] == ("choice",) else (part,)))
    return (tree[0], *parts)


def check(text: str) -> bool:
    """That both read the text alike; says whether it is a grammar."""
    expected: Any = None
    refusal: Exception | None = None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lark's and Python's opinion of some patterns
        try:
            expected = loaded(text)
        except Refused as error:
            refusal = error
        except Later:
            return False
    store = _native.Store()
    try:
        found = definitions_of(text)
        names = [
            one.name for one in found.scope.definitions.values() if not one.is_terminal and not one.parameters
        ]
        if names:
            read(RuleBook(store, text), names[0])
        terminals = Terminals(store.regex)
        languages = {one: terminals.language(one) for one in _terminals(found)}
    except GrammarError as error:
        excused = refusal or _is_pattern_error(error, expected[0]) or re.search(r"~\s*-\d", text)
        if not excused:
            raise AssertionError(f"lark reads {text!r}, and we do not") from error
        return False
    if refusal is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert _is_added(text, found), f"lark refuses {text!r}: {refusal}"
        return False
    patterns, rules, ignored = expected
    definitions = found.scope.definitions
    own = {name for name, one in definitions.items() if one.is_terminal}
    assert own <= set(patterns), text
    assert {name for name, one in definitions.items() if not one.is_terminal} == set(_written(rules)), text
    for name, (parameters, tree) in rules.items():
        if name in definitions:
            scope = definitions[name].bodies[-1][1]
            assert len(definitions[name].parameters) == len(parameters)
            renaming = dict(zip(parameters, definitions[name].parameters, strict=True))
            assert flat(tree_of(definitions[name])) == _renamed(flat(tree_of_lark(tree)), renaming, scope), (
                text
            )
    for definition, language in languages.items():
        if definition.name in own:
            same_language(store.regex, language, patterns[definition.name], text)
    assert len(ignored) == len(found.ignored)
    for name, definition in zip(ignored, found.ignored, strict=True):
        same_language(store.regex, languages[definition], patterns[name], text)
    return True


def _written(rules: dict[str, Any]) -> Iterator[str]:
    """The rules of the text: what lark makes of templates has braces in its name."""
    return (name for name in rules if "{" not in name)


def _renamed(tree: Any, names: dict[str, str], scope: Scope) -> Any:
    """Parameters of imported templates have their own names here, and new ones in lark."""
    if isinstance(tree, tuple):
        if len(tree) == 2 and tree[0] == "rule":
            return ("rule", scope.renamed(names[tree[1]]) if tree[1] in names else tree[1])
        return tuple(_renamed(part, names, scope) for part in tree)
    return tree


def _terminals(found: Definitions) -> list[Definition]:
    return [*(one for one in found.scope.definitions.values() if one.is_terminal), *found.ignored]


def _is_pattern_error(error: Exception, patterns: dict[str, str]) -> bool:
    """Lark's loader does not compile patterns: Python refuses one of them too, or it is beyond ours."""
    reasons: list[BaseException] = [error]
    while context := reasons[-1].__context__:
        reasons.append(context)
    if any(isinstance(reason, ComplexityLimitExceeded | RegexSyntaxError) for reason in reasons):
        return True
    for pattern in patterns.values():
        try:
            re.compile(pattern)
        except re.error:
            return True
    return False


def _is_added(text: str, found: Definitions) -> bool:
    """Whether the text has something that is no part of lark's notation."""
    steps = [
        step[0]
        for one in [*found.scope.definitions.values(), *found.ignored]
        for body, _ in one.bodies
        for step in body
    ]
    return any(what in ("both", "not", "json", "chunks") for what in steps)


def same_language(regex: Any, language: int, pattern: str, text: str) -> None:
    try:
        other, _ = language_of(regex, pattern)
    except RegexSyntaxError:
        pytest.fail(f"we read {pattern!r} of {text!r}, and it is no pattern")
    if language != other:
        difference = regex.alternate(
            [
                regex.intersect([language, regex.complement(other)]),
                regex.intersect([other, regex.complement(language)]),
            ]
        )
        assert regex.empty(difference), (text, pattern, regex.witness(difference))


def grammars(data_dir: Path) -> dict[str, str]:
    package = importlib.util.find_spec("lark")
    assert package is not None and package.submodule_search_locations
    own = Path(package.submodule_search_locations[0], "grammars")
    texts = {path.name: path.read_text() for path in sorted(own.glob("*.lark"))}
    for name in FILES:
        text = (data_dir / name).read_text()
        texts[name] = to_lark(text) if name.endswith(".gbnf") else text
    # python.lark declares two terminals, lark2's grammar is the one without.
    return {name: re.sub(r"%declare (\w+) (\w+)", r'\1: "<"\n\2: ">"', text) for name, text in texts.items()}


def test_every_grammar_at_hand(data_dir: Path) -> None:
    texts = grammars(data_dir)
    assert {"python.lark", "common.lark", "grammars/lark/python2.lark"} <= set(texts)
    for name, text in texts.items():
        text += "" if re.search(r"^[?!]*start\s*:", text, re.MULTILINE) else '\nstart: "x"'
        assert check(text), name


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_seeds(number: int) -> None:
    assert check(SEEDS[number])


def spoiled(text: str, rng: random.Random) -> str:
    """The text after a few edits: pieces lost, doubled, moved, put in."""
    for _ in range(rng.choice([1, 1, 1, 2, 4])):
        at, other = sorted((rng.randrange(len(text) + 1), rng.randrange(len(text) + 1)))
        text = rng.choice(
            [
                text[:at] + rng.choice(PIECES) + text[at:],
                text[:at] + rng.choice(PIECES) + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at] + text[min(other, at + 8) :],
                text[:other] + text[at : at + 20] + text[other:],
            ]
        )
    return text


def test_spoiled_grammars_are_read_or_refused_alike() -> None:
    rng = random.Random("lark's notation")
    total = 8_000 if settings().max_examples >= 2000 else 400
    read_ones = 0
    for _ in range(total):
        with contextlib.suppress(RecursionError):
            read_ones += check(spoiled(rng.choice(SEEDS), rng))
    assert total // 20 < read_ones < total * 19 // 20, "edits neither all harmless nor all fatal"


TOKENS = [
    *(
        "a",
        "b",
        "A",
        "B",
        '"x"',
        "/y+/",
        "/p|q/",
        '"c".."e"',
        "(",
        ")",
        "[",
        "]",
        "|",
        "\n|",
        "*",
        "+",
        "?",
        "~2",
    ),
    *(
        "~0..2",
        "->",
        "{",
        "}",
        ",",
        "// z\n",
        "\\\n",
        "%ignore",
        ".3",
        ":",
        "\n",
        "\n",
        '"k"i',
        "/(?<=x)w/",
        "/v*?/",
    ),
]


def written(rng: random.Random) -> str:
    """Definitions made of tokens: most are not well formed, some are."""

    def body(depth: int, atoms: list[str]) -> str:
        parts = []
        for _ in range(rng.randrange(4 - depth)):  # lark multiplies groups out
            kind = rng.randrange(8 if depth < 2 else 4)
            part = rng.choice(atoms)
            if kind == 4:
                part = f"({body(depth + 1, atoms)})"
            elif kind == 5:
                part = f"[{body(depth + 1, atoms)}]"
            elif kind == 6:
                part = rng.choice(TOKENS) if rng.random() < 0.1 else part
            parts.append(part + rng.choice(["", "", "", "*", "?", "+", "~2", " ~ 0..2"]))
        ends = [" | ", "\n | ", " "] if depth == 0 else [" | ", " "]
        return " ".join(parts) + (rng.choice(ends) + body(depth, atoms) if rng.random() < 0.3 else "")

    literals = ['"x"', "/y+/", "/p|q/", '"c".."e"', '"k"i', '"\\n\\""', "/\\x41[^\\/]/", "/(?<=x)w/", "/v*?/"]
    terminals = ["A", "B", "C"]
    lines = [f"{name}: {body(0, [*literals, 'a', 'b', *terminals])}" for name in ("start", "a", "b")]
    for number, name in enumerate(terminals):
        lines.append(f"{name}: {body(0, [*literals, *terminals[number + 1 :]])}")
    if rng.random() < 0.3:
        lines.append(f"%ignore {body(0, [*literals, *terminals])}")
    rng.shuffle(lines)
    return "\n".join(lines)


def test_generated_grammars_are_read_alike() -> None:
    rng = random.Random("generated for lark")
    total = 4_000 if settings().max_examples >= 2000 else 200
    read_ones = sum(check(written(rng)) for _ in range(total))
    assert total // 10 < read_ones
