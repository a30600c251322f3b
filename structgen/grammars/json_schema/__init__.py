"""JSON Schema as a grammar: one keyword, one function, spelled as in the specification."""

from .report import Report
from .schema import JsonSchema, json_schema

__all__ = ["JsonSchema", "Report", "json_schema"]
