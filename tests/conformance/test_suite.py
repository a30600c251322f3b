"""The ratchet: no verdict of the official suite differs from the one recorded in verdicts.json."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("structgen._native", reason="the native engine is not built")

from conformance import suite as official


@pytest.fixture(scope="module")
def recorded() -> dict[str, dict[str, str]]:
    return json.loads(official.VERDICTS.read_text())


@pytest.mark.parametrize("folder", official.DIALECTS)
def test_verdicts(folder: str, data_dir: Path, recorded: dict[str, dict[str, str]]) -> None:
    path = data_dir / "json-schema-test-suite"
    if not path.is_dir():
        pytest.skip("the official test suite is not among the shared data")
    found = {name: verdict for name, verdict in official.verdicts(path, folder) if verdict != "pass"}
    expected = {n: entry["verdict"] for n, entry in recorded.items() if n.startswith(folder + "/")}
    worse = {name: verdict for name, verdict in found.items() if expected.get(name) != verdict}
    better = sorted(name for name in expected if name not in found)
    assert not worse
    assert not better, "these pass now: write verdicts.json anew"


def test_nothing_wrong_is_accepted(recorded: dict[str, dict[str, str]]) -> None:
    assert [name for name, entry in recorded.items() if entry["verdict"] == "wrong_acceptance"] == []


@pytest.mark.parametrize(
    ("column", "bar"), [("required", 1.0), ("formats", 0.95), ("ecmascript-regex", 0.95), ("proposals", 1.0)]
)
def test_each_draft_clears_its_bars(
    column: str, bar: float, data_dir: Path, recorded: dict[str, dict[str, str]]
) -> None:
    path = data_dir / "json-schema-test-suite"
    if not path.is_dir():
        pytest.skip("the official test suite is not among the shared data")
    for folder in official.DIALECTS:
        names = [name for name in official.cases(path, folder) if official.category(name) == column]
        assert names or column == "proposals"
        assert sum(name not in recorded for name in names) >= bar * len(names), folder


def test_every_exception_has_a_sentence(recorded: dict[str, dict[str, str]]) -> None:
    assert [name for name, entry in recorded.items() if len(entry["why"]) < 20] == []
