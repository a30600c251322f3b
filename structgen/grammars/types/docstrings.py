"""What the docstring of a class or function says, as descriptions for its schema.

Reads the three usual forms of a list of parameters: Google's ``Args:``, NumPy's underlined
``Parameters`` and reStructuredText's ``:param name:``.  Everything before the list is the description.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import Any

_HEADINGS = {"args", "arguments", "parameters", "params", "attributes"}
# A section that is not about parameters ends the list, and the description.
_OTHERS = {"returns", "return", "raises", "yields", "examples", "example", "note", "notes", "see also"}
_GOOGLE = re.compile(r"^\s+\*{0,2}(\w+)\s*(?:\([^)]*\))?:\s*(.*)$")
_NUMPY = re.compile(r"^\*{0,2}(\w+)\s*(?::.*)?$")
_FIELD = re.compile(r"^\s*:(?:param|parameter|arg)\s+(?:[^:]*\s)?(\w+):\s*(.*)$")


def describe(what: Any) -> tuple[str, dict[str, str]]:
    """The description of a class or function, and those of its parameters by name.

    What Python writes by itself (a dataclass's signature, an inherited docstring) is none.

    >>> def weather(city: str) -> str:
    ...     '''Look up the weather.
    ...
    ...     Args:
    ...         city: Where, in English.
    ...     '''
    >>> describe(weather)
    ('Look up the weather.', {'city': 'Where, in English.'})
    """
    own = vars(what).get("__doc__") if isinstance(what, type) else getattr(what, "__doc__", None)
    if not isinstance(own, str) or _written_by_python(what, own):
        return "", {}
    return _split(inspect.cleandoc(own).splitlines())


def _written_by_python(what: Any, text: str) -> bool:
    if not isinstance(what, type):
        return False
    if dataclasses.is_dataclass(what) and text.startswith(f"{what.__name__}("):
        return True
    return issubclass(what, tuple) and text.startswith(f"{what.__name__}(")


def _split(lines: list[str]) -> tuple[str, dict[str, str]]:
    about: list[str] = []
    parameters: dict[str, list[str]] = {}
    current: list[str] = about
    section = ""  # the heading we are under, lower case; "" before the first
    numpy = False
    for number, line in enumerate(lines):
        heading = line.strip().rstrip(":").lower()
        underlined = number + 1 < len(lines) and re.fullmatch(r"-{3,}", lines[number + 1].strip())
        if heading in _HEADINGS | _OTHERS and (underlined or line.rstrip().endswith(":")):
            section, numpy, current = heading, bool(underlined), []
        elif found := _FIELD.match(line):
            current = parameters.setdefault(found[1], [found[2]])
            section = "fields"
        elif line.startswith(":"):
            current = []  # :returns: and the like
        elif section in _HEADINGS and (found := (_NUMPY if numpy else _GOOGLE).match(line)):
            current = parameters.setdefault(found[1], [] if numpy else [found[2]])
        elif not (numpy and re.fullmatch(r"-{3,}", line.strip())):
            current.append(line.strip() if current is not about else line)
    texts = {name: " ".join(filter(None, text)) for name, text in parameters.items()}
    return "\n".join(about).strip(), {name: text for name, text in texts.items() if text}
