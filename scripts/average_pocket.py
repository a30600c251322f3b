#!/usr/bin/env python3
"""Average the weights of pocket models trained from the same start (model soups, Wortsman et al. 2022).

    python scripts/average_pocket.py build/run-1 build/run-2 --out build/mean

Each folder is what scripts/train_pocket.py exports; configuration and tokenizer are taken from the first.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def average(folders: list[Path], out: Path) -> None:
    """Write the mean of the folders' weights to ``out``; raises ValueError where their shapes differ."""
    weights = [load_file(folder / "model.safetensors") for folder in folders]
    shapes = [{name: tensor.shape for name, tensor in state.items()} for state in weights]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("models of different shapes: only runs from one start can be averaged")
    mean = {
        name: torch.stack([state[name].float() for state in weights]).mean(0).to(tensor.dtype)
        for name, tensor in weights[0].items()
    }
    shutil.copytree(folders[0], out, dirs_exist_ok=True)
    save_file(mean, out / "model.safetensors", metadata={"format": "pt"})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    average(arguments.folders, arguments.out)


if __name__ == "__main__":
    main()
