"""Imports of grammars that come with lark: what is kept of them gives what lark's own loader gives."""

from __future__ import annotations

from typing import Any

import pytest
from lark.load_grammar import load_grammar

from structgen.grammars.lark import imports

GRAMMARS = [
    "start: WORD+\n%import common.WORD\n%import common.WS\n%ignore WS",
    "start: A b\n%import common (INT, WORD)\n%import python.test -> b\nA: INT WORD\n%ignore INT",
    "%import lark.start -> start",
    "%import python.file_input -> start\n%import common.WS\nx: start WS",
    "start: x N\nx: ESCAPED_STRING\n%import common.ESCAPED_STRING\n%import common.SIGNED_NUMBER -> N",
    "start: _sep{A, B}\n%import common.LETTER -> A\n%import common.DIGIT -> B\n_sep{x, y}: x (y x)*",
    # What goes wrong, in lark's words.
    "start: A\n%import common.NOPE -> A",
    "start: A\n%import nope.NOPE -> A",
    'A: "x"\nstart: A\n%import common.WS -> A',
    "start: A\n%import common",
]


def made(load: Any, text: str) -> tuple[Any, ...]:
    try:
        terminals, rules, ignored = load(text).compile(["start"], ())
    except Exception as error:
        return type(error).__name__, str(error).split(" from ")[0].split(":")[0]
    return (
        sorted((terminal.name, terminal.pattern.to_regexp(), terminal.priority) for terminal in terminals),
        sorted((str(rule), str(rule.options), rule.order) for rule in rules),
        sorted(ignored),
    )


@pytest.mark.parametrize("text", GRAMMARS)
def test_an_import_is_what_lark_imports(text: str) -> None:
    expected = made(lambda text: load_grammar(text, "<string>", [], False)[0], text)
    assert made(imports.load, text) == expected
    assert made(imports.load, text) == expected  # what is kept stays as it was


def test_a_library_is_read_once() -> None:
    imports._library.cache_clear()
    for _ in range(3):
        imports.load(GRAMMARS[0])
    assert imports._library.cache_info().misses == 1
