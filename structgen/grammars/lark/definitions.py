"""What the names of a grammar mean: definitions, with those of imported grammars under their new names.

An imported grammar is a scope of its own.  Its rules and terminals get the names that the import gives them,
or that of the grammar before theirs (``common__DIGIT``), as in lark; what a terminal of it mentions stays
what it is there, whatever becomes of the names here.  The grammars that come with lark are read once a
process.  Knows neither languages nor expressions.
"""

from __future__ import annotations

import difflib
import functools
import importlib.util
import itertools
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from structgen.errors import ComplexityLimitExceeded, GrammarSyntaxError, InvalidGrammar
from structgen.grammars.context_free import place_in
from structgen.grammars.lark.bodies import Steps
from structgen.grammars.lark.notation import (
    Declare,
    Defined,
    Ignore,
    Import,
    Statement,
    statements_of,
)

_MOST_FILES = 100


@dataclass(eq=False, slots=True)
class Definition:
    """A rule or terminal; what extends it comes before what it was.  Without bodies it is only declared."""

    name: str
    is_terminal: bool
    parameters: tuple[str, ...]
    bodies: list[tuple[Steps, Scope]]
    position: int  # in the grammar itself: where it is defined, or imported


@dataclass(eq=False)
class Scope:
    """A grammar: the one that is read, or one that it imports."""

    text: str
    file: str = ""  # of what is imported
    folder: str | None = None  # where relative imports of it begin; None in the grammar itself
    main: Scope | None = None  # the grammar itself, and where that imports this one
    position: int | None = None
    renamed: Callable[[str], str] = str
    definitions: dict[str, Definition] = field(default_factory=dict)  # by their names in the grammar itself
    missing: dict[str, str] = field(default_factory=dict)  # names that were imported in vain: from where
    known: dict[str, int] = field(default_factory=dict)  # expressions by what is written; rules.py fills it

    def place(self, position: int) -> dict[str, int]:
        """Line and column in the grammar itself: those of the import, in one that is imported."""
        return place_in(self.main.text, self.position) if self.main else place_in(self.text, position)

    def fail(self, message: str, position: int, rule: str | None = None) -> NoReturn:
        """Raise GrammarSyntaxError at a place of this grammar, InvalidGrammar where a rule is named."""
        if self.file:
            place = place_in(self.text, position)
            message = f"{self.file}, line {place['line']}, column {place['column']}: {message}"
        if rule is None:
            raise GrammarSyntaxError(message, **self.place(position))
        raise InvalidGrammar(message, rule=rule, **self.place(position))


@dataclass
class Definitions:
    """All that a grammar defines, and the terminals that it ignores."""

    scope: Scope
    ignored: list[Definition]


def definitions_of(text: str) -> Definitions:
    """Read a grammar and what it imports.

    GrammarSyntaxError where it cannot be read, InvalidGrammar where a name has no or several meanings.
    """
    scope = Scope(text)
    ignored = _fill(scope, statements_of(text), ())
    _check(scope)
    found = []
    for number, one in enumerate(ignored):
        if len(one.steps) == 1 and one.steps[0][0] == "terminal":
            name = one.steps[0][1]
            if name not in scope.definitions:
                undefined(scope, scope.definitions, name, one.steps[0][2])
            found.append(scope.definitions[name])
        else:
            found.append(Definition(f"%ignore {number + 1}", True, (), [(one.steps, scope)], one.position))
            _check_terminal(found[-1])
    return Definitions(scope, found)


def _fill(scope: Scope, statements: Iterable[Statement], files: tuple[str, ...]) -> list[Ignore]:
    """Put what the statements define into the scope; returns those of %ignore."""
    imports: dict[tuple[str, ...], Import] = {}
    for one in statements:
        if isinstance(one, Import):
            before = imports.setdefault(one.path, one._replace(names={}))
            if before.is_relative != one.is_relative:
                scope.fail(
                    f"{'.'.join(one.path)} is imported from here and from lark; choose one", one.position
                )
            before.names.update(one.names)
    for one in imports.values():
        _import(scope, one, files)
    ignored = []
    for one in statements:
        if isinstance(one, Defined):
            _define(scope, one)
        elif isinstance(one, Declare):
            for kind, name, position in one.names:
                _define(scope, Defined("", name, kind == "terminal", (), (), position, None))
        elif isinstance(one, Ignore):
            ignored.append(one)
    return ignored


