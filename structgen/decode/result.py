"""What one finished output is: text, typed value, log-probabilities, why it ended, what it cost.

Notation: p is the model after the temperature, m the mask, Z = sum of p over the mask, and
p~ = p m / Z the law the loop draws from.  Knows nothing about models or grammars.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

FinishReason = Literal["complete", "stop", "length", "time", "error"]


@dataclass(frozen=True)
class Alternative:
    """One of the most probable tokens of a step: its log p, and its log p~ (-inf: not allowed)."""

    token: int
    logprob: float
    masked_logprob: float


PHASES = ("forward", "mask", "sample", "idle")


@dataclass
class Stats:
    """What one output cost.

    ``seconds`` are wall seconds of the passes this output took part in, shared with the other rows
    of its batch: ``forward`` (the model, and the masks filled while it works), ``mask`` (the matcher,
    between passes and where a pass waited for it), ``sample`` (the draw) and ``idle`` (everything else:
    waiting for a place, for other outputs' prompts, for the reader of a stream).  On an accelerator work
    runs ahead, so its time shows where the host waits for it: under ``sample``.
    """

    prompt_tokens: int = 0
    forward_passes: int = 0
    """Passes through the model this output took part in, the one over its prompt included."""
    drawn_tokens: int = 0
    """Tokens the model chose among several allowed ones."""
    forced_tokens: int = 0
    """Tokens that were the only allowed ones, so that no pass of their own was needed."""
    budget_bans: int = 0
    """Draws repeated because what they led to did not fit in ``max_tokens`` any more."""
    truncation_misses: int = 0
    """Steps at which no token that truncation left was allowed (see ``truncate``)."""
    planned_tokens: int = 0
    """Tokens taken from the known completion because ``max_time`` was over; the model had no say in them."""
    relaxed_tokens: int = 0
    """Under ``canonical=True``: tokens that are not in the tokenizer's own segmentation, because nothing else
    was possible there, or because the budget was tight."""
    drafted_tokens: int = 0
    """Forced text fed ahead as a draft (``forced="draft"``), in tokens."""
    accepted_tokens: int = 0
    """Of these, the tokens that the draw agreed with."""
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PHASES, 0.0))

    def as_dict(self) -> dict[str, Any]:
        """A plain dictionary of the figures, ready for JSON."""
        return asdict(self)


@dataclass
class Generation:
    """One finished output.

    ``tokens``, ``logprobs`` and ``masked_logprobs`` have the same length; the end token is not among
    them, its figures stand in ``end_logprob`` and ``end_masked_logprob`` (all end tokens together
    count as one event; ``None`` when the budget ended the output, not an end token).
    With log Z taken at every step, the end included,

        log_mass = sum(log Z) = sum(logprobs) + end_logprob - sum(masked_logprobs) - end_masked_logprob

    so ``exp(log_mass)`` is the importance weight from the local law towards the model conditioned on
    the grammar.  Figures are of p as `structgen.decode.law` says: under penalties and temperature, and
    narrowed with ``truncate="model"``; at temperature 0 they are those of temperature 1.  Where
    ``weights=False`` or ``max_time`` spared the last pass through the model, what it would have scored
    is nan.

    >>> generation = Generation(text='"a"', value="a", tokens=[5, 1, 5], logprobs=[-1.0, -2.0, -1.0],
    ...                         masked_logprobs=[0.0, -0.5, 0.0], log_mass=-3.5, finish_reason="stop")
    >>> generation.weight == math.exp(-3.5)
    True
    """

    text: str
    value: Any
    tokens: list[int]
    logprobs: list[float]
    masked_logprobs: list[float]
    log_mass: float
    finish_reason: FinishReason
    """``stop``: the model chose to end where it could have gone on, or free text reached a stop string.
    ``complete``: nothing could follow, or the budget was used up where the output may end.  ``length``:
    free text, which may end anywhere, used up its budget.  ``time``: ``max_time`` was over, and the
    shortest known completion finished the output.  ``error``: see ``error``; there is no value."""
    law: str = "local"
    """The law this was drawn from; ``stats.budget_bans > 0`` says that the budget bent it."""
    end_logprob: float | None = None
    end_masked_logprob: float | None = None
    log_weight: float = 0.0
    """log of what makes this output of a weighted sampler (`smc`, `awrs`) properly weighted towards P
    restricted to the grammar (times exp of a critic); 0 for outputs that stand for themselves."""
    log_language_mass: float | None = None
    """log of the sampler's estimate of P(L), the chance that the model alone keeps the grammar within
    ``max_tokens``: exact for `exact`, unbiased for `smc`, `awrs` and `reject`, about right for `cars`.
    None where one output tells too little, and for the others."""
    alternatives: list[list[Alternative]] | None = None
    """With ``logprobs=k``: for every token the k most probable ones by p, best first."""
    entropies: list[float] | None = None
    """With ``logprobs=k``: for every token the entropy of p there, in nats."""
    error: Exception | None = None
    """What ended this output of a batch; the others were not affected."""
    stats: Stats = field(default_factory=Stats)

    @property
    def log_probability(self) -> float:
        """log P: of the whole output under the model alone; its end counts where the model chose it."""
        return sum(self.logprobs) + (self.end_logprob or 0.0)

    @property
    def log_local(self) -> float:
        """log of the probability that plain masking gives this output."""
        return sum(self.masked_logprobs) + (self.end_masked_logprob or 0.0)

    @property
    def weight(self) -> float:
        """exp(log_mass): the product of Z, at most 1."""
        return math.exp(self.log_mass)


def failed(error: Exception, law: str) -> Generation:
    """An output that an error kept from being made."""
    return Generation("", None, [], [], [], 0.0, "error", law, error=error)
