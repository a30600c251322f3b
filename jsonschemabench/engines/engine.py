"""What an engine has to offer to be measured: compile a schema, fill a token mask, advance.

An adapter translates and nothing else: it adds no cache, no check and no repair, so that what is measured
is the engine.  The mask is a row of 32-bit words, bit t for token t, least significant first.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from jsonschemabench.tokens import Tokens

__all__ = ["Engine", "Mask", "Missing", "Purpose", "Reading", "TokenRefused", "Unsatisfiable"]

Mask = NDArray[np.uint32]
Purpose = Literal["judge", "write"]
"""``judge``: read given texts, so accept JSON however it is written, as far as the engine can.
``write``: generate, with the engine's own defaults."""


_ADDRESSES = {
    "draft4": "http://json-schema.org/draft-04/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


class Missing(Exception):
    """The engine's package is not installed; the argument names it."""


class Unsatisfiable(Exception):
    """The engine says that no value at all satisfies the schema."""


class TokenRefused(Exception):
    """The engine did not take a token that its mask allowed."""


@dataclass(frozen=True)
class Reading:
    """How to read a schema where it does not say so itself; an engine ignores what it cannot be told."""

    dialect: str | None = None
    formats: Literal["assert", "annotate"] | None = None
    content: Literal["assert", "annotate"] | None = None
    documents: Mapping[str, Any] | None = None
    """Other documents by address, for references."""

    def named(self, schema: Any) -> Any:
        """The schema with its dialect in ``$schema``, for engines that are told in no other way.

        >>> Reading(dialect="draft7").named({"type": "null"})
        {'$schema': 'http://json-schema.org/draft-07/schema#', 'type': 'null'}
        """
        address = _ADDRESSES.get(self.dialect or "")
        if address is None or not isinstance(schema, dict) or "$schema" in schema:
            return schema
        return {"$schema": address, **schema}


class Engine(ABC):
    """One engine bound to a vocabulary; it holds one compiled schema at a time.

    The constructor is not measured; it raises ImportError where a package is missing.
    ``options`` says in words what differs from a bare call, for the report.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    """The distribution whose version is reported."""
    options: str = "defaults"

    def __init__(self, tokens: Tokens, purpose: Purpose) -> None:
        self.tokens = tokens
        self.purpose = purpose

    @classmethod
    def version(cls) -> str:
        """The version of the package, or of this project for an engine without one."""
        try:
            return installed_version(cls.package)
        except PackageNotFoundError:
            return "unknown"

    @abstractmethod
    def compile(self, schema: Any, reading: Reading) -> None:
        """Take a schema and stand at the start of an output; any exception means that it is refused."""

    @abstractmethod
    def restart(self) -> None:
        """Stand at the start of another output of the same schema."""

    @abstractmethod
    def fill(self) -> Mask:
        """The mask of the next token; the row may be the same one every time."""

    @abstractmethod
    def advance(self, token: int) -> None:
        """Take a token that the mask allowed; raises TokenRefused where the engine does not."""

    def forced(self) -> list[int]:
        """Tokens that must come now, where the engine can tell; they are not taken yet."""
        return []

    def encode(self, text: str) -> list[int]:
        """The tokens of a text."""
        return self.tokens.encode(text)
