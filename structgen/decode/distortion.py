"""How far plain masking is from the model's own law given the grammar, for one prompt and grammar.

A local sample w has probability P(w) / W(w) with W = prod Z, and the global law is P(w) / P(L); so from
local samples alone, with E over them,

    P(L)              = E[W]
    KL(local, global) = log E[W] - E[log W]
    TV(local, global) = E|W / E[W] - 1| / 2

each estimated by its sample version, with intervals by bootstrap (Efron 1979).  The effective sample
size says how far to trust them: where a few samples carry all the weight, the true distance is larger
than the estimate.  Knows nothing about how samples are made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from structgen.errors import IntegrationError, InvalidRequest

Floats = npt.NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True)
class Figure:
    """An estimate with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


@dataclass(frozen=True)
class Distortion:
    """``kl`` (nats) and ``tv`` from local to global, ``log_language_mass`` = log P(L), and how good they are.

    ``effective`` of ``samples`` local samples carry the weight; ``bent``: how many of them the budget
    bent, for which the weights say less.
    """

    kl: Figure
    tv: Figure
    log_language_mass: Figure
    effective: float
    samples: int
    bent: int
    log_weights: Floats

    def __str__(self) -> str:
        return (
            f"KL {self.kl} nats, TV {self.tv}, log P(L) {self.log_language_mass} "
            f"({self.effective:.1f} effective of {self.samples} samples)"
        )

    def plot(self, path: str | Path) -> None:
        """Draw the weights W / E[W] of the samples, sorted; a flat line at 1 means nothing to correct.

        Raises IntegrationError without matplotlib.
        """
        try:
            from matplotlib.figure import Figure as Canvas
        except ImportError:
            raise IntegrationError("a plot needs matplotlib; pip install matplotlib") from None
        canvas = Canvas(figsize=(6, 3.5), layout="constrained")
        axes = canvas.subplots()
        weights = np.sort(np.exp(self.log_weights - _log_mean(self.log_weights)))[::-1]
        axes.plot(np.arange(1, len(weights) + 1), weights, drawstyle="steps-mid")
        axes.axhline(1.0, color="gray", linewidth=1, linestyle=":")
        axes.set(yscale="log", xlabel="local samples, heaviest first", ylabel="weight towards the global law")
        axes.set_title(f"TV {self.tv}   KL {self.kl}", fontsize=10)
        canvas.savefig(path)


def distortion(
    model: Any, prompt: Any, constraint: Any, *, n: int = 200, max_tokens: int = 256, **options: Any
) -> Distortion:
    """Estimate how far ``sampler="masked"`` is from ``sampler="global"``.

    ``constraint``: a Constraint or Grammar, or None with ``schema=``, ``regex=``, ``choice=`` … among the
    ``options``, which are those of `generate` (temperature 1 unless given).  Cost: ``n`` local samples.
    Raises what `generate` raises; InvalidRequest for ``n`` < 2.

    >>> import structgen as sg
    >>> found = sg.distortion(sg.load(), "Is it so?", sg.choice(["yes", "yes, it is"]), n=20)
    >>> found.samples, 0 <= found.tv.value <= 1
    (20, True)
    """
    from structgen.decode.generate import generate

    if n < 2:
        raise InvalidRequest(f"n must be at least 2 to say how sure an estimate is, got {n!r}")
    if constraint is not None:
        options["grammar"] = constraint
    options.setdefault("temperature", 1.0)
    made = generate(model, prompt, n=n, max_tokens=max_tokens, **options)
    return from_weights([one.log_mass for one in made], bent=sum(one.stats.budget_bans > 0 for one in made))


def from_weights(log_weights: Sequence[float], *, bent: int = 0, seed: int = 0) -> Distortion:
    """The figures from log W of independent local samples.

    >>> from_weights([-1.0, -1.0, -1.0]).tv.value
    0.0
    """
    logs = np.asarray(log_weights, dtype=np.float64)
    rng = np.random.default_rng(seed)
    again = [logs[rng.integers(0, len(logs), len(logs))] for _ in range(RESAMPLES)]
    weights = np.exp(logs - logs.max())
    return Distortion(
        kl=_figure(_kl, logs, again),
        tv=_figure(_tv, logs, again),
        log_language_mass=_figure(_log_mean, logs, again),
        effective=float(weights.sum() ** 2 / np.square(weights).sum()),
        samples=len(logs),
        bent=bent,
        log_weights=logs,
    )


def _figure(statistic: Any, logs: Floats, again: list[Floats]) -> Figure:
    low, high = np.percentile([statistic(sample) for sample in again], [2.5, 97.5])
    return Figure(statistic(logs), float(low), float(high))


def _log_mean(logs: Floats) -> float:
    peak = float(logs.max())
    return peak + math.log(float(np.exp(logs - peak).mean()))


def _kl(logs: Floats) -> float:
    return max(0.0, _log_mean(logs) - float(logs.mean()))


def _tv(logs: Floats) -> float:
    return 0.5 * float(np.abs(np.exp(logs - _log_mean(logs)) - 1).mean())