def _define(scope: Scope, one: Defined) -> None:
    name = scope.renamed(one.name)
    kind = "terminal" if one.is_terminal else "rule"
    before = scope.definitions.get(name)
    if one.alias is not None and name.startswith("_"):
        scope.fail(f"the rule {one.name!r} is inlined because of its '_', so it has no alias", one.alias)
    if one.how and before is None:
        known = [other.name for other in scope.definitions.values() if other.is_terminal == one.is_terminal]
        scope.fail(
            f"there is no {kind} {one.name!r} to {one.how} yet{_near(one.name, known)}",
            one.position,
            one.name,
        )
    if one.how == "extend" and before is not None:
        if not before.bodies:
            scope.fail(f"the {kind} {one.name!r} is only declared; define it before", one.position, one.name)
        if before.is_terminal != one.is_terminal or before.parameters != one.parameters:
            scope.fail(f"{one.name!r} has other parameters where it is defined", one.position, one.name)
        before.bodies.insert(0, (one.steps, scope))
        return
    if before is not None and not one.how:
        first = "" if scope.main else f", first in line {scope.place(before.position)['line']}"
        scope.fail(f"the {kind} {one.name!r} is defined more than once{first}", one.position, one.name)
    if name.startswith("__"):
        scope.fail(f"{name!r}: names do not begin with two underscores", one.position, one.name)
    position = one.position if scope.position is None else scope.position
    # Without steps it is declared: even an empty body is one step.
    bodies = [(one.steps, scope)] if one.steps else []
    scope.definitions[name] = Definition(name, one.is_terminal, one.parameters, bodies, position)


def _import(scope: Scope, one: Import, files: tuple[str, ...]) -> None:
    file = os.path.join(*one.path) + ".lark"
    folder = scope.folder
    try:
        if one.is_relative:
            folder = _main_folder() if folder is None else folder
            path = os.path.join(folder, file)
            text = Path(path).read_text(encoding="utf8")
            folder = os.path.dirname(path)
            statements: tuple[Statement, ...] | None = None
        else:
            path, text, statements = _library(file)
    except OSError:
        scope.fail(f"nothing can be imported from {file!r}: there is no such file", one.position)
    if path in files or len(files) == _MOST_FILES:
        raise ComplexityLimitExceeded(
            f"{file} imports itself, or files import one another {_MOST_FILES} deep; put rules into one file",
            limit=f"lark: {_MOST_FILES} files",
        )
    position = one.position if scope.position is None else scope.position
    renamed = _renaming("__".join(one.path), one.names, scope.renamed)
    inner = Scope(text, file, folder, scope.main or scope, position, renamed)
    try:
        read = statements_of(text) if statements is None else statements
    except GrammarSyntaxError as error:
        raise GrammarSyntaxError(f"{file}, {error}", **inner.place(0)) from error
    _fill(inner, read, (*files, path))
    wanted = [inner.renamed(name) for name in one.names]
    for name in _needed(inner, wanted):
        if name in scope.definitions:
            scope.fail(f"{name!r} cannot be imported from {file}: there is one already", one.position)
        scope.definitions[name] = inner.definitions[name]
    for name in wanted:
        if name not in inner.definitions:
            scope.missing[name] = file


def _needed(inner: Scope, wanted: list[str]) -> list[str]:
    """The names that are defined, and those their rules need; a terminal keeps what it mentions."""
    found: dict[str, None] = {}
    work = list(reversed(wanted))
    while work:
        name = work.pop()
        definition = inner.definitions.get(name)
        if definition is None or name in found:
            continue
        found[name] = None
        if definition.is_terminal:
            continue
        for steps, scope in definition.bodies:
            for what, value, _ in steps:
                if what in ("rule", "terminal", "template"):
                    mentioned = value[0] if what == "template" else value
                    if mentioned not in definition.parameters:
                        work.append(scope.renamed(mentioned))
    return list(found)


