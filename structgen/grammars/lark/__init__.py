"""Lark's grammar notation: grammar.py is the value users hold, load.py makes rules of its text.

A text becomes tokens (tokens.py, embedded.py) and statements (notation.py, bodies.py), names get their
meaning (definitions.py), and what they stand for is read as languages and rules (literals.py, terminals.py,
ignored.py, rules.py).  Knows no tokens of a model.
"""

from __future__ import annotations

from structgen.grammars.lark.grammar import Lark, lark

__all__ = ["Lark", "lark"]
