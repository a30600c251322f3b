"""From a text in Lark's notation to rules: definitions.py says what names mean, terminals.py what terminals
match, rules.py what rules derive; texts of ``%ignore`` (ignored.py) may stand before each terminal and at the
end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structgen.errors import InvalidGrammar, InvalidSchema
from structgen.grammars.context_free import RuleBook
from structgen.grammars.lark.bodies import Step
from structgen.grammars.lark.definitions import Definition, Scope, definitions_of
from structgen.grammars.lark.ignored import Ignored
from structgen.grammars.lark.rules import RuleReader
from structgen.grammars.lark.terminals import Terminals

# The rule around the start rule: what is ignored may follow it.  No name has a space.
_WHOLE = "the whole text"


def read(book: RuleBook, start: str, report: Any = None, options: Mapping[str, str] | None = None) -> str:
    """Define the rules of ``book.text`` in ``book`` and return the name of the one around ``start``."""
    found = definitions_of(book.text)
    definitions = found.scope.definitions
    _check_start(definitions, start)
    terminals = Terminals(book.regex, report)
    for definition in definitions.values():
        if definition.is_terminal:
            terminals.language(definition)
    blank = Ignored(book.regex, map(terminals.language, found.ignored)) if found.ignored else None
    spaced: dict[int, int] = {}  # terminals by their languages

    def anywhere(language: int) -> int:
        if language not in spaced:
            spaced[language] = book.terminal(language if blank is None else blank.before(language))
        return spaced[language]

    def terminal(definition: Definition) -> int:
        return anywhere(terminals.language(definition))

    def literal(step: Step, scope: Scope) -> int:
        if step[0] == "json":
            return _schema(book, step, scope, blank, report, options or {})
        return anywhere(terminals.part(step, scope))

    RuleReader(book, definitions, terminal, literal).define()
    if blank is None:
        return start
    whole = book.rules.sequence([book.reference(start), book.terminal(blank.anywhere())])
    book.define(_WHOLE, whole, definitions[start].position)
    return _WHOLE


def _check_start(definitions: Mapping[str, Definition], start: str) -> None:
    definition = definitions.get(start)
    if definition is None or definition.is_terminal:
        rules = [name for name, one in definitions.items() if not one.is_terminal]
        known = ", ".join(rules[:8]) or "none"
        raise InvalidGrammar(f"there is no rule {start!r} to start from; the rules are: {known}", rule=start)
    if definition.parameters:
        raise InvalidGrammar(f"{start!r} is a template, so nothing starts from it", rule=start)


def _schema(
    book: RuleBook, step: Step, scope: Scope, blank: Ignored | None, report: Any, options: Mapping[str, str]
) -> int:
    """A schema in a rule as an expression, what is ignored before it."""
    from structgen.grammars.json_schema import json_schema

    _, source, position = step
    try:
        expression = book.json(json_schema(source, **options), report)
    except InvalidSchema as error:
        scope.fail(f"%json: {error}", position)
    if expression is None:
        scope.fail("%json: no value satisfies this schema", position, "%json")
    before = [] if blank is None else [book.terminal(blank.before_json())]
    return book.rules.sequence([*before, expression])
