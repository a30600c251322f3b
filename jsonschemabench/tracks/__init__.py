"""What can be measured, one track a file."""

from __future__ import annotations

import importlib

from jsonschemabench.errors import BenchError
from jsonschemabench.tracks.track import Track

__all__ = ["TRACKS", "Track", "find_track"]

TRACKS = {
    "masks": "Masks",
    "coverage": "Coverage",
    "generate": "Generate",
    "suite": "Suite",
}


def find_track(name: str) -> type[Track]:
    """The class of a track by its name."""
    if name not in TRACKS:
        raise BenchError(f"no track {name!r}; known: {', '.join(TRACKS)}")
    found: type[Track] = getattr(importlib.import_module(f"jsonschemabench.tracks.{name}"), TRACKS[name])
    return found
