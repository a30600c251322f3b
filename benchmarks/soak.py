"""An `Engine` under fire: random schemas, arrivals, cancellations and injected faults.

    python benchmarks/soak.py [--requests 2000] [--seed 1] [--max-batch 12]

Every request asks for an object that carries the request's own number, so a result that reached the wrong
caller shows at once; every result satisfies its schema, and one in eight is compared with the same request
alone.  Faults: constraints whose matcher breaks or lies about its mask, passes of the model that raise,
rows of NaN logits, memory that runs out, time that is over.  Judged are: no request lost or answered
twice, no crossed result, errors only where a fault was injected, and memory that stays flat.  The model
is a random one over bytes: small and fast.

Memory: every schema is another one, so what the process remembers of them grows to its bounds (masks to
`set_cache_limit`, the shared engine until it is replaced).  Both bounds are lowered here, so that they
are met within the first quarter.  The engine then falls and rises again and again; so the largest
resident size of the second quarter is compared with the largest of the last one, after what malloc keeps
has been given back.  ``--limits`` leaves the bounds as they are.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import CancelledError
from pathlib import Path
from typing import Any

import torch

import structgen as sg
from structgen import constraint
from structgen.testing.models import tiny_llama

_malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc
FAULTS = ("advance", "mask", "lie")


class FaultyMatcher:
    """A matcher that breaks after some tokens: in ``advance``, in ``fill_mask``, or by a mask that lies."""

    def __init__(self, inner: Any, fault: str, after: int) -> None:
        self._inner, self._fault, self._left = inner, fault, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def advance(self, token: int) -> None:
        self._left -= 1
        if self._fault == "advance" and self._left < 0:
            raise RuntimeError("injected: advance")
        self._inner.advance(token)

    def fill_mask(self, out: Any, row: int = 0) -> None:
        self._inner.fill_mask(out, row)
        if self._fault == "mask" and self._left < 0:
            raise RuntimeError("injected: mask")
        if self._fault == "lie" and self._left < 0:
            out[row] |= 0xFFFFFFFF

    def mask(self) -> Any:
        found = self._inner.mask()
        return found | 0xFFFFFFFF if self._fault == "lie" and self._left < 0 else found


class FaultyConstraint:
    """The constraint of a plug-in that does not keep its word."""

    def __init__(self, inner: Any, fault: str, after: int) -> None:
        self._inner, self._fault, self._after = inner, fault, after
        self.vocabulary, self.grammar = inner.vocabulary, inner.grammar

    def matcher(self) -> FaultyMatcher:
        return FaultyMatcher(self._inner.matcher(), self._fault, self._after)


class FaultyModel:
    """A model that now and then raises, returns a row of NaN, or runs out of memory."""

    def __init__(self, model: Any, seed: int) -> None:
        self._model, self._rng = model, random.Random(seed)
        self.hits: Counter[str] = Counter()
        self.healthy = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, **arguments: Any) -> Any:
        chance = 1.0 if self.healthy else self._rng.random()
        if chance < 0.0005:
            self.hits["pass"] += 1
            raise ConnectionError("injected: pass")
        if chance < 0.0010 and arguments["input_ids"].shape[1] == 1:
            self.hits["memory"] += 1
            raise torch.OutOfMemoryError("injected: memory")
        output = self._model(**arguments)
        if chance < 0.0020:
            self.hits["nan"] += 1
            output.logits[0] = float("nan")
        return output


def random_schema(rng: random.Random, number: int) -> dict[str, Any]:
    """A closed object with the request's number in it and up to three other members."""
    kinds: list[dict[str, Any]] = [
        {"type": "integer", "minimum": rng.randint(-9, 0), "maximum": rng.randint(1, 999)},
        {"type": "string", "maxLength": rng.randint(0, 12)},
        {"enum": rng.sample(["red", "green", "blue", 1, None, True], 3)},
        {"type": "array", "items": {"type": "boolean"}, "maxItems": rng.randint(0, 4)},
        {"type": "object", "properties": {"x": {"type": "number"}}, "additionalProperties": False},
    ]
    properties = {"id": {"const": number}}
    properties |= {f"m{place}": rng.choice(kinds) for place in range(rng.randint(0, 3))}
    required = ["id", *(name for name in properties if name != "id" and rng.random() < 0.5)]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def resident_bytes() -> int:
    """Resident memory, without what malloc holds and nobody uses."""
    gc.collect()
    if _malloc_trim is not None:
        _malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


