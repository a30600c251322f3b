"""The dependency rule: nothing imports upward, and torch stays out of `import structgen`.

Layers, lower first. A module may import from its own layer and the ones below it:

    0  errors, _native
    1  vocabulary, grammars
    2  constraint, matcher and every other module at the top of the package
    3  decode, pocket
    4  fast, integrations, cli, testing

Imports are read from the syntax tree, those inside functions included: a lazy import still is a
dependency. The package's own __init__ (the public names) and __main__ (the command line) stand outside.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent.parent / "structgen"
HEAVY = {"torch", "transformers"}
MAY_USE_HEAVY = {"decode", "fast", "pocket", "integrations"}
# Tiny models for plug-in authors are torch models; nothing but tests imports that folder.
MAY_USE_HEAVY_IN_TESTS = {"testing"}
# A folder with a saved tokenizer can only be read by its own library; nothing else in vocabulary/ may.
MAY_READ_A_FOLDER = {("vocabulary/dispatch.py", "transformers")}
LAYER = {"errors": 0, "_native": 0, "vocabulary": 1, "grammars": 1, "decode": 3, "pocket": 3}
LAYER |= {"fast": 4, "integrations": 4, "cli": 4, "testing": 4}
TOP_OF_PACKAGE = 2


def modules() -> list[Path]:
    found = sorted(path for path in PACKAGE.rglob("*.py") if path.name != "__main__.py")
    return [path for path in found if path != PACKAGE / "__init__.py"]


def part_of(path: Path) -> str:
    """The folder or module directly below the package that a file belongs to."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imports(tree: ast.AST, path: Path) -> Iterator[str]:
    """Absolute dotted names of everything the file imports; type-checking blocks are not imports."""
    package = ["structgen", *path.relative_to(PACKAGE).parent.parts]
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            stack.extend(node.orelse)
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            name = ".".join([*base, *(node.module.split(".") if node.module else [])])
            # `from structgen import errors` may name a module or a public name; both are yielded in full.
            yield from (f"{name}.{alias.name}" for alias in node.names)
        stack.extend(ast.iter_child_nodes(node))


def imported_by(path: Path) -> list[str]:
    return list(imports(ast.parse(path.read_text(encoding="utf-8"), filename=str(path)), path))


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_nothing_imports_upward(path: Path) -> None:
    own = LAYER.get(part_of(path), TOP_OF_PACKAGE)
    for name in imported_by(path):
        parts = name.split(".")
        if parts[0] != "structgen" or len(parts) < 2:
            continue
        exists = (PACKAGE / parts[1]).is_dir() or (PACKAGE / f"{parts[1]}.py").is_file()
        if parts[1] != "_native" and not exists:
            # A public name taken from the package itself, which gathers every layer.
            assert own >= LAYER["cli"], f"{path.name} imports {name} through the package's own __init__"
            continue
        layer = LAYER.get(parts[1], TOP_OF_PACKAGE)
        assert layer <= own, f"{part_of(path)} (layer {own}) imports {name} (layer {layer})"


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_torch_and_transformers_stay_in_their_folders(path: Path) -> None:
    heavy = {name.split(".")[0] for name in imported_by(path)} & HEAVY
    own = path.relative_to(PACKAGE).as_posix()
    heavy -= {library for module, library in MAY_READ_A_FOLDER if module == own}
    if heavy:
        assert part_of(path) in MAY_USE_HEAVY | MAY_USE_HEAVY_IN_TESTS, f"{path} imports {sorted(heavy)}"


@pytest.mark.parametrize(
    "statement", ["import structgen", "import structgen.cli", "import structgen.vocabulary"]
)
def test_importing_loads_no_heavy_library(statement: str) -> None:
    heavy = [*sorted(HEAVY), "pydantic", "sentencepiece", "tiktoken", "mistral_common"]
    code = f"{statement}\nimport sys\nprint([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]", f"{statement} loaded {done.stdout.strip()}"


def test_every_exception_stands_in_errors() -> None:
    """One tree of exceptions: nobody else derives a public one from StructgenError."""
    from structgen import errors

    roots = {name for name in vars(errors) if name.isidentifier() and not name.startswith("_")}
    for path in modules():
        if path == PACKAGE / "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases = {ast.unparse(base).rsplit(".", 1)[-1] for base in node.bases}
                assert not bases & (roots - {"annotations"}), f"{path}: {node.name} belongs into errors.py"


def test_the_reader_of_imports_sees_lazy_and_relative_ones() -> None:
    source = (
        "from __future__ import annotations\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import torch\n"
        "def f():\n    import transformers\n    from ..decode import loop\n"
    )
    found = set(imports(ast.parse(source), PACKAGE / "grammars" / "x.py"))
    assert found == {
        "__future__.annotations",
        "typing.TYPE_CHECKING",
        "transformers",
        "structgen.decode.loop",
    }
