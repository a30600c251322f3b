"""Reads Lark's notation through lark's own loader: imports, templates, aliases and EBNF are its business.

What comes out of it are plain rules over terminals with patterns.  Patterns are read in the dialect of
Python's ``re``, as lark does; texts of ``%ignore`` may stand before each terminal and at the end.
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
from structgen.grammars.lark.terminals import languages_of
from structgen.grammars.regex.compile import compile_pattern

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
    terminals, rules, ignored = _compiled(book.text, start)
    languages = {terminal.name: _language(book, terminal, report) for terminal in terminals}
    languages |= languages_of(book, grammar, languages, report)
    blank = None
    if ignored:
        regex = book.regex
        blank = regex.repeat(regex.alternate([languages[name] for name in ignored]), 0, None)
        languages = {name: regex.concat([blank, language]) for name, language in languages.items()}
    embedded = _embedded(book, grammar, blank, report, options or {})
    bodies: dict[str, list[int]] = {}
    for rule in rules:
        parts = [
            book.reference(str(symbol.name))
            if not symbol.is_term
            else embedded[symbol.name]
            if symbol.name in embedded
            else book.terminal(languages[symbol.name])
            for symbol in rule.expansion
        ]
        bodies.setdefault(str(rule.origin.name), []).append(book.rules.sequence(parts))
    defined = _definitions(grammar.text)
    for name, alternatives in bodies.items():
        book.define(name, book.rules.choice(alternatives), defined.get(name))
    if blank is None:
        return start
    whole = book.rules.sequence([book.reference(start), book.terminal(blank)])
    book.define(_WHOLE, whole, defined.get(start))
    return _WHOLE


def _embedded(
    book: RuleBook, grammar: Extended, blank: int | None, report: Any, options: Mapping[str, str]
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
        before = [] if blank is None else [book.terminal(blank)]
        found[name] = book.rules.sequence([*before, expression])
    return found


def _language(book: RuleBook, terminal: Any, report: Any) -> int:
    pattern = terminal.pattern.to_regexp()
    try:
        language, notes = compile_pattern(book.regex, pattern, dialect="python")
    except RegexSyntaxError as error:
        raise GrammarSyntaxError(
            f"the terminal {terminal.name}: {error.reason} (at character {error.position} of {pattern!r})",
            **book.where(_definitions(book.text).get(terminal.name)),
        ) from error
    if report is not None:
        report.notes.extend(f"the terminal {terminal.name}: {note}" for note in notes)
    return language


@functools.lru_cache(maxsize=16)
def _compiled(text: str, start: str) -> tuple[Any, Any, Any]:
    """Terminals, rules and the names of ignored terminals, as lark's loader makes them.

    That takes most of the time of compiling a grammar, so the last few are kept; nobody changes them.
    """
    from lark.exceptions import LarkError
    from lark.load_grammar import load_grammar

    try:
        added = extended(text)
        grammar, _ = load_grammar(added.text, "<string>", [], False)
        _check(text, grammar, start, added)
        compiled: tuple[Any, Any, Any] = grammar.compile([start], added.needed())
        return compiled
    except LarkError as error:
        raise _reworded(text, extended(text).shown(str(error))) from error
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
