"""Beam search: of all prefixes of one length, the most probable ones go on.

With a constraint the mask is part of what is compared: prefixes are ranked by log p~ (the local law), so a
beam is not led by prefixes that only look good because nothing else was allowed there; ``by="model"``
ranks by log p instead, which searches for the output the model itself finds most probable.

Finished outputs are compared by their score over length to the power ``length_penalty`` (Wu et al. 2016);
the search ends when no running beam can still be better, which is exact for ``length_penalty=0``.
"""

from __future__ import annotations

from typing import Any, Literal

from structgen.decode.result import Generation
from structgen.decode.search.state import Candidate, Frontier, check_count
from structgen.errors import InvalidRequest

By = Literal["local", "model"]


def beam_search(
    model: Any,
    prompt: Any,
    constraint: Any,
    *,
    beams: int = 4,
    returned: int = 1,
    by: By = "local",
    length_penalty: float = 0.0,
    tokenizer: Any = None,
    max_tokens: int = 256,
    temperature: float = 1.0,
) -> list[Generation]:
    """The ``returned`` best outputs found with ``beams`` beams, best first.

    With as many beams as the language has prefixes, these are the most probable outputs.  Raises
    BudgetTooSmall and InvalidRequest.  Cost: one pass over ``beams`` rows for each token.

    >>> import structgen
    >>> found = beam_search(structgen.load(), "Is water wet?", ["yes", "no", "maybe"], beams=8, returned=3)
    >>> sorted(one.text for one in found)
    ['maybe', 'no', 'yes']
    """
    check_count("beams", beams)
    check_count("returned", returned)
    if by not in ("local", "model"):
        raise InvalidRequest(f"by must be 'local' or 'model', got {by!r}")
    frontier = Frontier(
        model, prompt, constraint, tokenizer=tokenizer, max_tokens=max_tokens, temperature=temperature
    )
    finished: dict[str, Candidate] = {}
    running, rows = [frontier.start()], [0]
    while running:
        steps = frontier.steps(running, rows)
        pool = [
            (longer, row)
            for row, one in enumerate(running)
            for longer in frontier.expand(one, steps, row, beams + 1)
        ]
        pool.sort(key=lambda entry: -raw_score(entry[0], by))
        for longer, _ in pool[: 2 * beams]:
            if frontier.is_over(longer):
                keep_best(finished, frontier, longer, by, length_penalty)
        going = [entry for entry in pool if not frontier.is_over(entry[0])][:beams]
        bar = sorted((ranked(one, by, length_penalty) for one in finished.values()), reverse=True)
        if len(bar) >= returned:
            going = [e for e in going if best_possible(e[0], by, length_penalty) > bar[returned - 1]]
        running, rows = [one for one, _ in going], [row for _, row in going]
    best = sorted(finished.values(), key=lambda one: -ranked(one, by, length_penalty))
    return [frontier.generation(one, "beam") for one in best[:returned]]


def raw_score(one: Candidate, by: By) -> float:
    """log p~ or log p of a prefix."""
    return sum(one.logprobs) if by == "model" else one.score


def ranked(one: Candidate, by: By, length_penalty: float) -> float:
    """What finished outputs are compared by."""
    return float(raw_score(one, by) / max(1, len(one.logprobs)) ** length_penalty)


def best_possible(one: Candidate, by: By, length_penalty: float) -> float:
    """A bound on what a prefix can become: scores only fall, and the divisor grows to its budget."""
    longest = len(one.logprobs) + one.left + 1
    return float(raw_score(one, by) / longest**length_penalty)


def keep_best(
    finished: dict[str, Candidate], frontier: Frontier, one: Candidate, by: By, length_penalty: float
) -> None:
    """Of several segmentations of one text the best stays."""
    text = repr(frontier.spelled(one))
    known = finished.get(text)
    if known is None or ranked(one, by, length_penalty) > ranked(known, by, length_penalty):
        finished[text] = one
