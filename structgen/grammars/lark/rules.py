"""Rules of a Lark grammar, as lark's loader leaves them, as expressions of a RuleBook.

Lark itself would go on to write ``(a | b) (c | d)`` as four alternatives, which grows exponentially; here a
group stays a group.  A template becomes a rule for each list of arguments.  Knows no notation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError
from structgen.grammars.context_free import RuleBook

_MANY = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_MOST_INSTANCES = 10_000


class RuleReader:
    """Defines rules in ``book``.

    ``definitions`` are (name, parameters, tree) of lark's; ``terminal`` gives the expression of a terminal by
    its name, ``literal`` that of a text, pattern or range in a rule, a tree of lark's.
    """

    def __init__(
        self,
        book: RuleBook,
        definitions: Sequence[tuple[str, Sequence[str], Any]],
        positions: Mapping[str, int],
        terminal: Callable[[str], int],
        literal: Callable[[Any], int],
    ) -> None:
        self.book = book
        self.rules = book.rules
        self.positions = positions
        self.terminal = terminal
        self.literal = literal
        self.plain = [(name, tree) for name, parameters, tree in definitions if not parameters]
        self.templates = {name: (parameters, tree) for name, parameters, tree in definitions if parameters}
        self.references: dict[str, int] = {}
        self.instances: dict[tuple[str, tuple[int, ...]], int] = {}
        self.waiting: list[tuple[str, Any, dict[str, int], int | None]] = []

    def define(self) -> None:
        """Define every rule, and templates for the arguments they are used with."""
        for name, tree in self.plain:
            self.waiting.append((name, tree, {}, self.positions.get(name)))
        for name, tree, arguments, position in self.waiting:  # grows meanwhile
            self.book.define(name, self.expression(tree, arguments), position)

    def expression(self, tree: Any, arguments: Mapping[str, int]) -> int:
        """The expression of a tree, its parts first, without recursion."""
        work: list[tuple[Any, bool]] = [(tree, False)]
        done: list[int] = []
        while work:
            node, parts_are_done = work.pop()
            parts = self.parts(node)
            if parts and not parts_are_done:
                work.append((node, True))
                work += [(part, False) for part in reversed(parts)]
                continue
            values = done[len(done) - len(parts) :]
            del done[len(done) - len(parts) :]
            done.append(self.joined(node, values, arguments))
        return done[0]

    def parts(self, node: Any) -> list[Any]:
        kind = getattr(node, "data", None)
        if kind in ("expansions", "expansion", "maybe", "value"):
            return list(node.children)
        if kind in ("alias", "expr"):
            return [node.children[0]]
        return list(node.children[1:]) if kind == "template_usage" else []

    def joined(self, node: Any, values: list[int], arguments: Mapping[str, int]) -> int:
        """The expression of a node from those of its parts."""
        kind = getattr(node, "data", None)
        if kind is None:
            name = str(node.name)
            if name in arguments:
                return arguments[name]
            return self.terminal(name) if node.is_term else self.reference(name)
        if kind in ("literal", "range"):
            return self.literal(node)
        if kind == "template_usage":
            return self.instance(str(node.children[0].name), tuple(values))
        if kind == "expansions":
            return self.rules.choice(values)
        if kind == "expr":
            return self.rules.repeat(values[0], *self.rounds(node))
        if kind == "maybe":
            return self.rules.repeat(values[0], 0, 1)
        return self.rules.sequence(values) if kind == "expansion" else values[0]

    def rounds(self, node: Any) -> tuple[int, int | None]:
        sign, *counts = map(str, node.children[1:])
        if sign != "~":
            return _MANY[sign]
        least, most = int(counts[0]), int(counts[-1])
        if not 0 <= least <= most < 2**32 - 1:
            where = {"line": node.children[1].line, "column": node.children[1].column}
            raise GrammarSyntaxError(f"the count {'..'.join(counts)} is upside down or no count", **where)
        return least, most

    def reference(self, name: str) -> int:
        """One expression for each rule, so that equal arguments are equal."""
        if name not in self.references:
            self.references[name] = self.book.reference(name, self.positions.get(name))
        return self.references[name]

    def instance(self, name: str, arguments: tuple[int, ...]) -> int:
        key = (name, arguments)
        if key not in self.instances:
            if len(self.instances) == _MOST_INSTANCES:
                raise ComplexityLimitExceeded(
                    f"the template {name!r} calls itself with ever more arguments; use it with fewer",
                    limit=f"lark: {_MOST_INSTANCES} instances of templates",
                )
            parameters, tree = self.templates[name]
            own = f"{name}{{{len(self.instances)}}}"
            given = dict(zip(map(str, parameters), arguments, strict=True))
            self.instances[key] = self.reference(own)
            self.waiting.append((own, tree, given, self.positions.get(name)))
        return self.instances[key]
