"""The abstract base of everything a user may ask for: what strings are allowed.

A grammar is an immutable, printable value.  It knows neither tokenizers nor
models; a constraint binds it to a vocabulary later.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any


class Grammar(ABC):
    """What strings are allowed, independent of any tokenizer.

    Contract: a grammar never changes after it is built, prints itself in a
    bounded number of characters, and can be lowered any number of times.
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
