"""The abstract base of everything a user may ask for: what strings are allowed.

A grammar is an immutable value that prints itself, compares, hashes and composes.  It knows neither
tokenizers nor models; a constraint binds it to a vocabulary later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from structgen.errors import GrammarError

if TYPE_CHECKING:
    from structgen.grammars.composition.composer import Composer, Piece


class Grammar(ABC):
    """What strings are allowed, independent of any tokenizer.

    Contract: a grammar never changes after it is built, prints itself in a
    bounded number of characters, and can be lowered any number of times.  Grammars
    that are made alike are equal.

    ``a | b`` allows what either allows, ``a + b`` what ``a`` allows and behind it what ``b`` does.  A ``str``
    in such a place is that text.
    """

    __slots__ = ()

    @abstractmethod
    def lower(self, store: Any, report: Any = None) -> int:
        """Build this grammar in ``store`` and return the id of its root.

        What was enforced, annotated or waived is added to ``report`` when one
        is given.  Raises GrammarError when the grammar cannot be built.
        """

    @abstractmethod
    def parse(self, text: str) -> Any:
        """Turn finished output into the value a caller wants: str, or a JSON value."""

    def compose(self, composer: Composer) -> Piece:
        """Build this grammar as a part of a composition.

        Raises GrammarError where a grammar only stands for itself.
        """
        raise GrammarError(f"{self!r} cannot be part of a composition; compile it by itself")

    def identity(self) -> Any:
        """What tells this grammar from others of its class: something that compares and hashes.

        None: nothing does, and the grammar equals only itself.
        """
        return None

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if other.__class__ is not self.__class__:
            return NotImplemented
        mine = self.identity()
        return mine is not None and bool(mine == other.identity())

    def __hash__(self) -> int:
        mine = self.identity()
        return object.__hash__(self) if mine is None else hash((self.__class__.__name__, mine))

    def __or__(self, other: Any) -> Grammar:
        from structgen.grammars.composition import one_of

        return one_of(self, other)

    def __ror__(self, other: Any) -> Grammar:
        from structgen.grammars.composition import one_of

        return one_of(other, self)

    def __add__(self, other: Any) -> Grammar:
        from structgen.grammars.composition import sequence

        return sequence(self, other)

    def __radd__(self, other: Any) -> Grammar:
        from structgen.grammars.composition import sequence

        return sequence(other, self)
