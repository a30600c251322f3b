"""Reads Lark's notation through lark's own loader: imports, templates, aliases and EBNF are its business.

What comes out of it are trees of rules (rules.py) over terminals with patterns.  Patterns are read in the
dialect of Python's ``re``, as lark does; texts of ``%ignore`` may stand before each terminal and at the end.
What this library adds to the notation was taken out before (extensions.py).
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any

from structgen.errors import (
    ComplexityLimitExceeded,
    GrammarSyntaxError,
    InvalidGrammar,
    InvalidSchema,
    RegexSyntaxError,
)
from structgen.grammars.context_free import RuleBook, place_in
from structgen.grammars.lark.extensions import Extended, extended
from structgen.grammars.lark.ignored import Ignored
from structgen.grammars.lark.imports import load
from structgen.grammars.lark.rules import RuleReader
from structgen.grammars.lark.terminals import language_of, languages_of

# The rule around the start rule: what is ignored may follow it.  No name of lark's has a space.
_WHOLE = "the whole text"
# How lark words what it finds.
_PLACE = re.compile(r"at line (\d+),? column (\d+)")
_UNDEFINED = re.compile(
    r"(?:Rule|Terminal|Template) '([^']+)' used but not defined|Using an undefined rule: .*'(\w+)'"
)


def read(book: RuleBook, start: str, report: Any = None, options: Mapping[str, str] | None = None) -> str:
    """Define the rules of ``book.text`` in ``book`` and return the name of the one around ``start``."""
    grammar = extended(book.text)
    terminals, rules, ignored = _loaded(book.text, start)
    languages = {name: _language(book, name, pattern, report) for name, pattern in terminals.items()}
    languages |= languages_of(book, grammar, languages, report)
    blank = Ignored(book.regex, [languages[name] for name in ignored]) if ignored else None
    embedded = _embedded(book, grammar, blank, report, options or {})

    @functools.cache
    def spaced(language: int) -> int:
        return book.terminal(language if blank is None else blank.before(language))

    def terminal(name: str) -> int:
        return embedded[name] if name in embedded else spaced(languages[name])

    def literal(tree: Any) -> int:
        where = {"line": tree.children[0].line, "column": tree.children[0].column}
        return spaced(_language(book, "", _pattern(tree, where), report, where))

    positions = _definitions(grammar.text)
    RuleReader(book, rules, positions, terminal, literal).define()
    if blank is None:
        return start
    whole = book.rules.sequence([book.reference(start), book.terminal(blank.anywhere())])
    book.define(_WHOLE, whole, positions.get(start))
    return _WHOLE


def _embedded(
    book: RuleBook, grammar: Extended, blank: Ignored | None, report: Any, options: Mapping[str, str]
) -> dict[str, int]:
    """The schemas of the text as expressions, what is ignored before them."""
    from structgen.grammars.json_schema import json_schema

    found: dict[str, int] = {}
    for name, token in grammar.schemas.items():
        where = book.where(token.position)
        try:
            expression = book.json(json_schema(token.value, **options), report)
        except InvalidSchema as error:
            raise GrammarSyntaxError(f"%json: {error}", **where) from error
        if expression is None:
            raise InvalidGrammar("%json: no value satisfies this schema", rule="%json", **where)
        before = [] if blank is None else [book.terminal(blank.before_json())]
        found[name] = book.rules.sequence([*before, expression])
    return found


def _language(
    book: RuleBook, name: str, pattern: str, report: Any, where: Mapping[str, int] | None = None
) -> int:
    called = f"the terminal {name}" if name else "a terminal"
    try:
        language, notes = language_of(book.regex, pattern)
    except RegexSyntaxError as error:
        raise GrammarSyntaxError(
            f"{called}: {error.reason} (at character {error.position} of {pattern!r})",
            **(where or book.where(_definitions(book.text).get(name))),
        ) from error
    if report is not None:
        report.notes.extend(f"{called}: {note}" for note in notes)
    return language


def _pattern(tree: Any, where: Mapping[str, int]) -> str:
    """The pattern of a text, pattern or range that stands in a rule; lark reads escapes and flags."""
    from lark.exceptions import LarkError
    from lark.load_grammar import PrepareLiterals

    try:
        # A copy of the node: lark changes trees in place, and these are kept.
        return str(PrepareLiterals().transform(tree.copy()).children[0].to_regexp())
    except (LarkError, AssertionError) as error:
        raise GrammarSyntaxError(str(error), **where) from error


@functools.lru_cache(maxsize=16)
def _loaded(text: str, start: str) -> tuple[dict[str, str], list[tuple[str, Any, Any]], list[str]]:
    """Patterns of terminals, trees of rules and the names of ignored terminals, as lark's loader makes them.

    That takes most of the time of compiling a grammar, so the last few are kept; nobody changes them.
    """
    from lark.exceptions import LarkError

    added = extended(text)
    try:
        grammar = load(added.text)
        _check(text, grammar, start, added)
        rules = [(str(name), parameters, tree) for name, parameters, tree, _ in grammar.rule_defs]
        grammar.rule_defs = []  # lark would multiply them out
        terminals, _, ignored = grammar.compile([], "*")
        patterns = {terminal.name: str(terminal.pattern.to_regexp()) for terminal in terminals}
        return patterns, rules, list(ignored)
    except LarkError as error:
        raise _reworded(text, added.shown(str(error))) from error
    except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        # Lark fails while it words what is wrong, or asserts that nobody writes such a grammar.
        found = error.__context__
        message = str(found) if isinstance(found, LarkError) else f"lark cannot read this grammar: {error!r}"
        raise _reworded(text, added.shown(message)) from error
    except OSError as error:
        raise GrammarSyntaxError(f"nothing can be imported from {error.filename!r}") from error
    except RecursionError as error:
        raise ComplexityLimitExceeded(
            "the grammar's parentheses are nested too deeply for lark; give some a rule of their own",
            limit="lark: nesting",
        ) from error


def _check(text: str, grammar: Any, start: str, added: Extended) -> None:
    """What lark's loader lets through: a missing start rule, terminals without a pattern."""
    names = [str(name) for name, *_ in grammar.rule_defs]
    if start not in names:
        known = ", ".join(names[:8]) or "none"
        raise InvalidGrammar(f"there is no rule {start!r} to start from; the rules are: {known}", rule=start)
    for name, (tree, _) in grammar.term_defs:
        if tree is None and name not in added.positions:
            raise InvalidGrammar(
                f"the terminal {name} is only declared (%declare), so nobody knows its texts; "
                "define it by a pattern",
                rule=name,
                **place_in(text, _position(rf"%declare[^\n]*\b{name}\b", text)),
            )


def _reworded(text: str, message: str) -> GrammarSyntaxError:
    place = _PLACE.search(message)
    if place:
        return GrammarSyntaxError(message, line=int(place[1]), column=int(place[2]))
    undefined = _UNDEFINED.search(message)
    if undefined:
        name = undefined[1] or undefined[2]
        where = place_in(text, _position(rf"(?<![\w.])!?{re.escape(name)}\b", text))
        return InvalidGrammar(message, rule=name, **where)
    return GrammarSyntaxError(message)


def _definitions(text: str) -> dict[str, int]:
    """Where each rule and terminal of the text is defined."""
    return {found[1]: found.start() for found in re.finditer(r"^[?!]*(\w+)", text, re.MULTILINE)}


def _position(pattern: str, text: str) -> int | None:
    found = re.search(pattern, text, re.MULTILINE)
    return found.start() if found else None
