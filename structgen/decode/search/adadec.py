"""Uncertainty-gated lookahead (AdaDec, He et al. 2025): think ahead only where the model wavers.

Greedy, except where the entropy of the next token (of p~: among what is allowed) is above a threshold.
There each of the k best tokens is followed greedily for a few more, and the one whose continuation is
most probable on average is taken.
"""

from __future__ import annotations

from typing import Any

from structgen.decode.result import Generation
from structgen.decode.search.state import Candidate, Frontier, Steps, check_count


def adadec(
    model: Any,
    prompt: Any,
    constraint: Any,
    *,
    threshold: float = 1.0,
    k: int = 3,
    lookahead: int = 5,
    tokenizer: Any = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
) -> Generation:
    """One output, by lookahead of ``lookahead`` tokens where the entropy exceeds ``threshold`` nats.

    With an infinite threshold it is greedy decoding.  Raises BudgetTooSmall and InvalidRequest.  Cost:
    a pass a token, and at uncertain tokens ``lookahead`` more over k rows and one to go back.
    """
    check_count("k", k)
    check_count("lookahead", lookahead)
    frontier = Frontier(
        model, prompt, constraint, tokenizer=tokenizer, max_tokens=max_tokens, temperature=temperature
    )
    current, row = frontier.start(), 0
    if frontier.is_over(current):
        return frontier.generation(current, "adadec")
    steps = frontier.steps([current], [0])
    while True:
        wavers = steps.entropy(row) > threshold
        choices = frontier.expand(current, steps, row, k if wavers else 1)
        if len(choices) > 1:
            first = frontier.steps(choices, [row] * len(choices))
            row = _look_ahead(frontier, choices, first, lookahead)
            current, steps = choices[row], first
        else:
            current = choices[0]
        if frontier.is_over(current):
            return frontier.generation(current, "adadec")
        if len(choices) == 1:
            steps, row = frontier.steps([current], [row]), 0


def _look_ahead(frontier: Frontier, choices: list[Candidate], first: Steps, lookahead: int) -> int:
    """Which choice goes on best, greedily; afterwards the cache is as it was behind the choices."""
    runs, latest, passes = list(choices), first, 0
    for ahead in range(lookahead):
        if ahead and not all(frontier.is_over(one) for one in runs):
            latest = frontier.steps(runs, range(len(runs)))
            passes += 1
        runs = [
            one if frontier.is_over(one) else frontier.expand(one, latest, place, 1)[0]
            for place, one in enumerate(runs)
        ]
    frontier.take_back(passes)
    behind = len(choices[0].masked_logprobs) - 1  # the choice itself counts
    scores = [sum(one.masked_logprobs[behind:]) / len(one.masked_logprobs[behind:]) for one in runs]
    return max(range(len(runs)), key=scores.__getitem__)
