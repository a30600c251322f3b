"""What is measured: schemas with labelled instances, from wherever they come.

Every source ends in the same `Task`: the bundled corpus, a folder of such files, a ``.jsonl`` (or
``.jsonl.gz``) in the form of MaskBench, JSONSchemaBench on the Hugging Face hub.  Knows no engine and
judges nothing.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jsonschemabench.errors import BenchError

__all__ = ["Instance", "Prompt", "Task", "choose", "load", "serialize"]

HUB = "epfl-dlab/JSONSchemaBench"


@dataclass(frozen=True)
class Instance:
    """A value, and whether the schema allows it."""

    data: Any
    valid: bool


@dataclass(frozen=True)
class Prompt:
    """A text that determines one value of the schema."""

    text: str
    expected: Any


@dataclass(frozen=True)
class Task:
    """One schema and what is known about it; ``name`` is unique within a run."""

    name: str
    family: str
    schema: Any
    instances: tuple[Instance, ...] = ()
    prompts: tuple[Prompt, ...] = ()
    dialect: str | None = None
    """The dialect where the schema does not name one itself (the official suite's folders)."""
    about: Mapping[str, Any] = field(default_factory=dict)
    """What a track alone needs to know; kept beside the result."""


def serialize(data: Any) -> str:
    """The text of an instance, as the mask protocol wants it.

    A lone surrogate has no UTF-8, so a text with one is written with escapes throughout.

    >>> serialize({"a": ["é", 1.0]})
    '{"a": ["é", 1.0]}'
    """
    text = json.dumps(data, ensure_ascii=False)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(data)
    return text


def load(source: str) -> list[Task]:
    """Read the tasks of ``bundled``, ``hub`` (JSONSchemaBench), a folder, a ``.jsonl`` or a ``.jsonl.gz``.

    A folder holds ``.json`` files in the form of the bundled corpus, at any depth, or bare schemas.

    Raises: BenchError naming the place and what was expected there.
    """
    if source == "bundled":
        return _bundled()
    if source == "hub":
        return list(_hub())
    path = Path(source)
    if path.is_dir():
        return list(_folder(path))
    if not path.is_file():
        raise BenchError(f"no data at {source!r}: give bundled, hub, a folder or a .jsonl(.gz) file")
    return list(_lines(path))


def choose(tasks: Sequence[Task], sample: int | None, seed: int) -> list[Task]:
    """A seeded sample in the order of the source; all of them where ``sample`` is None or too large."""
    if sample is None or sample >= len(tasks):
        return list(tasks)
    return [tasks[index] for index in sorted(random.Random(seed).sample(range(len(tasks)), sample))]


def _bundled() -> list[Task]:
    from jsonschemabench.corpus import load_bundled

    return [
        Task(
            name=case.name,
            family=case.family,
            schema=case.schema,
            instances=tuple(Instance(test.data, test.valid) for test in case.tests),
            prompts=tuple(Prompt(entry.prompt, entry.expected) for entry in case.generation),
        )
        for case in load_bundled()
    ]


def _folder(folder: Path) -> Iterator[Task]:
    paths = sorted(folder.rglob("*.json"))
    if not paths:
        raise BenchError(f"the folder {str(folder)!r} has no .json files")
    for path in paths:
        try:
            document = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise BenchError(f"{path} is not JSON: {error}") from error
        name = path.relative_to(folder).with_suffix("").as_posix()
        family = name.rpartition("/")[0] or folder.name
        wrapped = isinstance(document, dict) and "schema" in document and "tests" in document
        yield _task(document if wrapped else {"schema": document}, name, family, str(path))


def _lines(path: Path) -> Iterator[Task]:
    open_text = gzip.open if path.suffix == ".gz" else open
    with open_text(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            where = f"{path}, line {number}"
            try:
                document = json.loads(line)
            except ValueError as error:
                raise BenchError(f"{where} is not JSON: {error}") from error
            if not isinstance(document, dict) or "schema" not in document:
                raise BenchError(f"{where}: expected an object with 'name', 'schema' and 'tests'")
            name = str(document.get("name", number))
            yield _task(document, name, family_of(name), where)


def family_of(name: str) -> str:
    """The family in a name of MaskBench: what stands before ``---``, or the leading word.

    >>> family_of("Github_easy---o12345"), family_of("BFCL_java_1")
    ('Github_easy', 'BFCL')
    """
    before, mark, _ = name.partition("---")
    if mark:
        return before
    leading = re.match(r"[A-Za-z]+", name)
    return leading.group() if leading else "all"


def _hub() -> Iterator[Task]:
    try:
        import datasets
    except ImportError as error:
        raise BenchError("--data hub needs the package datasets: pip install datasets") from error
    try:
        names: Iterable[str] = datasets.get_dataset_config_names(HUB)
        for name in sorted(names):
            for split, rows in datasets.load_dataset(HUB, name).items():
                for number, row in enumerate(rows):
                    label = row.get("unique_id") or f"{split}-{number}"
                    schema = json.loads(row["json_schema"])
                    yield Task(name=f"{name}---{label}", family=name, schema=schema)
    except (OSError, KeyError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BenchError(f"cannot read {HUB} from the hub: {type(error).__name__}: {reason}") from error


def _task(document: Mapping[str, Any], name: str, family: str, where: str) -> Task:
    try:
        instances = tuple(Instance(test["data"], bool(test["valid"])) for test in document.get("tests", ()))
        prompts = tuple(Prompt(e["prompt"], e["expected"]) for e in document.get("generation", ()))
    except (KeyError, TypeError) as error:
        raise BenchError(
            f"{where}: a test has 'data' and 'valid', a prompt 'prompt' and 'expected'"
        ) from error
    return Task(name, family, document["schema"], instances, prompts, dialect=document.get("dialect"))
