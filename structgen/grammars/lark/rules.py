"""Rules as expressions of a RuleBook.

Lark itself would write ``(a | b) (c | d)`` as four alternatives, which grows exponentially; here a group
stays a group.  A template becomes a rule for each list of arguments.  Knows no notation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from structgen.errors import ComplexityLimitExceeded
from structgen.grammars.context_free import RuleBook
from structgen.grammars.lark.bodies import Step, Steps
from structgen.grammars.lark.definitions import Definition, Scope

_MOST_INSTANCES = 10_000
# Parts that are the same wherever they are written the same, and not written as another kind of part is.
_WRITTEN_ALIKE = frozenset(["rule", "terminal", "text", "pattern"])


class RuleReader:
    """Defines rules in ``book``.

    ``terminal`` gives the expression of a terminal, ``literal`` that of a text, pattern, range or schema in a
    rule.
    """

    def __init__(
        self,
        book: RuleBook,
        definitions: Mapping[str, Definition],
        terminal: Callable[[Definition], int],
        literal: Callable[[Step, Scope], int],
    ) -> None:
        self.book = book
        self.rules = book.rules
        self.definitions = definitions
        self.terminal = terminal
        self.literal = literal
        self.references: dict[str, int] = {}
        self.named: dict[int, str] = {}  # the rules by their references
        self.instances: dict[tuple[str, tuple[int, ...]], int] = {}
        self.waiting: list[tuple[str, Definition, dict[str, int]]] = []

    def define(self) -> None:
        """Define every rule, and templates for the arguments they are used with."""
        for name, definition in self.definitions.items():
            if not definition.is_terminal and not definition.parameters:
                self.waiting.append((name, definition, {}))
        for name, definition, arguments in self.waiting:  # grows meanwhile
            bodies = [self.expression(steps, scope, arguments) for steps, scope in definition.bodies]
            body = bodies[0] if len(bodies) == 1 else self.rules.choice(bodies)
            self.book.define(name, body, definition.position)

    def expression(self, steps: Steps, scope: Scope, arguments: Mapping[str, int]) -> int:
        """The expression of a body; ``arguments`` are those of its template."""
        rules, known = self.rules, scope.known
        stack: list[int] = []
        for step in steps:
            what, value, position = step
            if what == "sequence":
                parts = stack[len(stack) - value :]
                del stack[len(stack) - value :]
                stack.append(rules.sequence(parts))
            elif what == "choice":
                parts = stack[-value:]
                del stack[-value:]
                stack.append(rules.choice(parts))
            elif what == "repeat":
                stack[-1] = rules.repeat(stack[-1], *value)
            elif what == "template":
                name, count = value
                parts = stack[-count:]
                del stack[-count:]
                stack.append(self.instance(name, tuple(parts), scope, position, arguments))
            elif what == "rule" and value in arguments:
                stack.append(arguments[value])
            elif what not in _WRITTEN_ALIKE:
                stack.append(self.part(step, scope))
            else:
                expression = known.get(value)
                if expression is None:
                    expression = known[value] = self.part(step, scope)
                stack.append(expression)
        return stack[0]

    def part(self, step: Step, scope: Scope) -> int:
        """The expression of a name or literal."""
        what, value, position = step
        if what != "rule" and what != "terminal":
            return self.literal(step, scope)
        name = scope.renamed(value)
        definition = self.definitions[name]
        if definition.is_terminal != (what == "terminal"):
            kinds = "a terminal, in capitals" if definition.is_terminal else "a rule, in small letters"
            scope.fail(
                f"{value!r} is {kinds} where it comes from; import it under such a name", position, value
            )
        return self.terminal(definition) if what == "terminal" else self.reference(name)

    def reference(self, name: str) -> int:
        """One expression for each rule, so that equal arguments are equal."""
        if name not in self.references:
            definition = self.definitions.get(name)
            self.references[name] = self.book.reference(name, definition.position if definition else None)
            self.named[self.references[name]] = name
        return self.references[name]

    def instance(
        self,
        name: str,
        given: tuple[int, ...],
        scope: Scope,
        position: int,
        arguments: Mapping[str, int],
    ) -> int:
        """The rule that a template is with these arguments; the template may be an argument itself."""
        own = self.named.get(arguments[name], "") if name in arguments else scope.renamed(name)
        template = self.definitions.get(own)
        if template is None or len(template.parameters) != len(given):
            scope.fail(f"{name!r} is given what is no template with {len(given)} parameters", position, name)
        key = (own, given)
        if key not in self.instances:
            if len(self.instances) == _MOST_INSTANCES:
                raise ComplexityLimitExceeded(
                    f"the template {name!r} calls itself with ever more arguments; use it with fewer",
                    limit=f"lark: {_MOST_INSTANCES} instances of templates",
                )
            instance = f"{own}{{{len(self.instances)}}}"
            self.instances[key] = self.reference(instance)
            pairs: Any = zip(template.parameters, given, strict=True)
            self.waiting.append((instance, template, dict(pairs)))
        return self.instances[key]
