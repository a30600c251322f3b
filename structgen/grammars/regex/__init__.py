"""Regular expressions as text: two dialects, compiled into a native store.

This package reads patterns and reports errors in words; languages, derivatives
and emptiness live in the native core.  It knows nothing about tokens, models
or JSON.
"""

from __future__ import annotations

from structgen.grammars.regex.compile import RegexStore, compile_pattern
from structgen.grammars.regex.grammar import Regex, regex

__all__ = ["Regex", "RegexStore", "compile_pattern", "regex"]
