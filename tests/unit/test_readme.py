"""What the README and the guide show, run: Python blocks, the main command, links, named files."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
README = PAGES[0].read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def python_blocks() -> list[object]:
    found = []
    for page in PAGES:
        for number, code in enumerate(blocks(page.read_text(encoding="utf-8"), "python"), start=1):
            found.append(pytest.param(code, id=f"{page.relative_to(ROOT)}-{number}"))
    return found


@pytest.mark.parametrize("code", python_blocks())
def test_python_examples_run(code: str) -> None:
    if "sg.load(" in code:
        pytest.importorskip("torch", reason="examples that run a model need the extra structgen[hf]")
    exec(compile(code, "example", "exec", dont_inherit=True), {"__name__": "example"})


def setup_commands() -> list[str]:
    return [line for line in README.splitlines() if line.startswith("python3 -m venv ")]


def test_there_are_exactly_two_setup_commands() -> None:
    main, tests = setup_commands()
    assert "structgen generate" in main
    assert tests.endswith("&& .venv/bin/pytest")
    for command in (main, tests):
        # Each stands alone in its block, so that it is one paste.
        assert command + "\n" in blocks(README, "sh")


def test_the_main_command_prints_a_valid_answer() -> None:
    pytest.importorskip("torch", reason="the embedded model needs the extra structgen[hf]")
    arguments = shlex.split(setup_commands()[0].split("&&")[-1])
    assert arguments[0] == ".venv/bin/structgen"
    done = subprocess.run(
        [sys.executable, "-P", "-m", "structgen", *arguments[1:]],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    schema = json.loads((ROOT / arguments[arguments.index("--schema") + 1]).read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(done.stdout), schema)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_file_map_names_what_exists() -> None:
    table = README.split("## What is where")[1].split("\n## ")[0]
    named = {
        name
        for row in table.splitlines()
        for name in re.findall(r"`([^`]+/)`", row.split("|")[1:2][0] if "|" in row else "")
    }
    assert len(named) > 10
    for name in named:
        assert (ROOT / name).is_dir(), f"the file map names {name}"


def test_no_page_names_a_machine_or_a_package_host() -> None:
    for page in [*PAGES, ROOT / "constraints.txt", ROOT / "pyproject.toml"]:
        text = page.read_text(encoding="utf-8")
        assert "index-url" not in text
        assert "/home/" not in text
