"""What a command is about: a JSON Schema or a grammar in a file, or anything a Python file or module defines.

A file's name says what it holds: `.lark`, `.gbnf` and `.ebnf` are grammars, anything else is a JSON Schema.
`app.py:Person` is the name `Person` of the file `app.py`, `package.module:Person` that of a module.  It may
be a Grammar, a type, a schema (dict) or a list of choices.  Such code is run; a schema's file is only read.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

from structgen.cli.inputs import InputError, read_schema, read_text

_NAMED = re.compile(r"^(?P<where>.+\.py|[A-Za-z_][\w.]*):(?P<name>[A-Za-z_][\w.]*)$")


def read_grammar(source: str) -> Any:
    """The Grammar that a command line names.

    Raises InputError where the file, module or name is missing; GrammarError where it is no grammar.
    """
    import structgen
    from structgen.constraint import as_grammar

    found = _NAMED.match(source)
    if found is None or Path(source).exists():
        if (notation := Path(source).suffix[1:]) in ("lark", "gbnf", "ebnf"):
            return getattr(structgen, notation)(read_text(source))
        return structgen.json_schema(read_schema(source))
    return as_grammar(_lookup(found["where"], found["name"]))


def _lookup(where: str, name: str) -> Any:
    module = _from_file(where) if where.endswith(".py") else _from_module(where)
    value = module
    for step in name.split("."):
        if not hasattr(value, step):
            raise InputError(f"{where}: there is no {name!r} in it")
        value = getattr(value, step)
    return value


def _from_file(where: str) -> Any:
    path = Path(where)
    if not path.is_file():
        raise InputError(f"cannot read {where}: no such file")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise InputError(f"{where} cannot be run: {type(error).__name__}: {error}") from error
    return module


def _from_module(where: str) -> Any:
    try:
        return importlib.import_module(where)
    except ImportError as error:
        raise InputError(f"the module {where} cannot be imported: {error}") from error
