"""What context-free grammars share: a text in some notation, a start rule, and rules in the native store.

Knows no notation: each front end (lark/, gbnf/, ebnf/) reads its own and fills a :class:`RuleBook`.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, NoReturn

from structgen import _native
from structgen.errors import GrammarSyntaxError, InvalidGrammar
from structgen.grammars.grammar import Grammar

if TYPE_CHECKING:
    from structgen.grammars.composition.composer import Composer, Piece
    from structgen.grammars.json_schema import JsonSchema


def place_in(text: str, position: int | None) -> dict[str, int]:
    """Return line and column of a place in a text, both from 1; nothing where it is not known."""
    if position is None:
        return {}
    line = text.count("\n", 0, position) + 1
    return {"line": line, "column": position - text.rfind("\n", 0, position)}


class RuleBook:
    """Rules by name, as a front end reads them, and where in its text each was met first.

    Expressions are ints of the native ``rules``; a rule may be mentioned before it is defined.
    """

    def __init__(self, store: Any, text: str) -> None:
        self.store = store
        self.regex = store.regex
        self.rules = _native.Rules(store)
        self.text = text
        self.numbers: dict[str, int] = {}
        self._places: list[tuple[str, int | None]] = []  # by number: name, where it stands in the text
        self._terminals: dict[int, int] = {}
        self._dropped: set[int] = set()

    def number(self, name: str, position: int | None = None) -> int:
        """Return the rule of that name, declared now if it is new."""
        number = self.numbers.get(name)
        if number is None:
            number = self.numbers[name] = self.rules.declare()
            self._places.append((name, position))
        return number

    def reference(self, name: str, position: int | None = None) -> int:
        """Return the expression that is the rule of that name."""
        return self.rules.reference(self.number(name, position))

    def define(self, name: str, body: int, position: int | None = None) -> None:
        """Give the rule its body; where it is defined is what errors point at."""
        number = self.number(name, position)
        self._places[number] = (name, position)
        self.rules.define(number, body)

    def terminal(self, language: int) -> int:
        """Return the expression that is a text of a regular language."""
        expression = self._terminals.get(language)
        if expression is None:
            expression = self._terminals[language] = self.rules.terminal(language)
        return expression

    def literal(self, text: str) -> int:
        """Return the expression that is this text."""
        return self.terminal(self.regex.literal(text))

    def json(self, schema: JsonSchema, report: Any = None) -> int | None:
        """Return the expression that is a JSON text of a schema; None where it has no value."""
        formula = schema.lower(self.store, report)
        self.store.resolve_references()
        expression: int | None = self.rules.formula(
            formula, schema.property_order, schema.whitespace, schema.numbers, schema.escapes, schema.words
        )
        return expression

    def where(self, position: int | None) -> dict[str, int]:
        """Return line and column of a place in the text, both from 1."""
        return place_in(self.text, position)

    def fail(self, message: str, position: int, rule: str = "") -> NoReturn:
        """Raise GrammarSyntaxError at a place of the text, with what stands there."""
        found = repr(self.text[position : position + 10]) if position < len(self.text) else "the end"
        within = f" in the rule {rule!r}" if rule else ""
        raise GrammarSyntaxError(f"{message}{within}, got {found}", **self.where(position))

    def check_text(self) -> None:
        """Raise GrammarSyntaxError where the text holds what no text can."""
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise GrammarSyntaxError(
                "a lone surrogate stands in no text; remove it", **self.where(error.start)
            ) from None

    def drop_undefined(self, start: str, report: Any) -> None:
        """Let rules without a definition, and those that therefore derive nothing, derive nothing."""
        if start not in self.numbers:
            return
        nothing = self.rules.choice([])
        for number in self.rules.undefined(self.numbers[start]):
            self.rules.define(number, nothing)
        for number in self.rules.unproductive(self.numbers[start]):
            if self._places[number][0] == start:
                continue
            self.rules.define(number, nothing)
            self._dropped.add(number)
            if report is not None:
                report.notes.append(f"the rule {self._places[number][0]!r} derives nothing and is left out")

    def build(self, start: str) -> int:
        """Finish the grammar; InvalidGrammar names a rule that is undefined or derives no text."""
        if start not in self.numbers:
            known = ", ".join(list(self.numbers)[:8]) or "none"
            raise InvalidGrammar(
                f"there is no rule {start!r} to start from; the rules are: {known}", rule=start
            )
        number = self.numbers[start]
        for undefined in self.rules.undefined(number):
            name, position = self._places[undefined]
            raise InvalidGrammar(
                f"the rule {name!r} is used here and defined nowhere; define it",
                rule=name,
                **self.where(position),
            )
        dead = [rule for rule in self.rules.unproductive(number) if rule not in self._dropped]
        if dead:
            name, position = self._places[dead[-1]]
            raise InvalidGrammar(
                f"the rule {name!r} derives no text: each of its alternatives needs a rule that never ends, "
                "or a terminal that matches nothing; give it an alternative that ends",
                rule=name,
                **self.where(position),
            )
        return self.rules.build(number)


class ContextFree(Grammar):
    """A context-free grammar in some textual notation."""

    __slots__ = ("start", "text")

    text: str
    start: str

    def __init__(self, text: str, start: str) -> None:
        self.text = text
        self.start = start

    @abstractmethod
    def read(self, book: RuleBook, report: Any) -> str:
        """Define the rules of the text in ``book`` and return the name of the one to start from.

        Raises GrammarSyntaxError where the text cannot be read.
        """

    def lower(self, store: Any, report: Any = None) -> int:
        """Build the rules in ``store``; the result is where Constraint.from_rules starts."""
        book = RuleBook(store, self.text)
        book.check_text()
        return book.build(self.read(book, report))

    def compose(self, composer: Composer) -> Piece:
        """A regular language where the rules come to one, else a stack of their own."""
        return composer.rules(self.lower(composer.store, composer.report))

    def identity(self) -> Any:
        """The text as written, and where it starts."""
        return (self.text, self.start)

    def parse(self, text: str) -> str:
        """Return the text itself."""
        return text

    def __repr__(self) -> str:
        first = self.text.strip().partition("\n")[0]
        shown = first if len(first) <= 60 and first == self.text.strip() else first[:57] + "…"
        said = "".join(f", {name}={value!r}" for name, value in self._said())
        return f"{type(self).__name__.lower()}({shown!r}{said})"

    def _said(self) -> list[tuple[str, str]]:
        """Options that are not what they are by default."""
        return []
