r"""Lark's notation: the statements of a grammar.

    start: "(" start ")" | INT~1..3 -> numbers     rules in small letters, terminals in capitals
    list{item, sep}: item (sep item)*              a template
    WORD.2: /[a-z]+/i & ~("if" | "else")           a terminal, with a priority, and what this library adds
    %ignore " "                                    %import %override %extend %declare

tokens.py makes tokens of the text, bodies.py reads what stands behind a colon.  Knows nothing of what names
mean: definitions.py, terminals.py and rules.py do.
"""

from __future__ import annotations

from typing import NamedTuple

from structgen.grammars.lark.bodies import Steps, body_of
from structgen.grammars.lark.tokens import Token, Tokens


class Defined(NamedTuple):
    """A rule or terminal that is defined; ``how`` is "", "override" or "extend"."""

    how: str
    name: str
    is_terminal: bool
    parameters: tuple[str, ...]
    steps: Steps
    position: int
    alias: int | None  # where the first alias stands


class Ignore(NamedTuple):
    """What may stand before terminals."""

    steps: Steps
    position: int


class Import(NamedTuple):
    """Names of another grammar, by the names they get here."""

    path: tuple[str, ...]
    is_relative: bool
    names: dict[str, str]
    position: int


class Declare(NamedTuple):
    """Names without a definition."""

    names: tuple[Token, ...]


Statement = Defined | Ignore | Import | Declare


def statements_of(text: str) -> tuple[Statement, ...]:
    """Read a grammar; GrammarSyntaxError says where it stops being one and what was expected there."""
    tokens = Tokens(text)
    found: list[Statement] = []
    while tokens.kind != "end":
        if tokens.kind in ("rule", "terminal", "modifiers"):
            found.append(_definition(tokens, ""))
            continue
        kind, _, position = tokens.take()
        if kind in ("%override", "%extend"):
            found.append(_definition(tokens, kind[1:]))
        elif kind == "%ignore":
            found.append(Ignore(body_of(tokens, "", True)[0], position))
        elif kind == "%import":
            found.append(_import(tokens, position))
        elif kind == "%declare":
            found.append(_declare(tokens))
        elif kind != "line":
            tokens.fail(
                "expected a rule or a terminal, its name before a colon, or a statement like %import; a "
                "definition goes on in a new line only with '|' at its beginning",
                position,
            )
    return tuple(found)


def _definition(tokens: Tokens, how: str) -> Defined:
    kind, name, position = tokens.take()
    inlined = kind == "modifiers" and "?" in name
    if kind == "modifiers":
        kind, name = "rule", tokens.expect("the name of a rule, in small letters", "rule")
    elif kind not in ("rule", "terminal"):
        tokens.fail("expected the name of a rule or terminal", position)
    if inlined and name.startswith("_"):
        tokens.fail(f"the rule {name!r} is inlined because of its '_' and cannot be by '?' as well", position)
    parameters: tuple[str, ...] = ()
    if tokens.kind != ":":
        parameters = _before_colon(tokens, kind, name, position)
    tokens.at += 1
    steps, alias = body_of(tokens, name, kind == "terminal")
    return Defined(how, name, kind == "terminal", parameters, steps, position, alias)


def _before_colon(tokens: Tokens, kind: str, name: str, position: int) -> tuple[str, ...]:
    """The parameters of a template; a priority is read and forgotten."""
    parameters: list[str] = []
    if kind == "rule" and tokens.accept("{"):
        parameters.append(tokens.expect("a name of a parameter, in small letters", "rule"))
        while tokens.accept(","):
            parameters.append(tokens.expect("a name of a parameter, in small letters", "rule"))
        tokens.expect("',' or '}' after the parameter", "}")
    if tokens.accept("."):
        tokens.expect("a priority after '.'", "number")
    following, _, place = tokens.all[tokens.at]
    if following in ("rule", "terminal") and tokens.text[place - 1].isalnum():
        tokens.fail("a rule's name is in small letters, a terminal's in capitals, and none in both", position)
    if following != ":":
        tokens.fail(f"expected ':' and what {name!r} is")
    return tuple(parameters)


def _import(tokens: Tokens, position: int) -> Import:
    relative = tokens.accept(".")
    path = [_name(tokens)]
    while tokens.accept("."):
        path.append(_name(tokens))
    if tokens.accept("("):
        names = [_name(tokens)]
        while tokens.accept(","):
            names.append(_name(tokens))
        tokens.expect("',' or ')' after the name", ")")
        tokens.expect("the end of the line", "line")
        return Import(tuple(path), relative, dict(zip(names, names, strict=True)), position)
    name = path.pop()
    called = _name(tokens) if tokens.accept("->") else name
    tokens.expect("the end of the line", "line")
    if not path:
        tokens.fail(f"say what is imported from {name!r}: %import {name}.NAME", position)
    return Import(tuple(path), relative, {name: called}, position)


def _declare(tokens: Tokens) -> Declare:
    names = []
    while tokens.kind in ("rule", "terminal"):
        names.append(tokens.take())
    if not names:
        tokens.fail("expected names to declare")
    tokens.expect("the end of the line", "line")
    return Declare(tuple(names))


def _name(tokens: Tokens) -> str:
    return tokens.expect("the name of a rule or terminal", "rule", "terminal")
