"""Lark's grammar notation: grammar.py is the value users hold, load.py reads it through lark's own loader
(imports.py keeps what comes with lark).

Knows no tokens.
"""

from __future__ import annotations

from structgen.grammars.lark.grammar import Lark, lark

__all__ = ["Lark", "lark"]
