"""One of a few texts: the smallest grammar there is.

Knows no tokens; the native engine reads the texts as one sorted word set.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from structgen.errors import GrammarError
from structgen.grammars.grammar import Grammar

if TYPE_CHECKING:
    from structgen.grammars.composition.composer import Composer, Piece


class Choice(Grammar):
    """Exactly one of some texts; made by :func:`choice`."""

    __slots__ = ("options",)

    options: tuple[str, ...]

    def __init__(self, options: tuple[str, ...]) -> None:
        self.options = options

    def lower(self, store: Any, report: Any = None) -> int:
        """Build the word set in ``store``; cost: one sort."""
        language: int = store.regex.words(list(self.options))
        return language

    def compose(self, composer: Composer) -> Piece:
        """A regular language."""
        return composer.regular(self.lower(composer.store))

    def identity(self) -> Any:
        """The texts, in any order."""
        return frozenset(self.options)

    def parse(self, text: str) -> str:
        """Return the chosen text."""
        return text

    def __repr__(self) -> str:
        shown = [repr(option) for option in self.options[:5]]
        if len(self.options) > 5:
            shown.append(f"… {len(self.options) - 5} more")
        return f"choice([{', '.join(shown)}])"


def choice(options: Iterable[str]) -> Choice:
    """Allow exactly one of ``options``.

    Raises GrammarError when there is none, or one is not a text.

    >>> choice(["yes", "no"])
    choice(['yes', 'no'])
    """
    chosen = tuple(options) if not isinstance(options, str) else (options,)
    if not chosen:
        raise GrammarError("choice needs at least one text to choose from")
    for option in chosen:
        if not isinstance(option, str):
            raise GrammarError(f"choice takes texts, got {option!r}; write it as a str")
    return Choice(chosen)
