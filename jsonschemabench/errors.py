"""The one exception of the benchmark: what was asked for cannot be run, and what to change."""

from __future__ import annotations

__all__ = ["BenchError"]


class BenchError(Exception):
    """Something about the request, the data or the installation; one sentence for a person."""