class Soak:
    """One run: requests go in at random moments, and every answer is judged."""

    def __init__(self, requests: int, seed: int, max_batch: int) -> None:
        torch.set_num_threads(1)
        tokens = [bytes([byte]) for byte in range(256)]
        tokens += [b'"id"', b'": ', b"true", b"false", b'","', b"null", b'{"']
        self.vocabulary = sg.Vocabulary.from_tokens([*tokens, None], eos=len(tokens), width=len(tokens) + 5)
        self.model = FaultyModel(tiny_llama(self.vocabulary.width, seed=2, sharpness=3), seed)
        self.requests, self.max_batch = requests, max_batch
        self.rng = random.Random(seed)
        self.outcomes: Counter[str] = Counter()
        self.problems: list[str] = []
        self.memory: list[int] = []
        self._answered: set[int] = set()
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send everything and judge everything."""
        kept: list[tuple[int, Any, dict[str, Any]]] = []
        open_now: list[tuple[int, Any, dict[str, Any], str | None]] = []
        with sg.Engine(self.model, self.vocabulary, max_batch=self.max_batch, prefill_tokens=24) as engine:
            for number in range(self.requests):
                open_now.append(self._submit(engine, number))
                if self.rng.random() < 0.1:  # arrivals come in bursts
                    time.sleep(self.rng.random() * 0.01)
                if self.rng.random() < 0.08:
                    open_now[self.rng.randrange(len(open_now))][1].cancel()
                while len(open_now) > 4 * self.max_batch:
                    self._judge(*open_now.pop(0), kept)
                if number % max(1, self.requests // 40) == 0:
                    self.memory.append(resident_bytes())
            for one in open_now:
                self._judge(*one, kept)
            self.memory.append(resident_bytes())
        self._compare(kept)
        if len(self._answered) != self.requests:
            self.problems.append(f"{self.requests - len(self._answered)} requests lost")

    def _submit(self, engine: Any, number: int) -> tuple[int, Any, dict[str, Any], str | None]:
        schema = random_schema(self.rng, number)
        asked: dict[str, Any] = {
            "prompt": "x" * self.rng.randint(1, 60),
            "grammar": sg.compile(schema, self.vocabulary),
            "temperature": self.rng.choice([0, 0.7, 1.5]),
            "top_k": self.rng.choice([0, 0, 20]),
            "seed": number,
            "max_tokens": self.rng.choice([120, 200]),
            "forced": self.rng.choice(["singleton", "singleton", "draft"]),
        }
        fault = self.rng.choice(FAULTS) if self.rng.random() < 0.06 else None
        if fault is not None:
            asked["grammar"] = FaultyConstraint(asked["grammar"], fault, self.rng.randint(0, 12))
        if self.rng.random() < 0.03:
            asked["max_time"] = self.rng.random() * 0.02
        stream = self.rng.random() < 0.3
        handle = engine.submit(**asked, stream=stream)
        return number, handle, {**asked, "schema": schema}, fault

    def _judge(self, number: int, handle: Any, asked: dict[str, Any], fault: str | None, kept: Any) -> None:
        if number in self._answered:
            self.problems.append(f"{number} answered twice")
        self._answered.add(number)
        try:
            found = handle.result(timeout=120)
        except CancelledError:
            self.outcomes["cancelled"] += 1
            return
        except TimeoutError:
            self.problems.append(f"{number} was never answered")
            return
        except Exception as error:
            self.outcomes[f"error: {type(error).__name__}"] += 1
            if fault is None and "injected" not in str(error) and "NaN" not in str(error):
                self.problems.append(f"{number}: {type(error).__name__}: {error}")
            return
        self.outcomes[found.finish_reason] += 1
        if found.value.get("id") != number:
            self.problems.append(f"{number} got the result of {found.value.get('id')}")
        if not sg.validate(asked["schema"], found.text).valid:
            self.problems.append(f"{number}: {found.text!r} does not satisfy {asked['schema']}")
        if len(found.tokens) > asked["max_tokens"]:
            self.problems.append(f"{number}: {len(found.tokens)} tokens of {asked['max_tokens']}, {fault}")
        if fault is None and found.finish_reason != "time" and number % 8 == 0:
            own = {name: value for name, value in asked.items() if name != "grammar"}
            kept.append((number, found.tokens, own))  # a constraint would keep its engine in memory

    def _compare(self, kept: list[tuple[int, list[int], dict[str, Any]]]) -> None:
        """The same requests alone, on a healthy model."""
        self.model.healthy = True
        for number, tokens, asked in kept:
            own = {name: value for name, value in asked.items() if name != "max_time"}
            alone = sg.generate(self.model, own.pop("prompt"), tokenizer=self.vocabulary, **own)
            self.outcomes["compared"] += 1
            if alone.tokens != tokens:
                self.problems.append(f"{number} differs from what it is alone")

    @property
    def growth(self) -> float:
        """The largest resident memory of the last quarter relative to the largest of the second one."""
        quarter = max(1, len(self.memory) // 4)
        return max(self.memory[-quarter:]) / max(self.memory[quarter : 2 * quarter]) - 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-batch", type=int, default=12)
    parser.add_argument("--limits", action="store_true", help="the usual bounds of what is remembered")
    arguments = parser.parse_args()
    if not arguments.limits:
        sg.set_cache_limit(2 << 20)
        constraint.ENGINE_LIMIT_BYTES = 12 << 20
    soak = Soak(arguments.requests, arguments.seed, arguments.max_batch)
    began = time.perf_counter()
    soak.run()
    print(f"{arguments.requests} requests in {time.perf_counter() - began:.0f} s")
    for outcome, count in sorted(soak.outcomes.items()):
        print(f"  {count:5d}  {outcome}")
    print(f"faults of the model: {dict(soak.model.hits)}")
    print(
        f"resident memory: {soak.memory[0] >> 20} to {soak.memory[-1] >> 20} MiB, growth {soak.growth:+.1%}"
    )
    print("MiB along the way:", *(size >> 20 for size in soak.memory))
    print("caches at the end:", sg.cache_info())
    for problem in soak.problems:
        print("PROBLEM:", problem)
    sys.exit(bool(soak.problems) or abs(soak.growth) > 0.05)


if __name__ == "__main__":
    main()
