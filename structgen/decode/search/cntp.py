"""Cautious next-token prediction (CNTP, Wang et al. 2025): try several ways where the model is unsure.

Sampling, except where the entropy of the next token (of p~: among what is allowed) is above a threshold.
There several continuations are drawn, each up to a token that ends a phrase, and the one of least
perplexity is kept as a whole.  More uncertainty, more trials.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from structgen.decode.result import Generation
from structgen.decode.search.state import Candidate, Frontier, Steps, check_count

PHRASE_ENDS = frozenset(b'.,;:!?\n"]}')


def cautious(
    model: Any,
    prompt: Any,
    constraint: Any,
    *,
    threshold: float = 1.0,
    trials: int = 5,
    span: int = 12,
    seed: int = 0,
    tokenizer: Any = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
) -> Generation:
    """One output, drawn with up to ``trials`` trials where the entropy exceeds ``threshold`` nats.

    The number of trials grows with the entropy, from 2 at the threshold to ``trials`` at twice of it.  A
    trial ends behind a phrase or after ``span`` tokens.  With an infinite threshold it is sampling
    from the local law.  Raises BudgetTooSmall and InvalidRequest.  Cost: a pass a token; at uncertain
    ones up to ``span`` passes over the trials, which are not lost: the kept trial's tokens stay.
    """
    check_count("trials", trials)
    check_count("span", span)
    frontier = Frontier(
        model, prompt, constraint, tokenizer=tokenizer, max_tokens=max_tokens, temperature=temperature
    )
    rng = np.random.default_rng(seed)
    current, row = frontier.start(), 0
    if frontier.is_over(current):
        return frontier.generation(current, "cautious")
    steps = frontier.steps([current], [0])
    while True:
        count = _trials(steps.entropy(row), threshold, trials)
        if count > 1:
            current, row = _try(frontier, current, steps, row, count, span, rng)
        else:
            current = frontier.sample(current, steps, row, rng)
        if frontier.is_over(current):
            return frontier.generation(current, "cautious")
        steps, row = frontier.steps([current], [row]), 0


def _trials(entropy: float, threshold: float, most: int) -> int:
    if entropy <= threshold or math.isinf(threshold):
        return 1
    return min(most, 2 + round((most - 2) * (entropy / threshold - 1))) if threshold > 0 else most


def _try(
    frontier: Frontier,
    current: Candidate,
    steps: Steps,
    row: int,
    count: int,
    span: int,
    rng: np.random.Generator,
) -> tuple[Candidate, int]:
    """The trial of least perplexity and its cache row, which has all of its tokens but the last."""
    runs = [frontier.sample(current, steps, row, rng) for _ in range(count)]
    fed = [0] * count  # tokens of each trial that its cache row has
    passes, rows = 0, [row] * count
    for _ in range(span - 1):
        if all(_is_through(frontier, one) for one in runs):
            break
        steps = frontier.steps(runs, rows)
        passes, rows = passes + 1, list(range(count))
        for place, one in enumerate(runs):
            if not _is_through(frontier, one):
                fed[place] += 1
                runs[place] = frontier.sample(one, steps, place, rng)
    behind = len(current.masked_logprobs)
    scores = [sum(one.masked_logprobs[behind:]) / len(one.masked_logprobs[behind:]) for one in runs]
    best = max(range(count), key=scores.__getitem__)
    frontier.take_back(passes - fed[best])
    return runs[best], rows[best]


def _is_through(frontier: Frontier, one: Candidate) -> bool:
    """Whether a trial has come to the end of a phrase, or of the output."""
    if frontier.is_over(one):
        return True
    piece: bytes = frontier.vocabulary.token_bytes(one.tokens[-1]) or b" "
    return piece[-1] in PHRASE_ENDS
