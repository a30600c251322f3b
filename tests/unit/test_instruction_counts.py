"""The fixed workload on masks takes no more instructions than committed, give or take a tenth.

Instructions do not depend on how busy the machine is, but on the compiler and its settings: figures of
another compiler say nothing. `python benchmarks/instructions.py --update` writes new ones.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SOURCE = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "instructions.py"


def module() -> ModuleType:
    spec = importlib.util.spec_from_file_location("instructions", SOURCE)
    assert spec is not None and spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


COUNTS: Any = module()


def test_a_tenth_more_is_noticed() -> None:
    assert COUNTS.regressions({"a": 1000, "b": 1000}, {"a": 1100, "b": 900}) == []
    assert COUNTS.regressions({"a": 1000}, {"a": 1101}) == ["a: 1,101 instructions, 1,000 committed"]
    assert COUNTS.regressions({}, {"new": 1}) == ["new: 1 instructions, 0 committed"]


def test_masks_take_no_more_instructions_than_committed() -> None:
    program = COUNTS.workload(None)
    if program is None:
        pytest.skip("the workload is built with -DSTRUCTGEN_NATIVE_TESTS=ON only, and is not below build/")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind counts the instructions, and it is not installed")
    committed = json.loads(COUNTS.BASELINE.read_text())
    if committed["compiler"] != COUNTS.compiler(program):
        pytest.skip(
            f"the committed figures are for {committed['compiler']}, which did not build this workload"
        )
    names = COUNTS.scenarios(program)
    assert sorted(names) == sorted(committed["instructions"])
    worse = COUNTS.regressions(
        committed["instructions"], {name: COUNTS.count(program, name) for name in names}
    )
    assert not worse, "\n".join(worse)
