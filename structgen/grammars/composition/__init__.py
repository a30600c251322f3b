"""Grammars made of grammars: sequences, alternatives, repetitions, free text, tags, special tokens, spans.

The values users hold are in parts.py and text.py; composer.py builds them in a native store.
Knows no tokens but the names of special ones.
"""

from __future__ import annotations

from .parts import OneOf, Repeat, Sequence, json, one_of, optional, repeat, sequence
from .text import Special, SubstringOf, Text, special, substring_of, tag, text

__all__ = [
    "OneOf",
    "Repeat",
    "Sequence",
    "Special",
    "SubstringOf",
    "Text",
    "json",
    "one_of",
    "optional",
    "repeat",
    "sequence",
    "special",
    "substring_of",
    "tag",
    "text",
]
