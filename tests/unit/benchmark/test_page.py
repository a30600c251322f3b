"""The HTML page: complete in itself, with its plots, and drawn by a browser without an error."""

from __future__ import annotations

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from benchmark.conftest import MISSING, Run

from jsonschemabench import report
from jsonschemabench.records import Results

pytest.importorskip("matplotlib", reason="the page needs the extra structgen[bench]")
pytest.importorskip("jinja2", reason="the page needs the extra structgen[bench]")

VOID = {"meta", "link", "br", "img", "input", "hr"}


@pytest.fixture(scope="module")
def page(faults: Results, run_track: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page about two tracks."""
    folder = tmp_path_factory.mktemp("page")
    assert faults.path is not None
    shutil.copy(faults.path, folder / "masks.jsonl")
    run_track(folder / "coverage.jsonl", ["structgen", "none"], track="coverage")
    _, html = report.write(folder)
    assert html is not None
    return html


class Checker(HTMLParser):
    """Collects ids and references and sees that elements are closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attributes:
            if name == "id":
                self.ids.append(str(value))
            elif name in ("href", "xlink:href", "src"):
                self.targets.append(str(value))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()


def test_the_page_needs_nothing_else(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    checker = Checker()
    checker.feed(text)
    assert checker.open == []
    assert len(checker.ids) == len(set(checker.ids)), "two elements with one id"
    assert {target.removeprefix("#") for target in checker.targets} <= set(checker.ids)
    assert "script" not in checker.names and "@import" not in text and not re.search(r"url\((?!#)", text)
    # No placeholder colour is left, and every variable that is used is defined.
    assert not re.search(r"#[abd]1000\d", text)
    used, defined = set(re.findall(r"var\((--[\w-]+)\)", text)), set(re.findall(r"(--[\w-]+):", text))
    assert used <= defined


def test_the_page_has_its_plots_and_tables(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for label in ("Share of masks over time", "Time to the first mask over schema size"):
        assert f'aria-label="{label}' in text
    assert text.count('aria-label="Empirical coverage of') == 2
    assert "not installed" in text and MISSING in text
    assert "out of memory" in text and 'class="missed"' in text


def test_the_page_is_the_same_again(page: Path) -> None:
    before = page.read_bytes()
    report.write(page.parent)
    assert page.read_bytes() == before


@pytest.fixture(scope="module")
def browser() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no Chromium is installed to draw the page with")


def test_a_browser_draws_the_page(page: Path, browser: str, tmp_path: Path) -> None:
    """On a phone's width nothing sticks out, every plot has a size, and nothing is complained about."""
    probe = """<script>addEventListener("load", () => {
      const plots = [...document.querySelectorAll("figure svg")].map(svg => svg.getBoundingClientRect());
      const wide = document.documentElement.scrollWidth > innerWidth;
      const sound = plots.every(box => box.width > 200 && box.height > 150 && box.right <= innerWidth);
      document.title = `plots=${plots.length} wide=${wide} sound=${sound}`; });</script>"""
    copy = tmp_path / "page.html"
    copy.write_text(page.read_text(encoding="utf-8").replace("</body>", probe + "</body>"), encoding="utf-8")
    # A window cannot be narrower than about 500 pixels, a frame can.
    frame = tmp_path / "frame.html"
    frame.write_text(
        '<iframe id="f" src="page.html" style="width:390px;height:800px"></iframe><script>'
        "f.onload = () => setTimeout(() => { document.title = f.contentDocument.title; }, 100)</script>"
    )
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--allow-file-access-from-files", profile]
    flags += ["--enable-logging=stderr", "--virtual-time-budget=3000", "--dump-dom"]
    done = subprocess.run([browser, *flags, frame.as_uri()], capture_output=True, text=True, check=True)
    assert "<title>plots=4 wide=false sound=true</title>" in done.stdout, done.stdout[:2000]
    assert "CONSOLE" not in done.stderr
