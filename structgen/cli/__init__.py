"""The command line: `structgen generate`, `structgen check`, `structgen mask`.

One command a file. It knows how to read files, print and exit; everything else is the public API's.
"""

from __future__ import annotations

from structgen.cli.app import main

__all__ = ["main"]
