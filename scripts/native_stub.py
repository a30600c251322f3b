"""Writes structgen/_native.pyi, the types of the compiled module, from the module itself.

    .venv/bin/python -P scripts/native_stub.py

What nanobind cannot know (which container a `dict` is, that a constructor may return None) stands in
CORRECTIONS; each must still apply, so one that has become needless is noticed. `stubtest` in .ci/run
compares the result with the module.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from nanobind.stubgen import StubGen

from structgen import _native

TARGET = Path(__file__).resolve().parent.parent / "structgen" / "_native.pyi"

# (what nanobind writes, what it means)
CORRECTIONS = [
    # RegexStore has a method called bytes, which hides the type inside the class body.
    (r"((?:: |-> |\| |\[))bytes\b", r"\1builtins.bytes"),
    (r"resolver: Callable\b", "resolver: Callable[[], int]"),
    (r"-> dict\b", "-> dict[str, int]"),
    # What an array must look like is checked by the binding; to a type checker it is an array.
    (r"NDArray,", "NDArray[Any],"),
    (r"Annotated\[(NDArray\[[^\]]*\]), dict\(.*?\)\]", r"\1"),
    (r"(def from_(?:formula|regex)\(.*\)) -> Constraint:", r"\1 -> Constraint | None:"),
    (r"(def load\(.*\)) -> TokenTrie:", r"\1 -> TokenTrie | None:"),
]


def corrected(stub: str) -> str:
    """The stub with every correction applied to its code; docstrings stay as they are."""
    pieces = re.split(r'(""".*?""")', stub, flags=re.DOTALL)
    for pattern, meant in CORRECTIONS:
        count = 0
        for index in range(0, len(pieces), 2):
            pieces[index], found = re.subn(pattern, meant, pieces[index])
            count += found
        if not count:
            sys.exit(f"the correction {pattern!r} no longer applies: remove it")
    code = "".join(pieces)
    return code.replace("\nfrom collections.abc", "\nimport builtins\nfrom collections.abc", 1).replace(
        "from typing import Annotated", "from typing import Any", 1
    )


def main() -> None:
    generator = StubGen(_native, include_private=True)  # not_ and type_ end in an underscore
    generator.put(_native)
    TARGET.write_text(corrected(generator.get()), encoding="utf-8")
    for command in (["check", "--fix", "--quiet"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, str(TARGET)], check=True)
    print(f"wrote {TARGET}")


if __name__ == "__main__":
    main()
