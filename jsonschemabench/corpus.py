"""The bundled corpus: schemas with valid and invalid instances, and prompts whose answer is known.

One schema a file, ``corpus/FAMILY/NAME.json``:

    {"description": "one line",
     "schema": {...},
     "tests": [{"data": ..., "description": "...", "valid": true},
               {"data": ..., "description": "breaks minimum: ...", "keyword": "minimum", "valid": false}],
     "generation": [{"expected": {...}, "prompt": "..."}]}

``keyword`` is the one keyword an invalid instance violates.  ``generation`` is
optional: a text that holds the values, and the value that belongs to it.
Knows no engine and no validator; tests/unit/test_corpus.py checks every label.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

__all__ = ["Case", "CorpusError", "Generation", "Test", "bundled_files", "load_bundled", "read_case"]


class CorpusError(ValueError):
    """A file of the corpus is not of the form above; the message names the file and the place."""


@dataclass(frozen=True)
class Test:
    """One instance and whether the schema allows it; ``keyword`` is what an invalid one violates."""

    __test__ = False  # pytest would take the class for tests of its own

    data: Any
    description: str
    valid: bool
    keyword: str | None = None


@dataclass(frozen=True)
class Generation:
    """A text that determines one value of the schema."""

    prompt: str
    expected: Any


@dataclass(frozen=True)
class Case:
    """One schema of the benchmark; ``name`` is unique, ``FAMILY/NAME`` in the bundled corpus."""

    name: str
    family: str
    description: str
    schema: Any
    tests: tuple[Test, ...]
    generation: tuple[Generation, ...] = ()


def bundled_files() -> Iterator[tuple[str, Traversable]]:
    """Yield the name (``FAMILY/NAME``) and the file of every bundled schema, sorted by name."""
    folder = files("jsonschemabench") / "corpus"
    found = {
        f"{family.name}/{file.name.removesuffix('.json')}": file
        for family in folder.iterdir()
        if family.is_dir()
        for file in family.iterdir()
        if file.name.endswith(".json")
    }
    yield from sorted(found.items())


def load_bundled() -> list[Case]:
    """Read the corpus that comes with the project, sorted by name.

    Cost: a few hundred small files, well under a second.

    Raises: CorpusError naming the file and the place in it.

    >>> case = load_bundled()[0]
    >>> case.name.startswith(case.family), len(case.tests) >= 5
    (True, True)
    """
    return [read_case(name, file.read_text(encoding="utf-8")) for name, file in bundled_files()]


def read_case(name: str, text: str) -> Case:
    """Read one file of the corpus; ``name`` is FAMILY/NAME and stands in every error.

    >>> read_case("trees/folder", '{"description": "A folder.", "schema": {}, "tests": 3}')
    Traceback (most recent call last):
    jsonschemabench.corpus.CorpusError: trees/folder.json, at /tests: expected a list, got 3
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CorpusError(f"{name}.json is not JSON: {error}") from error
    reader = _Reader(name)
    top = reader.members(document, "", required="description schema tests", optional="generation")
    tests = [
        reader.test(entry, f"/tests/{index}")
        for index, entry in enumerate(reader.kind(top["tests"], list, "/tests"))
    ]
    generation = [
        reader.generation(entry, f"/generation/{index}")
        for index, entry in enumerate(reader.kind(top.get("generation", []), list, "/generation"))
    ]
    return Case(
        name=name,
        family=name.partition("/")[0],
        description=reader.kind(top["description"], str, "/description"),
        schema=reader.kind(top["schema"], (dict, bool), "/schema"),
        tests=tuple(tests),
        generation=tuple(generation),
    )


_IN_WORDS = {str: "a string", bool: "true or false", list: "a list", dict: "an object"}


@dataclass(frozen=True)
class _Reader:
    """Takes a document apart; every complaint names the file and a JSON pointer into it."""

    name: str

    def fail(self, place: str, message: str) -> CorpusError:
        return CorpusError(f"{self.name}.json, at {place or '/'}: {message}")

    def kind(self, value: Any, wanted: type | tuple[type, ...], place: str) -> Any:
        if isinstance(value, wanted):
            return value
        kinds = wanted if isinstance(wanted, tuple) else (wanted,)
        words = " or ".join(_IN_WORDS[kind] for kind in kinds)
        raise self.fail(place, f"expected {words}, got {json.dumps(value, ensure_ascii=False)[:60]}")

    def members(self, value: Any, place: str, *, required: str, optional: str = "") -> dict[str, Any]:
        members: dict[str, Any] = self.kind(value, dict, place)
        for key in required.split():
            if key not in members:
                raise self.fail(place, f"the key {key!r} is missing")
        for key in members:
            if key not in f"{required} {optional}".split():
                raise self.fail(place, f"unknown key {key!r}; known are {required} {optional}".rstrip())
        return members

    def test(self, value: Any, place: str) -> Test:
        members = self.members(value, place, required="data description valid", optional="keyword")
        valid = self.kind(members["valid"], bool, f"{place}/valid")
        if valid and "keyword" in members:
            raise self.fail(place, "a valid instance violates no keyword; remove 'keyword'")
        if not valid and "keyword" not in members:
            raise self.fail(place, "an invalid instance names the 'keyword' it violates")
        return Test(
            data=members["data"],
            description=self.kind(members["description"], str, f"{place}/description"),
            valid=valid,
            keyword=None if valid else self.kind(members["keyword"], str, f"{place}/keyword"),
        )

    def generation(self, value: Any, place: str) -> Generation:
        members = self.members(value, place, required="expected prompt")
        return Generation(
            prompt=self.kind(members["prompt"], str, f"{place}/prompt"), expected=members["expected"]
        )