def _renaming(prefix: str, names: dict[str, str], outer: Callable[[str], str]) -> Callable[[str], str]:
    def renamed(name: str) -> str:
        if name in names:
            return outer(names[name])
        return outer(f"_{prefix}__{name[1:]}" if name.startswith("_") else f"{prefix}__{name}")

    return functools.cache(renamed)


@functools.lru_cache(maxsize=32)
def _library(file: str) -> tuple[str, str, tuple[Statement, ...]]:
    """Where a grammar that comes with lark is, its text and its statements; OSError where there is none."""
    package = importlib.util.find_spec(
        "lark"
    )  # the package itself takes a while to import, and is not needed
    for folder in (package.submodule_search_locations if package else None) or ():
        path = Path(folder, "grammars", file)
        if path.is_file():
            text = path.read_text(encoding="utf8")
            return str(path), text, statements_of(text)
    raise FileNotFoundError(file)


def _main_folder() -> str:
    """Where relative imports of a text begin: beside the program, as in lark."""
    main = getattr(sys.modules.get("__main__"), "__file__", None)
    return os.path.dirname(os.path.abspath(main)) if main else os.getcwd()


def _check(scope: Scope) -> None:
    """That every name means one thing, also where it is not used."""
    known = scope.definitions
    for definition in known.values():
        if not definition.bodies:
            kind = "terminal" if definition.is_terminal else "rule"
            raise InvalidGrammar(
                f"the {kind} {definition.name} is only declared (%declare), so nobody knows its texts; "
                "define it",
                rule=definition.name,
                **scope.place(definition.position),
            )
        if definition.is_terminal:
            _check_terminal(definition)
            continue
        for number, name in enumerate(definition.parameters):
            if definition.bodies[0][1].renamed(name) in known or name in definition.parameters[:number]:
                scope.fail(
                    f"the parameter {name!r} of {definition.name!r} is a rule's name or another parameter's",
                    definition.position,
                    definition.name,
                )
        for steps, own in definition.bodies:
            _check_names(definition, steps, own, known)


def _check_names(definition: Definition, steps: Steps, scope: Scope, known: dict[str, Definition]) -> None:
    parameters = definition.parameters
    for what, value, position in steps:
        if what == "rule" or what == "terminal":
            if value not in parameters and scope.renamed(value) not in known:
                undefined(scope, known, value, position)
        elif what == "template" and value[0] not in parameters:
            name, count = value
            template = known.get(scope.renamed(name))
            if template is None:
                undefined(scope, known, name, position)
            if count != len(template.parameters):
                takes = f"takes {len(template.parameters)}" if template.parameters else "is no template"
                scope.fail(f"{name!r} {takes}, and {count} are given", position, name)


def _check_terminal(definition: Definition) -> None:
    """Nothing behind the colon is refused; an empty group there is a text, as in lark."""
    if len(definition.bodies) > 1:
        return
    steps, scope = definition.bodies[0]
    (what, value, position), name = steps[0], definition.name
    if (what, value) == ("sequence", 0) and len(steps) == 1 and scope.text[position : position + 1] != ")":
        scope.fail(f"the terminal {name} is empty; give it a text", position, name)


def undefined(scope: Scope, known: Iterable[str], name: str, position: int) -> NoReturn:
    """Raise InvalidGrammar for a name without a definition, with those that are nearly it."""
    kind = "terminal" if name.lstrip("_")[:1].isupper() else "rule"
    file = scope.missing.get(scope.renamed(name))
    reason = f": {file} has none to import" if file else "; define it" + _near(name, known)
    scope.fail(f"the {kind} {name!r} is used here and defined nowhere{reason}", position, name)


def _near(name: str, known: Iterable[str]) -> str:
    # Names of nearly the same length, of those that people write: looking takes time.
    likely = (one for one in known if abs(len(one) - len(name)) < 3 and len(one) < 60)
    near = difflib.get_close_matches(name, list(itertools.islice(likely, 1000)), n=1)
    return f", or was {near[0]!r} meant?" if near else ""
