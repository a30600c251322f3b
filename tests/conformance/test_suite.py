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


def test_no_required_case_is_wrong(recorded: dict[str, dict[str, str]]) -> None:
    required = {name: entry for name, entry in recorded.items() if "/optional/" not in name}
    assert [name for name, entry in required.items() if entry["verdict"] == "wrong_acceptance"] == []


def test_every_exception_has_a_sentence(recorded: dict[str, dict[str, str]]) -> None:
    assert [name for name, entry in recorded.items() if len(entry["why"]) < 20] == []
