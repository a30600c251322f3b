"""The fused step on a GPU: kernels equal to their references, and their times against the bytes moved.

    python benchmarks/fused_step.py [--vocabulary 131072] [--batches 1 4 16 64 256] [--hidden 4096]

Per batch: the loop's own draw in torch, `masked_sample` (one program a row, serves truncation) and
`split_sample` (a row among many programs) on the same logits and masks; the upload of the masks against the
upload of their indices into a pool; and the sparse head against the full one at 1, 16 and 256 allowed
tokens.  Times are medians of CUDA events over warm runs, with a buffer larger than the caches written between
them.  The floor is bytes over the bandwidth that a copy of 1 GiB reaches on this device.

Without a GPU the kernels run in Triton's interpreter, on small shapes, and only their equality is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

if not Path("/dev/nvidiactl").exists():
    os.environ.setdefault("TRITON_INTERPRET", "1")  # read when Triton is imported

import numpy as np
import torch
from torch import Tensor

from structgen.decode.law import SamplingLaw
from structgen.decode.sampling import draw
from structgen.fast.kernels.masked_sample import masked_sample, masked_sample_reference
from structgen.fast.kernels.sparse_head import (
    full_cost,
    sparse_cost,
    sparse_head,
    sparse_head_reference,
)
from structgen.fast.kernels.split_sample import split_sample, split_sample_reference

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def case(rows: int, width: int, seed: int) -> dict[str, Any]:
    """Peaked logits, masks of very different density, temperatures 0 and 1."""
    rng = np.random.default_rng(seed)
    density = rng.choice([0.0001, 0.01, 0.5, 0.999], size=(rows, 1))
    bits = rng.random((rows, width)) < density
    bits[:, 7 % width] = True
    packed = np.packbits(bits, axis=1, bitorder="little")
    packed = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 4)))
    pool = torch.from_numpy(packed.view(np.int32)).to(DEVICE)
    return {
        "logits": torch.from_numpy(rng.normal(size=(rows, width)).astype(np.float32) * 4).to(DEVICE),
        "pool": pool,
        "index": torch.arange(rows, dtype=torch.int32, device=DEVICE),
        "temperature": torch.from_numpy(rng.choice([0.0, 1.0], size=rows).astype(np.float32)).to(DEVICE),
        "uniforms": torch.from_numpy(rng.random(rows).astype(np.float32)).to(DEVICE),
    }


def truncated(given: dict[str, Any], k: int, p: float) -> dict[str, Any]:
    rows = len(given["index"])
    return {
        "logits": given["logits"],
        "mask": given["pool"][given["index"].long()],
        "temperature": given["temperature"],
        "top_k": torch.full((rows,), k, dtype=torch.int32, device=DEVICE),
        "top_p": torch.full((rows,), p, device=DEVICE),
        "uniforms": given["uniforms"],
    }


def difference(found: tuple[Tensor, ...], wanted: tuple[Tensor, ...]) -> dict[str, float]:
    """Share of equal tokens, and the largest difference of a figure where they are."""
    same = found[0] == wanted[0]
    figures = [(one - two)[same].abs().max().item() for one, two in zip(found[1:], wanted[1:], strict=True)]
    return {"equal tokens": same.float().mean().item(), "figures": max(figures, default=0.0)}


def check(batches: list[int], width: int, hidden: int) -> bool:
    good = True
    for rows in batches:
        given = case(rows, width, seed=rows)
        report: dict[str, Any] = {"batch": rows, "vocabulary": width}
        report["split"] = difference(split_sample(**given), split_sample_reference(**given))
        for k, p in ((0, 1.0), (50, 0.9)):
            both = truncated(given, k, p)
            name = f"one program a row, top_k={k}, top_p={p}"
            report[name] = difference(masked_sample(**both), masked_sample_reference(**both))
        generator = torch.Generator().manual_seed(rows)
        x = torch.randn(rows, hidden, generator=generator).to(DEVICE)
        weight = torch.randn(width, hidden, generator=generator).to(DEVICE)
        ids = torch.randint(-1, width, (rows, 16), generator=generator).int().to(DEVICE)
        one, two = sparse_head(x, weight, ids), sparse_head_reference(x, weight, ids)
        allowed = ids >= 0
        report["sparse head"] = {"figures": (one - two)[allowed].abs().max().item()}
        # A uniform number within rounding of a boundary between two tokens may pick the neighbour.
        good = good and all(part.get("equal tokens", 1.0) >= 1 - 2 / max(rows, 64) for part in _parts(report))
        good = good and all(part["figures"] < 1e-3 for part in _parts(report))
        print(json.dumps(report), flush=True)
    return good


def _parts(report: dict[str, Any]) -> list[dict[str, float]]:
    return [part for part in report.values() if isinstance(part, dict)]


class Timer:
    """Median time of an action on the device, caches cold."""

    def __init__(self) -> None:
        self._flush = torch.empty(1 << 28, dtype=torch.int8, device=DEVICE)

    def microseconds(self, action: Callable[..., object], *given: Any, runs: int = 30, **named: Any) -> float:
        for _ in range(3):
            action(*given, **named)
        times = []
        for _ in range(runs):
            self._flush.zero_()
            start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
            start.record()
            action(*given, **named)
            end.record()
            torch.cuda.synchronize()
            times.append(1e3 * start.elapsed_time(end))
        return statistics.median(times)

    def bandwidth(self) -> float:
        """Bytes a microsecond of a copy of 1 GiB (read and written)."""
        source = torch.empty(1 << 29, dtype=torch.int8, device=DEVICE)
        target = torch.empty_like(source)
        return 2 * source.numel() / self.microseconds(target.copy_, source)


def upload(host: Tensor) -> Tensor:
    return host.to(DEVICE, non_blocking=True)


def measure(batches: list[int], width: int, hidden: int) -> None:
    timer = Timer()
    bandwidth, timed = timer.bandwidth(), timer.microseconds
    print(json.dumps({"device": torch.cuda.get_device_name(), "bandwidth GB/s": round(bandwidth / 1e3)}))
    weight = torch.randn(width, hidden, device=DEVICE, dtype=torch.bfloat16)
    for rows in batches:
        given = case(rows, width, seed=rows)
        laws = [SamplingLaw(float(t)) for t in given["temperature"].tolist()]
        x = torch.randn(rows, hidden, device=DEVICE, dtype=torch.bfloat16)
        times = {
            "floor": (4 * given["logits"].numel() + 4 * given["pool"].numel()) / bandwidth,
            "torch": timed(draw, given["logits"], given["pool"], laws, given["uniforms"].tolist()),
            "split": timed(split_sample, **given),
            "one program a row": timed(masked_sample, **truncated(given, 0, 1.0)),
            "one program a row, truncating": timed(masked_sample, **truncated(given, 50, 0.9)),
            "upload of masks": timed(upload, given["pool"].cpu().pin_memory()),
            "upload of indices": timed(upload, given["index"].cpu().pin_memory()),
            "full head": timed(torch.nn.functional.linear, x, weight),
            "full head, floor": full_cost(rows, width, hidden, 2) / bandwidth,
        }
        for count in (1, 16, 256):
            ids = torch.randint(0, width, (rows, count), device=DEVICE, dtype=torch.int32)
            times[f"sparse head, {count}"] = timed(sparse_head, x, weight, ids)
            times[f"sparse head, {count}, floor"] = sparse_cost(rows, count, hidden, 2) / bandwidth
        rounded = {name: round(value, 1) for name, value in times.items()}
        print(json.dumps({"batch": rows, "vocabulary": width, "microseconds": rounded}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--vocabulary", type=int, default=131072)
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 4, 16, 64, 256])
    parser.add_argument("--hidden", type=int, default=4096)
    arguments = parser.parse_args()
    if DEVICE == "cpu":
        print("no GPU here: small shapes in the interpreter, no times")
        sys.exit(not check([1, 3], 5000, 64))
    good = check(arguments.batches, arguments.vocabulary, 64)
    measure(arguments.batches, arguments.vocabulary, arguments.hidden)
    sys.exit(not good)


if __name__ == "__main__":
    main()
