"""Reads Lark's notation through lark's own loader: imports, templates, aliases and EBNF are its business.

What comes out of it are plain rules over terminals with patterns.  Patterns are read in the dialect of
Python's ``re``, as lark does; texts of ``%ignore`` may stand before each terminal and at the end.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError, InvalidGrammar, RegexSyntaxError
from structgen.grammars.context_free import RuleBook, place_in
from structgen.grammars.lark.imports import load
from structgen.grammars.regex.compile import compile_pattern

# The rule around the start rule: what is ignored may follow it.  No name of lark's has a space.
_WHOLE = "the whole text"
# How lark words what it finds.
_PLACE = re.compile(r"at line (\d+),? column (\d+)")
_UNDEFINED = re.compile(
    r"(?:Rule|Terminal|Template) '([^']+)' used but not defined|Using an undefined rule: .*'(\w+)'"
)


def read(book: RuleBook, start: str, report: Any = None) -> str:
    """Define the rules of ``book.text`` in ``book`` and return the name of the one around ``start``."""
    terminals, rules, ignored = _compiled(book.text, start)
    languages = {terminal.name: _language(book, terminal, report) for terminal in terminals}
    blank = None
    if ignored:
        regex = book.regex
        blank = regex.repeat(regex.alternate([languages[name] for name in ignored]), 0, None)
        languages = {name: regex.concat([blank, language]) for name, language in languages.items()}
    bodies: dict[str, list[int]] = {}
    for rule in rules:
        parts = [
            book.terminal(languages[symbol.name]) if symbol.is_term else book.reference(str(symbol.name))
            for symbol in rule.expansion
        ]
        bodies.setdefault(str(rule.origin.name), []).append(book.rules.sequence(parts))
    defined = _definitions(book.text)
    for name, alternatives in bodies.items():
        book.define(name, book.rules.choice(alternatives), defined.get(name))
    if blank is None:
        return start
    whole = book.rules.sequence([book.reference(start), book.terminal(blank)])
    book.define(_WHOLE, whole, defined.get(start))
    return _WHOLE


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

    try:
        grammar = load(text)
        _check(text, grammar, start)
        compiled: tuple[Any, Any, Any] = grammar.compile([start], ())
        return compiled
    except LarkError as error:
        raise _reworded(text, str(error)) from error
    except OSError as error:
        raise GrammarSyntaxError(f"nothing can be imported from {error.filename!r}") from error
    except RecursionError as error:
        raise ComplexityLimitExceeded(
            "the grammar's parentheses are nested too deeply for lark; give some a rule of their own",
            limit="lark: nesting",
        ) from error


def _check(text: str, grammar: Any, start: str) -> None:
    """What lark's loader lets through: a missing start rule, terminals without a pattern."""
    names = [str(name) for name, *_ in grammar.rule_defs]
    if start not in names:
        known = ", ".join(names[:8]) or "none"
        raise InvalidGrammar(f"there is no rule {start!r} to start from; the rules are: {known}", rule=start)
    for name, (tree, _) in grammar.term_defs:
        if tree is None:
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
