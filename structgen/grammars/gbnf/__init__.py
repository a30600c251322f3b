"""GBNF, the grammar notation of llama.cpp: grammar.py is the value users hold, parse.py reads it.

Knows no tokens.
"""

from __future__ import annotations

from structgen.grammars.gbnf.grammar import Gbnf, gbnf

__all__ = ["Gbnf", "gbnf"]
