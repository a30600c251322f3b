"""The judge of outputs: the package `jsonschema`, which shares no code with any engine here.

Formats that it knows are asserted. It reads numbers as floats, so an output with a number beyond them is
not judged.  Its patterns are Python's, so a pattern that only ECMA-262 has may be misread; a schema it
cannot read judges nothing.
"""

from __future__ import annotations

import json
import math
from typing import Any

import jsonschema

from jsonschemabench.errors import BenchError

__all__ = ["Judge"]

_BY_NAME = {
    "draft4": jsonschema.Draft4Validator,
    "draft6": jsonschema.Draft6Validator,
    "draft7": jsonschema.Draft7Validator,
    "2019-09": jsonschema.Draft201909Validator,
    "2020-12": jsonschema.Draft202012Validator,
}
_NEWEST_FIRST = (
    jsonschema.Draft202012Validator,
    jsonschema.Draft201909Validator,
    jsonschema.Draft7Validator,
    jsonschema.Draft6Validator,
    jsonschema.Draft4Validator,
)


def _finite(text: str) -> float:
    """A float that is near what the text says: neither infinity for a number, nor 0 for a tiny one."""
    value = float(text)
    digits = text.lower().partition("e")[0]
    if math.isinf(value) or (value == 0 and any(digit in digits for digit in "123456789")):
        raise OverflowError(text)
    return value


class Judge:
    """Says what is wrong with texts, for one schema.

    The dialect is the schema's own, else the one given, else the newest in whose metaschema it is valid.

    Raises: BenchError where the schema is valid in no dialect.

    >>> judge = Judge({"type": "integer"})
    >>> judge.complaint("1"), judge.complaint("[")[:8], judge.complaint("true")
    ('', 'no JSON:', "$: type: True is not of type 'integer'")
    """

    def __init__(self, schema: Any, dialect: str | None = None) -> None:
        validator_for: Any = jsonschema.validators.validator_for
        kind = validator_for(schema, default=_BY_NAME.get(dialect or ""))
        fitting = [kind] if kind else [v for v in _NEWEST_FIRST if v(v.META_SCHEMA).is_valid(schema)]
        if not fitting:
            raise BenchError("the schema is valid in no dialect")
        self._validator = fitting[0](schema, format_checker=fitting[0].FORMAT_CHECKER)

    def complaint(self, text: str) -> str:
        """What is wrong with a text; empty when nothing is, or when it cannot be told."""
        try:
            value = json.loads(text, parse_float=_finite)
        except OverflowError:
            return ""
        except (ValueError, RecursionError) as error:
            return f"no JSON: {error}"[:300]
        try:
            wrong: Any = next(self._validator.iter_errors(value), None)
        except Exception:  # a pattern Python cannot read, an unreachable reference, recursion: no judgement
            return ""
        return "" if wrong is None else f"{wrong.json_path}: {wrong.validator}: {wrong.message}"[:300]
