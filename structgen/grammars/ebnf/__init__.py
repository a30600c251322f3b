"""EBNF as the W3C and as ISO 14977 write it: grammar.py is the value users hold, parse.py reads it.

Knows no tokens.
"""

from __future__ import annotations

from structgen.grammars.ebnf.grammar import Ebnf, ebnf

__all__ = ["Ebnf", "ebnf"]
