"""The HTML page: a template, tables and plots; nothing is loaded from elsewhere and nothing runs in it."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

import jinja2

from jsonschemabench.plots import Plot, coverage_heat, mask_times, schema_sizes
from jsonschemabench.records import Results

if TYPE_CHECKING:
    from jsonschemabench.report import Section

__all__ = ["plots_of", "render"]


def plots_of(results: Results) -> list[Plot]:
    """The plots that belong to a track."""
    if results.track == "masks":
        return [mask_times(results), schema_sizes(results)]
    if results.track == "coverage":
        return [coverage_heat(results, engine) for engine in results.engines() if results.of(engine)]
    return []


def render(sections: Sequence[Section]) -> str:
    """The whole page as text."""
    source = (files("jsonschemabench") / "templates" / "report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(sections=sections)
