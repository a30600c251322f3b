"""Constraints in a folder: found again, rebuilt when anything is wrong with them, bounded, shared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import structgen as sg
from structgen import ConstraintCache
from structgen.errors import UnsatisfiableSchema
from structgen.grammars.choice import Choice

VOCABULARY = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b"<end>"], eos=256)
OTHER = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b"ab", b"<end>"], eos=257)


def never() -> Any:
    raise AssertionError("asked for the grammar although it was kept")


def entries(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.constraint"))


def test_a_kept_constraint_is_found_without_making_its_grammar(tmp_path: Path) -> None:
    made = ConstraintCache(tmp_path).get("n", VOCABULARY, lambda: {"type": "integer", "minimum": 10})
    found = ConstraintCache(tmp_path).get("n", VOCABULARY, never)
    assert found.example() == made.example() == "10"
    assert found.matcher().allowed_tokens() == made.matcher().allowed_tokens()
    assert ConstraintCache(tmp_path).size == entries(tmp_path)[0].stat().st_size


def test_names_and_vocabularies_are_kept_apart(tmp_path: Path) -> None:
    cache = ConstraintCache(tmp_path)
    for name in ("a", "b", "../up", "\ud800"):
        for vocabulary in (VOCABULARY, OTHER):
            cache.get(name, vocabulary, lambda name=name: sg.choice([ascii(name)]))
    assert len(entries(tmp_path)) == 8 and sorted(tmp_path.iterdir()) == entries(tmp_path)
    assert cache.get("../up", OTHER, never).vocabulary is OTHER
    assert cache.get("../up", OTHER, never).example() == "'../up'"


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"yes", b"yet"),
        lambda data: b"structgen constraint 999" + data[data.index(b"\n") :],
        lambda data: b"\x80\x04N.",
        lambda data: sg.compile(sg.choice(["yes"]), OTHER).serialize(),
    ],
    ids=["empty", "cut short", "changed", "of another version", "foreign", "of another vocabulary"],
)
def test_what_cannot_be_trusted_is_rebuilt(damage: Any, tmp_path: Path) -> None:
    cache = ConstraintCache(tmp_path)
    cache.get("n", VOCABULARY, lambda: sg.choice(["yes"]))
    (path,) = entries(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    assert cache.get("n", VOCABULARY, lambda: sg.choice(["yes"])).example() == "yes"
    assert path.read_bytes() == whole


def test_the_least_recently_used_go_first_and_other_files_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    size = len(sg.compile(sg.choice(["0"]), VOCABULARY).serialize())
    cache = ConstraintCache(tmp_path, limit=3 * size)
    paths = {}
    for number in range(3):
        cache.get(str(number), VOCABULARY, lambda number=number: sg.choice([str(number)]))
        (paths[number],) = set(entries(tmp_path)) - set(paths.values())
        os.utime(paths[number], ns=(number, number))
    cache.get("0", VOCABULARY, never)  # no longer the oldest
    cache.get("3", VOCABULARY, lambda: sg.choice(["3"]))
    assert not paths[1].exists() and paths[0].exists() and paths[2].exists()
    assert cache.size == 3 * size
    cache.get("large", VOCABULARY, lambda: sg.choice(["x" * 4 * size]))
    assert cache.size == 3 * size
    cache.clear()
    assert cache.size == 0 and [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_limit_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    ConstraintCache(tmp_path / "none", limit=0).get("n", VOCABULARY, lambda: True)
    assert not (tmp_path / "none").exists()
    with pytest.raises(ValueError, match="0 or more"):
        ConstraintCache(tmp_path, limit=-1)


def test_a_folder_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache = ConstraintCache(tmp_path / "file" / "below")
    assert cache.get("n", VOCABULARY, lambda: sg.choice(["yes"])).example() == "yes"
    assert cache.size == 0


def test_grammars_that_have_no_bytes_and_such_that_fail(tmp_path: Path) -> None:
    class Own(Choice):
        pass

    cache = ConstraintCache(tmp_path)
    assert cache.get("own", VOCABULARY, lambda: Own(("yes",))).example() == "yes"
    with pytest.raises(UnsatisfiableSchema):
        cache.get("bad", VOCABULARY, lambda: {"type": "string", "minLength": 3, "maxLength": 2})
    with pytest.raises(ZeroDivisionError):
        cache.get("broken", VOCABULARY, lambda: 1 // 0)
    assert entries(tmp_path) == []


HAMMER = """
import sys
import structgen as sg

folder, seed = sys.argv[1], int(sys.argv[2])
vocabulary = sg.Vocabulary.from_tokens([*(bytes([byte]) for byte in range(256)), b"<end>"], eos=256)
cache = sg.ConstraintCache(folder, limit=2000)
for step in range(150):
    number = step * seed % 13
    found = cache.get(str(number), vocabulary, lambda: sg.choice([f"value {number}"]))
    assert found.example() == f"value {number}"
"""


def test_several_processes_share_a_folder(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-P", "-c", HAMMER, str(tmp_path), str(seed)]) for seed in (1, 2, 5)
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert not list(tmp_path.glob("*.partial*"))
    cache = ConstraintCache(tmp_path, limit=2000)
    cache.get("last", VOCABULARY, lambda: True)
    assert 0 < cache.size <= 2000
