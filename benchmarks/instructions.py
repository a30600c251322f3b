"""Instructions that a fixed workload on masks takes, against the committed figures.

    python benchmarks/instructions.py [--build build/native] [--update]

Counted by valgrind's callgrind, so the same on a busy machine and an idle one; but they belong to one
compiler, which is noted with them.  The workload is benchmarks/native/mask_workload.cc, built with
-DSTRUCTGEN_NATIVE_TESTS=ON.  Exit code 1 when a figure is more than a tenth above the committed one.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BASELINE = ROOT / "benchmarks" / "native" / "instructions.json"
MARGIN = 1.1


def workload(build: Path | None) -> Path | None:
    """Return the newest built workload, or None."""
    folders = [build] if build else sorted((ROOT / "build").glob("*"))
    found = [folder / "structgen_mask_workload" for folder in folders]
    built = [path for path in found if path.is_file()]
    return max(built, key=lambda path: path.stat().st_mtime) if built else None


def scenarios(program: Path) -> list[str]:
    """Return the names of what the workload can do."""
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()


def compiler(program: Path) -> str:
    """Return which compiler built the workload, and how."""
    done = subprocess.run([program, scenarios(program)[0]], capture_output=True, text=True, check=True)
    return ", ".join(done.stdout.split(", ")[:2])


def count(program: Path, scenario: str) -> int:
    """Return the instructions of one scenario's measured part."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        options = ["--tool=callgrind", "--toggle-collect=measured", f"--callgrind-out-file={out}"]
        subprocess.run(["valgrind", *options, program, scenario], capture_output=True, check=True)
        total = re.search(r"^(?:summary|totals): (\d+)", out.read_text(), re.MULTILINE)
    if total is None:
        raise RuntimeError(f"callgrind counted nothing for {scenario!r}")
    return int(total.group(1))


def regressions(baseline: dict[str, int], counted: dict[str, int]) -> list[str]:
    """Return a sentence for every scenario that takes too many instructions, or has no figure."""
    return [
        f"{name}: {instructions:,} instructions, {baseline.get(name, 0):,} committed"
        for name, instructions in counted.items()
        if instructions > MARGIN * baseline.get(name, 0)
    ]


def main() -> None:
    """Count, compare or update."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    program = workload(options.build)
    if program is None or not shutil.which("valgrind"):
        sys.exit("needs valgrind, and the workload built with -DSTRUCTGEN_NATIVE_TESTS=ON")
    counted = {name: count(program, name) for name in scenarios(program)}
    for name, instructions in counted.items():
        print(f"{instructions:>14,}  {name}")
    if options.update:
        content: dict[str, Any] = {"compiler": compiler(program), "instructions": counted}
        BASELINE.write_text(json.dumps(content, indent=2) + "\n")
        return
    committed = json.loads(BASELINE.read_text())
    if committed["compiler"] != compiler(program):
        sys.exit(f"the committed figures are for {committed['compiler']}, this is {compiler(program)}")
    worse = regressions(committed["instructions"], counted)
    sys.exit("\n".join(worse) if worse else 0)


if __name__ == "__main__":
    main()
